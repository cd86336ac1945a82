// Models by name.

export { type AlexNetOptions, alexnet } from "./alexnet.ts";
export { type GoogLeNetOptions, googlenet } from "./googlenet.ts";
export { type LeNet5Options, lenet5 } from "./lenet.ts";
export { type Network3Options, network3 } from "./network3.ts";
export type { PictureModelOptions } from "./options.ts";
export { type ResNetOptions, resnet } from "./resnet.ts";
export { type VggOptions, vgg } from "./vgg.ts";
