// What a file of PyTorch may name: tensors, parameters, ordered dictionaries, and plain values such as dtypes and devices. Everything else is refused by name, as
// torch.load(weights_only=True) does.
import { quote } from "../engine/quote.ts";
import type { StoredType } from "./elements.ts";
import { PickleDict, type PickleGlobal, pickleGlobal } from "./pickle.ts";
import type { Damaged } from "./zip.ts";

/** Elements in a file that tensors are windows on. */
export class TorchStorage {
  constructor(
    readonly type: StoredType,
    readonly key: string,
    /** Number of elements, those before `start` included. */
    readonly count: number,
    /** First element of a view on another storage, in files of before 1.6. */
    readonly start: number,
  ) {}
}

/** A tensor as the file describes it. */
export class TorchTensor {
  constructor(
    readonly storage: TorchStorage,
    /** The elements' type; differs from the storage's where that has none. */
    readonly type: StoredType,
    readonly offset: number,
    readonly shape: readonly number[],
    readonly strides: readonly number[],
  ) {}
}

/** torch's names of dtypes and of the storages of old. */
const STORAGES: Record<string, StoredType> = {
  ...{ DoubleStorage: "float64", FloatStorage: "float32", HalfStorage: "float16", BFloat16Storage: "bfloat16" },
  ...{ LongStorage: "int64", IntStorage: "int32", ShortStorage: "int16", CharStorage: "int8", ByteStorage: "uint8" },
  ...{ BoolStorage: "bool", UntypedStorage: "uint8" },
};
const DTYPES: Record<string, StoredType> = {
  ...{
    float64: "float64",
    double: "float64",
    float32: "float32",
    float: "float32",
    float16: "float16",
    half: "float16",
  },
  ...{ bfloat16: "bfloat16", float8_e4m3fn: "float8_e4m3fn", float8_e5m2: "float8_e5m2", bool: "bool" },
  ...{ int64: "int64", int32: "int32", int16: "int16", int8: "int8", uint8: "uint8" },
  ...{ uint16: "uint16", uint32: "uint32", uint64: "uint64" },
};
/** Names that are refused with what to do about them. */
const ADVICE: readonly [RegExp, string][] = [
  [
    /^torch\.(ComplexFloat|ComplexDouble)Storage$|complex/,
    "complex numbers are not supported; save their parts apart: torch.view_as_real(x)",
  ],
  [/^torch\.Q\w+Storage$|_rebuild_qtensor/, "quantised tensors are not supported; save x.dequantize()"],
  [/_rebuild_sparse/, "sparse tensors are not supported; save x.to_dense()"],
  [/^numpy\./, "numbers and arrays of NumPy are not read from PyTorch files; save float(x) or torch.from_numpy(x)"],
  [/_load_from_bytes/, "tensors that were pickled without torch.save are not read; write the file with torch.save"],
];

/** The error for a name that a file may not have. */
export function refusal(name: string, file: string): Error {
  const advice =
    ADVICE.find(([pattern]) => pattern.test(name))?.[1] ??
    "only tensors, dictionaries, lists, texts and numbers are read, and nothing in a file is run; save the parameters alone: torch.save(model.state_dict(), path)";
  return new Error(`${file}: names ${quote(name)}: ${advice}`);
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const areCounts = (value: unknown): value is number[] => Array.isArray(value) && value.every(isCount);

/** The functions that a file may name; `damaged` makes errors of arguments that are none. */
export function torchGlobals(damaged: Damaged): (module: string, name: string) => PickleGlobal | undefined {
  const tensorOf = (args: readonly unknown[], type?: unknown): TorchTensor => {
    const [storage, offset, shape, strides] = args;
    const known = storage instanceof TorchStorage && isCount(offset) && areCounts(shape) && areCounts(strides);
    if (!known || shape.length !== strides.length)
      throw damaged("a tensor that is not described as torch describes them");
    const elements = type === undefined ? storage.type : dtypeOf(type);
    if (elements === undefined) throw damaged(`a tensor of dtype ${quote(type)}, which is not supported`);
    return new TorchTensor(storage, elements, offset, shape, strides);
  };
  const dtypeOf = (value: unknown): StoredType | undefined => {
    const name =
      typeof value === "object" && value !== null && "name" in value ? String(value.name).replace(/^torch\./, "") : "";
    return Object.hasOwn(DTYPES, name) ? DTYPES[name] : undefined;
  };
  const first = ([value]: readonly unknown[]): unknown => {
    if (!(value instanceof TorchTensor)) throw damaged("a parameter without a tensor");
    return value;
  };
  const dictOf = (args: readonly unknown[]): PickleDict => {
    const dict = new PickleDict();
    const pairs = args[0] ?? [];
    if (!Array.isArray(pairs)) throw damaged("a dictionary of what are no pairs");
    for (const pair of pairs) {
      if (!Array.isArray(pair) || pair.length !== 2) throw damaged("a dictionary of what are no pairs");
      dict.set(pair[0], pair[1]);
    }
    return dict;
  };
  const encode = ([text, encoding]: readonly unknown[]): Uint8Array => {
    if (typeof text !== "string" || encoding !== "latin1")
      throw damaged("bytes that are not written as pickles write them");
    return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
  };
  const setOf = (args: readonly unknown[]): Set<unknown> => {
    const items = args[0] ?? [];
    if (!Array.isArray(items)) throw damaged("a set of what is no list");
    return new Set(items);
  };
  /** Of a subclass of Tensor: the function that makes the tensor, its class, the function's arguments, and attributes. */
  const subclass = ([make, type, args]: readonly unknown[]): unknown => {
    const [maker, kind] = [make, type] as (PickleGlobal | undefined)[];
    if (typeof maker?.call !== "function" || typeof kind?.name !== "string" || !Array.isArray(args))
      throw damaged("a tensor without a class");
    return maker.call(args);
  };
  const made = new Map<string, PickleGlobal>();
  const define = (name: string, call?: (args: readonly unknown[]) => unknown): void => {
    made.set(name, pickleGlobal(name, call));
  };
  define("collections.OrderedDict", dictOf);
  define("torch._utils._rebuild_tensor", (args) => tensorOf(args));
  define("torch._utils._rebuild_tensor_v2", (args) => tensorOf(args));
  define("torch._utils._rebuild_tensor_v3", (args) => tensorOf(args, args[6]));
  define("torch._utils._rebuild_parameter", first);
  define("torch._utils._rebuild_parameter_with_state", first);
  define("torch._tensor._rebuild_from_type_v2", subclass);
  for (const name of ["torch.nn.parameter.Parameter", "torch.nn.parameter.Buffer", "torch.Tensor"]) define(name, first);
  define("torch.Size", ([sizes]) => sizes ?? []);
  define("torch.device", (args) => args.map(String).join(":"));
  define("_codecs.encode", encode);
  for (const module of ["builtins", "__builtin__"]) {
    define(`${module}.set`, setOf);
    define(`${module}.frozenset`, setOf);
    define(`${module}.bytearray`, (args) =>
      args.length === 0 ? new Uint8Array(0) : args[0] instanceof Uint8Array ? args[0] : encode(args),
    );
  }
  for (const name of Object.keys(DTYPES)) define(`torch.${name}`);
  for (const name of Object.keys(STORAGES)) {
    define(`torch.${name}`);
    define(`torch.storage.${name}`);
  }
  return (module, name) => made.get(`${module}.${name}`);
}

/** What a persistent name of torch's means: ("storage", type, key, location, number of elements), and in old files what it is a part of. */
export function storageOf(id: unknown, damaged: Damaged): TorchStorage {
  const [kind, type, key, , count, view] = Array.isArray(id) ? (id as unknown[]) : [];
  const name =
    typeof type === "object" && type !== null && "name" in type
      ? String(type.name).replace(/^torch\.(storage\.)?/, "")
      : "";
  if (
    kind !== "storage" ||
    !Object.hasOwn(STORAGES, name) ||
    (typeof key !== "string" && typeof key !== "number") ||
    !isCount(count)
  ) {
    throw damaged("numbers that are not named as torch names them");
  }
  let [start, length] = [0, count];
  if (view !== undefined && view !== null) {
    const [, from, size] = Array.isArray(view) ? (view as unknown[]) : [];
    if (!isCount(from) || !isCount(size))
      throw damaged("a part of a storage that is not described as torch describes it");
    [start, length] = [from, from + size];
  }
  return new TorchStorage(STORAGES[name], String(key), length, start);
}
