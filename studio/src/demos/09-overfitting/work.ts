// Trains a network on few images and reports its four curves after every epoch.
import { study } from "../../../../book/nndl/framework/study.ts";
import {
  affine,
  affineAndElastic,
  expand,
  rotations,
  translations,
  type WarpMaker,
} from "../../../../book/nndl/programs/expansion.ts";
import type { DigitSource } from "../../compute/digit-sources.ts";
import { digitsFrom } from "../../compute/digits.ts";
import { reports } from "../../compute/reports.ts";
import type { Expansion } from "./expansions.ts";

export interface Settings {
  readonly source: DigitSource;
  readonly images: number;
  readonly hidden: number;
  readonly epochs: number;
  readonly seed: number;
  readonly lambda: number;
  readonly dropout: number;
  readonly expansion: Expansion;
  /** Warped versions of each image, where there is an expansion. */
  readonly copies: number;
}

export interface Epoch {
  readonly epoch: number;
  /** Without the L2 term, so that networks of different lambda can be compared. */
  readonly cost: { readonly training: number; readonly test: number };
  readonly accuracy: { readonly training: number; readonly test: number };
}

const TESTS = 1000;
const MAKERS: Readonly<Record<Exclude<Expansion, "none">, WarpMaker>> = {
  ...{ shifts: translations, rotations: rotations(15), affine },
  elastic: affineAndElastic,
};

export async function* train(settings: Settings): AsyncGenerator<Epoch, void> {
  const { source, images, hidden, epochs, seed, lambda, dropout, expansion, copies } = settings;
  const { training, test } = await digitsFrom(source, images, TESTS);
  const used = expansion === "none" ? training : expand(training, copies, MAKERS[expansion], seed);
  yield* reports<Epoch>((report) =>
    study({
      ...{ sizes: [784, hidden, 10], cost: "crossEntropy", weights: "normal", eta: 0.5 },
      ...{ training: used, epochs, seed, lambda, dropout },
      // What is known by heart are the images themselves, not their copies.
      monitor: { training, test },
      onEpoch({ epochs: done, loss, accuracy }) {
        const at = done.length - 1;
        const both = (lists: Record<string, number[]>) => ({ training: lists.training[at], test: lists.test[at] });
        return report({ epoch: done[at], cost: both(loss), accuracy: both(accuracy) });
      },
    }),
  );
}
