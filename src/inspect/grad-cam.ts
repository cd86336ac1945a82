// Where in a picture a class is seen, at the resolution of a convolution's maps.
import { noGrad, valueAndGrad } from "../autograd/grad.ts";
import { knownOptions } from "../engine/checks.ts";
import { quote } from "../engine/quote.ts";
import type { Model } from "../nn/model.ts";
import { relu } from "../ops/activations.ts";
import { add, mul } from "../ops/arithmetic.ts";
import { sum } from "../ops/broadcast.ts";
import { mean } from "../ops/reduce.ts";
import { resize } from "../ops/resize.ts";
import { transpose } from "../ops/views.ts";
import { zerosLike } from "../tensor/create.ts";
import { scope, type Tensor } from "../tensor/tensor.ts";
import { pictureOf } from "./filters.ts";
import { batchSizeOf, checkBatch, checkPictureModel, inBatches, TARGET_OPTIONS, type TargetOptions } from "./inputs.ts";
import { scoresFor } from "./saliency.ts";
import { type Place, placesNamed, placesOf, walk } from "./walk.ts";

/** What `gradCam` takes. */
export interface GradCamOptions extends TargetOptions {
  /** Name of the layer whose maps are weighed; default: the last convolution. */
  layer?: string;
  /** false: leave the map at the size of the layer's. Default true: bring it to the picture's by bilinear interpolation, where that is known. */
  resized?: boolean;
}

const CONVOLUTIONS = new Set([
  "conv2d",
  "conv1d",
  "depthwiseConv2d",
  "separableConv2d",
  "partiallyConnectedConv2d",
  "conv2dTranspose",
]);

/**
 * Grad-CAM (Selvaraju et al. 2017): the maps A^k of a convolution, each weighed by the mean of the score's gradient over it, and what speaks for the class
 * kept: relu(sum over k of a_k A^k), a_k = mean over places of dS/dA^k. Shapes: [n, height, width] of the picture, or of the layer's maps where the
 * picture's size is not known or `resized` is false; [n, time] for convolutions over time.
 * @throws RangeError if there is no such layer, or it gives no maps.
 * @example
 * ```ts
 * const model = new Sequential(
 *   [new Conv2D(1, 1, { weights: "ones" }), new Flatten(), new Dense(2, { weights: "ones" })],
 *   { inputShape: [1, 2, 2] },
 * );
 * gradCam(model, tensor([[[[1, 2], [-3, 0]]]]), { target: 1 }).toArray(); // [[[1, 2], [0, 0]]]
 * ```
 */
export function gradCam(model: Model, x: Tensor, options: GradCamOptions = {}): Tensor {
  const owner = "gradCam";
  checkPictureModel(owner, model);
  knownOptions(owner, options, ["layer", "resized", ...TARGET_OPTIONS]);
  const { resized = true } = options;
  if (typeof resized !== "boolean")
    throw new TypeError(`${owner}: resized must be true or false, got ${quote(resized)}`);
  const place = layerFor(owner, model, options.layer);
  return scope(() => {
    const input = checkBatch(owner, model, x);
    const scoreAt = scoresFor(owner, model, input, options);
    const picture = pictureOf(model);
    return inBatches(input, batchSizeOf(owner, options), (batch, start) => {
      const at = noGrad(() => mapsAt(owner, model, batch, place.name));
      const score = scoreAt(start, batch.shape[0]);
      // What is added to the maps has their gradient.
      const [, [slope]] = valueAndGrad((change: Tensor) => {
        const [outputs] = walk(
          model,
          [batch],
          ({ name }, ys) => (name === place.name ? [add(ys[0], change)] : ys),
          options.of !== "probability",
        );
        return sum(score(outputs));
      })(zerosLike(at));
      if (at.rank === 3) {
        // Sequences, [n, time, features].
        const [maps, slopes] = [transpose(at, [0, 2, 1]), transpose(slope, [0, 2, 1])];
        return relu(sum(mul(maps, mean(slopes, 2, true)), 1));
      }
      const map = relu(sum(mul(at, mean(slope, [2, 3], true)), 1, true));
      const [n, , height, width] = map.shape;
      if (!resized || picture === undefined) return map.reshape([n, height, width]);
      return resize(map, [picture[1], picture[2]]).reshape([n, picture[1], picture[2]]);
    });
  });
}

function layerFor(owner: string, model: Model, name: string | undefined): Place {
  if (name !== undefined) return placesNamed(owner, model, name)[0];
  const last = placesOf(model).findLast(({ layer }) => CONVOLUTIONS.has(layer.type));
  if (last !== undefined) return last;
  throw new RangeError(`${owner}: the model has no convolution; saliency and occlusion need none`);
}

function mapsAt(owner: string, model: Model, x: Tensor, name: string): Tensor {
  let found: Tensor | undefined;
  walk(model, [x], (place, ys) => {
    if (place.name === name && ys.length === 1) found = ys[0];
    return ys;
  });
  if (found !== undefined && (found.rank === 4 || found.rank === 3)) return found;
  throw new RangeError(
    `${owner}: layer ${name} gives no maps [channels, height, width] or [time, features]; name a convolution, or what follows one`,
  );
}
