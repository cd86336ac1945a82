// Short trainings, as the strategy and the searches of section 3.5 ask for them, and the reduced problem of telling two digits apart.
import { evaluate, NonFiniteLossError } from "nabla";
import { type DigitSet, imageAt, toSamples } from "../../mnist.ts";
import type { Settings, Train, Trial } from "../programs/strategy.ts";
import { buildNetwork, squaredWeights, study } from "./study.ts";

/** The images that show one of these digits; labels count from 0 in the order given. */
export function onlyDigits(set: DigitSet, digits: readonly number[], most: number): DigitSet {
  const chosen = Array.from(set.labels.keys())
    .filter((i) => digits.includes(set.labels[i]))
    .slice(0, most);
  const images = new Float32Array(chosen.length * 784);
  for (const [place, i] of chosen.entries()) images.set(imageAt(set, i), place * 784);
  return { images, labels: Uint8Array.from(chosen, (i) => digits.indexOf(set.labels[i])), count: chosen.length };
}

/** Short trainings of one network on one problem, as the strategy asks for them. A training that diverges has NaN costs from there on. */
export function trainer(
  sizes: readonly number[],
  training: DigitSet,
  validation: DigitSet,
  seed: number,
  weights: "scaled" | "normal" = "scaled",
): Train {
  return async ({ eta, lambda, batchSize }: Settings, epochs: number): Promise<Trial> => {
    const network = { sizes, cost: "crossEntropy", weights, seed } as const;
    const untrained = buildNetwork(network);
    const penalty = (lambda / 2 / training.count) * squaredWeights(untrained);
    const start = evaluate(untrained, toSamples(training), { loss: "crossEntropy" }).loss + penalty;
    const trial = { cost: [start], accuracy: [] as number[] };
    try {
      await study({
        ...network,
        ...{ training, epochs, batchSize, eta, lambda },
        monitor: { training, validation },
        onEpoch: ({ cost, accuracy }) => {
          trial.cost.push(cost["training"].at(-1) ?? Number.NaN);
          trial.accuracy.push(accuracy["validation"].at(-1) ?? 0);
          return undefined;
        },
      });
    } catch (error) {
      if (!(error instanceof NonFiniteLossError)) throw error;
      trial.cost.push(Number.NaN);
      trial.accuracy.push(0);
    }
    return trial;
  };
}
