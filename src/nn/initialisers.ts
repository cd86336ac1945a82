// How parameters start. Fan-in and fan-out are the numbers of connections into and out of one unit.

import { callable, fields, finite, knownOptions, notNegative, oneOf, positive } from "../engine/checks.ts";
import type { DType } from "../engine/dtype.ts";
import { byNameIn } from "../engine/names.ts";
import { mul } from "../ops/arithmetic.ts";
import { cast } from "../ops/cast.ts";
import { where } from "../ops/choice.ts";
import { less } from "../ops/comparison.ts";
import { diagonal } from "../ops/diagonals.ts";
import { qr } from "../ops/matrices/qr.ts";
import { random } from "../ops/random.ts";
import { reshape, transpose } from "../ops/views.ts";
import { full, zeros } from "../tensor/create.ts";
import { withRecording } from "../tensor/graph.ts";
import type { Generator } from "../tensor/random.ts";
import { checkShape, formatShape, type Shape, sizeOf } from "../tensor/shape.ts";
import { scope, type Tensor } from "../tensor/tensor.ts";

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
export type InitialiserName =
  | "zeros"
  | "ones"
  | "normal"
  | "scaled"
  | "xavier"
  | "xavierUniform"
  | "he"
  | "heUniform"
  | "truncatedNormal"
  | "orthogonal";

/** An initialiser by name, or a function that makes the starting values in the shape and dtype it is given. */
export type Initialiser = InitialiserName | ((context: InitialiserContext) => Tensor);

function normal({ shape, dtype, generator }: InitialiserContext, deviation: number): Tensor {
  return random.normal(shape, 0, deviation, { dtype, generator });
}

function uniform({ shape, dtype, generator }: InitialiserContext, limit: number): Tensor {
  return random.uniform(shape, -limit, limit, { dtype, generator });
}

/** Orthonormal rows [k, m], k <= m, uniformly distributed: those of normal numbers, with the signs that make R's diagonal positive (Mezzadri 2007). */
function orthonormalRows(k: number, m: number, generator: Generator): Tensor {
  const { q, r } = qr(transpose(random.normal([k, m], 0, 1, { dtype: "float64", generator })));
  return transpose(mul(q, where(less(diagonal(r), 0), -1, 1)));
}

function orthogonalOf({ shape, dtype, generator }: InitialiserContext, gain: number): Tensor {
  if (shape.length < 2) {
    throw new RangeError(`initialiser orthogonal: needs at least two axes, got shape ${formatShape(shape)}`);
  }
  return withRecording(false, () =>
    scope(() => {
      const [rows, columns] = [shape[0], sizeOf(shape.slice(1))];
      const q = orthonormalRows(Math.min(rows, columns), Math.max(rows, columns), generator);
      return reshape(cast(mul(rows <= columns ? q : transpose(q), gain), dtype), shape);
    }),
  );
}

/** The deviation of a normal distribution cut at two deviations, for a deviation of 1. */
const TRUNCATED_DEVIATION = 0.8796256610342398;

/** What `initialiser.truncatedNormal` takes. */
export interface TruncatedNormalOptions {
  /** Default 0. */
  mean?: number;
  /** That of the distribution before it is cut at two deviations, above 0; default 0.05. */
  deviation?: number;
}

/** What `initialiser.varianceScaling` takes. */
export interface VarianceScalingOptions {
  /** Above 0; default 1. */
  scale?: number;
  /** What the variance is divided by: connections into a unit (default), out of it, or their mean. */
  mode?: "fanIn" | "fanOut" | "fanAverage";
  /** Default "truncatedNormal": normal, cut at two deviations. */
  distribution?: "truncatedNormal" | "normal" | "uniform";
}

/**
 * Initialisers with settings, with Keras' names and defaults: each function makes one, to be given where an initialiser's name
 * could be.
 *
 * - `constant(value)`: the same number everywhere
 * - `truncatedNormal({ mean, deviation })`: normal, cut at two deviations from the mean
 * - `orthogonal({ gain })`: a matrix with orthonormal rows or columns, whichever are fewer, times the gain, for parameters
 *   [rows, ...columns] (Saxe, McClelland & Ganguli 2014)
 * - `varianceScaling({ scale, mode, distribution })`: mean 0 and variance scale / fan (He et al. 2015; with scale 2 that of `he`,
 *   with "fanAverage" that of `xavier`)
 *
 * All throw RangeError for numbers that are not in their range, and TypeError for an unknown option.
 * @example
 * ```ts
 * const model = new Sequential([new Dense(2, { weights: initialiser.constant(0.5) })], { inputShape: [3] });
 * model.call(tensor([[1, 2, 3]])).toArray(); // [[3, 3]]
 * ```
 */
export const initialiser = {
  /**
   * The same number everywhere.
   * @example
   * ```ts
   * const context = { shape: [2, 2], dtype: "float32", generator: new Generator(1), fanIn: 2, fanOut: 2 } as const;
   * initialise(initialiser.constant(0.5), context).toArray(); // [[0.5, 0.5], [0.5, 0.5]]
   * ```
   */
  constant(value: number): (context: InitialiserContext) => Tensor {
    finite("initialiser.constant", "value", value);
    return ({ shape, dtype }) => full(shape, value, dtype);
  },
  /**
   * Normal, cut at two deviations from the mean.
   * @example
   * ```ts
   * const context = { shape: [2, 2], dtype: "float32", generator: new Generator(1), fanIn: 2, fanOut: 2 } as const;
   * initialise(initialiser.truncatedNormal({ deviation: 0.1 }), context).abs().max().item() <= 0.2; // true
   * ```
   */
  truncatedNormal(options: TruncatedNormalOptions = {}): (context: InitialiserContext) => Tensor {
    const owner = "initialiser.truncatedNormal";
    knownOptions(owner, options, ["mean", "deviation"]);
    const mean = finite(owner, "mean", options.mean ?? 0);
    const deviation = positive(owner, "deviation", options.deviation ?? 0.05);
    return ({ shape, dtype, generator }) => random.truncatedNormal(shape, mean, deviation, { dtype, generator });
  },
  /**
   * Orthonormal rows or columns, whichever are fewer, times `gain`, default 1.
   * @example
   * ```ts
   * const context = { shape: [2, 2], dtype: "float32", generator: new Generator(1), fanIn: 2, fanOut: 2 } as const;
   * const w = initialise(initialiser.orthogonal(), context);
   * allclose(w.matmul(w.T), eye(2), { absoluteTolerance: 1e-6 }); // true
   * ```
   */
  orthogonal(options: { gain?: number } = {}): (context: InitialiserContext) => Tensor {
    knownOptions("initialiser.orthogonal", options, ["gain"]);
    const gain = notNegative("initialiser.orthogonal", "gain", options.gain ?? 1);
    return (context) => orthogonalOf(context, gain);
  },
  /**
   * Mean 0, variance scale / fan.
   * @example
   * ```ts
   * const context = { shape: [2, 2], dtype: "float32", generator: new Generator(1), fanIn: 2, fanOut: 2 } as const;
   * initialise(initialiser.varianceScaling({ scale: 2, distribution: "uniform" }), context).shape; // [2, 2]
   * ```
   */
  varianceScaling(options: VarianceScalingOptions = {}): (context: InitialiserContext) => Tensor {
    const owner = "initialiser.varianceScaling";
    knownOptions(owner, options, ["scale", "mode", "distribution"]);
    const scale = positive(owner, "scale", options.scale ?? 1);
    const mode = oneOf(owner, "mode", options.mode ?? "fanIn", ["fanIn", "fanOut", "fanAverage"]);
    const distributions = ["truncatedNormal", "normal", "uniform"] as const;
    const distribution = oneOf(owner, "distribution", options.distribution ?? "truncatedNormal", distributions);
    return (context) => {
      const { fanIn, fanOut, shape, dtype, generator } = context;
      const fan = { fanIn, fanOut, fanAverage: (fanIn + fanOut) / 2 }[mode];
      const deviation = Math.sqrt(scale / Math.max(1, fan));
      if (distribution === "uniform") return uniform(context, Math.sqrt(3) * deviation);
      if (distribution === "normal") return normal(context, deviation);
      return random.truncatedNormal(shape, 0, deviation / TRUNCATED_DEVIATION, { dtype, generator });
    };
  },
};

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
  truncatedNormal: initialiser.truncatedNormal(),
  orthogonal: initialiser.orthogonal(),
};

const table: ReadonlyMap<string, (context: InitialiserContext) => Tensor> = new Map(Object.entries(byName));

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
 * - `truncatedNormal`: N(0, 0.0025) cut at two deviations; `orthogonal`: orthonormal rows or columns; both with settings, and
 *   others, are in `initialiser`
 * @throws TypeError for an unknown name.
 * @example
 * ```ts
 * const context = { shape: [3, 2], dtype: "float32", generator: new Generator(1), fanIn: 3, fanOut: 2 } as const;
 * initialise("xavier", context).shape; // [3, 2]
 * initialise(({ shape }) => full(shape, 0.1), context).sum().item(); // 0.6
 * ```
 */
export function initialise(initialiser: Initialiser, context: InitialiserContext): Tensor {
  fields("initialiser", "the context, { shape, dtype, generator, fanIn, fanOut },", context);
  checkShape("initialiser", context.shape);
  // Not all initialisers ask for them.
  for (const name of ["fanIn", "fanOut"] as const)
    if (context[name] !== undefined) finite("initialiser", name, context[name]);
  if (typeof initialiser === "function") return callable("initialiser", "a function of your own", initialiser)(context);
  return byNameIn("initialiser", initialiser, table)(context);
}

/** Throws for what is neither the name of an initialiser nor a function. */
export function checkInitialiser(initialiser: Initialiser): void {
  if (typeof initialiser !== "function") byNameIn("initialiser", initialiser, table);
}

/** Fan-in and fan-out of weights [in, out], or of filters [out, in, ...window]. */
export function fansOf(shape: Shape): { fanIn: number; fanOut: number } {
  if (shape.length === 2) return { fanIn: shape[0], fanOut: shape[1] };
  if (shape.length < 2) return { fanIn: shape[0] ?? 1, fanOut: shape[0] ?? 1 };
  const window = sizeOf(shape.slice(2));
  return { fanIn: shape[1] * window, fanOut: shape[0] * window };
}
