// Other people's tools for ONNX, where they are at hand: ONNX Runtime from the folder that NABLA_ONNXRUNTIME names (one with onnxruntime-node in its
// node_modules), and the checker of the Python package onnx.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { OnnxTensor } from "../../src/io/onnx/onnx-tensor.ts";
import { type DType, type Tensor, tensor } from "../../src/node.ts";

interface RuntimeTensor {
  readonly type: string;
  readonly data: Float32Array | Float64Array | Int32Array | BigInt64Array | Uint8Array;
  readonly dims: readonly number[];
}

interface Session {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  run(feeds: Record<string, RuntimeTensor>): Promise<Record<string, RuntimeTensor>>;
  release(): Promise<void>;
}

interface Runtime {
  Tensor: new (type: string, data: RuntimeTensor["data"], dims: readonly number[]) => RuntimeTensor;
  InferenceSession: { create(model: Uint8Array, options: object): Promise<Session> };
}

const folder = process.env["NABLA_ONNXRUNTIME"];
const runtime = folder === undefined ? undefined : (createRequire(join(folder, "x.js"))("onnxruntime-node") as Runtime);

/** Whether ONNX Runtime is there. */
export const runtimeFound = runtime !== undefined;

/** What ONNX Runtime makes of arrays of any type. */
export async function runOnRuntime(
  model: Uint8Array,
  inputs: Readonly<Record<string, OnnxTensor>>,
): Promise<Record<string, RuntimeTensor>> {
  const session = await runtime!.InferenceSession.create(model, {
    ...{ logSeverityLevel: 3, intraOpNumThreads: 1, interOpNumThreads: 1 },
  });
  try {
    const feeds = Object.entries(inputs).map(([name, { type, data, shape }]) => [
      name,
      new runtime!.Tensor(type, data as RuntimeTensor["data"], [...shape]),
    ]);
    return await session.run(Object.fromEntries(feeds) as Record<string, RuntimeTensor>);
  } finally {
    await session.release();
  }
}

/** What ONNX Runtime makes of inputs by name, outputs by name. */
export async function inRuntime(
  model: Uint8Array,
  inputs: Readonly<Record<string, Tensor>>,
): Promise<Record<string, Tensor>> {
  const arrays = Object.entries(inputs).map(([name, x]) => [
    name,
    { type: x.dtype, shape: x.shape, data: x.dataSync() },
  ]);
  const results = await runOnRuntime(model, Object.fromEntries(arrays) as Record<string, OnnxTensor>);
  return Object.fromEntries(
    Object.entries(results).map(([name, { type, data, dims }]) => [
      name,
      tensor(data as Float32Array, { dtype: type as DType, shape: [...dims] }),
    ]),
  );
}

const python = ["/usr/bin/python3", "python3"].find(
  (command) => spawnSync(command, ["-c", "import onnx.checker, onnx.shape_inference"]).status === 0,
);

/** Whether the checker is there. */
export const checkerFound = python !== undefined;

const CHECK = `
import glob, onnx, onnx.checker, onnx.shape_inference, sys
for path in sorted(glob.glob(sys.argv[1] + "/*.onnx")):
    try:
        model = onnx.load(path)
        onnx.checker.check_model(model, full_check=True)
        onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True)
    except Exception as error:
        print(path.rsplit("/", 1)[1] + ": " + str(error).split("\\n\\n==>")[0])
`;

/** What the checker says against files, by name; nothing if all are sound. */
export function checked(files: Readonly<Record<string, Uint8Array>>): string[] {
  const at = mkdtempSync(join(tmpdir(), "nabla-onnx-"));
  try {
    for (const [name, bytes] of Object.entries(files)) writeFileSync(join(at, `${name}.onnx`), bytes);
    const { stdout, stderr, status } = spawnSync(python!, ["-c", CHECK, at], { encoding: "utf8" });
    if (status !== 0) throw new Error(stderr);
    return stdout.split("\n").filter((line) => line !== "");
  } finally {
    rmSync(at, { recursive: true });
  }
}
