// Bytes by hand, after protobuf.dev/programming-guides/encoding, and after onnx.proto.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ELEMENT_CODE, type ElementType, type OnnxTensor, readTensorProto, tensorProto } from "../onnx-tensor.ts";
import { half, halfBits } from "../small-floats.ts";
import { damagedFile, readModelProto, writeModelProto } from "./file.ts";
import { Tensor, Type } from "./messages.ts";
import { readMessage, writeMessage } from "./wire.ts";

const damaged = damagedFile("m.onnx");
const tensorOf = (bytes: readonly number[]) => readMessage(Tensor, Uint8Array.from(bytes), damaged);

describe("the wire format", () => {
  it("reads a field's key as number * 8 + coding: 08 96 01 is field 1, 150", () => {
    expect(tensorOf([0x08, 0x96, 0x01]).dims).toEqual([150]);
  });

  it("reads several numbers one by one, packed, and mixed", () => {
    expect(tensorOf([0x08, 1, 0x08, 2]).dims).toEqual([1, 2]);
    expect(tensorOf([0x0a, 2, 1, 2, 0x08, 3]).dims).toEqual([1, 2, 3]);
    expect([...tensorOf([0x3a, 1, 5, 0x38, 6, 0x3a, 2, 7, 8]).int64Data]).toEqual([5n, 6n, 7n, 8n]);
  });

  it("reads negative int64 from ten bytes, exactly", () => {
    const minusTwo = [0xfe, ...new Array<number>(8).fill(0xff), 0x01];
    expect(tensorOf([0x38, ...minusTwo]).int64Data[0]).toBe(-2n);
    expect(tensorOf([0x08, ...minusTwo]).dims).toEqual([-2]);
    const largest = [...new Array<number>(8).fill(0xff), 0x7f];
    expect(tensorOf([0x38, ...largest]).int64Data[0]).toBe(2n ** 63n - 1n);
  });

  it("skips fields that it does not know, of every coding", () => {
    expect(
      tensorOf([0xf8, 0x07, 5, 0xf9, 0x07, 1, 2, 3, 4, 5, 6, 7, 8, 0xfa, 0x07, 1, 0, 0xfd, 0x07, 1, 2, 3, 4, 0x08, 9])
        .dims,
    ).toEqual([9]);
  });

  it("refuses what is whole and can't be held, with the reason", () => {
    const complex = tensorOf([0x08, 0, 0x10, 14, 0x42, 1, 0x7a]);
    expect(() => readTensorProto(complex, damaged)).toThrow(
      'm.onnx: tensor "z" is complex64; complex numbers are not supported',
    );
  });

  it("names what is wrong with damaged bytes", () => {
    expect(() => tensorOf([0x0a, 5, 1])).toThrow("m.onnx: a value of 5 bytes at byte 2, and 1 are left");
    expect(() => tensorOf([0x08, 0x80])).toThrow("ends in the middle of a value");
    expect(() => tensorOf([0x42, 1, 0xff])).toThrow("TensorProto.name is no text in UTF-8");
    expect(() => tensorOf([0x0d, 0, 0, 0, 0])).toThrow("TensorProto.dims is coded as 5, not 0");
    expect(() => tensorOf([0x0b])).toThrow();
    expect(() => tensorOf([0x08, ...new Array<number>(11).fill(0xff)])).toThrow("more than ten bytes");
    expect(() => tensorOf([0x08, ...new Array<number>(8).fill(0xff), 0x7f])).toThrow("beyond what a count can be");
    expect(() => readModelProto(new Uint8Array(), "m.onnx")).toThrow(
      "m.onnx: has no graph; the file is damaged or not an ONNX model",
    );
  });

  it("refuses messages nested without end", () => {
    let bytes: number[] = [];
    for (let i = 0; i < 300; i++) {
      const length = bytes.length < 128 ? [bytes.length] : [(bytes.length % 128) + 128, Math.floor(bytes.length / 128)];
      bytes = [i % 2 === 0 ? 0x0a : 0x22, ...length, ...bytes];
    }
    expect(() => readMessage(Type, Uint8Array.from(bytes), damaged)).toThrow("nested more than 100 deep");
  });

  it("reads what it wrote", () => {
    const node = {
      opType: "Add",
      input: ["a", "b"],
      output: ["c"],
      attribute: [{ name: "x", type: 7, ints: BigInt64Array.of(-1n, 2n ** 63n - 1n) }],
    };
    const bytes = writeModelProto({
      irVersion: 8,
      opsetImport: [{ domain: "", version: 13 }],
      graph: {
        name: "g",
        node: [node],
        initializer: [{ dims: [200], dataType: 1, floatData: new Float32Array(200).fill(1.5), name: "b" }],
      },
      metadataProps: [{ key: "k", value: "täglich" }],
    });
    const model = readModelProto(bytes, "m.onnx");
    expect(model.irVersion).toBe(8);
    expect(model.metadataProps).toEqual([{ key: "k", value: "täglich" }]);
    expect(model.graph.node[0].input).toEqual(["a", "b"]);
    expect([...model.graph.node[0].attribute[0].ints]).toEqual([-1n, 2n ** 63n - 1n]);
    expect(model.graph.initializer[0].floatData).toEqual(new Float32Array(200).fill(1.5));
    expect(writeModelProto(model)).toEqual(bytes);
  });

  it("property: any bytes are read or refused with an error of ours", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          readModelProto(bytes, "m.onnx");
        } catch (error) {
          expect((error as Error).message).toMatch(/^m\.onnx: .*the file is damaged or not an ONNX model$/);
        }
      }),
    );
  });
});

describe("tensors in a file", () => {
  const values: [ElementType, OnnxTensor["data"]][] = [
    ["float32", Float32Array.of(1.5, -2)],
    ["float64", Float64Array.of(0.1, -2)],
    ["float16", Float32Array.of(0.5, 65504)],
    ["bfloat16", Float32Array.of(-0.5, 3)],
    ["int8", Int8Array.of(-128, 127)],
    ["int16", Int16Array.of(-3, 4)],
    ["int32", Int32Array.of(-3, 4)],
    ["int64", BigInt64Array.of(-(2n ** 63n), 4n)],
    ["uint8", Uint8Array.of(0, 255)],
    ["uint16", Uint16Array.of(0, 65535)],
    ["uint32", Uint32Array.of(0, 2 ** 32 - 1)],
    ["uint64", BigUint64Array.of(0n, 2n ** 64n - 1n)],
    ["bool", Uint8Array.of(0, 1)],
    ["string", ["", "Größe"]],
  ];
  it.each(values)("%s goes there and back", (type, data) => {
    const proto = readMessage(Tensor, writeMessage(Tensor, tensorProto({ type, shape: [2, 1], data }, "x")), damaged);
    expect(proto.dataType).toBe(ELEMENT_CODE[type]);
    expect(readTensorProto(proto, damaged)).toEqual({ type, shape: [2, 1], data });
  });

  it("floats of 8 and 4 bits, and integers of 4, are read (the standard's examples)", () => {
    const read = (type: ElementType, raw: number[], count: number) => [
      ...readTensorProto(
        readMessage(
          Tensor,
          writeMessage(Tensor, { dims: [count], dataType: ELEMENT_CODE[type], rawData: Uint8Array.from(raw) }),
          damaged,
        ),
        damaged,
      ).data,
    ];
    // OFP8: the largest of E4M3 is S.1111.110 = 448, of E5M2 S.11110.11 = 57344.
    expect(read("float8e4m3fn", [0x7e, 0xfe, 0x38, 0x01], 4)).toEqual([448, -448, 1, 2 ** -9]);
    expect(read("float8e5m2", [0x7b, 0x7c, 0x3c], 3)).toEqual([57344, Number.POSITIVE_INFINITY, 1]);
    expect(read("float8e4m3fnuz", [0x7f, 0x40], 2)).toEqual([240, 1]);
    expect(read("float8e4m3fnuz", [0x80], 1)).toEqual([Number.NaN]);
    expect(read("int4", [0x8f, 0x07], 3)).toEqual([-1, -8, 7]);
    expect(read("uint4", [0x8f, 0x07], 3)).toEqual([15, 8, 7]);
    expect(read("float4e2m1", [0x7f], 2)).toEqual([-6, 6]);
  });

  it("says how many bytes or elements are missing", () => {
    const proto = (draft: object) => readMessage(Tensor, writeMessage(Tensor, draft), damaged);
    expect(() => readTensorProto(proto({ dims: [3], dataType: 1, rawData: new Uint8Array(8) }), damaged)).toThrow(
      'tensor "": 3 elements of float32 need 12 bytes, got 8',
    );
    expect(() => readTensorProto(proto({ dims: [3], dataType: 7, int64Data: BigInt64Array.of(1n) }), damaged)).toThrow(
      "has 1 elements of int64, and its shape 3",
    );
    expect(() => readTensorProto(proto({ dims: [-1], dataType: 1 }), damaged)).toThrow("an axis of length -1");
    expect(() => readTensorProto(proto({ dims: [1], dataType: 99 }), damaged)).toThrow("element type 99");
    expect(() =>
      readTensorProto(
        proto({
          name: "w",
          dims: [1],
          dataType: 1,
          dataLocation: 1,
          externalData: [{ key: "location", value: "w.bin" }],
        }),
        damaged,
      ),
    ).toThrow('tensor "w" is in another file, "w.bin"');
  });

  it("property: every number of binary16 is its own nearest", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 0xffff }),
        (bits) => Number.isNaN(half(bits)) || halfBits(half(bits)) === bits,
      ),
    );
  });
});
