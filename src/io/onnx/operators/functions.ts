// Functions of one number, element by element: the elementary ones, and activations.

import {
  elu,
  erf,
  gelu,
  leakyRelu,
  mish,
  relu,
  selu,
  sigmoid,
  silu,
  softplus,
  softsign,
} from "../../../ops/activations.ts";
import { add, div, mul, sub } from "../../../ops/arithmetic.ts";
import { cast } from "../../../ops/cast.ts";
import { clip, where } from "../../../ops/choice.ts";
import { greater, less } from "../../../ops/comparison.ts";
import { exp, expm1, log, sqrt } from "../../../ops/exponentials.ts";
import { ceil, floor, round } from "../../../ops/rounding.ts";
import { acos, acosh, asin, asinh, atan, atanh, cos, cosh, sin, sinh, tan, tanh } from "../../../ops/trigonometry.ts";
import { reshape } from "../../../ops/views.ts";
import type { Tensor } from "../../../tensor/tensor.ts";
import { isFloating } from "../onnx-tensor.ts";
import type { Call, Operator } from "../run/call.ts";
import { entry, type OperatorTable } from "../run/entry.ts";
import { each, isWide } from "../run/integers.ts";
import { type ArrayValue, fromTensor } from "../run/value.ts";

/** A function of floating-point numbers. */
function of(f: (x: Tensor) => Tensor): Operator {
  return (call) => [fromTensor(f(call.tensor(0)), call.value(0).type)];
}

/** One with settings. */
function setting(f: (x: Tensor, call: Call) => Tensor): Operator {
  return (call) => [fromTensor(f(call.tensor(0), call), call.value(0).type)];
}

function rectified(call: Call): ArrayValue[] {
  const x = call.value(0);
  if (isFloating(x.type)) return [fromTensor(relu(x.tensor), x.type)];
  return [
    isWide(x.type) ? each<bigint>(x.type, x, (v) => (v > 0n ? v : 0n)) : each<number>(x.type, x, (v) => Math.max(v, 0)),
  ];
}

/** alpha x + beta, between 0 and 1. */
function hardSigmoid(x: Tensor, alpha: number, beta: number): Tensor {
  return clip(add(mul(x, alpha), beta), 0, 1);
}

/** alpha (e^x - 1) below 0. */
function exponentialLinear(x: Tensor, alpha: number): Tensor {
  return alpha > 0 ? elu(x, alpha) : where(less(x, 0), mul(expm1(where(less(x, 0), x, 0)), alpha), x);
}

function scaledExponentialLinear(x: Tensor, call: Call): Tensor {
  const [alpha, gamma] = [1.6732632423543772, 1.0507009873554805];
  const { attributes } = call;
  const old = call.opset < 6;
  const a = attributes.float("alpha", old ? 1.6732 : alpha);
  const g = attributes.float("gamma", old ? 1.0507 : gamma);
  if (Math.abs(a - alpha) < 1e-6 && Math.abs(g - gamma) < 1e-6) return selu(x);
  return mul(exponentialLinear(x, a), g);
}

/** max(0, x) + min(0, alpha (e^(x / alpha) - 1)). */
function continuous(x: Tensor, alpha: number): Tensor {
  const negative = where(less(x, 0), x, 0);
  return add(relu(x), mul(expm1(div(negative, alpha)), alpha));
}

function shrunk(x: Tensor, { attributes }: Call): Tensor {
  const [bias, lambda] = [attributes.float("bias", 0), attributes.float("lambd", 0.5)];
  return where(greater(x, lambda), sub(x, bias), where(less(x, -lambda), add(x, bias), 0));
}

/** x where it is not negative, slope x below; slopes before version 7 go by channel, later they are broadcast. */
function parametric(call: Call): ArrayValue[] {
  const { type, tensor: x } = call.value(0);
  let slope = call.tensor(1);
  if (call.opset < 7 && slope.rank === 1 && slope.size > 1)
    slope = reshape(slope, [slope.size, ...x.shape.slice(2).map(() => 1)]);
  // What PyTorch exports has the channels' slopes as [channels, 1, ...]; as [channels] they are for the last axis.
  return [fromTensor(where(less(x, 0), mul(x, slope), x), type)];
}

function swish(x: Tensor, { attributes }: Call): Tensor {
  const alpha = attributes.float("alpha", 1);
  return alpha === 1 ? silu(x) : mul(x, sigmoid(mul(x, alpha)));
}

/** Operators of this family. */
export const functions: OperatorTable = {
  Sqrt: entry(of(sqrt)),
  Exp: entry(of(exp)),
  Log: entry(of(log)),
  Ceil: entry(of(ceil)),
  Floor: entry(of(floor)),
  Round: entry(of(round)),
  Sin: entry(of(sin)),
  Cos: entry(of(cos)),
  Tan: entry(of(tan)),
  Asin: entry(of(asin)),
  Acos: entry(of(acos)),
  Atan: entry(of(atan)),
  Sinh: entry(of(sinh)),
  Cosh: entry(of(cosh)),
  Asinh: entry(of(asinh)),
  Acosh: entry(of(acosh)),
  Atanh: entry(of(atanh)),
  Erf: entry(of(erf)),
  Tanh: entry(of(tanh)),
  Sigmoid: entry(of(sigmoid)),
  Relu: entry(rectified),
  LeakyRelu: entry(setting((x, { attributes }) => leakyRelu(x, attributes.float("alpha", 0.01)))),
  PRelu: entry(parametric),
  ThresholdedRelu: entry(setting((x, { attributes }) => where(greater(x, attributes.float("alpha", 1)), x, 0))),
  Elu: entry(setting((x, { attributes }) => exponentialLinear(x, attributes.float("alpha", 1)))),
  Selu: entry(setting(scaledExponentialLinear)),
  Celu: entry(setting((x, { attributes }) => continuous(x, attributes.float("alpha", 1)))),
  Gelu: entry(
    setting((x, { attributes }) => gelu(x, attributes.text("approximate", "none") === "tanh" ? "tanh" : "none")),
  ),
  HardSigmoid: entry(
    setting((x, { attributes }) => hardSigmoid(x, attributes.float("alpha", 0.2), attributes.float("beta", 0.5))),
  ),
  HardSwish: entry(setting((x) => mul(x, hardSigmoid(x, 1 / 6, 0.5)))),
  Softplus: entry(of(softplus)),
  Softsign: entry(of(softsign)),
  Mish: entry(of(mish)),
  Swish: entry(setting(swish)),
  Shrink: entry(integerToo(shrunk)),
};

/** For what takes integers, too: computed in float64, and back. */
function integerToo(f: (x: Tensor, call: Call) => Tensor): Operator {
  return (call) => {
    const { type, tensor: x } = call.value(0);
    if (isFloating(type)) return [fromTensor(f(x, call), type)];
    return [fromTensor(cast(f(cast(x, "float64"), call), "int32"), type)];
  };
}

/** Activations of recurrent layers by their names there, with the defaults of their settings. */
export function recurrentActivation(
  name: string,
  alpha: number | undefined,
  beta: number | undefined,
): (x: Tensor) => Tensor {
  switch (name.toLowerCase()) {
    case "sigmoid":
      return sigmoid;
    case "tanh":
      return tanh;
    case "relu":
      return relu;
    case "affine":
      return (x) => add(mul(x, alpha ?? 1), beta ?? 0);
    case "leakyrelu":
      return (x) => leakyRelu(x, alpha ?? 0.01);
    case "thresholdedrelu":
      return (x) => where(greater(x, alpha ?? 1), x, 0);
    case "scaledtanh":
      return (x) => mul(tanh(mul(x, beta ?? 1)), alpha ?? 1);
    case "hardsigmoid":
      return (x) => hardSigmoid(x, alpha ?? 0.2, beta ?? 0.5);
    case "elu":
      return (x) => exponentialLinear(x, alpha ?? 1);
    case "softsign":
      return softsign;
    case "softplus":
      return softplus;
    default:
      throw new RangeError(`the activation ${JSON.stringify(name)} is not known`);
  }
}
