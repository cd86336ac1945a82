// Writes what torch.load(weights_only=True) reads: a zip archive of a pickle, which describes a dictionary of tensors, and of each tensor's elements.
import { fields, knownOptions, oneOf } from "../engine/checks.ts";
import { type Bytes, type DType, isFloat } from "../engine/dtype.ts";
import { quote } from "../engine/quote.ts";
import { checkTensor } from "../tensor/check.ts";
import { rowMajorStrides } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { encodeElements, type WrittenType } from "./elements.ts";
import { writeZip, type ZipPart } from "./zip.ts";

/** What writers of PyTorch's files may be told. */
export interface PyTorchWriteOptions {
  /** The type of floating-point tensors in the file: default their own; "float16" and "bfloat16" round to the nearest, for half the size. */
  floats?: "float32" | "float64" | "float16" | "bfloat16";
}

const FLOATS = ["float32", "float64", "float16", "bfloat16"] as const;
/** torch's storages of what is written. */
const STORAGES: Partial<Record<WrittenType, string>> = {
  ...{ float64: "DoubleStorage", float32: "FloatStorage", float16: "HalfStorage", bfloat16: "BFloat16Storage" },
  ...{ int32: "IntStorage", bool: "BoolStorage" },
};
/** Where torch maps a file into memory, it wants elements to begin at multiples of it. */
const ALIGNMENT = 64;

/**
 * Tensors by name as `torch.save` would write a state_dict, for `torch.load(path, weights_only=True)`. Equal tensors in the same order give equal bytes.
 * What a model has learnt goes by the names and in the layouts of PyTorch with `pyTorchParameters`.
 * @throws TypeError for what is no tensor, or an option that there is not.
 * @example
 * ```ts
 * const bytes = writePyTorch({ "fc.weight": tensor([[1, 2], [3, 4]]) });
 * readPyTorch(bytes).tensors["fc.weight"].toArray(); // [[1, 2], [3, 4]]
 * ```
 */
export function writePyTorch(tensors: Readonly<Record<string, Tensor>>, options: PyTorchWriteOptions = {}): Bytes {
  const owner = "writePyTorch";
  fields(owner, "the first argument, tensors by name,", tensors);
  const { floats } = knownOptions(owner, options, ["floats"]);
  if (floats !== undefined) oneOf(owner, "floats", floats, FLOATS);
  const typeOf = (dtype: DType): WrittenType => (floats !== undefined && isFloat(dtype) ? floats : dtype);
  const pickle = new Pickler();
  const parts: ZipPart[] = [];
  pickle.begin();
  for (const [name, x] of Object.entries(tensors)) {
    checkTensor(`${owner}: ${quote(name)}`, x);
    const type = typeOf(x.dtype);
    pickle.tensor(name, STORAGES[type]!, parts.length, x);
    parts.push({ name: `archive/data/${parts.length}`, bytes: encodeElements(type, x.dataSync(), x.dtype) });
  }
  const text = (content: string): Uint8Array => new TextEncoder().encode(content);
  return writeZip(
    owner,
    [
      { name: "archive/data.pkl", bytes: pickle.end() },
      { name: "archive/byteorder", bytes: text("little") },
      ...parts,
      { name: "archive/version", bytes: text("3\n") },
    ],
    { alignment: ALIGNMENT },
  );
}

/** Instructions of protocol 2, which torch reads. */
class Pickler {
  private readonly bytes: number[] = [];

  private op(...bytes: number[]): void {
    for (const byte of bytes) this.bytes.push(byte);
  }

  private ascii(text: string): void {
    for (const letter of text) this.bytes.push(letter.charCodeAt(0));
  }

  private global(module: string, name: string): void {
    this.ascii(`c${module}\n${name}\n`);
  }

  private text(text: string): void {
    const encoded = new TextEncoder().encode(text);
    this.op(0x58, ...word(encoded.length));
    for (const byte of encoded) this.bytes.push(byte);
  }

  private whole(value: number): void {
    if (value < 2 ** 31) this.op(0x4a, ...word(value));
    else this.op(0x8a, 8, ...word(value % 2 ** 32), ...word(Math.floor(value / 2 ** 32)));
  }

  private tuple(items: readonly number[]): void {
    this.op(0x28);
    for (const item of items) this.whole(item);
    this.op(0x74);
  }

  private orderedDict(): void {
    this.global("collections", "OrderedDict");
    this.op(0x29, 0x52);
  }

  begin(): void {
    this.op(0x80, 2);
    this.orderedDict();
    this.op(0x28);
  }

  /** name: _rebuild_tensor_v2(("storage", type, key, "cpu", elements), 0, shape, strides, False, OrderedDict()) */
  tensor(name: string, storage: string, key: number, { shape, size }: Tensor): void {
    this.text(name);
    this.global("torch._utils", "_rebuild_tensor_v2");
    this.op(0x28, 0x28);
    this.text("storage");
    this.global("torch", storage);
    this.text(String(key));
    this.text("cpu");
    this.whole(size);
    this.op(0x74, 0x51);
    this.whole(0);
    this.tuple(shape);
    this.tuple(rowMajorStrides(shape));
    this.op(0x89);
    this.orderedDict();
    this.op(0x74, 0x52);
  }

  end(): Uint8Array {
    this.op(0x75, 0x2e);
    return Uint8Array.from(this.bytes);
  }
}

function word(value: number): number[] {
  return [value & 255, (value >>> 8) & 255, (value >>> 16) & 255, (value >>> 24) & 255];
}
