// The activations and inverse functions that have no oracle file, against PyTorch's values and gradients (1.13, float64; hardSigmoid's slope is
// 1/6, which PyTorch rounds to float32 in float64 too).
import { describe, expect, it } from "vitest";
import * as nb from "../node.ts";
import { grad, hypot, type Tensor, tensor } from "../node.ts";

const X = [-5, -2.5, -0.5, 0.25, 1, 3.5];
const WITHIN_1 = [-0.9, -0.5, -0.1, 0.2, 0.75, 0.99];
const ABOVE_1 = [1.01, 1.5, 2, 3, 10, 1e5];

type Case = [name: string, x: number[], y: number[], slope: number[]];

// biome-ignore format: a function a row
const cases: Case[] = [
  ["mish", X, [-0.03357623773, -0.1968162039, -0.2207437747, 0.1695724097, 0.8650983883, 3.493990715], [-0.02674749802, -0.1097435728, 0.2895106779, 0.7541726677, 1.04903622, 1.009939325]],
  ["softsign", X, [-0.8333333333, -0.7142857143, -0.3333333333, 0.2, 0.5, 0.7777777778], [0.02777777778, 0.08163265306, 0.4444444444, 0.64, 0.25, 0.04938271605]],
  ["selu", X, [-1.746253361, -1.613785759, -0.6917581878, 0.2626752468, 1.050700987, 3.677453456], [0.01184598018, 0.144313582, 1.066341153, 1.050700987, 1.050700987, 1.050700987]],
  ["logSigmoid", X, [-5.006715348, -2.578889734, -0.9740769842, -0.5759394199, -0.3132616875, -0.02975041827], [0.9933071491, 0.92414182, 0.6224593312, 0.4378234991, 0.2689414214, 0.02931223075]],
  ["hardSigmoid", X, [0, 0.08333333333, 0.4166666667, 0.5416666667, 0.6666666667, 1], [0, 1 / 6, 1 / 6, 1 / 6, 1 / 6, 0]],
  ["gelu by tanh", X, [-2.291796197e-07, -0.01508426609, -0.1542859902, 0.1496753507, 0.8411919906, 3.499383802], [-1.546361988e-06, -0.03795157621, 0.1326300965, 0.6953540952, 1.082964084, 1.002422644]],
  ["asinh", X, [-2.312438341, -1.647231146, -0.4812118251, 0.2474664615, 0.881373587, 1.965720472], [0.1961161351, 0.3713906764, 0.894427191, 0.9701425001, Math.SQRT1_2, 0.2747211279]],
  ["acosh", ABOVE_1, [0.1413037695, 0.9624236501, 1.316957897, 1.762747174, 2.993222846, 12.20607265], [7.053456159, 0.894427191, 0.5773502692, 0.3535533906, 0.1005037815, 1e-05]],
  ["atanh", WITHIN_1, [-1.47221949, -0.5493061443, -0.1003353477, 0.2027325541, 0.9729550745, 2.646652412], [5.263157895, 1.333333333, 1.01010101, 1.041666667, 2.285714286, 50.25125628]],
  ["erfinv", WITHIN_1, [-1.163087154, -0.4769362762, -0.08885599049, 0.1791434546, 0.8134198476, 1.821386368], [3.428042811, 1.112584819, 0.8932517253, 0.9151293475, 1.717499769, 24.45087647]],
];

function near(actual: Tensor, expected: readonly number[], tolerance: number): void {
  const values = [...actual.dataSync()];
  for (const [i, value] of expected.entries()) {
    expect(Math.abs(values[i] - value), `element ${i}: ${values[i]}, not ${value}`).toBeLessThanOrEqual(
      tolerance * Math.max(1e-3, Math.abs(value)),
    );
  }
}

function named(name: string): (x: Tensor) => Tensor {
  if (name === "gelu by tanh") return (x) => nb.gelu(x, "tanh");
  return (nb as unknown as Record<string, (x: Tensor) => Tensor>)[name];
}

describe.each(["float32", "float64"] as const)("PyTorch's values and gradients, %s", (dtype) => {
  it.each(cases)("%s", (name, x, y, slope) => {
    const f = named(name);
    // What float32 takes off an argument next to a pole is not the function's error.
    const tolerance = dtype === "float64" ? 2e-9 : 1e-5;
    near(f(tensor(x, dtype)), y, tolerance);
    near(grad((z: Tensor) => f(z).sum())(tensor(x, dtype)), slope, tolerance);
  });

  it("hypot(a, b) = sqrt(a^2 + b^2) where squares overflow or vanish, with gradients a / y and b / y, 0 at the origin", () => {
    const [huge, tiny] = dtype === "float64" ? [1e300, 1e-300] : [1e38, 1e-38];
    const y = hypot(
      tensor([3 * (huge / 10), 3 * tiny, -5], dtype),
      tensor([4 * (huge / 10), -4 * tiny, 12], dtype),
    ).dataSync();
    [huge / 2, 5 * tiny, 13].forEach((value, i) => {
      expect(y[i] / value).toBeCloseTo(1, 6);
    });
    near(grad((a: Tensor) => hypot(a, tensor([4, 0], dtype)).sum())(tensor([3, 0], dtype)), [0.6, 0], 1e-6);
    near(grad((b: Tensor) => hypot(3, b).sum())(tensor([[4], [0]], dtype)), [0.8, 0], 1e-6);
    near(grad((b: Tensor) => hypot(tensor([3, 3], dtype), b).sum())(tensor([[4]], dtype)), [1.6], 1e-6);
    expect(
      hypot(tensor([Number.NaN, Number.NEGATIVE_INFINITY], dtype), tensor([1, Number.NaN], dtype)).toArray(),
    ).toEqual([Number.NaN, Number.POSITIVE_INFINITY]);
    expect(hypot(tensor([3], "int32"), tensor([4], "int32")).dtype).toBe("float32");
  });

  it("the edges: erfinv and atanh at -1 and 1, hardSigmoid's corners have slope 0", () => {
    expect(nb.erfinv(tensor([-1, 1, 1.5], dtype)).toArray()).toEqual([-Infinity, Infinity, Number.NaN]);
    expect(nb.atanh(tensor([-1, 1, 1.5], dtype)).toArray()).toEqual([-Infinity, Infinity, Number.NaN]);
    expect(grad((x: Tensor) => nb.hardSigmoid(x).sum())(tensor([-3, 3], dtype)).toArray()).toEqual([0, 0]);
    expect(nb.softsign(tensor([-Infinity, Infinity], dtype)).toArray()).toEqual([-1, 1]);
  });
});

it("gelu takes an approximation by name only", () => {
  expect(() => nb.gelu(tensor([1]), "fast" as "tanh")).toThrow(
    'gelu: approximation must be one of none, tanh, got "fast"',
  );
});

it("they are methods, like their neighbours", () => {
  const x = tensor([0.5]);
  expect(x.mish().add(x.asinh()).add(x.erfinv()).add(x.hypot(1)).size).toBe(1);
  expect(x.gelu("tanh").item()).toBeCloseTo(0.345714, 6);
});
