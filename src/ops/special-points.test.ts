// Values and gradients at special points: 0 of either sign, infinities, NaN, kinks, and numbers whose squares are beyond their type. They are
// PyTorch's (1.13, float64); where ours differ on purpose, the line says how.
import { describe, expect, test } from "vitest";
import * as nb from "../node.ts";
import { backward, sum, type Tensor, tensor } from "../node.ts";

const inf = Number.POSITIVE_INFINITY;
const nan = Number.NaN;
const floats = ["float32", "float64"] as const;
type Float = (typeof floats)[number];

/** Equal up to rounding; infinities, NaN and, if `signs`, the sign of 0 exactly. */
function expectSame(actual: ArrayLike<number>, expected: readonly number[], what: string, signs = false): void {
  expect(actual.length, what).toBe(expected.length);
  expected.forEach((b, i) => {
    const a = actual[i];
    const same = b === 0 && !signs ? a === 0 : Object.is(a, b);
    const close = Number.isFinite(b) && b !== 0 && Math.abs(a - b) <= 2e-6 * Math.abs(b);
    if (!same && !close) throw new Error(`${what}, element ${i}: got ${Object.is(a, -0) ? "-0" : a}, expected ${b}`);
  });
}

/** f(x), and the gradient of the sum of f(x) by each operand; null for an operand that has none. */
function valueAndGradients(f: (...x: Tensor[]) => Tensor, operands: readonly number[][], dtype: Float) {
  const xs = operands.map((values) => tensor(values, dtype).requireGradient());
  const y = f(...xs);
  if (y.tracked) backward(sum(y));
  return { y: y.dataSync(), gradients: xs.map((x) => x.gradient?.dataSync() ?? null) };
}

const points = [0, -0, 1, -1, inf, -inf, nan];
const unary: Record<string, [values: number[], gradients: number[] | null]> = {
  neg: [
    [-0, 0, -1, 1, -inf, inf, nan],
    [-1, -1, -1, -1, -1, -1, -1],
  ],
  abs: [
    [0, 0, 1, 1, inf, inf, nan],
    [0, 0, 1, -1, 1, -1, nan],
  ], // PyTorch: 0 at nan
  sign: [[0, 0, 1, -1, 1, -1, nan], null], // PyTorch: 0 at nan; NumPy as here
  floor: [[0, -0, 1, -1, inf, -inf, nan], null],
  ceil: [[0, -0, 1, -1, inf, -inf, nan], null],
  round: [[0, -0, 1, -1, inf, -inf, nan], null],
  trunc: [[0, -0, 1, -1, inf, -inf, nan], null],
  square: [
    [0, 0, 1, 1, inf, inf, nan],
    [0, -0, 2, -2, inf, -inf, nan],
  ],
  sqrt: [
    [0, -0, 1, nan, inf, nan, nan],
    [inf, -inf, 0.5, nan, 0, nan, nan],
  ],
  rsqrt: [
    [inf, -inf, 1, nan, 0, nan, nan],
    [-inf, inf, -0.5, nan, -0, nan, nan],
  ],
  reciprocal: [
    [inf, -inf, 1, -1, 0, -0, nan],
    [-inf, -inf, -1, -1, -0, -0, nan],
  ],
  exp: [
    [1, 1, Math.E, 0.367879441, inf, 0, nan],
    [1, 1, Math.E, 0.367879441, inf, 0, nan],
  ],
  exp2: [
    [1, 1, 2, 0.5, inf, 0, nan],
    [Math.LN2, Math.LN2, 1.38629436, 0.34657359, inf, 0, nan],
  ],
  expm1: [
    [0, -0, 1.71828183, -0.632120559, inf, -1, nan],
    [1, 1, Math.E, 0.367879441, inf, 0, nan],
  ],
  log: [
    [-inf, -inf, 0, nan, inf, nan, nan],
    [inf, -inf, 1, -1, 0, -0, nan],
  ],
  log2: [
    [-inf, -inf, 0, nan, inf, nan, nan],
    [inf, -inf, Math.LOG2E, -Math.LOG2E, 0, -0, nan],
  ],
  log10: [
    [-inf, -inf, 0, nan, inf, nan, nan],
    [inf, -inf, Math.LOG10E, -Math.LOG10E, 0, -0, nan],
  ],
  log1p: [
    [0, -0, Math.LN2, -inf, inf, nan, nan],
    [1, 1, 0.5, inf, 0, -0, nan],
  ],
  sin: [
    [0, -0, 0.841470985, -0.841470985, nan, nan, nan],
    [1, 1, 0.540302306, 0.540302306, nan, nan, nan],
  ],
  cos: [
    [1, 1, 0.540302306, 0.540302306, nan, nan, nan],
    [-0, 0, -0.841470985, 0.841470985, nan, nan, nan],
  ],
  tan: [
    [0, -0, 1.55740772, -1.55740772, nan, nan, nan],
    [1, 1, 3.42551882, 3.42551882, nan, nan, nan],
  ],
  asin: [
    [0, -0, 1.57079633, -1.57079633, nan, nan, nan],
    [1, 1, inf, inf, nan, nan, nan],
  ],
  acos: [
    [1.57079633, 1.57079633, 0, Math.PI, nan, nan, nan],
    [-1, -1, -inf, -inf, nan, nan, nan],
  ],
  atan: [
    [0, -0, 0.785398163, -0.785398163, 1.57079633, -1.57079633, nan],
    [1, 1, 0.5, 0.5, 0, 0, nan],
  ],
  sinh: [
    [0, -0, 1.17520119, -1.17520119, inf, -inf, nan],
    [1, 1, 1.54308063, 1.54308063, inf, inf, nan],
  ],
  cosh: [
    [1, 1, 1.54308063, 1.54308063, inf, inf, nan],
    [0, -0, 1.17520119, -1.17520119, inf, -inf, nan],
  ],
  tanh: [
    [0, -0, 0.761594156, -0.761594156, 1, -1, nan],
    [1, 1, 0.419974342, 0.419974342, 0, 0, nan],
  ],
  erf: [
    [0, -0, 0.842700793, -0.842700793, 1, -1, nan],
    [1.12837917, 1.12837917, 0.415107497, 0.415107497, 0, 0, nan],
  ],
  sigmoid: [
    [0.5, 0.5, 0.731058579, 0.268941421, 1, 0, nan],
    [0.25, 0.25, 0.196611933, 0.196611933, 0, 0, nan],
  ],
  relu: [
    [0, 0, 1, 0, inf, 0, nan],
    [0, 0, 1, 0, 1, 0, 1],
  ], // PyTorch: relu(-0) is -0
  leakyRelu: [
    [0, -0, 1, -0.01, inf, -inf, nan],
    [0.01, 0.01, 1, 0.01, 1, 0.01, 0.01],
  ],
  elu: [
    [0, -0, 1, -0.632120559, inf, -1, nan],
    [1, 1, 1, 0.367879441, 1, 0, nan],
  ], // PyTorch: 0 at -0, gradient 1 at nan
  silu: [
    [0, -0, 0.731058579, -0.268941421, inf, -0, nan],
    [0.5, 0.5, 0.927670512, 0.0723294881, nan, nan, nan],
  ], // PyTorch: nan at -inf, where the limit is 0
  gaussian: [
    [1, 1, 0.367879441, 0.367879441, 0, 0, nan],
    [-0, 0, -0.735758882, 0.735758882, nan, nan, nan],
  ],
  clip: [
    [0, -0, 1, -1, 1, -1, nan],
    [1, 1, 1, 1, 0, 0, 0],
  ],
  maximum0: [
    [0, 0, 1, 0, inf, 0, nan],
    [0.5, 0.5, 1, 0, 1, 0, 1],
  ],
  minimum0: [
    [0, -0, 0, -1, 0, -inf, nan],
    [0.5, 0.5, 0, 1, 0, 1, 1],
  ],
};

describe.each(floats)("at 0, -0, 1, -1, infinities and NaN, in %s", (dtype) => {
  const special: Record<string, (x: Tensor) => Tensor> = {
    clip: (x) => nb.clip(x, -1, 1),
    maximum0: (x) => nb.maximum(x, 0),
    minimum0: (x) => nb.minimum(x, 0),
  };
  test.each(Object.entries(unary))("%s", (name, [values, gradients]) => {
    const f = special[name] ?? (nb as unknown as Record<string, (x: Tensor) => Tensor>)[name];
    const result = valueAndGradients(f, [points], dtype);
    expectSame(result.y, values, "value", true);
    if (gradients === null) expect(result.gradients[0]).toBeNull();
    else expectSame(result.gradients[0]!, gradients, "gradient");
  });
});

/** Operands a and b, the value, and the gradients by a and by b. */
const pairs: Record<string, [a: number, b: number, y: number, da: number, db: number][]> = {
  pow: [
    [0, 0, 1, 0, 0],
    [0, 2, 0, 0, 0],
    [0, 0.5, 0, inf, 0],
    [0, 1, 0, 1, 0],
    [0, -1, inf, -inf, -inf],
    [-0, -1, -inf, -inf, inf],
    [2, 0, 1, 0, Math.LN2],
    [nan, 0, 1, 0, nan],
    [inf, 0, 1, 0, inf],
    [1, nan, 1, nan, 0],
    [0, nan, nan, nan, nan],
    [-2, 3, -8, 12, nan],
    [0, inf, 0, nan, 0],
    [0, -inf, inf, -inf, -inf],
  ],
  maximum: [
    [1, 1, 1, 0.5, 0.5],
    [nan, 1, nan, 1, 1],
    [1, nan, nan, 1, 1],
    [nan, nan, nan, 1, 1],
    [inf, 1, inf, 1, 0],
    [inf, inf, inf, 0.5, 0.5],
    [-inf, 1, 1, 0, 1],
  ],
  minimum: [
    [1, 1, 1, 0.5, 0.5],
    [nan, 1, nan, 1, 1],
    [1, nan, nan, 1, 1],
    [inf, 1, 1, 0, 1],
    [-inf, 1, -inf, 1, 0],
    [-inf, -inf, -inf, 0.5, 0.5],
  ],
};

describe.each(floats)("of two operands, in %s", (dtype) => {
  test.each(Object.entries(pairs))("%s", (name, rows) => {
    const f = (nb as unknown as Record<string, (a: Tensor, b: Tensor) => Tensor>)[name];
    for (const [a, b, y, da, db] of rows) {
      const result = valueAndGradients(f, [[a], [b]], dtype);
      expectSame(result.y, [y], `${name}(${a}, ${b})`);
      expectSame(result.gradients[0]!, [da], `by a of ${name}(${a}, ${b})`);
      expectSame(result.gradients[1]!, [db], `by b of ${name}(${a}, ${b})`);
    }
  });

  test("pow by a number: x^0 has gradient 0 everywhere, also at 0", () => {
    const result = valueAndGradients((x) => nb.pow(x, 0), [points], dtype);
    expectSame(result.y, [1, 1, 1, 1, 1, 1, 1], "value");
    expectSame(result.gradients[0]!, [0, 0, 0, 0, 0, 0, 0], "gradient");
  });

  test("pow of the number 0: the gradient by the exponent is 0 from 0 on, and -Infinity below", () => {
    const result = valueAndGradients((x) => nb.pow(0, x), [[0, 1, -1, nan]], dtype);
    expectSame(result.gradients[0]!, [0, 0, -inf, nan], "gradient");
  });

  test("an infinite gradient is not multiplied by the 0 of what did not win", () => {
    const steep = (y: Tensor): Tensor => nb.sqrt(y); // slope Infinity at 0
    expectSame(valueAndGradients((x) => steep(nb.maximum(x, 0)), [[-1]], dtype).gradients[0]!, [0], "maximum");
    expectSame(valueAndGradients((x) => steep(nb.clip(x, 0, 1)), [[-1]], dtype).gradients[0]!, [0], "clip");
  });

  test("gradients of gradients of pow at exponent 0: d/db of b a^(b - 1) is 1 / a", () => {
    const a = tensor([3], dtype).requireGradient();
    const b = tensor([0], dtype).requireGradient();
    const slope = nb.grad((x: Tensor) => sum(nb.pow(x, b)));
    backward(sum(slope(a)));
    expectSame(b.gradient!.dataSync(), [1 / 3], "second derivative");
  });
});

describe.each(floats)("along an axis, in %s", (dtype) => {
  /** Elements, the results, and the gradient of their sum. */
  const rows: Record<string, [x: number[], y: number[], gradient: number[]][]> = {
    norm: [
      [[0, 0, 0], [0], [0, 0, 0]],
      [[3, 4], [5], [0.6, 0.8]],
      [[3e-30, 4e-30], [5e-30], [0.6, 0.8]],
      [[3e30, 4e30], [5e30], [0.6, 0.8]],
      [[1, inf], [inf], [0, nan]],
      [[1, nan], [nan], [nan, nan]],
    ],
    standardDeviation: [
      [[3], [0], [0]],
      [[2, 2, 2], [0], [0, 0, 0]],
      [[1, 3], [1], [-0.5, 0.5]],
      [[3e-30, 4e-30], [5e-31], [-0.5, 0.5]],
      [[3e30, -3e30], [3e30], [0.5, -0.5]],
    ],
    variance: [
      [[3], [0], [0]],
      [[1, 3], [1], [-1, 1]],
      [[1, inf], [nan], [-inf, nan]],
    ],
    prod: [
      [[2, 0, 3], [0], [0, 6, 0]],
      [[2, 0, 3, 0], [0], [0, 0, 0, 0]],
      [[0, 0, 3], [0], [0, 0, 0]],
    ],
    cumprod: [
      [
        [2, 0, 3, 0],
        [2, 0, 0, 0],
        [1, 8, 0, 0],
      ],
      [
        [2, 3, 4],
        [2, 6, 24],
        [16, 10, 6],
      ],
      [
        [0, 0],
        [0, 0],
        [1, 0],
      ],
      [
        [0, nan],
        [0, nan],
        [nan, 0],
      ],
      [
        [0, inf],
        [0, nan],
        [inf, 0],
      ],
    ],
    max: [
      [[1, 2, 2], [2], [0, 0.5, 0.5]],
      [[inf, inf], [inf], [0.5, 0.5]],
      [[1, nan], [nan], [nan, nan]],
    ],
    logSumExp: [
      [[-inf, -inf], [-inf], [nan, nan]],
      [[-inf, 0], [0], [0, 1]],
      [[inf, 1], [inf], [nan, 0]],
      [[1, 1], [1 + Math.LN2], [0.5, 0.5]],
    ],
    softmax: [
      [
        [-inf, -inf],
        [nan, nan],
        [nan, nan],
      ],
      [
        [inf, 1],
        [nan, nan],
        [nan, nan],
      ],
      [
        [-inf, 0],
        [0, 1],
        [0, 0],
      ],
    ],
    logSoftmax: [
      [
        [-inf, -inf],
        [nan, nan],
        [nan, nan],
      ],
      [
        [-inf, 0],
        [-inf, 0],
        [1, -1],
      ],
    ],
    // PyTorch: NaN where an element of the middle is infinite, and the overflow of b - a.
    median: [
      [[1, 1], [1], [0.5, 0.5]],
      [[-inf, inf, 1], [1], [0, 0, 1]],
      [[2e38, 3e38], [2.5e38], [0.5, 0.5]],
      [[1, nan], [nan], [0, 0]],
    ],
  };
  test.each(Object.entries(rows))("%s", (name, cases) => {
    const f = (nb as unknown as Record<string, (x: Tensor) => Tensor>)[name];
    for (const [x, y, gradient] of cases) {
      const result = valueAndGradients(f, [x], dtype);
      expectSame(result.y, y, `${name}([${x}])`);
      expectSame(result.gradients[0]!, gradient, `gradient of ${name}([${x}])`);
    }
  });

  test("quantiles between equal elements: both have their share of the gradient", () => {
    const result = valueAndGradients((x) => nb.quantile(x, 0.3), [[1, 1]], dtype);
    expectSame(result.y, [1], "value");
    expectSame(result.gradients[0]!, [0.7, 0.3], "gradient");
  });

  test("norms and deviations of columns, some of them beyond the squares of the type", () => {
    const x = tensor(
      [
        [3e-30, 3, 3e30],
        [4e-30, 4, 4e30],
      ],
      dtype,
    );
    expectSame(nb.norm(x, 0).dataSync(), [5e-30, 5, 5e30], "norm");
    expectSame(nb.standardDeviation(x, 0).dataSync(), [5e-31, 0.5, 5e29], "deviation");
  });

  test("more degrees of freedom than elements: Infinity, or NaN where all elements are equal", () => {
    const x = tensor(
      [
        [1, 2],
        [1, 1],
      ],
      dtype,
    );
    expectSame(nb.variance(x, 1, false, 5).dataSync(), [inf, nan], "variance");
    expectSame(nb.standardDeviation(x, 1, false, 2).dataSync(), [inf, nan], "deviation");
    expectSame(nb.variance(tensor([3], dtype), undefined, false, 1).dataSync(), [nan], "one element, unbiased");
  });

  test("cumprod along each axis, where elements are 0, has gradients of gradients", () => {
    const x = tensor(
      [
        [2, 0, 3],
        [0, 5, 0.5],
      ],
      "float64",
    );
    for (const axis of [0, 1]) nb.expectGradients((z) => nb.cumprod(z, axis).square().sum(), [x], { tolerance: 1e-6 });
    const slope = nb.grad((z: Tensor) => nb.cumprod(z, 1).square().sum());
    nb.expectGradients((z) => slope(z).square().sum(), [x], { tolerance: 1e-6 });
  });
});

test("norms in float64 whose squares are beyond it", () => {
  expectSame(nb.norm(tensor([3e-200, 4e-200], "float64")).dataSync(), [5e-200], "small");
  expectSame(nb.norm(tensor([3e200, 4e200], "float64")).dataSync(), [5e200], "large");
  expectSame(nb.standardDeviation(tensor([3e200, -3e200], "float64")).dataSync(), [3e200], "deviation");
});

test("elu far below 0 has gradient e^x, not the rounding of e^x - 1 + 1", () => {
  expectSame(
    valueAndGradients((x) => nb.elu(x), [[-10, -30, 1000]], "float64").gradients[0]!,
    [4.53999298e-5, 9.35762297e-14, 1],
    "",
  );
});

test("softmaxCrossEntropy over no classes is 0, the sum of nothing, and not what lay in memory", () => {
  const logits = nb.zeros([2, 0]).requireGradient();
  const loss = nb.softmaxCrossEntropy(logits, nb.zeros([2, 0]));
  expect(loss.item()).toBe(0);
  backward(loss);
  expect(logits.gradient!.shape).toEqual([2, 0]);
});
