// GoogLeNet (Szegedy et al. 2015): modules that look at a map with windows of several sizes side by side.
import { flag, oneOf } from "../../engine/checks.ts";
import type { Symbolic } from "../base-layer.ts";
import { Activation } from "../layers/activation.ts";
import { BatchNormalization } from "../layers/batch-normalisation.ts";
import { Concatenate } from "../layers/concatenate.ts";
import { Conv2D } from "../layers/conv2d.ts";
import { Dense } from "../layers/dense.ts";
import { Dropout } from "../layers/dropout.ts";
import { Flatten } from "../layers/flatten.ts";
import { GlobalAveragePooling2D } from "../layers/global-pooling.ts";
import { LocalResponseNormalization } from "../layers/local-response-normalisation.ts";
import { AdaptiveAveragePooling2D, AveragePooling2D, MaxPooling2D } from "../layers/pooling2d.ts";
import { input, Model, type ModelOptions } from "../model.ts";
import { type PictureModelOptions, pictureOptions } from "./options.ts";

/** What GoogLeNet takes. */
export interface GoogLeNetOptions extends PictureModelOptions {
  /** "paper" (default), or "torchvision": see `googlenet`. */
  variant?: "paper" | "torchvision";
  /** Whether there are two more outputs half-way, which help training: auxiliary1 and auxiliary2, beside main. Default false. */
  auxiliary?: boolean;
}

/** A module's filters: 1 by 1; before and in 3 by 3; before and in 5 by 5; after pooling. Table 1 of the paper. */
const MODULES = {
  "3a": [64, 96, 128, 16, 32, 32],
  "3b": [128, 128, 192, 32, 96, 64],
  "4a": [192, 96, 208, 16, 48, 64],
  "4b": [160, 112, 224, 24, 64, 64],
  "4c": [128, 128, 256, 24, 64, 64],
  "4d": [112, 144, 288, 32, 64, 64],
  "4e": [256, 160, 320, 32, 128, 128],
  "5a": [256, 160, 320, 32, 128, 128],
  "5b": [384, 192, 384, 48, 128, 128],
} as const;

/**
 * GoogLeNet (Szegedy et al. 2015): nine Inception modules, and the mean of each of 1024 maps before the only dense layer. For pictures of 224 by 224;
 * others, open or not, too, from 32 on (with auxiliary heads of the paper from 65 on).
 *
 * - "paper": biases, local response normalisation, windows of 5 by 5. 6,998,552 parameters for 1000 classes, 13,378,280 with auxiliary heads.
 * - "torchvision": batch normalisation instead of both, and 3 by 3 instead of 5 by 5. 6,624,904; 13,004,888.
 *
 * With auxiliary heads its outputs are main, auxiliary1 (after module 4a) and auxiliary2 (after 4d); the paper weighs their losses 1, 0.3 and 0.3.
 * Layers are named inception3a_1x1, inception3a_3x3_reduce and so on. Initialisation as of our layers (He).
 * @throws RangeError for pictures that are too small; TypeError for an unknown variant.
 * @example
 * ```ts
 * const model = googlenet({ inputShape: [3, 64, 64], classes: 10 });
 * model.parameterCount; // 5983802
 * model.call(zeros([1, 3, 64, 64])).shape; // [1, 10]
 * ```
 */
export function googlenet(options: GoogLeNetOptions = {}): Model {
  return new Model(googlenetGraph(options));
}

/** What the model is made of. Internal. */
export function googlenetGraph(options: GoogLeNetOptions): ModelOptions {
  const owner = "googlenet";
  const defaults = { classes: 1000, inputShape: [3, 224, 224] };
  const { classes, inputShape, model } = pictureOptions(owner, options, ["variant", "auxiliary"], defaults);
  const variant = oneOf(owner, "variant", options.variant ?? "paper", ["paper", "torchvision"]);
  const auxiliary = flag(owner, "auxiliary", options.auxiliary ?? false);
  const parts = partsOf(variant);
  const { conv, pool } = parts;
  const image = input(inputShape, { name: "image" });
  let x = pool(conv(image, "conv1", 64, 7, 2), "pool1", 3);
  x = parts.norm(x, "norm1");
  x = conv(conv(x, "conv2_reduce", 64, 1, 1), "conv2", 192, 3, 1);
  x = pool(parts.norm(x, "norm2"), "pool2", 3);
  const heads: Record<string, Symbolic> = {};
  for (const [name, filters] of Object.entries(MODULES)) {
    x = inception(parts, x, `inception${name}`, filters);
    if (name === "3b") x = pool(x, "pool3", 3);
    if (name === "4e") x = pool(x, "pool4", variant === "paper" ? 3 : 2);
    if (auxiliary && name === "4a") heads["auxiliary1"] = head(parts, x, "auxiliary1", classes);
    if (auxiliary && name === "4d") heads["auxiliary2"] = head(parts, x, "auxiliary2", classes);
  }
  x = new GlobalAveragePooling2D({ name: "pool5" }).apply(x);
  x = new Dropout(variant === "paper" ? 0.4 : 0.2, "inverted", { name: "dropout" }).apply(x);
  const main = new Dense(classes, { activation: "softmax", name: "fc" }).apply(x);
  return { inputs: image, outputs: auxiliary ? { main, ...heads } : main, ...model };
}

/** What the variants do differently. */
interface Parts {
  conv(x: Symbolic, name: string, filters: number, size: number, stride: number): Symbolic;
  pool(x: Symbolic, name: string, size: number): Symbolic;
  norm(x: Symbolic, name: string): Symbolic;
  /** Size of the largest windows. */
  readonly widest: number;
  /** From a map to one of 4 by 4, for an auxiliary head. */
  shrink(x: Symbolic, name: string): Symbolic;
}

function partsOf(variant: "paper" | "torchvision"): Parts {
  const pool: Parts["pool"] = (x, name, size) => new MaxPooling2D(size, { stride: 2, ceilMode: true, name }).apply(x);
  if (variant === "torchvision") {
    return {
      conv(x, name, filters, size, stride) {
        const padding = (size - 1) / 2;
        const y = new Conv2D(filters, size, { stride, padding, bias: null, weights: "he", name }).apply(x);
        const norm = new BatchNormalization({ epsilon: 0.001, name: `${name}_norm` }).apply(y);
        return new Activation("relu", { name: `${name}_relu` }).apply(norm);
      },
      pool,
      norm: (x) => x,
      widest: 3,
      shrink: (x, name) => new AdaptiveAveragePooling2D(4, { name }).apply(x),
    };
  }
  return {
    conv: (x, name, filters, size, stride) =>
      new Conv2D(filters, size, { stride, padding: (size - 1) / 2, activation: "relu", name }).apply(x),
    pool,
    norm: (x, name) => new LocalResponseNormalization(5, { name }).apply(x),
    widest: 5,
    shrink: (x, name) => new AveragePooling2D(5, { stride: 3, name }).apply(x),
  };
}

function inception({ conv, widest }: Parts, x: Symbolic, name: string, filters: readonly number[]): Symbolic {
  const [one, reduceThree, three, reduceWide, wide, pooled] = filters as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const label = `${widest}x${widest}${widest === 3 ? "b" : ""}`;
  const pool = new MaxPooling2D(3, { stride: 1, padding: 1, name: `${name}_pool` }).apply(x);
  return new Concatenate({ axis: 1, name }).apply([
    conv(x, `${name}_1x1`, one, 1, 1),
    conv(conv(x, `${name}_3x3_reduce`, reduceThree, 1, 1), `${name}_3x3`, three, 3, 1),
    conv(conv(x, `${name}_${label}_reduce`, reduceWide, 1, 1), `${name}_${label}`, wide, widest, 1),
    conv(pool, `${name}_pool_project`, pooled, 1, 1),
  ]);
}

function head({ conv, shrink }: Parts, x: Symbolic, name: string, classes: number): Symbolic {
  const small = conv(shrink(x, `${name}_pool`), `${name}_conv`, 128, 1, 1);
  const dense = new Dense(1024, { activation: "relu", name: `${name}_fc1` });
  const y = dense.apply(new Flatten({ name: `${name}_flatten` }).apply(small));
  const dropped = new Dropout(0.7, "inverted", { name: `${name}_dropout` }).apply(y);
  return new Dense(classes, { activation: "softmax", name: `${name}_fc2` }).apply(dropped);
}
