// Networks learn from corrections.
import { Adam, fit, loadModel, saveModel, tensor } from "nabla";
import { digitsOnce } from "../compute/digit-networks.ts";
import type { DigitSource } from "../compute/digit-sources.ts";
import { reports } from "../compute/reports.ts";
import type { Correction } from "./corrections.ts";
import { batchOf, entryOf, infoOf, outputsOf, TESTS } from "./entries.ts";
import type { NetworkInfo } from "./networks.ts";

/** Training digits that are learnt again with corrections, so that what was known is not lost. */
const REPLAYED = 200;

/** Back to how it was before it learnt from corrections. */
export function forget(id: string): NetworkInfo {
  const entry = entryOf(id);
  entry.model = entry.base;
  return infoOf(entry.base);
}

export interface Lesson {
  readonly step: number;
  /** Share of the corrections that it reads as they say. */
  readonly learnt: number;
  readonly info?: NetworkInfo;
}

/**
 * Lets a network, as it was at first, learn from corrections: so many steps on all of them and 200 of the digits that it learnt from, in which the corrections
 * together weigh as much as the digits.
 */
export async function* learn(
  id: string,
  corrections: readonly Correction[],
  {
    steps,
    rate,
    source,
    images,
  }: { readonly steps: number; readonly rate: number; readonly source: DigitSource; readonly images: number },
): AsyncGenerator<Lesson, void> {
  const entry = entryOf(id);
  const model = loadModel(Uint8Array.from(saveModel(entry.base)));
  const given = Float32Array.from(
    corrections.flatMap((correction) => Array.from(correction.pixels, (byte) => byte / 255)),
  );
  const labels = corrections.map(({ digit }) => digit);
  const { training } = await digitsOnce(source, images, TESTS);
  const replayed = Math.min(REPLAYED, training.count);
  const count = corrections.length + replayed;
  const all = new Float32Array(784 * count);
  all.set(given);
  all.set(training.images.subarray(0, 784 * replayed), given.length);
  const weight = replayed / corrections.length;
  const data = {
    x: batchOf(model, all, count),
    y: tensor(Int32Array.from([...labels, ...training.labels.subarray(0, replayed)])),
    sampleWeights: tensor(Float32Array.from({ length: count }, (_, i) => (i < corrections.length ? weight : 1))),
  };
  const lesson = (step: number): Lesson => {
    const outputs = outputsOf(model, given, corrections.length);
    const right = labels.filter((label, k) => {
      const row = outputs.subarray(10 * k, 10 * k + 10);
      return row.indexOf(Math.max(...row)) === label;
    });
    return { step, learnt: right.length / labels.length };
  };
  // While it learns, it is asked.
  entry.model = model;
  yield lesson(0);
  let stopped = false;
  yield* reports<Lesson>(async (report) => {
    await fit(model, data, {
      ...{ epochs: steps, batchSize: count, shuffle: false, seed: 1, optimizer: new Adam({ learningRate: rate }) },
      callbacks: [
        {
          onEpochEnd({ epoch }, { stop }) {
            stopped = report(lesson(epoch));
            if (stopped) stop();
          },
        },
      ],
    });
    // What nobody waited for to the end is not that network.
    if (stopped) entry.model = entry.base;
    else report({ ...lesson(steps), info: infoOf(model) });
  });
}
