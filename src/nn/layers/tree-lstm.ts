// Long short-term memory over trees, as a layer.
import { finite, whole } from "../../engine/checks.ts";
import { concat } from "../../ops/join.ts";
import { slice } from "../../ops/slices.ts";
import type { Forest } from "../../ops/trees/forest.ts";
import { treeLstmTable } from "../../ops/trees/tree-lstm.ts";
import { full } from "../../tensor/create.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { LayerConfig } from "../base-layer.ts";
import { checkInitialiser, type Initialiser, initialise } from "../initialisers.ts";
import { is, type LayerKind, optional } from "../layer-kind.ts";
import type { Parameter } from "../parameters.ts";
import { TreeLayer, type TreeLayerOptions, treeOptions, treeSettings } from "./tree-layer.ts";

/** What a Tree-LSTM takes beside the number of units. */
export interface TreeLSTMOptions extends TreeLayerOptions {
  /** Of the weights of leaves; default "xavierUniform". */
  inputWeights?: Initialiser;
  /** Where the biases of the forget gates start; default 1, or as `bias` has it where that is given. */
  forgetBias?: number;
}

/**
 * A Tree-LSTM (Tai, Socher and Manning 2015; the binary form where nodes have two children). A leaf with vector x has, with z = W x + b in three blocks
 * of `units`, i = sigmoid(z_1), o = sigmoid(z_2), u = tanh(z_3), c = i u, h = o tanh(c). An inner node with children of states h_1 to h_k and cells
 * c_1 to c_k has, with z = U [h_1; ...; h_k] + a in 3 + k blocks, i = sigmoid(z_1), f_j = sigmoid(z_(1+j)), o = sigmoid(z_(2+k)), u = tanh(z_(3+k)),
 * c = i u + f_1 c_1 + ... + f_k c_k, h = o tanh(c).
 *
 * Inputs: x [n, leaves, features] and trees, int32 [n, nodes, k], as `encodeTrees` writes them; to the roots' states h [n, units], or with
 * `returnNodes` those of all nodes [n, leaves + nodes, units], zeros in rows that are no nodes. W [3 units, features], b [3 units],
 * U [(3 + k) units, k units], a [(3 + k) units]. Initialisation: W and U Xavier uniform, biases 0 but 1 for the forget gates.
 * @throws RangeError, TypeError for a number of units that is not a whole number from 1 on, or options that are out of range, of the wrong type or not
 * there; RangeError for inputs of other shapes, or trees with a child that there is not.
 * @example
 * ```ts
 * const [x, trees] = [input([null, 3]), input([null, 2], { dtype: "int32" })];
 * const model = new Model({ inputs: [x, trees], outputs: new TreeLSTM(5, { returnNodes: true }).apply([x, trees]) });
 * model.call([zeros([1, 4, 3]), encodeTrees([[[0, 1], [2, 3]]])]).shape; // [1, 7, 5]
 * model.parameterCount; // 335
 * ```
 */
export class TreeLSTM extends TreeLayer<TreeLSTMOptions> {
  readonly type = "treeLSTM";
  private inputWeights: Parameter | undefined;
  private stateWeights: Parameter | undefined;
  private inputBias: Parameter | undefined;
  private stateBias: Parameter | undefined;

  constructor(
    readonly units: number,
    options: TreeLSTMOptions = {},
  ) {
    super(options, ["inputWeights", "forgetBias"]);
    whole("TreeLSTM", "units", units, 1);
    if (options.inputWeights !== undefined) checkInitialiser(options.inputWeights);
    if (options.forgetBias !== undefined) finite("TreeLSTM", "forgetBias", options.forgetBias);
  }

  protected declareAll(features: number, arity: number): number {
    const { options, units } = this;
    const shared = { penalty: options.kernelPenalty, constraint: options.kernelConstraint };
    this.inputWeights = this.declare("inputWeights", [3 * units, features], {
      ...{ initialiser: options.inputWeights ?? "xavierUniform", decay: true, transposed: true },
    });
    this.stateWeights = this.declare("weights", [(3 + arity) * units, arity * units], {
      ...{ initialiser: options.weights ?? "xavierUniform", decay: true, transposed: true, ...shared },
    });
    [this.inputBias, this.stateBias] = [undefined, undefined];
    if (options.bias === null) return units;
    const biases = { decay: false, fans: { fanIn: 1, fanOut: units } };
    const own = options.bias ?? "zeros";
    this.inputBias = this.declare("inputBias", [3 * units], { initialiser: own, ...biases });
    this.stateBias = this.declare("bias", [(3 + arity) * units], {
      initialiser: this.withForget(own, arity),
      ...biases,
    });
    return units;
  }

  /** The bias with the blocks of the forget gates where they start. */
  private withForget(own: Initialiser, arity: number): Initialiser {
    const { bias, forgetBias = bias === undefined ? 1 : undefined } = this.options;
    if (forgetBias === undefined) return own;
    const { units } = this;
    return (context) => {
      const b = initialise(own, context);
      const forget = full([arity * units], forgetBias, context.dtype);
      return concat([slice(b, 0, units), forget, slice(b, (1 + arity) * units)]);
    };
  }

  protected table(leaves: Tensor, forest: Forest, form: "fused" | "composed"): Tensor {
    const parameters = {
      inputWeights: this.inputWeights!.tensor,
      inputBias: this.inputBias?.tensor ?? null,
      stateWeights: this.stateWeights!.tensor,
      stateBias: this.stateBias?.tensor ?? null,
    };
    return treeLstmTable(leaves, forest, parameters, form).table;
  }

  override config(): LayerConfig {
    const { inputWeights, forgetBias } = this.options;
    return {
      ...super.config(),
      units: this.units,
      ...(typeof inputWeights === "string" && { inputWeights }),
      ...(forgetBias !== undefined && { forgetBias }),
    };
  }
}

export const treeLSTMKind: LayerKind = {
  type: "treeLSTM",
  settings: {
    ...treeSettings,
    units: is.count,
    inputWeights: optional(is.initialiser),
    forgetBias: optional(is.finite),
  },
  make: ({ units, ...rest }) => new TreeLSTM(units as number, treeOptions(rest)),
};
