// How often an attack succeeds by the size that it is allowed, with noise of the same size beside it.
import { grad } from "../autograd/grad.ts";
import type { Samples } from "../data/batches.ts";
import { checkSamples } from "../data/batches.ts";
import { rowsOf, takeRows } from "../data/row-order.ts";
import { knownOptions, list, notNegative, oneOf } from "../engine/checks.ts";
import type { Model } from "../nn/model.ts";
import { tensor } from "../tensor/create.ts";
import { scope, type Tensor } from "../tensor/tensor.ts";
import { climb, type IteratedOptions, iteratedGradient, randomNoise, typedRange } from "./adversarial.ts";
import { attackLossOf } from "./attack-loss.ts";
import {
  allAnswers,
  batchSizeOf,
  checkBatch,
  checkInRange,
  checkPictureModel,
  classesFor,
  classesOf,
  rangeOf,
} from "./inputs.ts";
import { type Floats, project } from "./norms.ts";

/** What `successCurve` takes. */
export interface SuccessCurveOptions extends Omit<IteratedOptions, "epsilon" | "labels" | "target" | "stopEarly"> {
  /** The sizes that are tried, in `norm`, from 0 on. Default 0, 0.05, ... 0.3 for "inf", 0, 0.5, ... 4 for "2". */
  epsilons?: readonly number[];
  /** "fast" (default) for `fastGradient`, "iterated" for `iteratedGradient`. */
  attack?: "fast" | "iterated";
}

/** What `successCurve` gives. */
export interface SuccessCurve {
  /** The sizes tried. */
  epsilons: number[];
  /** Samples that the model answers right without any change: those that are attacked. */
  attacked: number;
  /** Of all samples. */
  samples: number;
  /** For each size, which share of the attacked is answered wrong after the attack. */
  success: number[];
  /** The same after noise of the same size: the control. */
  noise: number[];
  /** The accuracy on all samples under attack. */
  accuracy: number[];
  /** The accuracy on all samples with the noise. */
  noiseAccuracy: number[];
}

const OPTIONS = ["epsilons", "attack", "norm", "loss", "clip", "batchSize", "steps", "stepSize", "randomStart", "seed"];

/**
 * The success rate of an attack over epsilon: of the samples that the model answers right, the share that it answers wrong after the attack, and the same
 * after random noise of equal norm (`randomNoise`). Samples that are answered wrong as they are count as wrong at every size in `accuracy`.
 * @throws RangeError if there are no samples, none is answered right, or inputs lie outside of `clip`.
 * @example
 * ```ts
 * const weights = () => tensor([[1, -1], [-1, 1]]);
 * const model = new Sequential([new Dense(2, { weights, activation: "softmax" })], { inputShape: [2] });
 * const data = { x: tensor([[0.75, 0.25], [0.25, 0.375]]), y: tensor([0, 1], "int32") };
 * successCurve(model, data, { epsilons: [0, 0.125, 0.5] }).success; // [0, 0.5, 1]
 * ```
 */
export function successCurve(model: Model, data: Samples, options: SuccessCurveOptions = {}): SuccessCurve {
  const owner = "successCurve";
  checkPictureModel(owner, model);
  knownOptions(owner, options, OPTIONS);
  checkSamples(owner, data);
  const norm = oneOf(owner, "norm", options.norm ?? "inf", ["inf", "2"] as const);
  const attack = oneOf(owner, "attack", options.attack ?? "fast", ["fast", "iterated"] as const);
  const usual = norm === "inf" ? [0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3] : [0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4];
  const epsilons = [...list(owner, "epsilons", options.epsilons ?? usual)];
  if (epsilons.length === 0) throw new RangeError(`${owner}: epsilons is an empty list; give at least one size`);
  for (const epsilon of epsilons) notNegative(owner, "epsilons", epsilon);
  const { steps, stepSize, randomStart, seed, loss, clip } = options;
  const ofIteration = Object.entries({ steps, stepSize, randomStart }).find(([, value]) => value !== undefined);
  if (attack === "fast" && ofIteration !== undefined) {
    throw new TypeError(`${owner}: ${ofIteration[0]} is for attack "iterated"`);
  }
  return scope(() => {
    const x = checkBatch(owner, model, data.x);
    const n = x.shape[0];
    const labels = classesFor(owner, "y", data.y, n, classesOf(owner, model));
    checkInRange(owner, x, typedRange(rangeOf(owner, clip), x));
    const answers = allAnswers(model, x);
    const right = Array.from(labels, (_, i) => i).filter((i) => answers[i] === labels[i]);
    if (right.length === 0) {
      throw new RangeError(`${owner}: the model answers none of the ${n} samples right; there is nothing to attack`);
    }
    const attacked = takeRows(x, tensor(right, "int32"));
    const classes = Int32Array.from(right, (i) => labels[i]);
    const wrongIn = (changed: Tensor): number => {
      let wrong = 0;
      allAnswers(model, changed).forEach((answer, i) => {
        if (answer !== classes[i]) wrong += 1;
      });
      return wrong / right.length;
    };
    const common = { norm, ...(clip !== undefined && { clip }) };
    const own = { ...common, loss, batchSize: options.batchSize };
    const slopes = attack === "fast" ? slopesOf(owner, model, attacked, classes, options) : null;
    const attackBy = (epsilon: number): number =>
      scope(() => {
        if (slopes !== null) {
          const values = attacked.dataSync() as Floats;
          const from = values.slice() as Floats;
          const size = attacked.size / right.length;
          climb(values, slopes, size, epsilon, norm);
          project(values, from, size, epsilon, norm, typedRange(rangeOf(owner, clip), attacked));
          return wrongIn(tensor(values, { shape: attacked.shape }));
        }
        const iterated = { steps, stepSize, randomStart, seed };
        const given = Object.fromEntries(
          Object.entries({ ...own, ...iterated }).filter(([, value]) => value !== undefined),
        );
        return wrongIn(iteratedGradient(model, attacked, { ...given, epsilon, labels: [...classes] }).x);
      });
    const success = epsilons.map(attackBy);
    const noise = epsilons.map((epsilon) =>
      scope(() => wrongIn(randomNoise(attacked, { ...common, epsilon, ...(seed !== undefined && { seed }) }))),
    );
    const share = right.length / n;
    return {
      ...{ epsilons, attacked: right.length, samples: n, success, noise },
      accuracy: success.map((wrong) => share * (1 - wrong)),
      noiseAccuracy: noise.map((wrong) => share * (1 - wrong)),
    };
  });
}

/** The loss's gradient by every sample: of the fast method it is the same for all sizes. */
function slopesOf(owner: string, model: Model, x: Tensor, classes: Int32Array, options: SuccessCurveOptions): Floats {
  const loss = attackLossOf(owner, model, options.loss);
  const size = batchSizeOf(owner, options);
  const all = x.dataSync() as Floats;
  const n = x.shape[0];
  const each = all.length / n;
  for (let start = 0; start < n; start += size) {
    const stop = Math.min(n, start + size);
    scope(() => {
      const own = classes.slice(start, stop);
      all.set(grad((at) => loss(at, own))(rowsOf(x, start, stop)).dataSync() as Floats, start * each);
    });
  }
  return all;
}
