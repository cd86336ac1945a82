// How parameters start. Fan-in and fan-out are the numbers of connections into and out of one unit.

import type { DType } from "../engine/dtype.ts";
import { quote } from "../engine/quote.ts";
import { full, zeros } from "../tensor/create.ts";
import { type Generator, random } from "../tensor/random.ts";
import { type Shape, sizeOf } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";

/**
 * What an initialiser may use: the parameter it fills, random numbers, and the connections into and out of one unit.
 */
export interface InitialiserContext {
  shape: Shape;
  dtype: DType;
  generator: Generator;
  fanIn: number;
  fanOut: number;
}

/** An initialiser by name; see `initialise`. */
export type InitialiserName = "zeros" | "ones" | "normal" | "scaled" | "xavier" | "xavierUniform" | "he" | "heUniform";

/** An initialiser by name, or a function that makes the starting values in the shape and dtype it is given. */
export type Initialiser = InitialiserName | ((context: InitialiserContext) => Tensor);

function normal({ shape, dtype, generator }: InitialiserContext, deviation: number): Tensor {
  return random.normal(shape, 0, deviation, { dtype, generator });
}

function uniform({ shape, dtype, generator }: InitialiserContext, limit: number): Tensor {
  return random.uniform(shape, -limit, limit, { dtype, generator });
}

const byName: Record<InitialiserName, (context: InitialiserContext) => Tensor> = {
  zeros: ({ shape, dtype }) => zeros(shape, dtype),
  ones: ({ shape, dtype }) => full(shape, 1, dtype),
  normal: (c) => normal(c, 1),
  scaled: (c) => normal(c, 1 / Math.sqrt(c.fanIn)),
  // Glorot & Bengio 2010
  xavier: (c) => normal(c, Math.sqrt(2 / (c.fanIn + c.fanOut))),
  xavierUniform: (c) => uniform(c, Math.sqrt(6 / (c.fanIn + c.fanOut))),
  // He, Zhang, Ren & Sun 2015
  he: (c) => normal(c, Math.sqrt(2 / c.fanIn)),
  heUniform: (c) => uniform(c, Math.sqrt(6 / c.fanIn)),
};

/** Names of all initialisers. */
export const INITIALISERS = Object.keys(byName) as InitialiserName[];

/**
 * The starting values of a parameter, in its shape and dtype. N(m, v) is the normal distribution with variance v, U(l)
 * the uniform one on [-l, l):
 *
 * - `zeros`, `ones`
 * - `normal`: N(0, 1)
 * - `scaled`: N(0, 1 / fanIn) (Nielsen, section 3.3)
 * - `xavier`: N(0, 2 / (fanIn + fanOut)); `xavierUniform`: U(sqrt(6 / (fanIn + fanOut))) (Glorot & Bengio 2010)
 * - `he`: N(0, 2 / fanIn); `heUniform`: U(sqrt(6 / fanIn)) (He et al. 2015)
 * @throws TypeError for an unknown name.
 * @example
 * ```ts
 * const context = { shape: [3, 2], dtype: "float32", generator: new Generator(1), fanIn: 3, fanOut: 2 } as const;
 * initialise("xavier", context).shape; // [3, 2]
 * initialise(({ shape }) => full(shape, 0.1), context).sum().item(); // 0.6
 * ```
 */
export function initialise(initialiser: Initialiser, context: InitialiserContext): Tensor {
  if (typeof initialiser === "function") return initialiser(context);
  if (!Object.hasOwn(byName, initialiser)) {
    throw new TypeError(`initialiser: unknown name ${quote(initialiser)}; use one of ${INITIALISERS.join(", ")}`);
  }
  return byName[initialiser](context);
}

/** Fan-in and fan-out of weights [in, out], or of filters [out, in, ...window]. */
export function fansOf(shape: Shape): { fanIn: number; fanOut: number } {
  if (shape.length === 2) return { fanIn: shape[0], fanOut: shape[1] };
  if (shape.length < 2) return { fanIn: shape[0] ?? 1, fanOut: shape[0] ?? 1 };
  const window = sizeOf(shape.slice(2));
  return { fanIn: shape[1] * window, fanOut: shape[0] * window };
}
