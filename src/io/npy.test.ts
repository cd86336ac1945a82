// npy and npz against NumPy: files that it wrote (test/oracle/numpy-files.py) are read, and what is written here it reads, where the machine has it.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { inFolder, runPython, whyNoPython } from "../../test/python.ts";
import { memory, type NpyType, readNpy, readNpz, scope, type Tensor, tensor, writeNpy, writeNpz } from "../node.ts";
import { writeZip } from "./zip.ts";

const oracle = JSON.parse(readFileSync(new URL("../../test/oracle/numpy-files.json", import.meta.url), "utf8")) as {
  files: Record<string, string>;
  float16: [number, number][];
};
const file = (name: string): Uint8Array => new Uint8Array(Buffer.from(oracle.files[name], "base64"));

describe("files of NumPy", () => {
  const codes = Object.keys(oracle.files).filter((name) => /^[<>|]/.test(name));
  test.each(codes)("dtype %s", (code) => {
    const x = readNpy(file(code));
    const scale = code[1] === "f" ? 0.25 : 1;
    const values = code[1] === "u" ? [0, 1, 2, 100, 3, 4] : [0, 1, -2, 100, -3, 4];
    expect(x.dtype).toBe(code === "<f8" || code === ">f8" ? "float64" : code[1] === "f" ? "float32" : "int32");
    expect(x.shape).toEqual([2, 3]);
    expect([...x.dataSync()]).toEqual(values.map((value) => value * scale));
  });

  test("all eleven numeric types are there, in both byte orders", () => {
    expect(codes).toHaveLength(2 * 9 + 2);
  });

  test("bool, a scalar, an array without elements", () => {
    expect(readNpy(file("bool")).toArray()).toEqual([
      [true, false, true],
      [false, true, true],
    ]);
    expect(readNpy(file("scalar")).toArray()).toBe(2.5);
    expect(readNpy(file("empty")).shape).toEqual([0, 4]);
  });

  test("Fortran's order", () => {
    expect(readNpy(file("fortran")).toArray()).toEqual([
      [0, 1, 2],
      [3, 4, 5],
    ]);
    const x = readNpy(file("fortran, three axes, big-endian"));
    expect(x.shape).toEqual([2, 3, 4]);
    expect([...x.dataSync()]).toEqual(Array.from({ length: 24 }, (_, i) => i));
  });

  test.each([2, 3])("version %i of the header", (version) => {
    expect(readNpy(file(`version ${version}`)).toArray()).toEqual([0, 1, 2]);
  });

  test.each([
    ["complex", /^a\.npy: dtype "<c16": holds complex numbers; save their parts/],
    ["structured", /^a\.npy: holds structures of several fields; save each/],
    ["object", /^a\.npy: dtype "\|O": holds Python objects, which only Python can read/],
    ["text", /^a\.npy: dtype "<U2": holds texts/],
    ["date", /^a\.npy: dtype "<M8\[D\]": holds dates/],
    ["long double", /^a\.npy: dtype "<f16" is not supported; save x\.astype\(np\.float64\)/],
  ])("%s is refused with what to do", (name, message) => {
    expect(() => readNpy(file(name), "a.npy")).toThrow(message);
  });

  test("integers that int32 does not hold", () => {
    expect(() => readNpy(file("int64 beyond"), "a.npy")).toThrow(
      'a.npy: int64 element 1 is 1099511627776, which int32 does not hold; read it with { int64: "float64" }',
    );
    expect(readNpy(file("int64 beyond"), "a.npy", { int64: "float64" }).toArray()).toEqual([1, 2 ** 40]);
    expect(() => readNpy(file("uint64 beyond"), "a.npy", { int64: "float64" })).toThrow(
      "a.npy: uint64 element 0 is 9223372036854775809, which float64 does not hold",
    );
  });

  test.each(["npz stored", "npz deflated"])("%s: 64-bit sizes in local headers, none in the directory", (name) => {
    const { tensors, metadata } = readNpz(file(name));
    expect(Object.keys(tensors)).toEqual(["a", "b"]);
    expect(tensors["a"].toArray()).toEqual([0, 1, 2, 3]);
    expect(tensors["b"].toArray()).toEqual([[true]]);
    expect(Object.keys(metadata)).toEqual([]);
  });
});

describe("what is written", () => {
  test("is what NumPy writes, to the byte", () => {
    for (const code of ["<f8", "<f4", "<f2", "<i8", "<i4", "<i2", "|i1", "<u8", "<u4", "<u2", "|u1"]) {
      const kind = { f: "float", i: "int", u: "uint" }[code[1]]!;
      const dtype = `${kind}${8 * Number(code[2])}` as NpyType;
      expect(writeNpy(readNpy(file(code)), { dtype }), code).toEqual(file(code));
    }
    for (const name of ["bool", "scalar", "empty"]) expect(writeNpy(readNpy(file(name)))).toEqual(file(name));
  });

  test("floats are rounded to float16 as NumPy rounds them: to the nearest, ties to even", () => {
    for (const [value, bits] of oracle.float16) {
      const bytes = writeNpy(tensor([value]), { dtype: "float16" });
      expect(new DataView(bytes.buffer).getUint16(bytes.length - 2, true), String(value)).toBe(bits);
    }
  });

  test("float16: every number comes back to its bits", () => {
    const bits = Uint16Array.from({ length: 65536 }, (_, i) => i).filter((code) => (code & 0x7fff) <= 0x7c00);
    const [head] = [writeNpy(tensor(new Float32Array(bits.length)), { dtype: "float16" })];
    const whole = new Uint8Array(head);
    whole.set(new Uint8Array(bits.buffer), whole.length - 2 * bits.length);
    const x = readNpy(whole);
    expect(writeNpy(x, { dtype: "float16" })).toEqual(whole);
  });

  test("is the same bytes each time, in npz too", () => {
    const make = () => writeNpz({ b: tensor([1, 2]), a: tensor([[true]]) }, { compress: true });
    expect(make()).toEqual(make());
  });

  test("a value that the type does not hold is named", () => {
    expect(() => writeNpy(tensor([1, 256], "int32"), { dtype: "uint8" })).toThrow(
      "writeNpy: element 1 is 256, which uint8 does not hold; round or clip it first",
    );
    expect(() => writeNpy(tensor([1.5]), { dtype: "int64" })).toThrow("element 0 is 1.5, which int64 does not hold");
    expect(() => writeNpz({ x: tensor([-1], "int32") }, { dtype: "uint64" })).toThrow(
      'writeNpz: "x": element 0 is -1, which uint64 does not hold',
    );
    expect(() => writeNpy(tensor([1]), { dtype: "bfloat16" as NpyType })).toThrow(
      "writeNpy: dtype must be one of float64",
    );
  });

  const absent = whyNoPython("numpy");
  test.skipIf(absent)(`NumPy reads it (${absent ?? "numpy"})`, async () => {
    await inFolder((folder) => {
      const tensors = {
        f: tensor([
          [1.5, -2, Number.NaN],
          [3, 4, 5],
        ]),
        d: tensor([Math.PI], "float64"),
        i: tensor([1, -2], "int32"),
        b: tensor([true, false]),
        s: tensor(7),
        e: tensor([], { shape: [0, 4] }),
        "a name/with ünicode": tensor([1]),
      };
      writeFileSync(join(folder, "stored.npz"), writeNpz(tensors));
      writeFileSync(join(folder, "deflated.npz"), writeNpz(tensors, { compress: true }));
      writeFileSync(join(folder, "half.npz"), writeNpz({ f: tensors.f, i: tensors.i }, { dtype: "float16" }));
      const shown = runPython(
        "numpy",
        `import json, numpy as np
for name in ["stored", "deflated", "half"]:
    with np.load(name + ".npz") as z:
        print(json.dumps({k: [str(z[k].dtype), list(z[k].shape), [repr(float(v)) for v in z[k].ravel()]] for k in z.files}))`,
        folder,
      );
      const [stored, deflated, half] = shown
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as unknown);
      expect(stored).toEqual({
        f: ["float32", [2, 3], ["1.5", "-2.0", "nan", "3.0", "4.0", "5.0"]],
        d: ["float64", [1], ["3.141592653589793"]],
        i: ["int32", [2], ["1.0", "-2.0"]],
        b: ["bool", [2], ["1.0", "0.0"]],
        s: ["float32", [], ["7.0"]],
        e: ["float32", [0, 4], []],
        "a name/with ünicode": ["float32", [1], ["1.0"]],
      });
      expect(deflated).toEqual(stored);
      expect(half).toEqual({
        f: ["float16", [2, 3], ["1.5", "-2.0", "nan", "3.0", "4.0", "5.0"]],
        i: ["float16", [2], ["1.0", "-2.0"]],
      });
    });
  });

  test("property: arrays of any shape come back to the bit", () => {
    const shapes = fc.array(fc.nat({ max: 4 }), { maxLength: 4 });
    fc.assert(
      fc.property(
        shapes,
        fc.constantFrom("float32", "float64", "int32", "bool"),
        fc.boolean(),
        fc.integer(),
        (shape, dtype, compress, seed) =>
          scope(() => {
            const size = shape.reduce((a, b) => a * b, 1);
            const values = Array.from({ length: size }, (_, i) =>
              dtype === "bool" ? (i + seed) % 2 : Math.imul(seed, i + 1),
            );
            const x = tensor(values, { shape, dtype });
            const back = readNpz(writeNpz({ x }, { compress })).tensors["x"];
            expect(back.dtype).toBe(dtype);
            expect(back.shape).toEqual(shape);
            expect(back.dataSync()).toEqual(x.dataSync());
          }),
      ),
    );
  });

  test("property: what float16 and the integers hold comes back", () => {
    const check = (dtype: NpyType, values: number[]): void => {
      const float = dtype === "float16";
      const x: Tensor = tensor(values, { shape: [values.length], dtype: float ? "float32" : "int32" });
      expect(readNpy(writeNpy(x, { dtype })).dataSync()).toEqual(x.dataSync());
    };
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 127 })), (values) =>
        scope(() => {
          for (const dtype of ["float16", "int8", "uint8", "int16", "uint16", "uint32", "int64", "uint64"] as const)
            check(dtype, values);
        }),
      ),
    );
  });
});

describe("damaged files are named", () => {
  const good = writeNpy(tensor([1, 2, 3]));
  const withHeader = (header: string, data = 12, version = 1): Uint8Array => {
    const text = new TextEncoder().encode(header);
    const bytes = new Uint8Array(10 + text.length + data);
    bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, version, 0, text.length & 255, text.length >> 8]);
    bytes.set(text, 10);
    return bytes;
  };
  const header = (descr: string, shape: string, fortran = "False"): string =>
    `{'descr': ${descr}, 'fortran_order': ${fortran}, 'shape': ${shape}, }`;
  test.each<[string, Uint8Array, RegExp]>([
    ["nothing", new Uint8Array(0), /does not begin as npy files do/],
    ["version 4", withHeader(header("'<f4'", "(3,)"), 12, 4), /version 4, and 1 to 3 are known/],
    ["cut in the header", good.slice(0, 50), /it ends within its header/],
    ["cut in the data", good.slice(0, -1), /shape \(3,\) of float32 needs 12 bytes, and 11 follow/],
    ["two arrays", new Uint8Array([...good, ...good]), /140 bytes follow the array \(several arrays/],
    ["no dictionary", withHeader("(1, 2)"), /its header is no Python dictionary/],
    ["no literal", withHeader("__import__('os')"), /no Python dictionary \(__import__ where a value should be\)/],
    ["a deep one", withHeader("(".repeat(5000)), /it is nested too deeply/],
    ["an endless one", withHeader("{'descr': '<f4'"), /the end where , should be/],
    ["a key too few", withHeader("{'descr': '<f4', 'shape': (3,)}"), /its header has \["descr", "shape"\]/],
    ["a negative size", withHeader(header("'<f4'", "(-3,)")), /its shape is no tuple of sizes/],
    ["a huge size", withHeader(header("'<f4'", "(99999999999,)")), /its shape is no tuple of sizes/],
    ["more than is there", withHeader(header("'<f4'", "(2000000000,)")), /needs 8000000000 bytes, and 12 follow/],
    ["nine axes", withHeader(header("'<f4'", "(1,1,1,1,1,1,1,1,3)")), /9 axes, and at most 8 are supported/],
    ["no dtype of NumPy's", withHeader(header("'float'", "(3,)")), /dtype "float" is not supported|is none of NumPy's/],
    ["a number for a dtype", withHeader(header("4", "(3,)")), /the dtype 4 is none of NumPy's/],
  ])("%s", (_, bytes, message) => {
    expect(() => readNpy(bytes, "a.npy")).toThrow(message);
    expect(() => readNpy(bytes, "a.npy")).toThrow(/^a\.npy: /);
  });

  test("an archive whose entry is damaged, cut off, or no array", () => {
    const stored = writeNpz({ x: tensor([1, 2, 3]) });
    const flipped = stored.slice();
    flipped[170] ^= 1;
    expect(() => readNpz(flipped, "a.npz")).toThrow('a.npz: entry "x.npy": its checksum differs');
    expect(() => readNpz(stored.slice(0, -1), "a.npz")).toThrow("a.npz: no zip directory at its end");
    const other = writeZip("test", [{ name: "x.txt", bytes: new Uint8Array(3) }]);
    expect(() => readNpz(other, "a.npz")).toThrow('a.npz: entry "x.txt" is no npy file');
    const before = memory().tensors;
    const half = writeZip("test", [
      { name: "x.npy", bytes: good },
      { name: "y.npy", bytes: good.slice(1) },
    ]);
    expect(() => readNpz(half, "a.npz")).toThrow('a.npz: array "y": does not begin as npy files do');
    expect(memory().tensors).toBe(before);
  });

  test("an archive that unpacks to a thousand times its length is refused before it is unpacked, unless asked", () => {
    const zeros = new Uint8Array(130 * 2 ** 20);
    zeros.set(writeNpy(tensor(new Float32Array(0), { shape: [0] })));
    const bomb = writeZip("test", [{ name: "x.npy", bytes: zeros }], { deflate: true });
    expect(() => readNpz(bomb, "a.npz")).toThrow(
      /^a\.npz: its entries unpack to 136314880 bytes, and at most 134217728 are unpacked; give maxBytes/,
    );
    expect(() => readNpz(bomb, "a.npz", { maxBytes: 1000 })).toThrow("at most 1000 are unpacked");
  });
});
