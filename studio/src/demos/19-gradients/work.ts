// A network of layers of 30 neurons, and how long the gradient of each hidden layer is: at the start, and before every step of gradient descent on
// all images at once.
import { hiddenGradientLengths } from "../../../../book/nndl/framework/layer-gradients.ts";
import { type StudyOptions, study } from "../../../../book/nndl/framework/study.ts";
import type { DigitSource } from "../../compute/digit-sources.ts";
import { digitsFrom } from "../../compute/digits.ts";
import { reports } from "../../compute/reports.ts";

export interface Settings {
  readonly source: DigitSource;
  readonly images: number;
  readonly layers: number;
  readonly activation: NonNullable<StudyOptions["activation"]>;
  readonly weights: "scaled" | "normal" | "xavier" | "he";
  readonly seed: number;
}

async function optionsOf(settings: Settings, epochs: number): Promise<StudyOptions> {
  const { source, images, layers, activation, weights, seed } = settings;
  const { training } = await digitsFrom(source, images, 10);
  return {
    ...{ sizes: [784, ...new Array<number>(layers).fill(30), 10], cost: "crossEntropy", weights, activation, seed },
    ...{ training, epochs, batchSize: training.count, eta: 0.1, lambda: (5 * images) / 1000 },
  };
}

/** Before any step. */
export async function initial(settings: Settings): Promise<number[]> {
  let lengths: number[] = [];
  const options = await optionsOf(settings, 1);
  await study({
    ...options,
    onEpoch: ({ model }) => {
      lengths = hiddenGradientLengths(model);
      return undefined;
    },
  });
  return lengths;
}

/** Before each of so many steps. */
export async function* train(settings: Settings, steps: number): AsyncGenerator<number[], void> {
  const options = await optionsOf(settings, steps);
  yield* reports<number[]>((report) =>
    study({ ...options, onEpoch: ({ model }) => report(hiddenGradientLengths(model)) }),
  );
}
