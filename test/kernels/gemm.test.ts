// Matrix products against the definition, a loop in float64; and the promise that no way to compute one changes its bits.
import { Worker } from "node:worker_threads";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Kernels, loadKernels } from "./load.ts";

type Type = "f32" | "f64";
const activations = ["none", "sigmoid", "tanh", "relu"] as const;

interface Case {
  type: Type;
  m: number;
  n: number;
  k: number;
  /** Element (i, p) of A lies at i * aRow + p * aColumn, (p, j) of B at p * bRow + j * bColumn, (i, j) of C at i * cRow + j. */
  aRow: number;
  aColumn: number;
  bRow: number;
  bColumn: number;
  cRow: number;
  accumulate: boolean;
  bias: boolean;
  activation: (typeof activations)[number];
  /** Elements by which the matrices miss an alignment of 64 bytes. */
  shift: number;
  seed: number;
}

const layouts = {
  "row-major": (_rows: number, columns: number) => [columns, 1],
  "rows apart": (_rows: number, columns: number) => [columns + 3, 1],
  transposed: (rows: number) => [1, rows],
  "columns apart": (rows: number) => [1, rows + 5],
  "every other": (_rows: number, columns: number) => [2 * columns, 2],
  "row repeated": () => [0, 1],
} satisfies Record<string, (rows: number, columns: number) => number[]>;
type Layout = keyof typeof layouts;

function product(m: number, n: number, k: number, options: Partial<Case> & { a?: Layout; b?: Layout } = {}): Case {
  const { a = "row-major", b = "row-major", ...rest } = options;
  const [aRow, aColumn] = layouts[a](m, k) as [number, number];
  const [bRow, bColumn] = layouts[b](k, n) as [number, number];
  const plain = { type: "f32", accumulate: false, bias: false, activation: "none", shift: 0, seed: 1 } as const;
  return { ...plain, m, n, k, aRow, aColumn, bRow, bColumn, cRow: n, ...rest };
}

function numbers(seed: number): () => number {
  let state = seed * 2654435761 + 12345;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}

/** Values at the places that a matrix with these strides has, NaN everywhere else. */
function matrix(type: Type, rows: number, columns: number, row: number, column: number, next: () => number) {
  const length = rows && columns ? (rows - 1) * row + (columns - 1) * column + 1 : 0;
  const values = type === "f32" ? new Float32Array(length) : new Float64Array(length);
  values.fill(Number.NaN);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) values[i * row + j * column] = next();
  return values;
}

interface Placed {
  a: Float32Array | Float64Array;
  b: Float32Array | Float64Array;
  bias: Float32Array | Float64Array;
  start: Float32Array | Float64Array;
  run(): Float32Array | Float64Array;
}

/** Lays the case out in memory; `run` computes it afresh and returns C with what lies between its rows and around it. */
function place(kernels: Kernels, test: Case): Placed {
  const next = numbers(test.seed);
  const bytes = test.type === "f32" ? 4 : 8;
  const a = matrix(test.type, test.m, test.k, test.aRow, test.aColumn, next);
  const b = matrix(test.type, test.k, test.n, test.bRow, test.bColumn, next);
  const bias = matrix(test.type, 1, test.n, 0, 1, next);
  const margin = 8;
  const length = test.m * test.cRow + 2 * margin;
  const start = matrix(test.type, 1, length, 0, 1, next);
  const put = (values: Float32Array | Float64Array) => {
    const address = kernels.reserve(values.byteLength + 64) + test.shift * bytes;
    (test.type === "f32" ? kernels.f32 : kernels.f64)(address, values.length).set(values);
    return address;
  };
  const [aAt, bAt, biasAt, cAt] = [put(a), put(b), put(bias), put(start)];
  const { m, n, k, aRow, aColumn, bRow, bColumn, cRow } = test;
  return {
    a,
    b,
    bias,
    start,
    run() {
      const c = (test.type === "f32" ? kernels.f32 : kernels.f64)(cAt, length);
      c.set(start);
      const to = cAt + margin * bytes;
      const epilogue = [+test.accumulate, test.bias ? biasAt : 0, activations.indexOf(test.activation)] as const;
      kernels.exports[`gemm_${test.type}`]!(m, n, k, aAt, aRow, aColumn, bAt, bRow, bColumn, to, cRow, ...epilogue);
      return c.slice();
    },
  };
}

/** The definition. */
function check(kernels: Kernels, test: Case): void {
  const { m, n, k, aRow, aColumn, bRow, bColumn, cRow } = test;
  const { a, b, bias, start, run } = place(kernels, test);
  const c = run();
  const unit = test.type === "f32" ? 2 ** -24 : 2 ** -53;
  const wanted = start.slice();
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      const at = 8 + i * cRow + j;
      let sum = test.accumulate ? start[at] : 0;
      let size = Math.abs(sum);
      for (let p = 0; p < k; p++) {
        const term = a[i * aRow + p * aColumn] * b[p * bRow + j * bColumn];
        sum += term;
        size += Math.abs(term);
      }
      if (test.bias) sum += bias[j];
      if (test.activation === "sigmoid") sum = 1 / (1 + Math.exp(-sum));
      if (test.activation === "tanh") sum = Math.tanh(sum);
      if (test.activation === "relu") sum = Math.max(sum, 0);
      const error = Math.abs(c[at] - sum);
      if (error <= unit * (size + 1) * (4 + 2 * Math.sqrt(k))) wanted[at] = c[at];
      else expect.fail(`C[${i}, ${j}] is ${c[at]}, not ${sum}, in ${JSON.stringify(test)}`);
    }
  }
  // All that is not an element of C stands as before.
  expect(c).toEqual(wanted);
}

const caseOf = (size: fc.Arbitrary<number>): fc.Arbitrary<Case> =>
  fc
    .record({
      m: size,
      n: size,
      k: size,
      a: fc.constantFrom(...(Object.keys(layouts) as Layout[])),
      b: fc.constantFrom(...(Object.keys(layouts) as Layout[])),
      gap: fc.nat(3),
      type: fc.constantFrom("f32" as const, "f64" as const),
      accumulate: fc.boolean(),
      bias: fc.boolean(),
      activation: fc.constantFrom(...activations),
      shift: fc.nat(3),
      seed: fc.nat(1000),
    })
    .map(({ m, n, k, gap, ...options }) => product(m, n, k, { ...options, cRow: n + gap }));

// Sizes that reach what small ones do not: several blocks of k, rows and columns, copies of A and B, and their last parts.
const large: Case[] = [
  product(10, 30, 784),
  product(784, 30, 10, { a: "transposed" }),
  product(10, 784, 30, { b: "transposed" }),
  product(203, 66, 70),
  product(130, 301, 40, { accumulate: true, bias: true, activation: "relu" }),
  product(70, 523, 11, { bias: true }),
  product(70, 523, 11, { b: "transposed", bias: true, activation: "tanh" }),
  product(13, 1024, 530, { accumulate: true }),
  product(300, 70, 90, { a: "transposed" }),
  product(1024, 19, 600, { a: "transposed", b: "transposed", accumulate: true }),
  product(200, 9, 1100, { b: "transposed", accumulate: true }),
  product(400, 2, 530),
  product(400, 2, 530, { a: "transposed", b: "every other", bias: true }),
  product(500, 1, 21, { a: "transposed", bias: true, activation: "sigmoid" }),
  product(1, 500, 700),
  product(3, 4, 2049, { a: "every other" }),
];

for (const kind of ["strict", "relaxed"] as const) {
  describe(`gemm, ${kind}`, () => {
    it("C = activation(A B + bias), or C + A B, for any strides and sizes up to 40", () => {
      fc.assert(
        fc.property(caseOf(fc.nat(40)), (test) => check(loadKernels(kind, 8), test)),
        { numRuns: 500 },
      );
    });

    for (const type of ["f32", "f64"] as const) {
      it(`the same for large sizes, ${type}`, () => {
        for (const test of large) check(loadKernels(kind, 32), { ...test, type });
      });
    }

    it("k = 0 gives zeros, or leaves C if it accumulates, before bias and activation", () => {
      for (const accumulate of [false, true]) {
        check(loadKernels(kind, 8), product(5, 7, 0, { accumulate, bias: true, activation: "sigmoid" }));
        check(loadKernels(kind, 8), product(5, 7, 0, { accumulate }));
      }
    });

    it("NaN and infinities reach the elements that they belong to, and no others", () => {
      for (const b of ["row-major", "transposed"] as const) {
        for (const k of [7, 18, 30]) {
          const kernels = loadKernels(kind, 8);
          const [m, n] = [6, 11];
          const a = new Float32Array(m * k).fill(1);
          a[2 * k + k - 1] = Number.NaN;
          a[3 * k] = Number.POSITIVE_INFINITY;
          a[4 * k + k - 2] = Number.POSITIVE_INFINITY;
          const ones = new Float32Array(k * n).fill(1);
          if (b === "row-major") ones[5] = 0;
          else ones[5 * k] = 0;
          const c = kernels.reserve(4 * m * n);
          const [bRow, bColumn] = layouts[b](k, n) as [number, number];
          kernels.exports["gemm_f32"]!(m, n, k, kernels.put(a), k, 1, kernels.put(ones), bRow, bColumn, c, n, 0, 0, 3);
          const row = (i: number) => [...kernels.f32(c, m * n).slice(i * n, (i + 1) * n)];
          const finite = Array.from({ length: n }, (_, j) => (j === 5 ? k - 1 : k));
          expect(row(1)).toEqual(finite);
          expect(row(2)).toEqual(Array(n).fill(Number.NaN));
          // 0 times infinity
          expect(row(3)).toEqual(finite.map((_, j) => (j === 5 ? Number.NaN : Number.POSITIVE_INFINITY)));
          expect(row(4)).toEqual(Array(n).fill(Number.POSITIVE_INFINITY));
          expect(row(5)).toEqual(finite);
        }
      }
    });

    it("a row of C has the same bits whatever rows stand beside it", () => {
      const sizes = fc.record({
        m: fc.integer({ min: 1, max: 15 }),
        n: fc.integer({ min: 4, max: 40 }),
        k: fc.nat(600),
      });
      const layout = fc.constantFrom<Layout>("row-major", "transposed");
      fc.assert(
        fc.property(sizes, layout, layout, fc.constantFrom<Type>("f32", "f64"), ({ m, n, k }, a, b, type) => {
          const all = product(m, n, k, { a, b, type });
          const kernels = loadKernels(kind, 8);
          const { run } = place(kernels, all);
          const rows = run();
          for (const i of [0, m >> 1, m - 1]) {
            const { a: values, b: factor } = place(loadKernels(kind, 8), all);
            const put = kernels.put(values.subarray(i * all.aRow));
            const c = kernels.reserve(8 * n);
            const strides = [all.aRow, all.aColumn, kernels.put(factor), all.bRow, all.bColumn] as const;
            kernels.exports[`gemm_${type}`]!(1, n, k, put, ...strides, c, n, 0, 0, 0);
            const alone = (type === "f32" ? kernels.f32 : kernels.f64)(c, n).slice();
            expect(alone).toEqual(rows.slice(8 + i * n, 8 + (i + 1) * n));
          }
        }),
        { numRuns: 60 },
      );
    });

    it("batched: each product is the single one, a stride of 0 repeats a factor", () => {
      const [batch, m, n, k] = [5, 9, 14, 21];
      for (const type of ["f32", "f64"] as const) {
        for (const [aBatch, bBatch] of [
          [m * k, k * n],
          [0, k * n],
          [m * k, 0],
        ] as const) {
          const kernels = loadKernels(kind, 8);
          const next = numbers(3);
          const a = kernels.put(matrix(type, batch, m * k, m * k, 1, next));
          const b = kernels.put(matrix(type, batch, k * n, k * n, 1, next));
          const bias = kernels.put(matrix(type, 1, n, n, 1, next));
          const bytes = type === "f32" ? 4 : 8;
          const [together, single] = [kernels.reserve(batch * m * n * bytes), kernels.reserve(batch * m * n * bytes)];
          const gemm = kernels.exports[`gemm_${type}`];
          const batched = kernels.exports[`gemmBatched_${type}`];
          batched(batch, aBatch, bBatch, m * n, m, n, k, a, k, 1, b, n, 1, together, n, 0, bias, 2);
          for (let i = 0; i < batch; i++) {
            const [aAt, bAt] = [a + i * aBatch * bytes, b + i * bBatch * bytes];
            gemm(m, n, k, aAt, k, 1, bAt, n, 1, single + i * m * n * bytes, n, 0, bias, 2);
          }
          const view = type === "f32" ? kernels.f32 : kernels.f64;
          expect(view(together, batch * m * n)).toEqual(view(single, batch * m * n));
        }
      }
    });

    it("two threads give the bits of one", async () => {
      const kernels = loadKernels(kind, 160);
      const bytes = (array: Float32Array | Float64Array) =>
        Buffer.from(array.buffer, array.byteOffset, array.byteLength);
      const cases = (["f32", "f64"] as const).flatMap((type) =>
        [
          ...large,
          product(64, 128, 784, { bias: true, activation: "sigmoid" }),
          product(67, 99, 100, { accumulate: true }),
          product(33, 35, 130),
        ].map((test) => place(kernels, { ...test, type })),
      );
      const alone = cases.map(({ run }) => bytes(run()));
      const [batch, size] = [24, 40];
      const factors = kernels.put(matrix("f32", 2, batch * size * size, batch * size * size, 1, numbers(9)));
      const results = kernels.reserve(4 * batch * size * size);
      const runBatch = () => {
        const [m, step] = [size, size * size];
        const other = factors + 4 * batch * step;
        kernels.exports["gemmBatched_f32"]!(
          batch,
          step,
          step,
          step,
          m,
          m,
          m,
          factors,
          m,
          1,
          other,
          1,
          m,
          results,
          m,
          0,
          0,
          0,
        );
        return bytes(kernels.f32(results, batch * step).slice());
      };
      const batchAlone = runBatch();

      const scratch = kernels.reserve(2 << 20);
      const url = new URL(`../../kernels/build/${kind}.wasm`, import.meta.url).href;
      const worker = new Worker(
        `const { workerData: { memory, scratch, url } } = require("node:worker_threads");
         const module = new WebAssembly.Module(require("node:fs").readFileSync(new URL(url)));
         const { exports } = new WebAssembly.Instance(module, { env: { memory, abort() {} } });
         exports.setScratch(scratch, 2 << 20);
         exports.workerLoop();`,
        { eval: true, workerData: { memory: kernels.memory, scratch, url } },
      );
      try {
        while (kernels.exports["threadCount"]!() < 2) await new Promise((resolve) => setTimeout(resolve, 1));
        // The worker's scratch memory shows whether it has taken a part.
        const took = () => kernels.i32(scratch, 64).some((word) => word !== 0);
        for (let round = 0; round < 3 || (!took() && round < 1000); round++) {
          cases.forEach(({ run }, index) => {
            expect(Buffer.compare(bytes(run()), alone[index]), `case ${index}`).toBe(0);
          });
          expect(Buffer.compare(runBatch(), batchAlone)).toBe(0);
        }
        expect(took()).toBe(true);
      } finally {
        kernels.exports["stopWorkers"]!();
        await worker.terminate();
      }
    });
  });
}

it("strict: an element is ((0 + a0 b0) + a1 b1) + ... in float32, in blocks of at most 512", () => {
  const test = product(7, 13, 700);
  const { a, b, run } = place(loadKernels("strict", 8), test);
  const c = run();
  for (let i = 0; i < 7; i++) {
    for (let j = 0; j < 13; j++) {
      const block = (from: number) => {
        let sum = 0;
        for (let p = from; p < from + 350; p++) {
          sum = Math.fround(sum + Math.fround(a[i * 700 + p] * b[p * 13 + j]));
        }
        return sum;
      };
      expect(c[8 + i * 13 + j]).toBe(Math.fround(block(0) + block(350)));
    }
  }
});
