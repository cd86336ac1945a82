// Every element type of the format, from bytes made by hand; half precision on the way out.
import { describe, expect, test } from "vitest";
import { readSafetensors, tensor, writeSafetensors } from "../node.ts";

/** A file of one tensor. */
function fileOf(dtype: string, shape: number[], data: ArrayBufferView): Uint8Array {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const header = new TextEncoder().encode(JSON.stringify({ x: { dtype, shape, data_offsets: [0, bytes.length] } }));
  const file = new Uint8Array(8 + header.length + bytes.length);
  new DataView(file.buffer).setBigUint64(0, BigInt(header.length), true);
  file.set(header, 8);
  file.set(bytes, 8 + header.length);
  return file;
}

test.each<[string, ArrayBufferView, number[]]>([
  ["U8", Uint8Array.of(0, 255), [0, 255]],
  ["I8", Int8Array.of(-128, 127), [-128, 127]],
  ["I16", Int16Array.of(-32768, 32767), [-32768, 32767]],
  ["U16", Uint16Array.of(0, 65535), [0, 65535]],
  ["I32", Int32Array.of(-1, 7), [-1, 7]],
  ["U32", Uint32Array.of(0, 2 ** 31 - 1), [0, 2 ** 31 - 1]],
  ["I64", BigInt64Array.of(-(2n ** 31n), -1n, 2n ** 31n - 1n), [-(2 ** 31), -1, 2 ** 31 - 1]],
  ["U64", BigUint64Array.of(0n, 5n), [0, 5]],
])("%s becomes int32", (dtype, data, values) => {
  const { x } = readSafetensors(fileOf(dtype, [values.length], data)).tensors;
  expect(x.dtype).toBe("int32");
  expect(x.toArray()).toEqual(values);
});

test.each<[string, ArrayBufferView, string]>([
  ["U32", Uint32Array.of(1, 2 ** 31), "uint32 element 1 is 2147483648"],
  ["I64", BigInt64Array.of(-(2n ** 31n) - 1n), "int64 element 0 is -2147483649"],
  ["U64", BigUint64Array.of(2n ** 64n - 1n), "uint64 element 0 is 18446744073709551615"],
])("%s that int32 does not hold is an error with its value, and float64 on request", (dtype, data, message) => {
  const file = fileOf(dtype, [data.byteLength / (dtype === "U32" ? 4 : 8)], data);
  expect(() => readSafetensors(file, "a.safetensors")).toThrow(
    `a.safetensors: tensor "x": ${message}, which int32 does not hold`,
  );
  const wide = () => readSafetensors(file, "a.safetensors", { int64: "float64" }).tensors["x"];
  if (dtype === "U64") expect(wide).toThrow("which float64 does not hold; store it as float64");
  else expect(wide().dtype).toBe("float64");
});

describe("eight bits: Micikevicius et al. 2022, table 1", () => {
  test("E4M3 has no infinities", () => {
    const codes = Uint8Array.of(0x00, 0x80, 0x01, 0x07, 0x08, 0x38, 0x7e, 0xfe, 0x7f);
    const { x } = readSafetensors(fileOf("F8_E4M3", [9], codes)).tensors;
    expect(x.dtype).toBe("float32");
    expect(x.toArray()).toEqual([0, -0, 2 ** -9, 0.875 * 2 ** -6, 2 ** -6, 1, 448, -448, Number.NaN]);
  });

  test("E5M2 is half precision cut off", () => {
    const codes = Uint8Array.of(0x01, 0x03, 0x04, 0x3c, 0x7b, 0x7c, 0xfc, 0x7d);
    const { x } = readSafetensors(fileOf("F8_E5M2", [8], codes)).tensors;
    const infinity = Number.POSITIVE_INFINITY;
    expect(x.toArray()).toEqual([2 ** -16, 0.75 * 2 ** -14, 2 ** -14, 1, 57344, infinity, -infinity, Number.NaN]);
  });
});

test.each(["F8_E8M0", "F4", "C64"])("%s is refused by name", (dtype) => {
  expect(() => readSafetensors(fileOf(dtype, [1], new Uint8Array(1)), "a.safetensors")).toThrow(
    `a.safetensors: tensor "x": dtype "${dtype}" is not supported (F64, F32, F16,`,
  );
});

test("floats are written in half precision where wanted, other types as they are", () => {
  const tensors = { f: tensor([1, 1.00048828125, -2]), i: tensor([3], "int32") };
  const header = (bytes: Uint8Array) => new TextDecoder().decode(bytes.subarray(8, 200));
  const half = writeSafetensors(tensors, {}, { floats: "float16" });
  expect(header(half)).toMatch(/"f":\{"dtype":"F16"/);
  expect(header(half)).toMatch(/"i":\{"dtype":"I32"/);
  // The second lies between two of float16, and goes to the even one.
  expect(readSafetensors(half).tensors["f"].toArray()).toEqual([1, 1, -2]);
  const brain = writeSafetensors({ f: tensor([1, 1.00390625, 1.01171875, Number.NaN]) }, {}, { floats: "bfloat16" });
  expect(header(brain)).toMatch(/"dtype":"BF16"/);
  expect(readSafetensors(brain).tensors["f"].toArray()).toEqual([1, 1, 1.015625, Number.NaN]);
});
