// The LSTM layer of part 6, corrected. The text's delta_t is dE/dh_t, its delta_f, delta_i, delta_o and delta_ct are dE/dnet of the gates. What its
// formulas and its program leave out is the way back through the cell: c_(t-1) acts on c_t by the factor f_t, and that is what lets an error travel
// far. Here `deltaCList` carries it. The gradients of the inputs' weights are summed over the steps, every bias has its own delta, and equation 14
// goes to the layer below (`inputDeltas`). `lstm-as-printed.ts` shows the listed form.
import { Matrix } from "../../matrix.ts";
import type { Random } from "../../random.ts";
import { type Activator, SigmoidActivator, TanhActivator } from "./fc.ts";
import { addOuter, addTo, sensitivityOfSteps, type TimeLayer, type TimeParameter, turnedDot } from "./through-time.ts";

/** What the output gate lets out: tanh of the cell, as part 6 has it, or the cell itself, as the Python textbook's program. */
export type CellOutput = "tanh" | "cell";

/** W_h, W_x and b of one gate, with their gradients. */
export interface GateWeights {
  readonly Wh: Matrix;
  readonly Wx: Matrix;
  readonly b: Matrix;
  readonly WhGrad: Matrix;
  readonly WxGrad: Matrix;
  readonly bGrad: Matrix;
}

export const GATES = ["f", "i", "o", "c"] as const;
export type GateName = (typeof GATES)[number];

export class LstmLayer implements TimeLayer {
  readonly inputWidth: number;
  readonly stateWidth: number;
  learningRate: number;
  readonly cellOutput: CellOutput;
  readonly gateActivator: Activator = new SigmoidActivator();
  readonly outputActivator: Activator = new TanhActivator();
  readonly gates: Readonly<Record<GateName, GateWeights>>;
  times = 0;
  /** Places 0 to T: cells, outputs, gates, and the immediate state; what is at place 0 is 0. */
  cList: Matrix[] = [];
  hList: Matrix[] = [];
  fList: Matrix[] = [];
  iList: Matrix[] = [];
  oList: Matrix[] = [];
  ctList: Matrix[] = [];
  inputList: Matrix[] = [];
  /** dE/dh and dE/dc, then dE/dnet of the gates, at the places 0 to T. */
  deltaHList: Matrix[] = [];
  deltaCList: Matrix[] = [];
  readonly deltaLists: Record<GateName, Matrix[]> = { f: [], i: [], o: [], c: [] };

  /** Weights are uniform in ±`reach`, the text's 0.0001; biases 0. */
  constructor(
    inputWidth: number,
    stateWidth: number,
    learningRate: number,
    random: Random,
    options: { readonly reach?: number; readonly cellOutput?: CellOutput } = {},
  ) {
    const { reach = 1e-4, cellOutput = "tanh" } = options;
    this.inputWidth = inputWidth;
    this.stateWidth = stateWidth;
    this.learningRate = learningRate;
    this.cellOutput = cellOutput;
    const gate = () => this.initWeightMat(random, reach);
    this.gates = { f: gate(), i: gate(), o: gate(), c: gate() };
    this.resetState();
  }

  private initWeightMat(random: Random, reach: number): GateWeights {
    const [n, m] = [this.stateWidth, this.inputWidth];
    return {
      Wh: Matrix.fill(n, n, () => random.uniform(-reach, reach)),
      Wx: Matrix.fill(n, m, () => random.uniform(-reach, reach)),
      b: new Matrix(n, 1),
      WhGrad: new Matrix(n, n),
      WxGrad: new Matrix(n, m),
      bGrad: new Matrix(n, 1),
    };
  }

  get outputs(): readonly Matrix[] {
    return this.hList.slice(1);
  }

  /** Twelve, by the text's names: Wfh, Wfx, bf and so on. */
  get parameters(): readonly TimeParameter[] {
    return GATES.flatMap((name) => {
      const { Wh, Wx, b, WhGrad, WxGrad, bGrad } = this.gates[name];
      return [
        { name: `W${name}h`, values: Wh, gradient: WhGrad },
        { name: `W${name}x`, values: Wx, gradient: WxGrad },
        { name: `b${name}`, values: b, gradient: bGrad },
      ];
    });
  }

  /** 4 ((n + m) n + n) */
  get parameterCount(): number {
    return this.parameters.reduce((sum, { values }) => sum + values.values.length, 0);
  }

  /** Equations 1 to 6. */
  forward(x: Matrix): void {
    this.times += 1;
    const t = this.times;
    this.inputList.push(x);
    this.fList.push(this.calcGate(x, "f", this.gateActivator));
    this.iList.push(this.calcGate(x, "i", this.gateActivator));
    this.oList.push(this.calcGate(x, "o", this.gateActivator));
    this.ctList.push(this.calcGate(x, "c", this.outputActivator));
    const c = this.fList[t].times(this.cList[t - 1]).plus(this.iList[t].times(this.ctList[t]));
    this.cList.push(c);
    this.hList.push(this.oList[t].times(this.seen(c)));
  }

  /** What the output gate multiplies. */
  protected seen(c: Matrix): Matrix {
    return this.cellOutput === "tanh" ? c.map((value) => this.outputActivator.forward(value)) : c;
  }

  /** Its derivative by c. */
  protected seenDerivative(c: Matrix): Matrix {
    return c.map((value) =>
      this.cellOutput === "tanh" ? this.outputActivator.backward(this.outputActivator.forward(value)) : 1,
    );
  }

  calcGate(x: Matrix, name: GateName, activator: Activator): Matrix {
    const { Wh, Wx, b } = this.gates[name];
    const net = Wh.dot(this.hList[this.times - 1])
      .plus(Wx.dot(x))
      .plus(b);
    return net.map((value) => activator.forward(value));
  }

  backward(sensitivity: Matrix | readonly Matrix[]): void {
    this.calcDelta(sensitivity);
    this.calcGradient();
  }

  calcDelta(sensitivity: Matrix | readonly Matrix[]): void {
    const own = sensitivityOfSteps("LstmLayer", sensitivity, this.times, this.stateWidth);
    this.deltaHList = this.initDelta();
    this.deltaCList = this.initDelta();
    for (const name of GATES) this.deltaLists[name] = this.initDelta();
    own.forEach((delta, t) => {
      if (delta !== null) this.deltaHList[t + 1] = delta.copy();
    });
    for (let k = this.times; k > 0; k--) this.calcDeltaK(k);
  }

  protected initDelta(): Matrix[] {
    return Array.from({ length: this.times + 1 }, () => new Matrix(this.stateWidth, 1));
  }

  /** From dE/dh_k and what came back through the cell: the gates' deltas (9 to 12), dE/dh_(k-1) (8) and dE/dc_(k-1). */
  calcDeltaK(k: number): void {
    const [f, i, o, ct, c] = [this.fList[k], this.iList[k], this.oList[k], this.ctList[k], this.cList[k]];
    const slope = (gate: Matrix, activator: Activator) => gate.map((value) => activator.backward(value));
    const deltaH = this.deltaHList[k];
    const deltaC = this.deltaCList[k].plus(deltaH.times(o).times(this.seenDerivative(c)));
    this.deltaCList[k] = deltaC;
    this.deltaLists.o[k] = deltaH.times(this.seen(c)).times(slope(o, this.gateActivator));
    this.deltaLists.f[k] = deltaC.times(this.cList[k - 1]).times(slope(f, this.gateActivator));
    this.deltaLists.i[k] = deltaC.times(ct).times(slope(i, this.gateActivator));
    this.deltaLists.c[k] = deltaC.times(i).times(slope(ct, this.outputActivator));
    for (const name of GATES) {
      addTo(this.deltaHList[k - 1], turnedDot(this.gates[name].Wh, this.deltaLists[name][k]));
    }
    this.deltaCList[k - 1] = deltaC.times(f);
  }

  calcGradient(): void {
    for (const { gradient } of this.parameters) gradient.values.fill(0);
    for (let t = this.times; t > 0; t--) this.calcGradientT(t);
  }

  calcGradientT(t: number): void {
    for (const name of GATES) {
      const { WhGrad, WxGrad, bGrad } = this.gates[name];
      addOuter(WhGrad, this.deltaLists[name][t], this.hList[t - 1]);
      addOuter(WxGrad, this.deltaLists[name][t], this.inputList[t - 1]);
      addTo(bGrad, this.deltaLists[name][t]);
    }
  }

  /** Equation 14 without the derivative of the layer below: dE/dx_t. */
  get inputDeltas(): readonly Matrix[] {
    return this.inputList.map((x, t) => {
      const sum = new Matrix(x.rows, 1);
      for (const name of GATES) addTo(sum, turnedDot(this.gates[name].Wx, this.deltaLists[name][t + 1]));
      return sum;
    });
  }

  update(): void {
    for (const { values, gradient } of this.parameters) addTo(values, gradient.times(-this.learningRate));
  }

  resetState(): void {
    this.times = 0;
    this.inputList = [];
    const first = () => [new Matrix(this.stateWidth, 1)];
    [this.cList, this.hList, this.fList, this.iList, this.oList, this.ctList] = [1, 2, 3, 4, 5, 6].map(first);
  }
}
