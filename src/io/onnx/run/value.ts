// What flows between the nodes of a graph while it runs. Floating-point and boolean arrays are tensors; integers and strings stand in plain arrays of
// JavaScript, where int64 is exact, and become int32 tensors where an operation wants one.
import { type DType, type TypedArray, typedArray } from "../../../engine/dtype.ts";
import { engine } from "../../../engine/engine.ts";
import type { Storage } from "../../../engine/storage.ts";
import { cast } from "../../../ops/cast.ts";
import { tensor } from "../../../tensor/create.ts";
import { withRecording } from "../../../tensor/graph.ts";
import { formatShape, type Shape } from "../../../tensor/shape.ts";
import { empty, keep, scope, type Tensor } from "../../../tensor/tensor.ts";
import {
  type ElementData,
  type ElementType,
  elementArray,
  isFloating,
  type OnnxTensor,
  type StoredArray,
} from "../onnx-tensor.ts";

/** An array, a list of values, or an optional value that is not there. */
export type Value = ArrayValue | SequenceValue | NoValue;

/** The dtype of the tensor that stands for an array of a type. */
export function dtypeOf(type: ElementType): DType {
  if (type === "float64") return "float64";
  if (type === "bool") return "bool";
  return isFloating(type) ? "float32" : "int32";
}

/** Whether tensors hold every value of the type as it is. */
export function isNative(type: ElementType): boolean {
  return type === "bool" || isFloating(type);
}

/**
 * An array of one of ONNX's element types: a tensor, a plain array, or the bytes of a file. Exactly one of these forms is there from the start;
 * the first two are made when they are asked for.
 */
export class ArrayValue {
  readonly size: number;
  /**
   * Whether it is the same at every run with inputs of these shapes: constants, and what is computed from shapes and constants alone.
   * Such values are computed once, and their tensors live on.
   */
  lasting = false;
  private held: Tensor | null;
  private elements: ElementData | null;

  /** `stored`: where neither a tensor nor a plain array is given, what lies in a file. */
  constructor(
    readonly type: ElementType,
    readonly shape: Shape,
    held: Tensor | null,
    elements: ElementData | null,
    private readonly stored: StoredArray | null = null,
  ) {
    this.size = shape.reduce((product, length) => product * length, 1);
    this.held = held;
    this.elements = elements;
  }

  /** Whether it has its numbers as a tensor by now. */
  get isTensor(): boolean {
    return this.held !== null;
  }

  get rank(): number {
    return this.shape.length;
  }

  /** The memory of its tensor, if it has one. */
  get storage(): Storage | null {
    return this.held?.storage ?? null;
  }

  /**
   * As a tensor: integers as int32.
   * @throws RangeError for integers that int32 does not hold; TypeError for strings.
   */
  get tensor(): Tensor {
    if (this.held !== null) return this.held;
    const { type, shape, stored } = this;
    if (type === "string")
      throw new TypeError(`is an array of strings, ${formatShape(shape)}, where numbers are needed`);
    // Constants may first be asked for while a step is recorded, and what fills memory directly can't be.
    const bytes = this.elements === null && !this.lasting ? stored?.bytes : undefined;
    const make = (): Tensor =>
      bytes === undefined
        ? tensorOf(type, shape, this.data as Exclude<ElementData, string[]>)
        : tensorOfBytes(type as "float32" | "float64", shape, bytes);
    if (!this.lasting) return make();
    this.held = keep(scope(make));
    return this.held;
  }

  /** As a plain array of the type. Waits until a tensor's numbers are there. */
  get data(): ElementData {
    this.elements ??= this.stored === null ? elementsOf(this.type, this.held!) : this.stored.decode();
    return this.elements;
  }

  /** The elements as numbers; those of int64 and uint64 beyond what a number holds exactly become the nearest. */
  get numbers(): number[] {
    const { data } = this;
    return Array.isArray(data) ? data.map(Number) : Array.from(data as ArrayLike<number | bigint>, Number);
  }

  /** The elements as strings. */
  get strings(): string[] {
    const { data } = this;
    if (!Array.isArray(data)) throw new TypeError(`is an array of ${this.type}, where strings are needed`);
    return data;
  }

  /** Its only element as a number. */
  get number(): number {
    if (this.size !== 1) throw new RangeError(`has ${this.size} elements, where one is needed`);
    return this.numbers[0];
  }

  /** For a value that lasts: its tensor outlives the scope that made it. */
  last(): this {
    this.lasting = true;
    if (this.held !== null) keep(this.held);
    return this;
  }

  /** As users get it where `Tensor` has no such type. */
  onnx(): OnnxTensor {
    return { type: this.type, shape: [...this.shape], data: this.data };
  }
}

function tensorOf(type: ElementType, shape: Shape, elements: Exclude<ElementData, string[]>): Tensor {
  const dtype = dtypeOf(type);
  if (dtype !== "int32") return tensor(elements as TypedArray, { dtype, shape });
  if (elements instanceof Int32Array) return tensor(elements, { shape });
  const numbers = new Int32Array(elements.length);
  for (let i = 0; i < numbers.length; i++) {
    const value = Number(elements[i]);
    if (value !== (value | 0)) {
      throw new RangeError(`holds ${elements[i]} (${type}), and computing with integers goes up to 2147483647`);
    }
    numbers[i] = value;
  }
  return tensor(numbers, { shape });
}

/** From a file to the engine's memory at once. */
function tensorOfBytes(dtype: "float32" | "float64", shape: Shape, bytes: Uint8Array): Tensor {
  const x = empty("importOnnx", shape, dtype);
  if (x.size === 0) return x;
  if (!engine().asynchronous) {
    engine().window(x).set(bytes);
    return x;
  }
  const values = typedArray(dtype, x.size);
  new Uint8Array(values.buffer).set(bytes);
  engine().write(x, values);
  return x;
}

function elementsOf(type: ElementType, held: Tensor): ElementData {
  const values = held.dataSync();
  const data = elementArray(type, 0);
  if (data.constructor === values.constructor) return values;
  if (data instanceof BigInt64Array) return BigInt64Array.from(values, BigInt);
  if (data instanceof BigUint64Array) return BigUint64Array.from(values, (value) => BigInt(value));
  const made = elementArray(type, values.length) as Float32Array;
  made.set(values as Float32Array);
  return made;
}

/**
 * A tensor as a value; `type` where it is not that of the dtype.
 * @throws TypeError for a tensor that does not stand for that type: an operation was given a type that it does not take.
 */
export function fromTensor(x: Tensor, type: ElementType = x.dtype): ArrayValue {
  if (x.dtype !== dtypeOf(type)) throw new TypeError(`does not take ${type}, of which it makes ${x.dtype}`);
  return new ArrayValue(type, x.shape, x, null);
}

/** What lies in a file as a value. */
export function fromStored(stored: StoredArray): ArrayValue {
  // Few other types fill a file, and their elements tell at once whether they are sound.
  if (stored.bytes === undefined) return fromData(stored.type, stored.shape, stored.decode());
  return new ArrayValue(stored.type, stored.shape, null, null, stored);
}

/** A plain array as a value. */
export function fromData(type: ElementType, shape: Shape, elements: ElementData): ArrayValue {
  return new ArrayValue(type, shape, null, elements);
}

/** Numbers as a value of a type. */
export function fromNumbers(type: ElementType, shape: Shape, numbers: ArrayLike<number | bigint>): ArrayValue {
  const elements = elementArray(type, numbers.length);
  if (elements instanceof BigInt64Array || elements instanceof BigUint64Array) {
    for (let i = 0; i < numbers.length; i++) elements[i] = BigInt(numbers[i]);
  } else for (let i = 0; i < numbers.length; i++) (elements as Float32Array)[i] = Number(numbers[i]);
  return new ArrayValue(type, shape, null, elements);
}

/** int64 of one axis. */
export function fromInts(numbers: readonly number[]): ArrayValue {
  return fromNumbers("int64", [numbers.length], numbers);
}

/** A list of values of one type. */
export class SequenceValue {
  constructor(readonly items: readonly Value[]) {}
}

/** An optional value that is not there. */
export class NoValue {
  readonly none = true;
}

/** All tensors in values. */
export function tensorsIn(values: readonly (Value | undefined)[], into: Tensor[] = []): Tensor[] {
  for (const value of values) {
    if (value instanceof ArrayValue) {
      if (value.isTensor) into.push(value.tensor);
    } else if (value instanceof SequenceValue) tensorsIn(value.items, into);
  }
  return into;
}

/**
 * What an operation that only moves elements makes of arrays of any type: where they are tensors it is applied to those, otherwise to their
 * elements' numbers, from 0 on, and the elements follow. All arrays have one type.
 */
export function moved(values: readonly ArrayValue[], move: (tensors: readonly Tensor[]) => Tensor): ArrayValue {
  const { type } = values[0];
  if (isNative(type) || (type !== "string" && values.every(({ isTensor }) => isTensor))) {
    return fromTensor(move(values.map(({ tensor }) => tensor)), type);
  }
  let start = 0;
  const arrays: ElementData[] = [];
  const { shape, places } = scope(() => {
    const numbered = values.map(({ shape, size, data }) => {
      const numbers = Int32Array.from({ length: size }, (_, i) => start + i);
      start += size;
      arrays.push(data);
      return tensor(numbers, { shape });
    });
    const y = withRecording(false, () => move(numbered));
    const result = { shape: y.shape, places: y.dataSync() };
    return result;
  });
  const elements = elementArray(type, places.length);
  const starts = arrays.map((_, i) => arrays.slice(0, i).reduce((sum, { length }) => sum + length, 0));
  for (let i = 0; i < places.length; i++) {
    let k = arrays.length - 1;
    while (places[i] < starts[k]) k -= 1;
    elements[i] = arrays[k][places[i] - starts[k]] as never;
  }
  return fromData(type, shape, elements);
}

/** `moved` for one array. */
export function movedOne(value: ArrayValue, move: (x: Tensor) => Tensor): ArrayValue {
  return moved([value], ([x]) => move(x));
}

/** A tensor in another dtype of the floating-point kind, where it is none. */
export function asFloat(x: Tensor): Tensor {
  return x.dtype === "float32" || x.dtype === "float64" ? x : cast(x, "float32");
}
