// A model's parameters are one block of memory, their gradients another: an optimiser step, a gradient norm or a checkpoint is one pass over
// contiguous numbers. Each parameter is a window on the block; backward writes its gradient into the window beside it.

import { onCpu } from "../engine/beside.ts";
import { fields, flag, instance, knownOptions, oneOf, text, whole } from "../engine/checks.ts";
import { type DType, isFloat } from "../engine/dtype.ts";

import { engine } from "../engine/engine.ts";
import { isfinite } from "../ops/comparison.ts";
import { all } from "../ops/reduce.ts";
import { checkTensor } from "../tensor/check.ts";
import { tensor, zeros } from "../tensor/create.ts";
import { type GradientSlot, Node, withRecording } from "../tensor/graph.ts";
import { Generator } from "../tensor/random.ts";
import { checkShape, formatShape, type Shape, sameShape, sizeOf } from "../tensor/shape.ts";
import { keep, packed, scope, type Tensor, windowOf } from "../tensor/tensor.ts";
import { type Constraint, checkConstraint, constrained } from "./constraints.ts";
import { fansOf, type Initialiser, type InitialiserContext, initialise } from "./initialisers.ts";
import { checkPenalty, type Penalty } from "./penalties.ts";

/** Windows begin at multiples of this many elements, so that vector loads are aligned. */
const ALIGNMENT = 16;

const PARAMETER_OPTIONS = ["initialiser", "decay", "trainable", "fans", "transposed", "penalty", "constraint"];

/** What a layer says of a parameter that it declares. */
export interface ParameterOptions {
  /** How its values start. */
  initialiser: Initialiser;
  /** Whether weight decay applies; biases and normalisation parameters are left out of it. */
  decay: boolean;
  /**
   * Default true. false: state that the layer keeps by itself, such as a running mean. It is saved and restored with the
   * model, but is in no block, has no gradient, and no optimiser touches it.
   */
  trainable?: boolean;
  /** Connections into and out of one unit, where the shape does not tell. */
  fans?: { fanIn: number; fanOut: number };
  /** A matrix with a row for each unit, [out, in], as recurrent layers have them: for initialisers and constraints. Default false. */
  transposed?: boolean;
  /** Added to the loss while training: see `Penalty`. Default none. */
  penalty?: Penalty;
  /** Holds after every step of an optimiser: see `Constraint`. Default none. */
  constraint?: Constraint;
}

/**
 * A tensor of a layer that belongs to the model: trainable, or state that the layer keeps by itself. Its values exist
 * once the model is built.
 * @example
 * ```ts
 * const model = new Sequential([new Dense(2)], { inputShape: [3] });
 * model.parameters.map(({ name, shape }) => [name, shape]); // [["0.dense.weights", [3, 2]], ["0.dense.bias", [2]]]
 * ```
 */
export class Parameter {
  readonly shape: Shape;
  readonly options: ParameterOptions;
  private readonly ownName: string;
  private value: Tensor | undefined;
  /** Of the values in a block: their place in the graph, and the block. */
  private home: { readonly node: Node; readonly block: ParameterBlock } | undefined;
  private isFrozen = false;

  /** `owner` is the layer that it belongs to: its name comes first, and may be given later. */
  constructor(
    name: string,
    shape: Shape,
    options: ParameterOptions,
    private readonly owner?: { readonly name: string },
  ) {
    text("Parameter", "the name", name);
    checkShape(`Parameter ${name}`, shape);
    knownOptions(`Parameter ${name}`, options, PARAMETER_OPTIONS);
    if (options.penalty !== undefined) checkPenalty(`Parameter ${name}`, options.penalty);
    if (options.constraint !== undefined) checkConstraint(`Parameter ${name}`, options.constraint);
    this.ownName = name;
    this.shape = shape;
    this.options = options;
  }

  /** `<layer>.<name>`. */
  get name(): string {
    return this.owner === undefined ? this.ownName : `${this.owner.name}.${this.ownName}`;
  }

  /** Number of elements. */
  get size(): number {
    return sizeOf(this.shape);
  }

  /** Whether it is state that its layer keeps by itself, such as a running mean, and no optimiser's business. */
  get isState(): boolean {
    return this.options.trainable === false;
  }

  /** Whether optimisers change it: it is no state, and not frozen. */
  get trainable(): boolean {
    return !this.isState && !this.isFrozen;
  }

  /** Whether it keeps its values while training, as `layer.trainable = false` has it. */
  get frozen(): boolean {
    return this.isFrozen;
  }

  set frozen(value: boolean) {
    flag(`parameter ${this.name}`, "frozen", value);
    if (value === this.isFrozen) return;
    this.isFrozen = value;
    if (this.home === undefined || this.value === undefined) return;
    this.value.node = value ? null : this.home.node;
    this.home.block.changed(this);
  }

  /** Whether it has values by now. */
  get isBuilt(): boolean {
    return this.value !== undefined;
  }

  /**
   * The values: a window on the model's block, or memory of its own where it is not trainable.
   * @throws Error before the model is built.
   */
  get tensor(): Tensor {
    if (this.value === undefined) throw new Error(`parameter ${this.name}: the model is not built yet`);
    return this.value;
  }

  /**
   * Called by the block.
   * @internal
   */
  place(tensor: Tensor, block?: ParameterBlock): void {
    this.value = tensor;
    this.home = block === undefined ? undefined : { node: tensor.node!, block };
    if (this.isFrozen) tensor.node = null;
  }

  /**
   * Brings the values where the constraint wants them, after an optimiser's step.
   * @internal
   */
  constrain(): void {
    const { constraint } = this.options;
    if (constraint === undefined || !this.trainable) return;
    scope(() => this.assign(withRecording(false, () => constrained(constraint, this.tensor, this.options.transposed))));
  }

  /**
   * Replaces the values.
   * @throws RangeError if the shape differs; TypeError if the dtype does.
   * @example
   * ```ts
   * const model = new Sequential([new Dense(1)], { inputShape: [2] });
   * model.parameters[0].assign(tensor([[3], [4]]));
   * model.call(tensor([[1, 1]])).toArray(); // [[7]]
   * ```
   */
  assign(values: Tensor): void {
    this.check(values);
    if (values.size === 0) return;
    engine().copy(packed(values), this.tensor);
    // A graph that used the old values can't be differentiated any more; backward says so.
    this.tensor.storage.version += 1;
  }

  /**
   * Throws as `assign` does, and changes nothing.
   * @internal
   */
  check(values: Tensor): void {
    checkTensor(`parameter ${this.name}`, values);
    if (!sameShape(values.shape, this.shape)) {
      throw new RangeError(
        `parameter ${this.name}: values have shape ${formatShape(values.shape)}, the parameter ${formatShape(this.shape)}`,
      );
    }
    if (values.dtype !== this.tensor.dtype)
      throw new TypeError(`parameter ${this.name}: values are ${values.dtype}, the parameter ${this.tensor.dtype}`);
  }

  /**
   * Draws the values anew, as the layer declared them.
   * @internal
   */
  initialise(generator: Generator): void {
    scope(() => {
      const { initialiser, fans, transposed } = this.options;
      const ofShape = fans ?? fansOf(transposed ? this.shape.toReversed() : this.shape);
      const context = { shape: this.shape, dtype: this.tensor.dtype, generator, ...ofShape };
      this.assign(drawn(initialiser, context));
    });
  }
}

/**
 * An initialiser's values. Those that have a name are drawn on a CPU, to the same bits on every engine; a function of the user's own may use tensors
 * of the engine.
 */
function drawn(initialiser: Initialiser, context: InitialiserContext): Tensor {
  if (!engine().asynchronous || typeof initialiser !== "string") return initialise(initialiser, context);
  const values = onCpu(() => scope(() => initialise(initialiser, context).dataSync()));
  return tensor(values, { shape: [...context.shape], dtype: context.dtype });
}

/** A parameter with its name in a model: that of its layer there, and its own. */
export interface NamedParameter {
  name: string;
  parameter: Parameter;
}

/** What may be told to what takes saved parameters: `loadModel`, `loadParameters`, `Trainer.restore`. */
export interface LoadOptions {
  /** Take numbers that are NaN or infinite, with which a model answers NaN. Default false: they are refused. */
  allowNonFinite?: boolean;
}

/** Throws if x holds NaN or infinities, with the first; `owner` says what it is. */
export function refuseNonFinite(owner: string, x: Tensor): void {
  if (!isFloat(x.dtype) || x.size === 0) return;
  if (!engine().asynchronous && scope(() => Boolean(all(isfinite(x)).item()))) return;
  const numbers = x.dataSync();
  const bad = numbers.findIndex((value) => !Number.isFinite(value));
  if (bad < 0) return;
  throw new RangeError(
    `${owner} holds ${String(numbers[bad])} (element ${bad}), with which a model answers what is no number; load a file from before training went wrong, or set allowNonFinite`,
  );
}

/**
 * Throws unless `tensors` has what each parameter, in the dtype of its model, can be filled with. `owner` is what to call the file.
 * @throws Error naming the first parameter that is missing; TypeError for what is no tensor or of another dtype; RangeError for another
 * shape, and for NaN or infinities unless they are allowed.
 */
export function checkParameters(
  owner: string,
  parameters: readonly NamedParameter[],
  dtype: DType,
  tensors: Readonly<Record<string, Tensor>>,
  { allowNonFinite = false }: LoadOptions,
): void {
  flag(owner, "allowNonFinite", allowNonFinite);
  for (const {
    name,
    parameter: { shape },
  } of parameters) {
    if (!Object.hasOwn(tensors, name)) {
      const names = Object.keys(tensors);
      const more = names.length > 20 ? `, and ${names.length - 20} more` : "";
      throw new Error(
        `${owner}: has no parameter ${name}; it belongs to another architecture (it has ${names.slice(0, 20).join(", ")}${more})`,
      );
    }
    const values = tensors[name];
    const what = `${owner}: parameter ${name}`;
    checkTensor(what, values);
    if (!sameShape(values.shape, shape)) {
      throw new RangeError(
        `${what} has shape ${formatShape(values.shape)}, the model's ${formatShape(shape)}; it belongs to another architecture`,
      );
    }
    if (values.dtype !== dtype) {
      throw new TypeError(`${what} is ${values.dtype}, the model's ${dtype}; make the model with that dtype`);
    }
    if (!allowNonFinite) refuseNonFinite(what, values);
  }
}

/** Gives parameters that are not trainable memory of their own, and fills them; those that have some keep it. */
export function placeState(parameters: readonly Parameter[], dtype: DType, generator: Generator): void {
  for (const parameter of parameters) {
    if (parameter.isBuilt) continue;
    parameter.place(keep(scope(() => zeros(parameter.shape, dtype))));
    parameter.initialise(generator);
  }
}

/** A parameter's place in a block: its values, the node of its tape and where that node's gradient goes, while the block is its home. */
interface BlockWindow {
  readonly value: Tensor;
  readonly node: Node;
  readonly slot: GradientSlot;
}

/** A stretch of the block with one rule for weight decay. */
export interface BlockRange {
  start: number;
  length: number;
  decay: boolean;
}

/**
 * All trainable parameters of a model as one tensor [size], and their gradients as another: what an optimiser steps. Those with
 * weight decay come first; each begins at a multiple of 16 elements.
 * @example
 * ```ts
 * const { block } = new Sequential([new Dense(2)], { inputShape: [3] });
 * block.parameters.length; // 2
 * block.values.shape; // [32]
 * ```
 */
export class ParameterBlock {
  readonly dtype: DType;
  /** All values, [size]. Gaps between parameters are 0 and stay 0. */
  readonly values: Tensor;
  /** All gradients, [size], laid out as the values. */
  readonly gradients: Tensor;
  /** The stretches with and without weight decay. */
  readonly ranges: BlockRange[];
  /**
   * Counts what changes the rules of its parameters: freezing. Optimisers look at it.
   * @internal
   */
  version = 0;
  private readonly offsets = new Map<Parameter, number>();
  private readonly windows = new Map<Parameter, BlockWindow>();

  /**
   * Lays the parameters out, those with weight decay first, and fills them. A model makes its own.
   * @internal
   */
  constructor(
    readonly parameters: readonly Parameter[],
    dtype: DType,
    generator: Generator,
  ) {
    this.dtype = dtype;
    let size = 0;
    this.ranges = [];
    for (const decay of [true, false]) {
      const start = size;
      for (const parameter of parameters) {
        if (parameter.options.decay !== decay) continue;
        this.offsets.set(parameter, size);
        size += Math.ceil(parameter.size / ALIGNMENT) * ALIGNMENT;
      }
      if (size > start) this.ranges.push({ start, length: size - start, decay });
    }
    this.values = keep(scope(() => zeros([size], dtype)));
    this.gradients = keep(scope(() => zeros([size], dtype)));
    for (const parameter of parameters) {
      const offset = this.offsets.get(parameter)!;
      const value = windowOf(this.values, parameter.shape, offset, null);
      const node = new Node("variable", [], null);
      const slot = { tensor: windowOf(this.gradients, parameter.shape, offset, null), fresh: true };
      node.slot = slot;
      this.windows.set(parameter, { value, node, slot });
    }
    const fresh = parameters.filter((parameter) => !parameter.isBuilt);
    this.claim();
    for (const parameter of fresh) parameter.initialise(generator);
  }

  /**
   * Makes this block the home of its parameters, with the values and the gradients that they have, where another model has taken them
   * since: then backward and optimisers work on it, and what was recorded before brings its gradients here, too. Costs a comparison a
   * parameter where nothing has to be done.
   * @internal
   */
  claim(): void {
    for (const parameter of this.parameters) {
      const { value, node, slot } = this.windows.get(parameter)!;
      if (parameter.isBuilt && parameter.tensor === value) continue;
      node.slot = slot;
      slot.fresh = true;
      if (parameter.isBuilt && parameter.size > 0) {
        engine().copy(packed(parameter.tensor), value);
        const before = parameter.tensor.node;
        if (before?.slot) {
          if (!before.slot.fresh) engine().copy(before.slot.tensor, slot.tensor);
          slot.fresh = before.slot.fresh;
          before.slot = slot;
        }
      }
      value.node = node;
      parameter.place(value, this);
      this.version += 1;
    }
  }

  /**
   * A parameter has been frozen or freed: its gradient is nothing.
   * @internal
   */
  changed(parameter: Parameter): void {
    const { slot } = this.windows.get(parameter)!;
    if (parameter.size > 0) engine().fill(slot.tensor, 0);
    slot.fresh = true;
    this.version += 1;
  }

  /** Draws all parameters anew, in the order of their declaration. */
  initialise(generator: Generator): void {
    instance("ParameterBlock.initialise", "generator", generator, Generator, "a Generator");
    for (const parameter of this.parameters) parameter.initialise(generator);
  }

  /** Before the next backward: gradients count as not there. Costs nothing; the first gradient to arrive overwrites. */
  clearGradients(): void {
    for (const parameter of this.parameters) {
      const slot = parameter.tensor.node?.slot;
      if (slot) slot.fresh = true;
    }
  }

  /** After backward, before an optimiser reads the block: parameters that no gradient reached get 0. */
  completeGradients(): void {
    for (const parameter of this.parameters) {
      const slot = parameter.tensor.node?.slot;
      if (!slot?.fresh) continue;
      engine().fill(slot.tensor, 0);
      slot.fresh = false;
    }
  }

  /** The gradient that backward has written for a parameter; undefined where none has come, and for parameters that are not trained. */
  gradientOf(parameter: Parameter): Tensor | undefined {
    instance("ParameterBlock.gradientOf", "the argument", parameter, Parameter, "a Parameter");
    if (!this.parameters.includes(parameter)) return undefined;
    const slot = parameter.tensor.node?.slot;
    return slot && !slot.fresh ? slot.tensor : undefined;
  }

  /**
   * The gradients were written from elsewhere: all of them are there.
   * @internal
   */
  markComplete(): void {
    for (const parameter of this.parameters) {
      const slot = parameter.tensor.node?.slot;
      if (slot) slot.fresh = false;
    }
  }

  /** A stretch of the values or gradients as a tensor. */
  range(of: "values" | "gradients", range: BlockRange): Tensor {
    const owner = "ParameterBlock.range";
    oneOf(owner, "the first argument", of, ["values", "gradients"]);
    const { start, length } = fields(owner, "range", range);
    whole(owner, "start", start, 0);
    if (whole(owner, "length", length, 0) > this.values.size - start) {
      throw new RangeError(`${owner}: numbers ${start} to ${start + length - 1} of ${this.values.size} do not exist`);
    }
    return windowOf(this[of], [length], start, null);
  }
}

/** Throws unless `block` is a model's block. */
export function checkBlock(owner: string, block: ParameterBlock): ParameterBlock {
  return instance(owner, "the argument", block, ParameterBlock, "a model's parameters, model.block");
}
