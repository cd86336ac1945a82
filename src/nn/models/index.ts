// Models by name.

export { type AlexNetOptions, alexnet } from "./alexnet.ts";
export { type CharacterLSTMOptions, characterLSTM } from "./character-lstm.ts";
export { type EncoderDecoderOptions, encoderDecoder } from "./encoder-decoder.ts";
export { type GoogLeNetOptions, googlenet } from "./googlenet.ts";
export { type LeNet5Options, lenet5 } from "./lenet.ts";
export { type Network3Options, network3 } from "./network3.ts";
export type { PictureModelOptions } from "./options.ts";
export { type ResNetOptions, resnet } from "./resnet.ts";
export {
  type TransformerClassifierOptions,
  type TransformerEncoderDecoderOptions,
  type TransformerModelOptions,
  transformerClassifier,
  transformerEncoderDecoder,
  transformerLanguageModel,
} from "./transformers.ts";
export { type VggOptions, vgg } from "./vgg.ts";
