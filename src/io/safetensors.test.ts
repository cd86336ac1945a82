// The file format: what is written is read back bit for bit, and what is damaged is named.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Dense, loadModel, readSafetensors, Sequential, saveModel, scope, tensor, writeSafetensors } from "../node.ts";

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
  test.each([
    ["too short", good.slice(0, 5), /5 bytes are too few/],
    ["truncated data", good.slice(0, -4), /outside the file/],
    ["truncated header", good.slice(0, 20), /header would be/],
    ["no JSON", withHeader("{oops"), /header is not JSON/],
    ["no object", withHeader("[1]"), /not a JSON object/],
    [
      "unknown dtype",
      withHeader('{"a":{"dtype":"X9","shape":[3],"data_offsets":[0,12]}}'),
      /dtype "X9" is not supported/,
    ],
    ["wrong size", withHeader('{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,12]}}'), /needs 16 bytes, got 12/],
    ["negative place", withHeader('{"a":{"dtype":"F32","shape":[3],"data_offsets":[-4,8]}}'), /outside the file/],
    ["no shape", withHeader('{"a":{"dtype":"F32"}}'), /shape or place is missing/],
    ["metadata of numbers", withHeader('{"__metadata__":{"a":1}}'), /not a map of strings/],
  ])("%s", (_, bytes, message) => {
    expect(() => readSafetensors(bytes, "file.safetensors")).toThrow(message);
    expect(() => readSafetensors(bytes, "file.safetensors")).toThrow(/^file\.safetensors: /);
  });
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
});
