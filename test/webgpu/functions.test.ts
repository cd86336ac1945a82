// Functions on the device are as exact as src/engine/webgpu/functions.ts says, and right where numbers are extreme.
import { afterAll, describe, expect, test } from "vitest";
import { engine } from "../../src/engine/engine.ts";
import { collectStorages } from "../../src/engine/storage.ts";
import type { WebGpuEngine } from "../../src/engine/webgpu/engine.ts";
import * as nb from "../../src/node.ts";
import { noDevice, whyNoDevice } from "./device.ts";

type Unary = (x: nb.Tensor) => nb.Tensor;
const of = (name: string): Unary => (nb as unknown as Record<string, Unary>)[name];

/** Numbers from `from` to `to`, evenly, or evenly in their exponents where both are positive and far apart. */
function spread(from: number, to: number): Float32Array {
  const n = 4000;
  const byExponent = from > 0 && to / from > 1000;
  return Float32Array.from({ length: n }, (_, i) =>
    byExponent ? from * (to / from) ** (i / (n - 1)) : from + ((to - from) * i) / (n - 1),
  );
}

/** Name, exact function, range, largest error relative to the result (and to `floor`, below which it is absolute). */
const exactness: [name: string, f: (x: number) => number, from: number, to: number, error: number, floor?: number][] = [
  ["exp", Math.exp, -87, 88.7, 4e-7],
  ["expm1", Math.expm1, -15, 88, 4e-7],
  ["log", Math.log, 1e-38, 3e38, 4e-7],
  ["log", Math.log, 0.5, 2, 4e-7],
  ["log1p", Math.log1p, -0.9, 20, 4e-7],
  ["tanh", Math.tanh, -9, 9, 4e-7],
  ["sigmoid", (x) => 1 / (1 + Math.exp(-x)), -80, 20, 4e-7],
  ["sin", Math.sin, -8000, 8000, 4e-7, 0.1],
  ["cos", Math.cos, 8192, 1e30, 4e-7, 0.1],
  ["atan", Math.atan, -50, 50, 4e-7],
  ["asin", Math.asin, -1, 1, 2e-6],
  ["acos", Math.acos, -1, 0.99, 2e-6],
  ["sinh", Math.sinh, -20, 20, 2e-6],
  ["cosh", Math.cosh, -20, 20, 2e-6],
  ["asinh", Math.asinh, -1e4, 1e4, 2e-6],
  ["acosh", Math.acosh, 1.01, 1e6, 2e-6],
  ["atanh", Math.atanh, -0.99, 0.99, 2e-6],
  ["log2", Math.log2, 1e-38, 3e38, 2e-6],
  ["log10", Math.log10, 1e-38, 3e38, 2e-6],
  ["exp2", (x) => 2 ** x, -125, 127, 2e-6],
  ["softplus", (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))), -80, 80, 2e-6],
  ["sqrt", Math.sqrt, 1e-37, 3e38, 4e-7],
];

const [inf, nan] = [Number.POSITIVE_INFINITY, Number.NaN];
const points = [nan, inf, -inf, 0, -0, 1e-40, -1e-40, 3e38, -3e38];
/** What functions are at `points` where subnormal arguments and results are as 0; on a device that keeps them they are themselves. */
const extremes: [name: string, values: number[]][] = [
  ["exp", [nan, inf, 0, 1, 1, 1, 1, inf, 0]],
  ["log", [nan, inf, nan, -inf, -inf, Math.fround(Math.log(1e-40)), nan, Math.log(3e38), nan]],
  ["sqrt", [nan, inf, nan, 0, -0, 0, nan, Math.sqrt(3e38), nan]],
  ["tanh", [nan, 1, -1, 0, -0, 0, -0, 1, -1]],
  ["sigmoid", [nan, 1, 0, 0.5, 0.5, 0.5, 0.5, 1, 0]],
  ["relu", [nan, inf, 0, 0, 0, 0, 0, 3e38, 0]],
  ["softplus", [nan, inf, 0, Math.LN2, Math.LN2, Math.LN2, Math.LN2, 3e38, 0]],
  ["gelu", [nan, inf, 0, 0, 0, 0, 0, 3e38, 0]],
  ["abs", [nan, inf, inf, 0, 0, 0, 0, 3e38, 3e38]],
  ["sign", [nan, 1, -1, 0, 0, 1, -1, 1, -1]],
  ["sin", [nan, nan, nan, 0, -0, 0, 0, Math.sin(Math.fround(3e38)), Math.sin(Math.fround(-3e38))]],
  ["floor", [nan, inf, -inf, 0, -0, 0, 0, 3e38, -3e38]],
  ["reciprocal", [nan, 0, -0, inf, -inf, inf, -inf, 0, 0]],
  ["erf", [nan, 1, -1, 0, -0, 0, 0, 1, -1]],
  ["isNan", [1, 0, 0, 0, 0, 0, 0, 0, 0]],
  ["isInf", [0, 1, 1, 0, 0, 0, 0, 0, 0]],
  ["isFinite", [0, 0, 0, 1, 1, 1, 1, 1, 1]],
].filter(([name]) => (name as string) in nb) as [string, number[]][];

/** Where that makes a difference. */
const KEPT: Record<string, Record<number, number>> = {
  sqrt: { 1e-40: Math.fround(Math.sqrt(Math.fround(1e-40))) },
  floor: { [-1e-40]: -1 },
};

describe.skipIf(noDevice !== undefined)(`functions on the device${whyNoDevice}`, () => {
  afterAll(() => collectStorages());

  test.each(exactness)("%s", async (name, f, from, to, most, floor = 0) => {
    const x = spread(from, to);
    const y = await of(name)(nb.tensor(x)).data();
    let worst = 0;
    let where = 0;
    for (let i = 0; i < x.length; i++) {
      const exact = f(x[i]);
      const error = Math.abs(y[i] - exact) / Math.max(Math.abs(exact), floor, 1.2e-38);
      if (!(error <= worst)) [worst, where] = [error, x[i]];
    }
    expect(worst, `at ${where}`).toBeLessThanOrEqual(most);
  });

  test("pow", async () => {
    const x = spread(0.01, 100);
    const y = await nb.pow(nb.tensor(x), 17.3).data();
    x.forEach((value, i) => {
      expect(Math.abs(y[i] / value ** 17.3 - 1)).toBeLessThan(1e-5);
    });
  });

  test.each(extremes)("%s of NaN, infinities, zeros, subnormal and huge numbers", async (name, wanted) => {
    const y = await of(name)(nb.tensor(points)).data();
    const kept = KEPT[name] ?? {};
    wanted.forEach((value, i) => {
      if (y[i] === kept[points[i]]) return;
      const near = Number.isFinite(value)
        ? Math.abs(y[i] - value) <= 1e-5 * Math.abs(value) + 1e-37
        : Object.is(y[i], value);
      expect(near, `${name}(${points[i]}) is ${y[i]}, not ${value}`).toBe(true);
    });
  });

  test("no number of another kernel stays behind, where functions count on a 0", async () => {
    const made = engine() as WebGpuEngine;
    const x = nb.tensor([-200, nan, 88]);
    // The second time the device has these numbers already, and what comes next is written to the place that they were looked up at.
    for (let turn = 0; turn < 2; turn++)
      made.each({ name: "long", parameters: "a b c d e f g h", body: "" }, Array(8).fill(9), 1);
    const y = await nb.exp(x).data();
    expect([y[0], y[1]]).toEqual([0, nan]);
    expect(Math.abs(y[2] / Math.exp(88) - 1)).toBeLessThan(4e-7);
    expect([...(await nb.log(nb.tensor([0, -1])).data())]).toEqual([-inf, nan]);
  });

  test("NaN through maximum, minimum, clip, comparisons and reductions, as on the CPU", async () => {
    const a = nb.tensor([nan, 1, nan, 2]);
    const b = nb.tensor([1, nan, nan, 1]);
    expect([...(await nb.maximum(a, b).data())]).toEqual([nan, nan, nan, 2]);
    expect([...(await nb.minimum(a, b).data())]).toEqual([nan, nan, nan, 1]);
    expect([...(await nb.clip(a, 0, 1).data())]).toEqual([nan, 1, nan, 1]);
    expect([...(await nb.equal(a, a).data())]).toEqual([0, 1, 0, 1]);
    expect([...(await nb.notEqual(a, a).data())]).toEqual([1, 0, 1, 0]);
    expect([...(await nb.less(a, b).data())]).toEqual([0, 0, 0, 0]);
    expect([...(await nb.max(a).data())]).toEqual([nan]);
    expect([...(await nb.argmax(a).data())]).toEqual([0]);
    expect([
      ...(await nb
        .softmax(
          nb.tensor([
            [-inf, -inf],
            [inf, 0],
            [-inf, 0],
          ]),
        )
        .data()),
    ]).toEqual([nan, nan, nan, nan, 0, 1]);
  });
});
