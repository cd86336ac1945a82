// One call of an operator: its inputs and attributes, as the operators' implementations see them.
import type { Generator } from "../../../tensor/random.ts";
import { formatShape } from "../../../tensor/shape.ts";
import type { Tensor } from "../../../tensor/tensor.ts";
import type { Attributes } from "./attributes.ts";
import { ArrayValue, SequenceValue, type Value } from "./value.ts";

/** How a graph is being run. */
export interface RunContext {
  /**
   * true while a model trains, false while it predicts; undefined where a graph is run by itself: then nodes in training mode do as the
   * standard says.
   */
  readonly training: boolean | undefined;
  readonly generator: Generator;
  /** Told by nodes that train of new values of what a model keeps by itself, such as running means. */
  readonly remember?: (value: ArrayValue, now: Tensor) => void;
}

/** A graph among a node's attributes, to be run with the values around it at hand. */
export interface Body {
  readonly inputs: number;
  readonly outputs: number;
  run(inputs: readonly (Value | undefined)[]): readonly Value[];
}

/** What an operator computes: from a call to the node's outputs. */
export type Operator = (call: Call) => readonly (Value | undefined)[];

/** A call of an operator. */
export class Call {
  constructor(
    readonly inputs: readonly (Value | undefined)[],
    readonly attributes: Attributes,
    /** The version of the operators' set that the model was written for. */
    readonly opset: number,
    /** For each output whether it is wanted. */
    readonly wanted: readonly boolean[],
    readonly context: RunContext,
    readonly bodies: Readonly<Record<string, Body>>,
  ) {}

  /** Whether input i is there. */
  has(i: number): boolean {
    return this.inputs[i] !== undefined;
  }

  /** Input i, which has to be an array. */
  value(i: number): ArrayValue {
    const value = this.inputs[i];
    if (value instanceof ArrayValue) return value;
    throw new TypeError(`input ${i} is ${value === undefined ? "missing" : "no array"}`);
  }

  /** Input i, which has to be a sequence. */
  sequence(i: number): SequenceValue {
    const value = this.inputs[i];
    if (value instanceof SequenceValue) return value;
    throw new TypeError(`input ${i} is ${value === undefined ? "missing" : "no sequence"}`);
  }

  /** Input i as a tensor. */
  tensor(i: number): Tensor {
    return this.value(i).tensor;
  }

  /** Input i as a tensor; null where it is left out. */
  optional(i: number): Tensor | null {
    return this.has(i) ? this.tensor(i) : null;
  }

  /** Input i as numbers; undefined where it is left out. */
  numbers(i: number): number[] | undefined {
    return this.has(i) ? this.value(i).numbers : undefined;
  }

  /** Input i as one number. */
  number(i: number, otherwise: number): number {
    return this.has(i) ? this.value(i).number : otherwise;
  }

  /** A list of integers that later versions take as an input, earlier ones as an attribute. */
  intsAt(i: number, name: string): number[] | undefined {
    return this.has(i) ? this.value(i).numbers : this.attributes.ints(name);
  }
}

/** An axis, negative from the end. @throws RangeError for one that the shape does not have. */
export function axisOf(axis: number, rank: number): number {
  const at = axis < 0 ? axis + rank : axis;
  if (Number.isInteger(at) && at >= 0 && at < Math.max(rank, 1)) return at;
  throw new RangeError(`axis ${axis} is not one of the ${rank} that there are`);
}

/** Throws unless a condition on shapes holds. */
export function expectRank(
  what: string,
  shape: readonly number[],
  least: number,
  most = Number.POSITIVE_INFINITY,
): void {
  if (shape.length >= least && shape.length <= most) return;
  throw new RangeError(
    `${what} has shape ${formatShape(shape)}, and needs ${least === most ? "" : "at least "}${least} axes`,
  );
}
