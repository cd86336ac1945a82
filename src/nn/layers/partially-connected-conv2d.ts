// Convolution whose filters see some of the channels each, as a table says (LeCun et al. 1998): fewer numbers, and filters that have to differ.
import { list, whole } from "../../engine/checks.ts";
import { quote } from "../../engine/quote.ts";
import { conv2d } from "../../ops/convolution.ts";
import { gather } from "../../ops/gather.ts";
import { concat } from "../../ops/join.ts";
import { reshape } from "../../ops/views.ts";
import { type Pair, pair } from "../../ops/windows.ts";
import { checkTensor } from "../../tensor/check.ts";
import { tensor, zeros } from "../../tensor/create.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { LayerConfig } from "../base-layer.ts";
import { type Check, type LayerKind, listOf, wholeFrom } from "../layer-kind.ts";
import { checkOpenShape, checkRank, fixedLength, type OpenShape } from "../shapes.ts";
import {
  type AfterSum,
  asSetting,
  FILTER_SETTINGS,
  type FilterOptions,
  filterConfig,
  filterOptionsOf,
  lengthAfter,
  pairFrom,
} from "./convolution-options.ts";
import { FilterLayer, type Filters } from "./filter-layer.ts";

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
export class PartiallyConnectedConv2D extends FilterLayer<FilterOptions> {
  /** See `Layer`. */
  static override readonly repeatable = true;
  readonly type = "partiallyConnectedConv2d";
  readonly connections: Connections;
  readonly kernelSize: readonly [number, number];

  constructor(connections: Connections, kernelSize: Pair, options: FilterOptions = {}) {
    const owner = "PartiallyConnectedConv2D";
    super(owner, [], options);
    this.connections = checkConnections(owner, connections);
    this.kernelSize = pair(owner, "kernelSize", kernelSize, 1);
  }

  build(inputShape: OpenShape): OpenShape {
    checkRank(this.name, checkOpenShape(this.name, inputShape), 3, "[channels, height, width]");
    const { connections, kernelSize } = this;
    const channels = fixedLength(this.name, inputShape, 0, "channels");
    connections.forEach((row, f) => {
      const stranger = row.find((channel) => channel >= channels);
      if (stranger === undefined) return;
      throw new RangeError(`${this.name}: filter ${f} is to see channel ${stranger}, and inputs have ${channels}`);
    });
    const size = inputShape.slice(1).map((length, axis) => lengthAfter(this.name, length, kernelSize[axis], 1, 1, 0));
    const [filters, total, window] = [connections.length, connections.flat().length, kernelSize[0] * kernelSize[1]];
    this.declareFilters(filters, [total, ...kernelSize], {
      fanIn: (total / filters) * window,
      fanOut: (total / channels) * window,
    });
    return [filters, ...size];
  }

  protected sums(x: Tensor, activation: AfterSum["fused"], { weights, bias }: Filters): Tensor {
    const { connections, kernelSize } = this;
    checkTensor("PartiallyConnectedConv2D", x);
    const [filters, channels] = [connections.length, x.shape[1] ?? 0];
    // All filters side by side, with zeros where there is no connection: those are one more, behind the weights.
    const places = new Int32Array(filters * channels).fill(weights.shape[0]);
    let next = 0;
    connections.forEach((row, f) => {
      for (const channel of row) places[f * channels + channel] = next++;
    });
    const all = concat([weights, zeros([1, ...kernelSize], weights.dtype)]);
    const kernel = reshape(gather(all, tensor(places, "int32"), 0), [filters, channels, ...kernelSize]);
    return conv2d(x, kernel, bias, { activation });
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
