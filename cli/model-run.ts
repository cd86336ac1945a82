// `nabla model run`: a network on arrays in files.
import type { Command } from "commander";
import { type DType, isFloat } from "../src/engine/dtype.ts";
import { loadNpy, loadNpz, saveNpy, saveNpz } from "../src/io/npy.node.ts";
import { type OnnxData, type OnnxGraph, readOnnx } from "../src/io/onnx/graph.ts";
import { type ElementType, elementArray, isFloating, type OnnxTensor } from "../src/io/onnx/onnx-tensor.ts";
import type { Model } from "../src/nn/model.ts";
import { cast } from "../src/ops/cast.ts";
import { tensor } from "../src/tensor/create.ts";
import { formatShape } from "../src/tensor/shape.ts";
import { scope, Tensor } from "../src/tensor/tensor.ts";
import { predictAll } from "../src/train/predict.ts";
import { suggestion, UsageError, UserError } from "./errors.ts";
import { endingOf, messageOf, openModelFile } from "./model-files.ts";
import { shapeText } from "./model-show.ts";

interface RunOptions {
  input: string[];
  output?: string[];
  json?: boolean;
}

/** An input or output of a network. */
interface Port {
  readonly name: string;
  /** Of the tensors it takes; undefined where any are taken. */
  readonly dtype: DType | undefined;
  /** With the batch axis. */
  readonly shape: readonly (number | string | null)[] | undefined;
}

/** Something that can be run by names. */
interface Runnable {
  readonly inputs: readonly Port[];
  readonly outputs: readonly string[];
  run(inputs: Readonly<Record<string, Tensor>>): Record<string, Tensor>;
}

/** Numbers of an output that are printed, and that stand in JSON. */
const [FEW, MANY] = [8, 10_000];

const collect = (value: string, before: string[] = []): string[] => [...before, value];

export function addRunCommand(model: Command): void {
  model
    .command("run")
    .description("Runs a network on arrays in .npy or .npz files, and writes or prints what it gives.")
    .argument("<file>", "a model (.safetensors, .onnx), or the folder of a run")
    .requiredOption(
      "--input <file>",
      "an array in .npy: FILE, or NAME=FILE where there are several inputs; or .npz with all of them by name",
      collect,
      [],
    )
    .option(
      "--output <file>",
      "where to write an output: FILE.npy, NAME=FILE.npy, or FILE.npz for all of them; default: they are described",
      collect,
    )
    .option(
      "--json",
      "print one JSON object as the last line on standard output; outputs that are not written are in it",
    )
    .action(async (path: string, options: RunOptions) => {
      const say = (line: string): void => {
        process.stderr.write(`${line}\n`);
      };
      const network = await runnable(path, say);
      const targets = targetsOf(network, options.output ?? []);
      const inputs = await inputsOf(path, network, options.input, say);
      const outputs = running(path, network, inputs);
      await write(outputs, targets);
      if (options.json) process.stdout.write(`${JSON.stringify({ file: path, outputs: asJson(outputs, targets) })}\n`);
      else for (const [name, y] of Object.entries(outputs)) process.stdout.write(`${describe(name, y, targets)}\n`);
    });
}

async function runnable(path: string, say: (line: string) => void): Promise<Runnable> {
  const file = await openModelFile(path, say);
  if (file.kind === "model") return ofModel(file.model);
  if (file.kind === "onnx") return ofOnnx(path, file.bytes, file.externalData);
  const why = file.remark === undefined ? "it holds tensors and no architecture" : file.remark;
  throw new UserError(`${path} can't be run: ${why}`);
}

function ofModel(model: Model): Runnable {
  return {
    inputs: model.inputs.map(({ name, shape, dtype }) => ({ name, dtype, shape: [null, ...shape] })),
    outputs: model.outputs.map(({ name }) => name),
    // Batch by batch, but for states that go on from one to the next.
    run: (inputs) => (model.isStateful ? model.callAll(inputs) : predictAll(model, inputs)),
  };
}

/** Tensors hold a graph's whole numbers as int32; those that are wider there become so on the way in, and back where they fit. */
function ofOnnx(path: string, bytes: Uint8Array, externalData: Readonly<Record<string, Uint8Array>>): Runnable {
  let graph: OnnxGraph;
  try {
    graph = readOnnx(bytes, { name: path, externalData });
  } catch (error) {
    throw new UserError(messageOf(path, error), { cause: error });
  }
  const types = new Map(graph.inputs.map(({ name, type }) => [name, type]));
  return {
    inputs: graph.inputs.map(({ name, type, shape }) => {
      if (type === undefined || /string|complex/.test(type)) {
        throw new UserError(`${path}: input ${name} is ${type ?? "no tensor"}, which no array in a file gives`);
      }
      const dtype = type === "float64" || type === "bool" ? type : isFloating(type) ? "float32" : "int32";
      return { name, dtype, shape };
    }),
    outputs: graph.outputs.map(({ name }) => name),
    run(inputs) {
      const feeds = Object.entries(inputs).map(([name, x]) => [name, asType(types.get(name)!, x)]);
      const results = Object.entries(graph.run(Object.fromEntries(feeds) as Record<string, OnnxData>));
      return Object.fromEntries(results.map(([name, value]) => [name, asTensor(name, value)]));
    },
  };
}

function asType(type: ElementType, x: Tensor): OnnxData {
  if (type === x.dtype) return x;
  const data = elementArray(type, x.size);
  const values = x.dataSync();
  for (let i = 0; i < values.length; i++)
    data[i] = data instanceof BigInt64Array || data instanceof BigUint64Array ? BigInt(values[i]) : values[i];
  return { type, shape: x.shape, data };
}

function asTensor(name: string, value: OnnxData): Tensor {
  if (value instanceof Tensor) return value;
  const array = value as OnnxTensor | null;
  if (array === null || !("data" in array) || array.type === "string") {
    throw new UserError(`output ${name} is no array of numbers`);
  }
  const { type, shape, data } = array;
  const numbers = Float64Array.from(data as Float64Array, Number);
  const whole = isFloating(type) ? "float32" : numbers.every((n) => n === (n | 0)) ? "int32" : "float64";
  return tensor(numbers, { dtype: whole, shape: [...shape] });
}

/** `FILE` or `NAME=FILE`. */
function named(given: string): { name: string | undefined; path: string } {
  const at = given.indexOf("=");
  return at > 0 ? { name: given.slice(0, at), path: given.slice(at + 1) } : { name: undefined, path: given };
}

function checkName(what: "input" | "output", name: string, names: readonly string[]): string {
  if (names.includes(name)) return name;
  throw new UsageError(`there is no ${what} ${name}; there are ${names.join(", ")}.${suggestion(name, names)}`);
}

/** The files of outputs: one for all, or by name. */
interface Targets {
  readonly all: string | undefined;
  readonly byName: ReadonlyMap<string, string>;
}

function targetsOf({ outputs }: Runnable, given: readonly string[]): Targets {
  const byName = new Map<string, string>();
  let all: string | undefined;
  for (const each of given) {
    const { name, path } = named(each);
    const ending = endingOf(path);
    if (ending !== ".npy" && ending !== ".npz")
      throw new UsageError(`--output ${each}: outputs are written to .npy, or .npz for all of them`);
    if (ending === ".npz") {
      if (name !== undefined)
        throw new UsageError(`--output ${each}: .npz is for all outputs together; leave the name out`);
      all = path;
    } else if (name !== undefined) byName.set(checkName("output", name, outputs), path);
    else if (outputs.length === 1) byName.set(outputs[0], path);
    else
      throw new UsageError(
        `--output ${each}: there are ${outputs.length} outputs; write NAME=FILE.npy for each that is wanted of ${outputs.join(", ")}, or one FILE.npz`,
      );
  }
  return { all, byName };
}

async function inputsOf(
  path: string,
  { inputs }: Runnable,
  given: readonly string[],
  say: (line: string) => void,
): Promise<Record<string, Tensor>> {
  const names = inputs.map(({ name }) => name);
  const found: Record<string, Tensor> = {};
  const add = (name: string, x: Tensor, from: string): void => {
    if (Object.hasOwn(found, name)) throw new UsageError(`--input ${from}: input ${name} is given twice`);
    found[name] = fitted(inputs.find((port) => port.name === name)!, x, from, say);
  };
  for (const each of given) {
    const { name, path: from } = named(each);
    const ending = endingOf(from);
    if (ending === ".npz" && name === undefined) {
      const { tensors } = await reading(from, () => loadNpz(from));
      for (const [key, x] of Object.entries(tensors)) add(checkName("input", key, names), x, `${from}, ${key},`);
    } else if (ending !== ".npy")
      throw new UsageError(`--input ${each}: inputs are read from .npy, or .npz with all of them by name`);
    else if (name === undefined && names.length > 1) {
      throw new UsageError(
        `--input ${each}: there are ${names.length} inputs; write NAME=FILE.npy for each of ${names.join(", ")}`,
      );
    } else
      add(
        name === undefined ? names[0] : checkName("input", name, names),
        await reading(from, () => loadNpy(from)),
        from,
      );
  }
  const missing = names.filter((name) => !Object.hasOwn(found, name));
  if (missing.length > 0)
    throw new UsageError(
      `${path} takes ${names.join(", ")}; give ${missing.map((name) => `--input ${name}=FILE.npy`).join(" ")}`,
    );
  return found;
}

async function reading<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw new UserError(messageOf(path, error), { cause: error });
  }
}

/** The array as the input takes it. NumPy's numbers are float64 and its integers int64 where nothing else is said: those are read as what is wanted. */
function fitted({ name, dtype, shape }: Port, x: Tensor, from: string, say: (line: string) => void): Tensor {
  const fits =
    shape === undefined ||
    (shape.length === x.rank && shape.every((length, axis) => typeof length !== "number" || length === x.shape[axis]));
  if (!fits)
    throw new UserError(`${from} has shape ${formatShape(x.shape)}, and input ${name} takes ${shapeText(shape)}`);
  if (dtype === undefined || x.dtype === dtype) return x;
  if (!isFloat(dtype) && isFloat(x.dtype)) {
    throw new UserError(
      `${from} is ${x.dtype}, and input ${name} takes ${dtype} (indices); save it with another type: x.astype("int32")`,
    );
  }
  say(`${from} is ${x.dtype}: read as ${dtype}`);
  return cast(x, dtype);
}

function running(path: string, network: Runnable, inputs: Readonly<Record<string, Tensor>>): Record<string, Tensor> {
  try {
    return scope(() => network.run(inputs));
  } catch (error) {
    throw new UserError(messageOf(path, error), { cause: error });
  }
}

async function write(outputs: Readonly<Record<string, Tensor>>, { all, byName }: Targets): Promise<void> {
  try {
    if (all !== undefined) await saveNpz(all, outputs);
    for (const [name, path] of byName) await saveNpy(path, outputs[name]);
  } catch (error) {
    throw new UserError((error as Error).message, { cause: error });
  }
}

function asJson(outputs: Readonly<Record<string, Tensor>>, { all, byName }: Targets): object {
  const entries = Object.entries(outputs).map(([name, y]) => {
    const written = byName.get(name) ?? all;
    const values = written === undefined && y.size <= MANY ? { data: [...y.dataSync()] } : {};
    return [name, { shape: y.shape, dtype: y.dtype, ...values, ...(written !== undefined && { written }) }];
  });
  return Object.fromEntries(entries);
}

function describe(name: string, y: Tensor, { all, byName }: Targets): string {
  const head = `${name}: ${y.dtype} ${formatShape(y.shape)}`;
  const written = byName.get(name) ?? all;
  if (written !== undefined) return `${head}, written to ${written}`;
  const values = [...y.dataSync().slice(0, FEW)].map((value) => String(Number(value.toPrecision(7))));
  return `${head}: ${values.join(", ")}${y.size > FEW ? ", ..." : ""}`;
}
