// What metrics that are no means see of an evaluation that several ranks share: each computes some of the batches, and all see all of them, in
// their order, so that every rank finds the figures that one process finds, to the bit.
import { type DType, type TypedArray, typedArray } from "../engine/dtype.ts";
import { tensor } from "../tensor/create.ts";
import { type Shape, sizeOf } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { MetricInput } from "./metrics.ts";

/** How a batch stands in front of its numbers. */
interface Header {
  outputs: Described;
  targets: Described;
  /** Number of classes' labels; -1 where there are none. */
  classes: number;
}

interface Described {
  dtype: DType;
  shape: Shape;
}

const PAD = 8;
const padded = (bytes: number): number => Math.ceil(bytes / PAD) * PAD;

/** One batch as bytes: the length of its header, the header, and each array from a multiple of 8 bytes on. */
export function encodeInput({ outputs, targets, classes }: MetricInput): Uint8Array {
  const described = ({ dtype, shape }: Tensor): Described => ({ dtype, shape });
  const header: Header = {
    outputs: described(outputs),
    targets: described(targets),
    classes: classes === null ? -1 : classes.length,
  };
  const text = new TextEncoder().encode(JSON.stringify(header));
  const arrays = [outputs.dataSync(), targets.dataSync(), classes ?? new Int32Array(0)];
  const start = padded(PAD + text.length);
  const bytes = new Uint8Array(arrays.reduce((total, { byteLength }) => total + padded(byteLength), start));
  new DataView(bytes.buffer).setUint32(0, text.length);
  bytes.set(text, PAD);
  let at = start;
  for (const { buffer, byteOffset, byteLength } of arrays) {
    bytes.set(new Uint8Array(buffer, byteOffset, byteLength), at);
    at += padded(byteLength);
  }
  return bytes;
}

/** The batch that `encodeInput` has written. */
export function decodeInput(bytes: Uint8Array): MetricInput {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getUint32(0);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(PAD, PAD + length))) as Header;
  let at = padded(PAD + length);
  const next = (size: number, dtype: DType): TypedArray => {
    const values = typedArray(dtype, size);
    new Uint8Array(values.buffer).set(bytes.subarray(at, at + values.byteLength));
    at += padded(values.byteLength);
    return values;
  };
  const tensorOf = ({ dtype, shape }: Described): Tensor => tensor(next(sizeOf(shape), dtype), { dtype, shape });
  const outputs = tensorOf(header.outputs);
  const targets = tensorOf(header.targets);
  return { outputs, targets, classes: header.classes < 0 ? null : (next(header.classes, "int32") as Int32Array) };
}
