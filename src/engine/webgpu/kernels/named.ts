// What the kernels that are called by name (Engine.kernel) are given, and the table of them.
import type { DType } from "../../dtype.ts";
import type { KernelText } from "../shader.ts";
import type { WaitingAlone } from "../waiting.ts";
import type { TileSize } from "./matmul.ts";

/** What a named kernel may ask of the engine. */
export interface Calls {
  /** How products are cut. */
  tiling(m: number, n: number, batch: number): TileSize;
  /** Runs a kernel on threads, each of which takes one of `threads` elements. */
  each(text: KernelText, values: readonly number[], threads: number): void;
  /** Runs a kernel on at least so many workgroups, which count along x and then y. */
  groups(text: KernelText, values: readonly number[], count: number): void;
  /** Lets something wait for what is asked for next. */
  hold(alone: WaitingAlone): void;
  /** Place of so many words that hold until the next kernel by name is called. */
  scratch(words: number): number;
  /** Notes a check, whose answer is told at the next read. */
  check(): void;
  /** A product of matrices. */
  product(call: MatmulCall): void;
}

/** A product of matrices at places. */
export interface MatmulCall {
  a: number;
  aRow: number;
  aColumn: number;
  aBatch?: number;
  b: number;
  bRow: number;
  bColumn: number;
  bBatch?: number;
  c: number;
  /** Elements between rows of C; default n. */
  cRow?: number;
  m: number;
  n: number;
  k: number;
  batch?: number;
  accumulate?: boolean;
  bias?: number;
  activation?: "none" | "sigmoid" | "tanh" | "relu";
}

/** A kernel by name: places of operands (words; 0 for none) and numbers, in the order of its definition in kernels/; and the operands' sizes. */
export type NamedKernel = (calls: Calls, values: readonly number[], dtype: DType, sizes: readonly number[]) => void;

/** Kernels by name, for the types that are listed. */
export interface NamedEntry {
  readonly dtypes: readonly DType[];
  /** Which operands it writes to, by their places; absent: it may be any. */
  readonly writes?: readonly number[];
  readonly run: NamedKernel;
}

/** An entry for float32 alone. */
export function float(run: NamedKernel, writes?: readonly number[]): NamedEntry {
  return { dtypes: ["float32"], run, writes };
}
