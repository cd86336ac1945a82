// Files of PyTorch: those that torch.save wrote (test/oracle/pytorch-files.py) are read, and what is written here torch.load reads, where the machine has it.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { inFolder, runPython, whyNoPython } from "../../test/python.ts";
import { memory, readPyTorch, scope, tensor, writePyTorch } from "../node.ts";
import { writeZip } from "./zip.ts";

const { files } = JSON.parse(
  readFileSync(new URL("../../test/oracle/pytorch-files.json", import.meta.url), "utf8"),
) as {
  files: Record<string, string>;
};
const file = (name: string): Uint8Array => new Uint8Array(Buffer.from(files[name], "base64"));

describe.each(["zip", "old"])("the %s form", (form) => {
  test("every dtype", () => {
    const { tensors } = readPyTorch(file(`dtypes, ${form}`));
    const expected: Record<string, string> = { float64: "float64", bool: "bool" };
    for (const name of ["float32", "float16", "bfloat16"]) expected[name] = "float32";
    for (const name of ["int64", "int32", "int16", "int8", "uint8"]) expected[name] = "int32";
    expect(Object.keys(tensors)).toHaveLength(10);
    for (const [name, x] of Object.entries(tensors)) {
      expect(x.dtype, name).toBe(expected[name]);
      expect([...x.dataSync()], name).toEqual(name === "bool" ? [0, 1, 1] : [0, 1, 100]);
    }
  });

  test("strides, offsets and storages that several tensors share", () => {
    const { tensors } = readPyTorch(file(`strides, ${form}`));
    const values = (name: string): unknown => tensors[name].toArray();
    const whole = Array.from({ length: 24 }, (_, i) => i);
    expect([...tensors["whole"].dataSync()]).toEqual(whole);
    expect(tensors["transposed"].shape).toEqual([4, 2, 3]);
    expect([...tensors["transposed"].dataSync()]).toEqual(whole.map((_, i) => (i % 6) * 4 + Math.floor(i / 6)));
    expect(values("part")).toEqual([
      [16, 18],
      [20, 22],
    ]);
    expect(values("expanded")).toEqual([
      [1, 1, 1],
      [2, 2, 2],
    ]);
    expect(values("scalar")).toBe(2.5);
    expect(tensors["empty"].shape).toEqual([0, 4]);
    expect([...tensors["channels_last"].dataSync()]).toEqual(whole.slice(0, 16));
  });

  test("a checkpoint: tensors by the keys on their way, plain values as they are", () => {
    const { tensors, metadata, value } = readPyTorch(file(`checkpoint, ${form}`));
    expect(Object.keys(tensors)).toEqual([
      ...["model.0.weight", "model.0.bias", "model.1.weight", "model.1.bias"],
      ...["model.1.running_mean", "model.1.running_var", "model.1.num_batches_tracked"],
      ...[0, 1, 2, 3].map((i) => `optimizer.state.${i}.momentum_buffer`),
      ...[0, 1, 2, 3].map((i) => `parameters.${i}`),
      "by number.1",
    ]);
    expect(tensors["model.1.num_batches_tracked"].item()).toBe(1);
    expect(tensors["parameters.0"].toArray()).toEqual(tensors["model.0.weight"].toArray());
    expect(metadata).toMatchObject({ epoch: "3", best: "0.5" });
    const plain = value as Record<string, unknown>;
    expect(plain["epoch"]).toBe(3);
    expect(plain["dtype"]).toBe("torch.float16");
    expect(plain["size"]).toEqual([1, 2]);
    expect(plain["device"]).toBe("cuda:1");
    expect(plain["labels"]).toEqual(["cat", "dog"]);
    expect(plain["bytes"]).toEqual(Uint8Array.of(97, 98));
    expect(plain["set"]).toEqual(new Set([1]));
    expect(plain["nothing"]).toBeNull();
    expect(plain["large"]).toBe(2n ** 70n);
    expect(plain["by number"]).toBeInstanceOf(Map);
  });

  test("one tensor by itself", () => {
    expect(readPyTorch(file(`one tensor, ${form}`)).tensors["tensor"].toArray()).toEqual([1, 2]);
  });
});

test("protocol 5 says the same", () => {
  const [two, five] = ["checkpoint, zip", "checkpoint, protocol 5, zip"].map((name) => readPyTorch(file(name)));
  expect(Object.keys(five.tensors)).toEqual(Object.keys(two.tensors));
  expect(five.metadata).toEqual(two.metadata);
});

test.each([
  ["module, zip", 'a.pt: names "torch.nn.modules.container.Sequential": only tensors, dictionaries'],
  ["complex, zip", 'a.pt: names "torch.ComplexFloatStorage": complex numbers are not supported'],
  [
    "sparse, zip",
    'a.pt: names "torch._utils._rebuild_sparse_tensor": sparse tensors are not supported; save x.to_dense()',
  ],
  ["quantised, zip", 'a.pt: names "torch._utils._rebuild_qtensor": quantised tensors are not supported'],
  ["ordinary class, zip", 'a.pt: names "collections.Counter": only tensors'],
  ["beyond, zip", 'a.pt: tensor "tensor": int64 element 1 is 1099511627776, which int32 does not hold'],
  ["script", "a.pt: holds a program (torch.jit.save), which is not read"],
  ["pickle", "a.pt: is a pickle of Python, but not one of torch.save"],
  ["tar", "a.pt: is a tar file, the form of PyTorch before 0.1.11"],
])("%s is refused by name, and nothing is left", (name, message) => {
  const before = memory().tensors;
  expect(() => readPyTorch(file(name), "a.pt")).toThrow(message);
  expect(memory().tensors).toBe(before);
});

test("int64 as float64 where wanted", () => {
  expect(readPyTorch(file("beyond, zip"), "a.pt", { int64: "float64" }).tensors["tensor"].toArray()).toEqual([
    1,
    2 ** 40,
  ]);
});

describe("what is written", () => {
  const tensors = {
    "0.weight": tensor([
      [1.5, -2],
      [3, 4],
    ]),
    "0.bias": tensor([Math.PI], "float64"),
    steps: tensor(7, "int32"),
    mask: tensor([true, false]),
    empty: tensor([], { shape: [0, 3] }),
    名: tensor([1]),
  };

  test("comes back, in the same bytes each time", () => {
    const { tensors: back } = readPyTorch(writePyTorch(tensors));
    expect(Object.keys(back)).toEqual(Object.keys(tensors));
    for (const [name, x] of Object.entries(tensors)) {
      expect(back[name].dtype).toBe(x.dtype);
      expect(back[name].shape).toEqual(x.shape);
      expect(back[name].dataSync()).toEqual(x.dataSync());
    }
    expect(writePyTorch(tensors)).toEqual(writePyTorch(tensors));
  });

  const absent = whyNoPython("torch");
  test.skipIf(absent)(`torch.load(weights_only=True) reads it (${absent ?? "torch"})`, async () => {
    await inFolder((folder) => {
      writeFileSync(join(folder, "a.pt"), writePyTorch(tensors));
      writeFileSync(join(folder, "h.pt"), writePyTorch(tensors, { floats: "bfloat16" }));
      const shown = runPython(
        "torch",
        `import json, torch
for name in ["a.pt", "h.pt"]:
    d = torch.load(name, weights_only=True)
    print(json.dumps([type(d).__name__, {k: [str(x.dtype), list(x.shape), x.double().flatten().tolist()] for k, x in d.items()}]))
m = torch.nn.Sequential(torch.nn.Linear(2, 2, bias=False))
print(m.load_state_dict({"0.weight": torch.load("a.pt")["0.weight"]}))`,
        folder,
      );
      const [whole, half, loaded] = shown.trim().split("\n");
      expect(JSON.parse(whole!)).toEqual([
        "OrderedDict",
        {
          "0.weight": ["torch.float32", [2, 2], [1.5, -2, 3, 4]],
          "0.bias": ["torch.float64", [1], [Math.PI]],
          steps: ["torch.int32", [], [7]],
          mask: ["torch.bool", [2], [1, 0]],
          empty: ["torch.float32", [0, 3], []],
          名: ["torch.float32", [1], [1]],
        },
      ]);
      expect((JSON.parse(half!) as [string, Record<string, unknown[]>])[1]["0.bias"]).toEqual([
        "torch.bfloat16",
        [1],
        [3.140625],
      ]);
      expect(loaded).toBe("<All keys matched successfully>");
    });
  });

  test("property: any names, shapes and numbers come back", () => {
    const shapes = fc.array(fc.nat({ max: 3 }), { maxLength: 4 });
    fc.assert(
      fc.property(
        fc.dictionary(fc.string({ minLength: 1 }), fc.tuple(shapes, fc.float({ noNaN: true })), { maxKeys: 4 }),
        (plan) =>
          scope(() => {
            const made = Object.fromEntries(
              Object.entries(plan).map(([name, [shape, value]]) => [
                name,
                tensor(new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(value), { shape }),
              ]),
            );
            const back = readPyTorch(writePyTorch(made)).tensors;
            expect(Object.keys(back).sort()).toEqual(Object.keys(made).sort());
            for (const [name, x] of Object.entries(made)) expect(back[name].dataSync()).toEqual(x.dataSync());
          }),
      ),
    );
  });
});

describe("a pickle that does what no file of weights does", () => {
  const zipped = (...ops: (number | string)[]): Uint8Array => {
    const bytes = ops.flatMap((op) => (typeof op === "number" ? [op] : [...new TextEncoder().encode(op)]));
    return writeZip("test", [{ name: "a/data.pkl", bytes: Uint8Array.from(bytes) }]);
  };
  test.each<[string, Uint8Array, string]>([
    [
      "runs a command",
      zipped(0x80, 2, "cos\nsystem\n", "X", 2, 0, 0, 0, "ls", 0x85, "R."),
      'names "os.system": only tensors',
    ],
    ["names by the stack", zipped(0x80, 4, 0x8c, 8, "builtins", 0x8c, 4, "eval", 0x93, "."), 'names "builtins.eval"'],
    ["asks for a property of all objects", zipped(0x80, 2, "ctorch\nconstructor\n."), 'names "torch.constructor"'],
    [
      "calls what is a name",
      zipped(0x80, 2, "ctorch\nfloat32\n", ")R."),
      "a pickle that calls torch.float32, which is no function",
    ],
    ["is empty", zipped(), "a pickle that ends too early"],
    ["takes from nothing", zipped(0x80, 2, "."), "a pickle that takes what is not there"],
    ["has no mark", zipped(0x80, 2, "t."), "without the mark"],
    ["refers to nothing", zipped(0x80, 2, "h", 7, "."), "refers to what it has not made"],
    ["is of protocol 0", zipped("S'a'\n."), "instruction 0x53, which is none of protocols 2 to 5"],
    ["is of protocol 9", zipped(0x80, 9, "."), "pickle protocol 9, and 2 to 5 are read"],
    ["holds itself", zipped(0x80, 2, "]q", 0, "h", 0, "a."), "values inside each other, 100 deep or without end"],
    ["sets an item of a list", zipped(0x80, 2, "]NNs."), "sets an item of what is no dictionary"],
    ["claims a long text", zipped(0x80, 2, "X", 255, 255, 255, 255, "."), "a pickle that ends too early"],
  ])("%s", (_, bytes, message) => {
    expect(() => readPyTorch(bytes, "a.pt")).toThrow(message);
    expect(() => readPyTorch(bytes, "a.pt")).toThrow(/^a\.pt: /);
  });

  test("doubles itself sixty times: refused in time", () => {
    const ops: (number | string)[] = [0x80, 2, "]q", 0];
    for (let k = 1; k < 60; k++) ops.push("]q", k, "(h", k - 1, "h", k - 1, "e0h", k);
    expect(() => readPyTorch(zipped(...ops, "."), "a.pt")).toThrow(/more than 1000000 values|100 deep/);
  });
});

test("a storage that is missing, cut, or damaged is told; without any checksums files are read as torch reads them", () => {
  const bytes = writePyTorch({ x: tensor([1, 2, 3]) });
  expect(() => readPyTorch(bytes.slice(0, 500), "a.pt")).toThrow(/^a\.pt: no zip directory/);
  const at = bytes.findIndex((byte, i) => byte === 0 && bytes[i + 2] === 0x80 && bytes[i + 3] === 0x3f);
  const flipped = bytes.slice();
  flipped[at] ^= 1;
  expect(() => readPyTorch(flipped, "a.pt")).toThrow(
    /a\.pt: tensor "x": entry "archive\/data\/0": its checksum differs|its checksum differs/,
  );
  const without = bytes.slice();
  const view = new DataView(without.buffer);
  for (let i = 0; i + 4 < without.length; i++)
    if (view.getUint32(i, true) === 0x02014b50) view.setUint32(i + 16, 0, true);
  expect(readPyTorch(without).tensors["x"].toArray()).toEqual([1, 2, 3]);
  const old = file("strides, old");
  expect(() => readPyTorch(old.slice(0, -3), "a.pt")).toThrow("a.pt: it ends before its last storage");
});
