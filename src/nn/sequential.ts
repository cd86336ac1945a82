// A model whose layers follow one another.
import { knownOptions } from "../engine/checks.ts";
import type { DType } from "../engine/dtype.ts";
import { quote } from "../engine/quote.ts";
import { BaseLayer, type LayerOptions, Symbolic } from "./base-layer.ts";
import { layerFromConfig } from "./layers/registry.ts";
import { Model, type ParametersAccepted, type SequentialConfig } from "./model.ts";
import { checkOpenShape, type OpenShape } from "./shapes.ts";

/** What a sequential model takes beside its layers. */
export interface SequentialOptions extends LayerOptions {
  /** Shape of one input, without the batch axis; null is a length that may differ from batch to batch. */
  inputShape: OpenShape;
  /** Seed of the initial parameters and of dropout; default 0. */
  seed?: number;
  /** float32 by default; float64 for checking gradients. */
  dtype?: DType;
}

/** Connects the layers to an input, each to the one before. */
function chain(layers: readonly BaseLayer[], options: SequentialOptions): { inputs: Symbolic; outputs: Symbolic } {
  if (!Array.isArray(layers) || layers.length === 0)
    throw new TypeError("Sequential: needs a list of at least one layer");
  knownOptions("Sequential", options ?? {}, ["inputShape", "seed", "dtype", "name", "trainable"]);
  if (options?.inputShape === undefined) {
    throw new TypeError("Sequential: needs the shape of one input: new Sequential([...], { inputShape: [784] })");
  }
  checkOpenShape("Sequential", options.inputShape);
  const first: unknown = layers[0];
  const start = new Symbolic(
    [...options.inputShape],
    null,
    0,
    undefined,
    first instanceof BaseLayer && first.takesIndices ? "int32" : "float",
  );
  let x = start;
  const connected: BaseLayer[] = [];
  const connect = (layer: unknown, i: number): void => {
    if (!(layer instanceof BaseLayer)) {
      throw new TypeError(`Sequential: element ${i} of the list is no layer but ${quote(layer)}`);
    }
    if ((layer.isPlaced && !(layer instanceof Model)) || connected.includes(layer)) {
      throw new Error(
        `Sequential: layer ${layer.name} is part of a model already; make a new one, or share it in a graph model (Model)`,
      );
    }
    layer.announce(layer.givenName ?? `${i}.${layer.type}`);
    const outputs = layer.connectTo([x]);
    connected.push(layer);
    if (outputs.length !== 1) {
      throw new RangeError(
        `Sequential: ${layer.name} has ${outputs.length} outputs; in a line every layer has one, a graph model (Model) takes more`,
      );
    }
    x = outputs[0];
  };
  try {
    for (const [i, layer] of layers.entries()) connect(layer, i);
  } catch (error) {
    // The layers are as before: they may be used with the right shape.
    for (const layer of connected) layer.withdraw();
    throw error;
  }
  return { inputs: start, outputs: x };
}

/**
 * A model whose layers follow one another: y = f_k(... f_2(f_1(x))). Shapes: x [n, ...inputShape], y [n,
 * ...outputShape].
 * @throws RangeError if a layer can't take what the one before gives; TypeError if the list is empty or holds what is
 * not a layer; Error for a layer that is part of a model already.
 * @example
 * ```ts
 * const layers = [new Flatten(), new Dense(30, { activation: "sigmoid" }), new Dense(10, { activation: "softmax" })];
 * const model = new Sequential(layers, { inputShape: [28, 28], seed: 1 });
 * model.parameterCount; // 23860
 * model.call(zeros([5, 28, 28])).shape; // [5, 10]
 * ```
 */
export class Sequential extends Model {
  /** See `Model`. */
  static override readonly repeatable: boolean = true;
  override readonly type: string = "sequential";

  constructor(layers: readonly BaseLayer[], options: SequentialOptions, accept?: ParametersAccepted) {
    const { inputs, outputs } = chain(layers, options);
    const { seed, dtype, name, trainable } = options;
    super({ inputs, outputs, seed, dtype, name, trainable }, accept);
  }

  /** The architecture as JSON; `Sequential.fromConfig` makes the model again, with fresh parameters. */
  override config(): SequentialConfig & Record<string, unknown> {
    return {
      type: "sequential",
      inputShape: this.inputShape,
      dtype: this.dtype,
      layers: this.layers.map((layer) => layer.fullConfig()),
    };
  }

  /**
   * Makes a model from its architecture, with fresh parameters.
   * @throws TypeError if it is not the architecture of a sequential model, a layer is of a type that is neither the library's
   * nor registered (`registerLayer`), or a setting is unknown or of the wrong type; RangeError for one out of range.
   * @example
   * ```ts
   * const model = new Sequential([new Dense(2)], { inputShape: [3] });
   * Sequential.fromConfig(model.config()).parameterCount; // 8
   * ```
   */
  static fromConfig(config: SequentialConfig, seed = 0, accept?: ParametersAccepted): Sequential {
    const owner = "Sequential.fromConfig";
    if (config?.type !== "sequential" || !Array.isArray(config.layers)) {
      throw new TypeError(`${owner}: this is not the architecture of a sequential model`);
    }
    knownOptions(owner, config, ["type", "inputShape", "dtype", "layers", "name", "trainable"]);
    if (!Array.isArray(config.inputShape)) {
      throw new TypeError(`${owner}: inputShape must be a list of lengths, got ${quote(config.inputShape)}`);
    }
    return new Sequential(
      config.layers.map((layer, i) => layerFromConfig(layer, `${owner}: layers[${i}]`)),
      { inputShape: config.inputShape, dtype: config.dtype, seed },
      accept,
    );
  }
}
