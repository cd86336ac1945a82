// Activation functions of each element, and the error function with them. Some have a gradient in one pass, from their result.
import { numeric, oneOf } from "../engine/checks.ts";
import { fullLike } from "../tensor/create.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { abs, add, div, mul, neg, square, sub } from "./arithmetic.ts";
import { minimum, where } from "./choice.ts";
import { greater, less } from "./comparison.ts";
import { binary, constantByPieces, differentiable } from "./dispatch.ts";
import { exp } from "./exponentials.ts";
import { tanh } from "./trigonometry.ts";

/**
 * Logistic function: y = 1 / (1 + e^-x). Shape: that of x; int32 and bool become float32.
 *
 * Gradient: dy y (1 - y).
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * sigmoid(tensor([0, 2])).toArray(); // [0.5, 0.8807971]
 * ```
 */
export function sigmoid(x: Tensor): Tensor {
  return differentiable("sigmoid", x, (dy, _, y) => sigmoidGradient(dy, y));
}

/** dy y (1 - y), in one pass. Internal: the gradient of sigmoid from its result. */
export function sigmoidGradient(dy: Tensor, y: Tensor): Tensor {
  return binary(
    "sigmoidGradient",
    dy,
    y,
    (g, _, v) => sigmoidGradient(g, v as Tensor),
    (g, u, v) => mul(mul(g, u), sub(1, mul(v, 2))),
  );
}

/**
 * Rectifier: y = max(0, x). Shape: that of x; int32 and bool become float32.
 *
 * Gradient: 0 where x <= 0, else dy; so a NaN is not hidden.
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * relu(tensor([-1, 2])).toArray(); // [0, 2]
 * ```
 */
export function relu(x: Tensor): Tensor {
  return differentiable("relu", x, (dy, _, y) => reluGradient(dy, y));
}

/** 0 where y <= 0, else dy. Internal: the gradient of relu from its result. */
export function reluGradient(dy: Tensor, y: Tensor): Tensor {
  return binary(
    "reluGradient",
    dy,
    y,
    (g, _, v) => reluGradient(g, v as Tensor),
    (g) => fullLike(g, 0),
  );
}

/**
 * Leaky rectifier: x where x > 0, else alpha x (Maas et al. 2013). Shape: that of x; int32 and bool become float32.
 *
 * Gradient: dy where x > 0, else alpha dy.
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * leakyRelu(tensor([-100, 2])).toArray(); // [-1, 2]
 * ```
 */
export function leakyRelu(x: Tensor, alpha = 0.01): Tensor {
  numeric("leakyRelu", "alpha", alpha);
  return differentiable("leakyRelu", x, (dy, input) => where(greater(input, 0), dy, mul(dy, alpha)), alpha);
}

/**
 * Exponential linear unit: x where x > 0, else alpha (e^x - 1) (Clevert et al. 2016). Shape: that of x; int32 and bool
 * become float32.
 *
 * Gradient: dy where x > 0, else dy alpha e^x.
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * elu(tensor([-1, 2])).toArray(); // [-0.6321205, 2]
 * ```
 */
export function elu(x: Tensor, alpha = 1): Tensor {
  numeric("elu", "alpha", alpha);
  return differentiable(
    "elu",
    x,
    (dy, input) => where(greater(input, 0), dy, mul(dy, mul(exp(minimum(input, 0)), alpha))),
    alpha,
  );
}

/**
 * Smooth rectifier: y = ln(1 + e^x), without overflow. Shape: that of x; int32 and bool become float32.
 *
 * Gradient: dy sigmoid(x).
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * softplus(tensor([0, 100])).toArray(); // [0.6931472, 100]
 * ```
 */
export function softplus(x: Tensor): Tensor {
  return differentiable("softplus", x, (dy, input) => mul(dy, sigmoid(input)));
}

/**
 * Sigmoid linear unit, also called swish: y = x sigmoid(x) (Elfwing et al. 2018). Shape: that of x; int32 and bool
 * become float32.
 *
 * Gradient: dy s (1 + x (1 - s)) with s = sigmoid(x).
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * silu(tensor([0, 1])).toArray(); // [0, 0.7310586]
 * ```
 */
export function silu(x: Tensor): Tensor {
  return differentiable("silu", x, (dy, input) => {
    const s = sigmoid(input);
    return mul(dy, mul(s, add(mul(input, sub(1, s)), 1)));
  });
}

/**
 * Gaussian error linear unit: y = x Phi(x) with Phi the normal distribution function (Hendrycks & Gimpel 2016), exact, by erf;
 * or, with approximation "tanh", x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) / 2, as GPT-2 has it. Shape: that of x; int32
 * and bool become float32.
 *
 * Gradient: dy (Phi(x) + x phi(x)) with phi the normal density; of the approximation that of its formula.
 * @throws TypeError if x is not a tensor, or for an approximation of another name.
 * @example
 * ```ts
 * gelu(tensor([0, 1])).toArray(); // [0, 0.8413448]
 * gelu(tensor([0, 1]), "tanh").toArray(); // [0, 0.8411920]
 * ```
 */
export function gelu(x: Tensor, approximation: "none" | "tanh" = "none"): Tensor {
  if (oneOf("gelu", "approximation", approximation, ["none", "tanh"]) === "tanh") return geluTanh(x);
  return differentiable("gelu", x, (dy, input) => {
    const distribution = mul(add(erf(mul(input, Math.SQRT1_2)), 1), 0.5);
    const density = mul(exp(mul(square(input), -0.5)), 1 / Math.sqrt(2 * Math.PI));
    return mul(dy, add(distribution, mul(input, density)));
  });
}

/** x sigmoid(u) with u = 2 sqrt(2/pi) (x + 0.044715 x^3), which is the formula with tanh. */
function geluTanh(x: Tensor): Tensor {
  return differentiable("geluTanh", x, (dy, input) => {
    const factor = 2 * Math.sqrt(2 / Math.PI);
    const squares = square(input);
    const s = sigmoid(mul(mul(input, add(mul(squares, 0.044715), 1)), factor));
    const slope = mul(add(mul(squares, 3 * 0.044715), 1), factor);
    return mul(dy, add(s, mul(mul(input, slope), mul(s, sub(1, s)))));
  });
}

/**
 * Mish: y = x tanh(ln(1 + e^x)) (Misra 2020). Shape: that of x; int32 and bool become float32.
 *
 * Gradient: dy (t + x sigmoid(x) (1 - t^2)) with t = tanh(ln(1 + e^x)).
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * mish(tensor([0, 1])).toArray(); // [0, 0.8650984]
 * ```
 */
export function mish(x: Tensor): Tensor {
  return differentiable("mish", x, (dy, input) => {
    const t = tanh(softplus(input));
    return mul(dy, add(t, mul(mul(input, sigmoid(input)), sub(1, square(t)))));
  });
}

/**
 * Softsign: y = x / (1 + |x|), -1 and 1 at the infinities. Shape: that of x; int32 and bool become float32.
 *
 * Gradient: dy / (1 + |x|)^2.
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * softsign(tensor([-3, 0, 1])).toArray(); // [-0.75, 0, 0.5]
 * ```
 */
export function softsign(x: Tensor): Tensor {
  return differentiable("softsign", x, (dy, input) => div(dy, square(add(abs(input), 1))));
}

const SELU_SCALE = 1.0507009873554805;
const SELU_ALPHA = 1.6732632423543772;

/**
 * Scaled exponential linear unit: y = s x where x > 0, else s a (e^x - 1), with s = 1.0507... and a = 1.6732..., which keep
 * mean 0 and variance 1 (Klambauer et al. 2017); initialise weights with "scaled". Shape: that of x; int32 and bool become
 * float32.
 *
 * Gradient: s dy where x > 0, else dy (y + s a).
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * selu(tensor([-1, 2])).toArray(); // [-1.1113307, 2.1014020]
 * ```
 */
export function selu(x: Tensor): Tensor {
  return differentiable("selu", x, (dy, input, y) =>
    mul(dy, where(greater(input, 0), SELU_SCALE, add(y, SELU_SCALE * SELU_ALPHA))),
  );
}

/**
 * Logarithm of the logistic function: y = -ln(1 + e^-x), without overflow. Shape: that of x; int32 and bool become float32.
 *
 * Gradient: dy sigmoid(-x).
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * logSigmoid(tensor([0, -100])).toArray(); // [-0.6931472, -100]
 * ```
 */
export function logSigmoid(x: Tensor): Tensor {
  return differentiable("logSigmoid", x, (dy, input) => mul(dy, sigmoid(neg(input))));
}

/**
 * Logistic function by straight lines: y = x + 3 cut to [0, 6], divided by 6 (Howard et al. 2019). Shape: that of x; int32 and
 * bool become float32.
 *
 * Gradient: dy / 6 where -3 < x < 3, else 0.
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * hardSigmoid(tensor([-4, 0, 1.5])).toArray(); // [0, 0.5, 0.75]
 * ```
 */
export function hardSigmoid(x: Tensor): Tensor {
  return differentiable("hardSigmoid", x, (dy, input) => where(less(abs(input), 3), mul(dy, 1 / 6), 0));
}

/**
 * Gauss's error function: y = 2/sqrt(pi) times the integral of e^(-t^2) from 0 to x. Shape: that of x; int32 and bool
 * become float32.
 *
 * Gradient: dy 2/sqrt(pi) e^(-x^2).
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * erf(tensor([0, 1])).toArray(); // [0, 0.8427008]
 * ```
 */
export function erf(x: Tensor): Tensor {
  return differentiable("erf", x, (dy, input) => mul(mul(dy, gaussian(input)), 2 / Math.sqrt(Math.PI)));
}

/**
 * Inverse of the error function: erf(y) = x, infinite at -1 and 1, NaN beyond. Shape: that of x; int32 and bool become float32.
 * Its error is at most 2.5 units in the last place in float64, and 0.51 in float32.
 *
 * Gradient: dy sqrt(pi)/2 e^(y^2).
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * erfinv(tensor([-1, 0, 0.5])).toArray(); // [-Infinity, 0, 0.4769363]
 * ```
 */
export function erfinv(x: Tensor): Tensor {
  return differentiable("erfinv", x, (dy, _, y) => mul(mul(dy, exp(square(y))), Math.sqrt(Math.PI) / 2));
}

/**
 * Bell curve: y = e^(-x^2). Shape: that of x; int32 and bool become float32.
 *
 * Gradient: -2 x y dy.
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * gaussian(tensor([0, 1])).toArray(); // [1, 0.3678795]
 * ```
 */
export function gaussian(x: Tensor): Tensor {
  return differentiable("gaussian", x, (dy, input, y) => mul(mul(mul(dy, y), input), -2));
}

/**
 * Step function, the perceptron's activation: 1 where x > 0, else 0. Shape: that of x; int32 and bool become float32.
 *
 * No gradient: the function is constant by pieces.
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * step(tensor([-1, 0, 2])).toArray(); // [0, 0, 1]
 * ```
 */
export function step(x: Tensor): Tensor {
  return constantByPieces("step", x);
}
