// AlexNet (Krizhevsky, Sutskever & Hinton 2012): as the paper has it, in one piece, and torchvision's.
import { knownOptions, oneOf, share } from "../../engine/checks.ts";
import type { BaseLayer } from "../base-layer.ts";
import { type Initialiser, initialiser } from "../initialisers.ts";
import { Conv2D, type Conv2DOptions } from "../layers/conv2d.ts";
import { Dense } from "../layers/dense.ts";
import { Dropout } from "../layers/dropout.ts";
import { Flatten } from "../layers/flatten.ts";
import { LocalResponseNormalization } from "../layers/local-response-normalisation.ts";
import { AdaptiveAveragePooling2D, MaxPooling2D } from "../layers/pooling2d.ts";
import { Sequential } from "../sequential.ts";
import type { OpenShape } from "../shapes.ts";
import { PICTURE_OPTIONS, type PictureModelOptions, pictureOptions } from "./options.ts";

/** What AlexNet takes. */
export interface AlexNetOptions extends PictureModelOptions {
  /** "twoTowers" (default), "oneTower", or "torchvision": see `alexnet`. */
  variant?: "twoTowers" | "oneTower" | "torchvision";
  /** Before each of the two hidden dense layers; default 0.5. */
  dropout?: number;
}

/**
 * AlexNet (Krizhevsky, Sutskever & Hinton 2012): five convolutions and three dense layers.
 *
 * - "twoTowers": the paper's, trained on two processors: convolutions 2, 4 and 5 see the maps of their own half (two groups). Local response
 *   normalisation, over all maps, after the first two. 60,965,224 parameters: 34,944; 307,456; 885,120; 663,936; 442,624; 37,752,832; 16,781,312;
 *   4,097,000.
 * - "oneTower": the same without halves. 62,378,344 parameters: convolutions 2, 4 and 5 have 614,656, 1,327,488 and 884,992.
 * - "torchvision": Krizhevsky 2014 as torchvision builds it: 64, 192, 384, 256 and 256 filters, no normalisation, and any picture of 63 pixels
 *   or more pooled to 6 by 6. 61,100,840 parameters.
 *
 * Pictures of 227 by 227, or of 224 with two rows and columns of zeros around, go 55-27-27-13-13-6. The paper's start as N(0, 0.01^2) with biases of 1 in
 * convolutions 2, 4 and 5 and the hidden dense layers; torchvision's like our layers'.
 * @throws RangeError for pictures that are too small; TypeError for an unknown variant.
 * @example
 * ```ts
 * const model = alexnet({ variant: "torchvision", inputShape: [3, 64, 64], classes: 10, dropout: 0.2 });
 * model.outputShape; // [10]
 * model.layer("conv1").parameters.map(({ shape }) => shape); // [[64, 3, 11, 11], [64]]
 * ```
 */
export function alexnet(options: AlexNetOptions = {}): Sequential {
  const { layers, inputShape, model } = alexnetLayers(options);
  return new Sequential(layers, { inputShape, ...model });
}

/** The layers before they are a model. Internal. */
export function alexnetLayers(options: AlexNetOptions): {
  layers: BaseLayer[];
  inputShape: OpenShape;
  model: ReturnType<typeof pictureOptions>["model"];
} {
  const owner = "alexnet";
  knownOptions(owner, options, ["variant", "dropout", ...PICTURE_OPTIONS]);
  const variant = oneOf(owner, "variant", options.variant ?? "twoTowers", ["twoTowers", "oneTower", "torchvision"]);
  const dropout = share(owner, "dropout", options.dropout ?? 0.5);
  const side = variant === "torchvision" ? 224 : 227;
  const defaults = { classes: 1000, inputShape: [3, side, side] };
  const { classes, inputShape, model } = pictureOptions(owner, options, ["variant", "dropout"], defaults);
  // Windows of 11, 4 apart, fit into 227 pixels, and into 224 with 2 around.
  const padding = inputShape[1] === 227 ? 0 : 2;
  const layers =
    variant === "torchvision"
      ? torchvision(classes, dropout)
      : original(classes, dropout, padding, variant === "twoTowers" ? 2 : 1);
  return { layers, inputShape, model };
}

const pool = (name: string): MaxPooling2D => new MaxPooling2D(3, { stride: 2, name });

function original(classes: number, dropout: number, padding: number, groups: number): BaseLayer[] {
  const weights: Initialiser = ({ shape, dtype, generator }) =>
    initialiser.truncatedNormal({ deviation: 0.01 })({ shape, dtype, generator, fanIn: 1, fanOut: 1 });
  const conv = (name: string, filters: number, size: number, own: Conv2DOptions): Conv2D =>
    new Conv2D(filters, size, { activation: "relu", weights, name, ...own });
  // The paper's alpha is not divided by the number of maps.
  const norm = (name: string): LocalResponseNormalization =>
    new LocalResponseNormalization(5, { alpha: 5e-4, beta: 0.75, k: 2, name });
  const dense = (name: string): Dense => new Dense(4096, { activation: "relu", weights, bias: "ones", name });
  return [
    conv("conv1", 96, 11, { stride: 4, padding }),
    norm("norm1"),
    pool("pool1"),
    conv("conv2", 256, 5, { padding: 2, groups, bias: "ones" }),
    norm("norm2"),
    pool("pool2"),
    conv("conv3", 384, 3, { padding: 1 }),
    conv("conv4", 384, 3, { padding: 1, groups, bias: "ones" }),
    conv("conv5", 256, 3, { padding: 1, groups, bias: "ones" }),
    pool("pool5"),
    new Flatten(),
    dense("fc6"),
    new Dropout(dropout),
    dense("fc7"),
    new Dropout(dropout),
    new Dense(classes, { activation: "softmax", weights, name: "fc8" }),
  ];
}

function torchvision(classes: number, dropout: number): BaseLayer[] {
  const conv = (name: string, filters: number, size: number, own: Conv2DOptions): Conv2D =>
    new Conv2D(filters, size, { activation: "relu", name, ...own });
  return [
    conv("conv1", 64, 11, { stride: 4, padding: 2 }),
    pool("pool1"),
    conv("conv2", 192, 5, { padding: 2 }),
    pool("pool2"),
    conv("conv3", 384, 3, { padding: 1 }),
    conv("conv4", 256, 3, { padding: 1 }),
    conv("conv5", 256, 3, { padding: 1 }),
    pool("pool5"),
    new AdaptiveAveragePooling2D(6),
    new Flatten(),
    new Dropout(dropout),
    new Dense(4096, { activation: "relu", name: "fc6" }),
    new Dropout(dropout),
    new Dense(4096, { activation: "relu", name: "fc7" }),
    new Dense(classes, { activation: "softmax", name: "fc8" }),
  ];
}
