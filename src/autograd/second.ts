// Second derivatives and full derivative matrices, for small problems: one backward pass a row.

import { callable } from "../engine/checks.ts";
import { engine } from "../engine/engine.ts";
import { mul } from "../ops/arithmetic.ts";
import { sum } from "../ops/broadcast.ts";
import { stack } from "../ops/join.ts";
import { reshape } from "../ops/views.ts";
import { checkTensor } from "../tensor/check.ts";
import { zeros } from "../tensor/create.ts";
import { formatShape, sameShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { grad, vjp } from "./grad.ts";

/** The i-th unit vector in the shape of x. */
function unit(x: Tensor, i: number): Tensor {
  const e = zeros(x.shape, x.dtype);
  const values = e.dataSync();
  values[i] = 1;
  engine().write(e, values);
  return e;
}

/**
 * All derivatives of a tensor-valued function: [...y, ...x], entry (i, j) = dy_i / dx_j. Costs one backward pass an
 * element of y: for small problems.
 * @throws TypeError if x has no gradient.
 * @example
 * ```ts
 * jacobian((x) => x.mul(x), tensor([1, 2])).toArray(); // [[2, 0], [0, 4]]
 * ```
 */
export function jacobian(f: (x: Tensor) => Tensor, x: Tensor): Tensor {
  callable("jacobian", "the first argument", f);
  const [y, pullBack] = vjp(f, x);
  const rows = Array.from({ length: y.size }, (_, i) => pullBack(unit(y, i))[0]);
  if (rows.length === 0) return zeros([...y.shape, ...x.shape], x.dtype);
  return reshape(stack(rows), [...y.shape, ...x.shape]);
}

/**
 * Second derivatives of a scalar function: [...x, ...x], entry (i, j) = d2f / dx_i dx_j. Costs one backward pass
 * through the gradient an element of x: for small problems.
 * @throws RangeError if f's result is not a scalar; Error if an operation in f has a gradient that can't be
 * differentiated (the message names it).
 * @example
 * ```ts
 * hessian((x) => x.mul(x).mul(x).sum(), tensor([1, 2])).toArray(); // [[6, 0], [0, 12]]
 * ```
 */
export function hessian(f: (x: Tensor) => Tensor, x: Tensor): Tensor {
  return jacobian(grad(f), x);
}

/**
 * Hessian times a vector in the shape of x, without the Hessian: the gradient of (gradient . v). Costs two backward
 * passes.
 * @throws RangeError if v has not the shape of x or f's result is not a scalar.
 * @example
 * ```ts
 * hessianVectorProduct((x) => x.mul(x).sum(), tensor([1, 2]), tensor([1, 0])).toArray(); // [2, 0]
 * ```
 */
export function hessianVectorProduct(f: (x: Tensor) => Tensor, x: Tensor, v: Tensor): Tensor {
  callable("hessianVectorProduct", "the first argument", f);
  checkTensor("hessianVectorProduct", x);
  checkTensor("hessianVectorProduct", v);
  if (!sameShape(v.shape, x.shape)) {
    throw new RangeError(
      `hessianVectorProduct: the vector has shape ${formatShape(v.shape)}, x has ${formatShape(x.shape)}; they must be equal`,
    );
  }
  return grad((z) => sum(mul(grad(f)(z), v)))(x);
}
