// The simple recurrent layer.
import { oneOf } from "../../engine/checks.ts";
import { rnn } from "../../ops/recurrent/rnn.ts";
import type { RecurrentParameters, SequenceOptions } from "../../ops/recurrent/setup.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { fusedActivation } from "../activations.ts";
import { among } from "../layer-kind.ts";
import {
  type CellResult,
  RecurrentLayer,
  type RecurrentOptions,
  recurrentKind,
  recurrentOptions,
} from "./recurrent.ts";

/** The activations of a simple recurrent layer. */
export type RecurrentActivation = "tanh" | "relu" | "sigmoid" | "linear";

const ACTIVATIONS: readonly RecurrentActivation[] = ["tanh", "relu", "sigmoid", "linear"];

/** What a simple recurrent layer takes beside the number of units. */
export interface SimpleRNNOptions extends RecurrentOptions {
  /** f; default "tanh". */
  activation?: RecurrentActivation;
}

/**
 * The simple recurrent layer (Elman 1990): h_t = f(W x_t + U h_(t-1) + b), h_0 = 0.
 *
 * Shapes: x [n, time, features] to the last h, [n, units], or with `returnSequences` every h, [n, time, units]; W [units, features],
 * U [units, units], b [units]. The time may be open, and 0. Parameters: units (features + units + 1). Initialisation as in Keras: W Xavier uniform,
 * U orthogonal, b 0. With `layers: k`, k layers of `units`, each reading the states of the one below.
 *
 * First states go in beside x, and with `returnState` the last come out: `applyAll([x, h])` gives [y, h]. Masked steps do not
 * count: the state passes them by, and outputs there are 0. In a `stateful` layer a batch begins where the one before ended.
 * @throws RangeError, TypeError for a number of units that is not a whole number from 1 on, or an option that is out of range, of the wrong type or
 * not there; RangeError for inputs of other shapes, or batches that a stateful layer is not for.
 * @example
 * ```ts
 * const sum = new SimpleRNN(1, { activation: "linear", weights: "ones", stateWeights: "ones" });
 * const model = new Sequential([sum], { inputShape: [null, 1] });
 * model.call(tensor([[[1], [2], [3]]])).toArray(); // [[6]]
 * model.parameterCount; // 3
 * ```
 */
export class SimpleRNN extends RecurrentLayer<SimpleRNNOptions> {
  /** See `BaseLayer`. */
  static override readonly repeatable = true;
  readonly type = "simpleRNN";
  readonly activation: RecurrentActivation;

  constructor(units: number, options: SimpleRNNOptions = {}) {
    super(units, options, { gates: 1, states: ["state"] }, ["activation"]);
    this.activation = oneOf("SimpleRNN", "activation", options.activation ?? "tanh", ACTIVATIONS);
  }

  protected run(
    x: Tensor,
    first: readonly Tensor[] | null,
    parameters: RecurrentParameters,
    options: SequenceOptions,
  ): CellResult {
    const nonlinearity = fusedActivation(this.activation);
    const { outputs, state } = rnn(x, first?.[0] ?? null, parameters, { ...options, nonlinearity });
    return { outputs, states: [state] };
  }

  twin(options: RecurrentOptions): SimpleRNN {
    return new SimpleRNN(this.units, { ...this.options, ...options });
  }
}

export const simpleRNNKind = recurrentKind(
  "simpleRNN",
  { activation: among(...ACTIVATIONS) },
  (units, config) => new SimpleRNN(units, recurrentOptions(config)),
);
