import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type IdxArray, readIdx, writeIdx } from "./idx.ts";

describe("IDX bytes are big endian, as the format says", () => {
  const cases: [string, IdxArray, number[]][] = [
    ["uint8", { type: "uint8", shape: [2], data: Uint8Array.of(1, 255) }, [0, 0, 8, 1, 0, 0, 0, 2, 1, 255]],
    ["int8", { type: "int8", shape: [1, 1], data: Int8Array.of(-2) }, [0, 0, 9, 2, 0, 0, 0, 1, 0, 0, 0, 1, 254]],
    ["int16", { type: "int16", shape: [1], data: Int16Array.of(-258) }, [0, 0, 0x0b, 1, 0, 0, 0, 1, 0xfe, 0xfe]],
    ["int32", { type: "int32", shape: [1], data: Int32Array.of(0x01020304) }, [0, 0, 0x0c, 1, 0, 0, 0, 1, 1, 2, 3, 4]],
    [
      "float32",
      { type: "float32", shape: [1], data: Float32Array.of(1) },
      [0, 0, 0x0d, 1, 0, 0, 0, 1, 0x3f, 0x80, 0, 0],
    ],
    [
      "float64",
      { type: "float64", shape: [1], data: Float64Array.of(-2) },
      [0, 0, 0x0e, 1, 0, 0, 0, 1, 0xc0, 0, 0, 0, 0, 0, 0, 0],
    ],
    ["a single number", { type: "uint8", shape: [], data: Uint8Array.of(7) }, [0, 0, 8, 0, 7]],
  ];
  it("sizes whose product is infinite, one of them 0: no elements, not NaN of them", () => {
    const bytes = new Uint8Array(4 + 4 * 40).fill(255);
    bytes.set([0, 0, 0x08, 40]);
    bytes.set([0, 0, 0, 0], bytes.length - 4);
    expect(readIdx(bytes).data.length).toBe(0);
    bytes.set([0, 0, 0, 1], bytes.length - 4);
    expect(() => readIdx(bytes)).toThrow(
      /shape \(4294967295, .*, and 32 more\), which takes 4\.9.*e\+375|Infinity bytes/,
    );
  });
  it.each(cases)("%s", (_, array, bytes) => {
    expect(Array.from(writeIdx(array))).toEqual(bytes);
    expect(readIdx(Uint8Array.from(bytes))).toEqual(array);
  });
});

it("readIdx(writeIdx(a)) = a for every type and shape, wherever the bytes start", () => {
  const arrays = {
    uint8: Uint8Array,
    int8: Int8Array,
    int16: Int16Array,
    int32: Int32Array,
    float32: Float32Array,
    float64: Float64Array,
  };
  const type = fc.constantFrom(...(Object.keys(arrays) as (keyof typeof arrays)[]));
  const shape = fc.array(fc.nat(4), { maxLength: 4 });
  fc.assert(
    fc.property(type, shape, fc.integer(), fc.nat(3), (type, shape, start, offset) => {
      const count = shape.reduce((product, size) => product * size, 1);
      const data = arrays[type].from(Array.from({ length: count }, (_, k) => start + k * 1.5));
      const bytes = writeIdx({ type, shape, data });
      const moved = new Uint8Array(bytes.length + offset);
      moved.set(bytes, offset);
      expect(readIdx(moved.subarray(offset))).toEqual({ type, shape, data });
    }),
  );
});

describe("readIdx tells what is wrong, in which file, and what to do", () => {
  const good = writeIdx({ type: "uint8", shape: [3, 2], data: new Uint8Array(6) });
  const change = (at: number, value: number) => good.map((byte, k) => (k === at ? value : byte));
  const cases: [string, Uint8Array, string][] = [
    ["no header", good.subarray(0, 3), "a.idx: an IDX file starts with 4 bytes of header, but there are 3"],
    ["another format", Uint8Array.of(0x89, 0x50, 0x4e, 0x47), "a.idx: not an IDX file: it starts with 89 50 4e 47"],
    ["compressed", Uint8Array.of(0x1f, 0x8b, 8, 0), "a.idx: compressed with gzip; decompress it"],
    ["type code", change(2, 0x0a), "a.idx: unknown IDX type code 0a, expected one of 08 uint8, 09 int8"],
    ["truncated header", good.subarray(0, 9), "an IDX header of 2 dimensions takes 12 bytes, but there are 9"],
    [
      "truncated data",
      good.subarray(0, 17),
      "uint8 of shape (3, 2), which takes 18 bytes, but there are 17 (1 are missing); the file is damaged",
    ],
    ["trailing bytes", Uint8Array.of(...good, 0, 0), "takes 18 bytes, but there are 20 (2 follow the end)"],
    ["absurd sizes", change(4, 0xff), "but there are 18"],
  ];
  it.each(cases)("%s", (_, bytes, message) => {
    expect(() => readIdx(bytes, "a.idx")).toThrow(message);
  });
});

describe("writeIdx refuses what does not agree", () => {
  it("shape and number of elements", () => {
    expect(() => writeIdx({ type: "uint8", shape: [2, 2], data: new Uint8Array(3) })).toThrow(
      "shape (2, 2) takes 4 numbers, but there are 3",
    );
  });
  it("type and array", () => {
    expect(() => writeIdx({ type: "float32", shape: [1], data: new Float64Array(1) })).toThrow(
      "type float32 needs a Float32Array, got a Float64Array",
    );
  });
  it("sizes", () => {
    expect(() => writeIdx({ type: "uint8", shape: [-1], data: new Uint8Array(1) })).toThrow("size -1 of dimension 0");
  });
});
