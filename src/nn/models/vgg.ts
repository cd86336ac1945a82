// VGG (Simonyan & Zisserman 2015): nothing but convolutions of 3 by 3, deeper than anything before.
import { flag, oneOf, share } from "../../engine/checks.ts";
import { type Pair, pair } from "../../ops/windows.ts";
import type { BaseLayer } from "../base-layer.ts";
import { Activation } from "../layers/activation.ts";
import { BatchNormalization } from "../layers/batch-normalisation.ts";
import { Conv2D } from "../layers/conv2d.ts";
import { Dense } from "../layers/dense.ts";
import { Dropout } from "../layers/dropout.ts";
import { Flatten } from "../layers/flatten.ts";
import { AdaptiveAveragePooling2D, MaxPooling2D } from "../layers/pooling2d.ts";
import { Sequential } from "../sequential.ts";
import type { OpenShape } from "../shapes.ts";
import { checkSizes, type PictureModelOptions, pictureOptions } from "./options.ts";

/** What VGG takes beside its depth. */
export interface VggOptions extends PictureModelOptions {
  /** Whether batch normalisation follows every convolution; default false, as in the paper. */
  batchNormalization?: boolean;
  /** Sizes of the dense layers before the last one; default [4096, 4096]. */
  hidden?: readonly number[];
  /** What maps are pooled to by means before the dense layers, so that pictures may have any size; default 7, which leaves pictures of 224 as they are. */
  pooledSize?: Pair;
  /** After each hidden dense layer; default 0.5. */
  dropout?: number;
}

/** Convolutions in each of five stages, by the number of all layers with weights: configurations A, B, D and E of the paper. */
const STAGES = {
  11: [1, 1, 2, 2, 2],
  13: [2, 2, 2, 2, 2],
  16: [2, 2, 3, 3, 3],
  19: [2, 2, 4, 4, 4],
} as const;

const FILTERS = [64, 128, 256, 512, 512];

/**
 * VGG of 11, 13, 16 or 19 layers with weights (Simonyan & Zisserman 2015): five stages of convolutions of 3 by 3 with maximum pooling by 2 after each,
 * then dense layers. For pictures of 224 by 224; smaller ones, from 32 on, do better with smaller dense layers:
 * `vgg(11, { inputShape: [3, 32, 32], classes: 10, hidden: [512], pooledSize: 1 })`.
 *
 * Parameters for 1000 classes: 132,863,336; 133,047,848; 138,357,544; 143,667,240; with batch normalisation 132,868,840; 133,053,736; 138,365,992;
 * 143,678,248. Layers are named conv1_1, ..., fc6, fc7, fc8. Initialisation as of our layers (He).
 * @throws RangeError for another depth, or pictures that are too small.
 * @example
 * ```ts
 * const model = vgg(11, { inputShape: [3, 32, 32], classes: 10, hidden: [512], pooledSize: 1, batchNormalization: true });
 * model.parameterCount; // 9493770
 * model.call(zeros([1, 3, 32, 32])).shape; // [1, 10]
 * ```
 */
export function vgg(depth: 11 | 13 | 16 | 19, options: VggOptions = {}): Sequential {
  const { layers, inputShape, model } = vggLayers(depth, options);
  return new Sequential(layers, { inputShape, ...model });
}

/** The layers before they are a model. Internal. */
export function vggLayers(
  depth: 11 | 13 | 16 | 19,
  options: VggOptions,
): { layers: BaseLayer[]; inputShape: OpenShape; model: ReturnType<typeof pictureOptions>["model"] } {
  const owner = "vgg";
  oneOf(owner, "depth", depth, [11, 13, 16, 19]);
  const own = ["batchNormalization", "hidden", "pooledSize", "dropout"];
  const defaults = { classes: 1000, inputShape: [3, 224, 224] };
  const { classes, inputShape, model } = pictureOptions(owner, options, own, defaults);
  const normalised = flag(owner, "batchNormalization", options.batchNormalization ?? false);
  const hidden = checkSizes(owner, "hidden", options.hidden ?? [4096, 4096]);
  const pooledSize = pair(owner, "pooledSize", options.pooledSize ?? 7, 1);
  const dropout = share(owner, "dropout", options.dropout ?? 0.5);
  const layers: BaseLayer[] = [];
  STAGES[depth].forEach((count, stage) => {
    for (let i = 1; i <= count; i++) {
      const place = `${stage + 1}_${i}`;
      const common = { padding: 1, name: `conv${place}` };
      if (normalised) {
        layers.push(new Conv2D(FILTERS[stage], 3, { ...common, weights: "he" }));
        layers.push(new BatchNormalization({ name: `norm${place}` }), new Activation("relu"));
      } else layers.push(new Conv2D(FILTERS[stage], 3, { ...common, activation: "relu" }));
    }
    layers.push(new MaxPooling2D(2, { name: `pool${stage + 1}` }));
  });
  layers.push(new AdaptiveAveragePooling2D(pooledSize), new Flatten());
  hidden.forEach((size, i) => {
    layers.push(new Dense(size, { activation: "relu", name: `fc${6 + i}` }), new Dropout(dropout));
  });
  layers.push(new Dense(classes, { activation: "softmax", name: `fc${6 + hidden.length}` }));
  return { layers, inputShape, model };
}
