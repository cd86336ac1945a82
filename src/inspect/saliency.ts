// Which inputs an answer hangs on, by gradients: of the score itself, times the input, averaged over noise, or along a path from nothing.
import { grad } from "../autograd/grad.ts";
import { finite, knownOptions, oneOf, positive, whole } from "../engine/checks.ts";
import { quote } from "../engine/quote.ts";
import type { Model } from "../nn/model.ts";
import { abs, add, mul, sub } from "../ops/arithmetic.ts";
import { sum } from "../ops/broadcast.ts";
import { cast } from "../ops/cast.ts";
import { random } from "../ops/random.ts";
import { max, min } from "../ops/reduce.ts";
import { reshape } from "../ops/views.ts";
import { checkTensor } from "../tensor/check.ts";
import { full } from "../tensor/create.ts";
import { Generator } from "../tensor/random.ts";
import { formatShape, sameShape } from "../tensor/shape.ts";
import { scope, type Tensor } from "../tensor/tensor.ts";
import {
  allAnswers,
  batchSizeOf,
  checkBatch,
  checkedScore,
  checkPictureModel,
  classesFor,
  classesOf,
  inBatches,
  type Score,
  scoreOfClasses,
  TARGET_OPTIONS,
  type TargetOptions,
} from "./inputs.ts";

/** What `saliency` takes. */
export interface SaliencyOptions extends TargetOptions {
  /** See `saliency`; default "gradient". */
  method?: "gradient" | "gradientTimesInput" | "smooth" | "integrated";
  /** For "smooth": noisy copies that are averaged; default 25. For "integrated": points on the path; default 50. */
  steps?: number;
  /** For "smooth": standard deviation of the noise, as a share of each sample's range from smallest to largest input; default 0.15. */
  noise?: number;
  /** For "smooth"; default 0. */
  seed?: number;
  /** For "integrated": where the path begins, a number or inputs [...input shape]; default 0. */
  baseline?: number | Tensor;
}

const OPTIONS = ["method", "steps", "noise", "seed", "baseline", ...TARGET_OPTIONS];

/**
 * How much each input contributes to the score S of a class, by gradients: [n, ...input shape], signed.
 *
 * - "gradient": dS/dx (Simonyan, Vedaldi & Zisserman 2014, who show its largest magnitude over the channels)
 * - "gradientTimesInput": x dS/dx (Shrikumar et al. 2016)
 * - "smooth": the mean of dS/dx over copies of x with noise N(0, (noise (max x - min x))^2) (SmoothGrad, Smilkov et al. 2017)
 * - "integrated": (x - x0) times the mean of dS/dx along the straight path from the baseline x0 to x, at the middles of its steps (Sundararajan, Taly & Yan
 *   2017): the sum over all inputs tends to S(x) - S(x0) as the steps grow
 *
 * S is the class's output before softmax or sigmoid, or what `target` and `of` say. `attributionMap` folds channels for showing.
 * @throws RangeError, TypeError for inputs that do not fit, classes that there are not, or options that the method does not take.
 * @example
 * ```ts
 * const weights = () => tensor([[2, 0], [-1, 0]]);
 * const model = new Sequential([new Dense(2, { weights, activation: "softmax" })], { inputShape: [2] });
 * const x = tensor([[3, 5]]);
 * saliency(model, x, { target: 0 }).toArray(); // [[2, -1]]
 * saliency(model, x, { target: 0, method: "gradientTimesInput" }).toArray(); // [[6, -5]]
 * ```
 */
export function saliency(model: Model, x: Tensor, options: SaliencyOptions = {}): Tensor {
  const owner = "saliency";
  checkPictureModel(owner, model);
  knownOptions(owner, options, OPTIONS);
  const method = oneOf(owner, "method", options.method ?? "gradient", [
    ...(["gradient", "gradientTimesInput", "smooth", "integrated"] as const),
  ]);
  const takers = { steps: ["smooth", "integrated"], noise: ["smooth"], seed: ["smooth"], baseline: ["integrated"] };
  for (const [name, methods] of Object.entries(takers)) {
    if (options[name as "steps"] === undefined || methods.includes(method)) continue;
    throw new TypeError(`${owner}: ${name} is for method ${methods.join(" or ")}, not for ${method}`);
  }
  const steps = whole(owner, "steps", options.steps ?? (method === "smooth" ? 25 : 50), 1);
  const noise = positive(owner, "noise", options.noise ?? 0.15);
  const generator = new Generator(options.seed ?? 0);
  return scope(() => {
    const input = checkBatch(owner, model, x);
    const scoreAt = scoresFor(owner, model, input, options);
    const baseline = baselineFor(owner, options.baseline, input);
    return inBatches(input, batchSizeOf(owner, options), (batch, start) => {
      const slope = (at: Tensor): Tensor => scope(() => gradientAt(model, at, scoreAt(start, at.shape[0]), options));
      switch (method) {
        case "gradient":
          return slope(batch);
        case "gradientTimesInput":
          return mul(batch, slope(batch));
        case "smooth": {
          const ends = batch.shape.slice(1).map((_, axis) => axis + 1);
          const spread = mul(sub(max(batch, ends, true), min(batch, ends, true)), noise);
          return meanOf(steps, () => {
            const normal = random.normal(batch.shape, 0, 1, { dtype: batch.dtype, generator });
            return slope(add(batch, mul(normal, spread)));
          });
        }
        default: {
          const way = sub(batch, baseline);
          const mean = meanOf(steps, (k) => slope(add(baseline, mul(way, (k + 0.5) / steps))));
          return mul(way, mean);
        }
      }
    });
  });
}

/** The mean of what `body` gives for 0, 1, ... */
function meanOf(count: number, body: (k: number) => Tensor): Tensor {
  let total: Tensor | null = null;
  for (let k = 0; k < count; k++) {
    const before: Tensor | null = total;
    total = scope(() => (before === null ? body(k) : add(before, body(k))));
  }
  return mul(total!, 1 / count);
}

function baselineFor(owner: string, baseline: number | Tensor | undefined, x: Tensor): Tensor {
  if (baseline === undefined || typeof baseline === "number") {
    return full([1, ...x.shape.slice(1)], finite(owner, "baseline", baseline ?? 0), x.dtype);
  }
  checkTensor(owner, baseline);
  if (!sameShape(baseline.shape, x.shape.slice(1))) {
    throw new RangeError(
      `${owner}: baseline must be a number, or one input of shape ${formatShape(x.shape.slice(1))}, got ${formatShape(baseline.shape)}`,
    );
  }
  return reshape(cast(baseline, x.dtype), [1, ...baseline.shape]);
}

/** The score of samples start to start + count - 1 (or of sample `start`, count times): the target's, or that of the classes that the model answers. */
export function scoresFor(
  owner: string,
  model: Model,
  x: Tensor,
  { target, of }: TargetOptions,
): (start: number, count: number, repeated?: boolean) => Score {
  const which = oneOf(owner, "of", of ?? "logit", ["logit", "probability"] as const);
  if (typeof target === "function") {
    const score = checkedScore(owner, target);
    return () => score;
  }
  const classes = classesOf(owner, model);
  const n = x.shape[0];
  const chosen = target === undefined ? allAnswers(model, x) : classesFor(owner, "target", target, n, classes);
  return (start, count, repeated = false) => {
    const own = repeated ? new Int32Array(count).fill(chosen[start]) : chosen.slice(start, start + count);
    return scoreOfClasses(own, which === "probability");
  };
}

function gradientAt(model: Model, x: Tensor, score: Score, { of }: TargetOptions): Tensor {
  return grad((at) => sum(score(of === "probability" ? model.call(at) : model.logits(at))))(x);
}

/** How `attributionMap` folds channels. */
export interface AttributionMapOptions {
  /**
   * "largest": the largest magnitude over the channels, as Simonyan et al. show gradients (default); "sum": their sum, which keeps the sign and the
   * total; "magnitude": the sum of magnitudes.
   */
  fold?: "largest" | "sum" | "magnitude";
}

/**
 * Attributions of pictures as one map each: [n, channels, height, width] to [n, height, width], the channels folded.
 * @throws RangeError for what has not four axes.
 * @example
 * ```ts
 * const a = tensor([[[[1, -4]], [[2, 3]]]]);
 * attributionMap(a).toArray(); // [[[2, 4]]]
 * attributionMap(a, { fold: "sum" }).toArray(); // [[[3, -1]]]
 * ```
 */
export function attributionMap(attributions: Tensor, options: AttributionMapOptions = {}): Tensor {
  const owner = "attributionMap";
  checkTensor(owner, attributions);
  knownOptions(owner, options, ["fold"]);
  const fold = oneOf(owner, "fold", options.fold ?? "largest", ["largest", "sum", "magnitude"] as const);
  if (attributions.rank !== 4) {
    throw new RangeError(
      `${owner}: attributions must be [n, channels, height, width], got ${formatShape(attributions.shape)}${attributions.rank === 2 ? `; reshape rows of pixels: reshape([${quote(attributions.shape[0])}, channels, height, width])` : ""}`,
    );
  }
  return scope(() => {
    if (fold === "sum") return sum(attributions, 1);
    return fold === "largest" ? max(abs(attributions), 1) : sum(abs(attributions), 1);
  });
}
