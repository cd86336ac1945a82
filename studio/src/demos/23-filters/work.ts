// A convolutional network, remembered as it was after every epoch: its filters, and what they answer to a digit.
import { evaluate, predict, type Sequential, scope, tensor } from "nabla";
import { featureMaps, filters } from "nabla/inspect";
import { imageAt } from "../../../../book/mnist.ts";
import { freshNetwork } from "../../../../book/nndl/framework/inside.ts";
import { type DigitNetwork, digitsOnce, type NetworkSettings, trainDigits } from "../../compute/digit-networks.ts";

const TESTS = 500;

export interface Epoch {
  /** 0: before any training. */
  readonly epoch: number;
  readonly accuracy: number;
  /** 25 weights each. */
  readonly filters: readonly Float64Array[];
}

interface Remembered {
  readonly viewer: Sequential;
  readonly test: DigitNetwork["test"];
  /** All parameters by epoch. */
  readonly weights: Float32Array[][];
}
let remembered: Remembered | undefined;

const weightsOf = (model: Sequential): Float32Array[] =>
  model.parameters.map(({ tensor }) => (tensor.dataSync() as Float32Array).slice());

/** Trains, and sends each epoch's filters; the first frame is the network as it starts. */
export async function* train(settings: NetworkSettings): AsyncGenerator<Epoch, void> {
  const { test, samples } = await digitsOnce(settings.source, settings.images, TESTS);
  const viewer = freshNetwork(settings.seed);
  const own: Remembered = { viewer, test, weights: [weightsOf(viewer)] };
  remembered = own;
  yield { epoch: 0, accuracy: evaluate(viewer, samples).accuracy, filters: filters(viewer).filters };
  const learnt: Float64Array[][] = [];
  const training = trainDigits(settings, TESTS, (model) => {
    own.weights.push(weightsOf(model));
    learnt.push(filters(model).filters);
  });
  for await (const { epoch, accuracy } of training) yield { epoch, accuracy, filters: learnt[epoch - 1] };
}

export interface Maps {
  readonly pixels: Float64Array;
  readonly label: number;
  readonly answer: number;
  readonly side: number;
  /** One a filter. */
  readonly maps: readonly Float64Array[];
}

/** What the filters of an epoch answer to a test image, before pooling or behind it; undefined until that epoch is there. */
export function maps(epoch: number, index: number, layer: "convolution" | "pooling"): Maps | undefined {
  const weights = remembered?.weights[epoch];
  if (remembered === undefined || weights === undefined) return undefined;
  const { viewer, test } = remembered;
  const pixels = imageAt(test, index);
  return scope(() => {
    viewer.setWeights(weights.map((values, i) => tensor(values, { shape: viewer.parameters[i].tensor.shape })));
    const x = tensor(Float32Array.from(pixels), { shape: [1, 1, 28, 28] });
    const found = featureMaps(viewer, x)[layer === "convolution" ? 0 : 1];
    const shares = Array.from(predict(viewer, x).dataSync() as Float32Array);
    return {
      ...{ pixels, label: test.labels[index], answer: shares.indexOf(Math.max(...shares)) },
      ...{ side: found.width, maps: found.maps },
    };
  });
}
