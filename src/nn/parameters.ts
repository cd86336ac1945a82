// A model's parameters are one block of memory, their gradients another: an optimiser step, a gradient norm or a checkpoint is one pass over
// contiguous numbers. Each parameter is a window on the block; backward writes its gradient into the window beside it.
import type { DType } from "../engine/dtype.ts";
import { engine } from "../engine/engine.ts";
import { zeros } from "../tensor/create.ts";
import { Node } from "../tensor/graph.ts";
import type { Generator } from "../tensor/random.ts";
import { formatShape, type Shape, sameShape, sizeOf } from "../tensor/shape.ts";
import { keep, packed, scope, type Tensor, windowOf } from "../tensor/tensor.ts";
import { fansOf, type Initialiser, initialise } from "./initialisers.ts";

/** Windows begin at multiples of this many elements, so that vector loads are aligned. */
const ALIGNMENT = 16;

export interface ParameterOptions {
  initialiser: Initialiser;
  /** Whether weight decay applies; biases and normalisation parameters are left out of it. */
  decay: boolean;
  /** Connections into and out of one unit, where the shape does not tell. */
  fans?: { fanIn: number; fanOut: number };
}

/** A trainable tensor of a layer. Its values exist once the model is built. */
export class Parameter {
  readonly name: string;
  readonly shape: Shape;
  readonly options: ParameterOptions;
  private value: Tensor | undefined;

  constructor(name: string, shape: Shape, options: ParameterOptions) {
    this.name = name;
    this.shape = shape;
    this.options = options;
  }

  get size(): number {
    return sizeOf(this.shape);
  }

  /** The values: a window on the model's block. Throws before the model is built. */
  get tensor(): Tensor {
    if (this.value === undefined) throw new Error(`parameter ${this.name}: the model is not built yet`);
    return this.value;
  }

  /** Internal: called by the block. */
  place(tensor: Tensor): void {
    this.value = tensor;
  }

  /** Replaces the values. @throws RangeError if the shape differs. */
  assign(values: Tensor): void {
    if (!sameShape(values.shape, this.shape)) {
      throw new RangeError(
        `parameter ${this.name}: values have shape ${formatShape(values.shape)}, the parameter ${formatShape(this.shape)}`,
      );
    }
    if (values.dtype !== this.tensor.dtype)
      throw new TypeError(`parameter ${this.name}: values are ${values.dtype}, the parameter ${this.tensor.dtype}`);
    if (values.size > 0) engine().copy(packed(values), this.tensor);
  }
}

/** A stretch of the block with one rule for weight decay. */
export interface BlockRange {
  start: number;
  length: number;
  decay: boolean;
}

export class ParameterBlock {
  readonly dtype: DType;
  /** All values, and all gradients, [size]. Gaps between windows are 0 and stay 0. */
  readonly values: Tensor;
  readonly gradients: Tensor;
  readonly ranges: BlockRange[];
  private readonly offsets = new Map<Parameter, number>();

  /** Lays the parameters out, those with weight decay first, and fills them. */
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
      value.node = new Node("variable", [], null);
      value.node.slot = { tensor: windowOf(this.gradients, parameter.shape, offset, null), fresh: true };
      parameter.place(value);
    }
    this.initialise(generator);
  }

  /** Draws all parameters anew, in the order of their declaration. */
  initialise(generator: Generator): void {
    for (const parameter of this.parameters) {
      scope(() => {
        const { initialiser, fans } = parameter.options;
        const context = { shape: parameter.shape, dtype: this.dtype, generator, ...(fans ?? fansOf(parameter.shape)) };
        parameter.assign(initialise(initialiser, context));
      });
    }
  }

  /** Before the next backward: gradients count as not there. Costs nothing; the first gradient to arrive overwrites. */
  clearGradients(): void {
    for (const parameter of this.parameters) parameter.tensor.node!.slot!.fresh = true;
  }

  /** After backward, before an optimiser reads the block: parameters that no gradient reached get 0. */
  completeGradients(): void {
    for (const parameter of this.parameters) {
      const slot = parameter.tensor.node!.slot!;
      if (!slot.fresh) continue;
      engine().fill(slot.tensor, 0);
      slot.fresh = false;
    }
  }

  /** A stretch of the values or gradients as a tensor. */
  range(of: "values" | "gradients", range: BlockRange): Tensor {
    return windowOf(this[of], [range.length], range.start, null);
  }
}
