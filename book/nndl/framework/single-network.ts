// Beyond the book: one network that reads more test digits than the book's five together, with what came after it: batch normalisation, small filters
// in pairs, digits changed anew every epoch, decoupled weight decay, one cycle of the learning rate, and the average of the last weights.
import {
  Activation,
  AdamW,
  augment,
  BatchNormalization,
  Conv2D,
  Dense,
  Dropout,
  Flatten,
  imageDataset,
  type Layer,
  loadTraining,
  MaxPooling2D,
  Sequential,
  schedule,
  Trainer,
} from "nabla";
import type { Store } from "../../experiment.ts";
import { keptTraining } from "../../kept-training.ts";
import type { DigitSet, Mnist } from "../../mnist.ts";
import { answersOf, shareRight, toImages } from "./network3-sgd.ts";

const BATCH = 128;

/** 28-24-12-6: five convolutions, 601,098 parameters. */
export function singleNetwork(seed: number): Sequential {
  const normalised = (): Layer[] => [new BatchNormalization(), new Activation("relu")];
  const convolution = (filters: number) => new Conv2D(filters, 3, { padding: "same" });
  return new Sequential(
    [
      ...[new Conv2D(24, 5), new MaxPooling2D(), ...normalised()],
      ...[convolution(48), ...normalised(), convolution(48), new MaxPooling2D(), ...normalised()],
      ...[convolution(96), ...normalised(), convolution(96), ...normalised()],
      ...[new Flatten(), new Dropout(0.3), new Dense(128), ...normalised()],
      ...[new Dropout(0.3), new Dense(10, { activation: "softmax" })],
    ],
    { inputShape: [1, 28, 28], seed },
  );
}

export interface SingleResult {
  /** Of the averaged weights, after every epoch; the last one is the result: none is chosen. */
  readonly testAccuracies: readonly number[];
  readonly testAnswers: string;
  readonly costs: readonly number[];
  readonly seconds: number;
  /** Of all threads. */
  readonly processorSeconds: number;
}

export interface SingleOptions {
  readonly seed: number;
  readonly epochs: number;
  /** The first so many of the 60,000; default all. */
  readonly images?: number;
  /** How much of the average of weights stays at a step; default 0.999. */
  readonly averageDecay?: number;
  readonly print?: (line: string) => void;
  readonly store?: Store | undefined;
}

/** Trains on images turned by up to 12 degrees, skewed by up to 8, moved by up to 2 pixels, each epoch others. */
export async function trainSingle(data: Mnist, test: DigitSet, options: SingleOptions): Promise<SingleResult> {
  const { seed, epochs, images = 60_000, averageDecay = 0.999, print = () => {}, store } = options;
  const { images: bytes, labels, ...kind } = data.bytes.train;
  const part = { ...kind, images: bytes.subarray(0, 784 * images), labels: labels.subarray(0, images), count: images };
  const batches = imageDataset(part)
    .shuffle({ seed })
    .batch(BATCH, { dropLast: true })
    .map(augment.rotate(12, { seed }))
    .map(augment.skew(8, { seed }))
    .map(augment.shift(2, { seed }));
  const length = epochs * Math.floor(images / BATCH);
  const settings = {
    loss: "softmaxCrossEntropy",
    averageDecay,
    schedule: schedule.oneCycle(0.004, { length, rise: 0.25 }),
  } as const;
  const unseen = toImages(test);
  const start: SingleResult = { testAccuracies: [], testAnswers: "", costs: [], seconds: 0, processorSeconds: 0 };
  const { result } = await keptTraining({
    ...{ store, name: `single-seed-${seed}`, epochs, print, start },
    settings: { epochs, images, test: test.count },
    make: (file) =>
      file !== undefined
        ? loadTraining(file, batches, settings)
        : {
            trainer: new Trainer(singleNetwork(seed), batches, {
              ...settings,
              optimizer: new AdamW({ learningRate: 0.004, weightDecay: 0.01 }),
            }),
          },
    async epoch(trainer, before): Promise<SingleResult> {
      const [began, used] = [performance.now(), processorSeconds()];
      const { loss } = (await trainer.finishEpoch())!;
      const testAnswers = trainer.withAverage(() => answersOf(trainer.model as Sequential, unseen));
      const accuracy = shareRight(testAnswers, test);
      print(
        `Epoch ${trainer.epoch}: cost ${loss.toFixed(4)}, test accuracy of the averaged weights ${(100 * accuracy).toFixed(2)}%`,
      );
      return {
        testAccuracies: [...before.testAccuracies, accuracy],
        testAnswers,
        costs: [...before.costs, loss],
        seconds: before.seconds + (performance.now() - began) / 1000,
        processorSeconds: before.processorSeconds + processorSeconds() - used,
      };
    },
  });
  return result;
}

/** Of this process so far, all threads together; 0 where that can't be known. */
function processorSeconds(): number {
  if (typeof process === "undefined") return 0;
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}
