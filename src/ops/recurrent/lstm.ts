// Long short-term memory.
import { knownOptions } from "../../engine/checks.ts";
import { engine } from "../../engine/engine.ts";
import { quote } from "../../engine/quote.ts";
import { empty, packed, type Tensor } from "../../tensor/tensor.ts";
import { sigmoid } from "../activations.ts";
import { add, mul } from "../arithmetic.ts";
import { cast } from "../cast.ts";
import { get } from "../indexing.ts";
import { concat } from "../join.ts";
import { matmul } from "../linalg.ts";
import { slice } from "../slices.ts";
import { tanh } from "../trigonometry.ts";
import { expandDims, swapAxes } from "../views.ts";
import { gate, inputPart, plus, type State, seenBy, walk } from "./composed.ts";
import { gradientsOf, inputProducts, panelsFor, recordFused, sumOfBiases } from "./fused.ts";
import {
  expectShape,
  first,
  fits,
  hide,
  lastOf,
  prepare,
  type RecurrentParameters,
  type RecurrentResult,
  SEQUENCE_OPTIONS,
  type SequenceOptions,
  type Setup,
} from "./setup.ts";

/** What `lstm` gives. */
export interface LstmResult extends RecurrentResult {
  /** The cell after the last step read, [batch, state]. */
  cell: Tensor;
}

/** What only `lstm` takes. */
const OWN = ["cellActivation"];

/** What `lstm` takes. */
export interface LstmOptions extends SequenceOptions {
  /** What the output gate sees: tanh of the cell (default), or the cell itself. */
  cellActivation?: "tanh" | "none";
}

/**
 * A layer of long short-term memory (Hochreiter and Schmidhuber 1997, with forget gate): for each step, with z = W_x x_t + b_x + W_h h_(t-1) + b_h,
 * i = sigmoid(z_i), f = sigmoid(z_f), g = tanh(z_g), o = sigmoid(z_o), c_t = f c_(t-1) + i g, h_t = o tanh(c_t).
 *
 * Rows of weights and biases: input, forget, cell (g), output. x [time, batch, in]; h0 and c0 [batch, state], zeros if null.
 * Gradients: backpropagation through time, to x, h0, c0 and every parameter; of any order. Where a gradient of the fused form is itself
 * differentiated, the composed form computes it.
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
  const { cellActivation = "tanh" } = knownOptions("lstm", options, SEQUENCE_OPTIONS, OWN);
  if (cellActivation !== "tanh" && cellActivation !== "none") {
    throw new RangeError(`lstm: cellActivation must be "tanh" or "none", got ${quote(cellActivation)}`);
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
  const { h0, stateWeights, inputBias, stateBias, steps, batch, size, mask, dtype } = setup;
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
  const rule = (dy: Tensor): (Tensor | undefined)[] => {
    const gates = { dz: empty("gradient", z.shape, dtype), width: 4 * size };
    const dh0 = empty("gradient", [batch, size], dtype);
    const dc0 = empty("gradient", [batch, size], dtype);
    const saved = [z, weights, h, c, mask, states, cells, seen];
    const results = [dy, gates.dz, dh0, dc0, panelsFor(setup, 4)];
    engine().kernel("lstmBackward", dtype, ...saved, ...results, ...numbers, setup.truncate);
    return [...gradientsOf(setup, gates, states, dh0), dc0];
  };
  return recordFused(setup, c0, states, rule, (again, cell) => {
    const [outputs, { c: last }] = lstmComposed(again, cell, squash);
    return concat([outputs, expandDims(last!, 0)]);
  });
}

function lstmComposed(setup: Setup, c0: Tensor | null, squash: boolean): [Tensor, State] {
  const { size, stateWeights, inputBias, stateBias, h0 } = setup;
  const toState = swapAxes(stateWeights, 0, 1);
  const z = plus(inputPart(setup, inputBias), stateBias);
  return walk(setup, z, { h: first(setup, h0), c: first(setup, c0) }, (input, { h, c }) => {
    const gates = add(input, matmul(seenBy(setup, h), toState));
    const i = sigmoid(gate(gates, 0, size));
    const f = sigmoid(gate(gates, 1, size));
    const g = tanh(gate(gates, 2, size));
    const o = sigmoid(gate(gates, 3, size));
    const next = add(mul(f, c!), mul(i, g));
    return { h: mul(o, squash ? tanh(next) : next), c: next };
  });
}
