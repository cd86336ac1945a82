// Products of matrices, sums of products, and determinants.
import { add, mul, sub } from "../../../ops/arithmetic.ts";
import { cast } from "../../../ops/cast.ts";
import { einsum } from "../../../ops/einsum.ts";
import { linear, matmul } from "../../../ops/linalg.ts";
import { det } from "../../../ops/matrices/determinant.ts";
import { reshape, transpose } from "../../../ops/views.ts";
import type { Tensor } from "../../../tensor/tensor.ts";
import { isFloating } from "../onnx-tensor.ts";
import { axisOf, type Call, expectRank } from "../run/call.ts";
import { entry, type OperatorTable } from "../run/entry.ts";
import { type ArrayValue, fromNumbers, fromTensor } from "../run/value.ts";

/** As NumPy's matmul: with vectors, and batches that broadcast. Integers are computed in float64, exactly up to 2^53. */
function product(call: Call): ArrayValue[] {
  const [a, b] = [call.value(0), call.value(1)];
  if (isFloating(a.type)) return [fromTensor(matmul(a.tensor, b.tensor), a.type)];
  const wide = (x: ArrayValue): Tensor => fromNumbers("float64", x.shape, x.data as ArrayLike<number>).tensor;
  const y = matmul(wide(a), wide(b));
  return [fromNumbers(a.type, y.shape, y.dataSync())];
}

/** alpha A B + beta C, either of A and B transposed. */
function general(call: Call): ArrayValue[] {
  const { attributes } = call;
  const [a, b] = [call.value(0), call.value(1)];
  expectRank("A", a.shape, 2, 2);
  expectRank("B", b.shape, 2, 2);
  const [alpha, beta] = [attributes.float("alpha", 1), attributes.float("beta", 1)];
  const flip = (x: Tensor, name: string): Tensor => (attributes.flag(name, false) ? transpose(x) : x);
  const wide = (x: ArrayValue): Tensor => (isFloating(x.type) ? x.tensor : cast(x.tensor, "float64"));
  const [x, w] = [flip(wide(a), "transA"), flip(wide(b), "transB")];
  const c = call.has(2) ? wide(call.value(2)) : null;
  const activation = attributes.text("nabla.activation", "none") as "none" | "relu";
  // A bias of one number a column goes into the product's own pass.
  if (alpha === 1 && beta === 1 && c !== null && c.rank === 1 && c.size === w.shape[1]) {
    return [typed(linear(x, w, c, activation), a)];
  }
  let y = matmul(x, w);
  if (alpha !== 1) y = mul(y, alpha);
  if (c !== null) y = add(y, beta === 1 ? c : mul(c, beta));
  return [typed(activation === "relu" ? y.relu() : y, a)];
}

function typed(y: Tensor, like: ArrayValue): ArrayValue {
  return isFloating(like.type) ? fromTensor(y, like.type) : fromNumbers(like.type, y.shape, y.dataSync());
}

/** Integers of 8 bits less their zero points, multiplied to int32. */
function integerProduct(call: Call): ArrayValue[] {
  const shifted = (i: number, along: -1 | -2): Tensor => {
    const x = cast(call.tensor(i), "float64");
    if (!call.has(i + 2)) return x;
    const zero = cast(call.tensor(i + 2), "float64");
    // One for each row of A, or each column of B.
    const shape = zero.rank === 1 && zero.size > 1 && along === -2 ? [...zero.shape, 1] : zero.shape;
    return sub(x, reshape(zero, shape));
  };
  return [fromTensor(cast(matmul(shifted(0, -2), shifted(1, -1)), "int32"))];
}

function summed(call: Call): ArrayValue[] {
  const equation = call.attributes.text("equation", "").replaceAll(" ", "");
  const values = call.inputs.map((_, i) => call.value(i));
  const { type } = values[0];
  if (isFloating(type)) return [fromTensor(einsum(equation, ...values.map(({ tensor }) => tensor)), type)];
  const y = einsum(equation, ...values.map(({ tensor }) => cast(tensor, "float64")));
  return [fromNumbers(type, y.shape, y.dataSync())];
}

/** Running sums along an axis, from the end if `reverse`, without the element itself if `exclusive`. */
function running(fold: "sum" | "product"): (call: Call) => ArrayValue[] {
  return (call) => {
    const x = call.value(0);
    const axis = axisOf(call.value(1).number, x.rank);
    const [exclusive, reverse] = [call.attributes.flag("exclusive", false), call.attributes.flag("reverse", false)];
    let t = isFloating(x.type) ? x.tensor : fromNumbers("float64", x.shape, x.data as ArrayLike<number>).tensor;
    if (reverse) t = t.flip(axis);
    let y = fold === "sum" ? t.cumsum(axis) : t.cumprod(axis);
    if (exclusive) {
      const begin = call.value(0).shape.map((_, i): [number, number] => (i === axis ? [1, 0] : [0, 0]));
      y = y.slice(0, -1, 1, axis).pad(begin, "constant", fold === "sum" ? 0 : 1);
    }
    if (reverse) y = y.flip(axis);
    return [typed(y, x)];
  };
}

/** Operators of this family. */
export const products: OperatorTable = {
  MatMul: entry(product),
  Gemm: entry(general),
  MatMulInteger: entry(integerProduct),
  Einsum: entry(summed),
  Det: entry((call) => [fromTensor(det(call.tensor(0)), call.value(0).type)]),
  CumSum: entry(running("sum")),
  CumProd: entry(running("product")),
};
