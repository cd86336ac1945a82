// Activation functions by name.

import type { FusedActivation } from "../engine/engine.ts";
import { byNameIn } from "../engine/names.ts";
import {
  elu,
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
} from "../ops/activations.ts";
import { mul } from "../ops/arithmetic.ts";
import { clip } from "../ops/choice.ts";
import { exp } from "../ops/exponentials.ts";
import { softmax } from "../ops/softmax.ts";
import { tanh } from "../ops/trigonometry.ts";
import { checkTensor } from "../tensor/check.ts";
import type { Tensor } from "../tensor/tensor.ts";

const byName = {
  linear(x: Tensor): Tensor {
    checkTensor("linear", x);
    return x;
  },
  step,
  sigmoid,
  tanh,
  gaussian,
  relu,
  leakyRelu: (x: Tensor): Tensor => leakyRelu(x),
  elu: (x: Tensor): Tensor => elu(x),
  softplus,
  silu,
  gelu: (x: Tensor): Tensor => gelu(x),
  mish,
  selu,
  softsign,
  logSigmoid,
  hardSigmoid,
  /** Rectified up to 6, as networks for phones have it. */
  relu6(x: Tensor): Tensor {
    checkTensor("relu6", x);
    return clip(x, 0, 6);
  },
  hardSilu(x: Tensor): Tensor {
    checkTensor("hardSilu", x);
    return mul(x, hardSigmoid(x));
  },
  exponential(x: Tensor): Tensor {
    checkTensor("exponential", x);
    return exp(x);
  },
  /** LeCun's: values of 1 stay, where it bends most. */
  scaledTanh: (x: Tensor): Tensor => mul(tanh(mul(x, 2 / 3)), 1.7159),
  softmax: (x: Tensor): Tensor => softmax(x),
};

/**
 * An activation by name: `linear` (y = x), or the operation of that name: `step`, `sigmoid`, `tanh`, `gaussian`,
 * `relu`, `leakyRelu`, `elu`, `softplus`, `silu`, `gelu`, `mish`, `selu`, `softsign`, `logSigmoid` and `hardSigmoid` on each
 * element, `softmax` on the last axis; and `scaledTanh`, 1.7159 tanh(2 x / 3) (LeCun 1998), `relu6`, min(max(x, 0), 6) (Krizhevsky 2010), `hardSilu`,
 * x hardSigmoid(x) (Howard et al. 2019), and `exponential`, e^x.
 */
export type ActivationName = keyof typeof byName;

const table: ReadonlyMap<string, (x: Tensor) => Tensor> = new Map(Object.entries(byName));

/** Names of all activations. */
export const ACTIVATIONS = Object.keys(byName) as ActivationName[];

/**
 * The activation of that name, a function from a tensor to a tensor of the same shape.
 * @throws TypeError for an unknown name.
 * @example
 * ```ts
 * activationByName("relu")(tensor([-1, 2])).toArray(); // [0, 2]
 * ```
 */
export function activationByName(name: ActivationName): (x: Tensor) => Tensor {
  return byNameIn("activation", name, table);
}

const FUSED: Partial<Record<ActivationName, FusedActivation>> = {
  linear: "none",
  sigmoid: "sigmoid",
  tanh: "tanh",
  relu: "relu",
};

/** The activation as products and convolutions apply it in their own pass; undefined for those that need one more. */
export function fusedActivation(name: ActivationName): FusedActivation | undefined {
  return FUSED[name];
}

/** Activations that let about half of their inputs through: He's initialiser is for weights before them. */
export const RECTIFYING: readonly ActivationName[] = [
  "relu",
  "leakyRelu",
  "elu",
  "gelu",
  "silu",
  "mish",
  "relu6",
  "hardSilu",
];
