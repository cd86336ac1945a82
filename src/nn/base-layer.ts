// What every layer and model is, whatever it takes and gives: it has a name, owns parameters and layers of its own, says which shapes it makes of
// its inputs', and can be connected to symbolic inputs. `Layer` is the common case of one input and one output.
import { flag, knownOptions, list, text } from "../engine/checks.ts";
import type { Group } from "../engine/group.ts";
import { quote } from "../engine/quote.ts";
import { checkTensor, checkTensors } from "../tensor/check.ts";
import type { Generator } from "../tensor/random.ts";
import { checkShape, formatShape, type Shape, sameShape } from "../tensor/shape.ts";
import { Tensor } from "../tensor/tensor.ts";
import type { ActivationName } from "./activations.ts";
import { Parameter, type ParameterOptions } from "./parameters.ts";
import { formatOpen, type OpenShape } from "./shapes.ts";
import type { StepMemory } from "./step-memory.ts";

/** How a layer is being used right now. */
export interface CallContext {
  /** true while training: dropout drops, batch normalisation uses the batch. */
  training: boolean;
  /** Random numbers for layers that need them while training, such as dropout. */
  generator: Generator;
  /**
   * For each input, which steps of its sequences count, bool [n, time], or null for all. Left out where no layer of the model makes
   * masks.
   */
  masks?: readonly (Tensor | null)[];
  /** Ranks that each compute a share of the batch, where statistics are those of the whole batch. */
  group?: Group;
  /**
   * Where the inputs are further steps of sequences whose beginnings were read before: what layers have kept of those.
   * @internal
   */
  memory?: StepMemory;
}

/** A layer's settings as JSON, enough to make it again. */
export interface LayerConfig {
  /** Kind of layer. */
  type: string;
  [setting: string]: unknown;
}

/** What every layer of the library takes beside its own options. */
export interface LayerOptions {
  /** Unique in the model, and the beginning of its parameters' names; default: its place and type, "2.dense". */
  name?: string;
  /** false: optimisers leave its parameters as they are; `trainable` changes it later. Default true. */
  trainable?: boolean;
}

/** The names of `LayerOptions`, for `knownOptions`. */
export const LAYER_OPTIONS = ["name", "trainable"] as const;

/** One use of a layer: what it was applied to, and what came of it. */
export interface LayerCall {
  readonly layer: BaseLayer;
  readonly inputs: readonly Symbolic[];
  readonly outputs: readonly Symbolic[];
}

/**
 * Stands for a batch that is to come: what `input` makes and layers are applied to, to describe a model. It has a shape, and knows
 * which layer gives it.
 * @example
 * ```ts
 * const x = input([784]);
 * const y = new Dense(10, { activation: "softmax" }).apply(x);
 * y.shape; // [10]
 * new Model({ inputs: x, outputs: y }).parameterCount; // 7850
 * ```
 */
export class Symbolic {
  /** Made by `input` and by layers. @internal */
  constructor(
    /** Without the batch axis. */
    readonly shape: OpenShape,
    /** What gives it; null for a model's input. */
    readonly call: LayerCall | null,
    /** Which of the call's outputs it is. */
    readonly index: number,
    /** For inputs. */
    readonly name: string | undefined = undefined,
    /** For inputs: "float" is the model's dtype. */
    readonly dtype: "float" | "int32" = "float",
  ) {}

  /** `Symbolic(28, 28) of conv1` in errors and consoles. */
  toString(): string {
    return `Symbolic${formatOpen(this.shape)}${this.call ? ` of ${this.call.layer.name}` : ""}`;
  }
}

const NAME = /^[A-Za-z_][A-Za-z0-9_-]*$/;

/** A name that a user gives to a layer, an input or an output. */
export function checkName(owner: string, name: string): string {
  text(owner, "name", name);
  if (!NAME.test(name) || name === "optimizer") {
    throw new RangeError(
      `${owner}: a name is made of letters, digits, - and _, begins with a letter and is not "optimizer"; got ${quote(name)}`,
    );
  }
  return name;
}

/**
 * What layers, composite layers and models have in common. A layer of your own extends `Layer` (one input, one output) or
 * `MultiLayer`.
 * @example
 * ```ts
 * const layer: BaseLayer = new Dense(2, { name: "last" });
 * new Sequential([layer], { inputShape: [3] });
 * layer.parameters.map(({ name }) => name); // ["last.weights", "last.bias"]
 * ```
 */
export abstract class BaseLayer {
  /**
   * A class of your own sets this to true if `call` depends on its inputs, the layer's parameters and the context alone,
   * looks at no values (`item()`, `dataSync()`), keeps no tensor that it makes, and draws random numbers from the
   * context's generator only. Then `fit` may record the kernels of a step and run them again without calling the layer.
   * A subclass has to say it for itself.
   */
  static readonly repeatable: boolean = false;
  /** Kind of layer, as the configuration names it. */
  abstract readonly type: string;
  /** The model that was first to give it its place. */
  #home: object | undefined;
  #assigned: string | undefined;
  #given: string | undefined;
  readonly #own: { readonly key: string; parameter: Parameter }[] = [];
  readonly #within: { readonly key: string; readonly layer: BaseLayer }[] = [];
  #owner: { readonly layer: BaseLayer; readonly key: string } | undefined;
  #learns: boolean;
  readonly #uses: LayerCall[] = [];

  protected constructor(options: LayerOptions = {}) {
    const owner = this.constructor.name;
    if (typeof options !== "object" || options === null) knownOptions(owner, options, LAYER_OPTIONS);
    this.#given = options.name === undefined ? undefined : checkName(owner, options.name);
    this.#learns = flag(owner, "trainable", options.trainable ?? true);
  }

  /** Its name: the one given, or the one that its model or owner gives it; its type before. */
  get name(): string {
    if (this.#owner !== undefined) return `${this.#owner.layer.name}.${this.#owner.key}`;
    return this.#assigned ?? this.#given ?? this.type;
  }

  /** The name that was given to it, not by a model. */
  get givenName(): string | undefined {
    return this.#given;
  }

  /** Whether it is part of a model already. */
  get isPlaced(): boolean {
    return this.#home !== undefined || this.#owner !== undefined;
  }

  /**
   * Called by the model that it becomes a part of; the first one gives it its name.
   * @internal
   */
  place(name: string, home: object): void {
    if (this.#home === undefined) this.#assigned = name;
    this.#home ??= home;
  }

  /**
   * A model that becomes part of another takes its layers with it: their names begin with its own.
   * @internal
   */
  moveInto(model: BaseLayer, key: string): void {
    if (this.#home === model && this.#owner === undefined) this.#owner = { layer: model, key };
  }

  /** Its parameters and those of its own layers, in the order of their declaration; none before it is built. */
  get parameters(): readonly Parameter[] {
    const parameters = this.#own.map(({ parameter }) => parameter);
    for (const { layer } of this.#within) parameters.push(...layer.parameters);
    return parameters;
  }

  /**
   * Its parameters by their names within it.
   * @internal
   */
  localParameters(): { path: string; parameter: Parameter }[] {
    const found = this.#own.map(({ key, parameter }) => ({ path: key, parameter }));
    for (const { key, layer } of this.#within) {
      for (const { path, parameter } of layer.localParameters()) found.push({ path: `${key}.${path}`, parameter });
    }
    return found;
  }

  /** The layers that it is made of, in the order in which it took them; none for most. */
  get children(): readonly BaseLayer[] {
    return this.#within.map(({ layer }) => layer);
  }

  /**
   * Whether optimisers change its parameters. Setting it holds for the layers that it is made of, too, and takes effect at once.
   * Batch normalisation that is not trainable uses its running statistics while training, too.
   */
  get trainable(): boolean {
    return this.#learns;
  }

  set trainable(value: boolean) {
    this.#learns = flag(this.name, "trainable", value);
    for (const { parameter } of this.#own) parameter.frozen = !value;
    for (const { layer } of this.#within) layer.trainable = value;
  }

  /** Every use that was made of it by `apply`, or by a sequential model. */
  get uses(): readonly LayerCall[] {
    return this.#uses;
  }

  /**
   * What it gives, as a symbolic tensor, for models that begin or end in it.
   * @throws Error if it has not been applied, has been more than once, or has several outputs: see `uses`.
   */
  get output(): Symbolic {
    if (this.#uses.length === 1 && this.#uses[0].outputs.length === 1) return this.#uses[0].outputs[0];
    const reason =
      this.#uses.length === 0
        ? "has not been applied to anything yet"
        : `has ${this.#uses.length} uses and ${this.#uses[0].outputs.length} outputs; take one from uses`;
    throw new Error(`${this.name}: ${reason}`);
  }

  /**
   * Takes inputs of these shapes, declaring its parameters the first time, and gives the outputs' shapes.
   * @internal
   */
  abstract connect(shapes: readonly OpenShape[]): readonly OpenShape[];

  /**
   * Maps its inputs' batches to its outputs'.
   * @internal
   */
  abstract forward(xs: readonly Tensor[], context: CallContext): readonly Tensor[];

  /**
   * As `forward`, without the activation that it ends in.
   * @internal
   */
  forwardLogits(xs: readonly Tensor[], context: CallContext): readonly Tensor[] {
    return this.forward(xs, context);
  }

  /**
   * The activation that output `index` ends in: what `forwardLogits` leaves out; undefined where that is not known.
   * @internal
   */
  activationOf(_index: number): ActivationName | undefined {
    return undefined;
  }

  /** Its settings, enough to make the layer again. */
  abstract config(): LayerConfig;

  /** Whether it gives masks where its inputs have none, as an embedding that masks padding does. */
  get makesMasks(): boolean {
    return this.#within.some(({ layer }) => layer.makesMasks);
  }

  /**
   * Which steps of the outputs count, given which of the inputs do. By default the first input's mask where the output has its
   * steps ([n, time, features] of the mask's [n, time]), else none.
   */
  maskOf(_xs: readonly Tensor[], ys: readonly Tensor[], masks: readonly (Tensor | null)[]): readonly (Tensor | null)[] {
    checkMasks(ys, masks);
    const mask = masks[0] ?? null;
    return ys.map((y) =>
      mask !== null && y.rank > 2 && y.shape[0] === mask.shape[0] && y.shape[1] === mask.shape[1] ? mask : null,
    );
  }

  /** Whether it, or a layer within it, goes on from call to call: see `stateful` of recurrent layers. */
  get isStateful(): boolean {
    return this.children.some((child) => child.isStateful);
  }

  /**
   * Forgets what stateful recurrent layers have kept from call to call, its own and those within: the next batch begins with zeros.
   * @example
   * ```ts
   * const model = new Sequential([new SimpleRNN(1, { stateful: true, batchSize: 1, bias: null })], { inputShape: [1, 1] });
   * const x = ones([1, 1, 1]);
   * const first = model.call(x).item();
   * model.call(x).item() === first; // false
   * model.resetStates();
   * model.call(x).item() === first; // true
   * ```
   */
  resetStates(): void {
    for (const child of this.children) child.resetStates();
  }

  /**
   * Whether it can read a sequence [n, time, ...] a few steps at a time, with a context's memory in between, and gives what it would have given for
   * the whole: each output depends on its own step and those before. Of a layer that is applied to so many inputs.
   * @internal
   */
  isStepwise(_inputs: number): boolean {
    return false;
  }

  /** Whether it reads its first input [n, time, ...] step by step, so that it need not be copied where memory has the steps in order. @internal */
  get readsTimeFirst(): boolean {
    return false;
  }

  /** Whether a step with it may be recorded and replayed: it, and all that it is made of, say so. */
  get isRepeatable(): boolean {
    const kind = this.constructor as typeof BaseLayer;
    return (
      Object.hasOwn(kind, "repeatable") &&
      kind.repeatable &&
      !Object.hasOwn(this, "call") &&
      this.#within.every(({ layer }) => layer.isRepeatable)
    );
  }

  /** Whether its inputs are indices, int32, as an embedding's are; a sequential model that begins with it takes such. */
  get takesIndices(): boolean {
    return false;
  }

  /**
   * Tells it the name that it will have in a model that is being made, for errors.
   * @internal
   */
  announce(name: string): void {
    if (this.#home === undefined) this.#assigned = name;
  }

  /**
   * Takes the last use back, where a model could not be made: its parameters may have other shapes then.
   * @internal
   */
  withdraw(): void {
    this.#uses.pop();
  }

  /**
   * Applies it to symbolic inputs, which is one use of it.
   * @internal
   */
  connectTo(inputs: readonly Symbolic[]): readonly Symbolic[] {
    const shapes = this.connect(inputs.map(({ shape }) => shape));
    const outputs: Symbolic[] = [];
    const call: LayerCall = { layer: this, inputs, outputs };
    shapes.forEach((shape, i) => {
      outputs.push(new Symbolic(shape, call, i));
    });
    this.#uses.push(call);
    return outputs;
  }

  /**
   * For `build`: declares a parameter and names it `<layer>.<name>`. It has values once the model is built. A layer that is shared
   * is built for each of its inputs, and declares the same again.
   * @throws RangeError if the layer is shared between inputs for which the parameter would have different shapes.
   */
  protected declare(name: string, shape: Shape, options: ParameterOptions): Parameter {
    const owner = `${this.type}.declare`;
    text(owner, "the name", name);
    checkShape(owner, shape);
    const known = this.#own.find(({ key }) => key === name);
    if (known !== undefined) {
      if (sameShape(known.parameter.shape, shape)) return known.parameter;
      if (!this.isUsed && !known.parameter.isBuilt) {
        // An earlier attempt came to nothing.
        known.parameter = this.parameterOf(name, shape, options);
        return known.parameter;
      }
      throw new RangeError(
        `${this.name}: is shared between inputs for which its ${name} would have shapes ${formatShape(known.parameter.shape)} and ` +
          `${formatShape(shape)}; share it between inputs of one size, or make two layers`,
      );
    }
    const parameter = this.parameterOf(name, shape, options);
    this.#own.push({ key: name, parameter });
    return parameter;
  }

  private parameterOf(name: string, shape: Shape, options: ParameterOptions): Parameter {
    const parameter = new Parameter(name, shape, options, this);
    parameter.frozen = !this.#learns;
    return parameter;
  }

  /** Whether it, or what it is a part of, has been applied. */
  private get isUsed(): boolean {
    return this.#uses.length > 0 || (this.#owner?.layer.isUsed ?? false);
  }

  /**
   * For the constructor of a composite layer: takes a layer as one that it is made of. Its parameters become the composite's, named
   * `<composite>.<key>.<parameter>`; `build` calls its `build`, and `call` its `call`.
   * @throws TypeError for what is no layer; Error for a layer that is part of something else, or a key that is taken.
   * @example
   * ```ts
   * class Residual extends Layer {
   *   readonly type = "residual";
   *   private readonly inner = this.owns("inner", new Dense(2, { activation: "relu" }));
   *   build(inputShape: OpenShape): OpenShape {
   *     this.inner.build(inputShape);
   *     return inputShape;
   *   }
   *   call(x: Tensor, context: CallContext): Tensor {
   *     return x.add(this.inner.call(x, context));
   *   }
   *   config(): LayerConfig {
   *     return { type: this.type };
   *   }
   * }
   * const model = new Sequential([new Residual()], { inputShape: [2] });
   * model.parameters.map(({ name }) => name); // ["0.residual.inner.weights", "0.residual.inner.bias"]
   * ```
   */
  protected owns<L extends BaseLayer>(key: string, layer: L): L {
    checkName(this.constructor.name, key);
    if (!(layer instanceof BaseLayer)) {
      throw new TypeError(`${this.constructor.name}: ${key} is no layer but ${quote(layer)}`);
    }
    if (layer.isPlaced) {
      throw new Error(
        `${this.constructor.name}: layer ${layer.name} is part of something else already; make a new one`,
      );
    }
    if (this.#within.some((other) => other.key === key)) {
      throw new Error(`${this.constructor.name}: has a layer ${key} already; give each a key of its own`);
    }
    layer.#owner = { layer: this, key };
    if (!this.#learns) layer.trainable = false;
    this.#within.push({ key, layer });
    return layer;
  }

  /**
   * Its configuration with what every layer has: its name where one was given, and whether it is trained where it is not.
   * @internal
   */
  fullConfig(): LayerConfig {
    return {
      ...this.config(),
      ...(this.#given !== undefined && { name: this.#given }),
      ...(!this.#learns && { trainable: false }),
    };
  }

  /**
   * What `fullConfig` added, given back to a layer that has just been made.
   * @internal
   */
  restoreCommon(name: string | undefined, trainable: boolean | undefined): void {
    if (name !== undefined) this.#given = checkName(this.type, name);
    if (trainable !== undefined) this.trainable = trainable;
  }
}

/** Throws unless x is symbolic; a tensor is told where it goes. */
export function checkSymbolic(owner: string, x: Symbolic): Symbolic {
  if (x instanceof Symbolic) return x;
  const hint =
    (x as unknown) instanceof Tensor
      ? "; a tensor goes into a model's call, or a layer's call inside a layer of your own"
      : "";
  throw new TypeError(`${owner}: needs a symbolic input, as input([784]) and apply give, got ${quote(x)}${hint}`);
}

/** Throws unless `maskOf` was called with a layer's outputs and a mask, or null, for each input. */
export function checkMasks(ys: readonly Tensor[], masks: readonly (Tensor | null)[]): void {
  checkTensors("maskOf", "the outputs", ys);
  for (const mask of list("maskOf", "the masks", masks)) if (mask !== null) checkTensor("maskOf", mask);
}
