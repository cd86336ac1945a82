// Every differentiable operation of arithmetic, reduction, products, shape and loss against differences in float64, first and second order.
import { describe, expect, test } from "vitest";
import * as nb from "../node.ts";
import { expectGradients, Generator, mul, random, scope, sum, type Tensor, tensor, valueAndGrad } from "../node.ts";

/** Values that stay away from kinks and poles: in [low, high], never near 0. */
function inputs(shapes: readonly (readonly number[])[], low: number, high: number): Tensor[] {
  const generator = new Generator(11);
  return shapes.map((shape) => {
    const x = random.uniform([...shape], low, high, { dtype: "float64", generator });
    return low < 0 && high > 0 ? x.add(x.sign().mul(0.15)) : x;
  });
}

/** A scalar that weighs every element of the result differently, so that no error can cancel. */
function weighed(y: Tensor): Tensor {
  const weights = random.uniform([...y.shape], 0.5, 1.5, { dtype: "float64", generator: new Generator(12) });
  return sum(mul(y, weights));
}

function check(f: (...x: Tensor[]) => Tensor, xs: Tensor[], second = true): void {
  scope(() => {
    expectGradients((...x) => weighed(f(...x)), xs, { tolerance: 1e-6 });
    if (!second) return;
    // The gradient of a weighed gradient, against differences of the gradient.
    const slope = (...x: Tensor[]): Tensor => {
      const [, gradients] = valueAndGrad((...z: Tensor[]) => weighed(f(...z)))(...x);
      return gradients.map(weighed).reduce((a, b) => a.add(b));
    };
    expectGradients(slope, xs, { tolerance: 1e-6 });
  });
}

describe("of one operand", () => {
  const cases: [string, (x: Tensor) => Tensor, number, number][] = [
    ...[
      "neg",
      "abs",
      "square",
      "exp",
      "exp2",
      "expm1",
      "sin",
      "cos",
      "atan",
      "sinh",
      "cosh",
      "tanh",
      "erf",
      "sigmoid",
      "relu",
      "softplus",
      "silu",
      "gelu",
      "gaussian",
      "mish",
      "softsign",
      "selu",
      "logSigmoid",
      "hardSigmoid",
      "asinh",
    ].map((name): [string, (x: Tensor) => Tensor, number, number] => [
      name,
      (nb as unknown as Record<string, (x: Tensor) => Tensor>)[name],
      -2,
      2,
    ]),
    ...["sqrt", "rsqrt", "reciprocal", "log", "log2", "log10", "log1p"].map(
      (name): [string, (x: Tensor) => Tensor, number, number] => [
        name,
        (nb as unknown as Record<string, (x: Tensor) => Tensor>)[name],
        0.3,
        3,
      ],
    ),
    ["tan", nb.tan, -1, 1],
    ["gelu by tanh", (x) => nb.gelu(x, "tanh"), -2, 2],
    ["acosh", nb.acosh, 1.3, 3],
    ["atanh", nb.atanh, -0.7, 0.7],
    ["erfinv", nb.erfinv, -0.7, 0.7],
    ["asin", nb.asin, -0.7, 0.7],
    ["acos", nb.acos, -0.7, 0.7],
    ["leakyRelu", (x) => nb.leakyRelu(x, 0.1), -2, 2],
    ["elu", (x) => nb.elu(x, 1.3), -2, 2],
    ["clip", (x) => nb.clip(x, -1.03, 0.97), -2, 2],
    ["cast", (x) => nb.cast(x, "float64"), -2, 2],
    ["sum", (x) => nb.sum(x, 0), -2, 2],
    ["mean", (x) => nb.mean(x, 1, true), -2, 2],
    ["prod", (x) => nb.prod(x, 1), -2, 2],
    ["prod of all", (x) => nb.prod(x), -2, 2],
    ["max", (x) => nb.max(x, 0), -2, 2],
    ["min", (x) => nb.min(x), -2, 2],
    ["variance", (x) => nb.variance(x, 0), -2, 2],
    ["sample variance", (x) => nb.variance(x, 1, false, 1), -2, 2],
    ["standardDeviation", (x) => nb.standardDeviation(x, 1), -2, 2],
    ["norm", (x) => nb.norm(x, 1), -2, 2],
    ["norm of order 1", (x) => nb.norm(x, 0, false, 1), -2, 2],
    ["norm of order infinity", (x) => nb.norm(x, 0, false, Number.POSITIVE_INFINITY), -2, 2],
    ["logSumExp", (x) => nb.logSumExp(x, 1), -2, 2],
    ["softmax", (x) => nb.softmax(x), -2, 2],
    ["softmax along axis 0", (x) => nb.softmax(x, 0), -2, 2],
    ["logSoftmax", (x) => nb.logSoftmax(x), -2, 2],
    ["cumsum", (x) => nb.cumsum(x, 1), -2, 2],
    ["cumprod", (x) => nb.cumprod(x, 1), -2, 2],
    ["reshape", (x) => nb.square(nb.reshape(x, [4, 3])), -2, 2],
    ["flatten", (x) => nb.square(nb.flatten(x)), -2, 2],
    ["transpose", (x) => nb.square(x.T), -2, 2],
    ["expandDims and squeeze", (x) => nb.squeeze(nb.square(nb.expandDims(x, 1))), -2, 2],
    ["moveAxis", (x) => nb.square(nb.moveAxis(x, 0, 1)), -2, 2],
    ["broadcastTo", (x) => nb.square(nb.broadcastTo(x, [2, 3, 4])), -2, 2],
    ["slice", (x) => nb.square(nb.slice(x, 1, undefined, 2, 1)), -2, 2],
    ["slice backwards", (x) => nb.square(nb.slice(x, undefined, undefined, -1, 1)), -2, 2],
    ["flip", (x) => nb.square(nb.flip(x, 0)), -2, 2],
    ["tile", (x) => nb.square(nb.tile(x, [2, 1, 3])), -2, 2],
    ["repeat", (x) => nb.square(nb.repeat(x, 2, 1)), -2, 2],
    [
      "pad",
      (x) =>
        nb.square(
          nb.pad(
            x,
            [
              [1, 2],
              [0, 1],
            ],
            "constant",
            3,
          ),
        ),
      -2,
      2,
    ],
    [
      "pad edge",
      (x) =>
        nb.square(
          nb.pad(
            x,
            [
              [1, 2],
              [0, 1],
            ],
            "edge",
          ),
        ),
      -2,
      2,
    ],
    [
      "pad reflect",
      (x) =>
        nb.square(
          nb.pad(
            x,
            [
              [2, 1],
              [1, 2],
            ],
            "reflect",
          ),
        ),
      -2,
      2,
    ],
    [
      "pad symmetric",
      (x) =>
        nb.square(
          nb.pad(
            x,
            [
              [2, 1],
              [1, 2],
            ],
            "symmetric",
          ),
        ),
      -2,
      2,
    ],
    [
      "pad wrap",
      (x) =>
        nb.square(
          nb.pad(
            x,
            [
              [2, 1],
              [1, 2],
            ],
            "wrap",
          ),
        ),
      -2,
      2,
    ],
    ["roll", (x) => nb.square(nb.roll(x, 1, 1)), -2, 2],
    ["clone", (x) => nb.square(nb.clone(x)), -2, 2],
    ["diagonal", (x) => nb.square(nb.diagonal(x, 1)), -2, 2],
    ["lowerTriangle", (x) => nb.square(nb.lowerTriangle(x, -1)), -2, 2],
    ["upperTriangle", (x) => nb.square(nb.upperTriangle(x)), -2, 2],
    ["trace", (x) => nb.square(nb.trace(x)), -2, 2],
    ["split and concat", (x) => nb.concat(nb.split(nb.square(x), 2, 1).reverse(), 1), -2, 2],
    ["stack", (x) => nb.stack([x, nb.square(x)], 1), -2, 2],
  ];
  test.each(cases)("%s", (_, f, low, high) => check(f, inputs([[3, 4]], low, high)));

  test("prod with zeros among its factors", () => {
    check(
      (x) => nb.prod(x, 1),
      [
        tensor(
          [
            [0, 2, 3],
            [0, 0, 4],
            [1, 2, 3],
          ],
          "float64",
        ),
      ],
      false,
    );
  });
});

describe("of two operands, broadcast", () => {
  const cases: [string, (a: Tensor, b: Tensor) => Tensor, number, number][] = [
    ["add", nb.add, -2, 2],
    ["sub", nb.sub, -2, 2],
    ["mul", nb.mul, -2, 2],
    ["div", nb.div, 0.5, 2],
    ["pow", nb.pow, 0.5, 2],
    ["maximum", nb.maximum, -2, 2],
    ["minimum", nb.minimum, -2, 2],
    ["atan2", nb.atan2, 0.5, 2],
    ["hypot", nb.hypot, -2, 2],
    ["where", (a, b) => nb.where(nb.greater(a, 0), nb.mul(a, b), b), -2, 2],
    ["number first", (a, b) => nb.add(nb.sub(1, a), nb.div(2, nb.add(nb.square(b), 1))), -2, 2],
    ["number to a power", (a, b) => nb.mul(nb.pow(2, a), b), -2, 2],
  ];
  test.each(cases)("%s", (_, f, low, high) =>
    check(
      f,
      inputs(
        [
          [2, 3, 1],
          [3, 4],
        ],
        low,
        high,
      ),
    ),
  );
});

test("remainder, away from its jumps", () => {
  check(nb.remainder, [tensor([5.3, -4.1, 7.7], "float64"), tensor([2, 3, -1.5], "float64")]);
});

describe("products", () => {
  const shapes: [string, number[], number[]][] = [
    ["matrices", [3, 4], [4, 2]],
    ["vectors", [4], [4]],
    ["matrix and vector", [3, 4], [4]],
    ["vector and matrix", [4], [4, 2]],
    ["batches", [2, 3, 4], [2, 4, 2]],
    ["a batch and one matrix", [2, 3, 4], [4, 2]],
    ["batches that broadcast", [2, 1, 3, 4], [3, 4, 2]],
  ];
  test.each(shapes)("matmul of %s", (_, a, b) => check(nb.matmul, inputs([a, b], -2, 2)));
  test("matmul of transposed operands", () =>
    check(
      (a, b) => nb.matmul(a.T, b.T),
      inputs(
        [
          [4, 3],
          [2, 4],
        ],
        -2,
        2,
      ),
    ));
  test("dot of higher rank", () =>
    check(
      nb.dot,
      inputs(
        [
          [2, 3, 4],
          [2, 4, 2],
        ],
        -2,
        2,
      ),
    ));
  test("outer", () => check(nb.outer, inputs([[3], [4]], -2, 2)));
  test.each(["none", "sigmoid", "tanh", "relu"] as const)("linear with %s", (activation) => {
    check((x, w, b) => nb.linear(x, w, b, activation), inputs([[5, 3], [3, 2], [2]], -2, 2));
    check(
      (x, w) => nb.linear(x, w, null, activation),
      inputs(
        [
          [2, 2, 3],
          [3, 2],
        ],
        -2,
        2,
      ),
    );
  });
});

describe("losses", () => {
  const pairs: [string, (p: Tensor, t: Tensor) => Tensor, number, number][] = [
    ["meanSquaredError", nb.meanSquaredError, -2, 2],
    ["quadraticCost", nb.quadraticCost, -2, 2],
    ["meanAbsoluteError", nb.meanAbsoluteError, -2, 2],
    ["huber", (p, t) => nb.huber(p, t, { delta: 0.77 }), -2, 2],
    ["binaryCrossEntropy", nb.binaryCrossEntropy, 0.1, 0.9],
    ["binaryCrossEntropyWithLogits", nb.binaryCrossEntropyWithLogits, -2, 2],
    [
      "binaryCrossEntropyWithLogits over rows",
      (z, t) => nb.binaryCrossEntropyWithLogits(z, t, { reduction: "rows" }),
      -2,
      2,
    ],
    ["softmaxCrossEntropy with probabilities", nb.softmaxCrossEntropy, 0.1, 0.9],
  ];
  test.each(pairs)("%s", (_, f, low, high) =>
    check(
      f,
      inputs(
        [
          [4, 3],
          [4, 3],
        ],
        low,
        high,
      ),
    ),
  );
  const labels = tensor([2, 0, 1, 1], "int32");
  test("softmaxCrossEntropy with classes", () =>
    check((z) => nb.softmaxCrossEntropy(z, labels), inputs([[4, 3]], -2, 2)));
  test("negativeLogLikelihood", () => check((p) => nb.negativeLogLikelihood(p, labels), inputs([[4, 3]], 0.1, 0.9)));
});

test("operations without a gradient leave nothing recorded", () => {
  const x = tensor([1.5]).requireGradient();
  for (const f of [nb.floor, nb.ceil, nb.round, nb.trunc, nb.sign, nb.step, nb.isnan]) expect(f(x).tracked).toBe(false);
  for (const y of [x.greater(1), x.argmax(), x.cast("int32")]) expect(y.tracked).toBe(false);
});
