// Convolutional, pooling and fully connected layers in one chain, and LeNet-5: what the fourth part leaves to its reader. E = 1/2 sum (t - y)^2
// as in part 3; delta is +dE/dnet as in part 4, and each layer turns its own into that of the layer before.
import { Matrix } from "../../matrix.ts";
import type { Random } from "../../random.ts";
import { Volume } from "../../volume.ts";
import { IdentityActivator, ReluActivator } from "./activators.ts";
import { ConvLayer, checkShape } from "./conv-layer.ts";
import { type Activator, FullConnectedLayer, SigmoidActivator } from "./fc.ts";
import { type CheckedGradient, slopeOf, squaredError } from "./gradient-check.ts";
import { MaxPoolingLayer, MeanPoolingLayer } from "./pooling-layer.ts";

/** What a layer must be to stand in a chain. */
export interface ChainLayer {
  readonly inputShape: readonly number[];
  readonly outputArray: Volume;
  readonly activator: Activator;
  readonly parameterCount: number;
  learningRate?: number;
  forward(inputArray: Volume): Volume;
  backward(inputArray: Volume, sensitivityArray: Volume, activator: Activator): Volume;
  /** The gradients alone: nobody asks the first layer for the delta of the image. */
  bpGradient?(inputArray: Volume, sensitivityArray: Volume): void;
  update(): void;
}

/** The fully connected layer of fc.ts behind feature maps: it takes their numbers one after the other, and speaks in +dE/dnet. */
export class FullConnected implements ChainLayer {
  readonly inputShape: readonly number[];
  readonly outputArray: Volume;
  readonly layer: FullConnectedLayer;
  learningRate: number;

  /** `reach`: weights uniform in +-reach; fc.ts has 0.1. */
  constructor(
    inputShape: readonly [number, number, number],
    outputSize: number,
    activator: Activator,
    learningRate: number,
    random: Random,
    reach = 0.1,
  ) {
    const inputs = inputShape[0] * inputShape[1] * inputShape[2];
    this.inputShape = inputShape;
    this.layer = new FullConnectedLayer(inputs, outputSize, activator, random);
    if (reach !== 0.1) this.layer.W.values.set(this.layer.W.values.map((w) => (w / 0.1) * reach));
    this.outputArray = new Volume(outputSize, 1, 1);
    this.learningRate = learningRate;
  }

  get activator(): Activator {
    return this.layer.activator;
  }

  get parameterCount(): number {
    return (this.layer.inputSize + 1) * this.layer.outputSize;
  }

  forward(inputArray: Volume): Volume {
    checkShape("FullConnected", inputArray, this.inputShape);
    this.outputArray.values.set(this.layer.forward(Matrix.column(inputArray.values)).values);
    return this.outputArray;
  }

  bpGradient(_: Volume, sensitivityArray: Volume): void {
    // fc.ts has delta = -dE/dnet.
    this.layer.calcGradient(Matrix.column(sensitivityArray.values.map((delta) => -delta)));
  }

  backward(inputArray: Volume, sensitivityArray: Volume, activator: Activator): Volume {
    this.bpGradient(inputArray, sensitivityArray);
    // delta^T W is W^T delta without turning W.
    const { values } = Matrix.row(sensitivityArray.values).dot(this.layer.W);
    for (let i = 0; i < values.length; i++) values[i] *= activator.backward(inputArray.values[i]);
    return new Volume(inputArray.depth, inputArray.height, inputArray.width, values);
  }

  update(): void {
    this.layer.update(this.learningRate);
  }
}

export class Network {
  readonly layers: readonly ChainLayer[];
  private inputArray: Volume;

  /** @throws RangeError where a layer does not take what the one before it gives. */
  constructor(layers: readonly ChainLayer[]) {
    layers.slice(1).forEach((layer, i) => {
      const given = layers[i].outputArray.shape;
      if (layer.inputShape.some((size, axis) => size !== given[axis])) {
        throw new RangeError(`Network: layer ${i + 1} takes (${layer.inputShape}), but layer ${i} gives (${given})`);
      }
    });
    this.layers = layers;
    const [depth, height, width] = layers[0].inputShape;
    this.inputArray = new Volume(depth, height, width);
  }

  get parameterCount(): number {
    return this.layers.reduce((sum, { parameterCount }) => sum + parameterCount, 0);
  }

  predict(sample: ArrayLike<number>): Float64Array {
    const [depth, height, width] = this.layers[0].inputShape;
    this.inputArray = new Volume(depth, height, width, sample);
    return this.layers.reduce((array, layer) => layer.forward(array), this.inputArray).values;
  }

  /** From the outputs of the last `predict`. */
  calcGradient(label: ArrayLike<number>): void {
    const { layers } = this;
    const last = layers[layers.length - 1];
    let delta = last.outputArray.copy();
    for (let i = 0; i < label.length; i++) delta.values[i] -= label[i];
    for (let i = 0; i < label.length; i++) delta.values[i] *= last.activator.backward(last.outputArray.values[i]);
    for (let l = layers.length - 1; l > 0; l--) {
      delta = layers[l].backward(layers[l - 1].outputArray, delta, layers[l - 1].activator);
    }
    if (layers[0].bpGradient) layers[0].bpGradient(this.inputArray, delta);
    else layers[0].backward(this.inputArray, delta, new IdentityActivator());
  }

  updateWeight(rate: number): void {
    for (const layer of this.layers) {
      layer.learningRate = rate;
      layer.update();
    }
  }

  trainOneSample(label: ArrayLike<number>, sample: ArrayLike<number>, rate: number): void {
    this.predict(sample);
    this.calcGradient(label);
    this.updateWeight(rate);
  }

  /** Labels come first, as in part 3. */
  train(
    labels: readonly ArrayLike<number>[],
    dataSet: readonly ArrayLike<number>[],
    rate: number,
    epoch: number,
  ): void {
    for (let i = 0; i < epoch; i++) {
      for (let d = 0; d < dataSet.length; d++) this.trainOneSample(labels[d], dataSet[d], rate);
    }
  }
}

/** Every layer's weights and biases; a filter's bias is a number, so it comes as a list of one that writes through. */
export function parametersOf(layer: ChainLayer): {
  count: number;
  read(i: number): number;
  write(i: number, value: number): void;
  gradient(i: number): number;
} {
  if (layer instanceof ConvLayer) {
    const size = layer.filters[0].weights.values.length + 1;
    const place = (i: number) => ({ filter: layer.filters[Math.floor(i / size)], at: i % size });
    return {
      count: layer.parameterCount,
      read(i) {
        const { filter, at } = place(i);
        return at === size - 1 ? filter.bias : filter.weights.values[at];
      },
      write(i, value) {
        const { filter, at } = place(i);
        if (at === size - 1) filter.bias = value;
        else filter.weights.values[at] = value;
      },
      gradient(i) {
        const { filter, at } = place(i);
        return at === size - 1 ? filter.biasGrad : filter.weightsGrad.values[at];
      },
    };
  }
  if (layer instanceof FullConnected) {
    const { W, b } = layer.layer;
    const list = (i: number) =>
      i < W.values.length ? { of: W.values, at: i } : { of: b.values, at: i - W.values.length };
    return {
      count: layer.parameterCount,
      read: (i) => list(i).of[list(i).at],
      write(i, value) {
        const { of, at } = list(i);
        of[at] = value;
      },
      gradient: (i) => {
        const { WGrad, bGrad } = layer.layer;
        return i < W.values.length ? WGrad.values[i] : bGrad.values[i - W.values.length];
      },
    };
  }
  return { count: 0, read: () => 0, write: () => {}, gradient: () => 0 };
}

/** Every parameter's gradient for one sample, layer by layer, against the slope of E. */
export function gradientCheck(
  network: Network,
  sample: ArrayLike<number>,
  label: ArrayLike<number>,
  epsilon = 1e-4,
): CheckedGradient[] {
  network.predict(sample);
  network.calcGradient(label);
  const error = () => squaredError(network.predict(sample), label);
  return network.layers.flatMap((layer) => {
    const parameters = parametersOf(layer);
    const actual = Array.from({ length: parameters.count }, (_, i) => parameters.gradient(i));
    return actual.map((gradient, i) => ({
      expected: slopeOf(
        error,
        () => parameters.read(i),
        (value) => parameters.write(i, value),
        epsilon,
      ),
      actual: gradient,
    }));
  });
}

export interface LeNetOptions {
  /** Default ReLU. */
  readonly activator?: Activator;
  /** Default max. */
  readonly pooling?: "max" | "mean";
  /** Weights uniform in +-`reach(inputs of a neuron)`; default sqrt(6 / inputs), which keeps the size of a signal through ReLUs. */
  readonly reach?: (inputs: number) => number;
}

/**
 * LeNet-5 on images of 28x28: 6 maps by 5x5 filters (padding 2), pooled; 16 maps, pooled; 120, 84 and 10 neurons. 61,706 parameters. LeCun's
 * third convolution has 120 filters of 5x5 on maps of 5x5, which is the fully connected layer that stands here.
 */
export function leNet5(random: Random, options: LeNetOptions = {}): Network {
  const {
    activator = new ReluActivator(),
    pooling = "max",
    reach = (inputs: number) => Math.sqrt(6 / inputs),
  } = options;
  const Pooling = pooling === "max" ? MaxPoolingLayer : MeanPoolingLayer;
  return new Network([
    new ConvLayer(28, 28, 1, 5, 5, 6, 2, 1, activator, 0.01, random, reach(25)),
    new Pooling(28, 28, 6, 2, 2, 2),
    new ConvLayer(14, 14, 6, 5, 5, 16, 0, 1, activator, 0.01, random, reach(150)),
    new Pooling(10, 10, 16, 2, 2, 2),
    new FullConnected([16, 5, 5], 120, activator, 0.01, random, reach(400)),
    new FullConnected([120, 1, 1], 84, activator, 0.01, random, reach(120)),
    new FullConnected([84, 1, 1], 10, new SigmoidActivator(), 0.01, random, reach(84)),
  ]);
}
