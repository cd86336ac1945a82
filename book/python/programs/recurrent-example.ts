// The numeric example of section 5.4: two states, inputs 1 and 2, weights that are written down: s_t = tanh(s_(t-1) W_state + x_t w_input + b),
// o_t = s_t w_out + b_out, rows as the text has them. With the gradients, which the text leaves out.
import { Matrix } from "../../matrix.ts";

export interface ExampleStep {
  /** Before the activation, state, output. */
  readonly z: Matrix;
  readonly state: Matrix;
  readonly output: number;
}

export interface ExampleGradients {
  readonly wState: Matrix;
  readonly wInput: Matrix;
  readonly b: Matrix;
  readonly wOut: Matrix;
  readonly bOut: number;
}

export class RecurrentExample {
  readonly wState: Matrix = Matrix.from([
    [0.1, 0.2],
    [0.3, 0.4],
  ]);
  readonly wInput: Matrix = Matrix.row([0.5, 0.6]);
  readonly b: Matrix = Matrix.row([0.1, -0.1]);
  readonly wOut: Matrix = Matrix.column([1, 2]);
  bOut = 0.1;
  steps: ExampleStep[] = [];
  private inputs: readonly number[] = [];

  /** Weights of the state: (n + x) n + n, x being the inputs' width. */
  get stateParameters(): number {
    return this.wState.values.length + this.wInput.values.length + this.b.values.length;
  }

  /** And of the output. */
  get outputParameters(): number {
    return this.wOut.values.length + 1;
  }

  run(inputs: readonly number[]): readonly ExampleStep[] {
    this.inputs = inputs;
    this.steps = [];
    let state = new Matrix(1, 2);
    for (const x of inputs) {
      const z = state.dot(this.wState).plus(this.wInput.times(x)).plus(this.b);
      state = z.map(Math.tanh);
      this.steps.push({ z, state, output: state.dot(this.wOut).values[0] + this.bOut });
    }
    return this.steps;
  }

  /** Gradients of sum_t weights[t] o_t, from the last run. */
  gradients(weights: readonly number[]): ExampleGradients {
    const gradients = {
      wState: new Matrix(2, 2),
      wInput: new Matrix(1, 2),
      b: new Matrix(1, 2),
      wOut: new Matrix(2, 1),
      bOut: 0,
    };
    const add = (to: Matrix, more: Matrix) => {
      for (let i = 0; i < to.values.length; i++) to.values[i] += more.values[i];
    };
    let back = new Matrix(1, 2);
    for (let t = this.steps.length - 1; t >= 0; t--) {
      const { state } = this.steps[t];
      const before = t > 0 ? this.steps[t - 1].state : new Matrix(1, 2);
      add(gradients.wOut, state.transposed.times(weights[t]));
      gradients.bOut += weights[t];
      const delta = this.wOut.transposed
        .times(weights[t])
        .plus(back)
        .times(state.map((s) => 1 - s * s));
      add(gradients.wState, before.transposed.dot(delta));
      add(gradients.wInput, delta.times(this.inputs[t]));
      add(gradients.b, delta);
      back = delta.dot(this.wState.transposed);
    }
    return gradients;
  }
}
