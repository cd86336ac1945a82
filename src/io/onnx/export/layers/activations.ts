// Activations by name as nodes.
import type { ActivationName } from "../../../../nn/activations.ts";
import type { OnnxSymbol } from "../graph.ts";
import type { OnnxScope } from "../scope.ts";

type Activate = (x: OnnxSymbol, to: OnnxScope, axis: number) => OnnxSymbol;

const mul = (to: OnnxScope, x: OnnxSymbol, factor: number | OnnxSymbol): OnnxSymbol =>
  to.node("Mul", [x, typeof factor === "number" ? to.number(factor) : factor]);

const TABLE: Record<ActivationName, Activate> = {
  linear: (x) => x,
  step: (x, to) => to.cast(to.node("Greater", [x, to.number(0)], {}, "bool"), to.float),
  sigmoid: (x, to) => to.node("Sigmoid", [x]),
  tanh: (x, to) => to.node("Tanh", [x]),
  gaussian: (x, to) => to.node("Exp", [to.node("Neg", [mul(to, x, x)])]),
  relu: (x, to) => to.node("Relu", [x]),
  leakyRelu: (x, to) => to.node("LeakyRelu", [x], { alpha: { float: 0.01 } }),
  elu: (x, to) => to.node("Elu", [x], { alpha: { float: 1 } }),
  softplus: (x, to) => to.node("Softplus", [x]),
  // ONNX Runtime 1.30 makes one operator of x sigmoid(x), and has none for float64.
  silu: (x, to) =>
    to.float === "float32"
      ? mul(to, x, to.node("Sigmoid", [x]))
      : to.node("Div", [x, to.node("Add", [to.node("Exp", [to.node("Neg", [x])]), to.number(1)])]),
  gelu: (x, to) => {
    const phi = to.node("Add", [to.node("Erf", [mul(to, x, Math.SQRT1_2)]), to.number(1)]);
    return mul(to, mul(to, x, 0.5), phi);
  },
  mish: (x, to) => mul(to, x, to.node("Tanh", [to.node("Softplus", [x])])),
  selu: (x, to) => to.node("Selu", [x], { alpha: { float: 1.6732632423543772 }, gamma: { float: 1.0507009873554805 } }),
  softsign: (x, to) => to.node("Softsign", [x]),
  logSigmoid: (x, to) => to.node("Neg", [to.node("Softplus", [to.node("Neg", [x])])]),
  hardSigmoid: (x, to) => to.node("HardSigmoid", [x], { alpha: { float: 1 / 6 }, beta: { float: 0.5 } }),
  relu6: (x, to) => to.node("Clip", [x, to.number(0), to.number(6)]),
  hardSilu: (x, to) => mul(to, x, to.node("HardSigmoid", [x], { alpha: { float: 1 / 6 }, beta: { float: 0.5 } })),
  exponential: (x, to) => to.node("Exp", [x]),
  scaledTanh: (x, to) => mul(to, to.node("Tanh", [mul(to, x, 2 / 3)]), 1.7159),
  softmax: (x, to, axis) => to.node("Softmax", [x], { axis }),
};

/** The activation of x; softmax is along `axis`. */
export function activate(to: OnnxScope, x: OnnxSymbol, activation: ActivationName, axis = -1): OnnxSymbol {
  return TABLE[activation](x, to, axis);
}
