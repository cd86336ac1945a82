// What the native engine (src/engine/native) needs beside the kernels: the end of a matrix product that a library
// computed.
import { multiply, PART, Product } from "./gemm-block";
import { loadPart, storePart } from "./lanes";
import { scratch } from "./parallel";

/**
 * Adds the bias [n] to the rows of a product C[m,n], unless its address is 0, and applies the activation, numbered as
 * in `gemm`; rows are cRow elements apart. The same bits as `gemm` gives.
 */
export function finishProduct_f32(m: i32, n: i32, c: usize, cRow: i32, bias: usize, activation: i32): void {
  finish<f32>(m, n, c, cRow, bias, activation);
}

export function finishProduct_f64(m: i32, n: i32, c: usize, cRow: i32, bias: usize, activation: i32): void {
  finish<f64>(m, n, c, cRow, bias, activation);
}

function finish<T>(m: i32, n: i32, c: usize, cRow: i32, bias: usize, activation: i32): void {
  const step = <usize>cRow * sizeof<T>();
  if (activation == 3) return finishRows<T>(true, m, n, c, step, bias);
  if (activation == 0) return finishRows<T>(false, m, n, c, step, bias);
  // A product without steps leaves C as it is, and finishes it.
  const product = changetype<Product>(scratch + PART);
  product.m = m;
  product.n = n;
  product.k = 0;
  product.c = c;
  product.cRow = step;
  product.accumulate = true;
  product.bias = bias;
  product.activation = activation;
  multiply<T>(product);
}

/** What costs little to compute, without a loop's cost for every vector. */
// @ts-ignore: decorator
@inline
function finishRows<T>(relu: bool, m: i32, n: i32, c: usize, step: usize, bias: usize): void {
  if (bias) {
    for (; m > 0; --m, c += step) finishRow<T>(relu, true, n, c, bias);
  } else {
    for (; m > 0; --m, c += step) finishRow<T>(relu, false, n, c, 0);
  }
}

// @ts-ignore: decorator
@inline
function finishRow<T>(relu: bool, biased: bool, n: i32, c: usize, bias: usize): void {
  const end = c + <usize>n * sizeof<T>();
  for (; c + 64 <= end; c += 64, bias += 64) {
    finishVector<T>(relu, biased, c, bias, 0);
    finishVector<T>(relu, biased, c, bias, 16);
    finishVector<T>(relu, biased, c, bias, 32);
    finishVector<T>(relu, biased, c, bias, 48);
  }
  for (; c + 16 <= end; c += 16, bias += 16) finishVector<T>(relu, biased, c, bias, 0);
  const rest = <i32>(end - c) / <i32>sizeof<T>();
  if (rest > 0) {
    let x = loadPart<T>(c, rest);
    if (biased) x = v128.add<T>(x, loadPart<T>(bias, rest));
    storePart<T>(c, relu ? positive<T>(x) : x, rest);
  }
}

// @ts-ignore: decorator
@inline
function finishVector<T>(relu: bool, biased: bool, c: usize, bias: usize, offset: usize): void {
  let x = v128.load(c + offset);
  if (biased) x = v128.add<T>(x, v128.load(bias + offset));
  v128.store(c + offset, relu ? positive<T>(x) : x);
}

/** Only what is smaller gives way to zero: NaN stays. */
// @ts-ignore: decorator
@inline
function positive<T>(x: v128): v128 {
  return v128.pmax<T>(x, v128.splat<T>(0));
}
