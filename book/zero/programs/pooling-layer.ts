// Max and mean pooling of the fourth part. They have no parameters. Mended in the backward pass: where windows overlap the series overwrites a
// delta that it has written; here they add up. And it hands back the delta unchanged, which is dE/da of the layer before; where that layer has an
// activation its derivative is missing, and here it is not.
import { placesOf } from "../../sizes.ts";
import { Volume } from "../../volume.ts";
import { IdentityActivator } from "./activators.ts";
import { checkShape } from "./conv-layer.ts";
import { getPatch } from "./convolution.ts";
import type { Activator } from "./fc.ts";

/** Row and column of the largest element of channel d; of equal ones the first, row by row. The series calls this and does not print it. */
export function getMaxIndex(array: Volume, d = 0): [i: number, j: number] {
  let [best, value] = [0, Number.NEGATIVE_INFINITY];
  const size = array.height * array.width;
  for (let at = 0; at < size; at++) {
    const here = array.values[d * size + at];
    if (here > value) [best, value] = [at, here];
  }
  return [Math.floor(best / array.width), best % array.width];
}

abstract class PoolingLayer {
  readonly inputWidth: number;
  readonly inputHeight: number;
  readonly channelNumber: number;
  readonly filterWidth: number;
  readonly filterHeight: number;
  readonly stride: number;
  readonly outputWidth: number;
  readonly outputHeight: number;
  readonly activator: Activator = new IdentityActivator();
  readonly parameterCount = 0;
  outputArray: Volume;

  constructor(
    inputWidth: number,
    inputHeight: number,
    channelNumber: number,
    filterWidth: number,
    filterHeight: number,
    stride: number,
  ) {
    this.inputWidth = inputWidth;
    this.inputHeight = inputHeight;
    this.channelNumber = channelNumber;
    this.filterWidth = filterWidth;
    this.filterHeight = filterHeight;
    this.stride = stride;
    this.outputWidth = placesOf("PoolingLayer", "width", inputWidth, filterWidth, 0, stride);
    this.outputHeight = placesOf("PoolingLayer", "height", inputHeight, filterHeight, 0, stride);
    this.outputArray = new Volume(channelNumber, this.outputHeight, this.outputWidth);
  }

  get inputShape(): readonly [number, number, number] {
    return [this.channelNumber, this.inputHeight, this.inputWidth];
  }

  /** The output of a window whose first element stands at `start`. */
  protected abstract pool(values: Float64Array, start: number): number;

  /** Gives the delta of a window's output to its elements. */
  protected abstract spread(values: Float64Array, start: number, delta: number, deltaArray: Float64Array): void;

  /** Where the window of output (i, j) of channel d begins. */
  private startOf(d: number, i: number, j: number): number {
    return (d * this.inputHeight + i * this.stride) * this.inputWidth + j * this.stride;
  }

  forward(inputArray: Volume): Volume {
    checkShape("PoolingLayer", inputArray, this.inputShape);
    const { values } = this.outputArray;
    let at = 0;
    for (let d = 0; d < this.channelNumber; d++) {
      for (let i = 0; i < this.outputHeight; i++) {
        for (let j = 0; j < this.outputWidth; j++) values[at++] = this.pool(inputArray.values, this.startOf(d, i, j));
      }
    }
    return this.outputArray;
  }

  /** dE/dnet of the layer before, whose activation is `activator` and whose output is `inputArray`. */
  backward(inputArray: Volume, sensitivityArray: Volume, activator: Activator = new IdentityActivator()): Volume {
    checkShape("PoolingLayer", sensitivityArray, this.outputArray.shape, "a sensitivity map");
    const deltaArray = new Volume(...this.inputShape);
    const { values } = deltaArray;
    let at = 0;
    for (let d = 0; d < this.channelNumber; d++) {
      for (let i = 0; i < this.outputHeight; i++) {
        for (let j = 0; j < this.outputWidth; j++) {
          this.spread(inputArray.values, this.startOf(d, i, j), sensitivityArray.values[at++], values);
        }
      }
    }
    for (let i = 0; i < values.length; i++) values[i] *= activator.backward(inputArray.values[i]);
    return deltaArray;
  }

  /** There is nothing to update. */
  update(): void {}
}

/** The largest element of each window; its delta goes to that element alone. */
export class MaxPoolingLayer extends PoolingLayer {
  private largest(values: Float64Array, start: number): number {
    let best = start;
    for (let m = 0; m < this.filterHeight; m++) {
      for (let n = 0, at = start + m * this.inputWidth; n < this.filterWidth; n++, at++) {
        if (values[at] > values[best]) best = at;
      }
    }
    return best;
  }

  protected pool(values: Float64Array, start: number): number {
    return values[this.largest(values, start)];
  }

  protected spread(values: Float64Array, start: number, delta: number, deltaArray: Float64Array): void {
    deltaArray[this.largest(values, start)] += delta;
  }
}

/** The mean of each window of n elements; each of them gets delta / n. The series describes it and leaves the layer out. */
export class MeanPoolingLayer extends PoolingLayer {
  protected pool(values: Float64Array, start: number): number {
    let sum = 0;
    for (let m = 0; m < this.filterHeight; m++) {
      for (let n = 0, at = start + m * this.inputWidth; n < this.filterWidth; n++, at++) sum += values[at];
    }
    return sum / (this.filterHeight * this.filterWidth);
  }

  protected spread(_: Float64Array, start: number, delta: number, deltaArray: Float64Array): void {
    const share = delta / (this.filterHeight * this.filterWidth);
    for (let m = 0; m < this.filterHeight; m++) {
      for (let n = 0, at = start + m * this.inputWidth; n < this.filterWidth; n++, at++) deltaArray[at] += share;
    }
  }
}

/** The backward pass of max pooling as the series prints it: patch by patch, writing over what stands there. */
export function maxBackwardAsPrinted(layer: MaxPoolingLayer, inputArray: Volume, sensitivityArray: Volume): Volume {
  const deltaArray = new Volume(...inputArray.shape);
  const { filterWidth, filterHeight, stride, inputWidth, inputHeight } = layer;
  for (let d = 0; d < layer.channelNumber; d++) {
    for (let i = 0; i < layer.outputHeight; i++) {
      for (let j = 0; j < layer.outputWidth; j++) {
        const [k, l] = getMaxIndex(getPatch(inputArray, i, j, filterWidth, filterHeight, stride), d);
        const to = (d * inputHeight + i * stride + k) * inputWidth + j * stride + l;
        deltaArray.values[to] = sensitivityArray.at(d, i, j);
      }
    }
  }
  return deltaArray;
}
