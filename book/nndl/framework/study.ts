// The networks of Nielsen's book on the framework: one function trains what network.py and network2.py train, and records the same four curves.
import {
  Dense,
  Dropout,
  evaluate,
  fit,
  type InitialiserName,
  type Layer,
  type Optimizer,
  Sequential,
  SGD,
  scope,
} from "nabla";
import { type DigitSet, toSamples } from "../../mnist.ts";

export type Cost = "quadratic" | "crossEntropy" | "logLikelihood";

export interface StudyOptions {
  /** Units of each layer, inputs and outputs included: `[784, 30, 10]`. */
  readonly sizes: readonly number[];
  /** "logLikelihood" has softmax outputs, the others sigmoid ones. */
  readonly cost: Cost;
  /**
   * "scaled": weights N(0, 1/inputs), biases N(0, 1), network2's default. "normal": N(0, 1) for both, network.py's only
   * one and network2's `large_weight_initializer`.
   */
  readonly weights: "scaled" | "normal" | InitialiserName;
  /** Default: N(0, 1) with the two above, 0 with initialisers by name. */
  readonly biases?: "normal" | "zeros";
  /** Of the hidden layers; default sigmoid. */
  readonly activation?: "sigmoid" | "tanh" | "relu";
  readonly training: DigitSet;
  readonly epochs: number;
  /** Default 10. */
  readonly batchSize?: number;
  /** The learning rate; the optimiser is plain gradient descent unless `optimizer` makes another. */
  readonly eta: number;
  readonly optimizer?: (options: { learningRate: number; weightDecay: number; l1: number }) => Optimizer;
  /** L2, as in the book: cost + lambda / 2n * sum of squared weights. */
  readonly lambda?: number;
  /** L1, as in the book: cost + l1 / n * sum of absolute weights. */
  readonly l1?: number;
  /** Share of each hidden layer's outputs that is left out in training. */
  readonly dropout?: number;
  readonly seed: number;
  /** Sets whose accuracy and cost are recorded after every epoch (every `every` epochs), by name. */
  readonly monitor?: Readonly<Record<string, DigitSet>>;
  readonly every?: number;
  /** After every epoch that was recorded; `true` ends training. May change `optimizer.learningRate`. */
  readonly onEpoch?: (study: Study) => boolean | undefined;
}

export interface Study {
  readonly model: Sequential;
  readonly optimizer: Optimizer;
  /** The epochs that were recorded, from 1. */
  readonly epochs: number[];
  /** Share right, 0 to 1, by set and recorded epoch. */
  readonly accuracy: Record<string, number[]>;
  /** The cost with its L2 term, as network2's `total_cost`: the term is divided by the size of the set that is measured. */
  readonly cost: Record<string, number[]>;
  /** The cost without that term: what networks of different lambda are compared by. */
  readonly loss: Record<string, number[]>;
}

/** Trains a network and records its curves. Same options, same bits. */
export async function study(options: StudyOptions): Promise<Study> {
  const { training, monitor = {}, every = 1, eta, lambda = 0, l1 = 0 } = options;
  const model = buildNetwork(options);
  const settings = { learningRate: eta, weightDecay: lambda / training.count, l1: l1 / training.count };
  const optimizer = options.optimizer?.(settings) ?? new SGD(settings);
  const loss = lossNameOf(options.cost);
  const sets = Object.entries(monitor).map(([name, set]) => ({ name, count: set.count, samples: toSamples(set) }));
  const byName = (): Record<string, number[]> => Object.fromEntries(sets.map(({ name }) => [name, []]));
  const result: Study = { model, optimizer, epochs: [], accuracy: byName(), cost: byName(), loss: byName() };
  await fit(model, toSamples(training), {
    epochs: options.epochs,
    batchSize: options.batchSize ?? 10,
    loss,
    optimizer,
    seed: options.seed,
    callbacks: [
      {
        onEpochEnd({ epoch }, context) {
          if (epoch % every !== 0 && epoch !== options.epochs) return;
          result.epochs.push(epoch);
          const penalty = lambda === 0 ? 0 : (lambda / 2) * squaredWeights(model);
          for (const { name, count, samples } of sets) {
            const measured = evaluate(model, samples, { loss });
            result.accuracy[name].push(measured.accuracy);
            result.cost[name].push(measured.loss + penalty / count);
            result.loss[name].push(measured.loss);
          }
          if (options.onEpoch?.(result) === true) context.stop();
        },
      },
    ],
  });
  return result;
}

export function lossNameOf(cost: Cost): "quadratic" | "crossEntropy" | "softmaxCrossEntropy" {
  return cost === "logLikelihood" ? "softmaxCrossEntropy" : cost;
}

/** The network alone, untrained. */
export function buildNetwork(
  options: Pick<StudyOptions, "sizes" | "cost" | "weights" | "biases" | "activation" | "dropout" | "seed">,
): Sequential {
  const { sizes, weights, activation = "sigmoid", dropout = 0, cost } = options;
  const last = cost === "logLikelihood" ? "softmax" : "sigmoid";
  const bias = options.biases ?? (weights === "scaled" || weights === "normal" ? "normal" : "zeros");
  const layers = sizes.slice(1).flatMap((units, i): Layer[] => {
    const output = i === sizes.length - 2;
    const dense = new Dense(units, { activation: output ? last : activation, weights, bias });
    return output || dropout === 0 ? [dense] : [dense, new Dropout(dropout)];
  });
  return new Sequential(layers, { inputShape: [sizes[0]], seed: options.seed });
}

/** Sum of the squares of all weights, biases left out. */
export function squaredWeights(model: Sequential): number {
  return scope(() =>
    model.parameters
      .filter(({ options }) => options.decay)
      .reduce((sum, { tensor }) => sum + tensor.square().sum().item(), 0),
  );
}
