// Operators of scikit-learn's exporter, one node each: values of ONNX Runtime 1.30, which are computed anew where it is at hand.
import { describe, expect, test } from "vitest";
import { readOnnx } from "../../src/io/onnx/index.node.ts";
import { ELEMENT_CODE, type ElementType, type OnnxTensor } from "../../src/io/onnx/onnx-tensor.ts";
import { writeModelProto } from "../../src/io/onnx/proto/file.ts";
import { ATTRIBUTE_TYPE, type AttributeProto } from "../../src/io/onnx/proto/messages.ts";
import type { Draft } from "../../src/io/onnx/proto/wire.ts";
import { Tensor } from "../../src/node.ts";
import { runOnRuntime, runtimeFound } from "./runtime.ts";

type Attribute =
  | number
  | string
  | readonly number[]
  | readonly string[]
  | { ints: readonly number[] }
  | { int: number };
type Data = readonly (number | string)[];
interface Case {
  readonly operator: string;
  readonly version?: number;
  readonly attributes?: Readonly<Record<string, Attribute>>;
  /** Type, shape, elements. */
  readonly inputs: readonly (readonly [ElementType, readonly number[], Data])[];
  readonly outputs: readonly (readonly [ElementType, readonly number[], Data])[];
}

function attributeOf(name: string, value: Attribute): Draft<AttributeProto> {
  const text = (each: string) => new TextEncoder().encode(each);
  if (typeof value === "number") return { name, type: ATTRIBUTE_TYPE.FLOAT, f: value };
  if (typeof value === "string") return { name, type: ATTRIBUTE_TYPE.STRING, s: text(value) };
  if ("int" in value) return { name, type: ATTRIBUTE_TYPE.INT, i: BigInt(value.int) };
  if ("ints" in value) return { name, type: ATTRIBUTE_TYPE.INTS, ints: BigInt64Array.from(value.ints, BigInt) };
  if (typeof value[0] === "string")
    return { name, type: ATTRIBUTE_TYPE.STRINGS, strings: (value as string[]).map(text) };
  return { name, type: ATTRIBUTE_TYPE.FLOATS, floats: Float32Array.from(value as number[]) };
}

function modelOf({ operator, version = 3, attributes = {}, inputs, outputs }: Case): Uint8Array {
  const port = (name: string, [type, shape]: Case["inputs"][number]) => ({
    name,
    type: { tensorType: { elemType: ELEMENT_CODE[type], shape: { dim: shape.map((dimValue) => ({ dimValue })) } } },
  });
  return writeModelProto({
    irVersion: 8,
    opsetImport: [{ version: 17 }, { domain: "ai.onnx.ml", version }],
    graph: {
      name: "g",
      node: [
        {
          ...{ opType: operator, domain: "ai.onnx.ml", name: "the node" },
          ...{ input: inputs.map((_, i) => `x${i}`), output: outputs.map((_, i) => `y${i}`) },
          attribute: Object.entries(attributes).map(([name, value]) => attributeOf(name, value)),
        },
      ],
      input: inputs.map((each, i) => port(`x${i}`, each)),
      output: outputs.map((each, i) => port(`y${i}`, each)),
    },
  });
}

function arrayOf([type, shape, data]: Case["inputs"][number]): OnnxTensor {
  if (type === "string") return { type, shape, data: data.map(String) };
  if (type === "int64") return { type, shape, data: BigInt64Array.from(data as number[], BigInt) };
  return { type, shape, data: Float32Array.from(data as number[]) };
}

const plain = (data: ArrayLike<number | bigint | string>): (number | string)[] =>
  Array.from(data as ArrayLike<number>, (each) => (typeof each === "bigint" ? Number(each) : each));

/** Floats to six digits. */
const rounded = (data: readonly (number | string)[]) =>
  data.map((each) => (typeof each === "number" && Number.isFinite(each) ? Number(each.toPrecision(6)) + 0 : each));

const x: Case["inputs"][number] = ["float32", [2, 3], [1, -2, 3, 0, 0, 0.5]];
const linear = { coefficients: [1, 2, 3, -1, 0.5, 0], intercepts: [0.5, -0.5] };

const CASES: Record<string, Case> = {
  "Scaler by feature": {
    operator: "Scaler",
    attributes: { offset: [1, 0, 1], scale: [2, 3, 0.5] },
    inputs: [x],
    outputs: [["float32", [2, 3], [0, -6, 1, -2, 0, -0.25]]],
  },
  "Scaler, one for all": {
    operator: "Scaler",
    attributes: { offset: [1], scale: [2] },
    inputs: [x],
    outputs: [["float32", [2, 3], [0, -6, 4, -2, -2, -1]]],
  },
  Binarizer: {
    operator: "Binarizer",
    attributes: { threshold: 0.5 },
    inputs: [x],
    outputs: [["float32", [2, 3], [1, 0, 1, 0, 0, 0]]],
  },
  "Normalizer MAX": {
    operator: "Normalizer",
    attributes: { norm: "MAX" },
    inputs: [x],
    outputs: [["float32", [2, 3], [0.333333, -0.666667, 1, 0, 0, 1]]],
  },
  "Normalizer L1": {
    operator: "Normalizer",
    attributes: { norm: "L1" },
    inputs: [["float32", [3, 2], [1, -3, 0, 0, 2, 2]]],
    outputs: [["float32", [3, 2], [0.25, -0.75, 0, 0, 0.5, 0.5]]],
  },
  "Normalizer L2": {
    operator: "Normalizer",
    attributes: { norm: "L2" },
    inputs: [["float32", [2, 2], [3, -4, 0, 0]]],
    outputs: [["float32", [2, 2], [0.6, -0.8, 0, 0]]],
  },
  "Imputer of NaN": {
    operator: "Imputer",
    attributes: { imputed_value_floats: [7, 8], replaced_value_float: Number.NaN },
    inputs: [["float32", [2, 2], [1, Number.NaN, Number.NaN, 2]]],
    outputs: [["float32", [2, 2], [1, 8, 7, 2]]],
  },
  "Imputer of whole numbers": {
    operator: "Imputer",
    attributes: { imputed_value_int64s: { ints: [7, 8] }, replaced_value_int64: { int: -1 } },
    inputs: [["int64", [2, 2], [-1, 1, 2, -1]]],
    outputs: [["int64", [2, 2], [7, 1, 2, 8]]],
  },
  FeatureVectorizer: {
    operator: "FeatureVectorizer",
    attributes: { inputdimensions: { ints: [3, 1] } },
    inputs: [x, ["float32", [2, 1], [9, 10]]],
    outputs: [["float32", [2, 4], [1, -2, 3, 9, 0, 0, 0.5, 10]]],
  },
  ArrayFeatureExtractor: {
    operator: "ArrayFeatureExtractor",
    inputs: [x, ["int64", [2], [2, 0]]],
    outputs: [["float32", [2, 2], [3, 1, 0.5, 0]]],
  },
  "ArrayFeatureExtractor of words": {
    operator: "ArrayFeatureExtractor",
    inputs: [
      ["string", [3], ["a", "b", "c"]],
      ["int64", [2], [2, 1]],
    ],
    outputs: [["string", [1, 2], ["c", "b"]]],
  },
  OneHotEncoder: {
    operator: "OneHotEncoder",
    attributes: { cats_int64s: { ints: [1, 5, 7] }, zeros: { int: 1 } },
    inputs: [["int64", [3], [5, 2, 7]]],
    outputs: [["float32", [3, 3], [0, 1, 0, 0, 0, 0, 0, 0, 1]]],
  },
  "OneHotEncoder of words": {
    operator: "OneHotEncoder",
    attributes: { cats_strings: ["a", "b"] },
    inputs: [["string", [2, 1], ["b", "z"]]],
    outputs: [["float32", [2, 1, 2], [0, 1, 0, 0]]],
  },
  CategoryMapper: {
    operator: "CategoryMapper",
    attributes: { cats_strings: ["a", "b"], cats_int64s: { ints: [4, 9] }, default_int64: { int: -7 } },
    inputs: [["string", [3], ["b", "q", "a"]]],
    outputs: [["int64", [3], [9, -7, 4]]],
  },
  "CategoryMapper back": {
    operator: "CategoryMapper",
    attributes: { cats_strings: ["a", "b"], cats_int64s: { ints: [4, 9] } },
    inputs: [["int64", [3], [9, 1, 4]]],
    outputs: [["string", [3], ["b", "_Unused", "a"]]],
  },
  "LabelEncoder 1": {
    operator: "LabelEncoder",
    version: 1,
    attributes: { classes_strings: ["a", "b"] },
    inputs: [["string", [3], ["b", "q", "a"]]],
    outputs: [["int64", [3], [1, -1, 0]]],
  },
  "LabelEncoder of words": {
    operator: "LabelEncoder",
    attributes: { keys_strings: ["a", "b"], values_int64s: { ints: [10, 20] } },
    inputs: [["string", [3], ["b", "q", "a"]]],
    outputs: [["int64", [3], [20, -1, 10]]],
  },
  "LabelEncoder to words": {
    operator: "LabelEncoder",
    attributes: { keys_int64s: { ints: [0, 1] }, values_strings: ["no", "yes"], default_string: "?" },
    inputs: [["int64", [3], [1, 5, 0]]],
    outputs: [["string", [3], ["yes", "?", "no"]]],
  },
  "LabelEncoder of floats, NaN too": {
    operator: "LabelEncoder",
    version: 4,
    attributes: { keys_floats: [1, Number.NaN], values_floats: [3, 4], default_float: 9 },
    inputs: [["float32", [3], [Number.NaN, 1, 2]]],
    outputs: [["float32", [3], [4, 3, 9]]],
  },
  LinearRegressor: {
    operator: "LinearRegressor",
    version: 1,
    attributes: { ...linear, targets: { int: 2 } },
    inputs: [x],
    outputs: [["float32", [2, 2], [6.5, -2.5, 2, -0.5]]],
  },
  LinearClassifier: {
    operator: "LinearClassifier",
    version: 1,
    attributes: { ...linear, classlabels_strings: ["cat", "dog"], post_transform: "SOFTMAX" },
    inputs: [x],
    outputs: [
      ["string", [2], ["cat", "cat"]],
      ["float32", [2, 2], [0.999877, 0.000123395, 0.924142, 0.0758582]],
    ],
  },
  "LinearClassifier, logistic": {
    operator: "LinearClassifier",
    version: 1,
    attributes: { ...linear, classlabels_ints: { ints: [3, 8] }, post_transform: "LOGISTIC", multi_class: { int: 1 } },
    inputs: [x],
    outputs: [
      ["int64", [2], [3, 3]],
      ["float32", [2, 2], [0.998499, 0.0758582, 0.880797, 0.377541]],
    ],
  },
  "LinearClassifier of one output": {
    operator: "LinearClassifier",
    version: 1,
    attributes: {
      coefficients: [1, 2, 3],
      intercepts: [-2],
      classlabels_ints: { ints: [0, 1] },
      post_transform: "LOGISTIC",
    },
    inputs: [x],
    outputs: [
      ["int64", [2], [1, 0]],
      ["float32", [2, 2], [0.0179862, 0.982014, 0.622459, 0.377541]],
    ],
  },
  "LinearClassifier of one output, as it is": {
    operator: "LinearClassifier",
    version: 1,
    attributes: { coefficients: [1, 2, 3], intercepts: [-2], classlabels_ints: { ints: [0, 1] } },
    inputs: [x],
    outputs: [
      ["int64", [2], [1, 0]],
      ["float32", [2, 2], [-3, 4, 1.5, -0.5]],
    ],
  },
  "LinearClassifier, zeros stay": {
    operator: "LinearClassifier",
    version: 1,
    attributes: {
      coefficients: [0, 0, 0, 1, 0, 0, 0, 1, 0],
      intercepts: [0, 0, 1],
      classlabels_ints: { ints: [0, 1, 2] },
      post_transform: "SOFTMAX_ZERO",
    },
    inputs: [x],
    outputs: [
      ["int64", [2], [1, 2]],
      ["float32", [2, 3], [0, 0.880797, 0.119203, 0, 0, 1]],
    ],
  },
};

const feedsOf = ({ inputs }: Case) => Object.fromEntries(inputs.map((input, i) => [`x${i}`, arrayOf(input)]));
const expected = ({ outputs }: Case) => outputs.map(([, shape, data]) => ({ shape, data: rounded(data) }));

describe("ai.onnx.ml", () => {
  test.each(Object.entries(CASES))("%s", async (_, each) => {
    const results = Object.values(readOnnx(modelOf(each)).run(feedsOf(each)));
    const arrays = (results as (Tensor | OnnxTensor)[]).map((y) => ({
      shape: y.shape,
      data: y instanceof Tensor ? y.dataSync() : y.data,
    }));
    expect(arrays.map(({ shape, data }) => ({ shape, data: rounded(plain(data)) }))).toEqual(expected(each));
    if (!runtimeFound) return;
    const theirs = Object.values(await runOnRuntime(modelOf(each), feedsOf(each)));
    expect(theirs.map(({ dims, data }) => ({ shape: dims, data: rounded(plain(data)) }))).toEqual(expected(each));
  });

  test("ZipMap leaves the columns as they are, in the order of its names", () => {
    const attributes = { classlabels_int64s: { ints: [3, 8, 9] } };
    const output = ["float32", [2, 3], []] as const;
    const graph = readOnnx(modelOf({ operator: "ZipMap", attributes, inputs: [x], outputs: [output] }));
    expect((graph.run({ x0: arrayOf(x) })["y0"] as Tensor).toArray()).toEqual([
      [1, -2, 3],
      [0, 0, 0.5],
    ]);
  });

  test.each([
    [
      "a column that is not there",
      { operator: "ArrayFeatureExtractor", inputs: [x, ["int64", [1], [3]]] },
      "the column 3 is not in 0 to 2",
    ],
    [
      "a category that is not there",
      {
        operator: "OneHotEncoder",
        attributes: { cats_int64s: { ints: [1] }, zeros: { int: 0 } },
        inputs: [["int64", [1], [2]]],
      },
      "2 is no category",
    ],
    [
      "coefficients of other features",
      { operator: "LinearRegressor", attributes: { coefficients: [1, 2] }, inputs: [x] },
      "2 coefficients do not fit 3 features",
    ],
    [
      "keys without values",
      { operator: "LabelEncoder", attributes: { keys_floats: [1] }, inputs: [x] },
      "keys and values of as many elements are needed",
    ],
  ] as [string, Omit<Case, "outputs">, string][])("%s", (_, each, message) => {
    const whole = { ...each, outputs: [["float32", [1], []]] } as Case;
    expect(() => readOnnx(modelOf(whole)).run(feedsOf(whole))).toThrow(message);
  });
});
