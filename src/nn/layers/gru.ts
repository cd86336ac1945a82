// Gated recurrent units as a layer.
import { oneOf } from "../../engine/checks.ts";
import { gru } from "../../ops/recurrent/gru.ts";
import type { RecurrentParameters, SequenceOptions } from "../../ops/recurrent/setup.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { among } from "../layer-kind.ts";
import {
  type CellResult,
  RecurrentLayer,
  type RecurrentOptions,
  recurrentKind,
  recurrentOptions,
} from "./recurrent.ts";

const RESET = ["after", "before"] as const;
const UPDATE = ["keeps", "writes"] as const;

/** What a layer of gated recurrent units takes beside the number of units. */
export interface GRUOptions extends RecurrentOptions {
  /** Whether the reset gate multiplies the state's part of the candidate after the product with the weights (default), or the state before it. */
  reset?: "after" | "before";
  /** Whether the update gate z is the share of the old state, h = z h + (1 - z) n (default), or of the candidate, h = (1 - z) h + z n. */
  update?: "keeps" | "writes";
}

/**
 * A layer of gated recurrent units (Cho et al. 2014): for each step, in blocks of `units`, r = sigmoid(W_r x_t + b_r + U_r h_(t-1) + d_r),
 * z = sigmoid(W_z x_t + b_z + U_z h_(t-1) + d_z), n = tanh(W_n x_t + b_n + r (U_n h_(t-1) + d_n)), h_t = z h_(t-1) + (1 - z) n; h_0 = 0.
 * With `reset: "before"` n = tanh(W_n x_t + U_n (r h_(t-1)) + b_n), and there is no d.
 *
 * Shapes: x [n, time, features] to the last h, [n, units], or with `returnSequences` every h, [n, time, units]; W [3 units, features],
 * U [3 units, units], b and d [3 units], rows in the order r, z, n. The time may be open, and 0. Parameters: 3 units (features + units + 2), or
 * 3 units (features + units + 1) with `reset: "before"`. Initialisation as in Keras: W Xavier uniform, U orthogonal, b and d 0. With `layers: k`,
 * k layers of `units`, each reading the states of the one below.
 *
 * First states go in beside x, and with `returnState` the last come out: `applyAll([x, h])` gives [y, h]. Masked steps do not
 * count: the state passes them by, and outputs there are 0. In a `stateful` layer a batch begins where the one before ended.
 * @throws RangeError, TypeError for a number of units that is not a whole number from 1 on, or an option that is out of range, of the wrong type or
 * not there; RangeError for inputs of other shapes, or batches that a stateful layer is not for.
 * @example
 * ```ts
 * const x = input([null, 4]);
 * const [y, state] = new GRU(8, { returnSequences: true, returnState: true }).applyAll(x);
 * const model = new Model({ inputs: x, outputs: { y, state } });
 * model.callAll(zeros([2, 5, 4]))["state"].shape; // [2, 8]
 * model.parameterCount; // 336
 * ```
 */
export class GRU extends RecurrentLayer<GRUOptions> {
  /** See `BaseLayer`. */
  static override readonly repeatable = true;
  readonly type = "gru";
  readonly reset: "after" | "before";
  readonly update: "keeps" | "writes";

  constructor(units: number, options: GRUOptions = {}) {
    super(units, options, { gates: 3, states: ["state"] }, ["reset", "update"]);
    this.reset = oneOf("GRU", "reset", options.reset ?? "after", RESET);
    this.update = oneOf("GRU", "update", options.update ?? "keeps", UPDATE);
  }

  protected override get hasStateBias(): boolean {
    return this.reset === "after";
  }

  protected run(
    x: Tensor,
    first: readonly Tensor[] | null,
    parameters: RecurrentParameters,
    options: SequenceOptions,
  ): CellResult {
    const { reset, update } = this;
    const { outputs, state } = gru(x, first?.[0] ?? null, parameters, { ...options, reset, update });
    return { outputs, states: [state] };
  }

  twin(options: RecurrentOptions): GRU {
    return new GRU(this.units, { ...this.options, ...options });
  }
}

export const gruKind = recurrentKind(
  "gru",
  { reset: among(...RESET), update: among(...UPDATE) },
  (units, config) => new GRU(units, recurrentOptions(config)),
);
