// The simple recurrent layer.
import { isNameIn, knownOptions } from "../../engine/checks.ts";
import { engine, type FusedActivation } from "../../engine/engine.ts";
import { quote } from "../../engine/quote.ts";
import { empty, packed, type Tensor } from "../../tensor/tensor.ts";
import { relu, sigmoid } from "../activations.ts";
import { add } from "../arithmetic.ts";
import { matmul } from "../linalg.ts";
import { tanh } from "../trigonometry.ts";
import { swapAxes } from "../views.ts";
import { inputPart, plus, seenBy, walk } from "./composed.ts";
import { gradientsOf, inputProducts, panelsFor, recordFused, sumOfBiases } from "./fused.ts";
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

/** What only `rnn` takes. */
const OWN = ["nonlinearity"];

/** What `rnn` takes. */
export interface RnnOptions extends SequenceOptions {
  /** Default "tanh"; "none" is the identity. */
  nonlinearity?: FusedActivation;
}

const NONLINEARITY: Record<FusedActivation, number> = { none: 0, sigmoid: 1, tanh: 2, relu: 3 };

function activate(name: FusedActivation, z: Tensor): Tensor {
  return name === "none" ? z : name === "sigmoid" ? sigmoid(z) : name === "tanh" ? tanh(z) : relu(z);
}

/**
 * A simple recurrent layer: h_t = f(W_x x_t + b_x + W_h h_(t-1) + b_h), f tanh by default (Elman 1990).
 *
 * x [time, batch, in]; h0 [batch, state], zeros if null; weights [state, in] and [state, state].
 * Gradients: backpropagation through time, to x, h0 and every parameter; of any order. Where a gradient of the fused form is itself
 * differentiated, the composed form computes it.
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
  const { nonlinearity = "tanh" } = knownOptions("rnn", options, SEQUENCE_OPTIONS, OWN);
  if (!isNameIn(NONLINEARITY, nonlinearity)) {
    throw new RangeError(
      `rnn: nonlinearity must be one of ${Object.keys(NONLINEARITY).join(", ")}, got ${quote(nonlinearity)}`,
    );
  }
  const setup = prepare("rnn", 1, x, h0, parameters, options);
  const states = fits(setup, 1, options) ? rnnFused(setup, nonlinearity) : rnnComposed(setup, nonlinearity);
  return { outputs: hide(states, setup.mask), state: lastOf(setup, states) };
}

function rnnFused(setup: Setup, nonlinearity: FusedActivation): Tensor {
  const { h0, stateWeights, inputBias, stateBias, steps, batch, size, mask, dtype } = setup;
  const numbers = [steps, batch, size, Number(setup.backward), NONLINEARITY[nonlinearity]];
  const weights = packed(stateWeights);
  const h = h0 === null ? null : packed(h0);
  const states = empty("rnn", [steps, batch, size], dtype);
  inputProducts(setup, sumOfBiases(inputBias, stateBias), states);
  engine().kernel("rnnForward", dtype, weights, h, mask, states, panelsFor(setup, 1), ...numbers);
  const rule = (dy: Tensor): (Tensor | undefined)[] => {
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
  };
  return recordFused(setup, null, states, rule, (again) => rnnComposed(again, nonlinearity));
}

function rnnComposed(setup: Setup, nonlinearity: FusedActivation): Tensor {
  const toState = swapAxes(setup.stateWeights, 0, 1);
  const z = plus(inputPart(setup, setup.inputBias), setup.stateBias);
  return walk(setup, z, { h: first(setup, setup.h0) }, (input, { h }) => ({
    h: activate(nonlinearity, add(input, matmul(seenBy(setup, h), toState))),
  }))[0];
}
