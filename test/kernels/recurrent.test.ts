// Whole sequences through the LSTM kernels against the formula in loops; and that rows of a batch do not influence each other's bits.
// The other layers, and gradients, are checked where the kernels are used: src/ops/recurrent/recurrent.test.ts.
import { describe, expect, it } from "vitest";
import { loadKernels } from "./load.ts";

type Floats = Float32Array | Float64Array;

function values(n: number, seed: number): number[] {
  return Array.from({ length: n }, (_, i) => Math.sin(seed + i * 1.7));
}

const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));

describe.each(["strict", "relaxed"] as const)("recurrent kernels (%s)", (kind) => {
  const k = loadKernels(kind, 64);

  /** Runs an LSTM over `steps` for some rows of a batch; returns states of all steps and the last cells, and all gradients. */
  function lstm(
    type: "f32" | "f64",
    steps: number,
    rows: readonly number[],
    size: number,
    mask?: number[][],
  ): Floats[] {
    const make = type === "f32" ? Float32Array : Float64Array;
    const view = (address: number, n: number): Floats =>
      (type === "f32" ? k.f32(address, n) : k.f64(address, n)).slice();
    const batch = rows.length;
    const bytes = type === "f32" ? 4 : 8;
    const pick = (width: number, seed: number, times = 1): number =>
      k.put(
        make.from(
          Array.from({ length: times }, (_, t) => rows.flatMap((row) => values(width, seed + 10 * row + t))).flat(),
        ),
      );
    const reserve = (n: number): number => k.reserve(n * bytes);
    const gates = pick(4 * size, 1, steps);
    const weights = k.put(make.from(values(4 * size * size, 2)));
    const [h0, c0] = [pick(size, 3), pick(size, 4)];
    const maskAt = mask ? k.put(Uint8Array.from(mask.flatMap((step) => rows.map((row) => step[row])))) : 0;
    const states = reserve((steps + 1) * batch * size);
    const [cells, seen] = [reserve(steps * batch * size), reserve(steps * batch * size)];
    const panels = reserve(4 * (size + 16) * (size + 16));
    k.exports[`lstmForward_${type}`](
      gates,
      weights,
      h0,
      c0,
      maskAt,
      states,
      cells,
      seen,
      panels,
      steps,
      batch,
      size,
      0,
      1,
    );
    const dy = pick(size, 5, steps + 1);
    const dz = reserve(steps * batch * 4 * size);
    const [dh0, dc0] = [reserve(batch * size), reserve(batch * size)];
    const saved = [gates, weights, h0, c0, maskAt, states, cells, seen, dy, dz, dh0, dc0, panels];
    k.exports[`lstmBackward_${type}`](...saved, steps, batch, size, 0, 1, 0);
    return [
      view(states, (steps + 1) * batch * size),
      view(dz, steps * batch * 4 * size),
      view(dh0, batch * size),
      view(dc0, batch * size),
    ];
  }

  it.each([
    ["f32", 1e-5],
    ["f64", 1e-13],
  ] as const)("lstm_%s follows its formula for sizes that do not fill vectors", (type, tolerance) => {
    for (const size of [1, 3, 4, 7, 8, 13]) {
      const [steps, rows] = [3, [0, 1, 2, 3, 4]];
      const [states] = lstm(type, steps, rows, size);
      const weights = values(4 * size * size, 2);
      rows.forEach((row) => {
        let h = values(size, 3 + 10 * row);
        let c = values(size, 4 + 10 * row);
        for (let t = 0; t < steps; t++) {
          const x = values(4 * size, 1 + 10 * row + t);
          const z = x.map((value, r) => h.reduce((sum, state, i) => sum + weights[r * size + i] * state, value));
          c = c.map((cell, j) => sigmoid(z[size + j]) * cell + sigmoid(z[j]) * Math.tanh(z[2 * size + j]));
          h = c.map((cell, j) => sigmoid(z[3 * size + j]) * Math.tanh(cell));
          h.forEach((value, j) => {
            expect(Math.abs(states[(t * rows.length + row) * size + j] - value)).toBeLessThan(tolerance);
          });
        }
        c.forEach((value, j) => {
          expect(Math.abs(states[(steps * rows.length + row) * size + j] - value)).toBeLessThan(tolerance);
        });
      });
    }
  });

  it("a row's results have the same bits whatever rows stand beside it", () => {
    const [steps, size] = [4, 11];
    const mask = [
      [1, 1, 1, 1, 0, 1, 1],
      [1, 0, 1, 1, 1, 1, 1],
      [1, 1, 1, 0, 1, 1, 0],
      [1, 1, 1, 1, 1, 1, 1],
    ];
    const together = lstm("f32", steps, [0, 1, 2, 3, 4, 5, 6], size, mask);
    const widths = [size, 4 * size, size, size];
    for (let row = 0; row < 7; row++) {
      lstm("f32", steps, [row], size, mask).forEach((alone, part) => {
        const width = widths[part];
        for (let t = 0; t < alone.length / width; t++) {
          const of = (list: Floats, at: number): number[] => [...list.subarray(at * width, (at + 1) * width)];
          expect(of(alone, t)).toEqual(of(together[part], t * 7 + row));
        }
      });
    }
  });
});
