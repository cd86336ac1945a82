// Long short-term memory as a layer.
import { finite, oneOf } from "../../engine/checks.ts";
import { concat } from "../../ops/join.ts";
import { lstm } from "../../ops/recurrent/lstm.ts";
import type { RecurrentParameters, SequenceOptions } from "../../ops/recurrent/setup.ts";
import { slice } from "../../ops/slices.ts";
import { full } from "../../tensor/create.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { type Initialiser, initialise } from "../initialisers.ts";
import { among, is } from "../layer-kind.ts";
import {
  type CellResult,
  RecurrentLayer,
  type RecurrentOptions,
  recurrentKind,
  recurrentOptions,
} from "./recurrent.ts";

const CELL_ACTIVATIONS = ["tanh", "linear"] as const;

/** What a layer of long short-term memory takes beside the number of units. */
export interface LSTMOptions extends RecurrentOptions {
  /** What the output gate multiplies: "tanh" of the cell (default), or the cell itself, "linear". */
  cellActivation?: "tanh" | "linear";
  /** Where the forget gate's biases start; default 1 (Jozefowicz et al. 2015), or as `bias` has it where that is given. */
  forgetBias?: number;
}

/**
 * A layer of long short-term memory (Hochreiter and Schmidhuber 1997, with forget gate): for each step, with z = W x_t + U h_(t-1) + b in four
 * blocks of `units`, i = sigmoid(z_1), f = sigmoid(z_2), g = tanh(z_3), o = sigmoid(z_4), c_t = f c_(t-1) + i g, h_t = o tanh(c_t),
 * or with `cellActivation: "linear"` h_t = o c_t; h_0 = c_0 = 0.
 *
 * Shapes: x [n, time, features] to the last h, [n, units], or with `returnSequences` every h, [n, time, units]; W [4 units, features],
 * U [4 units, units], b [4 units]. The time may be open, and 0. Parameters: 4 units (features + units + 1). Initialisation as in Keras: W Xavier
 * uniform, U orthogonal, b 0 but 1 for the forget gate. With `layers: k`, k layers of `units`, each reading the states of the
 * one below.
 *
 * First states go in beside x, and with `returnState` the last come out: `applyAll([x, h, c])` gives [y, h, c]; with several layers
 * h and c of each. Masked steps do not count: the state passes them by, and outputs there are 0. In a `stateful` layer a batch
 * begins where the one before ended.
 * @throws RangeError, TypeError for a number of units that is not a whole number from 1 on, or an option that is out of range, of the wrong type or
 * not there; RangeError for inputs of other shapes, or batches that a stateful layer is not for.
 * @example
 * ```ts
 * const layers = [new Embedding(65, 16), new LSTM(32, { returnSequences: true }), new Dense(65, { activation: "softmax" })];
 * const model = new Sequential(layers, { inputShape: [null], seed: 1 });
 * model.call(zeros([2, 7], "int32")).shape; // [2, 7, 65]
 * model.summaryRows()[1].parameters; // 6272
 * ```
 */
export class LSTM extends RecurrentLayer<LSTMOptions> {
  /** See `BaseLayer`. */
  static override readonly repeatable = true;
  readonly type = "lstm";
  readonly cellActivation: "tanh" | "linear";

  constructor(units: number, options: LSTMOptions = {}) {
    super(units, options, { gates: 4, states: ["state", "cell"] }, ["cellActivation", "forgetBias"]);
    this.cellActivation = oneOf("LSTM", "cellActivation", options.cellActivation ?? "tanh", CELL_ACTIVATIONS);
    if (options.forgetBias !== undefined) finite("LSTM", "forgetBias", options.forgetBias);
  }

  protected override biasInitialiser(): Initialiser {
    const { bias, forgetBias = bias === undefined ? 1 : undefined } = this.options;
    const whole = bias ?? "zeros";
    if (forgetBias === undefined) return whole;
    const { units } = this;
    return (context) => {
      const b = initialise(whole, context);
      return concat([slice(b, 0, units), full([units], forgetBias, context.dtype), slice(b, 2 * units)]);
    };
  }

  protected run(
    x: Tensor,
    first: readonly Tensor[] | null,
    parameters: RecurrentParameters,
    options: SequenceOptions,
  ): CellResult {
    const cellActivation = this.cellActivation === "linear" ? "none" : "tanh";
    const [h, c] = first ?? [null, null];
    const { outputs, state, cell } = lstm(x, h, c, parameters, { ...options, cellActivation });
    return { outputs, states: [state, cell] };
  }

  twin(options: RecurrentOptions): LSTM {
    return new LSTM(this.units, { ...this.options, ...options });
  }
}

export const lstmKind = recurrentKind(
  "lstm",
  { cellActivation: among(...CELL_ACTIVATIONS), forgetBias: is.finite },
  (units, config) => new LSTM(units, recurrentOptions(config)),
);
