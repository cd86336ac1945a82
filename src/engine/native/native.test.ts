// The native engine gives the kernels' products: any strides, any cut, with bias and activation, on one thread and on two.
import { describe, expect, test } from "vitest";
import { describeGolden } from "../../../test/golden.ts";
import * as nb from "../../node.ts";
import { configureEngine, engineFor, engineStatus } from "../configure.ts";
import { type Engine, engine, type FusedActivation, type MatrixView, setEngine } from "../engine.ts";
import { WasmEngine } from "../wasm/engine.ts";
import { leadingDimension, NativeEngine } from "./engine.ts";
import { missingReason, nativeLibraries } from "./library.ts";

const found = nativeLibraries();
const skipped = found === null ? ` (skipped: ${missingReason()})` : "";

/** One product as the engine sees it: sizes, strides in elements, and what is fused. */
interface Case {
  name: string;
  sizes: [m: number, n: number, k: number];
  transposeA?: boolean;
  transposeB?: boolean;
  /** Elements of a row beyond the matrix. */
  gap?: number;
  batch?: number;
  /** One matrix B for the whole batch. */
  sharedB?: boolean;
  /** Elements between neighbours of a row; the library can't take 2. */
  step?: number;
  accumulate?: boolean;
  bias?: boolean;
  activation?: FusedActivation;
}

const cases: Case[] = [
  { name: "plain", sizes: [37, 53, 71] },
  { name: "one row", sizes: [1, 300, 200] },
  { name: "one column", sizes: [300, 1, 200] },
  { name: "one step", sizes: [200, 300, 1] },
  { name: "one row, transposed B", sizes: [1, 300, 200], transposeB: true },
  { name: "one column, transposed A", sizes: [300, 1, 200], transposeA: true },
  { name: "transposed A", sizes: [96, 64, 48], transposeA: true },
  { name: "transposed B", sizes: [96, 64, 48], transposeB: true },
  { name: "both transposed, rows apart", sizes: [50, 60, 70], transposeA: true, transposeB: true, gap: 3 },
  { name: "rows apart", sizes: [50, 60, 70], gap: 5 },
  { name: "strides that no library takes", sizes: [50, 60, 70], step: 2 },
  { name: "accumulated", sizes: [64, 64, 64], accumulate: true },
  { name: "bias", sizes: [64, 100, 64], bias: true },
  { name: "bias and sigmoid", sizes: [10, 30, 784], bias: true, activation: "sigmoid" },
  { name: "bias and tanh", sizes: [33, 65, 129], bias: true, activation: "tanh" },
  { name: "relu alone", sizes: [33, 65, 129], activation: "relu" },
  { name: "cut for threads", sizes: [257, 391, 123], bias: true, activation: "relu" },
  { name: "cut for threads, transposed", sizes: [784, 256, 64], transposeA: true, accumulate: true },
  { name: "batch of small ones", sizes: [20, 30, 40], batch: 37, bias: true, activation: "tanh" },
  { name: "batch of large ones", sizes: [200, 180, 160], batch: 3 },
  { name: "batch with one B", sizes: [40, 50, 60], batch: 9, sharedB: true, transposeB: true },
];

type Float = "float32" | "float64";

function matrix(
  view: nb.Tensor,
  rows: number,
  columns: number,
  transposed: boolean,
  { gap = 0, step = 1 }: Case,
  repeated: boolean,
): MatrixView {
  const length = ((transposed ? rows : columns) + gap) * step;
  const batchStride = repeated ? 0 : length * (transposed ? columns : rows);
  const [rowStride, columnStride] = transposed ? [step, length] : [length, step];
  return { view, offset: view.offset, rowStride, columnStride, batchStride };
}

/** A case's operands, the same on every engine, and its product. */
function product(c: Case, dtype: Float): ArrayLike<number> {
  return nb.scope(() => {
    const [m, n, k] = c.sizes;
    const { gap = 0, step = 1, batch = 1 } = c;
    nb.random.seed(7);
    const fill = (rows: number, columns: number): nb.Tensor =>
      nb.cast(nb.random.normal([batch * (rows + gap) * (columns + gap) * step * step]), dtype);
    const a = fill(m, k);
    const b = fill(k, n);
    const out = nb.cast(nb.random.normal([batch, m, n]), dtype);
    const bias = c.bias ? nb.cast(nb.random.normal([n]), dtype) : undefined;
    const left = matrix(a, m, k, c.transposeA ?? false, c, false);
    const right = matrix(b, k, n, c.transposeB ?? false, c, c.sharedB ?? false);
    engine().matmul(left, right, out, m, n, k, batch, { accumulate: c.accumulate, bias, activation: c.activation });
    return out.dataSync();
  });
}

async function use<T extends Engine>(next: T): Promise<T> {
  const before = engine();
  if (before instanceof WasmEngine) before.close();
  setEngine(next);
  for (let i = 0; i < 500 && next.status().threadsReady < next.status().threads; i++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return next;
}

async function products(next: Engine): Promise<Record<string, ArrayLike<number>>> {
  await use(next);
  const results: Record<string, ArrayLike<number>> = {};
  for (const c of cases) {
    for (const dtype of ["float32", "float64"] as const) results[`${c.name}, ${dtype}`] = product(c, dtype);
  }
  return results;
}

test("leading dimension: rows or columns must be contiguous and not overlap", () => {
  expect(leadingDimension(3, 4, 4, 1)).toBe(4);
  expect(leadingDimension(3, 4, 9, 1)).toBe(9);
  expect(leadingDimension(3, 4, 1, 3)).toBe(-3);
  expect(leadingDimension(1, 4, 77, 1)).toBe(4);
  expect(leadingDimension(3, 1, 5, 99)).toBe(5);
  expect(leadingDimension(1, 4, 1, 6)).toBe(-6);
  expect(leadingDimension(3, 4, 0, 1)).toBe(0);
  expect(leadingDimension(3, 4, 8, 2)).toBe(0);
  expect(leadingDimension(3, 4, -4, 1)).toBe(0);
});

describe.skipIf(found === null)(`native engine${skipped}`, () => {
  test("products are the kernels' up to rounding, on one thread and on two", async () => {
    const expected = await products(new WasmEngine({ threads: 1 }));
    for (const threads of [1, 2]) {
      const actual = await products(NativeEngine.make({ convolutions: true, threads, smallestProduct: 1 }));
      for (const [name, values] of Object.entries(expected)) {
        const tolerance = name.endsWith("float64") ? 1e-12 : 2e-5;
        const got = actual[name]!;
        for (let i = 0; i < values.length; i++) {
          if (!(Math.abs(got[i]! - values[i]!) <= tolerance * (10 + Math.abs(values[i]!)))) {
            throw new Error(`${name}, ${threads} threads, element ${i}: got ${got[i]}, expected ${values[i]}`);
          }
        }
      }
    }
  });

  test.skipIf(found?.float32.kind !== "onednn")("oneDNN gives the same bits on one thread and on two", async () => {
    const one = await products(NativeEngine.make({ convolutions: true, threads: 1, smallestProduct: 1 }));
    const two = await products(NativeEngine.make({ convolutions: true, threads: 2, smallestProduct: 1 }));
    for (const name of Object.keys(one).filter((name) => name.endsWith("float32"))) {
      expect(
        Buffer.from(new Float32Array(one[name]!).buffer).equals(Buffer.from(new Float32Array(two[name]!).buffer)),
        name,
      ).toBe(true);
    }
  });

  test("kernels and products alternate on the same threads, also after the memory has grown", async () => {
    await use(NativeEngine.make({ convolutions: true, threads: 2 }));
    nb.scope(() => {
      const x = nb.ones([256, 256]);
      const before = engine().memory().heldBytes;
      const large = nb.ones([40, 1024, 1024]);
      expect(engine().memory().heldBytes).toBeGreaterThan(before);
      expect(large.sum().item()).toBe(40 * 1024 * 1024);
      let y = x;
      for (let i = 0; i < 200; i++) y = nb.matmul(x, y).mul(1 / 256);
      expect(y.sub(1).abs().max().item()).toBeLessThan(1e-5);
    });
  });

  test("NaN and infinities come through", async () => {
    await use(NativeEngine.make({ convolutions: true, threads: 1, smallestProduct: 1 }));
    nb.scope(() => {
      const a = nb.tensor([
        [Number.NaN, 1],
        [Number.POSITIVE_INFINITY, 1],
        [1, 1],
      ]);
      const y = nb.linear(a, nb.ones([2, 2]), nb.zeros([2]), "relu");
      expect(y.toArray()).toEqual([
        [Number.NaN, Number.NaN],
        [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
        [2, 2],
      ]);
    });
  });

  test("a tensor whose scope has ended is refused", async () => {
    await use(NativeEngine.make({ convolutions: true, threads: 1, smallestProduct: 1 }));
    const x = nb.ones([2, 2]);
    let ended = x;
    nb.scope(() => {
      ended = nb.ones([2, 2]);
    });
    expect(() => nb.matmul(x, ended)).toThrow(/scope has ended/);
  });

  test("status names engine and library; auto takes it, unless the bits have to be the same everywhere", async () => {
    await use(new WasmEngine({ threads: 1 }));
    expect(engineFor({ engine: "auto" })).toBe("native");
    expect(engineFor({ engine: "auto", deterministic: true })).toBe("wasm");
    expect(() => engineFor({ engine: "native", deterministic: true })).toThrow(/can't be deterministic/);
    expect(NativeEngine.make({ convolutions: true, threads: 1 }).status()).toMatchObject({
      engine: "native",
      library: expect.stringContaining(found!.float32.title),
    });
  });

  describe("on the oracle's cases", () => {
    test("engine", async () => {
      await use(NativeEngine.make({ convolutions: true, threads: 2, smallestProduct: 1 }));
      expect(engineStatus().engine).toBe("native");
    });
    describeGolden("linalg", ({ name }) => {
      if (name === "outer") return ({ a, b }) => nb.outer(a, b);
      if (name === "transposed operands") return ({ a, b }) => nb.matmul(a.T, b.T);
      return name.startsWith("matmul") ? ({ a, b }) => nb.matmul(a, b) : undefined;
    });
  });
});

test("an unknown engine is named with those that there are", () => {
  expect(() => configureEngine({ engine: "gpu" as "wasm" })).toThrow(
    /unknown engine "gpu"; there are "auto", "wasm", "native"/,
  );
});
