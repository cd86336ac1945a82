// Layers that move numbers about: other shapes, orders and sizes, and inputs side by side or merged.
import { axisWithin } from "../../../../nn/layers/axes.ts";
import type { Concatenate } from "../../../../nn/layers/concatenate.ts";
import type { Dot } from "../../../../nn/layers/dot.ts";
import type { Permute } from "../../../../nn/layers/permute.ts";
import type { RepeatVector } from "../../../../nn/layers/repeat-vector.ts";
import type { Reshape } from "../../../../nn/layers/reshape.ts";
import type { TimeDistributed } from "../../../../nn/layers/time-distributed.ts";
import type { UpSampling2D } from "../../../../nn/layers/up-sampling2d.ts";
import type { ZeroPadding2D } from "../../../../nn/layers/zero-padding2d.ts";
import type { OnnxSymbol } from "../graph.ts";
import type { OnnxLayerExport, OnnxMask, OnnxMaskExport, OnnxScope } from "../scope.ts";
import { framed } from "./convolution.ts";

export const flatten: OnnxLayerExport = (_, [x], to) => to.node("Flatten", [x], { axis: 1 });

export const reshape: OnnxLayerExport<Reshape> = ({ shape }, [x], to) => {
  if (!shape.includes(0)) return to.reshape(x, [0, ...(to.outputShapes[0].includes(null) ? shape : known(to))]);
  // A length of 0 means that of x unless it is allowed to mean itself.
  const whole = to.node("Concat", [to.lengths(x, 0, 1), to.ints(known(to))], { axis: 0 });
  return to.node("Reshape", [x, whole], { allowzero: 1 });
};

/** The output's lengths, all known. */
function known(to: OnnxScope): readonly number[] {
  return to.outputShapes[0] as readonly number[];
}

export const noMask: OnnxMaskExport = (_, inputs) => inputs.map(() => null);

export const permute: OnnxLayerExport<Permute> = ({ axes }, [x], to) => to.transpose(x, 0, ...axes);

export const permuteMask: OnnxMaskExport<Permute> = ({ axes }, _, to) => [axes[0] === 1 ? to.masks[0] : null];

export const repeatVector: OnnxLayerExport<RepeatVector> = ({ times }, [x], to) =>
  to.node("Expand", [to.unsqueeze(x, 1), to.ints([1, times, 1])]);

export const zeroPadding2d: OnnxLayerExport<ZeroPadding2D> = ({ padding }, [x], to) =>
  framed(
    to,
    to.real(x),
    [0, 1].flatMap((side) => padding.map((sides) => sides[side])),
    0,
  );

export const upSampling2d: OnnxLayerExport<UpSampling2D> = ({ size, method }, [x], to) => {
  const factors = Float32Array.of(1, 1, ...size);
  const scales = to.run.graph.constant("scales", factors, [4], "float32");
  const settings =
    method === "nearest"
      ? { mode: "nearest", coordinate_transformation_mode: "asymmetric", nearest_mode: "floor" }
      : { mode: "linear", coordinate_transformation_mode: "half_pixel" };
  return to.node("Resize", [to.real(x), null, scales], settings);
};

export const timeDistributed: OnnxLayerExport<TimeDistributed> = (layer, [x], to) => {
  const [time, ...shape] = to.shapes[0] as readonly [number | null, ...number[]];
  const [inner] = layer.children;
  const steps = to.reshape(x, [-1, ...shape]);
  const {
    outputs: [y],
    shapes: [made],
  } = to.within(inner, [steps], [shape], []);
  if (time !== null) return to.reshape(y, [-1, time, ...(made as readonly number[])]);
  const whole = to.node("Concat", [to.lengths(x, 0, 2), to.ints(made as readonly number[])], { axis: 0 });
  return to.node("Reshape", [y, whole]);
};

/** Inputs of one element type. */
function alike(to: OnnxScope, xs: readonly OnnxSymbol[], real: boolean): readonly OnnxSymbol[] {
  const same = xs.every(({ dtype }) => dtype === xs[0].dtype && dtype !== "bool");
  return same && !real ? xs : xs.map((x) => to.real(x));
}

/** Merges that an operator of any number of inputs does, or one of two. */
export const merge =
  (operator: string, takesMany: boolean): OnnxLayerExport =>
  (_, inputs, to) => {
    const xs = alike(to, inputs, false);
    if (takesMany && xs.length > 2) return to.node(operator === "Add" ? "Sum" : operator, xs);
    return xs.reduce((a, b) => to.node(operator, [a, b]));
  };

export const average: OnnxLayerExport = (_, inputs, to) => {
  const xs = alike(to, inputs, true);
  const sum = xs.length > 2 ? to.node("Sum", xs) : to.node("Add", xs);
  return to.node("Div", [sum, to.number(xs.length)]);
};

/** Steps that count everywhere, where the result has steps. */
export const mergeMask: OnnxMaskExport = (_, __, to) => {
  const mask = to.commonMask(to.masks);
  const [shape] = to.outputShapes;
  return [mask !== null && shape.length > 1 && sameTime(mask, shape[0]) ? mask : null];
};

/** Whether a mask is of that many steps; two open lengths that meet are the same. */
function sameTime({ time }: OnnxMask, length: number | null): boolean {
  return time === null || length === null || time === length;
}

export const concatenate: OnnxLayerExport<Concatenate> = ({ axis }, inputs, to) =>
  to.node("Concat", alike(to, inputs, false), { axis });

export const concatenateMask: OnnxMaskExport<Concatenate> = (layer, inputs, to) => {
  const [shape] = to.outputShapes;
  if (shape.length < 2 || to.masks.every((mask) => mask === null)) return [null];
  if (axisWithin(layer.name, layer.axis, shape.length) !== 0) return [to.commonMask(to.masks)];
  const parts = inputs.map((x, i) => {
    const mask = to.masks[i];
    if (mask !== null) return mask.value;
    return to.node("Expand", [to.truths("counts", [1], [1]), to.lengths(x, 0, 2)]);
  });
  return [{ value: to.node("Concat", parts, { axis: 1 }), time: shape[0] }];
};

/** The length below which a vector is not brought to length 1. */
const LEAST_NORM = 1e-12;

export const dot: OnnxLayerExport<Dot> = (layer, inputs, to) => {
  const axes = layer.axes.map((axis, i) => axisWithin(layer.name, axis, to.shapes[i].length));
  let next = 0;
  const labels = to.shapes.map((shape, i) =>
    shape.map((_, axis) => (axis === axes[i] ? "z" : String.fromCharCode(97 + next++))),
  );
  const rest = labels.flat().filter((letter) => letter !== "z");
  const [a, b] = inputs.map((input, i) => {
    const x = to.real(input);
    if (!layer.normalise) return x;
    const norm = to.node("ReduceL2", [x], { axes: [axes[i] + 1], keepdims: 1 });
    return to.node("Div", [x, to.node("Max", [norm, to.number(LEAST_NORM)])]);
  });
  const equation = `y${labels[0].join("")},y${labels[1].join("")}->y${rest.join("")}`;
  const y = to.node("Einsum", [a, b], { equation });
  return rest.length === 0 ? to.unsqueeze(y, 1) : y;
};

export const dotMask: OnnxMaskExport = () => [null];
