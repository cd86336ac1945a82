// In a worker: how the page's own networks are made and trained. The first is the one of Nielsen's chapter 1, the second that of his chapter 3, the third
// two convolutions and little else.
import { Conv2D, Dense, Dropout, Flatten, fit, MaxPooling2D, type Model, Sequential, schedule } from "nabla";
import type { DigitSet } from "../../../book/mnist.ts";
import { asPictures } from "../../../book/nndl/framework/inside.ts";
import { type StudyOptions, study } from "../../../book/nndl/framework/study.ts";
import type { Preset } from "./networks.ts";

/** Counts up with every change to what is below: networks that were kept of before are then trained again. */
export const RECIPES = 1;
const SEED = 1;
/** Steps between two reports of how far a training is. */
const STRIDE = 20;

/** How far a training is, from 0 to 1. Answers true to stop. */
type Watch = (share: number, model: Model) => boolean;

async function byBook(
  options: Pick<StudyOptions, "sizes" | "cost" | "weights" | "training" | "epochs" | "eta" | "lambda">,
  watch: Watch,
): Promise<Model> {
  const { model } = await study({
    ...options,
    seed: SEED,
    onEpoch: ({ epochs, model: now }) => watch(epochs.length / options.epochs, now),
  });
  return model;
}

async function convolutions(training: DigitSet, watch: Watch): Promise<Model> {
  const model = new Sequential(
    [
      ...[new Conv2D(8, 5, { activation: "relu" }), new MaxPooling2D(2)],
      ...[new Conv2D(16, 5, { activation: "relu" }), new MaxPooling2D(2)],
      ...[new Flatten(), new Dense(64, { activation: "relu" }), new Dropout(0.3)],
      new Dense(10, { activation: "softmax" }),
    ],
    { inputShape: [1, 28, 28], seed: SEED },
  );
  const [epochs, batchSize] = [2, 50];
  const length = epochs * Math.ceil(training.count / batchSize);
  let step = 0;
  await fit(model, asPictures(training), {
    ...{ epochs, batchSize, seed: SEED, schedule: schedule.cosine(0.003, { length }) },
    callbacks: [
      {
        onStep(_, { stop }) {
          step += 1;
          if ((step % STRIDE === 0 || step === length) && watch(step / length, model)) stop();
        },
      },
    ],
  });
  return model;
}

/** Trains one of the page's networks. */
export function trainPreset(preset: Preset, training: DigitSet, watch: Watch): Promise<Model> {
  switch (preset) {
    case "first":
      return byBook({ sizes: [784, 30, 10], cost: "quadratic", weights: "normal", training, epochs: 6, eta: 3 }, watch);
    case "dense":
      return byBook(
        {
          ...{ sizes: [784, 100, 10], cost: "crossEntropy", weights: "scaled", training, epochs: 6, eta: 0.3 },
          // The book's lambda of 5 for 50,000 images: the same decay of weights a step.
          lambda: (5 * training.count) / 50_000,
        },
        watch,
      );
    default:
      return convolutions(training, watch);
  }
}
