// Activation functions on matrices whose rows are samples, and softmax in two versions: as the formula is written, and as it must be computed.
import { Matrix } from "../../matrix.ts";

/** 1 above 0, else 0. */
export function stepFunction(x: Matrix): Matrix {
  return x.map((value) => (value > 0 ? 1 : 0));
}

export function sigmoid(x: Matrix): Matrix {
  return x.map((value) => 1 / (1 + Math.exp(-value)));
}

export function tanh(x: Matrix): Matrix {
  return x.map(Math.tanh);
}

export function relu(x: Matrix): Matrix {
  return x.map((value) => Math.max(0, value));
}

/** The output activation of regression. */
export function identityFunction(x: Matrix): Matrix {
  return x;
}

/** exp(a_k) / sum of exp(a_i), as it stands: exp overflows from 710 on, and infinity / infinity is no number. */
export function naiveSoftmax(a: Matrix): Matrix {
  const expA = a.map(Math.exp);
  return expA.zip(expA.sums("rows"), (value, sum) => value / sum);
}

/** The same after the largest element of each row is subtracted: the quotient does not change, and no exponent is above 0. */
export function softmax(a: Matrix): Matrix {
  const c = new Matrix(
    a.rows,
    1,
    a.toRows().map((row) => Math.max(...row)),
  );
  return naiveSoftmax(a.minus(c));
}
