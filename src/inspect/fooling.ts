// Inputs that a model is sure of and that show nothing: ascent from noise.
import { grad } from "../autograd/grad.ts";
import { philoxStream } from "../data/philox.ts";
import { knownOptions, notNegative, positive, share, whole } from "../engine/checks.ts";
import { quote } from "../engine/quote.ts";
import type { Model } from "../nn/model.ts";
import { fixedShape } from "../nn/shapes.ts";
import { add, mul, square, sub } from "../ops/arithmetic.ts";
import { sum } from "../ops/broadcast.ts";
import { roll } from "../ops/join.ts";
import { slice } from "../ops/slices.ts";
import { softmax } from "../ops/softmax.ts";
import { reshape } from "../ops/views.ts";
import { tensor } from "../tensor/create.ts";
import { formatShape, sizeOf } from "../tensor/shape.ts";
import { scope, type Tensor } from "../tensor/tensor.ts";
import { inRows } from "../train/predicted-classes.ts";
import { typedRange } from "./adversarial.ts";
import { type AttackLoss, attackLossOf, towards } from "./attack-loss.ts";
import { pictureOf } from "./filters.ts";
import {
  type Classes,
  checkBatch,
  checkInRange,
  checkPictureModel,
  classesFor,
  classesOf,
  outputsOf,
  rangeOf,
} from "./inputs.ts";
import type { Floats } from "./norms.ts";

/** What `foolingImages` takes beside the class. */
export interface FoolingOptions {
  /** How many, for one class; default 1. For a list of classes one each. */
  count?: number;
  /** Where they begin: inputs [count, ...input shape]; default uniform noise over `clip` (over [0, 1] without). */
  start?: Tensor;
  /** Most steps; default 200. */
  steps?: number;
  /** Length of a step: its root mean square over the inputs; default 0.05. */
  stepSize?: number;
  /** An image is done when the model gives its class this probability; default 0.99. 0: all steps are made. */
  confidence?: number;
  /** The loss that falls; default as `fastGradient` has it. "margin" does not come to rest where the model is sure. */
  loss?: AttackLoss;
  /** lambda of a penalty (lambda / 2) sum of x^2 on large inputs (Simonyan et al. 2014); default 0. */
  l2?: number;
  /** lambda of a penalty lambda sum of (x[i+1] - x[i])^2 on differences of neighbours, so that images become smooth (Mahendran & Vedaldi 2015); default 0. */
  smoothness?: number;
  /** The gradient is taken for images that are moved by up to so many pixels, another way each step: what holds only at one place does not grow. Default 0. */
  jitter?: number;
  /** The range that inputs stay in; null for none. Default [0, 1]. */
  clip?: readonly [lowest: number, highest: number] | null;
  /** Of noise and jitter; default 0. */
  seed?: number;
}

/** What `foolingImages` gives. */
export interface FoolingImages {
  /** [count, ...input shape]. */
  x: Tensor;
  /** The class each was made for. */
  classes: number[];
  /** The probability that the model gives that class. */
  confidence: number[];
  /** Steps that each took. */
  steps: number[];
}

const OPTIONS = [
  "count",
  "start",
  "steps",
  "stepSize",
  "confidence",
  "loss",
  "l2",
  "smoothness",
  "jitter",
  "clip",
  "seed",
];

/**
 * Fooling images (Nguyen, Yosinski & Clune 2015; by gradients Simonyan, Vedaldi & Zisserman 2014): from noise, steps up the probability of a class,
 * x <- clip(x + stepSize g / rms(g)), g the gradient of ln p[class] less the penalties, until the model is sure. What is seen in the result is, mostly,
 * nothing. With `smoothness`, `l2` and `jitter` it becomes what the model takes for typical of the class.
 * @throws RangeError for classes that there are not, or a start that does not fit.
 * @example
 * ```ts
 * const model = new Sequential([new Dense(2, { weights: () => eye(2).mul(9), activation: "softmax" })], { inputShape: [2] });
 * const { confidence } = foolingImages(model, [0, 1], { seed: 1 });
 * confidence.every((p) => p >= 0.99); // true
 * ```
 */
export function foolingImages(model: Model, classes: Classes, options: FoolingOptions = {}): FoolingImages {
  const owner = "foolingImages";
  checkPictureModel(owner, model);
  knownOptions(owner, options, OPTIONS);
  const isOne = typeof classes === "number";
  if (!isOne && options.count !== undefined)
    throw new TypeError(`${owner}: count is for one class; of a list there is one image each`);
  const listed = isOne ? whole(owner, "count", options.count ?? 1, 1) : ((classes as { length?: number })?.length ?? 0);
  if (listed === 0) throw new RangeError(`${owner}: needs at least one class, got ${quote(classes)}`);
  const chosen = classesFor(owner, "classes", classes, listed, classesOf(owner, model));
  const steps = whole(owner, "steps", options.steps ?? 200, 1);
  const stepSize = positive(owner, "stepSize", options.stepSize ?? 0.05);
  const confidence = share(owner, "confidence", options.confidence ?? 0.99);
  const l2 = notNegative(owner, "l2", options.l2 ?? 0);
  const smoothness = notNegative(owner, "smoothness", options.smoothness ?? 0);
  const jitter = whole(owner, "jitter", options.jitter ?? 0, 0);
  const seed = whole(owner, "seed", options.seed ?? 0, 0);
  const loss = towards(attackLossOf(owner, model, options.loss));
  const shape = fixedShape(owner, model.inputs[0].shape);
  const size = sizeOf(shape);
  const picture = pictureOf(model);
  if ((jitter > 0 || smoothness > 0) && picture === undefined) {
    throw new RangeError(
      `${owner}: smoothness and jitter are for pictures [channels, height, width], and the inputs have shape ${formatShape(shape)}`,
    );
  }
  return scope(() => {
    const range = rangeOf(owner, options.clip);
    const stream = philoxStream(seed);
    let start: Tensor;
    if (options.start === undefined) {
      const [low, high] = range ?? [0, 1];
      const noise = Array.from({ length: listed }, (_, i) => {
        stream.seek(i, 0);
        return Array.from({ length: size }, () => low + (high - low) * stream.uniform());
      });
      start = tensor(Float64Array.from(noise.flat()), { shape: [listed, ...shape], dtype: model.dtype as "float32" });
    } else {
      start = checkBatch(owner, model, options.start);
      if (start.shape[0] !== listed) {
        throw new RangeError(`${owner}: start holds ${start.shape[0]} images, and there are ${listed} to make`);
      }
    }
    const bounds = typedRange(range, start);
    checkInRange(owner, start, bounds);
    const values = start.dataSync() as Floats;
    const taken = new Array<number>(listed).fill(steps);
    const done = new Uint8Array(listed);
    stream.seek(0, 2);
    const move = (): number => stream.below(2 * jitter + 1) - jitter;
    for (let step = 0; step <= steps; step++) {
      if (confidence > 0) {
        probabilitiesOf(owner, model, tensor(values, { shape: start.shape }), chosen).forEach((p, i) => {
          if (done[i] === 1 || p < confidence) return;
          done[i] = 1;
          taken[i] = step;
        });
      }
      if (step === steps || done.every((each) => each === 1)) break;
      const shift: [number, number] = jitter > 0 ? [move(), move()] : [0, 0];
      const gradient = scope(() => {
        const objective = (x: Tensor): Tensor => {
          const gain = loss(jitter > 0 ? moved(x, picture!, shift) : x, chosen);
          return sub(gain, mul(penaltyOf(x, picture, l2, smoothness), 1 / listed));
        };
        // Losses are means over the images; each is to have its own.
        return mul(grad(objective)(tensor(values, { shape: start.shape })), listed).dataSync() as Floats;
      });
      for (let i = 0; i < listed; i++) {
        if (done[i] === 1) continue;
        let sumOfSquares = 0;
        for (let k = i * size; k < (i + 1) * size; k++) sumOfSquares += gradient[k] ** 2;
        const factor = sumOfSquares > 0 ? stepSize / Math.sqrt(sumOfSquares / size) : 0;
        for (let k = i * size; k < (i + 1) * size; k++) {
          const value = values[k] + factor * gradient[k];
          values[k] = bounds === null ? value : Math.min(bounds[1], Math.max(bounds[0], value));
        }
      }
    }
    const x = tensor(values, { shape: start.shape });
    return { x, classes: [...chosen], confidence: probabilitiesOf(owner, model, x, chosen), steps: taken };
  });
}

/** The images moved down and right, what leaves on one side coming in on the other. */
function moved(
  x: Tensor,
  [channels, height, width]: readonly [number, number, number],
  [down, right]: readonly [number, number],
): Tensor {
  const pictures = reshape(x, [x.shape[0], channels, height, width]);
  return reshape(roll(roll(pictures, down, 2), right, 3), x.shape);
}

function penaltyOf(
  x: Tensor,
  picture: readonly [number, number, number] | undefined,
  l2: number,
  smoothness: number,
): Tensor {
  let total = mul(sum(square(x)), l2 / 2);
  if (smoothness === 0 || picture === undefined) return total;
  const pictures = reshape(x, [x.shape[0], ...picture]);
  for (const axis of [2, 3]) {
    const length = pictures.shape[axis];
    if (length < 2) continue;
    const steps = sub(slice(pictures, 1, length, 1, axis), slice(pictures, 0, length - 1, 1, axis));
    total = add(total, mul(sum(square(steps)), smoothness));
  }
  return total;
}

/** What the model gives the classes, one a sample: softmax of outputs that have no activation. */
function probabilitiesOf(owner: string, model: Model, x: Tensor, classes: Int32Array): number[] {
  return scope(() => {
    const rows = inRows(model.call(x));
    const count = outputsOf(owner, model);
    const shares = model.outputActivation === "linear" && count > 1 ? softmax(rows, 1) : rows;
    const values = shares.dataSync() as Floats;
    if (count === 1) return Array.from(classes, (label, i) => (label === 1 ? values[i] : 1 - values[i]));
    return Array.from(classes, (label, i) => {
      const row = Array.from(values.subarray(i * count, (i + 1) * count));
      // Sigmoid outputs need not add up to 1: as shares of their sum they read like probabilities.
      const total = model.outputActivation === "sigmoid" ? row.reduce((a, b) => a + b, 0) : 1;
      return total > 0 ? row[label] / total : 0;
    });
  });
}
