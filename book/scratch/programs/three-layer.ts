// A forward pass through three layers with given weights: the whole of inference, before anything is learnt.
import { Matrix } from "../../matrix.ts";
import { identityFunction, sigmoid } from "./activations.ts";

export interface ThreeLayerParams {
  W1: Matrix;
  b1: Matrix;
  W2: Matrix;
  b2: Matrix;
  W3: Matrix;
  b3: Matrix;
}

/** Every value on the way: a before, z after the activation. */
export interface Forward {
  a1: Matrix;
  z1: Matrix;
  a2: Matrix;
  z2: Matrix;
  a3: Matrix;
  y: Matrix;
}

export function initNetwork(): ThreeLayerParams {
  return {
    W1: Matrix.from([
      [0.1, 0.3, 0.5],
      [0.2, 0.4, 0.6],
    ]),
    b1: Matrix.row([0.1, 0.2, 0.3]),
    W2: Matrix.from([
      [0.1, 0.4],
      [0.2, 0.5],
      [0.3, 0.6],
    ]),
    b2: Matrix.row([0.1, 0.2]),
    W3: Matrix.from([
      [0.1, 0.3],
      [0.2, 0.4],
    ]),
    b3: Matrix.row([0.1, 0.2]),
  };
}

/** y = identity(sigmoid(sigmoid(x W1 + b1) W2 + b2) W3 + b3), for x of one row a sample. */
export function forward(network: ThreeLayerParams, x: Matrix): Forward {
  const { W1, b1, W2, b2, W3, b3 } = network;
  const a1 = x.dot(W1).plus(b1);
  const z1 = sigmoid(a1);
  const a2 = z1.dot(W2).plus(b2);
  const z2 = sigmoid(a2);
  const a3 = z2.dot(W3).plus(b3);
  return { a1, z1, a2, z2, a3, y: identityFunction(a3) };
}
