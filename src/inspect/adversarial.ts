// Pictures changed a little so that a model answers something else, and noise of the same size beside them.
import { grad } from "../autograd/grad.ts";
import { finite, flag, instance, knownOptions, notNegative, oneOf, positive, whole } from "../engine/checks.ts";
import type { Model } from "../nn/model.ts";
import { checkTensor } from "../tensor/check.ts";
import { tensor } from "../tensor/create.ts";
import { formatShape, sameShape } from "../tensor/shape.ts";
import { scope, Tensor } from "../tensor/tensor.ts";
import { type AttackLoss, attackLossOf, type LossOfClasses, towards } from "./attack-loss.ts";
import {
  allAnswers,
  batchSizeOf,
  type Classes,
  checkBatch,
  checkInRange,
  checkPictureModel,
  classesFor,
  classesOf,
  rangeOf,
} from "./inputs.ts";
import { addNoise, distance, type Floats, type PerturbationNorm, project, type Range, randomPlace } from "./norms.ts";

/** What every attack takes. */
export interface AttackOptions {
  /** How far inputs may be moved, in `norm`. */
  epsilon: number;
  /** "inf" (default): no input by more than epsilon. "2": the root of the sum of squares of a sample's changes is at most epsilon. */
  norm?: PerturbationNorm;
  /** The true classes, to lead away from; default: what the model answers. */
  labels?: Classes;
  /** The classes to lead to, in place of away from `labels`. */
  target?: Classes;
  /**
   * What is climbed: a loss as `fit` takes, or "margin", by how much another class's output before the activation is above the class's own, whose
   * gradient does not vanish where the model is sure (Carlini & Wagner 2017). Default: cross-entropy, of softmax or of sigmoid outputs.
   */
  loss?: AttackLoss;
  /** The range that inputs stay in; null for none. Default [0, 1]. */
  clip?: readonly [lowest: number, highest: number] | null;
  /** Samples at a time; default 100. */
  batchSize?: number;
}

/** What an attack gives. */
export interface Attack {
  /** The changed inputs, [n, ...input shape]. */
  x: Tensor;
  /** What was added to each, by its norm. */
  sizes: number[];
  /** The model's answers before. */
  before: number[];
  /** The model's answers now. */
  after: number[];
  /** Whether the answer is another than the label, or for targeted attacks the target. */
  success: boolean[];
}

const ATTACK_OPTIONS = ["epsilon", "norm", "labels", "target", "loss", "clip", "batchSize"];

/** An attack's options, looked at. */
interface Plan {
  model: Model;
  x: Tensor;
  epsilon: number;
  norm: PerturbationNorm;
  /** Labels to leave, or classes to reach. */
  classes: Int32Array;
  targeted: boolean;
  /** What is climbed. */
  loss: LossOfClasses;
  range: Range;
  batchSize: number;
  before: Int32Array;
}

function planOf(owner: string, model: Model, x: Tensor, options: AttackOptions): Plan {
  const epsilon = notNegative(owner, "epsilon", options.epsilon);
  const norm = oneOf(owner, "norm", options.norm ?? "inf", ["inf", "2"] as const);
  const batchSize = batchSizeOf(owner, options);
  const input = checkBatch(owner, model, x);
  const range = typedRange(rangeOf(owner, options.clip), input);
  checkInRange(owner, input, range);
  const { labels, target } = options;
  if (labels !== undefined && target !== undefined) {
    throw new TypeError(`${owner}: labels are led away from, target is led to; give one of them`);
  }
  const loss = attackLossOf(owner, model, options.loss);
  const before = allAnswers(model, input);
  const n = input.shape[0];
  const count = classesOf(owner, model);
  const targeted = target !== undefined;
  const classes = targeted
    ? classesFor(owner, "target", target, n, count)
    : labels === undefined
      ? before
      : classesFor(owner, "labels", labels, n, count);
  return {
    ...{ model, x: input, epsilon, norm, classes, targeted, range, batchSize, before },
    loss: targeted ? towards(loss) : loss,
  };
}

/** The range as numbers of the inputs' type. */
export function typedRange(range: Range, x: Tensor): Range {
  if (range === null || x.dtype === "float64") return range;
  return [Math.fround(range[0]), Math.fround(range[1])];
}

/** What comes of an attack that has made these inputs. */
function outcomeOf(plan: Plan, values: Floats): Attack {
  const { model, x, norm, classes, targeted, before } = plan;
  const changed = tensor(values, { shape: x.shape });
  const after = allAnswers(model, changed);
  const from = x.dataSync() as Floats;
  const size = x.size / x.shape[0];
  return {
    x: changed,
    sizes: Array.from(before, (_, i) => distance(values, from, norm, i * size, (i + 1) * size)),
    before: [...before],
    after: [...after],
    success: Array.from(after, (answer, i) => (answer === classes[i]) === targeted),
  };
}

/** Runs `body` for the samples of each batch; it changes them where they lie. */
function eachBatch(
  plan: Plan,
  body: (batch: { values: Floats; from: Floats; shape: readonly number[]; classes: Int32Array; start: number }) => void,
): Floats {
  const { x, classes, batchSize } = plan;
  const n = x.shape[0];
  const from = x.dataSync() as Floats;
  const all = from.slice() as Floats;
  const size = x.size / n;
  for (let start = 0; start < n; start += batchSize) {
    const stop = Math.min(n, start + batchSize);
    const cut = <T extends Floats>(values: T): T => values.subarray(start * size, stop * size) as T;
    scope(() =>
      body({
        values: cut(all),
        from: cut(from),
        shape: [stop - start, ...x.shape.slice(1)],
        classes: classes.slice(start, stop),
        start,
      }),
    );
  }
  return all;
}

/** The gradient of the loss by the inputs. */
function gradientOf(loss: LossOfClasses, values: Floats, shape: readonly number[], classes: Int32Array): Floats {
  return scope(() => grad((x) => loss(x, classes))(tensor(values, { shape: [...shape] })).dataSync() as Floats);
}

/** Moves each sample by `length` along its gradient: by its signs, or in its direction. */
export function climb(values: Floats, gradient: Floats, size: number, length: number, norm: PerturbationNorm): void {
  for (let start = 0; start < values.length; start += size) {
    let scale = length;
    if (norm === "2") {
      let sum = 0;
      for (let i = start; i < start + size; i++) sum += gradient[i] ** 2;
      scale = sum > 0 ? length / Math.sqrt(sum) : 0;
    }
    for (let i = start; i < start + size; i++) {
      values[i] += scale * (norm === "inf" ? Math.sign(gradient[i]) : gradient[i]);
    }
  }
}

/**
 * The fast gradient method (Goodfellow, Shlens & Szegedy 2015): one step of epsilon up the loss of the label, x' = clip(x + epsilon sign(dL/dx)); in the
 * norm "2" along the gradient itself, x' = clip(x + epsilon g / |g|). With `target` one step down the loss of that class. The result lies within epsilon
 * of x exactly, also as float32 numbers.
 *
 * Where the loss's gradient is 0, as that of a softmax that has rounded to 1, nothing moves: `loss: "margin"` has one there, too.
 * @throws RangeError if x does not fit the model or `clip`, or for classes that there are not; TypeError if no loss follows from the model.
 * @example
 * ```ts
 * const weights = () => tensor([[1, -1], [-1, 1]]);
 * const model = new Sequential([new Dense(2, { weights, activation: "softmax" })], { inputShape: [2] });
 * const { x, before, after } = fastGradient(model, tensor([[0.5, 0.25]]), { epsilon: 0.25 });
 * [x.toArray(), before, after]; // [[[0.25, 0.5]], [0], [1]]
 * ```
 */
export function fastGradient(model: Model, x: Tensor, options: AttackOptions): Attack {
  const owner = "fastGradient";
  checkPictureModel(owner, model);
  knownOptions(owner, options, ATTACK_OPTIONS);
  return scope(() => {
    const plan = planOf(owner, model, x, options);
    const { loss, epsilon, norm, range } = plan;
    const values = eachBatch(plan, ({ values: own, from, shape, classes }) => {
      const size = own.length / shape[0];
      climb(own, gradientOf(loss, own, shape, classes), size, epsilon, norm);
      project(own, from, size, epsilon, norm, range);
    });
    return outcomeOf(plan, values);
  });
}

/** What `iteratedGradient` takes. */
export interface IteratedOptions extends AttackOptions {
  /** Steps; default 20. */
  steps?: number;
  /** Length of a step in `norm`; default 2.5 epsilon / steps, which reaches every place of the ball. */
  stepSize?: number;
  /** Begin at a random place of the ball (Madry et al. 2018) in place of x; default false. */
  randomStart?: boolean;
  /** Of the random start; default 0. */
  seed?: number;
  /** Leave a sample as it is once its answer is what is wanted, so that changes are small; default false. */
  stopEarly?: boolean;
}

/**
 * The iterated, projected gradient method (Kurakin, Goodfellow & Bengio 2017; with `randomStart` that of Madry et al. 2018): `steps` times a step up the
 * loss as `fastGradient` makes, each followed by a projection onto the ball of radius epsilon about x and into `clip`. Stronger than one step, at `steps`
 * times its cost.
 * @throws RangeError, TypeError as `fastGradient`.
 * @example
 * ```ts
 * const weights = () => tensor([[1, -1], [-1, 1]]);
 * const model = new Sequential([new Dense(2, { weights, activation: "softmax" })], { inputShape: [2] });
 * const { sizes, success } = iteratedGradient(model, tensor([[0.75, 0.25]]), { epsilon: 0.5, norm: "2", target: 1 });
 * [sizes[0] <= 0.5, success]; // [true, [true]]
 * ```
 */
export function iteratedGradient(model: Model, x: Tensor, options: IteratedOptions): Attack {
  const owner = "iteratedGradient";
  checkPictureModel(owner, model);
  knownOptions(owner, options, [...ATTACK_OPTIONS, "steps", "stepSize", "randomStart", "seed", "stopEarly"]);
  return scope(() => {
    const plan = planOf(owner, model, x, options);
    const { loss, epsilon, norm, range, targeted } = plan;
    const steps = whole(owner, "steps", options.steps ?? 20, 1);
    const stepSize =
      options.stepSize === undefined ? (2.5 * epsilon) / steps : positive(owner, "stepSize", options.stepSize);
    const randomStart = flag(owner, "randomStart", options.randomStart ?? false);
    const stopEarly = flag(owner, "stopEarly", options.stopEarly ?? false);
    const seed = whole(owner, "seed", options.seed ?? 0, 0);
    const values = eachBatch(plan, ({ values: own, from, shape, classes, start }) => {
      const size = own.length / shape[0];
      if (randomStart) {
        own.set(randomPlace(from, size, epsilon, norm, range, seed, start));
      }
      const done = new Uint8Array(shape[0]);
      for (let step = 0; step < steps; step++) {
        if (stopEarly) {
          const answers = allAnswers(model, tensor(own, { shape: [...shape] }));
          answers.forEach((answer, i) => {
            if ((answer === classes[i]) === targeted) done[i] = 1;
          });
          if (done.every((each) => each === 1)) break;
        }
        const gradient = gradientOf(loss, own, shape, classes);
        for (let i = 0; i < done.length; i++) if (done[i] === 1) gradient.fill(0, i * size, (i + 1) * size);
        climb(own, gradient, size, stepSize, norm);
        project(own, from, size, epsilon, norm, range);
      }
    });
    return outcomeOf(plan, values);
  });
}

/** What `randomNoise` takes. */
export interface NoiseOptions {
  /** How far inputs are moved, in `norm`; or a changed x, whose changes' sizes are to be equalled sample by sample. */
  epsilon: number | Tensor;
  /** See `AttackOptions`. */
  norm?: PerturbationNorm;
  /** See `AttackOptions`. */
  clip?: readonly [lowest: number, highest: number] | null;
  /** Default 0. */
  seed?: number;
}

/**
 * The control of an attack: x with noise of the same norm. "inf": every input moves by epsilon, up or down by chance, and where `clip` does not let it, the
 * other way: no attack within epsilon is larger in either norm. "2": a direction of chance, of which what `clip` leaves has length epsilon. The same
 * seed gives the same noise.
 * @throws RangeError if x lies outside of `clip`, or epsilon is a tensor of another shape.
 * @example
 * ```ts
 * const x = fullLike(zeros([1, 100]), 0.5);
 * const noisy = randomNoise(x, { epsilon: 0.25 });
 * noisy.sub(x).abs().min().item(); // 0.25
 * ```
 */
export function randomNoise(x: Tensor, options: NoiseOptions): Tensor {
  const owner = "randomNoise";
  checkTensor(owner, x);
  knownOptions(owner, options, ["epsilon", "norm", "clip", "seed"]);
  const norm = oneOf(owner, "norm", options.norm ?? "inf", ["inf", "2"] as const);
  const seed = whole(owner, "seed", options.seed ?? 0, 0);
  const { epsilon } = options;
  if (x.rank === 0 || x.size === 0)
    throw new RangeError(`${owner}: x must be a batch [n, ...] with at least one sample, got ${formatShape(x.shape)}`);
  if (x.dtype !== "float32" && x.dtype !== "float64")
    throw new TypeError(`${owner}: x must be float32 or float64, got ${x.dtype}`);
  const range = typedRange(rangeOf(owner, options.clip), x);
  checkInRange(owner, x, range);
  const values = x.dataSync() as Floats;
  const size = x.size / x.shape[0];
  let radius: number | number[];
  if (typeof epsilon === "number") radius = notNegative(owner, "epsilon", epsilon);
  else {
    instance(owner, "epsilon", epsilon, Tensor, "a number, or the changed inputs as a tensor");
    if (!sameShape(epsilon.shape, x.shape)) {
      throw new RangeError(`${owner}: epsilon has shape ${formatShape(epsilon.shape)}, and x ${formatShape(x.shape)}`);
    }
    const changed = epsilon.dataSync() as Floats;
    radius = Array.from({ length: x.shape[0] }, (_, i) =>
      finite(owner, "epsilon", distance(changed, values, norm, i * size, (i + 1) * size)),
    );
  }
  return tensor(addNoise(values, size, radius, norm, range, seed), { shape: x.shape });
}
