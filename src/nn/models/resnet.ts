// ResNet (He, Zhang, Ren & Sun 2016): blocks that add what they make to what they were given, so that depth does no harm.
import { oneOf } from "../../engine/checks.ts";
import type { Symbolic } from "../base-layer.ts";
import { Activation } from "../layers/activation.ts";
import { BatchNormalization } from "../layers/batch-normalisation.ts";
import { Conv2D } from "../layers/conv2d.ts";
import { Dense } from "../layers/dense.ts";
import { GlobalAveragePooling2D } from "../layers/global-pooling.ts";
import { Add } from "../layers/merge.ts";
import { MaxPooling2D } from "../layers/pooling2d.ts";
import { input, Model, type ModelOptions } from "../model.ts";
import { type PictureModelOptions, pictureOptions } from "./options.ts";

/** What ResNet takes beside its depth. */
export interface ResNetOptions extends PictureModelOptions {
  /**
   * How it begins: "large" (default) with a convolution of 7 by 7 and maximum pooling, 2 apart each, for pictures of 224; "small" with one of 3 by 3
   * that keeps the size, for pictures of 32.
   */
  stem?: "large" | "small";
  /** Where a block of three convolutions goes two steps at a time: in that of 3 by 3 (default, as torchvision), or in the first, as in the paper. */
  strideIn?: "3x3" | "1x1";
}

type Depth = 18 | 34 | 50 | 101 | 152;

/** Blocks in each of four stages, and whether they have three convolutions instead of two. */
const STAGES: Record<Depth, { blocks: readonly number[]; bottleneck: boolean }> = {
  18: { blocks: [2, 2, 2, 2], bottleneck: false },
  34: { blocks: [3, 4, 6, 3], bottleneck: false },
  50: { blocks: [3, 4, 6, 3], bottleneck: true },
  101: { blocks: [3, 4, 23, 3], bottleneck: true },
  152: { blocks: [3, 8, 36, 3], bottleneck: true },
};

const WIDTHS = [64, 128, 256, 512];

/**
 * ResNet of 18, 34, 50, 101 or 152 layers (He, Zhang, Ren & Sun 2016), counted as the paper does: convolutions and the last layer, without projections.
 * Every block adds its input to what its two convolutions of 3 by 3 (from 50 layers on: 1 by 1, 3 by 3 and 1 by 1) make of it; where the shape
 * changes, the input goes through a convolution of 1 by 1. Batch normalisation follows every convolution. Pictures of any size, open or not.
 *
 * Parameters for 1000 classes: 11,689,512; 21,797,672; 25,557,032; 44,549,160; 60,192,808. Layers are named conv1, stage1_block1_conv1 and so on;
 * filters start with He's initialisation.
 * @throws RangeError for another depth.
 * @example
 * ```ts
 * const model = resnet(18, { inputShape: [3, 32, 32], classes: 10, stem: "small" });
 * model.parameterCount; // 11173962
 * model.call(zeros([1, 3, 32, 32])).shape; // [1, 10]
 * ```
 */
export function resnet(depth: Depth, options: ResNetOptions = {}): Model {
  return new Model(resnetGraph(depth, options));
}

/** What the model is made of. Internal. */
export function resnetGraph(depth: Depth, options: ResNetOptions): ModelOptions {
  const owner = "resnet";
  oneOf(owner, "depth", depth, [18, 34, 50, 101, 152]);
  const defaults = { classes: 1000, inputShape: [3, 224, 224] };
  const { classes, inputShape, model } = pictureOptions(owner, options, ["stem", "strideIn"], defaults);
  const stem = oneOf(owner, "stem", options.stem ?? "large", ["large", "small"]);
  const strideIn = oneOf(owner, "strideIn", options.strideIn ?? "3x3", ["3x3", "1x1"]);
  const { blocks, bottleneck } = STAGES[depth];
  const image = input(inputShape, { name: "image" });
  let x = stem === "large" ? normalised(image, "conv1", 64, 7, 2, true) : normalised(image, "conv1", 64, 3, 1, true);
  if (stem === "large") x = new MaxPooling2D(3, { stride: 2, padding: 1, name: "pool1" }).apply(x);
  blocks.forEach((count, stage) => {
    for (let i = 0; i < count; i++) {
      const stride = stage > 0 && i === 0 ? 2 : 1;
      const name = `stage${stage + 1}_block${i + 1}`;
      x = block(x, { name, width: WIDTHS[stage], stride, bottleneck, strideIn });
    }
  });
  const pooled = new GlobalAveragePooling2D({ name: "pool" }).apply(x);
  return { inputs: image, outputs: new Dense(classes, { activation: "softmax", name: "fc" }).apply(pooled), ...model };
}

/** A convolution without a bias, which normalisation would take away, normalisation, and a rectifier where wanted. */
function normalised(
  x: Symbolic,
  name: string,
  filters: number,
  size: number,
  stride: number,
  rectify: boolean,
): Symbolic {
  const padding = (size - 1) / 2;
  const conv = new Conv2D(filters, size, { stride, padding, bias: null, weights: "he", name });
  const y = new BatchNormalization({ name: `${name}_norm` }).apply(conv.apply(x));
  return rectify ? new Activation("relu", { name: `${name}_relu` }).apply(y) : y;
}

interface Block {
  name: string;
  width: number;
  stride: number;
  bottleneck: boolean;
  strideIn: "3x3" | "1x1";
}

function block(x: Symbolic, { name, width, stride, bottleneck, strideIn }: Block): Symbolic {
  const filters = bottleneck ? 4 * width : width;
  let y: Symbolic;
  if (bottleneck) {
    const [first, second] = strideIn === "1x1" ? [stride, 1] : [1, stride];
    y = normalised(x, `${name}_conv1`, width, 1, first, true);
    y = normalised(y, `${name}_conv2`, width, 3, second, true);
    y = normalised(y, `${name}_conv3`, filters, 1, 1, false);
  } else {
    y = normalised(x, `${name}_conv1`, width, 3, stride, true);
    y = normalised(y, `${name}_conv2`, filters, 3, 1, false);
  }
  const same = stride === 1 && x.shape[0] === filters;
  const shortcut = same ? x : normalised(x, `${name}_project`, filters, 1, stride, false);
  const sum = new Add({ name: `${name}_add` }).apply([y, shortcut]);
  return new Activation("relu", { name: `${name}_relu` }).apply(sum);
}
