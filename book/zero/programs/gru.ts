// The GRU of part 6, which shows the forward pass and leaves training to its readers:
// z_t = sigma(W_z [h_(t-1), x_t]), r_t = sigma(W_r [h_(t-1), x_t]), h~_t = tanh(W [r_t h_(t-1), x_t]), h_t = (1 - z_t) h_(t-1) + z_t h~_t.
// There are no biases. The reset gate acts before the product with W; many libraries have it act after, which is another function.
//
// Backwards, with delta_t = dE/dh_t: the candidate gets delta_t z_t, the update gate delta_t (h~_t - h_(t-1)), and h_(t-1) gets delta_t (1 - z_t)
// beside what comes back through the three matrices; what W sends back meets r_t on its way to h_(t-1), and h_(t-1) on its way to r_t.
import { Matrix } from "../../matrix.ts";
import type { Random } from "../../random.ts";
import { type Activator, SigmoidActivator, TanhActivator } from "./fc.ts";
import { addOuter, addTo, sensitivityOfSteps, type TimeLayer, type TimeParameter, turnedDot } from "./through-time.ts";

/** W_h and W_x of the update gate z, the reset gate r or the candidate h, with their gradients. */
export interface GruWeights {
  readonly Wh: Matrix;
  readonly Wx: Matrix;
  readonly WhGrad: Matrix;
  readonly WxGrad: Matrix;
}

export const GRU_GATES = ["z", "r", "h"] as const;
export type GruGate = (typeof GRU_GATES)[number];

export class GruLayer implements TimeLayer {
  readonly inputWidth: number;
  readonly stateWidth: number;
  learningRate: number;
  readonly gateActivator: Activator = new SigmoidActivator();
  readonly outputActivator: Activator = new TanhActivator();
  readonly gates: Readonly<Record<GruGate, GruWeights>>;
  times = 0;
  /** Places 0 to T: outputs, gates, the candidate h~, and r h_(t-1); what is at place 0 is 0. */
  hList: Matrix[] = [];
  zList: Matrix[] = [];
  rList: Matrix[] = [];
  candidateList: Matrix[] = [];
  resetList: Matrix[] = [];
  inputList: Matrix[] = [];
  /** dE/dh, then dE/dnet of the gates and the candidate, at the places 0 to T. */
  deltaHList: Matrix[] = [];
  readonly deltaLists: Record<GruGate, Matrix[]> = { z: [], r: [], h: [] };

  constructor(inputWidth: number, stateWidth: number, learningRate: number, random: Random, reach = 1e-4) {
    this.inputWidth = inputWidth;
    this.stateWidth = stateWidth;
    this.learningRate = learningRate;
    const gate = (): GruWeights => ({
      Wh: Matrix.fill(stateWidth, stateWidth, () => random.uniform(-reach, reach)),
      Wx: Matrix.fill(stateWidth, inputWidth, () => random.uniform(-reach, reach)),
      WhGrad: new Matrix(stateWidth, stateWidth),
      WxGrad: new Matrix(stateWidth, inputWidth),
    });
    this.gates = { z: gate(), r: gate(), h: gate() };
    this.resetState();
  }

  get outputs(): readonly Matrix[] {
    return this.hList.slice(1);
  }

  get parameters(): readonly TimeParameter[] {
    return GRU_GATES.flatMap((name) => {
      const { Wh, Wx, WhGrad, WxGrad } = this.gates[name];
      return [
        { name: `W${name}h`, values: Wh, gradient: WhGrad },
        { name: `W${name}x`, values: Wx, gradient: WxGrad },
      ];
    });
  }

  /** 3 n (n + m) */
  get parameterCount(): number {
    return this.parameters.reduce((sum, { values }) => sum + values.values.length, 0);
  }

  forward(x: Matrix): void {
    this.times += 1;
    this.inputList.push(x);
    const before = this.hList[this.times - 1];
    const z = this.calcGate(x, before, "z", this.gateActivator);
    const r = this.calcGate(x, before, "r", this.gateActivator);
    const reset = r.times(before);
    const candidate = this.calcGate(x, reset, "h", this.outputActivator);
    this.zList.push(z);
    this.rList.push(r);
    this.resetList.push(reset);
    this.candidateList.push(candidate);
    this.hList.push(before.minus(z.times(before)).plus(z.times(candidate)));
  }

  private calcGate(x: Matrix, h: Matrix, name: GruGate, activator: Activator): Matrix {
    const { Wh, Wx } = this.gates[name];
    return Wh.dot(h)
      .plus(Wx.dot(x))
      .map((net) => activator.forward(net));
  }

  backward(sensitivity: Matrix | readonly Matrix[]): void {
    this.calcDelta(sensitivity);
    this.calcGradient();
  }

  calcDelta(sensitivity: Matrix | readonly Matrix[]): void {
    const own = sensitivityOfSteps("GruLayer", sensitivity, this.times, this.stateWidth);
    const zeros = () => Array.from({ length: this.times + 1 }, () => new Matrix(this.stateWidth, 1));
    this.deltaHList = zeros();
    for (const name of GRU_GATES) this.deltaLists[name] = zeros();
    own.forEach((delta, t) => {
      if (delta !== null) this.deltaHList[t + 1] = delta.copy();
    });
    for (let k = this.times; k > 0; k--) this.calcDeltaK(k);
  }

  calcDeltaK(k: number): void {
    const [z, r, candidate, before] = [this.zList[k], this.rList[k], this.candidateList[k], this.hList[k - 1]];
    const slope = (gate: Matrix, activator: Activator) => gate.map((value) => activator.backward(value));
    const delta = this.deltaHList[k];
    this.deltaLists.h[k] = delta.times(z).times(slope(candidate, this.outputActivator));
    this.deltaLists.z[k] = delta.times(candidate.minus(before)).times(slope(z, this.gateActivator));
    const throughW = turnedDot(this.gates.h.Wh, this.deltaLists.h[k]);
    this.deltaLists.r[k] = throughW.times(before).times(slope(r, this.gateActivator));
    const back = delta.minus(delta.times(z)).plus(throughW.times(r));
    addTo(back, turnedDot(this.gates.z.Wh, this.deltaLists.z[k]));
    addTo(back, turnedDot(this.gates.r.Wh, this.deltaLists.r[k]));
    addTo(this.deltaHList[k - 1], back);
  }

  calcGradient(): void {
    for (const { gradient } of this.parameters) gradient.values.fill(0);
    for (let t = this.times; t > 0; t--) {
      for (const name of GRU_GATES) {
        const { WhGrad, WxGrad } = this.gates[name];
        // The candidate's matrix sees the state through the reset gate.
        addOuter(WhGrad, this.deltaLists[name][t], name === "h" ? this.resetList[t] : this.hList[t - 1]);
        addOuter(WxGrad, this.deltaLists[name][t], this.inputList[t - 1]);
      }
    }
  }

  get inputDeltas(): readonly Matrix[] {
    return this.inputList.map((x, t) => {
      const sum = new Matrix(x.rows, 1);
      for (const name of GRU_GATES) addTo(sum, turnedDot(this.gates[name].Wx, this.deltaLists[name][t + 1]));
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
    [this.hList, this.zList, this.rList, this.candidateList, this.resetList] = [1, 2, 3, 4, 5].map(first);
  }
}
