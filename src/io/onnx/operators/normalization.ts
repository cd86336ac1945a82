// Normalisation over batches, samples, groups and neighbours; softmax.
import { abs, add, div, mul, square, sub } from "../../../ops/arithmetic.ts";
import { broadcastTo, sum } from "../../../ops/broadcast.ts";
import { cast } from "../../../ops/cast.ts";
import { where } from "../../../ops/choice.ts";
import { equal } from "../../../ops/comparison.ts";
import { rsqrt, sqrt } from "../../../ops/exponentials.ts";
import { batchNorm, batchNormInference, groupNorm, layerNorm, localResponseNorm } from "../../../ops/normalisation.ts";
import { oneHot } from "../../../ops/onehot.ts";
import { argmax, mean, variance } from "../../../ops/reduce.ts";
import { repeat } from "../../../ops/repeat.ts";
import { flip } from "../../../ops/slices.ts";
import { logSoftmax, softmax } from "../../../ops/softmax.ts";
import { moveAxis, reshape } from "../../../ops/views.ts";
import { zeros } from "../../../tensor/create.ts";
import type { Tensor } from "../../../tensor/tensor.ts";
import { axisOf, type Call } from "../run/call.ts";
import { entry, type OperatorTable } from "../run/entry.ts";
import { type ArrayValue, fromTensor, type Value } from "../run/value.ts";

/** Whether a node of batch normalisation is for training: said since version 14, before by the outputs that are asked for. */
function trains(call: Call): boolean {
  const { attributes, opset } = call;
  if (call.context.training === false) return false;
  if (opset >= 14) return attributes.flag("training_mode", false);
  if (opset < 7) return !attributes.flag("is_test", false);
  return call.wanted.slice(1).some((wanted) => wanted);
}

function batchNormalization(call: Call): (Value | undefined)[] {
  const { attributes } = call;
  const epsilon = attributes.float("epsilon", 1e-5);
  const x = call.value(0);
  const dtype = x.tensor.dtype;
  // Statistics and scale may be of a wider type than the data.
  const [scale, shift, centre, spread] = [1, 2, 3, 4].map((i) => cast(call.tensor(i), dtype));
  if (centre.rank > 1 || (call.opset < 9 && !attributes.flag("spatial", true))) {
    const z = div(sub(x.tensor, centre), sqrt(add(spread, epsilon)));
    return [fromTensor(add(mul(z, scale), shift), x.type)];
  }
  if (!trains(call)) {
    const y = batchNormInference(x.tensor, centre, spread, scale, shift, { epsilon, axis: x.rank > 1 ? 1 : 0 });
    return [fromTensor(y, x.type), call.inputs[3], call.inputs[4]];
  }
  const result = batchNorm(x.tensor, scale, shift, { epsilon });
  const momentum = attributes.float("momentum", 0.9);
  const running = (old: Tensor, now: Tensor): Tensor => add(mul(old, momentum), mul(now, 1 - momentum));
  const [newCentre, newSpread] = [running(centre, result.mean), running(spread, result.variance)];
  call.context.remember?.(call.value(3), newCentre);
  call.context.remember?.(call.value(4), newSpread);
  const { type } = call.value(3);
  const outputs: Value[] = [fromTensor(result.y, x.type), fromTensor(newCentre, type), fromTensor(newSpread, type)];
  // Before version 14 the batch's own statistics, too.
  return call.opset >= 14 ? outputs : [...outputs, fromTensor(result.mean, type), fromTensor(result.variance, type)];
}

function instanceNormalization(call: Call): ArrayValue[] {
  const { type, tensor: x } = call.value(0);
  const epsilon = call.attributes.float("epsilon", 1e-5);
  return [fromTensor(groupNorm(x, x.shape[1], call.tensor(1), call.tensor(2), { epsilon }), type)];
}

/** Scale and shift a channel; in the first version (18) a group. */
function groupNormalization(call: Call): ArrayValue[] {
  const { type, tensor: x } = call.value(0);
  const groups = call.attributes.int("num_groups", 1);
  const channels = x.shape[1];
  const each = (i: number): Tensor => {
    const values = call.tensor(i);
    return values.size === channels ? values : repeat(values, channels / groups, 0);
  };
  return [
    fromTensor(groupNorm(x, groups, each(1), each(2), { epsilon: call.attributes.float("epsilon", 1e-5) }), type),
  ];
}

function layerNormalization(call: Call): ArrayValue[] {
  const { type, tensor: x } = call.value(0);
  const axis = axisOf(call.attributes.int("axis", -1), x.rank);
  const epsilon = call.attributes.float("epsilon", 1e-5);
  const axes = x.shape.slice(axis).map((_, i) => axis + i);
  const shape = x.shape.slice(axis);
  const scale = call.tensor(1);
  const outputs: ArrayValue[] = [];
  if (fitsRow(scale, shape) && (!call.has(2) || fitsRow(call.tensor(2), shape))) {
    const own = (values: Tensor): Tensor => broadcastTo(reshape(values, values.shape.slice(-shape.length)), shape);
    const shift = call.has(2) ? own(call.tensor(2)) : zeros(shape, x.dtype);
    outputs.push(fromTensor(layerNorm(x, own(scale), shift, { epsilon, axes }), type));
  } else {
    // A scale that differs from sample to sample.
    const z = mul(sub(x, mean(x, axes, true)), rsqrt(add(variance(x, axes, true), epsilon)));
    const y = mul(z, scale);
    outputs.push(fromTensor(call.has(2) ? add(y, call.tensor(2)) : y, type));
  }
  if (call.wanted[1]) outputs.push(fromTensor(mean(x, axes, true)));
  if (call.wanted[2]) outputs[2] = fromTensor(rsqrt(add(variance(x, axes, true), epsilon)));
  return outputs;
}

/** Whether values broadcast within the shape of one row. */
function fitsRow(values: Tensor, shape: readonly number[]): boolean {
  const lead = values.rank - shape.length;
  return values.shape.every((length, i) => (i < lead ? length === 1 : length === 1 || length === shape[i - lead]));
}

function rootMeanSquare(call: Call): ArrayValue[] {
  const { type, tensor: x } = call.value(0);
  const axis = axisOf(call.attributes.int("axis", -1), x.rank);
  const axes = x.shape.slice(axis).map((_, i) => axis + i);
  const scale = rsqrt(add(mean(square(x), axes, true), call.attributes.float("epsilon", 1e-5)));
  return [fromTensor(mul(mul(x, scale), call.tensor(1)), type)];
}

/** Of an even number of channels the standard takes one more after than before; the operation here, as PyTorch, one more before. */
function localResponse(call: Call): ArrayValue[] {
  const { type, tensor: x } = call.value(0);
  const { attributes } = call;
  const size = attributes.int("size", 1);
  const options = {
    alpha: attributes.float("alpha", 1e-4),
    beta: attributes.float("beta", 0.75),
    k: attributes.float("bias", 1),
  };
  const y =
    size % 2 === 1 ? localResponseNorm(x, size, options) : flip(localResponseNorm(flip(x, 1), size, options), 1);
  return [fromTensor(y, type)];
}

function meanVariance(call: Call): ArrayValue[] {
  const { type, tensor: x } = call.value(0);
  const axes = (call.attributes.ints("axes") ?? [0, 2, 3]).map((axis) => axisOf(axis, x.rank));
  const deviation = sqrt(variance(x, axes, true));
  return [fromTensor(div(sub(x, mean(x, axes, true)), add(deviation, 1e-9)), type)];
}

function norm(call: Call): ArrayValue[] {
  const { type, tensor: x } = call.value(0);
  const axis = axisOf(call.attributes.int("axis", -1), x.rank);
  const length = call.attributes.int("p", 2) === 1 ? sum(abs(x), axis, true) : sqrt(sum(square(x), axis, true));
  return [fromTensor(div(x, where(equal(length, 0), 1, length)), type)];
}

/** Along one axis since version 13; before, over all axes from `axis` on together. */
function distribution(f: (x: Tensor, axis: number) => Tensor): (call: Call) => ArrayValue[] {
  return (call) => {
    const { type, tensor: x } = call.value(0);
    if (call.opset >= 13) return [fromTensor(f(x, axisOf(call.attributes.int("axis", -1), x.rank)), type)];
    const axis = axisOf(call.attributes.int("axis", 1), x.rank);
    if (axis === x.rank - 1) return [fromTensor(f(x, axis), type)];
    const rows = x.shape.slice(0, axis).reduce((product, length) => product * length, 1);
    return [fromTensor(reshape(f(reshape(x, [rows, x.size / rows]), 1), x.shape), type)];
  };
}

/** 1 at the first of the largest, 0 elsewhere. */
function hardmax(x: Tensor, axis: number): Tensor {
  return moveAxis(oneHot(argmax(x, axis), x.shape[axis], x.dtype), -1, axis);
}

/** Operators of this family. */
export const normalization: OperatorTable = {
  BatchNormalization: entry(batchNormalization, { pure: false }),
  InstanceNormalization: entry(instanceNormalization),
  GroupNormalization: entry(groupNormalization),
  LayerNormalization: entry(layerNormalization),
  RMSNormalization: entry(rootMeanSquare),
  LRN: entry(localResponse),
  MeanVarianceNormalization: entry(meanVariance),
  LpNormalization: entry(norm),
  Softmax: entry(distribution(softmax)),
  LogSoftmax: entry(distribution(logSoftmax)),
  Hardmax: entry(distribution(hardmax)),
};
