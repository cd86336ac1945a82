// How weights, gradients and activations are spread, layer by layer: whether they vanish, explode or saturate.
import { GradientTape } from "../autograd/grad.ts";
import { checkSamples, type Samples } from "../data/batches.ts";
import { knownOptions, whole } from "../engine/checks.ts";
import { quote } from "../engine/quote.ts";
import { type Batches, checkModel, type Model } from "../nn/model.ts";
import { checkTensor } from "../tensor/check.ts";
import { scope, type Tensor } from "../tensor/tensor.ts";
import { type AttackLoss, attackLossOf } from "./attack-loss.ts";
import { checkBatch, checkPictureModel, classesFor, classesOf } from "./inputs.ts";
import { layerOutputs } from "./layer-outputs.ts";

/** How many bars. */
export interface DistributionOptions {
  /** Bars of equal width from the smallest to the largest number; default 40. */
  bins?: number;
}

/** How the numbers of a parameter, of its gradient, or of a layer's outputs are spread. */
export interface Distribution {
  /** The parameter's name, or the layer's. */
  name: string;
  /** How many numbers. */
  count: number;
  /** Of them NaN or infinite; the others are what the following speak of. */
  nonFinite: number;
  /** NaN where there is no finite number; so the others. */
  mean: number;
  /** Standard deviation, of all the numbers there are. */
  deviation: number;
  /** Smallest. */
  smallest: number;
  /** Largest. */
  largest: number;
  /** The root of the sum of squares. */
  norm: number;
  /** Which share is exactly 0. */
  zeros: number;
  /** Ends of the bars, ascending: one more than there are bars. */
  edges: number[];
  /** How many numbers lie in each. */
  counts: number[];
}

/**
 * How numbers are spread: count, mean, deviation, range, share of zeros and a histogram.
 * @throws RangeError for fewer than one bar.
 * @example
 * ```ts
 * const { mean: middle, deviation, zeros: none, counts } = distributionOf("x", tensor([0, 1, 2, 5]), { bins: 5 });
 * [middle, deviation, none, counts]; // [2, 1.8708286933869707, 0.25, [1, 1, 1, 0, 1]]
 * ```
 */
export function distributionOf(name: string, x: Tensor, options: DistributionOptions = {}): Distribution {
  const owner = "distributionOf";
  if (typeof name !== "string") throw new TypeError(`${owner}: the name must be a string, got ${quote(name)}`);
  checkTensor(owner, x);
  knownOptions(owner, options, ["bins"]);
  const bins = whole(owner, "bins", options.bins ?? 40, 1);
  if (bins > 10_000) throw new RangeError(`${owner}: bins must be at most 10000, got ${bins}`);
  const values = x.dataSync();
  let [count, sum, zeros, smallest, largest] = [0, 0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const given of values) {
    const value = Number(given);
    if (!Number.isFinite(value)) continue;
    count += 1;
    sum += value;
    if (value === 0) zeros += 1;
    if (value < smallest) smallest = value;
    if (value > largest) largest = value;
  }
  const nonFinite = values.length - count;
  if (count === 0) {
    const none = Number.NaN;
    const nothing = { mean: none, deviation: none, smallest: none, largest: none, norm: none, zeros: none };
    return { name, count: values.length, nonFinite, ...nothing, edges: [], counts: [] };
  }
  const mean = sum / count;
  // All alike: one bar about them, as wide as a number needs to be seen.
  const margin = smallest === largest ? Math.max(Math.abs(smallest) * 0.01, 1e-6) : 0;
  const [low, high] = [smallest - margin, largest + margin];
  const counts = new Array<number>(bins).fill(0);
  let [squares, deviations] = [0, 0];
  for (const given of values) {
    const value = Number(given);
    if (!Number.isFinite(value)) continue;
    squares += value * value;
    deviations += (value - mean) ** 2;
    counts[Math.min(bins - 1, Math.floor(((value - low) / (high - low)) * bins))] += 1;
  }
  return {
    ...{ name, count: values.length, nonFinite, mean, smallest, largest },
    deviation: Math.sqrt(deviations / count),
    norm: Math.sqrt(squares),
    zeros: zeros / count,
    edges: Array.from({ length: bins + 1 }, (_, i) => low + ((high - low) * i) / bins),
    counts,
  };
}

/**
 * How the values of each parameter are spread.
 * @example
 * ```ts
 * const model = new Sequential([new Dense(2, { weights: "ones" })], { inputShape: [3] });
 * weightDistributions(model).map(({ name, mean: middle }) => [name, middle]); // [["0.dense.weights", 1], ["0.dense.bias", 0]]
 * ```
 */
export function weightDistributions(model: Model, options: DistributionOptions = {}): Distribution[] {
  checkModel("weightDistributions", model);
  knownOptions("weightDistributions", options, ["bins"]);
  return model.named.map(({ name, parameter }) => distributionOf(name, parameter.tensor, options));
}

/** What `gradientDistributions` takes. */
export interface GradientDistributionOptions extends DistributionOptions {
  /** As of `fastGradient`; default: the cross-entropy that fits the last layer. */
  loss?: AttackLoss;
}

/**
 * How the gradient of the loss by each trainable parameter is spread, for a batch: layers whose gradients are much smaller than those behind them learn
 * slowly (Nielsen, chapter 5). The model's own gradients stay as they are.
 * @throws as `fastGradient`.
 * @example
 * ```ts
 * const model = new Sequential([new Dense(2, { weights: "zeros", activation: "softmax" })], { inputShape: [1] });
 * const [weights] = gradientDistributions(model, { x: tensor([[2]]), y: tensor([1], "int32") });
 * [weights.smallest, weights.largest]; // [-1, 1]
 * ```
 */
export function gradientDistributions(
  model: Model,
  data: Samples,
  options: GradientDistributionOptions = {},
): Distribution[] {
  const owner = "gradientDistributions";
  checkPictureModel(owner, model);
  knownOptions(owner, options, ["bins", "loss"]);
  const n = checkSamples(owner, data);
  const bins = options.bins === undefined ? {} : { bins: options.bins };
  return scope(() => {
    const x = checkBatch(owner, model, data.x);
    const labels = classesFor(owner, "y", data.y, n, classesOf(owner, model));
    const loss = attackLossOf(owner, model, options.loss);
    const learning = model.named.filter(({ parameter }) => parameter.trainable);
    const variables = learning.map(({ parameter }) => parameter.tensor);
    const tape = new GradientTape();
    const value = tape.record(variables, () => loss(x, labels));
    return tape.gradient(value, variables).map((gradient, i) => distributionOf(learning[i].name, gradient, bins));
  });
}

/** What `activationDistributions` takes. */
export interface ActivationDistributionOptions extends DistributionOptions {
  /** Names of layers; default all. */
  layers?: string | readonly string[];
  /** Samples at a time; default 100. */
  batchSize?: number;
}

/**
 * How the outputs of each layer are spread, for a batch.
 * @throws RangeError for a layer that there is not, or inputs that do not fit.
 * @example
 * ```ts
 * const weights = () => tensor([[1, -1]]);
 * const model = new Sequential([new Dense(2, { weights, activation: "relu" })], { inputShape: [1] });
 * const [{ name, zeros: none }] = activationDistributions(model, tensor([[1], [2]]));
 * [name, none]; // ["0.dense", 0.5]
 * ```
 */
export function activationDistributions(
  model: Model,
  x: Batches,
  options: ActivationDistributionOptions = {},
): Distribution[] {
  const owner = "activationDistributions";
  knownOptions(owner, options, ["bins", "layers", "batchSize"]);
  const { bins, ...rest } = options;
  return scope(() =>
    layerOutputs(model, x, rest).map(({ layer, output }) =>
      distributionOf(layer, output, bins === undefined ? {} : { bins }),
    ),
  );
}
