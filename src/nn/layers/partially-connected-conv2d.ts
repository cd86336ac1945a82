// Convolution whose filters see some of the channels each, as a table says (LeCun et al. 1998): fewer numbers, and filters that have to differ.
import { knownOptions, list, whole } from "../../engine/checks.ts";
import { quote } from "../../engine/quote.ts";
import { conv2d } from "../../ops/convolution.ts";
import { gather } from "../../ops/gather.ts";
import { concat } from "../../ops/join.ts";
import { reshape } from "../../ops/views.ts";
import { type Pair, pair } from "../../ops/windows.ts";
import { checkTensor } from "../../tensor/check.ts";
import { tensor, zeros } from "../../tensor/create.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { ActivationName } from "../activations.ts";
import { LAYER_OPTIONS, type LayerConfig } from "../base-layer.ts";
import { Layer } from "../layer.ts";
import { type Check, type LayerKind, listOf, wholeFrom } from "../layer-kind.ts";
import type { Parameter } from "../parameters.ts";
import { checkOpenShape, checkRank, fixedLength, type OpenShape } from "../shapes.ts";
import {
  type AfterSum,
  afterSum,
  asSetting,
  checkFilterOptions,
  FILTER_OPTIONS,
  FILTER_SETTINGS,
  type FilterOptions,
  filterConfig,
  filterOptionsOf,
  lengthAfter,
  pairFrom,
} from "./convolution-options.ts";
import { initialiserFor } from "./dense.ts";

/** For each filter the channels that it sees. */
export type Connections = readonly (readonly number[])[];

function checkConnections(owner: string, connections: Connections): Connections {
  const table = list(owner, "connections", connections).map((channels, f) => {
    const row = list(owner, `connections[${f}]`, channels).map((c) => whole(owner, `connections[${f}]`, c, 0));
    if (row.length > 0 && new Set(row).size === row.length) return row;
    throw new RangeError(
      `${owner}: connections[${f}] must name at least one channel, and each once; got ${quote(row)}`,
    );
  });
  if (table.length > 0) return table;
  throw new RangeError(`${owner}: connections must have a list of channels for each filter, got none`);
}

/**
 * Convolution with a connection table: filter f sees the channels connections[f] alone.
 * y[n, f, i, j] = g(b[f] + sum over c in connections[f], k, l of w[f, c, k, l] x[n, c, i + k, j + l]).
 *
 * Shapes: x [n, channels, height, width] to [n, filters, height - kernelHeight + 1, width - kernelWidth + 1], as many filters as the table has rows.
 * Parameters: weights [connections, kernelHeight, kernelWidth], filter by filter in the table's order, and bias [filters]. Initialisation as `Dense`,
 * with the mean number of connections of a filter, and of a channel, times the window as fans; the bias is 0.
 * @throws RangeError for a table with a row that is empty, names a channel twice or one that inputs have not, or a window that is larger than the input.
 * @example
 * ```ts
 * // The first of two filters sees channel 0, the second both.
 * const model = new Sequential([new PartiallyConnectedConv2D([[0], [0, 1]], 3)], { inputShape: [2, 5, 5] });
 * model.outputShape; // [2, 3, 3]
 * model.parameterCount; // 29
 * ```
 */
export class PartiallyConnectedConv2D extends Layer {
  /** See `Layer`. */
  static override readonly repeatable = true;
  readonly type = "partiallyConnectedConv2d";
  readonly connections: Connections;
  readonly kernelSize: readonly [number, number];
  readonly activation: ActivationName;
  private readonly after: AfterSum;
  private weights: Parameter | undefined;
  private bias: Parameter | undefined;

  constructor(
    connections: Connections,
    kernelSize: Pair,
    private readonly options: FilterOptions = {},
  ) {
    super(options);
    const owner = "PartiallyConnectedConv2D";
    knownOptions(owner, options, [...FILTER_OPTIONS, ...LAYER_OPTIONS]);
    checkFilterOptions(owner, options);
    this.connections = checkConnections(owner, connections);
    this.kernelSize = pair(owner, "kernelSize", kernelSize, 1);
    this.activation = options.activation ?? "linear";
    this.after = afterSum(this.activation, 1);
  }

  build(inputShape: OpenShape): OpenShape {
    checkRank(this.name, checkOpenShape(this.name, inputShape), 3, "[channels, height, width]");
    const { connections, kernelSize, options } = this;
    const channels = fixedLength(this.name, inputShape, 0, "channels");
    connections.forEach((row, f) => {
      const stranger = row.find((channel) => channel >= channels);
      if (stranger === undefined) return;
      throw new RangeError(`${this.name}: filter ${f} is to see channel ${stranger}, and inputs have ${channels}`);
    });
    const size = inputShape.slice(1).map((length, axis) => lengthAfter(this.name, length, kernelSize[axis], 1, 1, 0));
    const [filters, total, window] = [connections.length, connections.flat().length, kernelSize[0] * kernelSize[1]];
    this.weights = this.declare("weights", [total, ...kernelSize], {
      initialiser: options.weights ?? initialiserFor(this.activation),
      decay: true,
      fans: { fanIn: (total / filters) * window, fanOut: (total / channels) * window },
      penalty: options.kernelPenalty,
    });
    if (options.bias !== null) {
      this.bias = this.declare("bias", [filters], {
        ...{ initialiser: options.bias ?? "zeros", decay: false, fans: { fanIn: 1, fanOut: filters } },
      });
    }
    return [filters, ...size];
  }

  call(x: Tensor): Tensor {
    const y = this.sums(x, this.after.fused);
    return this.after.rest === null ? y : this.after.rest(y);
  }

  /** Without the activation; where that is softmax, over the filters, it belongs to the layer. */
  override logits(x: Tensor): Tensor {
    return this.activation === "softmax" ? this.call(x) : this.sums(x, "none");
  }

  private sums(x: Tensor, activation: AfterSum["fused"]): Tensor {
    const { weights, bias, connections, kernelSize } = this;
    if (weights === undefined) throw new Error("PartiallyConnectedConv2D: the layer is not built; put it in a model");
    checkTensor("PartiallyConnectedConv2D", x);
    const [filters, channels] = [connections.length, x.shape[1] ?? 0];
    // All filters side by side, with zeros where there is no connection: those are one more, behind the weights.
    const { tensor: w } = weights;
    const places = new Int32Array(filters * channels).fill(w.shape[0]);
    let next = 0;
    connections.forEach((row, f) => {
      for (const channel of row) places[f * channels + channel] = next++;
    });
    const all = concat([w, zeros([1, ...kernelSize], w.dtype)]);
    const kernel = reshape(gather(all, tensor(places, "int32"), 0), [filters, channels, ...kernelSize]);
    return conv2d(x, kernel, bias?.tensor ?? null, { activation });
  }

  override get outputActivation(): ActivationName | undefined {
    return this.activation === "softmax" ? undefined : this.activation;
  }

  config(): LayerConfig {
    return {
      ...{ type: this.type, connections: this.connections.map((row) => [...row]) },
      ...{ kernelSize: asSetting(this.kernelSize), ...filterConfig(this.activation, this.options) },
    };
  }
}

export const partiallyConnectedConv2dKind: LayerKind = {
  type: "partiallyConnectedConv2d",
  settings: {
    connections: listOf(listOf(wholeFrom(0)) as Check),
    kernelSize: pairFrom(1),
    ...FILTER_SETTINGS,
  },
  make({ type: _, connections, kernelSize, ...settings }) {
    const options = filterOptionsOf(settings) as FilterOptions;
    return new PartiallyConnectedConv2D(connections as number[][], kernelSize as Pair, options);
  },
};
