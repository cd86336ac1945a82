// Recurrent layers put together: both directions, several layers, weights given in one matrix.
import { callable, fields, knownOptions, list } from "../../engine/checks.ts";
import { quote } from "../../engine/quote.ts";
import { type Generator, random } from "../../tensor/random.ts";
import { formatShape, sameShape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { mul } from "../arithmetic.ts";
import { checkTensor, checkTensors } from "../check.ts";
import { concat } from "../join.ts";
import { slice } from "../slices.ts";
import type { Direction, RecurrentResult } from "./setup.ts";

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
  callable("bidirectional", "the argument", run);
  const forward = run("forward");
  const backward = run("backward");
  for (const result of [forward, backward]) {
    checkTensor("bidirectional: outputs", fields("bidirectional", "what the function returns", result).outputs);
  }
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
  const { dropout = 0, generator } = knownOptions("stackedLayers", options, ["dropout", "generator"]);
  checkTensor("stackedLayers", x);
  list("stackedLayers", "layers", layers);
  callable("stackedLayers", "the function that runs a layer", run);
  if (layers.length === 0) throw new RangeError("stackedLayers: needs at least one layer");
  if (typeof dropout !== "number" || !(dropout >= 0 && dropout < 1)) {
    throw new RangeError(`stackedLayers: dropout must be at least 0 and below 1, got ${quote(dropout)}`);
  }
  const results: R[] = [];
  let input = x;
  layers.forEach((layer, position) => {
    const result = run(input, layer, position);
    checkTensor("stackedLayers: outputs", fields("stackedLayers", "what the function returns", result).outputs);
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
  checkTensors("splitConcatenated", "the first argument", gates);
  if (gates.length === 0) throw new RangeError("splitConcatenated: needs the weights of at least one gate");
  for (const weights of gates) {
    if (weights.rank !== 2 || weights.shape[1] <= weights.shape[0] || !sameShape(weights.shape, gates[0].shape)) {
      throw new RangeError(
        `splitConcatenated: the gates' weights must all be [state, state + in], got ${gates.map((w) => formatShape(w.shape)).join(", ")}`,
      );
    }
  }
  if (order !== "state-input" && order !== "input-state") {
    throw new RangeError(`splitConcatenated: order must be "state-input" or "input-state", got ${quote(order)}`);
  }
  const all = concat(gates);
  const [size, both] = gates[0].shape as [number, number];
  return order === "state-input"
    ? { stateWeights: slice(all, 0, size, 1, 1), inputWeights: slice(all, size, both, 1, 1) }
    : { inputWeights: slice(all, 0, both - size, 1, 1), stateWeights: slice(all, both - size, both, 1, 1) };
}
