// Recurrent layers over whole sequences, time-major: [time, batch, feature]. The products with the inputs of all steps are one matrix product;
// what depends on the step before runs in one kernel, forward and, by backpropagation through time, back; the gradients of the weights are one
// product at the end. The same layers composed of ordinary operations serve where a gradient must itself be differentiated.
import { type DType, isFloat, promote } from "../engine/dtype.ts";
import { engine, type FusedActivation, type MatrixView } from "../engine/engine.ts";
import { arange, tensor, zeros } from "../tensor/create.ts";
import { isCollecting, isRecording, record } from "../tensor/graph.ts";
import { type Generator, random } from "../tensor/random.ts";
import { formatShape, type Shape, sameShape } from "../tensor/shape.ts";
import { empty, packed, Tensor, windowOf } from "../tensor/tensor.ts";
import { add, cast, checkTensor, less, mul, relu, sigmoid, sub, tanh, where } from "./elementwise.ts";
import { get } from "./indexing.ts";
import { linear, matmul } from "./linalg.ts";
import { concat, expandDims, reshape, slice, stack, swapAxes } from "./shape.ts";

// What users see

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
  /** "composed" builds the layer of ordinary operations, so that gradients have gradients; default "fused", several times as fast. */
  form?: "fused" | "composed";
}

/** What a recurrent layer gives. */
export interface RecurrentResult {
  /** The states after all steps, [time, batch, state]. */
  outputs: Tensor;
  /** The state after the last step read, [batch, state]. */
  state: Tensor;
}

/** What `lstm` gives. */
export interface LstmResult extends RecurrentResult {
  /** The cell after the last step read, [batch, state]. */
  cell: Tensor;
}

/** What `rnn` takes. */
export interface RnnOptions extends SequenceOptions {
  /** Default "tanh"; "none" is the identity. */
  nonlinearity?: FusedActivation;
}

/** What `lstm` takes. */
export interface LstmOptions extends SequenceOptions {
  /** What the output gate sees: tanh of the cell (default), or the cell itself. */
  cellActivation?: "tanh" | "none";
}

/** What `gru` takes. */
export interface GruOptions extends SequenceOptions {
  /** Whether the reset gate multiplies the state's part of the candidate after the product with the weights (default, PyTorch), or the state before it (Cho et al. 2014). */
  reset?: "after" | "before";
  /** Whether the update gate z is the share of the old state, h = z h + (1 - z) n (default), or of the candidate, h = (1 - z) h + z n. */
  update?: "keeps" | "writes";
}

// Checking

/** A layer's operands in one dtype, with the sequence's measures. */
interface Setup {
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
  backward: boolean;
  truncate: number;
  dtype: DType;
}

function expectShape(operation: string, role: string, x: Tensor, shape: Shape, meaning: string): void {
  if (!sameShape(x.shape, shape)) {
    throw new RangeError(
      `${operation}: ${role} must have shape ${formatShape(shape)}, ${meaning}; got ${formatShape(x.shape)}`,
    );
  }
}

function prepare(
  operation: string,
  gates: number,
  x: Tensor,
  h0: Tensor | null | undefined,
  parameters: RecurrentParameters,
  options: SequenceOptions,
): Setup {
  checkTensor(operation, x);
  checkTensor(operation, parameters.inputWeights);
  checkTensor(operation, parameters.stateWeights);
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
  const { truncate = 0, direction = "forward" } = options;
  if (!Number.isInteger(truncate) || truncate < 0) {
    throw new RangeError(`${operation}: truncate must be a whole number of steps, got ${truncate}`);
  }
  if (direction !== "forward" && direction !== "backward") {
    throw new RangeError(`${operation}: direction must be "forward" or "backward", got ${String(direction)}`);
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
  const list = lengths instanceof Tensor ? [...lengths.dataSync()] : lengths;
  if (list.length !== batch) {
    throw new RangeError(`${operation}: lengths has ${list.length} entries for a batch of ${batch}`);
  }
  for (const length of list) {
    if (!Number.isInteger(length) || length < 0 || length > steps) {
      throw new RangeError(`${operation}: a length must be a whole number from 0 to ${steps}, got ${length}`);
    }
  }
  return less(reshape(arange(0, steps, 1, "int32"), [steps, 1]), tensor(Int32Array.from(list)));
}

/** Outputs are 0 where a step does not count. */
function hide(states: Tensor, mask: Tensor | null): Tensor {
  return mask === null ? states : where(expandDims(mask, 2), states, 0);
}

/** The state after the last step that was computed. */
function lastOf(setup: Setup, states: Tensor): Tensor {
  return setup.steps === 0 ? first(setup, setup.h0) : get(states, setup.backward ? 0 : setup.steps - 1);
}

function first(setup: Setup, x: Tensor | null): Tensor {
  return x ?? zeros([setup.batch, setup.size], setup.dtype);
}

/** Scratch memory of a thread, where the fused kernels keep the state of four rows and the products of one step. */
const SCRATCH_BYTES = 2 << 20;

/** Whether the fused kernels can take a layer: its step must fit in scratch memory, and there must be something to do. */
function fits(setup: Setup, gates: number, options: SequenceOptions): boolean {
  const bytes = setup.dtype === "float64" ? 8 : 4;
  const needed = 4 * bytes * (gates + 5) * (setup.size + 8);
  return options.form !== "composed" && needed < SCRATCH_BYTES && setup.steps * setup.batch > 0;
}

// Matrix products of the fused forms

/** A matrix with rows of `width` elements, from element `offset` on; `transposed` swaps its axes. */
function matrix(x: Tensor, width: number, transposed = false, offset = 0): MatrixView {
  const [rowStride, columnStride] = transposed ? [1, width] : [width, 1];
  return { view: x, offset: x.offset + offset, rowStride, columnStride, batchStride: 0 };
}

/** x W^T + bias for all steps, into `out` [steps * batch, gates * size]. */
function inputProducts(setup: Setup, bias: Tensor | null, out: Tensor): void {
  const { x, inputWeights, steps, batch, inputs } = setup;
  const [columns] = inputWeights.shape as [number];
  const left = matrix(packed(x), inputs);
  const right = matrix(packed(inputWeights), inputs, true);
  engine().matmul(left, right, out, steps * batch, columns, inputs, 1, { bias: bias ? packed(bias) : undefined });
}

/** The place where the gradient of a parameter is collected, if it can be written directly, or new memory. */
function gradientPlace(parameter: Tensor): { into: Tensor; accumulate: boolean } {
  const slot = isCollecting() ? parameter.node?.slot : null;
  if (!slot || slot.tensor.dtype !== parameter.dtype || !slot.tensor.contiguous || slot.tensor.size === 0) {
    return { into: empty("gradient", parameter.shape, parameter.dtype), accumulate: false };
  }
  const accumulate = !slot.fresh;
  slot.fresh = false;
  return { into: slot.tensor, accumulate };
}

/** Gradients of the gates' inputs for all steps: dz [steps * batch, width]. */
interface GateGradients {
  dz: Tensor;
  width: number;
}

/** dz W and dz^T x: gradients of the inputs and of their weights. The gates stand in the columns of dz from `from` on. */
function inputGradients(setup: Setup, { dz, width }: GateGradients, from: number): (Tensor | undefined)[] {
  const { x, inputWeights, steps, batch, inputs } = setup;
  const [columns] = inputWeights.shape as [number];
  const count = steps * batch;
  let dx: Tensor | undefined;
  if (x.node && x.size > 0) {
    dx = empty("gradient", x.shape, x.dtype);
    engine().matmul(
      matrix(dz, width, false, from),
      matrix(packed(inputWeights), inputs),
      dx,
      count,
      inputs,
      columns,
      1,
    );
  } else if (x.node) dx = zeros(x.shape, x.dtype);
  if (!inputWeights.node) return [dx, undefined];
  if (inputWeights.size === 0) return [dx, zeros(inputWeights.shape, inputWeights.dtype)];
  const { into, accumulate } = gradientPlace(inputWeights);
  const right = matrix(packed(x), inputs);
  engine().matmul(matrix(dz, width, true, from), right, into, columns, inputs, count, 1, { accumulate });
  return [dx, into];
}

/**
 * Adds dz^T h to `into` [columns, size], h being the states before each step: those of the steps before, and the first state.
 * dz stands in `columns` columns from `from` on.
 */
function addStateGradients(
  setup: Setup,
  { dz, width }: GateGradients,
  from: number,
  columns: number,
  states: Tensor,
  into: Tensor,
  accumulate: boolean,
): void {
  const { steps, batch, size, backward, h0 } = setup;
  const later = backward ? 0 : batch;
  const earlier = backward ? batch : 0;
  const count = (steps - 1) * batch;
  let started = accumulate;
  if (count > 0) {
    const left = matrix(dz, width, true, later * width + from);
    const right = matrix(states, size, false, earlier * size);
    engine().matmul(left, right, into, columns, size, count, 1, { accumulate });
    started = true;
  }
  if (h0 !== null) {
    const left = matrix(dz, width, true, (backward ? count : 0) * width + from);
    engine().matmul(left, matrix(packed(h0), size), into, columns, size, batch, 1, { accumulate: started });
  } else if (!started) engine().fill(into, 0);
}

/** dz summed over all steps and rows. */
function biasGradient({ dz, width }: GateGradients): Tensor {
  const y = empty("gradient", [width], dz.dtype);
  engine().reduce("sum", dz, y, 1, dz.size / width, width);
  return y;
}

/** Attaches the fused gradient. `rule` gives gradients in the order of `inputs`, where null operands are left out. */
function recordFused(
  setup: Setup,
  y: Tensor,
  inputs: readonly (Tensor | null)[],
  rule: (dy: Tensor) => readonly (Tensor | undefined)[],
): Tensor {
  const present = inputs.flatMap((x, i) => (x === null ? [] : [i]));
  const operands = present.map((i) => inputs[i]!);
  if (!isRecording() || operands.every((x) => x.node === null)) return y;
  record(setup.operation, y, operands, (dy) => {
    const gradients = rule(packed(dy));
    return present.map((i) => (inputs[i]!.node ? gradients[i] : undefined));
  });
  y.node!.firstOrderOnly = `give ${setup.operation} the option form: "composed", which can be differentiated any number of times`;
  return y;
}

/** A vector for the packed state weights of `gates` blocks; each of two parts fills whole panels. */
function panelsFor(setup: Setup, gates: number): Tensor {
  return empty("panels", [gates * (setup.size + 16) * (setup.size + 16)], setup.dtype);
}

// Simple recurrence

const NONLINEARITY: Record<FusedActivation, number> = { none: 0, sigmoid: 1, tanh: 2, relu: 3 };

function activate(name: FusedActivation, z: Tensor): Tensor {
  return name === "none" ? z : name === "sigmoid" ? sigmoid(z) : name === "tanh" ? tanh(z) : relu(z);
}

/**
 * A simple recurrent layer: h_t = f(W_x x_t + b_x + W_h h_(t-1) + b_h), f tanh by default (Elman 1990).
 *
 * x [time, batch, in]; h0 [batch, state], zeros if null; weights [state, in] and [state, state].
 * Gradients: backpropagation through time, to x, h0 and every parameter; first order in the fused form.
 * @throws RangeError if a shape, a length or an option does not fit; TypeError for operands that are no tensors, or for
 * lengths and mask together.
 * @example
 * ```ts
 * const one = { inputWeights: tensor([[1]]), stateWeights: tensor([[1]]) };
 * rnn(tensor([[[1]], [[2]]]), null, one, { nonlinearity: "none" }).state.item(); // 3
 * ```
 */
export function rnn(
  x: Tensor,
  h0: Tensor | null,
  parameters: RecurrentParameters,
  options: RnnOptions = {},
): RecurrentResult {
  const { nonlinearity = "tanh" } = options;
  if (!(nonlinearity in NONLINEARITY)) {
    throw new RangeError(
      `rnn: nonlinearity must be one of ${Object.keys(NONLINEARITY).join(", ")}, got ${String(nonlinearity)}`,
    );
  }
  const setup = prepare("rnn", 1, x, h0, parameters, options);
  const states = fits(setup, 1, options) ? rnnFused(setup, nonlinearity) : rnnComposed(setup, nonlinearity);
  return { outputs: hide(states, setup.mask), state: lastOf(setup, states) };
}

function rnnFused(setup: Setup, nonlinearity: FusedActivation): Tensor {
  const { x, h0, inputWeights, stateWeights, inputBias, stateBias, steps, batch, size, mask, dtype } = setup;
  const numbers = [steps, batch, size, Number(setup.backward), NONLINEARITY[nonlinearity]];
  const weights = packed(stateWeights);
  const h = h0 === null ? null : packed(h0);
  const states = empty("rnn", [steps, batch, size], dtype);
  inputProducts(setup, sumOfBiases(inputBias, stateBias), states);
  engine().kernel("rnnForward", dtype, weights, h, mask, states, panelsFor(setup, 1), ...numbers);
  return recordFused(setup, states, [x, h0, inputWeights, stateWeights, inputBias, stateBias], (dy) => {
    const gates = { dz: empty("gradient", states.shape, dtype), width: size };
    const dh0 = empty("gradient", [batch, size], dtype);
    const panels = panelsFor(setup, 1);
    engine().kernel(
      "rnnBackward",
      dtype,
      weights,
      h,
      mask,
      states,
      dy,
      gates.dz,
      dh0,
      panels,
      ...numbers,
      setup.truncate,
    );
    return gradientsOf(setup, gates, states, dh0);
  });
}

/** Gradients of x, h0, weights and biases where every gate sees the input and the state alike. */
function gradientsOf(setup: Setup, gates: GateGradients, states: Tensor, dh0: Tensor): (Tensor | undefined)[] {
  const { stateWeights, inputBias, stateBias } = setup;
  const [dx, dInputWeights] = inputGradients(setup, gates, 0);
  let dStateWeights: Tensor | undefined;
  if (stateWeights.node) {
    const { into, accumulate } = gradientPlace(stateWeights);
    addStateGradients(setup, gates, 0, gates.width, states, into, accumulate);
    dStateWeights = into;
  }
  const dBias = inputBias?.node || stateBias?.node ? biasGradient(gates) : undefined;
  return [dx, dh0, dInputWeights, dStateWeights, dBias, dBias];
}

function sumOfBiases(a: Tensor | null, b: Tensor | null): Tensor | null {
  if (a === null || b === null) return a ?? b;
  const both = empty("bias", a.shape, a.dtype);
  engine().binary("add", a, b, both);
  return both;
}

// Composed forms

/** One step: the gates' inputs from x, and the state before, to the state after. */
type Step = (z: Tensor, state: State) => State;

/** What a layer hands from step to step: the state h, and an LSTM's cell c. */
type State = { h: Tensor; c?: Tensor };

/** Walks a composed layer through the sequence; returns the states h of all steps [time, batch, state] and the last state. */
function walk(setup: Setup, z: Tensor, start: State, step: Step): [Tensor, State] {
  const { steps, batch, size, mask, backward, truncate, dtype } = setup;
  const results = new Array<Tensor>(steps);
  let state = start;
  for (let s = 0; s < steps; s++) {
    const t = backward ? steps - 1 - s : s;
    if (truncate > 0 && s > 0 && s % truncate === 0) {
      state = { h: detach(state.h), c: state.c && detach(state.c) };
    }
    const next = step(get(z, t), state);
    if (mask === null) state = next;
    else {
      const here = expandDims(get(mask, t), 1);
      state = { h: where(here, next.h, state.h), c: next.c && where(here, next.c, state.c!) };
    }
    results[t] = state.h;
  }
  return [steps === 0 ? zeros([0, batch, size], dtype) : stack(results), state];
}

function detach(x: Tensor): Tensor {
  return windowOf(x, x.shape, x.offset, x.strides);
}

function inputPart(setup: Setup, bias: Tensor | null): Tensor {
  return linear(setup.x, swapAxes(setup.inputWeights, 0, 1), bias);
}

function plus(x: Tensor, bias: Tensor | null): Tensor {
  return bias === null ? x : add(x, bias);
}

/** Block `i` of gates laid side by side. */
function gate(z: Tensor, i: number, size: number): Tensor {
  return slice(z, i * size, (i + 1) * size, 1, 1);
}

function rnnComposed(setup: Setup, nonlinearity: FusedActivation): Tensor {
  const toState = swapAxes(setup.stateWeights, 0, 1);
  const z = plus(inputPart(setup, setup.inputBias), setup.stateBias);
  return walk(setup, z, { h: first(setup, setup.h0) }, (input, { h }) => ({
    h: activate(nonlinearity, add(input, matmul(h, toState))),
  }))[0];
}

// Long short-term memory

/**
 * A layer of long short-term memory (Hochreiter and Schmidhuber 1997, with forget gate): for each step, with z = W_x x_t + b_x + W_h h_(t-1) + b_h,
 * i = sigmoid(z_i), f = sigmoid(z_f), g = tanh(z_g), o = sigmoid(z_o), c_t = f c_(t-1) + i g, h_t = o tanh(c_t).
 *
 * Rows of weights and biases: input, forget, cell (g), output. x [time, batch, in]; h0 and c0 [batch, state], zeros if null.
 * Gradients: backpropagation through time, to x, h0, c0 and every parameter; first order in the fused form.
 * @throws RangeError if a shape, a length or an option does not fit; TypeError for operands that are no tensors, or for
 * lengths and mask together.
 * @example
 * ```ts
 * const parameters = { inputWeights: zeros([4, 1]), stateWeights: zeros([4, 1]) };
 * lstm(zeros([3, 1, 1]), null, tensor([[8]]), parameters, { cellActivation: "none" }).cell.item(); // 1
 * ```
 */
export function lstm(
  x: Tensor,
  h0: Tensor | null,
  c0: Tensor | null,
  parameters: RecurrentParameters,
  options: LstmOptions = {},
): LstmResult {
  const { cellActivation = "tanh" } = options;
  if (cellActivation !== "tanh" && cellActivation !== "none") {
    throw new RangeError(`lstm: cellActivation must be "tanh" or "none", got ${String(cellActivation)}`);
  }
  const setup = prepare("lstm", 4, x, h0, parameters, options);
  const { batch, size, steps } = setup;
  if (c0) expectShape("lstm", "the first cell", c0, [batch, size], "[batch, state]");
  const cell0 = c0 ? cast(c0, setup.dtype) : null;
  const squash = cellActivation === "tanh";
  if (!fits(setup, 4, options)) {
    const [states, { c }] = lstmComposed(setup, cell0, squash);
    return { outputs: hide(states, setup.mask), state: lastOf(setup, states), cell: c! };
  }
  // One result with one gradient: the states of all steps, and behind them the last cell.
  const all = lstmFused(setup, cell0, squash);
  const states = slice(all, 0, steps);
  return { outputs: hide(states, setup.mask), state: lastOf(setup, states), cell: get(all, steps) };
}

function lstmFused(setup: Setup, c0: Tensor | null, squash: boolean): Tensor {
  const { x, h0, inputWeights, stateWeights, inputBias, stateBias, steps, batch, size, mask, dtype } = setup;
  const numbers = [steps, batch, size, Number(setup.backward), Number(squash)];
  const weights = packed(stateWeights);
  const h = h0 === null ? null : packed(h0);
  const c = c0 === null ? null : packed(c0);
  const z = empty("lstm", [steps * batch, 4 * size], dtype);
  const states = empty("lstm", [steps + 1, batch, size], dtype);
  const cells = empty("lstm", [steps, batch, size], dtype);
  const seen = squash ? empty("lstm", [steps, batch, size], dtype) : cells;
  inputProducts(setup, sumOfBiases(inputBias, stateBias), z);
  const panels = panelsFor(setup, 4);
  engine().kernel("lstmForward", dtype, z, weights, h, c, mask, states, cells, seen, panels, ...numbers);
  return recordFused(setup, states, [x, h0, inputWeights, stateWeights, inputBias, stateBias, c0], (dy) => {
    const gates = { dz: empty("gradient", z.shape, dtype), width: 4 * size };
    const dh0 = empty("gradient", [batch, size], dtype);
    const dc0 = empty("gradient", [batch, size], dtype);
    const saved = [z, weights, h, c, mask, states, cells, seen];
    const results = [dy, gates.dz, dh0, dc0, panelsFor(setup, 4)];
    engine().kernel("lstmBackward", dtype, ...saved, ...results, ...numbers, setup.truncate);
    return [...gradientsOf(setup, gates, states, dh0), dc0];
  });
}

function lstmComposed(setup: Setup, c0: Tensor | null, squash: boolean): [Tensor, State] {
  const { size, stateWeights, inputBias, stateBias, h0 } = setup;
  const toState = swapAxes(stateWeights, 0, 1);
  const z = plus(inputPart(setup, inputBias), stateBias);
  return walk(setup, z, { h: first(setup, h0), c: first(setup, c0) }, (input, { h, c }) => {
    const gates = add(input, matmul(h, toState));
    const i = sigmoid(gate(gates, 0, size));
    const f = sigmoid(gate(gates, 1, size));
    const g = tanh(gate(gates, 2, size));
    const o = sigmoid(gate(gates, 3, size));
    const next = add(mul(f, c!), mul(i, g));
    return { h: mul(o, squash ? tanh(next) : next), c: next };
  });
}

// Gated recurrent units

/**
 * A layer of gated recurrent units (Cho et al. 2014). For each step, r = sigmoid(W_xr x + b_xr + W_hr h + b_hr), z likewise, and the candidate
 * n = tanh(W_xn x + b_xn + r (W_hn h + b_hn)), or with `reset: "before"` n = tanh(W_xn x + b_xn + W_hn (r h) + b_hn);
 * then h = z h + (1 - z) n, or with `update: "writes"` h = (1 - z) h + z n.
 *
 * Rows of weights and biases: reset, update, candidate. x [time, batch, in]; h0 [batch, state], zeros if null.
 * Gradients: backpropagation through time, to x, h0 and every parameter; first order in the fused form.
 * @throws RangeError if a shape, a length or an option does not fit; TypeError for operands that are no tensors, or for
 * lengths and mask together.
 * @example
 * ```ts
 * const parameters = { inputWeights: zeros([3, 1]), stateWeights: zeros([3, 1]) };
 * gru(zeros([2, 1, 1]), tensor([[8]]), parameters).state.item(); // 2
 * ```
 */
export function gru(
  x: Tensor,
  h0: Tensor | null,
  parameters: RecurrentParameters,
  options: GruOptions = {},
): RecurrentResult {
  const { reset = "after", update = "keeps" } = options;
  if (reset !== "after" && reset !== "before") {
    throw new RangeError(`gru: reset must be "after" or "before", got ${String(reset)}`);
  }
  if (update !== "keeps" && update !== "writes") {
    throw new RangeError(`gru: update must be "keeps" or "writes", got ${String(update)}`);
  }
  const setup = prepare("gru", 3, x, h0, parameters, options);
  const form = { resetBefore: reset === "before", writes: update === "writes" };
  const states = fits(setup, 3, options) ? gruFused(setup, form) : gruComposed(setup, form);
  return { outputs: hide(states, setup.mask), state: lastOf(setup, states) };
}

interface GruForm {
  resetBefore: boolean;
  writes: boolean;
}

function gruFused(setup: Setup, { resetBefore, writes }: GruForm): Tensor {
  const { x, h0, inputWeights, stateWeights, inputBias, stateBias, steps, batch, size, mask, dtype } = setup;
  const numbers = [steps, batch, size, Number(setup.backward), Number(resetBefore) + 2 * Number(writes)];
  const weights = packed(stateWeights);
  const h = h0 === null ? null : packed(h0);
  const z = empty("gru", [steps * batch, 3 * size], dtype);
  const states = empty("gru", [steps, batch, size], dtype);
  // The reset gate times the state, or the product that the reset gate multiplies.
  const kept = empty("gru", [steps, batch, size], dtype);
  inputProducts(setup, inputBias, z);
  const bias = stateBias === null ? null : packed(stateBias);
  engine().kernel("gruForward", dtype, z, weights, bias, h, mask, states, kept, panelsFor(setup, 3), ...numbers);
  return recordFused(setup, states, [x, h0, inputWeights, stateWeights, inputBias, stateBias], (dy) => {
    // Blocks of a row: the candidate's gradient as the state sees it, reset, update, the candidate's as the input sees it.
    const gates = { dz: empty("gradient", [steps * batch, 4 * size], dtype), width: 4 * size };
    const dh0 = empty("gradient", [batch, size], dtype);
    const results = [dy, gates.dz, dh0, panelsFor(setup, 3)];
    const saved = [z, weights, h, mask, states, kept];
    engine().kernel("gruBackward", dtype, ...saved, ...results, ...numbers, setup.truncate);
    const [dx, dInputWeights] = inputGradients(setup, gates, size);
    let dStateWeights: Tensor | undefined;
    if (stateWeights.node) {
      const { into, accumulate } = gradientPlace(stateWeights);
      const [ofGates, ofCandidate] = [windowOf(into, [2 * size, size], into.offset, null), lastBlock(into, size)];
      addStateGradients(setup, gates, size, 2 * size, states, ofGates, accumulate);
      if (resetBefore) {
        const left = matrix(gates.dz, gates.width, true, 3 * size);
        engine().matmul(left, matrix(kept, size), ofCandidate, size, size, steps * batch, 1, { accumulate });
      } else addStateGradients(setup, gates, 0, size, states, ofCandidate, accumulate);
      dStateWeights = into;
    }
    if (!inputBias?.node && !stateBias?.node) return [dx, dh0, dInputWeights, dStateWeights];
    const all = biasGradient(gates);
    const dInputBias = slice(all, size);
    const dStateBias = resetBefore ? dInputBias : concat([slice(all, size, 3 * size), slice(all, 0, size)]);
    return [dx, dh0, dInputWeights, dStateWeights, dInputBias, dStateBias];
  });
}

/** The rows of the third gate. */
function lastBlock(weights: Tensor, size: number): Tensor {
  return windowOf(weights, [size, size], weights.offset + 2 * size * size, null);
}

function gruComposed(setup: Setup, { resetBefore, writes }: GruForm): Tensor {
  const { size, stateWeights, inputBias, stateBias, h0 } = setup;
  const gateWeights = swapAxes(slice(stateWeights, 0, 2 * size), 0, 1);
  const candidateWeights = swapAxes(slice(stateWeights, 2 * size), 0, 1);
  const gateBias = stateBias === null ? null : slice(stateBias, 0, 2 * size);
  const candidateBias = stateBias === null ? null : slice(stateBias, 2 * size);
  return walk(setup, inputPart(setup, inputBias), { h: first(setup, h0) }, (input, { h }) => {
    const gates = plus(add(slice(input, 0, 2 * size, 1, 1), matmul(h, gateWeights)), gateBias);
    const r = sigmoid(gate(gates, 0, size));
    const z = sigmoid(gate(gates, 1, size));
    const fromState = resetBefore
      ? plus(matmul(mul(r, h), candidateWeights), candidateBias)
      : mul(r, plus(matmul(h, candidateWeights), candidateBias));
    const n = tanh(add(gate(input, 2, size), fromState));
    const difference = mul(z, sub(h, n));
    return { h: writes ? sub(h, difference) : add(n, difference) };
  })[0];
}

// Putting layers together

/**
 * Runs a layer over the sequence in both directions. `outputs` [time, batch, 2 * state] has the forward outputs first; each direction's result is there too.
 * @example
 * ```ts
 * const one = { inputWeights: tensor([[1]]), stateWeights: tensor([[1]]) };
 * const x = tensor([[[1]], [[2]]]);
 * bidirectional((direction) => rnn(x, null, one, { direction, nonlinearity: "none" })).outputs.toArray(); // [[[1, 3]], [[3, 2]]]
 * ```
 */
export function bidirectional<R extends RecurrentResult>(
  run: (direction: Direction) => R,
): { outputs: Tensor; forward: R; backward: R } {
  const forward = run("forward");
  const backward = run("backward");
  return { outputs: concat([forward.outputs, backward.outputs], -1), forward, backward };
}

/**
 * Several layers, each reading the outputs of the one before. `run` computes one layer from its input and its entry in `layers`; with `dropout` in
 * [0, 1), that share of the outputs between layers (not of the last) is set to 0, the rest scaled by 1 / (1 - dropout): pass it in training only.
 * @throws RangeError without layers, or for a dropout outside [0, 1).
 * @example
 * ```ts
 * const one = { inputWeights: tensor([[2]]), stateWeights: tensor([[0]]) };
 * const deep = stackedLayers(tensor([[[1]]]), [one, one], (x, layer) => rnn(x, null, layer, { nonlinearity: "none" }));
 * deep.outputs.item(); // 4
 * ```
 */
export function stackedLayers<P, R extends { outputs: Tensor }>(
  x: Tensor,
  layers: readonly P[],
  run: (x: Tensor, layer: P, position: number) => R,
  options: { dropout?: number; generator?: Generator } = {},
): { outputs: Tensor; layers: R[] } {
  const { dropout = 0, generator } = options;
  if (layers.length === 0) throw new RangeError("stackedLayers: needs at least one layer");
  if (!(dropout >= 0 && dropout < 1)) {
    throw new RangeError(`stackedLayers: dropout must be at least 0 and below 1, got ${dropout}`);
  }
  const results: R[] = [];
  let input = x;
  layers.forEach((layer, position) => {
    const result = run(input, layer, position);
    results.push(result);
    input = result.outputs;
    if (dropout > 0 && position < layers.length - 1) {
      const { shape, dtype } = input;
      input = mul(input, random.bernoulli(shape, 1 - dropout, { dtype, generator, value: 1 / (1 - dropout) }));
    }
  });
  return { outputs: input, layers: results };
}

/**
 * Gate weights that act on the concatenation of state and input, [state, state + in] each, as the layers here take them: one matrix for the inputs,
 * one for the state, gate after gate. `order` says which of the two comes first in the concatenation. Gradients pass through.
 * @throws RangeError if the shapes differ.
 * @example
 * ```ts
 * splitConcatenated([tensor([[1, 2, 3]])], "state-input").inputWeights.toArray(); // [[2, 3]]
 * ```
 */
export function splitConcatenated(
  gates: readonly Tensor[],
  order: "state-input" | "input-state",
): { inputWeights: Tensor; stateWeights: Tensor } {
  if (gates.length === 0) throw new RangeError("splitConcatenated: needs the weights of at least one gate");
  for (const weights of gates) {
    checkTensor("splitConcatenated", weights);
    if (weights.rank !== 2 || weights.shape[1] <= weights.shape[0] || !sameShape(weights.shape, gates[0].shape)) {
      throw new RangeError(
        `splitConcatenated: the gates' weights must all be [state, state + in], got ${gates.map((w) => formatShape(w.shape)).join(", ")}`,
      );
    }
  }
  if (order !== "state-input" && order !== "input-state") {
    throw new RangeError(`splitConcatenated: order must be "state-input" or "input-state", got ${String(order)}`);
  }
  const all = concat(gates);
  const [size, both] = gates[0].shape as [number, number];
  return order === "state-input"
    ? { stateWeights: slice(all, 0, size, 1, 1), inputWeights: slice(all, size, both, 1, 1) }
    : { inputWeights: slice(all, 0, both - size, 1, 1), stateWeights: slice(all, both - size, both, 1, 1) };
}
