// Signals: windows, Fourier transforms as products with their matrices, and the scale of hearing.
import { mul } from "../../../ops/arithmetic.ts";
import { concat, stack } from "../../../ops/join.ts";
import { matmul } from "../../../ops/linalg.ts";
import { pad } from "../../../ops/padding.ts";
import { slice } from "../../../ops/slices.ts";
import { moveAxis, reshape } from "../../../ops/views.ts";
import { tensor } from "../../../tensor/create.ts";
import type { Tensor } from "../../../tensor/tensor.ts";
import { type ElementType, elementType } from "../onnx-tensor.ts";
import { axisOf, type Call } from "../run/call.ts";
import { entry, type OperatorTable } from "../run/entry.ts";
import { type ArrayValue, fromNumbers, fromTensor } from "../run/value.ts";

/** A sum of cosines over a window's length; periodic windows end one step before they would come back. */
function cosines(factors: readonly number[]): (call: Call) => ArrayValue[] {
  return (call) => {
    const size = call.value(0).number;
    const type: ElementType = elementType(call.attributes.int("output_datatype", 1)) ?? "float32";
    const period = call.attributes.flag("periodic", true) ? size : size - 1;
    const values = Float64Array.from({ length: size }, (_, i) =>
      factors.reduce((sum, factor, k) => sum + factor * Math.cos((2 * Math.PI * k * i) / period), 0),
    );
    return [fromNumbers(type, [size], values)];
  };
}

/** Complex numbers of the last axis along `axis`, transformed: [..., length, 1 or 2] to [..., outputs, 2]. */
function transformed(x: Tensor, axis: number, length: number, inverse: boolean, outputs: number): Tensor {
  const given = x.shape[axis];
  // Zeros behind, or cut off, to the length of the transform.
  let signal = given > length ? slice(x, 0, length, 1, axis) : x;
  if (given < length)
    signal = pad(
      x,
      x.shape.map((_, i): [number, number] => [0, i === axis ? length - given : 0]),
    );
  const [c, s] = [new Float64Array(length * outputs), new Float64Array(length * outputs)];
  for (let n = 0; n < length; n++) {
    for (let k = 0; k < outputs; k++) {
      const angle = (2 * Math.PI * ((n * k) % length)) / length;
      c[n * outputs + k] = Math.cos(angle) / (inverse ? length : 1);
      s[n * outputs + k] = ((inverse ? 1 : -1) * Math.sin(angle)) / (inverse ? length : 1);
    }
  }
  const [cosine, sine] = [c, s].map((values) => tensor(values, { shape: [length, outputs], dtype: x.dtype }));
  const part = (k: number): Tensor =>
    moveAxis(reshape(slice(signal, k, k + 1, 1, -1), signal.shape.slice(0, -1)), axis, -1);
  const real = part(0);
  let [re, im] = [matmul(real, cosine), matmul(real, sine)];
  if (x.shape.at(-1) === 2) {
    const imaginary = part(1);
    [re, im] = [re.sub(matmul(imaginary, sine)), im.add(matmul(imaginary, cosine))];
  }
  return stack([moveAxis(re, -1, axis), moveAxis(im, -1, axis)], x.rank - 1);
}

function fourier(call: Call): ArrayValue[] {
  const { type, tensor: x } = call.value(0);
  const { attributes } = call;
  const axis = axisOf(call.opset < 20 ? attributes.int("axis", 1) : call.number(2, -2), x.rank);
  const [inverse, onesided] = [attributes.flag("inverse", false), attributes.flag("onesided", false)];
  if (inverse && onesided) {
    // From the half of a real signal's spectrum: the other half mirrors it.
    const length = call.number(1, 2 * (x.shape[axis] - 1));
    return [fromTensor(realInverse(x, axis, length), type)];
  }
  const length = call.number(1, x.shape[axis]);
  return [fromTensor(transformed(x, axis, length, inverse, onesided ? Math.floor(length / 2) + 1 : length), type)];
}

function realInverse(x: Tensor, axis: number, length: number): Tensor {
  const half = Math.floor(length / 2) + 1;
  const given = x.shape[axis];
  const front =
    given >= half
      ? slice(x, 0, half, 1, axis)
      : pad(
          x,
          x.shape.map((_, i): [number, number] => [0, i === axis ? half - given : 0]),
        );
  const mirrored = slice(front, 1, length - half + 1, 1, axis).flip(axis);
  const conjugate = concat([slice(mirrored, 0, 1, 1, -1), slice(mirrored, 1, 2, 1, -1).neg()], x.rank - 1);
  const whole = length - half > 0 ? concat([front, conjugate], axis) : front;
  return slice(transformed(whole, axis, length, true, length), 0, 1, 1, -1);
}

/** Transforms of frames of a signal [batch, length, 1 or 2], each weighted by a window. */
function shortTime(call: Call): ArrayValue[] {
  const { type, tensor: x } = call.value(0);
  const step = call.value(1).number;
  const window = call.optional(2);
  const length = call.number(3, window?.size ?? x.shape[1]);
  const frames = Math.floor((x.shape[1] - length) / step) + 1;
  const onesided = call.attributes.flag("onesided", true);
  const parts = Array.from({ length: frames }, (_, i) => {
    const frame = slice(x, i * step, i * step + length, 1, 1);
    return window === null ? frame : mul(frame, reshape(window, [window.size, 1]));
  });
  const y = transformed(stack(parts, 1), 2, length, false, onesided ? Math.floor(length / 2) + 1 : length);
  return [fromTensor(y, type)];
}

/** Triangles over the bins of a spectrum, evenly laid on the mel scale. */
function melWeights(call: Call): ArrayValue[] {
  const [bins, size, rate, low, high] = [0, 1, 2, 3, 4].map((i) => call.value(i).number);
  const type: ElementType = elementType(call.attributes.int("output_datatype", 1)) ?? "float32";
  const rows = Math.floor(size / 2) + 1;
  const mel = (hertz: number): number => 2595 * Math.log10(1 + hertz / 700);
  const [first, last] = [mel(low), mel(high)];
  const step = (last - first) / (bins + 2);
  const edges = Array.from({ length: bins + 2 }, (_, i) => {
    const hertz = 700 * (10 ** ((i * step + first) / 2595) - 1);
    return Math.floor(((size + 1) * hertz) / rate);
  });
  const weights = new Float64Array(rows * bins);
  for (let i = 0; i < bins; i++) {
    const [lower, centre, upper] = [edges[i], edges[i + 1], edges[i + 2]];
    if (centre === lower) weights[centre * bins + i] = 1;
    else for (let j = lower; j <= centre; j++) weights[j * bins + i] = (j - lower) / (centre - lower);
    if (upper > centre) for (let j = centre; j < upper; j++) weights[j * bins + i] = (upper - j) / (upper - centre);
  }
  return [fromNumbers(type, [rows, bins], weights)];
}

/** Operators of this family. */
export const signals: OperatorTable = {
  HannWindow: entry(cosines([0.5, -0.5]), { shapedBy: "data" }),
  HammingWindow: entry(cosines([25 / 46, -21 / 46]), { shapedBy: "data" }),
  BlackmanWindow: entry(cosines([0.42, -0.5, 0.08]), { shapedBy: "data" }),
  DFT: entry(fourier, { shapedBy: "values" }),
  STFT: entry(shortTime, { shapedBy: "values" }),
  MelWeightMatrix: entry(melWeights, { shapedBy: "data" }),
};
