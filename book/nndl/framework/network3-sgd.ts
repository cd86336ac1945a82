// network3's Network.SGD on the framework: the book's order of mini-batches, its L2 term, its log lines. A training of hours keeps its state after
// every epoch, and goes on from there to the same bits.
import {
  Dataset,
  type DType,
  evaluate,
  loadTraining,
  predict,
  type Samples,
  type Sequential,
  SGD,
  scope,
  Trainer,
  tensor,
} from "nabla";
import type { Store } from "../../experiment.ts";
import { keptTraining } from "../../kept-training.ts";
import { type DigitSet, first } from "../../mnist.ts";
import { ExpandedSet } from "../programs/translation.ts";

/** What `Network.SGD` takes beside the data, by the book's names. */
export interface SgdSettings {
  readonly epochs: number;
  readonly miniBatchSize: number;
  readonly eta: number;
  /** The cost has lmbda / 2 times the sum of squared weights, over the number of mini-batches. Default 0. */
  readonly lmbda?: number;
}

export interface SgdResult {
  readonly bestValidationAccuracy: number;
  readonly bestIteration: number;
  /** At the best validation accuracy; undefined without test data. */
  readonly testAccuracy: number | undefined;
  /** The answers to the test images there, a digit each. */
  readonly testAnswers: string;
  /** A number an epoch. */
  readonly validationAccuracies: readonly number[];
  /** Mean cost of the mini-batches, a number an epoch, without L2. */
  readonly costs: readonly number[];
  /** Of training and validation, over all sittings. */
  readonly seconds: number;
}

export interface SgdOptions {
  readonly print?: (line: string) => void;
  /** Where the training stands after every epoch, for a training that takes hours. */
  readonly store?: Store | undefined;
  /** Its file there. */
  readonly name?: string;
}

/** Images as [n, 1, 28, 28], digits as [n]. */
export function toImages(set: DigitSet, dtype: DType = "float32"): Samples {
  return {
    x: tensor(set.images.subarray(0, 784 * set.count), { shape: [set.count, 1, 28, 28], dtype }),
    y: tensor(Int32Array.from(set.labels.subarray(0, set.count))),
  };
}

/** Whole mini-batches in the order of the set, the same every epoch. What is expanded is made when its turn comes. */
function trainerOf(model: Sequential, training: DigitSet | ExpandedSet, settings: SgdSettings, file?: Uint8Array) {
  const { miniBatchSize, eta, lmbda = 0 } = settings;
  const batches = Math.floor(training.count / miniBatchSize);
  if (batches < 1) {
    throw new RangeError(`SGD: ${training.count} images fill no mini-batch of ${miniBatchSize}`);
  }
  const expanded = training instanceof ExpandedSet;
  const data = expanded
    ? Dataset.from(Array.from({ length: batches }, (_, index) => index)).map((index) =>
        toImages(training.part(index * miniBatchSize, miniBatchSize), model.dtype),
      )
    : toImages(first(training, batches * miniBatchSize), model.dtype);
  if (file !== undefined) return loadTraining(file, data, { loss: "softmaxCrossEntropy" });
  const trainer = new Trainer(model, data, {
    loss: "softmaxCrossEntropy",
    optimizer: new SGD({ learningRate: eta, weightDecay: lmbda / batches }),
    ...(!expanded && { batchSize: miniBatchSize, shuffle: false }),
  });
  return { trainer };
}

/** The digit that the model sees in each image. */
export function answersOf(model: Sequential, { x }: Samples): string {
  return scope(() => Array.from(predict(model, x).argmax(1).dataSync()).join(""));
}

/**
 * Trains the model as `Network.SGD` does. With a store it goes on where an earlier call of the same settings stood, and returns at once what a
 * finished one found.
 * @throws Error where the store's file is of other settings.
 */
export async function sgd(
  model: Sequential,
  training: DigitSet | ExpandedSet,
  settings: SgdSettings,
  validation: DigitSet,
  test?: DigitSet,
  options: SgdOptions = {},
): Promise<SgdResult & { readonly model: Sequential }> {
  const { print = () => {}, store, name = "network3" } = options;
  const { epochs, miniBatchSize } = settings;
  const batches = Math.floor(training.count / miniBatchSize);
  const images = { training: training.count, validation: validation.count, test: test?.count ?? 0 };
  const held = toImages(first(validation, wholeBatches(validation, miniBatchSize)), model.dtype);
  const unseen = test && toImages(test, model.dtype);
  const start: SgdResult = {
    ...{ bestValidationAccuracy: 0, bestIteration: 0, testAccuracy: undefined, testAnswers: "" },
    ...{ validationAccuracies: [], costs: [], seconds: 0 },
  };
  const { trainer, result } = await keptTraining({
    ...{ store, name, epochs, print, start },
    settings: { ...settings, images, expanded: training instanceof ExpandedSet, parameters: model.parameterCount },
    make: (file) => trainerOf(model, training, settings, file),
    async epoch(trainer, before): Promise<SgdResult> {
      const began = performance.now();
      const { epoch } = trainer;
      const { loss } = (await trainer.finishEpoch(undefined, () => {
        const iteration = batches * trainer.epoch + trainer.step;
        if (trainer.step < batches && iteration % 1000 === 0) print(`Training mini-batch number ${iteration}`);
        return false;
      }))!;
      const { accuracy } = evaluate(trainer.model, held, { loss: "softmaxCrossEntropy" });
      print(`Epoch ${epoch}: validation accuracy ${percent(accuracy)}`);
      let best: Partial<SgdResult> = {};
      if (accuracy >= before.bestValidationAccuracy) {
        print("This is the best validation accuracy to date.");
        best = { bestValidationAccuracy: accuracy, bestIteration: batches * (epoch + 1) - 1 };
        if (test !== undefined && unseen !== undefined) {
          const testAnswers = answersOf(trainer.model as Sequential, unseen);
          const testAccuracy = shareRight(testAnswers, test);
          best = { ...best, testAnswers, testAccuracy };
          print(`The corresponding test accuracy is ${percent(testAccuracy)}`);
        }
      }
      return {
        ...before,
        ...best,
        validationAccuracies: [...before.validationAccuracies, accuracy],
        costs: [...before.costs, loss],
        seconds: before.seconds + (performance.now() - began) / 1000,
      };
    },
  });
  print("Finished training network.");
  print(
    `Best validation accuracy of ${percent(result.bestValidationAccuracy)} obtained at iteration ${result.bestIteration}`,
  );
  if (result.testAccuracy !== undefined) print(`Corresponding test accuracy of ${percent(result.testAccuracy)}`);
  return { ...result, model: trainer.model as Sequential };
}

function wholeBatches({ count }: DigitSet, miniBatchSize: number): number {
  return Math.floor(count / miniBatchSize) * miniBatchSize;
}

/** Share of answers that are right. */
export function shareRight(answers: string, { labels }: DigitSet): number {
  let right = 0;
  for (let i = 0; i < answers.length; i++) if (answers.charCodeAt(i) - 48 === labels[i]) right += 1;
  return right / answers.length;
}

/** Python's {:.2%}. */
function percent(share: number): string {
  return `${(100 * share).toFixed(2)}%`;
}
