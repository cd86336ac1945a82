// The recursive layer, plain or with a tensor term.
import { flag, oneOf } from "../../engine/checks.ts";
import { random } from "../../ops/random.ts";
import type { Forest } from "../../ops/trees/forest.ts";
import { treeRnnTable } from "../../ops/trees/tree-rnn.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { LayerConfig } from "../base-layer.ts";
import { checkInitialiser, type Initialiser } from "../initialisers.ts";
import { among, is, type LayerKind, optional } from "../layer-kind.ts";
import type { Parameter } from "../parameters.ts";
import { TreeLayer, type TreeLayerOptions, treeOptions, treeSettings } from "./tree-layer.ts";

const NODE_ACTIVATIONS = ["tanh", "sigmoid", "relu", "linear"] as const;

/** What a recursive layer takes. */
export interface TreeRNNOptions extends TreeLayerOptions {
  /** f; default "tanh". */
  activation?: "tanh" | "sigmoid" | "relu" | "linear";
  /** Whether nodes see products of their children's numbers, too: a recursive neural tensor network. Default false. */
  tensor?: boolean;
  /** Of the tensor; default uniform within 1 / (4 features). */
  tensorWeights?: Initialiser;
}

/**
 * A recursive layer (Goller and Küchler 1996; Socher et al. 2011): every inner node is p = f(W c + b), c being its children's vectors one after the
 * other, with the same W and b at every node of every tree. With `tensor: true` it is p_i = f(W_i c + b_i + c^T V_i c) (RNTN, Socher et al. 2013).
 *
 * Inputs: x [n, leaves, d] and trees, int32 [n, nodes, k], as `encodeTrees` writes them; to the roots [n, d], or with `returnNodes` all nodes
 * [n, leaves + nodes, d], the leaves as they came in, and zeros in rows that are no nodes. W [d, k d], b [d], V [d, k d, k d]. Parameters:
 * k d d + d, and k k d d d. Initialisation: W Xavier uniform, b 0, V uniform within 1 / (4 d).
 * @throws RangeError, TypeError for options that are out of range, of the wrong type or not there; RangeError for inputs of other shapes, or trees with
 * a child that there is not.
 * @example
 * ```ts
 * const [x, trees] = [input([null, 3]), input([null, 2], { dtype: "int32" })];
 * const model = new Model({ inputs: [x, trees], outputs: new TreeRNN().apply([x, trees]) });
 * model.call([zeros([2, 4, 3]), encodeTrees([[[0, 1], [2, 3]], [0, 1]])]).shape; // [2, 3]
 * model.parameterCount; // 21
 * ```
 */
export class TreeRNN extends TreeLayer<TreeRNNOptions> {
  readonly type = "treeRNN";
  readonly activation: "tanh" | "sigmoid" | "relu" | "linear";
  readonly tensor: boolean;
  private weights: Parameter | undefined;
  private bias: Parameter | undefined;
  private bilinear: Parameter | undefined;

  constructor(options: TreeRNNOptions = {}) {
    super(options, ["activation", "tensor", "tensorWeights"]);
    this.activation = oneOf("TreeRNN", "activation", options.activation ?? "tanh", NODE_ACTIVATIONS);
    this.tensor = flag("TreeRNN", "tensor", options.tensor ?? false);
    if (options.tensorWeights !== undefined) checkInitialiser(options.tensorWeights);
  }

  protected declareAll(features: number, arity: number): number {
    const { options } = this;
    const width = arity * features;
    this.weights = this.declare("weights", [features, width], {
      ...{ initialiser: options.weights ?? "xavierUniform", decay: true, transposed: true },
      ...{ penalty: options.kernelPenalty, constraint: options.kernelConstraint },
    });
    this.bias =
      options.bias === null
        ? undefined
        : this.declare("bias", [features], {
            ...{ initialiser: options.bias ?? "zeros", decay: false, fans: { fanIn: 1, fanOut: features } },
          });
    this.bilinear = this.tensor
      ? this.declare("tensor", [features, width, width], {
          initialiser:
            options.tensorWeights ??
            (({ shape, dtype, generator }) =>
              random.uniform(shape, -1 / (4 * features), 1 / (4 * features), { dtype, generator })),
          ...{ decay: true, penalty: options.kernelPenalty, fans: { fanIn: width * width, fanOut: features } },
        })
      : undefined;
    return features;
  }

  protected table(leaves: Tensor, forest: Forest, form: "fused" | "composed"): Tensor {
    const setup = {
      ...{ leaves, forest, weights: this.weights!.tensor, bias: this.bias?.tensor ?? null },
      bilinear: this.bilinear?.tensor ?? null,
      activation: this.activation === "linear" ? ("none" as const) : this.activation,
    };
    return treeRnnTable(setup, form);
  }

  override config(): LayerConfig {
    const { tensorWeights } = this.options;
    return {
      ...super.config(),
      ...{ activation: this.activation, tensor: this.tensor },
      ...(typeof tensorWeights === "string" && { tensorWeights }),
    };
  }
}

export const treeRNNKind: LayerKind = {
  type: "treeRNN",
  settings: {
    ...treeSettings,
    ...{ activation: optional(among(...NODE_ACTIVATIONS)), tensor: optional(is.flag) },
    tensorWeights: optional(is.initialiser),
  },
  make: (config) => new TreeRNN(treeOptions(config)),
};
