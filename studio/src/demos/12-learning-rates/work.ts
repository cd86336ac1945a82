// Trains one network, 784-30-10 with the cross-entropy cost, at a learning rate, and reports after every epoch.
import { study } from "../../../../book/nndl/framework/study.ts";
import type { DigitSource } from "../../compute/digit-sources.ts";
import { digitsFrom } from "../../compute/digits.ts";
import { reports } from "../../compute/reports.ts";

export interface Settings {
  readonly source: DigitSource;
  readonly images: number;
  readonly eta: number;
  readonly epochs: number;
  readonly seed: number;
}

export interface Epoch {
  readonly epoch: number;
  /** On the training images, the L2 term included. */
  readonly cost: number;
  /** Share of the test images that are read rightly. */
  readonly accuracy: number;
}

export async function* train({ source, images, eta, epochs, seed }: Settings): AsyncGenerator<Epoch, void> {
  const { training, test } = await digitsFrom(source, images, 1000);
  yield* reports<Epoch>((report) =>
    study({
      ...{ sizes: [784, 30, 10], cost: "crossEntropy", weights: "scaled", training, epochs, eta, seed },
      // The book's lambda of 5 for 50,000 images: the same decay of weights a step.
      lambda: (5 * images) / 50_000,
      monitor: { training, test },
      onEpoch: ({ epochs: done, cost, accuracy }) => {
        const at = done.length - 1;
        return report({ epoch: done[at], cost: cost["training"][at], accuracy: accuracy["test"][at] });
      },
    }),
  );
}
