// The file format: what is written is read back bit for bit, and what is damaged is named.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  Dense,
  loadModel,
  loadParameters,
  memory,
  readSafetensors,
  Sequential,
  saveModel,
  scope,
  type Tensor,
  tensor,
  writeSafetensors,
} from "../node.ts";

describe("round trip", () => {
  test("every dtype, scalars, empty tensors and odd sizes", () => {
    const tensors = {
      f: tensor([
        [1.5, -2],
        [Number.NaN, 3],
      ]),
      d: tensor([Math.PI], "float64"),
      i: tensor([1, -2, 3], "int32"),
      b: tensor([true, false, true]),
      s: tensor(7),
      e: tensor([], { shape: [0, 4] }),
    };
    const { tensors: back, metadata } = readSafetensors(writeSafetensors(tensors, { note: "héllo 数" }));
    expect(metadata).toEqual({ note: "héllo 数" });
    expect(Object.keys(back).sort()).toEqual(Object.keys(tensors).sort());
    for (const [name, x] of Object.entries(tensors)) {
      expect(back[name].dtype).toBe(x.dtype);
      expect(back[name].shape).toEqual(x.shape);
      expect(back[name].dataSync()).toEqual(x.dataSync());
    }
  });

  test("from a Node Buffer, at any alignment", () => {
    const bytes = writeSafetensors({ a: tensor([1, 2, 3]), b: tensor([true]) });
    const shifted = Buffer.concat([Buffer.from([0]), bytes]).subarray(1);
    expect(readSafetensors(shifted).tensors["a"].toArray()).toEqual([1, 2, 3]);
  });

  test("equal content gives equal bytes, whatever the order", () => {
    const [a, b] = [tensor([1]), tensor([2])];
    expect(writeSafetensors({ a, b }, { x: "1", y: "2" })).toEqual(writeSafetensors({ b, a }, { y: "2", x: "1" }));
  });

  test("property: float32 arrays come back to the bit", () => {
    fc.assert(
      fc.property(fc.float32Array({ maxLength: 50 }), (values) =>
        scope(() => {
          const back = readSafetensors(writeSafetensors({ values: tensor(values, { shape: [values.length] }) }));
          expect(back.tensors["values"].dataSync()).toEqual(values);
        }),
      ),
    );
  });
});

test("half precision becomes float32", () => {
  const header = JSON.stringify({
    h: { dtype: "F16", shape: [3], data_offsets: [0, 6] },
    g: { dtype: "BF16", shape: [2], data_offsets: [6, 10] },
  });
  const text = new TextEncoder().encode(header);
  const file = new Uint8Array(8 + text.length + 10);
  const view = new DataView(file.buffer);
  view.setBigUint64(0, BigInt(text.length), true);
  file.set(text, 8);
  [0x3c00, 0xc000, 0x0001, 0x3f80, 0xc040].forEach((bits, i) => {
    view.setUint16(8 + text.length + 2 * i, bits, true);
  });
  const { tensors } = readSafetensors(file);
  expect(tensors["h"].toArray()).toEqual([1, -2, 2 ** -24]);
  expect(tensors["g"].toArray()).toEqual([1, -3]);
});

describe("damaged files are named", () => {
  const good = writeSafetensors({ a: tensor([1, 2, 3]) });
  const withHeader = (header: string, data = 12): Uint8Array => {
    const text = new TextEncoder().encode(header);
    const file = new Uint8Array(8 + text.length + data);
    new DataView(file.buffer).setBigUint64(0, BigInt(text.length), true);
    file.set(text, 8);
    return file;
  };
  const header64 = (length: bigint): Uint8Array => {
    const file = new Uint8Array(16);
    new DataView(file.buffer).setBigUint64(0, length, true);
    return file;
  };
  const entry = (dtype: unknown, shape: unknown, place: unknown): string =>
    JSON.stringify({ a: { dtype, shape, data_offsets: place } });
  test.each<[string, Uint8Array, RegExp]>([
    ["too short", good.slice(0, 5), /5 bytes are too few/],
    ["truncated data", good.slice(0, -4), /outside the file/],
    ["truncated header", good.slice(0, 20), /header would be/],
    [
      "a header above the format's 100 MB",
      header64(100_000_001n),
      /a header of 100000001 bytes, and the format allows 100000000/,
    ],
    ["a header of 2^64 - 1 bytes", header64(2n ** 64n - 1n), /a header of 18446744073709552000 bytes/],
    ["no JSON", withHeader("{oops"), /header is not JSON/],
    ["no object", withHeader("[1]"), /does not begin with {/],
    ["space before the header", withHeader(` ${entry("F32", [3], [0, 12])}`), /does not begin with {/],
    ["a header filled up with zero bytes", withHeader(`${entry("F32", [3], [0, 12])}\0\0`), /ends in zero bytes/],
    ["unknown dtype", withHeader(entry("X9", [3], [0, 12])), /tensor "a": dtype "X9" is not supported/],
    [
      "a dtype that every object has",
      withHeader(entry("constructor", [3], [0, 12])),
      /dtype "constructor" is not supported/,
    ],
    [
      "a dtype that is no string",
      withHeader(entry(["F32"], [3], [0, 12])),
      /tensor "a": the dtype is \["F32"\], not a name/,
    ],
    ["no dtype", withHeader(entry(undefined, [3], [0, 12])), /the dtype is missing/],
    ["wrong size", withHeader(entry("F32", [4], [0, 12])), /needs 16 bytes, got 12/],
    ["negative place", withHeader(entry("F32", [3], [-4, 8])), /the place in the data is \[-4, 8\]/],
    ["place of halves", withHeader(entry("F32", [3], [0.5, 12.5])), /the place in the data is \[0.5, 12.5\]/],
    ["place back to front", withHeader(entry("F32", [0], [12, 0])), /the place in the data is \[12, 0\]/],
    ["negative size", withHeader(entry("F32", [-3], [0, 12])), /the shape is \[-3\], not a list of sizes/],
    ["nine axes", withHeader(entry("F32", [3, 1, 1, 1, 1, 1, 1, 1, 1], [0, 12])), /9 axes, and at most 8/],
    ["no shape", withHeader('{"a":{"dtype":"F32"}}'), /the shape is missing/],
    ["an entry that is a number", withHeader('{"a":1}'), /shape or place is missing/],
    ["metadata of numbers", withHeader('{"__metadata__":{"a":1}}'), /not a map of strings: "a" is 1/],
    ["metadata that is a list", withHeader('{"__metadata__":["a"]}'), /not a map of strings/],
    // What the reference implementation refuses: https://github.com/huggingface/safetensors, "Format".
    ["bytes after the last tensor", withHeader(entry("F32", [2], [0, 8])), /4 bytes follow the last tensor/],
    ["bytes where there is no tensor", withHeader("{}"), /12 bytes follow the last tensor/],
    [
      "a gap before a tensor",
      withHeader(entry("F32", [2], [4, 12])),
      /"a": begins at byte 4, and bytes 0 to 4 are no tensor's/,
    ],
    [
      "a gap between tensors",
      withHeader(
        '{"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}',
      ),
      /"b": begins at byte 8, and bytes 4 to 8 are no tensor's/,
    ],
    [
      "tensors that overlap",
      withHeader(
        '{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}',
      ),
      /"b": bytes 4 to 12 overlap another tensor's, which end at 8/,
    ],
    [
      "two tensors of one name",
      withHeader(
        `{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,12]},"\\u0061":{"dtype":"F32","shape":[3],"data_offsets":[0,12]}}`,
      ),
      /two entries are called "a"/,
    ],
    [
      "a setting given twice",
      withHeader('{"a":{"dtype":"F32","shape":[3],"shape":[3],"data_offsets":[0,12]}}'),
      /two entries are called "shape"/,
    ],
  ])("%s", (_, bytes, message) => {
    expect(() => readSafetensors(bytes, "file.safetensors")).toThrow(message);
    expect(() => readSafetensors(bytes, "file.safetensors")).toThrow(/^file\.safetensors: /);
  });
});

test("a Git LFS pointer in the place of the file is told as that", () => {
  const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${"4d".repeat(32)}\nsize 12345\n`;
  expect(() => readSafetensors(new TextEncoder().encode(pointer), "a.safetensors")).toThrow(
    "a.safetensors: a Git LFS pointer instead of the file itself, which has 12345 bytes; fetch it with git lfs pull",
  );
});

test("a tensor and a text may have any name: those of an object's own too", () => {
  const names = ["__proto__", "constructor", "toString", ""];
  const tensors = Object.fromEntries(names.map((name, k) => [name, tensor([k])]));
  const metadata = Object.fromEntries(names.map((name) => [name, `text of ${name}`]));
  const back = readSafetensors(writeSafetensors(tensors, metadata));
  expect(Object.keys(back.tensors).sort()).toEqual([...names].sort());
  for (const [k, name] of names.entries()) {
    expect(back.tensors[name].toArray()).toEqual([k]);
    expect(back.metadata[name]).toBe(`text of ${name}`);
  }
  const empty = readSafetensors(writeSafetensors({}));
  expect(empty.metadata["constructor"]).toBeUndefined();
  expect(empty.tensors["toString"]).toBeUndefined();
});

test("an empty tensor takes no bytes, and may stand anywhere between others", () => {
  const tensors = {
    a: tensor([1]),
    e: tensor([], { shape: [0, 3] }),
    z: tensor([], { shape: [2, 0], dtype: "float64" }),
  };
  expect(readSafetensors(writeSafetensors(tensors)).tensors["e"].shape).toEqual([0, 3]);
});

test("a damaged file leaves no tensor behind", () => {
  const bytes = writeSafetensors({ a: tensor([1, 2, 3]), b: tensor([4]) });
  const before = memory().tensors;
  expect(() => readSafetensors(bytes.slice(0, -1))).toThrow(/outside the file/);
  expect(memory().tensors).toBe(before);
});

describe("models", () => {
  test("come back with architecture and parameters", () => {
    const model = new Sequential([new Dense(5, { activation: "tanh" }), new Dense(2)], { inputShape: [3], seed: 4 });
    const again = loadModel(saveModel(model));
    const x = tensor([[0.1, 0.2, 0.3]]);
    expect(again.call(x).toArray()).toEqual(model.call(x).toArray());
  });

  test("a file of tensors alone is refused", () => {
    expect(() => loadModel(writeSafetensors({ a: tensor([1]) }), "a.safetensors")).toThrow(
      /^a\.safetensors: holds tensors but no architecture/,
    );
  });

  const make = () => new Sequential([new Dense(1)], { inputShape: [2], seed: 1 });
  const parameters = (weights: number, bias: number) => ({
    tensors: { "0.dense.weights": tensor([[1], [weights]]), "0.dense.bias": tensor([bias]) },
    metadata: {},
  });
  const values = (model: Sequential) => model.parameters.map((parameter) => parameter.tensor.toArray());

  test("whose parameters are NaN or infinite are refused unless asked, and the model stays as it was", () => {
    const model = make();
    const before = values(model);
    for (const [file, what] of [
      [parameters(Number.NaN, 0), "a.st: parameter 0.dense.weights holds NaN (element 1)"],
      [parameters(1, Number.NEGATIVE_INFINITY), "a.st: parameter 0.dense.bias holds -Infinity (element 0)"],
    ] as const) {
      expect(() => loadParameters(model, file, "a.st")).toThrow(what);
      expect(values(model)).toEqual(before);
    }
    loadParameters(model, parameters(1, Number.NEGATIVE_INFINITY), "a.st", { allowNonFinite: true });
    const bytes = saveModel(model);
    expect(() => loadModel(bytes, "a.st")).toThrow("a.st: parameter 0.dense.bias holds -Infinity");
    expect(loadModel(bytes, "a.st", { allowNonFinite: true }).parameters[1].tensor.toArray()).toEqual([-Infinity]);
  });

  test("a last parameter of another shape or dtype leaves the first ones as they were", () => {
    const model = make();
    const before = values(model);
    const tensors = parameters(5, 5).tensors;
    const odd = (bias: Tensor) => ({ tensors: { ...tensors, "0.dense.bias": bias }, metadata: {} });
    expect(() => loadParameters(model, odd(tensor([1, 2])), "a.st")).toThrow(
      "a.st: parameter 0.dense.bias has shape (2,), the model's (1,); it belongs to another architecture",
    );
    expect(() => loadParameters(model, odd(tensor([1], "float64")), "a.st")).toThrow(
      "0.dense.bias is float64, the model's float32",
    );
    expect(values(model)).toEqual(before);
  });

  test("an architecture of a billion parameters in a file of a few is refused before memory is reserved for them", () => {
    const dense = (units: number) => ({ ...new Dense(1).config(), type: "dense", units });
    const config = { type: "sequential", inputShape: [2], dtype: "float32", layers: [dense(30_000), dense(30_000)] };
    const bytes = writeSafetensors(parameters(1, 1).tensors, { architecture: JSON.stringify(config) });
    const before = memory();
    expect(() => loadModel(bytes, "a.st")).toThrow(
      "a.st: parameter 0.dense.weights has shape (2, 1), the model's (2, 30000)",
    );
    expect(memory().tensors).toBe(before.tensors);
  });

  test("whose architecture makes no sense is refused with the file's name", () => {
    const architecture = JSON.stringify({
      type: "sequential",
      inputShape: [2],
      dtype: "float32",
      layers: [{ type: "toString" }],
    });
    const bytes = writeSafetensors({ a: tensor([1]) }, { architecture });
    expect(() => loadModel(bytes, "a.st")).toThrow(
      /^a\.st: its architecture can't be built: .*unknown type "toString"/,
    );
  });
});
