// Networks to look into: one convolution of 20 filters, 5 by 5, pooling, 100 neurons, softmax, as the book's 6.2 trains them, on the framework and in a
// short training, since what is looked at shows early.
import { fit, keep, network3, type Samples, type Sequential, scope, tensor } from "nabla";
import { type DigitSet, first, type Mnist, part } from "../../mnist.ts";

/** Digits as a convolution takes them: x [n, 1, 28, 28]. */
export function asPictures(set: DigitSet): Samples {
  return {
    x: tensor(set.images, { shape: [set.count, 1, 28, 28] }),
    y: tensor(Int32Array.from(set.labels), { shape: [set.count] }),
  };
}

/** How long a network is trained. */
export interface Training {
  readonly images: number;
  readonly epochs: number;
  /** Which images: `block` times `images` are left out at the front. */
  readonly block?: number;
}

/** What most of the experiments look into. */
export const TRAINING: Training = { images: 2000, epochs: 3 };

const RATE = 0.002;
const BATCH = 20;

/** A network with fresh weights. */
export const freshNetwork = (seed: number): Sequential => network3({ convolutions: 1, seed });

const trained = new WeakMap<DigitSet, Map<string, Promise<Sequential>>>();

/**
 * A trained network; the same for the same arguments in one process. Where `onEpoch` is given, it is trained anew, and told how it stands after each
 * epoch; it answers true to stop.
 */
export function trainedNetwork(
  data: Pick<Mnist, "training">,
  seed: number,
  { images, epochs, block = 0 }: Training,
  onEpoch?: (model: Sequential, epoch: number) => unknown,
): Promise<Sequential> {
  const key = `${seed} ${images} ${epochs} ${block}`;
  const ofData = trained.get(data.training) ?? new Map<string, Promise<Sequential>>();
  trained.set(data.training, ofData);
  const known = ofData.get(key);
  if (known !== undefined && onEpoch === undefined) return known;
  const training = (async () => {
    const model = freshNetwork(seed);
    const start = (block * images) % data.training.count;
    const samples = keep(scope(() => asPictures(part(data.training, start, start + images))));
    await fit(model, samples, {
      ...{ epochs, batchSize: BATCH, learningRate: RATE, seed },
      callbacks: [
        {
          onEpochEnd({ epoch }, { stop }) {
            if (onEpoch?.(model, epoch) !== true) return;
            // What was stopped is not what was asked for.
            ofData.delete(key);
            stop();
          },
        },
      ],
    });
    return model;
  })();
  ofData.set(key, training);
  return training;
}

/** The first test images. */
export function testPictures(data: Pick<Mnist, "test">, count: number): Samples {
  return keep(scope(() => asPictures(first(data.test, count))));
}

/** What is trained, for `settings`. */
export const SETTINGS = {
  network: "20 filters 5x5, pool 2, 100 neurons, softmax",
  method: `Adam, rate ${RATE}, mini-batches of ${BATCH}`,
  images: "2,000",
  epochs: 3,
  seeds: "1 (quick), 10 (full): the mean",
} as const;
