// The conformance cases of ONNX: a folder a case, with a model, inputs and the outputs that it must give.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type OnnxData, type OnnxGraph, readOnnx } from "../../src/io/onnx/graph.ts";
import { ELEMENT_CODE, type OnnxTensor, onnxTensorOf, readTensorProto } from "../../src/io/onnx/onnx-tensor.ts";
import { damagedFile, readModelProto } from "../../src/io/onnx/proto/file.ts";
import {
  Optional,
  type OptionalProto,
  Sequence,
  type SequenceProto,
  Tensor as TensorMessage,
  type TypeProto,
} from "../../src/io/onnx/proto/messages.ts";
import { readMessage } from "../../src/io/onnx/proto/wire.ts";
import { brainFloat } from "../../src/io/onnx/small-floats.ts";
import { scope, Tensor, tensor } from "../../src/node.ts";

/** A case is so many files in a folder. */
export interface Case {
  family: string;
  name: string;
  folder: string;
}

/** Families whose cases are folders. */
const FAMILIES = ["node", "pytorch-converted", "pytorch-operator", "simple"];

/** All cases in a folder laid out as shared/onnx. */
export function casesIn(root: string): Case[] {
  return FAMILIES.flatMap((family) => {
    const folder = join(root, family);
    if (!existsSync(folder)) return [];
    return readdirSync(folder)
      .filter((name) => existsSync(join(folder, name, "model.onnx")))
      .sort()
      .map((name) => ({ family, name, folder: join(folder, name) }));
  });
}

type Expected = OnnxTensor | null | readonly Expected[];

function readSequence(proto: SequenceProto): Expected[] {
  const damaged = damagedFile("sequence");
  return [
    ...proto.tensorValues.map((each) => readTensorProto(each, damaged)),
    ...proto.sequenceValues.map(readSequence),
    ...proto.optionalValues.map(readOptional),
  ];
}

function readOptional(proto: OptionalProto): Expected {
  if (proto.tensorValue !== undefined) return readTensorProto(proto.tensorValue, damagedFile("optional"));
  return proto.sequenceValue === undefined ? null : readSequence(proto.sequenceValue);
}

/** A file of test data, of the type that the model says. */
function readData(path: string, type: TypeProto | undefined): Expected {
  const bytes = readFileSync(path);
  const damaged = damagedFile(path);
  if (type?.sequenceType !== undefined) return readSequence(readMessage(Sequence, bytes, damaged));
  if (type?.optionalType !== undefined) return readOptional(readMessage(Optional, bytes, damaged));
  return fromBits(readTensorProto(readMessage(TensorMessage, bytes, damaged), damaged), type);
}

/** Older cases have bfloat16 as its bits, in uint16. */
function fromBits(value: Expected, type: TypeProto | undefined): Expected {
  if (value === null || Array.isArray(value)) return value;
  const { type: own, shape, data } = value as OnnxTensor;
  if (own !== "uint16" || type?.tensorType?.elemType !== ELEMENT_CODE.bfloat16) return value;
  return { type: "bfloat16", shape, data: Float32Array.from(data as Uint16Array, brainFloat) };
}

function feed(value: Expected): OnnxData {
  if (value === null) return null;
  if (Array.isArray(value)) return value.map(feed);
  const { type, shape, data } = value as OnnxTensor;
  if (type === "float32" || type === "float64" || type === "bool" || type === "int32") {
    return tensor(data as Float32Array, { shape, dtype: type });
  }
  return value as OnnxTensor;
}

/** What differs, in words; undefined if nothing does. */
export function difference(
  actual: OnnxData,
  expected: Expected,
  relative: number,
  absolute: number,
): string | undefined {
  if (expected === null) return actual === null ? undefined : "gives something where nothing is expected";
  if (actual === null || actual === undefined) return "gives nothing";
  if (Array.isArray(expected)) {
    if (!Array.isArray(actual)) return "gives no sequence";
    if (actual.length !== expected.length) return `gives a sequence of ${actual.length}, not ${expected.length}`;
    for (let i = 0; i < expected.length; i++) {
      const found = difference(actual[i], expected[i], relative, absolute);
      if (found !== undefined) return `[${i}]: ${found}`;
    }
    return undefined;
  }
  const own = actual instanceof Tensor ? onnxTensorOf(actual) : (actual as OnnxTensor);
  const { type, shape, data } = expected as OnnxTensor;
  if (own.type !== type) return `type ${own.type}, not ${type}`;
  if (own.shape.join() !== shape.join()) return `shape (${own.shape.join(", ")}), not (${shape.join(", ")})`;
  for (let i = 0; i < data.length; i++) {
    const [a, b] = [own.data[i], data[i]];
    if (a === b || (Number.isNaN(a) && Number.isNaN(b))) continue;
    const close =
      typeof a === "number" && typeof b === "number" && Math.abs(a - b) <= absolute + relative * Math.abs(b);
    if (!close) return `element ${i} is ${String(a)}, not ${String(b)}`;
  }
  return undefined;
}

/** Runs a case: undefined if every output is as it should be, else the reason. */
export function runCase({ folder }: Case): string | undefined {
  const bytes = readFileSync(join(folder, "model.onnx"));
  let graph: OnnxGraph;
  try {
    graph = readOnnx(bytes, { name: "model" });
  } catch (error) {
    return (error as Error).message;
  }
  const { graph: proto } = readModelProto(bytes, "model");
  const filled = new Set(proto.initializer.map(({ name }) => name));
  const inputs = proto.input.filter(({ name }) => !filled.has(name));
  const sets = readdirSync(folder).filter((name) => name.startsWith("test_data_set"));
  if (sets.length === 0) return "has no data";
  for (const set of sets) {
    const found = scope(() => {
      const feeds: Record<string, OnnxData> = {};
      const all = [...proto.input];
      let k = 0;
      for (const port of all) {
        const path = join(folder, set, `input_${k}.pb`);
        if (filled.has(port.name) && (!existsSync(path) || all.length !== inputs.length)) {
          if (existsSync(join(folder, set, `input_${all.length - 1}.pb`))) k += 1;
          continue;
        }
        k += 1;
        feeds[port.name ?? ""] = existsSync(path) ? feed(readData(path, port.type)) : null;
      }
      let outputs: Record<string, OnnxData>;
      try {
        outputs = graph.run(feeds);
      } catch (error) {
        return (error as Error).message;
      }
      for (let i = 0; i < proto.output.length; i++) {
        const { name = "", type } = proto.output[i];
        const expected = readData(join(folder, set, `output_${i}.pb`), type);
        const half =
          !Array.isArray(expected) &&
          expected !== null &&
          ["float16", "bfloat16"].includes((expected as OnnxTensor).type);
        const wrong = difference(outputs[name], expected, half ? 5e-3 : 1e-3, half ? 1e-3 : 1e-7);
        if (wrong !== undefined) return `output ${name}: ${wrong}`;
      }
      return undefined;
    });
    if (found !== undefined) return found;
  }
  return undefined;
}
