// What an answer loses when a part of the picture is covered.
import { noGrad } from "../autograd/grad.ts";
import { rowsOf } from "../data/row-order.ts";
import { finite, knownOptions, list, whole } from "../engine/checks.ts";
import type { TypedArray } from "../engine/dtype.ts";
import { quote } from "../engine/quote.ts";
import type { Model } from "../nn/model.ts";
import { type Pair, pair } from "../ops/windows.ts";
import { tensor } from "../tensor/create.ts";
import { formatShape, sizeOf } from "../tensor/shape.ts";
import { scope, type Tensor } from "../tensor/tensor.ts";
import { pictureOf } from "./filters.ts";
import { batchSizeOf, checkBatch, checkPictureModel, TARGET_OPTIONS, type TargetOptions } from "./inputs.ts";
import { scoresFor } from "./saliency.ts";

/** What `occlusion` takes. */
export interface OcclusionOptions extends TargetOptions {
  /** Height and width of the patch, or one number for both; for sequences its length. Default: a quarter of the picture's sides, at least 1. */
  patch?: Pair;
  /** Steps down and across from patch to patch; default half of the patch, at least 1. */
  stride?: Pair;
  /** What is put in the patch's place; default 0. */
  fill?: number;
  /** What inputs in rows are as a picture: [channels, height, width] or [height, width]. Default: see `pictureOf`. */
  picture?: readonly number[];
}

/** What `occlusion` gives. */
export interface OcclusionMap {
  /** How much the score falls by each patch, [n, rows, columns]: patch (i, j) begins at pixel (i stride, j stride), the last at the edge. */
  drops: Tensor;
  /** For each pixel the mean fall over the patches that cover it, [n, height, width]. */
  map: Tensor;
  /** Where the patches begin: their top rows and left columns. */
  tops: readonly number[];
  /** Left columns. */
  lefts: readonly number[];
}

/** Begins of windows from 0 on; the last ends at the edge, so that everything is covered. */
function begins(length: number, patch: number, stride: number): number[] {
  const all: number[] = [];
  for (let at = 0; at + patch < length; at += stride) all.push(at);
  return [...all, length - patch];
}

/**
 * How much the score of a class falls where a patch of the picture is covered: S(x) - S(x with the patch filled), for patches all over it (Zeiler &
 * Fergus 2014). Pictures are [channels, height, width], a patch covers all channels; of sequences, [time, features], it covers steps. A region that
 * the model does not look at gives 0.
 * @throws RangeError for a patch that is larger than the picture, or inputs that are no pictures.
 * @example
 * ```ts
 * const model = new Sequential([new Flatten(), new Dense(2, { weights: "ones" })], { inputShape: [1, 2, 2] });
 * const { drops } = occlusion(model, tensor([[[[1, 2], [0, 5]]]]), { patch: 1, target: 1 });
 * drops.toArray(); // [[[1, 2], [0, 5]]]
 * ```
 */
export function occlusion(model: Model, x: Tensor, options: OcclusionOptions = {}): OcclusionMap {
  const owner = "occlusion";
  checkPictureModel(owner, model);
  knownOptions(owner, options, ["patch", "stride", "fill", "picture", ...TARGET_OPTIONS]);
  const fill = finite(owner, "fill", options.fill ?? 0);
  const size = batchSizeOf(owner, options);
  return scope(() =>
    noGrad(() => {
      const input = checkBatch(owner, model, x);
      const grid = gridOf(owner, model, input, options.picture);
      const { channels, height, width, step } = grid;
      const given = options.patch ?? [Math.max(1, height >> 2), Math.max(1, width >> 2)];
      // Sequences are pictures of height 1.
      const patch = height === 1 && typeof given === "number" ? [1, given] : pair(owner, "patch", given, 1);
      const half = [Math.max(1, patch[0] >> 1), Math.max(1, patch[1] >> 1)] as const;
      const stride = pair(owner, "stride", options.stride ?? half, 1);
      if (whole(owner, "patch", patch[0], 1) > height || whole(owner, "patch", patch[1], 1) > width) {
        throw new RangeError(
          `${owner}: a patch of ${patch.join(" x ")} is larger than the picture of ${height} x ${width}`,
        );
      }
      const tops = begins(height, patch[0], stride[0]);
      const lefts = begins(width, patch[1], stride[1]);
      const scoreAt = scoresFor(owner, model, input, options);
      const n = input.shape[0];
      const places = tops.length * lefts.length;
      const drops = new Float64Array(n * places);
      const map = new Float64Array(n * height * width);
      const scores = (batch: Tensor, sample: number): TypedArray =>
        scope(() => {
          const outputs = options.of === "probability" ? model.call(batch) : model.logits(batch);
          return scoreAt(sample, batch.shape[0], true)(outputs).dataSync();
        });
      for (let i = 0; i < n; i++) {
        const one = rowsOf(input, i, i + 1);
        const [whole] = scores(one, i);
        const pixels = one.dataSync() as Float32Array | Float64Array;
        const covers = new Float64Array(height * width);
        for (let first = 0; first < places; first += size) {
          const count = Math.min(size, places - first);
          const values =
            pixels instanceof Float64Array
              ? new Float64Array(count * pixels.length)
              : new Float32Array(count * pixels.length);
          for (let k = 0; k < count; k++) {
            const [top, left] = [tops[Math.floor((first + k) / lefts.length)], lefts[(first + k) % lefts.length]];
            values.set(pixels, k * pixels.length);
            for (let c = 0; c < channels; c++)
              for (let row = top; row < top + patch[0]; row++)
                for (let column = left; column < left + patch[1]; column++)
                  values[k * pixels.length + c * step.channel + row * step.row + column * step.column] = fill;
          }
          scope(() => {
            const batch = tensor(values, { shape: [count, ...input.shape.slice(1)] });
            scores(batch, i).forEach((score, k) => {
              const drop = Number(whole) - Number(score);
              drops[i * places + first + k] = drop;
              const [top, left] = [tops[Math.floor((first + k) / lefts.length)], lefts[(first + k) % lefts.length]];
              for (let row = top; row < top + patch[0]; row++)
                for (let column = left; column < left + patch[1]; column++) {
                  map[(i * height + row) * width + column] += drop;
                  covers[row * width + column] += 1;
                }
            });
          });
        }
        // A stride beyond the patch leaves pixels that nothing covers: they stay 0.
        covers.forEach((count, p) => {
          if (count > 0) map[i * height * width + p] /= count;
        });
      }
      const dtype = model.dtype as "float32";
      return {
        drops: tensor(drops, { shape: [n, tops.length, lefts.length], dtype }),
        map: tensor(map, { shape: [n, height, width], dtype }),
        ...{ tops, lefts },
      };
    }),
  );
}

/** A picture's sides, and how far its neighbours lie from each other in a sample's numbers. */
interface Grid {
  channels: number;
  height: number;
  width: number;
  step: { channel: number; row: number; column: number };
}

function gridOf(owner: string, model: Model, x: Tensor, picture: readonly number[] | undefined): Grid {
  const [, ...shape] = x.shape;
  let sides = shape.length === 3 ? shape : pictureOf(model);
  if (picture !== undefined) {
    const lengths = list(owner, "picture", picture).map((length) => whole(owner, "picture", length, 1));
    if (lengths.length < 2 || lengths.length > 3 || sizeOf(lengths) !== sizeOf(shape)) {
      throw new RangeError(
        `${owner}: picture must be [channels, height, width] or [height, width] of the ${sizeOf(shape)} inputs, got ${quote(picture)}`,
      );
    }
    sides = lengths.length === 2 ? [1, ...lengths] : lengths;
  }
  if (sides !== undefined) {
    const [channels, height, width] = sides;
    return { channels, height, width, step: { channel: height * width, row: width, column: 1 } };
  }
  if (shape.length === 2) {
    const [steps, features] = shape;
    return { channels: features, height: 1, width: steps, step: { channel: 1, row: 0, column: features } };
  }
  if (shape.length === 1) {
    return { channels: 1, height: 1, width: shape[0], step: { channel: 0, row: 0, column: 1 } };
  }
  throw new RangeError(`${owner}: inputs ${formatShape(x.shape)} are no pictures, sequences or rows`);
}
