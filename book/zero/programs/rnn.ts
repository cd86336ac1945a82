// The recurrent layer of part 5: s_t = f(U x_t + W s_(t-1)), without biases, trained by backpropagation through time. Deltas are dE/dnet.
// Three things are not as printed. `calcDeltaK` multiplies by the derivative at its own step k; the listed one takes the raw state of step k + 1,
// and overwrites that state with its derivative (`rnn-as-printed.ts`). U is learnt, too, which the text leaves as an exercise. And `backward` takes
// dE/ds and multiplies by f' itself, so that an error may come in at every step; the text's takes dE/dnet of the last step alone.
import { Matrix } from "../../matrix.ts";
import type { Random } from "../../random.ts";
import type { Activator } from "./fc.ts";
import { addOuter, addTo, sensitivityOfSteps, type TimeLayer, type TimeParameter, turnedDot } from "./through-time.ts";

export class RecurrentLayer implements TimeLayer {
  readonly inputWidth: number;
  readonly stateWidth: number;
  readonly activator: Activator;
  learningRate: number;
  times = 0;
  /** s_0, which is 0, and the states after it. */
  stateList: Matrix[];
  /** x_1 and those after it. */
  inputList: Matrix[] = [];
  /** delta_k = dE/dnet_k at place k; place 0 stays 0. */
  deltaList: Matrix[] = [];
  readonly U: Matrix;
  readonly W: Matrix;
  readonly UGradient: Matrix;
  readonly WGradient: Matrix;

  /** Weights are uniform in ±`reach`, the text's 0.0001. */
  constructor(
    inputWidth: number,
    stateWidth: number,
    activator: Activator,
    learningRate: number,
    random: Random,
    reach = 1e-4,
  ) {
    this.inputWidth = inputWidth;
    this.stateWidth = stateWidth;
    this.activator = activator;
    this.learningRate = learningRate;
    this.stateList = [new Matrix(stateWidth, 1)];
    this.U = Matrix.fill(stateWidth, inputWidth, () => random.uniform(-reach, reach));
    this.W = Matrix.fill(stateWidth, stateWidth, () => random.uniform(-reach, reach));
    this.UGradient = new Matrix(stateWidth, inputWidth);
    this.WGradient = new Matrix(stateWidth, stateWidth);
  }

  get outputs(): readonly Matrix[] {
    return this.stateList.slice(1);
  }

  get parameters(): readonly TimeParameter[] {
    return [
      { name: "U", values: this.U, gradient: this.UGradient },
      { name: "W", values: this.W, gradient: this.WGradient },
    ];
  }

  /** n m + n n: there are no biases. */
  get parameterCount(): number {
    return this.U.values.length + this.W.values.length;
  }

  /** Equation 2. */
  forward(inputArray: Matrix): void {
    this.times += 1;
    this.inputList.push(inputArray);
    const net = this.U.dot(inputArray).plus(this.W.dot(this.stateList[this.times - 1]));
    this.stateList.push(net.map((value) => this.activator.forward(value)));
  }

  backward(sensitivity: Matrix | readonly Matrix[]): void {
    this.calcDelta(sensitivity);
    this.calcGradient();
  }

  calcDelta(sensitivity: Matrix | readonly Matrix[]): void {
    const own = sensitivityOfSteps("RecurrentLayer", sensitivity, this.times, this.stateWidth);
    this.deltaList = Array.from({ length: this.times + 1 }, () => new Matrix(this.stateWidth, 1));
    this.deltaList[this.times] = own[this.times - 1]!.times(this.derivative(this.times));
    for (let k = this.times - 1; k > 0; k--) {
      this.calcDeltaK(k);
      const here = own[k - 1];
      if (here !== null) addTo(this.deltaList[k], here.times(this.derivative(k)));
    }
  }

  /** f'(net_k), from the state. */
  protected derivative(k: number): Matrix {
    return this.stateList[k].map((state) => this.activator.backward(state));
  }

  /** One factor of equation 3: delta_k = (W^T delta_(k+1)) f'(net_k). */
  calcDeltaK(k: number): void {
    this.deltaList[k] = turnedDot(this.W, this.deltaList[k + 1]).times(this.derivative(k));
  }

  calcGradient(): void {
    this.UGradient.values.fill(0);
    this.WGradient.values.fill(0);
    for (let t = this.times; t > 0; t--) this.calcGradientT(t);
  }

  /** Equations 5 and 8, added up as equation 6 says: the weights are the same ones at every step. */
  calcGradientT(t: number): void {
    addOuter(this.WGradient, this.deltaList[t], this.stateList[t - 1]);
    addOuter(this.UGradient, this.deltaList[t], this.inputList[t - 1]);
  }

  /** Equation 4 without the derivative of the layer below, which is that layer's to apply: dE/dx_t = U^T delta_t. */
  get inputDeltas(): readonly Matrix[] {
    return this.deltaList.slice(1).map((delta) => turnedDot(this.U, delta));
  }

  update(): void {
    for (const { values, gradient } of this.parameters) addTo(values, gradient.times(-this.learningRate));
  }

  resetState(): void {
    this.times = 0;
    this.stateList = [new Matrix(this.stateWidth, 1)];
    this.inputList = [];
  }
}

/** The text's two inputs, and one more a step: x_t = (t, t + 1, t + 2). */
export function dataSet(steps = 2): Matrix[] {
  return Array.from({ length: steps }, (_, t) => Matrix.column([t + 1, t + 2, t + 3]));
}
