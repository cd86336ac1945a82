// What the recurrent layers of parts 5 and 6 have in common: they are fed step by step, get the error of one step or of all of them, and are
// checked by moving every weight.
import { Matrix } from "../../matrix.ts";
import { type CheckedGradient, slopeOf } from "./gradient-check.ts";

export interface TimeParameter {
  readonly name: string;
  readonly values: Matrix;
  readonly gradient: Matrix;
}

/** A layer that reads one input a step and hands its state on to the next step. */
export interface TimeLayer {
  /** Steps read since the last `resetState`. */
  readonly times: number;
  /** What came out at the steps 1 to T. */
  readonly outputs: readonly Matrix[];
  readonly parameters: readonly TimeParameter[];
  forward(inputArray: Matrix): void;
  /** dE/d(output) of the last step, or of every step. Leaves dE/d(weight) behind, summed over the steps, and dE/dx in `inputDeltas`. */
  backward(sensitivity: Matrix | readonly Matrix[]): void;
  readonly inputDeltas: readonly Matrix[];
  update(): void;
  resetState(): void;
}

/**
 * The sensitivities of the steps 1 to T, null where a step has none of its own.
 * @throws Error if nothing has been read; RangeError for a list or a column of another length.
 */
export function sensitivityOfSteps(
  owner: string,
  sensitivity: Matrix | readonly Matrix[],
  times: number,
  width: number,
): (Matrix | null)[] {
  if (times === 0) throw new Error(`${owner}: nothing has been read yet; call forward before backward`);
  const every = Array.isArray(sensitivity) ? (sensitivity as readonly Matrix[]) : null;
  if (every !== null && every.length !== times) {
    throw new RangeError(
      `${owner}: ${every.length} sensitivities for ${times} steps; give one a step, or the last alone`,
    );
  }
  const steps = every ?? [...new Array<null>(times - 1).fill(null), sensitivity as Matrix];
  for (const step of steps) {
    if (step !== null && (step.rows !== width || step.columns !== 1)) {
      throw new RangeError(`${owner}: a sensitivity must be a column of ${width} numbers, got shape (${step.shape})`);
    }
  }
  return [...steps];
}

/** to += a b^T */
export function addOuter(to: Matrix, { values: a }: Matrix, { values: b }: Matrix): void {
  for (let i = 0, at = 0; i < a.length; i++, at += b.length) {
    if (a[i] === 0) continue;
    for (let j = 0; j < b.length; j++) to.values[at + j] += a[i] * b[j];
  }
}

/** W^T v, without a turned copy of W for every step. */
export function turnedDot(W: Matrix, { values: v }: Matrix): Matrix {
  const result = new Matrix(W.columns, 1);
  const [to, w] = [result.values, W.values];
  for (let i = 0, at = 0; i < v.length; i++) for (let j = 0; j < to.length; j++, at++) to[j] += w[at] * v[i];
  return result;
}

/** to += a */
export function addTo(to: Matrix, a: Matrix): void {
  for (let i = 0; i < to.values.length; i++) to.values[i] += a.values[i];
}

/** Puts a layer back to its first state and reads a whole sequence. */
export function readSequence(layer: TimeLayer, xs: readonly Matrix[]): void {
  layer.resetState();
  for (const x of xs) layer.forward(x);
}

export type SummedSteps = "last" | "every";

/** The text's error: the sum of the last step's outputs, or of the outputs of every step. */
export function sumOfOutputs({ outputs }: TimeLayer, steps: SummedSteps): number {
  const counted = steps === "every" ? outputs : outputs.slice(-1);
  return counted.reduce((sum, output) => sum + output.sum(), 0);
}

/** The text's gradient check over every weight, by name; the inputs are checked, too, as `x`. */
export function gradientCheck(
  layer: TimeLayer,
  xs: readonly Matrix[],
  steps: SummedSteps,
  epsilon: number,
): Map<string, CheckedGradient[]> {
  const error = () => {
    readSequence(layer, xs);
    return sumOfOutputs(layer, steps);
  };
  error();
  const ones = layer.outputs.map((output) => output.map(() => 1));
  layer.backward(steps === "every" ? ones : ones[ones.length - 1]);
  const parameters = layer.parameters.map(({ name, values, gradient }) => ({
    name,
    values: values.values,
    gradient: gradient.values.slice(),
  }));
  const inputs = layer.inputDeltas.map((delta, t) => ({
    name: "x",
    values: xs[t].values,
    gradient: delta.values.slice(),
  }));
  const checked = new Map<string, CheckedGradient[]>();
  for (const { name, values, gradient } of [...parameters, ...inputs]) {
    const pairs = Array.from(gradient, (actual, i) => {
      const write = (value: number) => {
        values[i] = value;
      };
      return { expected: slopeOf(error, () => values[i], write, epsilon), actual };
    });
    checked.set(name, [...(checked.get(name) ?? []), ...pairs]);
  }
  return checked;
}

/** How far a whole gradient is from its differences: |actual - expected| / |expected|, as vectors. */
export function relativeError(pairs: readonly CheckedGradient[]): number {
  const [difference, length] = [
    Math.hypot(...pairs.map(({ expected, actual }) => actual - expected)),
    Math.hypot(...pairs.map(({ expected }) => expected)),
  ];
  return difference === 0 ? 0 : difference / length;
}
