// Gated recurrent units.
import { knownOptions } from "../../engine/checks.ts";
import { engine } from "../../engine/engine.ts";
import { quote } from "../../engine/quote.ts";
import { empty, packed, type Tensor, windowOf } from "../../tensor/tensor.ts";
import { sigmoid } from "../activations.ts";
import { add, mul, sub } from "../arithmetic.ts";
import { concat } from "../join.ts";
import { matmul } from "../linalg.ts";
import { slice } from "../slices.ts";
import { tanh } from "../trigonometry.ts";
import { swapAxes } from "../views.ts";
import { gate, inputPart, plus, seenBy, walk } from "./composed.ts";
import {
  addStateGradients,
  biasGradient,
  gradientPlace,
  inputGradients,
  inputProducts,
  matrix,
  panelsFor,
  recordFused,
} from "./fused.ts";
import {
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

/** What only `gru` takes. */
const OWN = ["reset", "update"];

/** What `gru` takes. */
export interface GruOptions extends SequenceOptions {
  /** Whether the reset gate multiplies the state's part of the candidate after the product with the weights (default, PyTorch), or the state before it (Cho et al. 2014). */
  reset?: "after" | "before";
  /** Whether the update gate z is the share of the old state, h = z h + (1 - z) n (default), or of the candidate, h = (1 - z) h + z n. */
  update?: "keeps" | "writes";
}

/**
 * A layer of gated recurrent units (Cho et al. 2014). For each step, r = sigmoid(W_xr x + b_xr + W_hr h + b_hr), z likewise, and the candidate
 * n = tanh(W_xn x + b_xn + r (W_hn h + b_hn)), or with `reset: "before"` n = tanh(W_xn x + b_xn + W_hn (r h) + b_hn);
 * then h = z h + (1 - z) n, or with `update: "writes"` h = (1 - z) h + z n.
 *
 * Rows of weights and biases: reset, update, candidate. x [time, batch, in]; h0 [batch, state], zeros if null.
 * Gradients: backpropagation through time, to x, h0 and every parameter; of any order. Where a gradient of the fused form is itself
 * differentiated, the composed form computes it.
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
  const { reset = "after", update = "keeps" } = knownOptions("gru", options, SEQUENCE_OPTIONS, OWN);
  if (reset !== "after" && reset !== "before") {
    throw new RangeError(`gru: reset must be "after" or "before", got ${quote(reset)}`);
  }
  if (update !== "keeps" && update !== "writes") {
    throw new RangeError(`gru: update must be "keeps" or "writes", got ${quote(update)}`);
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
  const { h0, stateWeights, inputBias, stateBias, steps, batch, size, mask, dtype } = setup;
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
  const rule = (dy: Tensor): (Tensor | undefined)[] => {
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
  };
  return recordFused(setup, null, states, rule, (again) => gruComposed(again, { resetBefore, writes }));
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
    const seen = seenBy(setup, h);
    const gates = plus(add(slice(input, 0, 2 * size, 1, 1), matmul(seen, gateWeights)), gateBias);
    const r = sigmoid(gate(gates, 0, size));
    const z = sigmoid(gate(gates, 1, size));
    const fromState = resetBefore
      ? plus(matmul(mul(r, seen), candidateWeights), candidateBias)
      : mul(r, plus(matmul(seen, candidateWeights), candidateBias));
    const n = tanh(add(gate(input, 2, size), fromState));
    const difference = mul(z, sub(h, n));
    return { h: writes ? sub(h, difference) : add(n, difference) };
  })[0];
}
