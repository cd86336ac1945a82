// Softmax, its logarithm and the fused cross-entropies against their formulas in double precision.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { loadKernels } from "./load.ts";

const arrays = { f32: Float32Array, f64: Float64Array };
type Type = keyof typeof arrays;

const total = (xs: number[]): number => xs.reduce((a, b) => a + b, 0);

function softmax(x: number[]): number[] {
  const m = Math.max(...x);
  const e = x.map((v) => Math.exp(v - m));
  const s = total(e);
  return e.map((v) => v / s);
}

function logSoftmax(x: number[]): number[] {
  const m = Math.max(...x);
  const logSum = Math.log(total(x.map((v) => Math.exp(v - m))));
  return x.map((v) => v - m - logSum);
}

/** Rows of a flat array. */
function rowsOf(x: Float32Array | Float64Array, rows: number, n: number): number[][] {
  return Array.from({ length: rows }, (_, r) => Array.from(x.subarray(r * n, (r + 1) * n)));
}

describe.each(["strict", "relaxed"] as const)("softmax and cross-entropy (%s)", (kind) => {
  const k = loadKernels(kind, 256);

  function expectClose(type: Type, address: number, expected: number[], scale = 1): void {
    const tolerance = (type === "f32" ? 1e-6 : 1e-14) * scale;
    const far = k[type](address, expected.length).findIndex((got: number, i: number) => {
      if (!Number.isFinite(expected[i])) return !Object.is(got, expected[i]);
      return !(Math.abs(got - expected[i]) <= tolerance * (1 + Math.abs(expected[i])));
    });
    expect(far).toBe(-1);
  }

  const sizes = [
    [0, 3],
    [1, 1],
    [3, 2],
    [2, 3],
    [5, 4],
    [4, 10],
    [3, 65],
    [2, 300],
    [1, 1029],
    [2000, 12],
  ];
  const cases = (["f32", "f64"] as const).flatMap((type) => sizes.map(([rows, n]) => ({ type, rows, n })));

  it.each(cases)("softmax, logSoftmax and their gradients of $type [$rows, $n]", ({ type, rows, n }) => {
    const x = new arrays[type](rows * n).map((_: number, i: number) => 6 * Math.sin(i * 1.7));
    const dy = new arrays[type](rows * n).map((_: number, i: number) => Math.cos(i * 0.7));
    const dyRows = rowsOf(dy, rows, n);
    const [px, pdy, y, out] = [k.put(x), k.put(dy), k.reserve(8 * x.length), k.reserve(8 * x.length)];
    k.exports[`softmax_${type}`](px, y, rows, n);
    expectClose(type, y, rowsOf(x, rows, n).flatMap(softmax));
    k.exports[`softmaxGradient_${type}`](y, pdy, out, rows, n);
    const gradients = rowsOf(k[type](y, rows * n), rows, n).flatMap((p, r) => {
      const g = dyRows[r];
      const sum = total(p.map((v, i) => v * g[i]));
      return p.map((v, i) => v * (g[i] - sum));
    });
    expectClose(type, out, gradients);
    k.exports[`logSoftmax_${type}`](px, y, rows, n);
    expectClose(type, y, rowsOf(x, rows, n).flatMap(logSoftmax), 4);
    k.exports[`logSoftmaxGradient_${type}`](y, pdy, pdy, rows, n);
    const logGradients = rowsOf(k[type](y, rows * n), rows, n).flatMap((p, r) => {
      const g = dyRows[r];
      const sum = total(g);
      return g.map((v, i) => v - Math.exp(p[i]) * sum);
    });
    expectClose(type, pdy, logGradients, 10);
    // In place.
    k.exports[`softmax_${type}`](px, px, rows, n);
    expectClose(type, px, rowsOf(x, rows, n).flatMap(softmax));
  });

  it.each(["f32", "f64"] as const)("softmax of %s does not overflow, and rows that have no softmax are NaN", (type) => {
    const x = [
      1000,
      1000,
      -1000,
      -Infinity,
      NaN,
      1,
      2,
      3,
      Infinity,
      1,
      2,
      3,
      -Infinity,
      -Infinity,
      -Infinity,
      -Infinity,
    ];
    const out = k.reserve(8 * x.length);
    k.exports[`softmax_${type}`](k.put(new arrays[type](x)), out, 4, 4);
    expect(Array.from(k[type](out, 16))).toEqual([0.5, 0.5, 0, 0, ...new Array(12).fill(NaN)]);
  });

  it.each(cases)("softmaxCrossEntropy of $type [$rows, $n] is -log softmax at the label", ({ type, rows, n }) => {
    const x = new arrays[type](rows * n).map((_: number, i: number) => 9 * Math.sin(i * 2.3));
    const labels = Int32Array.from({ length: rows }, (_, r) => (r * 7) % n);
    const [px, pl, losses, gradient] = [k.put(x), k.put(labels), k.reserve(8 * rows), k.reserve(8 * x.length)];
    const expected = rowsOf(x, rows, n).map((row, r) => -logSoftmax(row)[labels[r]]);
    const expectedGradient = rowsOf(x, rows, n).flatMap((row, r) =>
      softmax(row).map((p, i) => p - (i === labels[r] ? 1 : 0)),
    );
    k.exports[`softmaxCrossEntropy_${type}`](px, pl, losses, 0, rows, n);
    expectClose(type, losses, expected, 4);
    k.exports[`softmaxCrossEntropy_${type}`](px, pl, losses, gradient, rows, n);
    expectClose(type, losses, expected, 4);
    expectClose(type, gradient, expectedGradient);
    k.exports[`softmaxCrossEntropy_${type}`](px, pl, losses, px, rows, n);
    expectClose(type, px, expectedGradient);
  });

  it.each(cases)("softmaxCrossEntropySoft of $type [$rows, $n] is -sum of t log softmax", ({ type, rows, n }) => {
    const x = new arrays[type](rows * n).map((_: number, i: number) => 5 * Math.sin(i * 2.3));
    const t = new arrays[type](rows * n).map((_: number, i: number) => Math.abs(Math.cos(i)) / n);
    const [px, pt, losses, gradient] = [k.put(x), k.put(t), k.reserve(8 * rows), k.reserve(8 * x.length)];
    const targets = rowsOf(t, rows, n);
    const expected = rowsOf(x, rows, n).map((row, r) => -total(logSoftmax(row).map((l, i) => l * targets[r][i])));
    k.exports[`softmaxCrossEntropySoft_${type}`](px, pt, losses, 0, rows, n);
    expectClose(type, losses, expected, 4);
    k.exports[`softmaxCrossEntropySoft_${type}`](px, pt, losses, gradient, rows, n);
    const expectedGradient = rowsOf(x, rows, n).flatMap((row, r) =>
      softmax(row).map((p, i) => p * total(targets[r]) - targets[r][i]),
    );
    expectClose(type, gradient, expectedGradient);
  });

  it("a label outside the row gives a loss of NaN and touches nothing else", () => {
    const x = k.put(Float32Array.of(1, 2, 3, 4));
    const [losses, gradient] = [k.put(new Float32Array(2)), k.put(new Float32Array(4))];
    k.exports["softmaxCrossEntropy_f32"](x, k.put(Int32Array.of(5, -1)), losses, gradient, 2, 2);
    expect(Array.from(k.f32(losses, 2))).toEqual([NaN, NaN]);
    expectClose("f32", gradient, [softmax([1, 2]), softmax([3, 4])].flat());
  });

  it.each(["f32", "f64"] as const)("binaryCrossEntropyWithLogits of %s is max(z, 0) - z t + ln(1 + e^-|z|)", (type) => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.double({ min: -50, max: 50 }), fc.double({ min: 0, max: 1 })), { maxLength: 20 }),
        (pairs) => {
          const z = new arrays[type](pairs.map((pair) => (Number.isNaN(pair[0]) ? 800 : pair[0])));
          const t = new arrays[type](pairs.map((pair) => (Number.isNaN(pair[1]) ? 1 : pair[1])));
          const out = k.reserve(8 * z.length);
          k.exports[`binaryCrossEntropyWithLogits_${type}`](k.put(z), k.put(t), out, z.length);
          const expected = Array.from(z, (v, i) => Math.max(v, 0) - v * t[i] + Math.log1p(Math.exp(-Math.abs(v))));
          expectClose(type, out, expected, 20);
        },
      ),
      { numRuns: 50 },
    );
    // Confident and right: the loss is e^-z to full precision, not 0.
    const out = k.reserve(16);
    k.exports[`binaryCrossEntropyWithLogits_${type}`](
      k.put(arrays[type].of(30, -30)),
      k.put(arrays[type].of(1, 0)),
      out,
      2,
    );
    for (const loss of k[type](out, 2)) expect(Math.abs(loss / Math.exp(-30) - 1)).toBeLessThan(1e-6);
    const n = 20_003;
    const z = new arrays[type](n).fill(0.3);
    const large = k.reserve(8 * n);
    k.exports[`binaryCrossEntropyWithLogits_${type}`](k.put(z), k.put(z), large, n);
    expect(new Set(k[type](large, n)).size).toBe(1);
  });

  it.each(["f32", "f64"] as const)("a row's cross-entropy has the same bits alone as beside others (%s)", (type) => {
    const [rows, n] = [7, 5];
    const logits = arrays[type].from(Array.from({ length: rows * n }, (_, i) => 4 * Math.sin(i * 12.9898)));
    const labels = Int32Array.from({ length: rows }, (_, row) => (row === 3 ? n : row % n));
    const [losses, gradients] = [k.reserve(8 * rows), k.reserve(8 * rows * n)];
    k.exports[`softmaxCrossEntropy_${type}`](k.put(logits), k.put(labels), losses, gradients, rows, n);
    const [loss, gradient] = [k.reserve(8), k.reserve(8 * n)];
    for (let row = 0; row < rows; row++) {
      const own = k.put(logits.slice(row * n, (row + 1) * n));
      k.exports[`softmaxCrossEntropy_${type}`](own, k.put(labels.slice(row, row + 1)), loss, gradient, 1, n);
      expect(k[type](losses, rows)[row]).toBe(k[type](loss, 1)[0]);
      expect(k[type](gradients, rows * n).slice(row * n, (row + 1) * n)).toEqual(k[type](gradient, n).slice());
    }
  });
});
