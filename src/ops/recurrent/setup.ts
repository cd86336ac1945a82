// What all recurrent layers take, checked: operands in one dtype, time-major [time, batch, feature], and the steps that count.
import { fields, list } from "../../engine/checks.ts";
import { type DType, isFloat, promote } from "../../engine/dtype.ts";
import { quote } from "../../engine/quote.ts";
import { arange, tensor, zeros } from "../../tensor/create.ts";
import { formatShape, type Shape, sameShape } from "../../tensor/shape.ts";
import { packed, Tensor } from "../../tensor/tensor.ts";
import { cast } from "../cast.ts";
import { checkTensor } from "../check.ts";
import { where } from "../choice.ts";
import { less } from "../comparison.ts";
import { get } from "../indexing.ts";
import { expandDims, reshape } from "../views.ts";

/** Parameters of one recurrent layer. The weights have a row for each gate and state unit, gate after gate (PyTorch's order). */
export interface RecurrentParameters {
  /** [gates * state, in]. */
  inputWeights: Tensor;
  /** [gates * state, state]. */
  stateWeights: Tensor;
  /** [gates * state]; none by default. */
  inputBias?: Tensor | null;
  /** [gates * state]; none by default. */
  stateBias?: Tensor | null;
}

/** Which way a recurrent layer reads its sequence: from the first step, or from the last. */
export type Direction = "forward" | "backward";

/** What all recurrent layers take. */
export interface SequenceOptions {
  /** "backward" reads the sequence from its end; outputs stand at the steps they belong to. */
  direction?: Direction;
  /** Steps of each sequence of the batch, for sequences of unequal length. Past its end a sequence keeps its state, and its outputs are 0. */
  lengths?: Tensor | readonly number[];
  /** [time, batch], bool: the steps that count; in place of `lengths`. */
  mask?: Tensor;
  /** Gradients do not pass from step n to the step before where n is a multiple of this number: truncated backpropagation through time. */
  truncate?: number;
  /**
   * [batch, state]: multiplies the state wherever weights are applied to it, at every step alike, and not where it is carried on: recurrent
   * dropout (Gal and Ghahramani 2016), if its elements are 0 or 1 / (1 - rate). Takes the composed form.
   */
  stateFactors?: Tensor;
  /**
   * "composed" builds the layer of ordinary operations; default "fused", several times as fast. Gradients of any order have both: where the fused form's
   * gradient is itself differentiated, it is computed by the composed one.
   */
  form?: "fused" | "composed";
}

/** The names of `SequenceOptions`. */
export const SEQUENCE_OPTIONS = ["direction", "lengths", "mask", "truncate", "stateFactors", "form"];

/** What a recurrent layer gives. */
export interface RecurrentResult {
  /** The states after all steps, [time, batch, state]. */
  outputs: Tensor;
  /** The state after the last step read, [batch, state]. */
  state: Tensor;
}

/** A layer's operands in one dtype, with the sequence's measures. */
export interface Setup {
  operation: string;
  x: Tensor;
  h0: Tensor | null;
  inputWeights: Tensor;
  stateWeights: Tensor;
  inputBias: Tensor | null;
  stateBias: Tensor | null;
  steps: number;
  batch: number;
  inputs: number;
  size: number;
  /** bool [steps, batch], or null if every step counts. */
  mask: Tensor | null;
  /** [batch, size], or null for ones. */
  factors: Tensor | null;
  backward: boolean;
  truncate: number;
  dtype: DType;
}

export function expectShape(operation: string, role: string, x: Tensor, shape: Shape, meaning: string): void {
  checkTensor(`${operation}: ${role}`, x);
  if (!sameShape(x.shape, shape)) {
    throw new RangeError(
      `${operation}: ${role} must have shape ${formatShape(shape)}, ${meaning}; got ${formatShape(x.shape)}`,
    );
  }
}

export function prepare(
  operation: string,
  gates: number,
  x: Tensor,
  h0: Tensor | null | undefined,
  parameters: RecurrentParameters,
  options: SequenceOptions,
): Setup {
  checkTensor(operation, x);
  fields(operation, "the parameters, { inputWeights, stateWeights, ... },", parameters);
  checkTensor(`${operation}: inputWeights`, parameters.inputWeights);
  checkTensor(`${operation}: stateWeights`, parameters.stateWeights);
  if (x.rank !== 3) {
    throw new RangeError(`${operation}: x must be [time, batch, feature], got shape ${formatShape(x.shape)}`);
  }
  const { inputWeights, stateWeights } = parameters;
  const [steps, batch, inputs] = x.shape as [number, number, number];
  const size = stateWeights.rank === 2 ? stateWeights.shape[1] : 0;
  if (stateWeights.rank !== 2 || stateWeights.shape[0] !== gates * size || size === 0) {
    throw new RangeError(
      `${operation}: stateWeights must be [${gates > 1 ? `${gates} * ` : ""}state, state], got shape ${formatShape(stateWeights.shape)}`,
    );
  }
  const rows = gates * size;
  expectShape(
    operation,
    "inputWeights",
    inputWeights,
    [rows, inputs],
    "a row a gate and unit, a column a feature of x",
  );
  for (const [role, bias] of [
    ["inputBias", parameters.inputBias],
    ["stateBias", parameters.stateBias],
  ] as const) {
    if (bias) expectShape(operation, role, bias, [rows], "as stateWeights has rows");
  }
  if (h0) expectShape(operation, "the first state", h0, [batch, size], "[batch, state]");
  const common = promote(x.dtype, promote(inputWeights.dtype, stateWeights.dtype));
  const dtype = isFloat(common) ? common : "float32";
  const float = (value: Tensor | null | undefined): Tensor | null => (value ? cast(value, dtype) : null);
  const mask = maskOf(operation, options, steps, batch);
  if (options.stateFactors !== undefined) {
    expectShape(operation, "stateFactors", options.stateFactors, [batch, size], "[batch, state]");
  }
  const { truncate = 0, direction = "forward" } = options;
  if (!Number.isInteger(truncate) || truncate < 0) {
    throw new RangeError(`${operation}: truncate must be a whole number of steps, got ${quote(truncate)}`);
  }
  if (direction !== "forward" && direction !== "backward") {
    throw new RangeError(`${operation}: direction must be "forward" or "backward", got ${quote(direction)}`);
  }
  const input = cast(x, dtype);
  return {
    operation,
    // What stands beyond a sequence's end, NaN perhaps, must not reach a gradient.
    x: mask === null ? input : where(expandDims(mask, 2), input, 0),
    h0: float(h0),
    inputWeights: cast(inputWeights, dtype),
    stateWeights: cast(stateWeights, dtype),
    inputBias: float(parameters.inputBias),
    stateBias: float(parameters.stateBias),
    ...{ steps, batch, inputs, size, mask, truncate, dtype },
    factors: float(options.stateFactors),
    backward: direction === "backward",
  };
}

function maskOf(operation: string, options: SequenceOptions, steps: number, batch: number): Tensor | null {
  const { mask, lengths } = options;
  if (mask !== undefined) {
    if (lengths !== undefined) throw new TypeError(`${operation}: give mask or lengths, not both`);
    checkTensor(operation, mask);
    expectShape(operation, "mask", mask, [steps, batch], "[time, batch]");
    return packed(cast(mask, "bool"));
  }
  if (lengths === undefined) return null;
  const counts = lengths instanceof Tensor ? [...lengths.dataSync()] : list(operation, "lengths", lengths);
  if (counts.length !== batch) {
    throw new RangeError(`${operation}: lengths has ${counts.length} entries for a batch of ${batch}`);
  }
  for (const length of counts) {
    if (!Number.isInteger(length) || length < 0 || length > steps) {
      throw new RangeError(`${operation}: a length must be a whole number from 0 to ${steps}, got ${quote(length)}`);
    }
  }
  return less(reshape(arange(0, steps, 1, "int32"), [steps, 1]), tensor(Int32Array.from(counts)));
}

/** Outputs are 0 where a step does not count. */
export function hide(states: Tensor, mask: Tensor | null): Tensor {
  return mask === null ? states : where(expandDims(mask, 2), states, 0);
}

/** The state after the last step that was computed. */
export function lastOf(setup: Setup, states: Tensor): Tensor {
  return setup.steps === 0 ? first(setup, setup.h0) : get(states, setup.backward ? 0 : setup.steps - 1);
}

export function first(setup: Setup, x: Tensor | null): Tensor {
  return x ?? zeros([setup.batch, setup.size], setup.dtype);
}

/** Scratch memory of a thread, where the fused kernels keep the state of four rows and the products of one step. */
const SCRATCH_BYTES = 2 << 20;

/** Whether the fused kernels can take a layer: its step must fit in scratch memory, and there must be something to do. */
export function fits(setup: Setup, gates: number, options: SequenceOptions): boolean {
  const bytes = setup.dtype === "float64" ? 8 : 4;
  const needed = 4 * bytes * (gates + 5) * (setup.size + 8);
  return (
    options.form !== "composed" && setup.factors === null && needed < SCRATCH_BYTES && setup.steps * setup.batch > 0
  );
}
