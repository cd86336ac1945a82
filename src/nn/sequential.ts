// A model whose layers follow one another.
import { callable, instance, knownOptions } from "../engine/checks.ts";
import { checkDType, type DType, isFloat } from "../engine/dtype.ts";
import { quote } from "../engine/quote.ts";
import { checkTensor } from "../tensor/check.ts";
import { Generator } from "../tensor/random.ts";
import { checkShape, formatShape, type Shape, sameShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type CallContext, Layer, type LayerConfig } from "./layer.ts";
import { Activation, type ActivationName } from "./layers/activation.ts";
import { Dense } from "./layers/dense.ts";
import { layerFromConfig } from "./layers/registry.ts";
import { type Parameter, ParameterBlock, placeState } from "./parameters.ts";

/** What a sequential model takes beside its layers. */
export interface SequentialOptions {
  /** Shape of one input, without the batch axis. */
  inputShape: Shape;
  /** Seed of the initial parameters and of dropout; default 0. */
  seed?: number;
  /** float32 by default; float64 for checking gradients. */
  dtype?: DType;
}

/** A model's architecture as JSON. */
export interface ModelConfig {
  type: "sequential";
  inputShape: readonly number[];
  dtype: DType;
  layers: LayerConfig[];
}

/** A row of `summary()`. */
export interface LayerSummary {
  name: string;
  type: string;
  /** Without the batch axis. */
  outputShape: Shape;
  /** Number of trainable numbers. */
  parameters: number;
}

/** What `call` and `logits` take. */
const CALL = ["training"];

/** Is shown the parameters that a model will have before memory is reserved for them, and may throw: what loads a file asks whether it holds them. */
export type ParametersAccepted = (parameters: readonly Parameter[], dtype: DType) => void;

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
export class Sequential {
  readonly layers: readonly Layer[];
  /** Shape of one input, without the batch axis. */
  readonly inputShape: Shape;
  /** Shape of one output, without the batch axis. */
  readonly outputShape: Shape;
  readonly dtype: DType;
  /** All parameters in the layers' order: the trainable ones, and the state that layers keep by themselves. */
  readonly parameters: readonly Parameter[];
  /** The trainable parameters in one block. */
  readonly block: ParameterBlock;
  /** Random numbers of dropout and the like. */
  readonly generator: Generator;
  private readonly rows: LayerSummary[] = [];

  constructor(layers: readonly Layer[], options: SequentialOptions, accept?: ParametersAccepted) {
    if (!Array.isArray(layers) || layers.length === 0)
      throw new TypeError("Sequential: needs a list of at least one layer");
    knownOptions("Sequential", options ?? {}, ["inputShape", "seed", "dtype"]);
    if (options?.inputShape === undefined) {
      throw new TypeError("Sequential: needs the shape of one input: new Sequential([...], { inputShape: [784] })");
    }
    checkShape("Sequential", options.inputShape);
    this.dtype = options.dtype ?? "float32";
    if (!isFloat(checkDType("Sequential", this.dtype)))
      throw new TypeError(`Sequential: dtype must be float32 or float64, got ${this.dtype}`);
    this.layers = layers;
    this.inputShape = [...options.inputShape];
    let shape: Shape = this.inputShape;
    const parameters: Parameter[] = [];
    Array.from(layers).forEach((layer, i) => {
      if (!(layer instanceof Layer)) {
        throw new TypeError(`Sequential: element ${i} of the list is no layer but ${quote(layer)}`);
      }
      if (layer.name !== "")
        throw new Error(`Sequential: layer ${layer.name} is part of a model already; make a new one`);
      layer.name = `${i}.${layer.type}`;
      shape = layer.build(shape);
      parameters.push(...layer.parameters);
      this.rows.push({
        name: layer.name,
        type: layer.type,
        outputShape: shape,
        parameters: trainableSize(layer.parameters),
      });
    });
    this.outputShape = shape;
    if (accept !== undefined) callable("Sequential", "the third argument", accept)(parameters, this.dtype);
    const seed = options.seed ?? 0;
    const generator = new Generator(seed);
    this.parameters = parameters;
    this.block = new ParameterBlock(
      parameters.filter(({ trainable }) => trainable),
      this.dtype,
      generator,
    );
    placeState(
      parameters.filter(({ trainable }) => !trainable),
      this.dtype,
      generator,
    );
    // Dropout has a stream of its own: the same initial parameters with and without it.
    this.generator = new Generator(seed + 2 ** 40);
  }

  /** The trainable parameters' tensors, for a gradient tape or an own loop. */
  get trainableVariables(): Tensor[] {
    return this.block.parameters.map((parameter) => parameter.tensor);
  }

  /** Number of trainable numbers. */
  get parameterCount(): number {
    return trainableSize(this.parameters);
  }

  private check(x: Tensor): void {
    checkTensor("model", x);
    if (!sameShape(x.shape.slice(1), this.inputShape) || x.rank === 0) {
      throw new RangeError(
        `model: inputs must have shape ${formatShape(["n", ...this.inputShape] as unknown as Shape)}, got ${formatShape(x.shape)}`,
      );
    }
  }

  /**
   * The outputs for a batch: [n, ...inputShape] to [n, ...outputShape]. `training` switches dropout and batch
   * statistics on.
   * @throws RangeError if the inputs have another shape.
   */
  call(x: Tensor, options: { training?: boolean } = {}): Tensor {
    knownOptions("model.call", options, CALL);
    return this.run(x, { training: options.training ?? false, generator: this.generator }, this.layers.length);
  }

  private run(x: Tensor, context: CallContext, count: number): Tensor {
    this.check(x);
    let y = x;
    for (let i = 0; i < count; i++) y = this.layers[i].call(y, context);
    return y;
  }

  /** The activation of the last layer: what `logits` leaves out. */
  get outputActivation(): ActivationName {
    const last = this.layers.at(-1)!;
    return last instanceof Dense || last instanceof Activation ? last.activation : "linear";
  }

  /**
   * The outputs before the last layer's activation, [n, ...outputShape]: for a loss that brings its own.
   * @throws RangeError if the inputs have another shape.
   */
  logits(x: Tensor, options: { training?: boolean } = {}): Tensor {
    knownOptions("model.logits", options, CALL);
    const context = { training: options.training ?? false, generator: this.generator };
    const last = this.layers.at(-1)!;
    if (last instanceof Dense) return last.logits(this.run(x, context, this.layers.length - 1));
    if (last instanceof Activation) return this.run(x, context, this.layers.length - 1);
    return this.run(x, context, this.layers.length);
  }

  /** The layers with their output shapes and parameter counts, as data. */
  summaryRows(): readonly LayerSummary[] {
    return this.rows;
  }

  /** The layers with their output shapes and parameter counts, as a table. */
  summary(): string {
    const head = ["layer", "output shape", "parameters"];
    const input = ["input", formatShape(this.inputShape), "0"];
    const rows = [
      head,
      input,
      ...this.rows.map((row) => [row.name, formatShape(row.outputShape), row.parameters.toLocaleString("en")]),
    ];
    const widths = head.map((_, column) => Math.max(...rows.map((row) => row[column].length)));
    const lines = rows.map((row) =>
      [row[0].padEnd(widths[0]), row[1].padEnd(widths[1]), row[2].padStart(widths[2])].join("   "),
    );
    lines.splice(1, 0, "-".repeat(lines[0].length));
    return [...lines, "-".repeat(lines[0].length), `${this.parameterCount.toLocaleString("en")} parameters`].join("\n");
  }

  /** The architecture as JSON; `Sequential.fromConfig` makes the model again, with fresh parameters. */
  config(): ModelConfig {
    return {
      type: "sequential",
      inputShape: this.inputShape,
      dtype: this.dtype,
      layers: this.layers.map((layer) => layer.config()),
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
  static fromConfig(config: ModelConfig, seed = 0, accept?: ParametersAccepted): Sequential {
    const owner = "Sequential.fromConfig";
    if (config?.type !== "sequential" || !Array.isArray(config.layers)) {
      throw new TypeError(`${owner}: this is not the architecture of a sequential model`);
    }
    knownOptions(owner, config, ["type", "inputShape", "dtype", "layers"]);
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

function trainableSize(parameters: readonly Parameter[]): number {
  return parameters.reduce((sum, { trainable, size }) => sum + (trainable ? size : 0), 0);
}

/** Throws unless `model` is one. */
export function checkModel(owner: string, model: Sequential): Sequential {
  return instance(owner, "the model", model, Sequential, "a Sequential model");
}
