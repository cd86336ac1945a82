// The convolutional networks of Nielsen's chapter 6, network3.py.
import { oneOf, share } from "../../engine/checks.ts";
import { random } from "../../ops/random.ts";
import type { ActivationName } from "../activations.ts";
import type { BaseLayer } from "../base-layer.ts";
import type { Initialiser } from "../initialisers.ts";
import { Conv2D } from "../layers/conv2d.ts";
import { Dense } from "../layers/dense.ts";
import { Dropout } from "../layers/dropout.ts";
import { Flatten } from "../layers/flatten.ts";
import { L2Pooling2D, MaxPooling2D } from "../layers/pooling2d.ts";
import { Sequential } from "../sequential.ts";
import type { OpenShape } from "../shapes.ts";
import { checkSizes, type PictureModelOptions, pictureOptions } from "./options.ts";

/** What Nielsen's networks take. */
export interface Network3Options extends PictureModelOptions {
  /** Convolutions of 5 by 5 with pooling by 2 each: the first has 20 filters, the second 40. Default 2. */
  convolutions?: 0 | 1 | 2;
  /** Sizes of the dense layers before the last one; default [100]. */
  hidden?: readonly number[];
  /** Of convolutions and hidden layers; default "relu". */
  activation?: ActivationName;
  /** What pools keep: the largest of the activated neurons, or the root of the sum of their squares; default "max". */
  pooling?: "max" | "l2";
  /** Share of the inputs of every dense layer that is dropped while training, as the book does it; default 0. */
  dropout?: number;
}

const FILTERS = [20, 40];

/** N(0, 1 / count). */
const normal =
  (count: number): Initialiser =>
  ({ shape, dtype, generator }) =>
    random.normal(shape, 0, 1 / Math.sqrt(count), { dtype, generator });

/**
 * The networks of Nielsen's _Neural Networks and Deep Learning_, chapter 6 (network3.py), for digits of 28 by 28: convolutions with pooling,
 * dense layers, softmax. Pictures go 28-24-12-8-4. They start as the book's: filters N(0, 4 / (filters 25)), dense weights N(0, 1 / out), biases
 * N(0, 1), the softmax layer at 0. Dropout scales when not training.
 *
 * Parameters: 79,510 without convolutions, 289,630 with one, 85,670 with two, for a hidden layer of 100.
 * @throws RangeError for sizes that are not whole numbers from 1 on, or dropout that is not at least 0 and below 1.
 * @example
 * ```ts
 * network3().parameterCount; // 85670
 * network3({ hidden: [1000, 1000], dropout: 0.5 }).parameterCount; // 1672570
 * network3({ convolutions: 1, activation: "sigmoid" }).call(zeros([2, 1, 28, 28])).shape; // [2, 10]
 * ```
 */
export function network3(options: Network3Options = {}): Sequential {
  const { layers, inputShape, model } = network3Layers(options);
  return new Sequential(layers, { inputShape, ...model });
}

/** The layers before they are a model. Internal. */
export function network3Layers(options: Network3Options): {
  layers: BaseLayer[];
  inputShape: OpenShape;
  model: ReturnType<typeof pictureOptions>["model"];
} {
  const owner = "network3";
  const own = ["convolutions", "hidden", "activation", "pooling", "dropout"];
  const defaults = { classes: 10, inputShape: [1, 28, 28] };
  const { classes, inputShape, model } = pictureOptions(owner, options, own, defaults);
  const convolutions = oneOf(owner, "convolutions", options.convolutions ?? 2, [0, 1, 2]);
  const hidden = checkSizes(owner, "hidden", options.hidden ?? [100]);
  const dropout = share(owner, "dropout", options.dropout ?? 0);
  const activation = options.activation ?? "relu";
  const pooling = oneOf(owner, "pooling", options.pooling ?? "max", ["max", "l2"]);
  const layers: BaseLayer[] = [];
  for (const filters of FILTERS.slice(0, convolutions)) {
    // The book pools before it adds the bias and activates: the largest is the same.
    const weights = normal((filters * 25) / 4);
    layers.push(new Conv2D(filters, 5, { activation, weights, bias: "normal" }));
    layers.push(pooling === "max" ? new MaxPooling2D() : new L2Pooling2D());
  }
  layers.push(new Flatten());
  for (const size of hidden) {
    if (dropout > 0) layers.push(new Dropout(dropout, "atTest"));
    layers.push(new Dense(size, { activation, weights: normal(size), bias: "normal" }));
  }
  if (dropout > 0) layers.push(new Dropout(dropout, "atTest"));
  layers.push(new Dense(classes, { activation: "softmax", weights: "zeros" }));
  return { layers, inputShape, model };
}
