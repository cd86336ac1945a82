// The numeric oracle: inputs, outputs and gradients of operations as PyTorch computes them, a JSON file a family, from NABLA_GOLDEN_DIR or
// from ../shared/golden beside the checkout. Where the folder is absent, its tests are skipped and say so.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { backward, type DType, keep, mul, scope, sum, type Tensor, tensor } from "../src/node.ts";

interface GoldenArray {
  shape: number[];
  dtype: DType;
  data: (number | "nan" | "inf" | "-inf")[];
}

export interface GoldenCase {
  name: string;
  attrs: Record<string, unknown>;
  inputs: Record<string, GoldenArray>;
  outputs: Record<string, GoldenArray>;
  outputGradients?: Record<string, GoldenArray>;
  inputGradients?: Record<string, GoldenArray>;
  note?: string;
}

const folder = process.env["NABLA_GOLDEN_DIR"] ?? fileURLToPath(new URL("../../shared/golden", import.meta.url));

/** Whether the oracle is on this machine. */
export const goldenFound = existsSync(folder);

/** Names of all families. */
export function goldenFamilies(): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".json"))
    .map((name) => name.slice(0, -".json".length));
}

/** A family's file, parsed. */
export function readGolden<T>(family: string): T {
  return JSON.parse(readFileSync(`${folder}/${family}.json`, "utf8")) as T;
}

/** The numbers of an array. */
export function goldenValues(array: GoldenArray): number[] {
  const words = { nan: Number.NaN, inf: Number.POSITIVE_INFINITY, "-inf": Number.NEGATIVE_INFINITY };
  return array.data.map((value) => (typeof value === "string" ? words[value] : Number(value)));
}

function goldenTensor(array: GoldenArray, float: DType): Tensor {
  const dtype = array.dtype === "float32" ? float : array.dtype;
  return tensor(Float64Array.from(goldenValues(array)), { dtype, shape: array.shape });
}

/** |a - b| <= 1e-5 + 1e-4 |b| for finite b; NaN and infinities must be the same. The oracle was computed in float32, so float64 is held to the same. */
export function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, what: string): void {
  expect(actual.length, `${what}: number of elements`).toBe(expected.length);
  for (let i = 0; i < actual.length; i++) {
    const [a, b] = [actual[i], expected[i]];
    const close = Number.isFinite(b) ? Math.abs(a - b) <= 1e-5 + 1e-4 * Math.abs(b) : Object.is(a, b);
    if (!close) throw new Error(`${what}, element ${i}: got ${a}, expected ${b}`);
  }
}

/** What computes a case: named inputs, attributes and the float type of the run to one output, or several by name. */
export type GoldenRunner = (
  inputs: Record<string, Tensor>,
  attrs: Record<string, unknown>,
  float: "float32" | "float64",
) => Tensor | Record<string, Tensor>;

/** The elements as the oracle has them: what is beyond float32 is an infinity there. */
function inFloat32(x: Tensor): ArrayLike<number> {
  return x.dtype === "float64" ? Float32Array.from(x.dataSync()) : x.dataSync();
}

/** What a case gave, each beside what it should be. */
interface Given {
  name: string;
  tensor: Tensor;
  expected: GoldenArray;
}

/** Runs a case forward and back; the tensors live as long as the scope in which this is called. */
function computeCase(golden: GoldenCase, runner: GoldenRunner, float: "float32" | "float64"): Given[] {
  const inputs: Record<string, Tensor> = {};
  for (const [name, array] of Object.entries(golden.inputs)) {
    inputs[name] = goldenTensor(array, float);
    if (golden.inputGradients?.[name]) inputs[name].requireGradient();
  }
  const result = runner(inputs, golden.attrs, float);
  const names = Object.keys(golden.outputs);
  const outputs = "storage" in result ? { [names[0]]: result as Tensor } : (result as Record<string, Tensor>);
  const given = names.map((name) => ({ name, tensor: outputs[name], expected: golden.outputs[name] }));
  const wanted = Object.entries(golden.inputGradients ?? {});
  if (wanted.length === 0) return given;
  let total: Tensor | undefined;
  for (const name of names) {
    const fed = golden.outputGradients?.[name];
    if (fed === undefined) continue;
    const part = sum(mul(outputs[name], goldenTensor(fed, float)));
    total = total === undefined ? part : total.add(part);
  }
  backward(total!);
  for (const [name, expected] of wanted) {
    const { gradient } = inputs[name];
    expect(gradient, `gradient of ${name}`).not.toBeNull();
    given.push({ name: `gradient of ${name}`, tensor: gradient!, expected });
  }
  return given;
}

function checkGiven({ name, tensor, expected }: Given, values: ArrayLike<number>, float: DType): void {
  expect(tensor.shape, `${name}: shape`).toEqual(expected.shape);
  expect(tensor.dtype, `${name}: dtype`).toBe(expected.dtype === "float32" ? float : expected.dtype);
  expectClose(values, goldenValues(expected), name);
}

function runCase(golden: GoldenCase, runner: GoldenRunner, float: "float32" | "float64"): void {
  scope(() => {
    for (const given of computeCase(golden, runner, float)) checkGiven(given, inFloat32(given.tensor), float);
  });
}

/** The same in float32 on an engine whose values come later. */
export async function runCaseLater(golden: GoldenCase, runner: GoldenRunner): Promise<void> {
  const given = scope(() =>
    computeCase(golden, runner, "float32").map((each) => ({ ...each, tensor: keep(each.tensor) })),
  );
  for (const each of given) checkGiven(each, await each.tensor.data(), "float32");
}

/**
 * Declares a test for every case of a family, forward and gradient, in float32 and float64. `runnerFor` must know every case: one that
 * it does not know fails.
 */
export function describeGolden(family: string, runnerFor: (golden: GoldenCase) => GoldenRunner | undefined): void {
  describe.skipIf(!goldenFound)(
    `golden ${family}${goldenFound ? "" : " (skipped: no oracle on this machine; set NABLA_GOLDEN_DIR)"}`,
    () => {
      if (!goldenFound) {
        test("oracle", () => {});
        return;
      }
      for (const golden of readGolden<{ cases: GoldenCase[] }>(family).cases) {
        test.each(["float32", "float64"] as const)(`${golden.name} in %s`, (float) => {
          const runner = runnerFor(golden);
          if (runner === undefined) throw new Error(`no runner for the case ${golden.name}`);
          runCase(golden, runner, float);
        });
      }
    },
  );
}
