// In a worker: networks that read digits, for pages that look inside them. One convolution of 20 filters, as section 6.2 has it; a second or two of
// training.
import { evaluate, type Samples, type Sequential } from "nabla";
import type { DigitSet } from "../../../book/mnist.ts";
import { testPictures, trainedNetwork } from "../../../book/nndl/framework/inside.ts";
import type { DigitSource } from "./digit-sources.ts";
import { digitsFrom } from "./digits.ts";
import { reports } from "./reports.ts";

export interface NetworkSettings {
  readonly source: DigitSource;
  readonly images: number;
  readonly epochs: number;
  readonly seed: number;
}

export interface Epoch {
  readonly epoch: number;
  /** Share of the test images that are read rightly. */
  readonly accuracy: number;
}

export interface DigitNetwork {
  readonly model: Sequential;
  readonly test: DigitSet;
  /** The test images as the network takes them, [n, 1, 28, 28]. */
  readonly samples: Samples;
}

interface Digits {
  readonly training: DigitSet;
  readonly test: DigitSet;
  readonly samples: Samples;
}

const read = new Map<string, Promise<Digits>>();

/** So many digits for training and for test; read or drawn once. */
export function digitsOnce(source: DigitSource, images: number, tests: number): Promise<Digits> {
  const key = `${source} ${images} ${tests}`;
  const known = read.get(key);
  if (known !== undefined) return known;
  const reading = digitsFrom(source, images, tests).then((data) => ({ ...data, samples: testPictures(data, tests) }));
  read.set(key, reading);
  return reading;
}

/** Trains a network and reports after every epoch; its value is the network. Where nobody listens any more, it stops. */
export async function* trainDigits(
  { source, images, epochs, seed }: NetworkSettings,
  tests: number,
  onEpoch?: (model: Sequential, epoch: number) => void,
): AsyncGenerator<Epoch, DigitNetwork> {
  const { training, test, samples } = await digitsOnce(source, images, tests);
  let model: Sequential | undefined;
  yield* reports<Epoch>(async (report) => {
    model = await trainedNetwork({ training }, seed, { images, epochs }, (now, epoch) => {
      onEpoch?.(now, epoch);
      return report({ epoch, accuracy: evaluate(now, samples).accuracy });
    });
  });
  if (model === undefined) throw new Error("the training ended without a network");
  return { model, test, samples };
}
