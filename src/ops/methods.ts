// The operations as methods of Tensor: `x.add(y)` is `add(x, y)`. The list below is the whole rule; types follow from the functions.
import { Tensor } from "../tensor/tensor.ts";
import {
  elu,
  erf,
  erfinv,
  gaussian,
  gelu,
  hardSigmoid,
  leakyRelu,
  logSigmoid,
  mish,
  relu,
  selu,
  sigmoid,
  silu,
  softplus,
  softsign,
  step,
} from "./activations.ts";
import { abs, add, div, floorDivide, mul, neg, reciprocal, remainder, sign, square, sub } from "./arithmetic.ts";
import { broadcastTo, sum } from "./broadcast.ts";
import { cast } from "./cast.ts";
import { clip, maximum, minimum } from "./choice.ts";
import {
  equal,
  greater,
  greaterEqual,
  less,
  lessEqual,
  logicalAnd,
  logicalNot,
  logicalOr,
  logicalXor,
  notEqual,
} from "./comparison.ts";
import { cumprod, cumsum } from "./cumulative.ts";
import { diagonal, trace } from "./diagonals.ts";
import { exp, exp2, expm1, log, log1p, log2, log10, pow, rsqrt, sqrt } from "./exponentials.ts";
import { gather, scatterAdd, takeAlongAxis } from "./gather.ts";
import type { Index } from "./index-plan.ts";
import * as indexing from "./indexing.ts";
import { roll } from "./join.ts";
import { dot, matmul, outer } from "./linalg.ts";
import { maskedSelect, nonZero } from "./masks.ts";
import { cholesky } from "./matrices/cholesky.ts";
import { det, slogdet } from "./matrices/determinant.ts";
import { eigh } from "./matrices/eigh.ts";
import { qr } from "./matrices/qr.ts";
import { inv, solve } from "./matrices/solve.ts";
import { svd } from "./matrices/svd.ts";
import { pad } from "./padding.ts";
import {
  all,
  any,
  argmax,
  argmin,
  countNonZero,
  max,
  mean,
  min,
  norm,
  prod,
  standardDeviation,
  variance,
} from "./reduce.ts";
import { repeat, tile } from "./repeat.ts";
import { ceil, floor, round, trunc } from "./rounding.ts";
import { flip, slice, split } from "./slices.ts";
import { logSoftmax, logSumExp, softmax } from "./softmax.ts";
import { argsort, median, quantile, sort, topK, unique } from "./sorting.ts";
import { allclose, argwhere, correlation, covariance, diff, nanToNum, percentile } from "./statistics.ts";
import { acos, acosh, asin, asinh, atan, atanh, cos, cosh, hypot, sin, sinh, tan, tanh } from "./trigonometry.ts";
import { clone, expandDims, flatten, moveAxis, reshape, squeeze, swapAxes, transpose } from "./views.ts";

const { set } = indexing;

/** Functions whose first argument becomes `this`. */
const methods = {
  ...{ add, sub, mul, div, floorDivide, remainder, pow, maximum, minimum },
  ...{ neg, abs, sign, floor, ceil, round, trunc, square, sqrt, rsqrt, reciprocal },
  ...{ exp, exp2, expm1, log, log2, log10, log1p, sin, cos, tan, asin, acos, atan, sinh, cosh, tanh, erf },
  ...{ allclose, argwhere, correlation, covariance, diff, nanToNum, percentile },
  ...{ asinh, acosh, atanh, hypot, erfinv, mish, softsign, selu, logSigmoid, hardSigmoid },
  ...{ sigmoid, relu, leakyRelu, elu, softplus, silu, gelu, gaussian, step, clip, cast },
  ...{ equal, notEqual, less, lessEqual, greater, greaterEqual },
  ...{ logicalAnd, logicalOr, logicalXor, logicalNot },
  ...{ matmul, dot, outer },
  ...{ solve, inv, det, slogdet, cholesky, qr, svd, eigh },
  ...{ sum, mean, prod, max, min, argmax, argmin, any, all, countNonZero, variance, standardDeviation, norm },
  ...{ logSumExp, softmax, logSoftmax, cumsum, cumprod },
  ...{ reshape, flatten, transpose, swapAxes, moveAxis, expandDims, squeeze, broadcastTo, clone, slice, flip },
  ...{ split, tile, repeat, pad, roll, diagonal, trace },
  ...{ set, gather, scatterAdd, takeAlongAxis, maskedSelect, nonZero },
  ...{ sort, argsort, topK, unique, median, quantile },
};

type Method<F> = F extends (first: Tensor, ...rest: infer Rest) => infer Result
  ? (...rest: Rest) => Result
  : F extends (first: infer First, ...rest: infer Rest) => infer Result
    ? Tensor extends First
      ? (...rest: Rest) => Result
      : never
    : never;

type Methods = { [Name in keyof typeof methods]: Method<(typeof methods)[Name]> };

declare module "../tensor/tensor.ts" {
  interface Tensor extends Methods {
    /** The axes reversed, a view: the transposed matrix. */
    readonly T: Tensor;
    /**
     * NumPy's x[...] for reading: one index an axis, see `Index`; axes without one are taken in full. Numbers, ranges, `newAxis` and
     * `ellipsis` give a view; with index arrays or masks it is a copy. `set` writes, `slice` is short for one range.
     * @throws RangeError if a position is out of range, there are more indices than axes, or a mask does not fit; TypeError for what is no index.
     * @example
     * ```ts
     * tensor([[1, 2], [3, 4]]).get(0, -1).item(); // 2
     * tensor([[1, 2], [3, 4]]).get(":", 1).toArray(); // [2, 4]
     * tensor([1, 2, 3, 4]).get({ start: 1, stop: -1 }).toArray(); // [2, 3]
     * tensor([1, 2, 3, 4]).get([0, 0, 3]).toArray(); // [1, 1, 4]
     * ```
     */
    get(...indices: Index[]): Tensor;
    /** The slices along the first axis. */
    [Symbol.iterator](): IterableIterator<Tensor>;
  }
}

for (const [name, operation] of Object.entries(methods)) {
  Object.defineProperty(Tensor.prototype, name, {
    // Four named parameters instead of a rest list: no array is made in a call, and no operation takes more.
    value(this: Tensor, a?: unknown, b?: unknown, c?: unknown, d?: unknown) {
      return (operation as (...operands: unknown[]) => unknown)(this, a, b, c, d);
    },
    writable: true,
    configurable: true,
  });
}

Object.defineProperty(Tensor.prototype, "T", {
  get(this: Tensor) {
    return transpose(this);
  },
});

// As many indices as there are axes, and new ones.
Object.defineProperty(Tensor.prototype, "get", {
  value(this: Tensor, ...indices: Index[]) {
    return indexing.get(this, ...indices);
  },
  writable: true,
  configurable: true,
});

Object.defineProperty(Tensor.prototype, Symbol.iterator, {
  value(this: Tensor) {
    return indexing.iterate(this);
  },
  writable: true,
  configurable: true,
});
