// Convolution kernels against their definition, with and without relaxed instructions; and that they stay within their memory.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Kernels, loadKernels } from "./load.ts";

type Type = "f32" | "f64";
type Values = Float32Array | Float64Array;
const arrays = { f32: Float32Array, f64: Float64Array };

interface Shapes {
  batch: number;
  groups: number;
  channels: number;
  filters: number;
  extra: number[];
  kernel: number[];
  stride: number[];
  pad: number[];
  after: number[];
  dilation: number[];
}

const both = (min: number, max: number): fc.Arbitrary<number[]> =>
  fc.array(fc.integer({ min, max }), { minLength: 2, maxLength: 2 });
const shapes: fc.Arbitrary<Shapes> = fc.record({
  batch: fc.integer({ min: 1, max: 3 }),
  groups: fc.integer({ min: 1, max: 3 }),
  channels: fc.integer({ min: 1, max: 6 }),
  filters: fc.integer({ min: 1, max: 10 }),
  extra: both(0, 11),
  kernel: both(1, 4),
  stride: both(1, 3),
  pad: both(0, 2),
  after: both(0, 2),
  dilation: both(1, 2),
});

/** A kernel's geometry: image, kernel, walk, and output with `after` zeros below and right at most. */
function geometryOf(s: Shapes): number[] {
  const reach = s.kernel.map((n, i) => (n - 1) * s.dilation[i] + 1);
  const size = reach.map((n, i) => Math.max(1, n + s.extra[i] - s.pad[i] - s.after[i]));
  const out = size.map((n, i) => Math.floor((n + s.pad[i] + s.after[i] - reach[i]) / s.stride[i]) + 1);
  const [channels, filters] = [s.groups * s.channels, s.groups * s.filters];
  return [s.batch, channels, ...size, filters, ...s.kernel, ...s.stride, ...s.pad, ...s.dilation, s.groups, ...out];
}

/** y = conv(x, w) + b, and both gradients for dy, by the definition. */
function byDefinition(geometry: number[], x: Values, w: Values, b: Values, dy: Values): [Values, Values, Values] {
  const [batch, channels, height, width, filters, kh, kw, sh, sw, top, left, dh, dw, groups, rows, columns] = geometry;
  const perGroup = channels / groups;
  const y = new Float64Array(dy.length);
  const dx = new Float64Array(x.length);
  const dws = new Float64Array(w.length);
  for (let n = 0, at = 0; n < batch; n++) {
    for (let f = 0; f < filters; f++) {
      const first = Math.floor(f / (filters / groups)) * perGroup;
      for (let i = 0; i < rows; i++) {
        for (let j = 0; j < columns; j++, at++) {
          y[at] = b[f];
          for (let tap = 0; tap < perGroup * kh * kw; tap++) {
            const row = i * sh - top + (Math.floor(tap / kw) % kh) * dh;
            const column = j * sw - left + (tap % kw) * dw;
            if (row < 0 || column < 0 || row >= height || column >= width) continue;
            const from = ((n * channels + first + Math.floor(tap / (kh * kw))) * height + row) * width + column;
            const weight = f * perGroup * kh * kw + tap;
            y[at] += w[weight] * x[from];
            dx[from] += w[weight] * dy[at];
            dws[weight] += x[from] * dy[at];
          }
        }
      }
    }
  }
  return [y, dx, dws];
}

const CANARY = 0x5a;

/** Memory with a strip of known bytes behind it. */
function guarded(k: Kernels, bytes: number): { address: number; check(): void } {
  const address = k.reserve(bytes + 64);
  const strip = k.u8(address + bytes, 64).fill(CANARY);
  k.u8(address, bytes).fill(0xff); // NaN: what is not written shows
  return { address, check: () => expect(strip.every((byte) => byte === CANARY)).toBe(true) };
}

function expectNear(actual: Values, expected: Values, tolerance: number): void {
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs(actual[i] - expected[i]);
    if (!(error <= tolerance * Math.max(1, Math.abs(expected[i])))) {
      throw new Error(`element ${i}: got ${actual[i]}, expected ${expected[i]}`);
    }
  }
}

describe.each(["strict", "relaxed"] as const)("convolution kernels (%s)", (kind) => {
  it.each(["f32", "f64"] as const)("in %s equal their definition and write nothing else", (type: Type) => {
    const tolerance = type === "f32" ? 2e-5 : 1e-13;
    fc.assert(
      fc.property(shapes, (s) => {
        const geometry = geometryOf(s);
        const [batch, channels, height, width, filters, kh, kw, , , , , , , groups, rows, columns] = geometry;
        const random = (n: number, salt: number): Values =>
          new arrays[type](n).map((_: number, i: number) => ((i * 7919 + salt) % 2003) / 1001 - 1);
        const x = random(batch * channels * height * width, 1);
        const w = random((filters * channels * kh * kw) / groups, 2);
        const b = random(filters, 3);
        const dy = random(batch * filters * rows * columns, 4);
        const [y, dx, dw] = byDefinition(geometry, x, w, b, dy);
        const k = fresh(kind);
        const [xAt, wAt, bAt, dyAt] = [x, w, b, dy].map((values) => k.put(values));
        const workspaces = [0, 1, 2].map((mode) =>
          guarded(k, k.exports[`convolutionWorkspace_${type}`](mode, ...geometry)),
        );
        const outputs = [y, dx, dw].map((values) => guarded(k, values.length * x.BYTES_PER_ELEMENT));
        const run = (name: string, ...rest: number[]): void =>
          void k.exports[`convolution${name}_${type}`](...rest, ...geometry);
        run("", xAt, wAt, bAt, outputs[0].address, workspaces[0].address, 0);
        run("InputGradient", dyAt, wAt, 0, outputs[1].address, workspaces[1].address, 0);
        run("WeightGradient", xAt, dyAt, outputs[2].address, workspaces[2].address, 0);
        [y, dx, dw].forEach((expected, i) => {
          expectNear(k[type](outputs[i].address, expected.length), expected, i === 2 ? 4 * tolerance : tolerance);
        });
        run("WeightGradient", xAt, dyAt, outputs[2].address, workspaces[2].address, 1);
        expectNear(
          k[type](outputs[2].address, dw.length),
          dw.map((value) => 2 * value),
          4 * tolerance,
        );
        for (const memory of [...workspaces, ...outputs]) memory.check();
      }),
      { numRuns: 300 },
    );
  });
});

const loaded: Partial<Record<"strict" | "relaxed", Kernels>> = {};
let uses = 0;

/** Kernels with memory to spare: a loaded module is used some hundred times before the next. */
function fresh(kind: "strict" | "relaxed"): Kernels {
  if (uses % 100 === 0 || loaded[kind] === undefined) loaded[kind] = loadKernels(kind, 64);
  uses += 1;
  return loaded[kind];
}
