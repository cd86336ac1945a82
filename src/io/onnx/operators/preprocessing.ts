// Operators of scikit-learn's exporter (ai.onnx.ml) that stand before and behind a network: scaling, filling gaps, encoding of classes, and linear
// models. Trees, support vectors and dictionaries of features are not among them.
// Source: ONNX, operators of the domain ai.onnx.ml, version 5.

import { erfinv, sigmoid } from "../../../ops/activations.ts";
import { abs, add, div, mul, sub } from "../../../ops/arithmetic.ts";
import { where } from "../../../ops/choice.ts";
import { equal, greater, isnan } from "../../../ops/comparison.ts";
import { gather } from "../../../ops/gather.ts";
import { concat } from "../../../ops/join.ts";
import { matmul } from "../../../ops/linalg.ts";
import { argmax, max, norm } from "../../../ops/reduce.ts";
import { softmax } from "../../../ops/softmax.ts";
import { reshape, transpose } from "../../../ops/views.ts";
import { tensor } from "../../../tensor/create.ts";
import type { Tensor } from "../../../tensor/tensor.ts";
import type { Call } from "../run/call.ts";
import { entry, type OperatorTable } from "../run/entry.ts";
import { type ArrayValue, asFloat, fromData, fromNumbers, fromTensor, movedOne } from "../run/value.ts";

/** Rows of numbers: one row where there is no axis for them. */
function rowsOf(call: Call): Tensor {
  const x = asFloat(call.tensor(0));
  return x.rank === 1 ? reshape(x, [1, -1]) : x;
}

/** A list of the file's numbers that fits a row: as long, or one for all. */
function perFeature(call: Call, name: string, otherwise: number): Tensor {
  return tensor(call.attributes.floats(name) ?? [otherwise]);
}

function scaled(call: Call): ArrayValue[] {
  const x = asFloat(call.tensor(0));
  return [fromTensor(mul(sub(x, perFeature(call, "offset", 0)), perFeature(call, "scale", 1)))];
}

function binarized(call: Call): ArrayValue[] {
  const x = asFloat(call.tensor(0));
  return [fromTensor(where(greater(x, call.attributes.float("threshold", 0)), tensor(1), tensor(0)))];
}

function normalized(call: Call): ArrayValue[] {
  const x = rowsOf(call);
  const kind = call.attributes.text("norm", "MAX");
  const size = kind === "MAX" ? max(x, -1, true) : norm(x, -1, true, kind === "L1" ? 1 : 2);
  return [fromTensor(where(equal(size, 0), x, div(x, size)))];
}

/** What is missing, NaN or a number that the file names, becomes the feature's usual value. */
function imputed(call: Call): ArrayValue[] {
  const { attributes } = call;
  const x = call.value(0);
  const whole = attributes.ints("imputed_value_int64s");
  if (whole !== undefined) {
    const missing = attributes.int("replaced_value_int64", 0);
    return [
      fromNumbers(
        "int64",
        x.shape,
        x.numbers.map((value, i) => (value === missing ? whole[whole.length === 1 ? 0 : i % whole.length] : value)),
      ),
    ];
  }
  const t = asFloat(x.tensor);
  const missing = attributes.float("replaced_value_float", Number.NaN);
  const gap = Number.isNaN(missing) ? isnan(t) : equal(t, missing);
  return [fromTensor(where(gap, perFeature(call, "imputed_value_floats", 0), t))];
}

/** Several arrays of features side by side. */
function joined(call: Call): ArrayValue[] {
  const parts = call.inputs.map((_, i) => {
    const x = asFloat(call.tensor(i));
    return x.rank === 1 ? reshape(x, [1, -1]) : reshape(x, [x.shape[0], -1]);
  });
  return [fromTensor(concat(parts, 1))];
}

/** Columns by their numbers. */
function columns(call: Call): ArrayValue[] {
  const x = call.value(0);
  const places = Int32Array.from(call.value(1).numbers);
  const length = x.shape.at(-1) ?? 0;
  const bad = places.find((place) => place < 0 || place >= length);
  if (bad !== undefined) throw new RangeError(`the column ${bad} is not in 0 to ${length - 1}`);
  return [
    movedOne(x, (t) => {
      const y = gather(t, tensor(places), t.rank - 1);
      return t.rank === 1 ? reshape(y, [1, -1]) : y;
    }),
  ];
}

/** A value's name among a file's keys: numbers and texts never meet. NaN is a key like others. */
type Key = string | number;

function keysOf(value: ArrayValue): Key[] {
  return value.type === "string" ? value.strings : value.numbers;
}

function onehot(call: Call): ArrayValue[] {
  const { attributes } = call;
  const x = call.value(0);
  const classes: Key[] =
    (x.type === "string" ? attributes.texts("cats_strings") : attributes.ints("cats_int64s")) ?? [];
  const places = new Map(classes.map((key, i) => [key, i]));
  const y = new Float32Array(x.size * classes.length);
  keysOf(x).forEach((key, i) => {
    const place = places.get(typeof key === "number" ? Math.trunc(key) : key);
    if (place !== undefined) y[i * classes.length + place] = 1;
    else if (!attributes.flag("zeros", true)) throw new RangeError(`${JSON.stringify(key)} is no category`);
  });
  return [fromData("float32", [...x.shape, classes.length], y)];
}

/** Words to the numbers of categories, or back. */
function mapped(call: Call): ArrayValue[] {
  const { attributes } = call;
  const x = call.value(0);
  const [words, numbers] = [attributes.texts("cats_strings") ?? [], attributes.ints("cats_int64s") ?? []];
  if (x.type === "string") {
    const known = new Map(words.map((word, i) => [word, numbers[i]]));
    const otherwise = attributes.int("default_int64", -1);
    return [
      fromNumbers(
        "int64",
        x.shape,
        x.strings.map((word) => known.get(word) ?? otherwise),
      ),
    ];
  }
  const known = new Map(numbers.map((number, i) => [number, words[i]]));
  const otherwise = attributes.text("default_string", "_Unused");
  return [
    fromData(
      "string",
      x.shape,
      x.numbers.map((number) => known.get(number) ?? otherwise),
    ),
  ];
}

/** Any key to any value, by two lists: `keys_*` and `values_*`; the first version had one list of words, whose places were the numbers. */
function encoded(call: Call): ArrayValue[] {
  const { attributes } = call;
  const x = call.value(0);
  const words = attributes.texts("classes_strings");
  if (words !== undefined) {
    if (x.type === "string") {
      const known = new Map(words.map((word, i) => [word, i]));
      const otherwise = attributes.int("default_int64", -1);
      return [
        fromNumbers(
          "int64",
          x.shape,
          x.strings.map((word) => known.get(word) ?? otherwise),
        ),
      ];
    }
    const otherwise = attributes.text("default_string", "_Unused");
    return [
      fromData(
        "string",
        x.shape,
        x.numbers.map((number) => words[number] ?? otherwise),
      ),
    ];
  }
  const list = (what: string): readonly Key[] | undefined => {
    const held = attributes.tensor(`${what}_tensor`);
    if (held !== undefined)
      return Array.from(held.data as ArrayLike<Key | bigint>, (each) =>
        typeof each === "bigint" ? Number(each) : each,
      );
    return (
      attributes.texts(`${what}_strings`) ?? attributes.ints(`${what}_int64s`) ?? attributes.floats(`${what}_floats`)
    );
  };
  const [keys, values] = [list("keys"), list("values")];
  if (keys === undefined || values === undefined || keys.length !== values.length) {
    throw new TypeError("keys and values of as many elements are needed");
  }
  const known = new Map(keys.map((key, i) => [key, values[i]]));
  const held = attributes.tensor("default_tensor");
  const own = attributes.tensor("values_tensor")?.type;
  const type =
    own ?? (attributes.has("values_strings") ? "string" : attributes.has("values_int64s") ? "int64" : "float32");
  const usual = held === undefined ? undefined : Number(held.data[0]);
  const find = keysOf(x).map((key) => known.get(key));
  if (type === "string") {
    const otherwise = held === undefined ? attributes.text("default_string", "_Unused") : String(held.data[0]);
    return [
      fromData(
        "string",
        x.shape,
        find.map((value) => (value as string | undefined) ?? otherwise),
      ),
    ];
  }
  const otherwise =
    usual ?? (type === "int64" ? attributes.int("default_int64", -1) : attributes.float("default_float", -0));
  return [
    fromNumbers(
      type,
      x.shape,
      find.map((value) => (value as number | undefined) ?? otherwise),
    ),
  ];
}

/** What is made of scores at the end. */
function transformed(call: Call, x: Tensor): Tensor {
  const how = call.attributes.text("post_transform", "NONE");
  switch (how) {
    case "NONE":
      return x;
    case "LOGISTIC":
      return sigmoid(x);
    case "SOFTMAX":
      return softmax(x);
    case "SOFTMAX_ZERO": {
      // Scores of exactly 0 stay so, and the others share 1.
      const present = greater(abs(x), 0);
      return where(present, softmax(where(present, x, tensor(Number.NEGATIVE_INFINITY))), tensor(0));
    }
    case "PROBIT":
      return mul(erfinv(sub(mul(x, 2), 1)), Math.SQRT2);
    default:
      throw new RangeError(`post_transform ${how} is not known`);
  }
}

/** x W^T + b, W of a row for each output. */
function linear(call: Call): Tensor {
  const x = rowsOf(call);
  const weights = call.attributes.floats("coefficients") ?? [];
  const rows = weights.length / x.shape[1];
  if (!Number.isInteger(rows) || rows === 0) {
    throw new RangeError(`${weights.length} coefficients do not fit ${x.shape[1]} features`);
  }
  const bias = call.attributes.floats("intercepts") ?? [0];
  return add(matmul(x, transpose(tensor(weights, { shape: [rows, x.shape[1]] }))), tensor(bias));
}

function regressed(call: Call): ArrayValue[] {
  return [fromTensor(transformed(call, linear(call)))];
}

/**
 * The class of each row, and the scores of all. One output for two classes is the second's: that class where it is above 0, and the first's score is
 * 1 less it, after LOGISTIC, which alone changes it. The standard is silent on this; so does ONNX Runtime.
 */
function classified(call: Call): ArrayValue[] {
  const { attributes } = call;
  const raw = linear(call);
  const words = attributes.texts("classlabels_strings");
  const names: readonly Key[] = words ?? attributes.ints("classlabels_ints") ?? [];
  const alone = raw.shape[1] === 1 && names.length === 2;
  const one = attributes.text("post_transform", "NONE") === "LOGISTIC" ? sigmoid(raw) : raw;
  const scores = alone ? concat([sub(1, one), one], 1) : transformed(call, raw);
  const places = alone ? Array.from(raw.dataSync(), (score) => Number(score > 0)) : argmax(raw, 1).dataSync();
  const labels = Array.from(places, (place) => names[place] ?? place);
  const shape = [labels.length];
  const label = words ? fromData("string", shape, labels.map(String)) : fromNumbers("int64", shape, labels as number[]);
  return [label, fromTensor(scores)];
}

/** Domain ai.onnx.ml. ZipMap puts names on columns, in a list of dictionaries that no array is: here the columns stay as they are, in the order of the names. */
export const preprocessing: OperatorTable = {
  ArrayFeatureExtractor: entry(columns, { shapedBy: "values" }),
  Binarizer: entry(binarized),
  CategoryMapper: entry(mapped),
  FeatureVectorizer: entry(joined),
  Imputer: entry(imputed),
  LabelEncoder: entry(encoded),
  LinearClassifier: entry(classified),
  LinearRegressor: entry(regressed),
  Normalizer: entry(normalized),
  OneHotEncoder: entry(onehot),
  Scaler: entry(scaled),
  ZipMap: entry((call) => [call.value(0)]),
};
