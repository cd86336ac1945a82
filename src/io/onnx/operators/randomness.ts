// Random numbers, and dropout. The numbers are the library's own: the standard leaves open which ones.
import { mul } from "../../../ops/arithmetic.ts";
import { cast } from "../../../ops/cast.ts";
import { less } from "../../../ops/comparison.ts";
import { random } from "../../../ops/random.ts";
import { full } from "../../../tensor/create.ts";
import { Generator } from "../../../tensor/random.ts";
import type { Tensor } from "../../../tensor/tensor.ts";
import { type ElementType, elementType } from "../onnx-tensor.ts";
import type { Call } from "../run/call.ts";
import { entry, type OperatorTable } from "../run/entry.ts";
import { type ArrayValue, dtypeOf, fromNumbers, fromTensor } from "../run/value.ts";
import { toType } from "./casting.ts";

/** A seed of its own gives the same numbers at every run. */
function generatorOf(call: Call): Generator {
  if (!call.attributes.has("seed")) return call.context.generator;
  const seed = call.attributes.number("seed", 0);
  return new Generator(Math.abs(Math.trunc(seed * 1000)));
}

type Draw = (shape: readonly number[], generator: Generator, call: Call, dtype: "float32" | "float64") => Tensor;

function drawn(draw: Draw, like: boolean): (call: Call) => ArrayValue[] {
  return (call) => {
    const shape = like ? call.value(0).shape : (call.attributes.ints("shape") ?? []);
    const type = elementType(call.attributes.int("dtype", 0)) ?? (like ? call.value(0).type : "float32");
    const dtype = dtypeOf(type) === "float64" ? "float64" : "float32";
    return [toType(fromTensor(draw(shape, generatorOf(call), call, dtype)), type)];
  };
}

const normal: Draw = (shape, generator, { attributes }, dtype) =>
  random.normal(shape, attributes.float("mean", 0), attributes.float("scale", 1), { generator, dtype });

const uniform: Draw = (shape, generator, { attributes }, dtype) =>
  random.uniform(shape, attributes.float("low", 0), attributes.float("high", 1), { generator, dtype });

function bernoulli(call: Call): ArrayValue[] {
  const x = call.value(0);
  const draws = random.uniform(x.shape, 0, 1, { generator: generatorOf(call), dtype: x.tensor.dtype as "float32" });
  const type: ElementType = elementType(call.attributes.int("dtype", 0)) ?? x.type;
  return [toType(fromTensor(less(draws, x.tensor)), type)];
}

/** Classes drawn by their log probabilities [n, classes]. */
function multinomial(call: Call): ArrayValue[] {
  const x = call.value(0);
  const count = call.attributes.int("sample_size", 1);
  const [n, classes] = x.shape as [number, number];
  const logs = x.numbers;
  const draws = random.uniform([n, count], 0, 1, { generator: generatorOf(call) }).dataSync();
  const chosen = Array.from({ length: n * count }, (_, i) => {
    const row = logs.slice(Math.floor(i / count) * classes, (Math.floor(i / count) + 1) * classes);
    const top = Math.max(...row);
    const weights = row.map((value) => Math.exp(value - top));
    let rest = draws[i] * weights.reduce((sum, weight) => sum + weight, 0);
    for (let k = 0; k < classes - 1; k++) {
      rest -= weights[k];
      if (rest < 0) return k;
    }
    return classes - 1;
  });
  return [fromNumbers(elementType(call.attributes.int("dtype", 6)) ?? "int32", [n, count], chosen)];
}

/** Training is said by an input since version 12; before, only the oldest files say it. */
function dropout(call: Call): ArrayValue[] {
  const { attributes } = call;
  const { type, tensor: x } = call.value(0);
  const ratio = call.opset < 12 ? attributes.float("ratio", 0.5) : call.number(1, 0.5);
  const asked = call.opset < 7 ? !attributes.flag("is_test", false) : call.opset >= 12 && call.number(2, 0) !== 0;
  if (!asked || ratio === 0 || call.context.training === false)
    return [fromTensor(x, type), fromTensor(full(x.shape, 1, "bool"))];
  const kept = random.bernoulli(x.shape, 1 - ratio, {
    generator: generatorOf(call),
    dtype: x.dtype as "float32",
    value: 1 / (1 - ratio),
  });
  return [fromTensor(mul(x, kept), type), fromTensor(cast(kept, "bool"))];
}

const IMPURE = { pure: false } as const;

/** Operators of this family. */
export const randomness: OperatorTable = {
  RandomNormal: entry(drawn(normal, false), IMPURE),
  RandomUniform: entry(drawn(uniform, false), IMPURE),
  RandomNormalLike: entry(drawn(normal, true), IMPURE),
  RandomUniformLike: entry(drawn(uniform, true), IMPURE),
  Bernoulli: entry(bernoulli, IMPURE),
  Multinomial: entry(multinomial, IMPURE),
  Dropout: entry(dropout, IMPURE),
};
