// Files of torch.save: a pickle that describes tensors, and their elements beside it. Since PyTorch 1.6 both lie in a zip archive; before, one followed the other.
import { refuseLfsPointer } from "../data/lfs.ts";
import { bytesOfFile, knownOptions, oneOf, text } from "../engine/checks.ts";
import { quote } from "../engine/quote.ts";
import { tensor } from "../tensor/create.ts";
import { formatShape, MAXIMUM_RANK, rowMajorStrides, sizeOf } from "../tensor/shape.ts";
import { scope, type Tensor } from "../tensor/tensor.ts";
import { decodeElements, dtypeOfStored, STORED_TYPES, type StoredType, type WideIntegers } from "./elements.ts";
import type { TensorEntry } from "./lazy-safetensors.ts";
import { PickleDict, PickleTuple, type PickleWorld, unpickle } from "./pickle.ts";
import { refusal, storageOf, type TorchStorage, TorchTensor, torchGlobals } from "./pytorch-globals.ts";
import type { TensorFile } from "./safetensors.ts";
import { type Damaged, isZip, unzip, type ZipEntry, zipEntries } from "./zip.ts";

/** What readers of PyTorch's files may be told. */
export interface PyTorchReadOptions {
  /**
   * What int64, uint64 and uint32 become: "int32" (default), or "float64", which holds whole numbers up to 2^53. A value that does not fit is an
   * error either way.
   */
  int64?: WideIntegers;
}

export const PYTORCH_READ_OPTIONS = ["int64"];

/** What a file of PyTorch holds. */
export interface PyTorchFile extends TensorFile {
  /**
   * What was saved, with its own structure: dictionaries whose keys are texts as objects without a prototype, others as Map, tuples as arrays,
   * dtypes and devices as texts.
   */
  value: unknown;
}

/** The number that files of before 1.6 begin with, as a pickle. */
const OLD_MAGIC = [0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e];
/** Tensors may repeat elements (expand): of more than this many times the file's length, beyond so many bytes, memory is meant to be filled. */
const PLAUSIBLE_EXPANSION = 64;
const FREE_SIZE = 128 * 2 ** 20;
const MOST_VALUES = 1_000_000;
const DEEPEST = 100;

/**
 * The tensors in bytes that `torch.save` wrote, in either of its forms: a state_dict, a checkpoint that has some in it, a list of tensors, one
 * tensor. Names are the keys on the way to a tensor, joined by dots. float16 and bfloat16 become float32, integers int32. Nothing in the file is run.
 * @param name what to call the file in errors.
 * @throws Error naming the file and what is wrong: damaged; anything else than tensors and plain values, by name, such as a whole module; complex,
 * quantised and sparse tensors; TorchScript, and the tar files of before PyTorch 0.1.11; RangeError for an integer that does not fit.
 * @example
 * ```ts
 * const { tensors } = readPyTorch(writePyTorch({ "fc.weight": tensor([[1, 2]]), "fc.bias": tensor([3]) }));
 * Object.keys(tensors); // ["fc.weight", "fc.bias"]
 * ```
 */
export function readPyTorch(bytes: Uint8Array, name = "PyTorch file", options: PyTorchReadOptions = {}): PyTorchFile {
  const owner = "readPyTorch";
  bytesOfFile(owner, bytes);
  text(owner, "name", name);
  const { int64 = "int32" } = knownOptions(owner, options, PYTORCH_READ_OPTIONS);
  oneOf(owner, "int64", int64, ["int32", "float64"]);
  const { value, elements } = openPyTorch(bytes, name);
  const damaged = damagedPyTorch(name);
  return scope(() => {
    const made = new Map<TorchTensor, Tensor>();
    let total = 0;
    const most = Math.max(FREE_SIZE, PLAUSIBLE_EXPANSION * bytes.length);
    const make = (description: TorchTensor, path: string): Tensor => {
      const known = made.get(description);
      if (known !== undefined) return known;
      const wrong: Damaged = (what) => damaged(`tensor ${quote(path)}: ${what}`);
      total += sizeOf(description.shape) * 4;
      if (total > most)
        throw wrong(
          `with it, tensors take ${total} bytes, and at most ${most} are read from so short a file; save x.contiguous()`,
        );
      try {
        const x = tensorOf(description, elements(description.storage, wrong), int64, wrong);
        made.set(description, x);
        return x;
      } catch (error) {
        throw error instanceof RangeError ? new RangeError(`${name}: tensor ${quote(path)}: ${error.message}`) : error;
      }
    };
    const walk = new Walk<Tensor>(make, damaged);
    const plain = walk.value(value, [], 0);
    return { tensors: walk.tensors, metadata: walk.metadata, value: plain };
  });
}

/** What a file of PyTorch says of its tensors, none of which is made. */
export function pyTorchEntries(bytes: Uint8Array, name: string): TensorEntry[] {
  const note = ({ shape, type }: TorchTensor, path: string): TensorEntry => ({ name: path, shape, dtype: type });
  const walk = new Walk<TensorEntry>(note, damagedPyTorch(name));
  walk.value(openPyTorch(bytes, name).value, [], 0);
  return Object.values(walk.tensors);
}

function damagedPyTorch(name: string): Damaged {
  return (what) => new Error(`${name}: ${what}; the file is damaged or was not written by torch.save`);
}

/** Bytes of the elements of a storage, and whether they are big-endian. */
interface Elements {
  readonly bytes: Uint8Array;
  readonly bigEndian: boolean;
}

interface Opened {
  value: unknown;
  elements(storage: TorchStorage, damaged: Damaged): Elements;
}

function openPyTorch(bytes: Uint8Array, name: string): Opened {
  const damaged = damagedPyTorch(name);
  refuseLfsPointer(name, bytes);
  if (isZip(bytes)) return openZip(bytes, name, damaged);
  if (OLD_MAGIC.every((byte, k) => bytes[k] === byte)) return openOld(bytes, name, damaged);
  if (new TextDecoder().decode(bytes.subarray(257, 262)) === "ustar") {
    throw new Error(
      `${name}: is a tar file, the form of PyTorch before 0.1.11, which is not supported; load it in PyTorch and save it again with torch.save`,
    );
  }
  if (bytes[0] === 0x80 && bytes[1] <= 5) {
    throw new Error(
      `${name}: is a pickle of Python, but not one of torch.save; write the file with torch.save(model.state_dict(), path)`,
    );
  }
  throw damaged("does not begin as PyTorch's files do");
}

function world(name: string, damaged: Damaged): PickleWorld {
  return {
    find: torchGlobals(damaged),
    persistent: (id) => storageOf(id, damaged),
    unknown: (what) => refusal(what, name),
  };
}

function openZip(bytes: Uint8Array, name: string, damaged: Damaged): Opened {
  const entries = new Map(zipEntries(bytes, damaged).map((entry) => [entry.name, entry]));
  // All lies in a folder that has the name of the file as it was when it was saved.
  const pickles = [...entries.keys()].filter((each) => /(^|\/)data\.pkl$/.test(each));
  const folder = pickles[0]?.slice(0, -"data.pkl".length);
  if (folder === undefined || pickles.length !== 1) {
    throw damaged(folder === undefined ? "an archive without data.pkl" : "an archive of several data.pkl");
  }
  if (entries.has(`${folder}constants.pkl`)) {
    throw new Error(
      `${name}: holds a program (torch.jit.save), which is not read; save the parameters: torch.save(model.state_dict(), path)`,
    );
  }
  const program = entries.get(`${folder}data.pkl`)!;
  // torch may be told to write no checksums, and never compares them: where that of the description is wrong, there are none.
  let checked = true;
  const contentOf = (entry: ZipEntry): Uint8Array =>
    checked || entry.deflated ? unzip(bytes, entry, damaged) : bytes.subarray(entry.start, entry.stop);
  let pickle: Uint8Array;
  try {
    pickle = contentOf(program);
  } catch (error) {
    if (program.deflated) throw error;
    checked = false;
    pickle = contentOf(program);
  }
  const order = entries.get(`${folder}byteorder`);
  const bigEndian = order !== undefined && new TextDecoder().decode(contentOf(order)).trim() === "big";
  const { value } = unpickle(pickle, 0, world(name, damaged), damaged);
  const read = new Map<string, Uint8Array>();
  return {
    value,
    elements({ key, type, count }, wrong) {
      const entry = entries.get(`${folder}data/${key}`);
      if (entry === undefined) throw wrong(`its numbers, ${folder}data/${key}, are missing`);
      if (entry.size !== count * STORED_TYPES[type].bytes) {
        throw wrong(
          `its storage of ${count} ${type} needs ${count * STORED_TYPES[type].bytes} bytes, and has ${entry.size}`,
        );
      }
      const content = read.get(key) ?? contentOf(entry);
      read.set(key, content);
      return { bytes: content, bigEndian };
    },
  };
}

/** The form of before 1.6: pickles of a number, a version, the machine, what was saved, the keys of storages; then each storage, its length before it. */
function openOld(bytes: Uint8Array, name: string, damaged: Damaged): Opened {
  const types = new Map<string, StoredType>();
  const { find, persistent, unknown } = world(name, damaged);
  const noting: PickleWorld = {
    find,
    unknown,
    persistent(id) {
      const storage = persistent(id) as TorchStorage;
      if (types.has(storage.key) && types.get(storage.key) !== storage.type)
        throw damaged(`storage ${quote(storage.key)} of two types`);
      types.set(storage.key, storage.type);
      return storage;
    },
  };
  let at = OLD_MAGIC.length;
  const next = (): unknown => {
    const { value, end } = unpickle(bytes, at, noting, damaged);
    at = end;
    return value;
  };
  const version = next();
  if (version !== 1001) throw damaged(`version ${quote(version)} of the form of before PyTorch 1.6, and 1001 is known`);
  const system = next();
  const bigEndian = system instanceof PickleDict && system.get("little_endian") === false;
  const value = next();
  const keys = next();
  if (!Array.isArray(keys)) throw damaged("no list of storages");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const storages = new Map<string, Uint8Array>();
  for (const key of keys as unknown[]) {
    const type = types.get(String(key));
    if (type === undefined) throw damaged(`storage ${quote(key)} is no tensor's`);
    if (at + 8 > bytes.length) throw damaged("it ends before its last storage");
    const length = Number(view.getBigUint64(at, !bigEndian)) * STORED_TYPES[type].bytes;
    if (!(at + 8 + length <= bytes.length)) throw damaged("it ends before its last storage");
    storages.set(String(key), bytes.subarray(at + 8, at + 8 + length));
    at += 8 + length;
  }
  return {
    value,
    elements({ key, type, start, count }, wrong) {
      const found = storages.get(key);
      if (found === undefined) throw wrong(`its storage ${quote(key)} is missing`);
      const size = STORED_TYPES[type].bytes;
      if (found.length < count * size)
        throw wrong(`its storage of ${count} ${type} needs ${count * size} bytes, and has ${found.length}`);
      return { bytes: found.subarray(start * size, count * size), bigEndian };
    },
  };
}

function tensorOf(
  { type, offset, shape, strides }: TorchTensor,
  { bytes, bigEndian }: Elements,
  wide: WideIntegers,
  damaged: Damaged,
): Tensor {
  if (shape.length > MAXIMUM_RANK) throw damaged(`${shape.length} axes, and at most ${MAXIMUM_RANK} are supported`);
  const size = STORED_TYPES[type].bytes;
  const dtype = dtypeOfStored(type, wide);
  if (shape.includes(0)) return tensor(decodeElements(type, new Uint8Array(0), false, wide), { dtype, shape });
  const last = shape.reduce((sum, length, axis) => sum + (length - 1) * strides[axis], offset);
  if (!((last + 1) * size <= bytes.length)) {
    throw damaged(
      `shape ${formatShape(shape)} with strides ${formatShape(strides)} from element ${offset} goes beyond the ${bytes.length / size} of its storage`,
    );
  }
  const values = decodeElements(type, bytes.subarray(offset * size, (last + 1) * size), bigEndian, wide);
  const inOrder = rowMajorStrides(shape);
  // The stride of an axis of one element may be anything.
  if (shape.every((length, axis) => length === 1 || strides[axis] === inOrder[axis]))
    return tensor(values, { dtype, shape });
  const count = sizeOf(shape);
  const gathered = new (values.constructor as Float32ArrayConstructor)(count);
  const index = new Array<number>(shape.length).fill(0);
  for (let i = 0, at = 0; i < count; i++) {
    gathered[i] = values[at];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at += strides[axis];
      if (++index[axis] < shape[axis]) break;
      at -= shape[axis] * strides[axis];
      index[axis] = 0;
    }
  }
  return tensor(gathered, { dtype, shape });
}

/** Goes through what was saved, gives its tensors names, and makes plain values of it. */
class Walk<T> {
  readonly tensors: Record<string, T> = Object.create(null);
  /** Numbers and texts near the top: the epoch, the version. */
  readonly metadata: Record<string, string> = Object.create(null);
  private count = 0;

  constructor(
    private readonly make: (description: TorchTensor, path: string) => T,
    private readonly damaged: Damaged,
  ) {}

  value(value: unknown, path: readonly string[], depth: number): unknown {
    // What refers to itself, and what refers to the same thing again and again, has no end that is worth waiting for.
    if (depth > DEEPEST) throw this.damaged(`values inside each other, ${DEEPEST} deep or without end`);
    if (++this.count > MOST_VALUES) throw this.damaged(`more than ${MOST_VALUES} values`);
    const name = path.join(".");
    if (value instanceof TorchTensor) {
      const key = name === "" ? "tensor" : name;
      if (Object.hasOwn(this.tensors, key)) throw this.damaged(`two tensors are called ${quote(key)}`);
      const x = this.make(value, key);
      this.tensors[key] = x;
      return x;
    }
    if (value instanceof PickleDict) {
      const entries = [...value].map(
        ([key, each]) => [key, this.value(each, [...path, String(key)], depth + 1)] as const,
      );
      if (entries.every(([key]) => typeof key === "string")) {
        const object: Record<string, unknown> = Object.create(null);
        for (const [key, each] of entries) object[key as string] = each;
        return object;
      }
      return new Map(entries);
    }
    if (Array.isArray(value)) {
      const items: unknown[] = value instanceof PickleTuple ? Array.from(value) : value;
      return items.map((each, i) => this.value(each, [...path, String(i)], depth + 1));
    }
    if (value instanceof Set)
      return new Set([...value].map((each, i) => this.value(each, [...path, String(i)], depth + 1)));
    if (["string", "number", "bigint", "boolean"].includes(typeof value)) {
      if (path.length > 0 && path.length <= 2) this.metadata[name] = String(value);
      return value;
    }
    if (value === null || value instanceof Uint8Array) return value;
    // A dtype, or a class that stands for itself.
    if (typeof value === "object" && "name" in value) return String(value.name);
    return null;
  }
}
