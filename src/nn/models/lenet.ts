// LeNet-5 (LeCun, Bottou, Bengio & Haffner 1998): as the paper has it, as it is usually built today, and Caffe's.
import { oneOf } from "../../engine/checks.ts";
import { random } from "../../ops/random.ts";
import { tensor } from "../../tensor/create.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { BaseLayer } from "../base-layer.ts";
import type { InitialiserContext } from "../initialisers.ts";
import { Conv2D } from "../layers/conv2d.ts";
import { Dense } from "../layers/dense.ts";
import { Flatten } from "../layers/flatten.ts";
import { type Connections, PartiallyConnectedConv2D } from "../layers/partially-connected-conv2d.ts";
import { AveragePooling2D, MaxPooling2D } from "../layers/pooling2d.ts";
import { RadialBasis } from "../layers/radial-basis.ts";
import { Subsampling2D } from "../layers/subsampling2d.ts";
import { Sequential } from "../sequential.ts";
import { formatOpen, type OpenShape } from "../shapes.ts";
import { DIGIT_CODES } from "./digit-codes.ts";
import { type PictureModelOptions, pictureOptions } from "./options.ts";

/** What LeNet-5 takes. */
export interface LeNet5Options extends PictureModelOptions {
  /** "usual" (default), "original", or "caffe": see `lenet5`. */
  variant?: "original" | "usual" | "caffe";
}

/** Which maps of S2 each map of C3 sees: table I of the paper. */
export const C3_CONNECTIONS: Connections = [
  ...[
    [0, 1, 2],
    [1, 2, 3],
    [2, 3, 4],
    [3, 4, 5],
    [0, 4, 5],
    [0, 1, 5],
  ],
  ...[
    [0, 1, 2, 3],
    [1, 2, 3, 4],
    [2, 3, 4, 5],
    [0, 3, 4, 5],
    [0, 1, 4, 5],
    [0, 1, 2, 5],
  ],
  ...[
    [0, 1, 3, 4],
    [1, 2, 4, 5],
    [0, 2, 3, 5],
    [0, 1, 2, 3, 4, 5],
  ],
];

/** The paper's: uniform within 2.4 / fan-in. */
function fromPaper({ shape, dtype, generator, fanIn }: InitialiserContext): Tensor {
  return random.uniform(shape, -2.4 / fanIn, 2.4 / fanIn, { dtype, generator });
}

/**
 * LeNet-5 (LeCun, Bottou, Bengio & Haffner 1998), for digits of 32 by 32 pixels, or of 28 by 28 with two rows and columns of zeros around:
 *
 * - "usual": two convolutions of 6 and 16 filters of 5 by 5 and tanh, each with average pooling, one of 120 filters, dense layers of 84 and of the
 *   classes, softmax. 61,706 parameters: 156, 2,416, 48,120, 10,164, 850.
 * - "original": 1.7159 tanh(2x/3) everywhere; pooling with a number and a bias a map; a second convolution whose filters see three to six of the
 *   six maps; at the end minus the squared distance from the digits' fixed codes, pictures of 7 by 12. 60,000 trained parameters: C1 156,
 *   S2 12, C3 1,516, S4 32, C5 48,120, F6 10,164; and 840 fixed. For ten classes only. Trained with softmaxCrossEntropy, it is the paper's
 *   criterion without the class of rubbish.
 * - "caffe": 20 and 50 filters with maximum pooling, a dense layer of 500 rectified units, softmax, for 28 by 28 pixels. 431,080 parameters.
 * @throws RangeError for pictures of other sizes, or other than ten classes of the original; TypeError for an unknown variant.
 * @example
 * ```ts
 * lenet5().parameterCount; // 61706
 * const model = lenet5({ variant: "original", inputShape: [1, 32, 32] });
 * model.parameterCount; // 60000
 * model.call(zeros([2, 1, 32, 32])).shape; // [2, 10]
 * ```
 */
export function lenet5(options: LeNet5Options = {}): Sequential {
  const { layers, inputShape, model } = lenet5Layers(options);
  return new Sequential(layers, { inputShape, ...model });
}

/** The layers before they are a model. Internal. */
export function lenet5Layers(options: LeNet5Options): {
  layers: BaseLayer[];
  inputShape: OpenShape;
  model: ReturnType<typeof pictureOptions>["model"];
} {
  const defaults = { classes: 10, inputShape: [1, 28, 28] };
  const { classes, inputShape, model } = pictureOptions("lenet5", options, ["variant"], defaults);
  const variant = oneOf("lenet5", "variant", options.variant ?? "usual", ["original", "usual", "caffe"]);
  const [, height, width] = inputShape;
  const sizes = variant === "caffe" ? [28] : [28, 32];
  if (height !== width || !sizes.includes(height ?? 0)) {
    throw new RangeError(
      `lenet5: ${variant} takes pictures of ${sizes.join(" or ")} pixels, square, got inputs of shape ${formatOpen(inputShape)}; resize them`,
    );
  }
  const padding = height === 28 ? 2 : 0;
  const layers = { usual, original, caffe }[variant](classes, padding);
  return { layers, inputShape, model };
}

function usual(classes: number, padding: number): BaseLayer[] {
  const activation = "tanh";
  return [
    new Conv2D(6, 5, { padding, activation, name: "C1" }),
    new AveragePooling2D(2, { name: "S2" }),
    new Conv2D(16, 5, { activation, name: "C3" }),
    new AveragePooling2D(2, { name: "S4" }),
    new Conv2D(120, 5, { activation, name: "C5" }),
    new Flatten(),
    new Dense(84, { activation, name: "F6" }),
    new Dense(classes, { activation: "softmax", name: "output" }),
  ];
}

function original(classes: number, padding: number): BaseLayer[] {
  if (classes !== 10)
    throw new RangeError(`lenet5: the original tells ten digits by their codes, got ${classes} classes`);
  const own = { activation: "scaledTanh", weights: fromPaper } as const;
  return [
    new Conv2D(6, 5, { padding, ...own, name: "C1" }),
    new Subsampling2D(2, { ...own, name: "S2" }),
    new PartiallyConnectedConv2D(C3_CONNECTIONS, 5, { ...own, name: "C3" }),
    new Subsampling2D(2, { ...own, name: "S4" }),
    new Conv2D(120, 5, { ...own, name: "C5" }),
    new Flatten(),
    new Dense(84, { ...own, name: "F6" }),
    new RadialBasis(10, {
      centres: ({ dtype }) => tensor(DIGIT_CODES as number[][], dtype),
      ...{ trainable: false, name: "output" },
    }),
  ];
}

function caffe(classes: number): BaseLayer[] {
  return [
    new Conv2D(20, 5, { name: "conv1" }),
    new MaxPooling2D(2, { name: "pool1" }),
    new Conv2D(50, 5, { name: "conv2" }),
    new MaxPooling2D(2, { name: "pool2" }),
    new Flatten(),
    new Dense(500, { activation: "relu", name: "ip1" }),
    new Dense(classes, { activation: "softmax", name: "ip2" }),
  ];
}
