// A convolutional layer as the fourth part builds it. Here delta is +dE/dnet, the "sensitivity map", and updates subtract, unlike in part 3.
// Mended: the padding of the sensitivity map follows each axis by itself (the series takes the width for both), sizes that do not divide are an
// error, and padding beyond filter - 1, for which the series' formula turns negative, is cut off.
import { addPatches, correlate } from "../../correlation.ts";
import type { Random } from "../../random.ts";
import { placesOf } from "../../sizes.ts";
import { Volume } from "../../volume.ts";
import { conv, elementWiseOp, padding, rotate180 } from "./convolution.ts";
import type { Activator } from "./fc.ts";

export class Filter {
  readonly weights: Volume;
  bias = 0;
  readonly weightsGrad: Volume;
  biasGrad = 0;

  /** Weights uniform in +-`reach`, which is 1e-4 in the series. */
  constructor(width: number, height: number, depth: number, random: Random, reach = 1e-4) {
    this.weights = Volume.fill(depth, height, width, () => random.uniform(-reach, reach));
    this.weightsGrad = new Volume(depth, height, width);
  }

  getWeights(): Volume {
    return this.weights;
  }

  getBias(): number {
    return this.bias;
  }

  /** Gives the filter weights of its own shape. @throws RangeError for another shape. */
  setWeights(weights: Volume, bias = this.bias): void {
    const { depth, height, width } = this.weights;
    if (weights.depth !== depth || weights.height !== height || weights.width !== width) {
      throw new RangeError(
        `Filter: weights of shape (${weights.shape}) do not fit a filter of (${this.weights.shape})`,
      );
    }
    this.weights.values.set(weights.values);
    this.bias = bias;
  }

  /** Against the gradient. */
  update(learningRate: number): void {
    const { values } = this.weights;
    for (let i = 0; i < values.length; i++) values[i] -= learningRate * this.weightsGrad.values[i];
    this.bias -= learningRate * this.biasGrad;
  }

  toString(): string {
    return `filter weights:\n${JSON.stringify(this.weights.toChannels())}\nbias:\n${this.bias}`;
  }
}

export class ConvLayer {
  readonly inputWidth: number;
  readonly inputHeight: number;
  readonly channelNumber: number;
  readonly filterWidth: number;
  readonly filterHeight: number;
  readonly zeroPadding: number;
  readonly stride: number;
  readonly outputWidth: number;
  readonly outputHeight: number;
  readonly activator: Activator;
  readonly filters: Filter[];
  learningRate: number;
  outputArray: Volume;
  private paddedInputArray: Volume;

  /** The series' own list of arguments, and where its random weights come from and how far they reach. */
  constructor(
    inputWidth: number,
    inputHeight: number,
    channelNumber: number,
    filterWidth: number,
    filterHeight: number,
    filterNumber: number,
    zeroPadding: number,
    stride: number,
    activator: Activator,
    learningRate: number,
    random: Random,
    reach?: number,
  ) {
    this.inputWidth = inputWidth;
    this.inputHeight = inputHeight;
    this.channelNumber = channelNumber;
    this.filterWidth = filterWidth;
    this.filterHeight = filterHeight;
    this.zeroPadding = zeroPadding;
    this.stride = stride;
    this.activator = activator;
    this.learningRate = learningRate;
    this.outputWidth = ConvLayer.calculateOutputSize(inputWidth, filterWidth, zeroPadding, stride, "width");
    this.outputHeight = ConvLayer.calculateOutputSize(inputHeight, filterHeight, zeroPadding, stride, "height");
    this.filters = Array.from(
      { length: filterNumber },
      () => new Filter(filterWidth, filterHeight, channelNumber, random, reach),
    );
    this.outputArray = new Volume(filterNumber, this.outputHeight, this.outputWidth);
    this.paddedInputArray = new Volume(channelNumber, inputHeight, inputWidth);
  }

  /** Equations 2 and 3: (input - filter + 2 P) / S + 1. @throws RangeError where that is no whole number, or none at all. */
  static calculateOutputSize(
    inputSize: number,
    filterSize: number,
    zeroPadding: number,
    stride: number,
    axis = "size",
  ): number {
    return placesOf("ConvLayer", axis, inputSize, filterSize, zeroPadding, stride);
  }

  get inputShape(): readonly [number, number, number] {
    return [this.channelNumber, this.inputHeight, this.inputWidth];
  }

  /** Shared weights: it does not depend on the size of the image. */
  get parameterCount(): number {
    return this.filters.length * (this.channelNumber * this.filterHeight * this.filterWidth + 1);
  }

  /** Equation 4, filter by filter. */
  forward(inputArray: Volume): Volume {
    this.take(inputArray);
    this.filters.forEach((filter, f) => {
      conv(this.paddedInputArray, filter.getWeights(), this.outputArray.channel(f), this.stride, filter.getBias());
    });
    elementWiseOp(this.outputArray.values, (net) => this.activator.forward(net));
    return this.outputArray;
  }

  private take(inputArray: Volume): void {
    checkShape("ConvLayer", inputArray, this.inputShape);
    this.paddedInputArray = padding(inputArray, this.zeroPadding);
  }

  /**
   * From dE/dnet of this layer: its gradients, and dE/dnet of the layer before, whose activation is `activator` and whose output is
   * `inputArray`. The series calls this and does not print it.
   */
  backward(inputArray: Volume, sensitivityArray: Volume, activator: Activator): Volume {
    this.bpGradient(inputArray, sensitivityArray);
    return this.bpSensitivityMap(inputArray, sensitivityArray, activator);
  }

  /**
   * Equations 8 and 9: the padded sensitivity map correlated with the filter turned by 180 degrees, summed over the filters, times the
   * derivative of the layer before.
   */
  bpSensitivityMap(inputArray: Volume, sensitivityArray: Volume, activator: Activator): Volume {
    // Without padding in the forward pass a delta comes back from filter - 1 places before it; padding P in the forward pass takes P away.
    const zp = [this.filterHeight - 1 - this.zeroPadding, this.filterWidth - 1 - this.zeroPadding] as const;
    const expanded = this.expandSensitivityMap(sensitivityArray);
    const paddedArray = cut(padding(expanded, [Math.max(0, zp[0]), Math.max(0, zp[1])]), zp);
    const deltaArray = this.createDeltaArray();
    const channels = Array.from({ length: this.channelNumber }, (_, d) => deltaArray.channel(d));
    this.filters.forEach((filter, f) => {
      const flippedWeights = rotate180(filter.getWeights());
      const map = paddedArray.channel(f);
      channels.forEach((delta, d) => {
        correlate(map, flippedWeights.channel(d), delta);
      });
    });
    const { values } = deltaArray;
    for (let i = 0; i < values.length; i++) values[i] *= activator.backward(inputArray.values[i]);
    return deltaArray;
  }

  /** The sensitivity map as stride 1 would have it: zeros between the deltas of a larger stride. */
  expandSensitivityMap(sensitivityArray: Volume): Volume {
    checkShape("ConvLayer", sensitivityArray, this.outputArray.shape, "a sensitivity map");
    const { stride, outputWidth, outputHeight } = this;
    if (stride === 1) return sensitivityArray;
    const expanded = new Volume(
      sensitivityArray.depth,
      this.inputHeight - this.filterHeight + 2 * this.zeroPadding + 1,
      this.inputWidth - this.filterWidth + 2 * this.zeroPadding + 1,
    );
    for (let f = 0; f < sensitivityArray.depth; f++) {
      for (let i = 0; i < outputHeight; i++) {
        for (let j = 0; j < outputWidth; j++) {
          const to = (f * expanded.height + i * stride) * expanded.width + j * stride;
          expanded.values[to] = sensitivityArray.at(f, i, j);
        }
      }
    }
    return expanded;
  }

  createDeltaArray(): Volume {
    return new Volume(this.channelNumber, this.inputHeight, this.inputWidth);
  }

  /**
   * dE/dw_dmn = sum over i, j of delta_ij a_d,iS+m,jS+n, and dE/dw_b = sum of delta. The text correlates the input with the expanded map; adding
   * up patches of the input is the same sum.
   */
  bpGradient(inputArray: Volume, sensitivityArray: Volume): void {
    this.take(inputArray);
    checkShape("ConvLayer", sensitivityArray, this.outputArray.shape, "a sensitivity map");
    this.filters.forEach((filter, f) => {
      const delta = sensitivityArray.channel(f);
      filter.weightsGrad.values.fill(0);
      addPatches(this.paddedInputArray, delta, filter.weightsGrad, this.stride);
      filter.biasGrad = delta.sum();
    });
  }

  update(): void {
    for (const filter of this.filters) filter.update(this.learningRate);
  }
}

/** The part of a map that is left where the padding is negative. */
function cut(map: Volume, [rows, columns]: readonly [number, number]): Volume {
  const [up, left] = [Math.max(0, -rows), Math.max(0, -columns)];
  if (up === 0 && left === 0) return map;
  return Volume.fill(map.depth, map.height - 2 * up, map.width - 2 * left, (d, i, j) => map.at(d, i + up, j + left));
}

/** @throws RangeError for an array of another shape than [depth, height, width]. */
export function checkShape(owner: string, array: Volume, shape: readonly number[], what = "an input"): void {
  if (array.depth !== shape[0] || array.height !== shape[1] || array.width !== shape[2]) {
    throw new RangeError(`${owner}: takes ${what} of shape (${shape}), got (${array.shape})`);
  }
}
