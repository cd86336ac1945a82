// Layers as Keras and TensorFlow.js have them, channels last: filters stand [height, width, in, out] there, and numbers of pictures that are flattened come channel
// by channel here, place by place there. Gates are i f c o of LSTM as here, and z r h of GRU where here they are r z n.
import type { BaseLayer } from "../../nn/base-layer.ts";
import type { Parameter } from "../../nn/parameters.ts";
import { concat } from "../../ops/join.ts";
import { slice } from "../../ops/slices.ts";
import { reshape, transpose } from "../../ops/views.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { type OwnParameters, type Slot, same, turned, type Unit, type UnitsOf } from "./units.ts";

export const kerasUnits: UnitsOf = (layer, own, { flattened }) => {
  const unit = (kinds: string | readonly string[], slots: readonly (Slot | undefined)[], name = layer.name): Unit => ({
    name,
    kinds: [kinds].flat(),
    slots: slots.filter((slot) => slot !== undefined),
  });
  const slot = (key: string, make: (parameter: Parameter) => Slot): Slot | undefined => {
    const parameter = own.get(key);
    return parameter === undefined ? undefined : make(parameter);
  };
  const plain = (ours: string, theirs: string): Slot | undefined => slot(ours, (p) => same(p, theirs));
  /** A number for each feature, which come in another order behind pictures that are flattened. */
  const vector = (ours: string, theirs: string): Slot | undefined =>
    slot(ours, (p) =>
      flattened === undefined
        ? same(p, theirs)
        : turned(
            p,
            theirs,
            (x) => channelsFirst(x, flattened),
            (x) => channelsLast(x, flattened),
          ),
    );
  const filters = (ours: string, theirs: string, there: readonly number[], back: readonly number[]): Slot | undefined =>
    slot(ours, (p) =>
      turned(
        p,
        theirs,
        (x) => (x.rank === there.length ? transpose(x, there) : undefined),
        (x) => transpose(x, back),
      ),
    );
  const dense = (weights: string, bias: string, name?: string, behind = flattened): Unit =>
    unit(
      "dense",
      [
        slot(weights, (p) =>
          behind === undefined
            ? same(p, "kernel")
            : turned(
                p,
                "kernel",
                (x) => channelsFirst(x, behind),
                (x) => channelsLast(x, behind),
              ),
        ),
        plain(bias, "bias"),
      ],
      name,
    );
  switch (layer.type) {
    case "dense":
      return [dense("weights", "bias")];
    case "embedding":
    case "positionEmbedding":
      return [unit("embedding", [plain("weights", "embeddings")])];
    case "conv1d":
      return [unit("convolution", [filters("weights", "kernel", [2, 1, 0], [2, 1, 0]), plain("bias", "bias")])];
    case "conv2d":
      return [unit("convolution", [filters("weights", "kernel", [3, 2, 0, 1], [2, 3, 1, 0]), plain("bias", "bias")])];
    case "conv2dTranspose":
      return [
        unit(
          ["transposed", "convolution"],
          [filters("weights", "kernel", [3, 2, 0, 1], [2, 3, 1, 0]), plain("bias", "bias")],
        ),
      ];
    case "depthwiseConv2d":
      return [unit("depthwise", [slot("weights", (p) => depthwise(p, layer)), plain("bias", "bias")])];
    case "separableConv2d":
      return [
        unit("separable", [
          slot("depthwise.weights", (p) => depthwise(p, layer)),
          filters("pointwise.weights", "pointwise_kernel", [3, 2, 0, 1], [2, 3, 1, 0]),
          plain("pointwise.bias", "bias"),
        ]),
      ];
    case "batchNormalization":
      return [
        unit("batchNormalization", [
          ...[vector("gamma", "gamma"), vector("beta", "beta")],
          ...[vector("runningMean", "moving_mean"), vector("runningVariance", "moving_variance")],
        ]),
      ];
    case "layerNormalization":
    case "groupNormalization":
      return [unit("normalisation", [vector("gamma", "gamma"), vector("beta", "beta")])];
    case "prelu":
      return [
        unit("slopes", [
          slot("alpha", (p) =>
            p.shape.length === 3
              ? turned(
                  p,
                  "alpha",
                  (x) => (x.rank === 3 ? transpose(x, [2, 0, 1]) : undefined),
                  (x) => transpose(x, [1, 2, 0]),
                )
              : vector("alpha", "alpha")!,
          ),
        ]),
      ];
    case "lstm":
    case "gru":
    case "simpleRNN":
      return stacked(layer, own);
    case "bidirectional":
      return [
        recurrent(layer, own, [
          ["forward.", "forward."],
          ["backward.", "backward."],
        ]),
      ];
    case "multiHeadAttention":
      return [attention(layer.name, own, "", headsOf(layer))];
    case "transformerEncoder":
    case "transformerDecoder":
      // Keras has no such layer; what it is made of goes one by one.
      return [
        attention(`${layer.name}.attention`, own, "attention.", headsOf(layer)),
        ...(own.has("cross.queryWeights") ? [attention(`${layer.name}.cross`, own, "cross.", headsOf(layer))] : []),
        ...["hidden", "output"].map((part) =>
          dense(`${part}.weights`, `${part}.bias`, `${layer.name}.${part}`, undefined),
        ),
        ...[1, 2, 3]
          .filter((i) => own.has(`norm${i}.gamma`))
          .map((i) =>
            unit(
              "normalisation",
              [plain(`norm${i}.gamma`, "gamma"), plain(`norm${i}.beta`, "beta")],
              `${layer.name}.norm${i}`,
            ),
          ),
      ];
    default:
      return layer.children.length > 0
        ? null
        : [{ name: layer.name, kinds: [], slots: [], obstacle: `Keras has no layer of the type ${layer.type}` }];
  }
};

/** Rows of features in the order height, width, channels to the order channels, height, width. */
function channelsFirst(x: Tensor, [channels, height, width]: readonly number[]): Tensor | undefined {
  if (x.rank === 0 || x.shape[0] !== channels * height * width) return undefined;
  const rest = x.shape.slice(1);
  const order = [2, 0, 1, ...rest.map((_, i) => i + 3)];
  return reshape(transpose(reshape(x, [height, width, channels, ...rest]), order), x.shape);
}

function channelsLast(x: Tensor, [channels, height, width]: readonly number[]): Tensor {
  const rest = x.shape.slice(1);
  const order = [1, 2, 0, ...rest.map((_, i) => i + 3)];
  return reshape(transpose(reshape(x, [channels, height, width, ...rest]), order), x.shape);
}

/** [height, width, channels, filters a channel] to [channels times filters, 1, height, width]. */
function depthwise(parameter: Parameter, layer: BaseLayer): Slot {
  const [filters, , height, width] = parameter.shape;
  const { depthMultiplier } = (layer.children[0] ?? layer) as unknown as { depthMultiplier: number };
  return turned(
    parameter,
    "depthwise_kernel",
    (x) =>
      x.rank === 4
        ? reshape(transpose(x, [2, 3, 0, 1]), [x.shape[2] * x.shape[3], 1, x.shape[0], x.shape[1]])
        : undefined,
    (x) => transpose(reshape(x, [filters / depthMultiplier, depthMultiplier, height, width]), [2, 3, 0, 1]),
  );
}

/** Blocks of rows z r h as r z n, and the other way round. */
function exchanged(x: Tensor): Tensor | undefined {
  if (x.shape[0] % 3 !== 0) return undefined;
  const units = x.shape[0] / 3;
  return concat([slice(x, units, 2 * units), slice(x, 0, units), slice(x, 2 * units)], 0);
}

/** Several layers in one are a layer each in Keras. */
function stacked(layer: BaseLayer, own: OwnParameters): Unit[] {
  const { layers } = layer as unknown as { layers: number };
  if (layers === 1) return [recurrent(layer, own, [["", ""]])];
  return Array.from({ length: layers }, (_, k) => ({
    ...recurrent(layer, own, [[`layer${k + 1}.`, ""]]),
    name: `${layer.name}.layer${k + 1}`,
  }));
}

function recurrent(layer: BaseLayer, own: OwnParameters, parts: readonly (readonly [string, string])[]): Unit {
  const cell = (layer.type === "bidirectional" ? layer.children[0] : layer) as unknown as {
    type: string;
    layers: number;
    update?: string;
  };
  const gru = cell.type === "gru";
  const gates = (x: Tensor): Tensor | undefined => (gru ? exchanged(x) : x);
  const slots: Slot[] = [];
  for (const [ours, theirs] of parts) {
    const rows = (name: string, key: string): void => {
      const parameter = own.get(`${ours}${name}`);
      if (parameter === undefined) return;
      slots.push(
        turned(
          parameter,
          `${theirs}${key}`,
          (x) => (x.rank === 2 ? gates(transpose(x)) : undefined),
          (x) => transpose(gates(x)!),
        ),
      );
    };
    rows("weights", "kernel");
    rows("stateWeights", "recurrent_kernel");
    const [bias, stateBias] = [own.get(`${ours}bias`), own.get(`${ours}stateBias`)];
    const key = `${theirs}bias`;
    // Where the reset comes after the product there are two, one below the other.
    const row =
      (i: number) =>
      (x: Tensor): Tensor | undefined =>
        x.rank === 2 && x.shape[0] === 2 ? gates(reshape(slice(x, i, i + 1), [x.shape[1]])) : undefined;
    if (bias !== undefined && stateBias !== undefined) {
      const asRow = (x: Tensor): Tensor => reshape(gates(x)!, [1, x.size]);
      slots.push(turned(bias, key, row(0), asRow), turned(stateBias, key, row(1), asRow));
    } else if (bias !== undefined)
      slots.push(
        turned(
          bias,
          key,
          (x) => (x.rank === 1 ? gates(x) : undefined),
          (x) => gates(x)!,
        ),
      );
  }
  const obstacle =
    cell.layers > 1 && layer.type === "bidirectional"
      ? "Keras has one layer where this has several: make a layer each"
      : gru && cell.update !== "keeps"
        ? 'Keras\' GRU keeps a share z of the state: make it new GRU(units, { update: "keeps" })'
        : undefined;
  const unit = { name: layer.name, kinds: ["recurrent"], slots };
  return obstacle === undefined ? unit : { ...unit, kinds: [], slots: [], obstacle };
}

/** Heads have an axis of their own: [features, heads, size], and [heads, size, features] of the output. */
function attention(name: string, own: OwnParameters, prefix: string, heads: number): Unit {
  const slots: Slot[] = [];
  for (const part of ["query", "key", "value", "output"]) {
    for (const [ours, theirs] of [
      ["Weights", "kernel"],
      ["Bias", "bias"],
    ]) {
      const parameter = own.get(`${prefix}${part}${ours}`);
      if (parameter === undefined) continue;
      const make = (x: Tensor): Tensor | undefined =>
        x.size === parameter.size ? reshape(x, parameter.shape) : undefined;
      const back = (x: Tensor): Tensor => {
        const [first, last = 1] = x.shape;
        if (part === "output") return theirs === "bias" ? x : reshape(x, [heads, first / heads, last]);
        return reshape(x, theirs === "bias" ? [heads, first / heads] : [first, heads, last / heads]);
      };
      slots.push(turned(parameter, `${part}.${theirs}`, make, back));
    }
  }
  return { name, kinds: ["attention"], slots };
}

function headsOf(layer: BaseLayer): number {
  return (layer as unknown as { heads: number }).heads;
}
