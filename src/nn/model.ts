// A model: layers connected from inputs to outputs, and their parameters in one block. It is a layer, too, so that models nest.
import { callable, instance, knownOptions, list } from "../engine/checks.ts";
import { checkDType, type DType, isFloat } from "../engine/dtype.ts";
import { engine } from "../engine/engine.ts";
import type { Group } from "../engine/group.ts";
import { quote } from "../engine/quote.ts";
import { noteUse } from "../engine/recording.ts";
import { insideScope } from "../engine/storage.ts";
import { add } from "../ops/arithmetic.ts";
import { timeFirst } from "../ops/memory-order.ts";
import { isRecording } from "../tensor/graph.ts";
import { Generator } from "../tensor/random.ts";
import { formatShape, type Shape } from "../tensor/shape.ts";
import { scope, Tensor } from "../tensor/tensor.ts";
import type { ActivationName } from "./activations.ts";
import { BaseLayer, type CallContext, checkName, checkSymbolic, type LayerOptions, Symbolic } from "./base-layer.ts";
import { neededInputs, type Plan, planOf } from "./graph.ts";
import { Lifetimes } from "./lifetimes.ts";
import { type NamedParameter, type Parameter, ParameterBlock, placeState } from "./parameters.ts";
import { penaltyOf } from "./penalties.ts";
import { checkOpenShape, fitsOpenShape, formatOpen, type OpenShape, sameOpenShape } from "./shapes.ts";
import { type LayerSummary, rowsOf, tableOf, trainableSize } from "./summary.ts";

/** What `input` takes beside the shape. */
export interface InputOptions {
  /** As data and errors name it; default: "input", or the key where a model's inputs are a record. */
  name?: string;
  /** "int32" for indices, such as those of words; default "float", the model's dtype. */
  dtype?: "float" | "int32";
}

/**
 * An input of a model that is to be described: its shape is that of one sample, without the batch axis; null is a length that may
 * differ from batch to batch.
 * @throws RangeError, TypeError for what is no shape.
 * @example
 * ```ts
 * const words = input([null], { name: "words", dtype: "int32" });
 * words.shape; // [null]
 * ```
 */
export function input(shape: OpenShape, options: InputOptions = {}): Symbolic {
  knownOptions("input", options, ["name", "dtype"]);
  checkOpenShape("input", shape);
  const { name, dtype = "float" } = options;
  if (name !== undefined) checkName("input", name);
  if (dtype !== "float" && dtype !== "int32") {
    throw new TypeError(`input: dtype must be "float" (the model's) or "int32", got ${quote(dtype)}`);
  }
  return new Symbolic([...shape], null, 0, name, dtype);
}

/** One or several symbolic tensors, in order or by name. */
export type Symbolics = Symbolic | readonly Symbolic[] | Readonly<Record<string, Symbolic>>;

/** Batches for a model's inputs: one tensor, a list in the inputs' order, or by name. */
export type Batches = Tensor | readonly Tensor[] | Readonly<Record<string, Tensor>>;

/** What a graph model is made of. */
export interface ModelOptions extends LayerOptions {
  /** Where it begins: what `input` gave, or any other symbolic tensor that outputs depend on. By name where it is a record. */
  inputs: Symbolics;
  /** Where it ends. By name where it is a record: the names stand for targets, losses and metrics. */
  outputs: Symbolics;
  /** Seed of the initial parameters and of dropout; default 0. */
  seed?: number;
  /** float32 by default; float64 for checking gradients. */
  dtype?: DType;
}

/** An input of a model. */
export interface ModelInput {
  name: string;
  /** Without the batch axis. */
  shape: OpenShape;
  dtype: DType;
  /** For models that begin here, too. */
  symbol: Symbolic;
}

/** An output of a model. */
export interface ModelOutput {
  name: string;
  /** Without the batch axis. */
  shape: OpenShape;
  /** The activation that it ends in; undefined where that is not known, as after a layer of one's own. */
  activation: ActivationName | undefined;
  /** For models that go on from here. */
  symbol: Symbolic;
}

/** What a run of a model gives. */
export interface ModelRun {
  outputs: readonly Tensor[];
  /** For each output which of its steps count, bool [n, time], or null for all. */
  masks: readonly (Tensor | null)[];
}

/** Is shown the parameters that a model will have before memory is reserved for them, and may throw: what loads a file asks whether it holds them. */
export type ParametersAccepted = (parameters: readonly NamedParameter[], dtype: DType) => void;

/** Where nothing is recorded, a model of so many steps gives back what it needs no more on its way. */
const MANY_STEPS = 8;

/** What `call` and `logits` take. */
const CALL = ["training"];

function byName(owner: string, what: string, given: Symbolics): { key: string | undefined; x: Symbolic }[] {
  const entries: (readonly [string | undefined, Symbolic])[] =
    given instanceof Symbolic
      ? [[undefined, given]]
      : Array.isArray(given)
        ? Array.from(list(owner, what, given as readonly Symbolic[]), (x) => [undefined, x] as const)
        : typeof given === "object" && given !== null && !(given instanceof Tensor)
          ? Object.entries(given)
          : [[undefined, given as unknown as Symbolic]];
  if (entries.length === 0) throw new TypeError(`${owner}: ${what} must be at least one symbolic tensor`);
  return entries.map(([key, x]) => ({
    key: key === undefined || what === "outputs" ? key : checkName(`${owner}: ${what}`, key),
    x: checkSymbolic(`${owner}: ${what}`, x),
  }));
}

/** The names, made unique by numbers. */
function unique(names: readonly string[]): string[] {
  const seen = new Map<string, number>();
  return names.map((name) => {
    const count = seen.get(name) ?? 0;
    seen.set(name, count + 1);
    return count === 0 ? name : `${name}${count + 1}`;
  });
}

/**
 * Layers connected from inputs to outputs: branches that part and merge, several inputs and outputs, shared layers, models as parts of
 * models. Describe it by applying layers to what `input` gives; where they follow one another, `Sequential` is shorter.
 *
 * A model is a layer: applied to symbolic inputs, it becomes part of another, with the parameters that it has. Parameters belong to the
 * layers, so models that are made of the same layers share them: one that ends earlier shows what a layer gives.
 * @throws TypeError if inputs or outputs are not symbolic; Error if an output depends on an input that is not among them, no output on one
 * that is, or two layers have one name.
 * @example
 * ```ts
 * const image = input([8], { name: "image" });
 * const age = input([1], { name: "age" });
 * const seen = new Dense(4, { activation: "relu" }).apply(image);
 * const y = new Dense(1).apply(new Concatenate().apply([seen, age]));
 * const model = new Model({ inputs: [image, age], outputs: y, seed: 1 });
 * model.call({ image: zeros([3, 8]), age: ones([3, 1]) }).shape; // [3, 1]
 * model.parameterCount; // 42
 * ```
 */
export class Model extends BaseLayer {
  /** See `BaseLayer`. */
  static override readonly repeatable: boolean = true;
  readonly type: string = "graph";
  readonly dtype: DType;
  /** Its layers, each once, in the order in which they are first used. */
  readonly layers: readonly BaseLayer[];
  /** Its inputs, in order. */
  readonly inputs: readonly ModelInput[];
  /** Its outputs, in order. */
  readonly outputs: readonly ModelOutput[];
  /** All parameters by name: the trainable ones, and the state that layers keep by themselves. */
  readonly named: readonly NamedParameter[];
  /** Random numbers of dropout and the like. */
  readonly generator: Generator;
  /** The way through its layers. @internal */
  readonly plan: Plan;
  private readonly laid: ParameterBlock;
  private readonly names: ReadonlyMap<BaseLayer, string>;
  private readonly masked: boolean;
  private readonly penalised: readonly Parameter[];

  constructor(options: ModelOptions, accept?: ParametersAccepted) {
    super(options);
    const owner = this.constructor.name;
    knownOptions(owner, options, ["inputs", "outputs", "seed", "dtype", "name", "trainable"]);
    this.dtype = options.dtype ?? "float32";
    if (!isFloat(checkDType(owner, this.dtype))) {
      throw new TypeError(`${owner}: dtype must be float32 or float64, got ${this.dtype}`);
    }
    const inputs = byName(owner, "inputs", options.inputs);
    const outputs = byName(owner, "outputs", options.outputs);
    const seed = options.seed ?? 0;
    const generator = new Generator(seed);
    this.plan = planOf(
      owner,
      inputs.map(({ x }) => x),
      outputs.map(({ x }) => x),
    );
    this.layers = this.plan.layers;
    this.names = this.nameLayers(owner);
    const inputNames = unique(inputs.map(({ key, x }) => key ?? x.name ?? "input"));
    this.inputs = inputs.map(({ x }, i) => ({
      ...{ name: inputNames[i], shape: x.shape },
      dtype: x.dtype === "float" ? this.dtype : x.dtype,
      symbol: x,
    }));
    const outputNames = unique(
      outputs.map(({ key, x }) => key ?? (x.call === null ? "output" : (this.names.get(x.call.layer) ?? "output"))),
    );
    this.outputs = outputs.map(({ x }, i) => ({
      name: outputNames[i],
      shape: x.shape,
      activation: x.call?.layer.activationOf(x.index),
      symbol: x,
    }));
    this.named = this.localParameters().map(({ path, parameter }) => ({ name: path, parameter }));
    if (accept !== undefined) callable(owner, "the last argument", accept)(this.named, this.dtype);
    const parameters = this.parameters;
    for (const parameter of parameters) {
      if (!parameter.isBuilt || parameter.tensor.dtype === this.dtype) continue;
      throw new TypeError(
        `${owner}: ${parameter.name} is ${parameter.tensor.dtype} in the model that it comes from, this one ${this.dtype}; give both one dtype`,
      );
    }
    this.laid = new ParameterBlock(
      parameters.filter(({ isState }) => !isState),
      this.dtype,
      generator,
    );
    placeState(
      parameters.filter(({ isState }) => isState),
      this.dtype,
      generator,
    );
    this.masked = this.layers.some((layer) => layer.makesMasks);
    this.penalised = parameters.filter(({ options: { penalty } }) => penalty !== undefined);
    // Dropout has a stream of its own: the same initial parameters with and without it.
    this.generator = new Generator(seed + 2 ** 40);
    if (!this.trainable) this.trainable = false;
  }

  /** Layers that no model has named yet get their place and type; names are by the layers' order in this model. */
  private nameLayers(owner: string): Map<BaseLayer, string> {
    const names = new Map<BaseLayer, string>();
    const taken = new Set<string>();
    this.plan.layers.forEach((layer, i) => {
      const name = layer.givenName ?? `${i}.${layer.type}`;
      if (taken.has(name)) throw new Error(`${owner}: two layers have the name ${quote(name)}; give each its own`);
      taken.add(name);
      names.set(layer, name);
      layer.place(name, this);
    });
    return names;
  }

  /** See `BaseLayer`. @internal */
  override place(name: string, home: object): void {
    super.place(name, home);
    for (const layer of this.layers) layer.moveInto(this, this.names.get(layer)!);
  }

  /** All parameters in the layers' order: the trainable ones, and the state that layers keep by themselves. */
  override get parameters(): readonly Parameter[] {
    return this.named.map(({ parameter }) => parameter);
  }

  /** See `BaseLayer`. @internal */
  override localParameters(): { path: string; parameter: Parameter }[] {
    const found = new Map<Parameter, string>();
    for (const layer of this.layers) {
      for (const { path, parameter } of layer.localParameters()) {
        if (!found.has(parameter)) found.set(parameter, `${this.names.get(layer)!}.${path}`);
      }
    }
    return [...found].map(([parameter, path]) => ({ path, parameter }));
  }

  override get children(): readonly BaseLayer[] {
    return this.layers;
  }

  override get trainable(): boolean {
    return super.trainable;
  }

  override set trainable(value: boolean) {
    super.trainable = value;
    for (const layer of this.layers) layer.trainable = value;
  }

  override get makesMasks(): boolean {
    return this.layers.some((layer) => layer.makesMasks);
  }

  override get isRepeatable(): boolean {
    return this.obstacle === null;
  }

  /**
   * Why steps with this model can't be recorded and replayed; null if they can.
   * @internal
   */
  get obstacle(): string | null {
    const kind = this.constructor as typeof Model;
    if (!Object.hasOwn(kind, "repeatable") || !kind.repeatable) {
      return `the model is a ${kind.name}, which does not say that it is repeatable`;
    }
    const layer = this.layers.find(({ isRepeatable }) => !isRepeatable);
    return layer === undefined ? null : `layer ${layer.name} does not say that it is repeatable`;
  }

  /**
   * The layer of that name in this model.
   * @throws RangeError with the names that there are.
   */
  layer(name: string): BaseLayer {
    for (const [layer, known] of this.names) if (known === name) return layer;
    throw new RangeError(`model: has no layer ${quote(name)}; it has ${[...this.names.values()].join(", ")}`);
  }

  /**
   * A model of the same layers that ends earlier, in what the layers of these names give: to look inside, or to build on what they have
   * learnt.
   * @throws RangeError for a layer that there is not; Error for one that is used more than once or has several outputs.
   * @example
   * ```ts
   * const model = new Sequential([new Dense(3, { name: "features" }), new Dense(1)], { inputShape: [2] });
   * model.upTo("features").call(zeros([5, 2])).shape; // [5, 3]
   * ```
   */
  upTo(...names: readonly string[]): Model {
    const outputs = names.map((name) => {
      const layer = this.layer(name);
      const made = this.plan.steps.filter((step) => step.layer === layer).flatMap(({ call }) => call.outputs);
      if (made.length === 1) return made[0];
      throw new Error(`model: layer ${name} gives ${made.length} outputs; make a Model of those wanted`);
    });
    return new Model({ inputs: neededInputs(this.plan.inputs, outputs), outputs, dtype: this.dtype });
  }

  /**
   * The trainable parameters in one block. Where another model has been made of the same layers and trained since, it takes them back,
   * with the values that they have.
   */
  get block(): ParameterBlock {
    this.laid.claim();
    return this.laid;
  }

  /** The trainable parameters' tensors, for a gradient tape or an own loop. */
  get trainableVariables(): Tensor[] {
    return this.block.parameters.filter(({ trainable }) => trainable).map(({ tensor }) => tensor);
  }

  /** Number of trainable numbers. */
  get parameterCount(): number {
    return trainableSize(this.parameters);
  }

  /**
   * Shape of one input, without the batch axis.
   * @throws Error for a model of several inputs: see `inputs`.
   */
  get inputShape(): OpenShape {
    return only("inputs", this.inputs).shape;
  }

  /**
   * Shape of one output, without the batch axis.
   * @throws Error for a model of several outputs: see `outputs`.
   */
  get outputShape(): OpenShape {
    return only("outputs", this.outputs).shape;
  }

  /**
   * The activation of the last layer: what `logits` leaves out; "linear" where none is known.
   * @throws Error for a model of several outputs: see `outputs`.
   */
  get outputActivation(): ActivationName {
    return only("outputs", this.outputs).activation ?? "linear";
  }

  /**
   * The batches in the inputs' order.
   * @throws RangeError, TypeError if they are not as many as the inputs, or do not fit them.
   * @internal
   */
  inOrder(x: Batches): readonly Tensor[] {
    const { inputs } = this;
    let xs: readonly Tensor[];
    if (x instanceof Tensor) xs = [x];
    else if (Array.isArray(x)) xs = x;
    else if (typeof x === "object" && x !== null) {
      const names = inputs.map(({ name }) => name);
      const stranger = Object.keys(x).find((key) => !names.includes(key));
      if (stranger !== undefined) {
        throw new TypeError(`model: has no input ${quote(stranger)}; its inputs are ${names.join(", ")}`);
      }
      xs = names.map((name) => (x as Readonly<Record<string, Tensor>>)[name]);
    } else xs = [x as unknown as Tensor];
    if (xs.length !== inputs.length) {
      const names = inputs.map(({ name }) => name).join(", ");
      throw new RangeError(
        `model: takes ${inputs.length} inputs (${names}), got ${xs.length}; give them as a list, or by name`,
      );
    }
    for (let i = 0; i < xs.length; i++) this.checkInput(xs[i], i, xs[0]);
    return xs;
  }

  private checkInput(x: Tensor, i: number, first: Tensor): void {
    const { name, shape, dtype } = this.inputs[i];
    const what = this.inputs.length === 1 ? "inputs" : `input ${name}`;
    if (!(x instanceof Tensor)) throw new TypeError(`model: ${what} must be a tensor, got ${quote(x)}`);
    if (!fitsOpenShape(x.shape, shape)) {
      throw new RangeError(
        `model: ${what} must have shape ${formatShape(["n", ...shape.map((length) => length ?? "any")] as unknown as Shape)}, got ${formatShape(x.shape)}`,
      );
    }
    if (x.shape[0] !== first.shape[0]) {
      throw new RangeError(`model: ${what} holds ${x.shape[0]} samples, ${this.inputs[0].name} ${first.shape[0]}`);
    }
    if (dtype === "int32" && x.dtype !== "int32") {
      throw new TypeError(`model: ${what} must be int32 (indices), got ${x.dtype}; cast it`);
    }
  }

  /**
   * Runs batches through the layers; an output for which `logits` says so comes without its last activation.
   * @internal
   */
  run(xs: readonly Tensor[], context: CallContext, logits: readonly boolean[] | null = null): ModelRun {
    noteUse(this);
    const on = engine();
    // Where convolutions' results may stay in another layout, those that ended are not brought back.
    const answers = on.answering !== undefined && this.inputs.some(({ shape }) => shape.length === 3);
    const lean = (answers || this.plan.steps.length >= MANY_STEPS) && insideScope() && !isRecording();
    if (!answers || !lean) return this.runSteps(xs, context, logits, lean);
    return on.answering!(() => this.runSteps(xs, context, logits, true));
  }

  /** `lean`: what is needed no more is given back on the way. */
  private runSteps(
    xs: readonly Tensor[],
    context: CallContext,
    logits: readonly boolean[] | null,
    lean: boolean,
  ): ModelRun {
    const { steps, places, makers, inner, size } = this.plan;
    const values: Tensor[] = new Array<Tensor>(size);
    for (let i = 0; i < xs.length; i++) values[i] = xs[i];
    for (const place of this.plan.timeFirst) values[place] = timeFirst(xs[place]);
    const given = context.masks?.some((mask) => mask !== null) ?? false;
    const masks: (Tensor | null)[] | null = this.masked || given ? new Array<Tensor | null>(size).fill(null) : null;
    if (masks && context.masks) for (let i = 0; i < context.masks.length; i++) masks[i] = context.masks[i];
    const memory = lean ? new Lifetimes(this.plan, xs) : null;
    // Outputs without their activation, by the step that gives them.
    let bare: (Tensor | undefined)[] | null = null;
    for (let k = 0; k < steps.length; k++) {
      const { layer, inputs, output } = steps[k];
      const xsOf: Tensor[] = new Array<Tensor>(inputs.length);
      for (let i = 0; i < inputs.length; i++) xsOf[i] = values[inputs[i]];
      const own = masks === null ? context : { ...context, masks: inputs.map((place) => masks[place]) };
      const ends = logits !== null && makers.some((maker, j) => maker === k && logits[j]);
      let ys: readonly Tensor[];
      if (ends) {
        const before = layer.forwardLogits(xsOf, own);
        bare ??= [];
        let whole = false;
        for (let j = 0; j < places.length; j++) {
          if (makers[j] !== k) continue;
          if (logits[j]) bare[j] = before[places[j] - output];
          whole ||= !logits[j] || inner[places[j]];
        }
        for (let i = 0; i < before.length; i++) whole ||= inner[output + i];
        ys = whole ? layer.forward(xsOf, own) : before;
      } else if (memory !== null) ys = scope(() => layer.forward(xsOf, own));
      else ys = layer.forward(xsOf, own);
      for (let i = 0; i < ys.length; i++) values[output + i] = ys[i];
      if (masks !== null) {
        const made = layer.maskOf(xsOf, ys, own.masks!);
        for (let i = 0; i < ys.length; i++) masks[output + i] = made[i] ?? null;
      }
      memory?.after(k, values, masks);
    }
    return {
      outputs: places.map((place, j) => bare?.[j] ?? values[place]),
      masks: places.map((place) => masks?.[place] ?? null),
    };
  }

  /** See `BaseLayer`. @internal */
  override isStepwise(inputs: number): boolean {
    const { steps, layers } = this.plan;
    // What is kept is a layer's: one that is used twice would find that of its other use.
    if (inputs !== 1 || this.outputs.length !== 1 || steps.length !== layers.length) return false;
    return steps.every((step) => step.layer.isStepwise(step.inputs.length));
  }

  /** A context for running it by itself. @internal */
  contextFor(training: boolean, group: Group | null = null): CallContext {
    return { training, generator: this.generator, ...(group !== null && { group }) };
  }

  /**
   * The output for a batch: [n, ...inputShape] to [n, ...outputShape]; a list or a record for several inputs. `training` switches
   * dropout and batch statistics on.
   * @throws RangeError if the inputs have another shape, or the model has several outputs: then `callAll` gives them.
   */
  call(x: Batches, options: { training?: boolean } = {}): Tensor {
    knownOptions("model.call", options, CALL);
    only("outputs", this.outputs);
    return this.run(this.inOrder(x), this.contextFor(options.training ?? false)).outputs[0];
  }

  /** As `call`, for models of several outputs: all of them by name. */
  callAll(x: Batches, options: { training?: boolean } = {}): Record<string, Tensor> {
    knownOptions("model.callAll", options, CALL);
    const { outputs } = this.run(this.inOrder(x), this.contextFor(options.training ?? false));
    return Object.fromEntries(outputs.map((y, i) => [this.outputs[i].name, y]));
  }

  /**
   * The output before the last layer's activation, [n, ...outputShape]: for a loss that brings its own.
   * @throws RangeError if the inputs have another shape, or the model has several outputs.
   */
  logits(x: Batches, options: { training?: boolean } = {}): Tensor {
    knownOptions("model.logits", options, CALL);
    only("outputs", this.outputs);
    return this.run(this.inOrder(x), this.contextFor(options.training ?? false), [true]).outputs[0];
  }

  /** The sum of the parameters' penalties, one number; null where there are none. Training adds it to the loss. */
  penalty(): Tensor | null {
    let sum: Tensor | null = null;
    for (const parameter of this.penalised) {
      const own = parameter.trainable ? penaltyOf(parameter.options.penalty!, parameter.tensor) : null;
      if (own !== null) sum = sum === null ? own : add(sum, own);
    }
    return sum;
  }

  /** Connects it as part of another model, and gives its output; for several, `applyAll`. */
  apply(inputs: Symbolic | readonly Symbolic[]): Symbolic {
    const outputs = this.applyAll(inputs);
    if (outputs.length === 1) return outputs[0];
    throw new RangeError(`${this.name}: has ${outputs.length} outputs; applyAll gives them as a list`);
  }

  /** Connects it as part of another model, and gives its outputs. */
  applyAll(inputs: Symbolic | readonly Symbolic[]): readonly Symbolic[] {
    const xs: readonly Symbolic[] = Array.isArray(inputs) ? inputs : [inputs as Symbolic];
    // Not `map`, which would walk through a list of holes to its end.
    for (const x of xs) checkSymbolic(this.name, x);
    return this.connectTo(xs);
  }

  /** See `BaseLayer`. @internal */
  connect(shapes: readonly OpenShape[]): readonly OpenShape[] {
    const { inputs } = this;
    if (shapes.length !== inputs.length) {
      throw new RangeError(`${this.name}: takes ${inputs.length} inputs, got ${shapes.length}`);
    }
    shapes.forEach((shape, i) => {
      const wanted = inputs[i].shape;
      const fits =
        shape.length === wanted.length && wanted.every((length, axis) => length === null || length === shape[axis]);
      if (!fits) {
        throw new RangeError(
          `${this.name}: its input ${inputs[i].name} has shape ${formatOpen(wanted)}, and it is applied to one of shape ${formatOpen(shape)}`,
        );
      }
    });
    // Open lengths may be known by now: the layers are asked again.
    if (shapes.every((shape, i) => sameOpenShape(shape, inputs[i].shape)))
      return this.outputs.map(({ shape }) => shape);
    const found: OpenShape[] = [...shapes];
    for (const { layer, inputs: from, output } of this.plan.steps) {
      layer.connect(from.map((place) => found[place])).forEach((shape, i) => {
        found[output + i] = shape;
      });
    }
    return this.plan.places.map((place) => found[place]);
  }

  /** See `BaseLayer`. @internal */
  forward(xs: readonly Tensor[], context: CallContext): readonly Tensor[] {
    return this.run(xs, context).outputs;
  }

  /** See `BaseLayer`. @internal */
  override forwardLogits(xs: readonly Tensor[], context: CallContext): readonly Tensor[] {
    return this.run(
      xs,
      context,
      this.outputs.map(() => true),
    ).outputs;
  }

  /** See `BaseLayer`. @internal */
  override activationOf(index: number): ActivationName | undefined {
    return this.outputs[index].activation;
  }

  /** The layers with their output shapes and parameter counts, as data. */
  summaryRows(): readonly LayerSummary[] {
    const shapes: OpenShape[] = this.inputs.map(({ shape }) => shape);
    for (const { layer, inputs, output } of this.plan.steps) {
      layer.connect(inputs.map((place) => shapes[place])).forEach((shape, i) => {
        shapes[output + i] = shape;
      });
    }
    return rowsOf(
      this.plan,
      this.inputs.map(({ name }) => name),
      shapes,
      (layer) => this.names.get(layer)!,
    );
  }

  /** The layers with their output shapes and parameter counts, and what each is applied to where they do not follow one another. */
  summary(): string {
    return tableOf(this.summaryRows(), this.inputs, this.parameterCount);
  }

  /** The architecture as JSON; `modelFromConfig` makes the model again, with fresh parameters. */
  config(): ModelConfig {
    const { steps, places, layers, inputs } = this.plan;
    /** Where a value comes from: input k as [k, 0], output j of step k as [inputs + k, j]. */
    const origin = (place: number): [number, number] => {
      if (place < inputs.length) return [place, 0];
      const k = steps.findLastIndex(({ output }) => output <= place);
      return [inputs.length + k, place - steps[k].output];
    };
    return {
      type: "graph",
      dtype: this.dtype,
      inputs: this.inputs.map(({ name, shape }, i) => ({
        ...{ name, shape },
        ...(inputs[i].dtype === "int32" && { dtype: "int32" as const }),
      })),
      layers: layers.map((layer) => layer.fullConfig()),
      calls: steps.map(({ layer, inputs: from }) => ({ layer: layers.indexOf(layer), inputs: from.map(origin) })),
      outputs: this.outputs.map(({ name }, i) => ({ name, from: origin(places[i]) })),
    };
  }

  /**
   * The values of all parameters, in the order of `named`, as tensors of their own.
   * @example
   * ```ts
   * const model = new Sequential([new Dense(1, { weights: "ones" })], { inputShape: [2] });
   * model.weights().map((w) => w.toArray()); // [[[1], [1]], [0]]
   * ```
   */
  weights(): Tensor[] {
    return this.parameters.map(({ tensor }) => tensor.clone());
  }

  /**
   * Replaces the values of all parameters, in the order of `weights()`.
   * @throws RangeError, TypeError if there are more or fewer, or one does not fit; the model is then as it was.
   */
  setWeights(values: readonly Tensor[]): void {
    const { parameters } = this;
    list("setWeights", "the values", values);
    if (values.length !== parameters.length) {
      throw new RangeError(`setWeights: the model has ${parameters.length} parameters, got ${values.length} tensors`);
    }
    parameters.forEach((parameter, i) => {
      parameter.check(values[i]);
    });
    parameters.forEach((parameter, i) => {
      parameter.assign(values[i]);
    });
  }
}

/** A graph's architecture as JSON. */
export interface GraphConfig {
  type: "graph";
  dtype: DType;
  inputs: { name: string; shape: OpenShape; dtype?: "int32" }[];
  layers: ({ type: string } & Record<string, unknown>)[];
  calls: { layer: number; inputs: [number, number][] }[];
  outputs: { name: string; from: [number, number] }[];
}

/** A chain's architecture as JSON. */
export interface SequentialConfig {
  type: "sequential";
  inputShape: OpenShape;
  dtype: DType;
  layers: ({ type: string } & Record<string, unknown>)[];
}

/** A model's architecture as JSON. */
export type ModelConfig = (GraphConfig | SequentialConfig) & Record<string, unknown>;

function only<T>(what: string, all: readonly T[]): T {
  if (all.length === 1) return all[0];
  const way = what === "outputs" ? "; callAll gives them all" : "";
  throw new RangeError(`model: has ${all.length} ${what}, not one: see model.${what}${way}`);
}

/** Throws unless `model` is one. */
export function checkModel(owner: string, model: Model): Model {
  return instance(owner, "the model", model, Model, "a model (Sequential or Model)");
}
