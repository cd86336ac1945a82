// Layers as torch.nn has them. Matrices of linear layers are transposed; a recurrent layer has two biases, which add up; attention has one matrix for queries,
// keys and values. Gates stand in the same order here: i f g o of LSTM, r z n of GRU.
import type { BaseLayer } from "../../nn/base-layer.ts";
import type { Parameter } from "../../nn/parameters.ts";
import { add } from "../../ops/arithmetic.ts";
import { slice } from "../../ops/slices.ts";
import { reshape, transpose } from "../../ops/views.ts";
import { zerosLike } from "../../tensor/create.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { type OwnParameters, type Slot, same, turned, type Unit, type UnitsOf } from "./units.ts";

/** Settings of layers that change what their parameters mean. */
interface Settings {
  readonly direction?: string;
  readonly layers?: number;
  readonly reset?: string;
  readonly update?: string;
  readonly cellActivation?: string;
}

export const pyTorchUnits: UnitsOf = (layer, own) => {
  const unit = (kind: string, slots: readonly (Slot | undefined)[], name = layer.name): Unit => ({
    name,
    kinds: [kind],
    slots: slots.filter((slot) => slot !== undefined),
  });
  const slot = <T>(key: string, make: (parameter: Parameter) => T): T | undefined => {
    const parameter = own.get(key);
    return parameter === undefined ? undefined : make(parameter);
  };
  const plain = (ours: string, theirs: string): Slot | undefined => slot(ours, (parameter) => same(parameter, theirs));
  switch (layer.type) {
    case "dense":
      return [unit("matrix", [slot("weights", (p) => matrix(p, "weight")), plain("bias", "bias")])];
    case "embedding":
    case "positionEmbedding":
      return [unit("matrix", [plain("weights", "weight")])];
    case "conv1d":
    case "conv2d":
    case "conv2dTranspose":
    case "depthwiseConv2d":
      return [unit("convolution", [plain("weights", "weight"), plain("bias", "bias")])];
    case "batchNormalization":
      return [
        unit("batchNormalization", [
          ...[plain("gamma", "weight"), plain("beta", "bias")],
          ...[plain("runningMean", "running_mean"), plain("runningVariance", "running_var")],
        ]),
      ];
    case "layerNormalization":
    case "groupNormalization":
      return [unit("normalisation", [plain("gamma", "weight"), plain("beta", "bias")])];
    case "prelu":
      return [
        unit("slopes", [
          slot("alpha", (p) =>
            turned(
              p,
              "weight",
              (x) => (x.size === p.size ? reshape(x, p.shape) : undefined),
              (x) => reshape(x, [x.size]),
            ),
          ),
        ]),
      ];
    case "lstm":
    case "gru":
    case "simpleRNN":
      return [recurrent(layer, own, [["", ""]])];
    case "bidirectional":
      return [
        recurrent(layer, own, [
          ["forward.", ""],
          ["backward.", "_reverse"],
        ]),
      ];
    case "multiHeadAttention":
      return [attention(layer.name, own, "")];
    case "transformerEncoder":
    case "transformerDecoder": {
      const dense = (part: string, theirs: string): Unit =>
        unit(
          "matrix",
          [slot(`${part}.weights`, (p) => matrix(p, "weight")), plain(`${part}.bias`, "bias")],
          `${layer.name}.${theirs}`,
        );
      const norms = [1, 2, 3].filter((i) => own.has(`norm${i}.gamma`));
      return [
        attention(`${layer.name}.self_attn`, own, "attention."),
        ...(own.has("cross.queryWeights") ? [attention(`${layer.name}.multihead_attn`, own, "cross.")] : []),
        ...[dense("hidden", "linear1"), dense("output", "linear2")],
        ...norms.map((i) =>
          unit(
            "normalisation",
            [plain(`norm${i}.gamma`, "weight"), plain(`norm${i}.beta`, "bias")],
            `${layer.name}.norm${i}`,
          ),
        ),
      ];
    }
    default:
      return layer.children.length > 0
        ? null
        : [{ name: layer.name, kinds: [], slots: [], obstacle: `PyTorch has no layer of the type ${layer.type}` }];
  }
};

function matrix(parameter: Parameter, key: string): Slot {
  return turned(parameter, key, (x) => (x.rank === 2 ? transpose(x) : undefined), transpose);
}

/** `parts`: beginnings of our names, and endings of theirs. */
function recurrent(layer: BaseLayer, own: OwnParameters, parts: readonly (readonly [string, string])[]): Unit {
  const slots: Slot[] = [];
  const settings = (layer.type === "bidirectional" ? layer.children[0] : layer) as unknown as Settings & BaseLayer;
  const layers = settings.layers ?? 1;
  const gru = settings.type === "gru";
  for (let k = 0; k < layers; k++) {
    for (const [ours, theirs] of parts) {
      const of = (name: string): Parameter | undefined =>
        own.get(`${ours}${layers === 1 ? "" : `layer${k + 1}.`}${name}`);
      const ending = `_l${k}${theirs}`;
      const [weights, stateWeights, bias, stateBias] = ["weights", "stateWeights", "bias", "stateBias"].map(of);
      slots.push(same(weights!, `weight_ih${ending}`), same(stateWeights!, `weight_hh${ending}`));
      const [inner, outer] = [`bias_ih${ending}`, `bias_hh${ending}`];
      if (bias === undefined) continue;
      if (stateBias !== undefined) slots.push(same(bias, inner), same(stateBias, outer));
      else {
        slots.push({
          parameter: bias,
          ways: [
            {
              theirs: [inner, outer],
              make: ([a, b]) => (a.size === b.size ? add(a, b) : undefined),
              back: (x) => [x, zerosLike(x)],
            },
          ],
        });
      }
    }
  }
  const obstacle =
    gru && settings.reset !== "after"
      ? 'PyTorch\'s GRU resets after the product: make it new GRU(units, { reset: "after" })'
      : gru && settings.update !== "keeps"
        ? 'PyTorch\'s GRU keeps a share z of the state: make it new GRU(units, { update: "keeps" })'
        : settings.cellActivation === "linear"
          ? "PyTorch's LSTM has the tanh of its cell: leave cellActivation out"
          : layer.type === "bidirectional" && layers > 1
            ? "PyTorch's layers above the first read both directions: use a Bidirectional of one layer each"
            : settings.direction === "backward"
              ? "PyTorch has no recurrent layer that reads backward alone"
              : undefined;
  const unit = { name: layer.name, kinds: ["recurrent"], slots };
  return obstacle === undefined ? unit : { ...unit, kinds: [], obstacle };
}

/** Queries, keys and values have one matrix, or one each where their sizes differ. */
function attention(name: string, own: OwnParameters, prefix: string): Unit {
  const slots: Slot[] = [];
  ["query", "key", "value"].forEach((part, i) => {
    const third = (x: Tensor): Tensor | undefined =>
      x.shape[0] % 3 === 0 ? slice(x, (i * x.shape[0]) / 3, ((i + 1) * x.shape[0]) / 3) : undefined;
    const weights = own.get(`${prefix}${part}Weights`)!;
    slots.push({
      parameter: weights,
      ways: [
        {
          theirs: ["in_proj_weight"],
          make: ([x]) => {
            const rows = x.rank === 2 ? third(x) : undefined;
            return rows === undefined ? undefined : transpose(rows);
          },
          back: (x) => [transpose(x)],
        },
        {
          theirs: [`${part[0]}_proj_weight`],
          make: ([x]) => (x.rank === 2 ? transpose(x) : undefined),
          back: (x) => [transpose(x)],
        },
      ],
    });
    const bias = own.get(`${prefix}${part}Bias`);
    if (bias !== undefined) {
      slots.push({
        parameter: bias,
        ways: [{ theirs: ["in_proj_bias"], make: ([x]) => (x.rank === 1 ? third(x) : undefined), back: (x) => [x] }],
      });
    }
  });
  slots.push(matrix(own.get(`${prefix}outputWeights`)!, "out_proj.weight"));
  const outputBias = own.get(`${prefix}outputBias`);
  if (outputBias !== undefined) slots.push(same(outputBias, "out_proj.bias"));
  return { name, kinds: ["attention"], slots };
}
