// The third part's MNIST network on the framework: uniform weights, targets of 0.1 and 0.9, one sample a step, in order.
import { Dense, fit, type Initialiser, oneHot, random, Sequential, SGD, scope, type Tensor } from "nabla";
import { type DigitSet, toSamples } from "../../mnist.ts";

export interface DigitStudyOptions {
  readonly hidden: readonly number[];
  readonly rate: number;
  /** "bytes": 0 to 255, as the series has them. "scaled": 0 to 1. */
  readonly pixels: "bytes" | "scaled";
  readonly training: DigitSet;
  readonly mostEpochs: number;
  readonly seed: number;
  /** Sets whose error is taken every `every` epochs. */
  readonly watched: Readonly<Record<string, DigitSet>>;
  readonly every: number;
  /** The set whose growing error ends training; left out: all epochs. */
  readonly stopBy?: string;
  readonly log?: (line: string) => void;
}

export interface DigitStudy {
  readonly model: Sequential;
  readonly epochs: number[];
  /** Share wrong, by set. */
  readonly error: Record<string, number[]>;
}

const uniform: Initialiser = ({ shape, dtype, generator }) => random.uniform(shape, -0.1, 0.1, { dtype, generator });

/** The network before training. */
export function digitNetwork(hidden: readonly number[], seed: number): Sequential {
  const layers = [...hidden, 10].map((units) => new Dense(units, { activation: "sigmoid", weights: uniform }));
  return new Sequential(layers, { inputShape: [784], seed });
}

export function pixelsOf(set: DigitSet, pixels: "bytes" | "scaled"): Tensor {
  const { x } = toSamples(set);
  return pixels === "bytes" ? x.mul(255) : x;
}

export async function digitStudy(options: DigitStudyOptions): Promise<DigitStudy> {
  const { training, pixels, watched, every, mostEpochs } = options;
  const model = digitNetwork(options.hidden, options.seed);
  const targets = scope(() => oneHot(toSamples(training).y, 10).mul(0.8).add(0.1));
  const sets = Object.entries(watched).map(([name, set]) => ({ name, labels: set.labels, x: pixelsOf(set, pixels) }));
  const study: DigitStudy = { model, epochs: [], error: Object.fromEntries(sets.map(({ name }) => [name, []])) };
  await fit(
    model,
    { x: pixelsOf(training, pixels), y: targets },
    {
      epochs: mostEpochs,
      batchSize: 1,
      loss: "quadratic",
      optimizer: new SGD({ learningRate: options.rate }),
      shuffle: false,
      callbacks: [
        {
          onEpochEnd({ epoch, seconds }, context) {
            if (epoch % every !== 0) return;
            study.epochs.push(epoch);
            for (const { name, labels, x } of sets) study.error[name].push(errorRatio(model, x, labels));
            const found = sets.map(({ name }) => `${name} ${study.error[name].at(-1)?.toFixed(4)}`);
            options.log?.(`${pixels}, epoch ${epoch} (${seconds.toFixed(0)} s): error ${found.join(", ")}`);
            const by = options.stopBy === undefined ? [] : study.error[options.stopBy];
            if (by.length > 1 && by[by.length - 1] > by[by.length - 2]) context.stop();
          },
        },
      ],
    },
  );
  return study;
}

/** Share of rows whose largest output is not at the label. */
export function errorRatio(model: Sequential, x: Tensor, labels: ArrayLike<number>): number {
  const classes = scope(() => model.call(x).argmax(1).toArray()) as number[];
  return classes.filter((found, i) => found !== labels[i]).length / classes.length;
}
