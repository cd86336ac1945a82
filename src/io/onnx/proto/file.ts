// A whole ONNX file: bytes to messages and back.

import { refuseLfsPointer } from "../../../data/lfs.ts";
import type { Bytes } from "../../../engine/dtype.ts";
import { type GraphProto, Model, type ModelProto } from "./messages.ts";
import { type Damaged, type Draft, readMessage, writeMessage } from "./wire.ts";

/** The error of a damaged file of that name. */
export function damagedFile(name: string): Damaged {
  return (what, why = "the file is damaged or not an ONNX model") => new Error(`${name}: ${what}; ${why}`);
}

/**
 * The messages of a file.
 * @throws Error naming the file and what is wrong with it.
 */
export function readModelProto(bytes: Uint8Array, name: string): ModelProto & { readonly graph: GraphProto } {
  const damaged = damagedFile(name);
  refuseLfsPointer(name, bytes);
  const model = readMessage(Model, bytes, damaged);
  const { graph } = model;
  if (graph === undefined) throw damaged("has no graph");
  return { ...model, graph };
}

/** The bytes of a file. Equal messages give equal bytes. */
export function writeModelProto(model: Draft<ModelProto>): Bytes {
  return writeMessage(Model, model);
}
