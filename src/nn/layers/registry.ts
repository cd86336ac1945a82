// From a layer's configuration back to the layer: the library's kinds, and those that users register.
import { fields, knownOptions } from "../../engine/checks.ts";
import { hintAt } from "../../engine/names.ts";
import { quote } from "../../engine/quote.ts";
import { BaseLayer, type LayerConfig } from "../base-layer.ts";
import { is, type LayerKind, optional } from "../layer-kind.ts";
import { activationKind } from "./activation.ts";
import { batchNormalizationKind } from "./batch-normalisation.ts";
import { bidirectionalKind } from "./bidirectional.ts";
import { concatenateKind } from "./concatenate.ts";
import { conv1dKind } from "./conv1d.ts";
import { conv2dKind } from "./conv2d.ts";
import { conv2dTransposeKind } from "./conv2d-transpose.ts";
import { denseKind } from "./dense.ts";
import { depthwiseConv2dKind } from "./depthwise-conv2d.ts";
import { dotKind } from "./dot.ts";
import { dropoutKind } from "./dropout.ts";
import { embeddingKind } from "./embedding.ts";
import { flattenKind } from "./flatten.ts";
import { gaussianNoiseKind } from "./gaussian-noise.ts";
import {
  globalAveragePooling1dKind,
  globalAveragePooling2dKind,
  globalMaxPooling1dKind,
  globalMaxPooling2dKind,
} from "./global-pooling.ts";
import { groupNormalizationKind } from "./group-normalisation.ts";
import { gruKind } from "./gru.ts";
import { layerNormalizationKind } from "./layer-normalisation.ts";
import { localResponseNormalizationKind } from "./local-response-normalisation.ts";
import { lstmKind } from "./lstm.ts";
import { maskingKind } from "./masking.ts";
import { addKind, averageKind, maximumKind, minimumKind, multiplyKind, subtractKind } from "./merge.ts";
import { multiHeadAttentionKind } from "./multi-head-attention.ts";
import { partiallyConnectedConv2dKind } from "./partially-connected-conv2d.ts";
import { permuteKind } from "./permute.ts";
import { averagePooling1dKind, maxPooling1dKind } from "./pooling1d.ts";
import {
  adaptiveAveragePooling2dKind,
  adaptiveMaxPooling2dKind,
  averagePooling2dKind,
  l2Pooling2dKind,
  maxPooling2dKind,
} from "./pooling2d.ts";
import { positionalEncodingKind, positionEmbeddingKind } from "./positions.ts";
import { preluKind } from "./prelu.ts";
import { radialBasisKind } from "./radial-basis.ts";
import { repeatVectorKind } from "./repeat-vector.ts";
import { rescalingKind } from "./rescaling.ts";
import { reshapeKind } from "./reshape.ts";
import { separableConv2dKind } from "./separable-conv2d.ts";
import { simpleRNNKind } from "./simple-rnn.ts";
import { spatialDropout1dKind, spatialDropout2dKind } from "./spatial-dropout.ts";
import { subsampling2dKind } from "./subsampling2d.ts";
import { timeDistributedKind } from "./time-distributed.ts";
import { transformerDecoderKind, transformerEncoderKind } from "./transformer.ts";
import { treeLSTMKind } from "./tree-lstm.ts";
import { treeRNNKind } from "./tree-rnn.ts";
import { upSampling2dKind } from "./up-sampling2d.ts";
import { zeroPadding2dKind } from "./zero-padding2d.ts";

const kinds: readonly LayerKind[] = [
  activationKind,
  adaptiveAveragePooling2dKind,
  adaptiveMaxPooling2dKind,
  addKind,
  averageKind,
  averagePooling1dKind,
  averagePooling2dKind,
  batchNormalizationKind,
  bidirectionalKind,
  concatenateKind,
  conv1dKind,
  conv2dKind,
  conv2dTransposeKind,
  denseKind,
  depthwiseConv2dKind,
  dotKind,
  dropoutKind,
  embeddingKind,
  flattenKind,
  gaussianNoiseKind,
  globalAveragePooling1dKind,
  globalAveragePooling2dKind,
  globalMaxPooling1dKind,
  globalMaxPooling2dKind,
  groupNormalizationKind,
  gruKind,
  l2Pooling2dKind,
  layerNormalizationKind,
  localResponseNormalizationKind,
  lstmKind,
  maskingKind,
  maximumKind,
  maxPooling1dKind,
  maxPooling2dKind,
  minimumKind,
  multiHeadAttentionKind,
  multiplyKind,
  partiallyConnectedConv2dKind,
  permuteKind,
  positionalEncodingKind,
  positionEmbeddingKind,
  preluKind,
  repeatVectorKind,
  radialBasisKind,
  rescalingKind,
  reshapeKind,
  separableConv2dKind,
  simpleRNNKind,
  spatialDropout1dKind,
  spatialDropout2dKind,
  subsampling2dKind,
  subtractKind,
  timeDistributedKind,
  transformerDecoderKind,
  transformerEncoderKind,
  treeLSTMKind,
  treeRNNKind,
  upSampling2dKind,
  zeroPadding2dKind,
];

const own = new Map<string, LayerKind>(kinds.map((kind) => [kind.type, kind]));

const registered = new Map<string, LayerKind>();

/** Adds kinds that are made of layers by way of this table: models. */
export function addKinds(...more: readonly LayerKind[]): void {
  for (const kind of more) own.set(kind.type, kind);
}

/** What every layer may have. */
const COMMON = { name: optional((owner, name, value) => textOf(owner, name, value)), trainable: optional(is.flag) };

function textOf(owner: string, name: string, value: unknown): string {
  if (typeof value === "string") return value;
  throw new TypeError(`${owner}: ${name} must be a string, got ${quote(value)}`);
}

/**
 * Makes layers of your own known by their type, so that `loadModel` and `Sequential.fromConfig` can make them again.
 * @param type as the layer's `type`, and the `type` of its `config()`.
 * @param make makes the layer from what its `config()` gave. A configuration may come from a file: check its settings.
 * Registering a type again replaces its maker.
 * @throws TypeError for the type of one of the library's layers, or if `make` is no function.
 * @example
 * ```ts
 * class Scale extends Layer {
 *   readonly type = "scale";
 *   readonly factor: number;
 *   constructor(factor: number) {
 *     super();
 *     this.factor = factor;
 *   }
 *   build(inputShape: Shape): Shape {
 *     return inputShape;
 *   }
 *   call(x: Tensor): Tensor {
 *     return x.mul(this.factor);
 *   }
 *   config(): LayerConfig {
 *     return { type: this.type, factor: this.factor };
 *   }
 * }
 * registerLayer("scale", ({ factor }) => new Scale(Number(factor)));
 * const bytes = saveModel(new Sequential([new Scale(3)], { inputShape: [1] }));
 * loadModel(bytes).call(tensor([[2]])).item(); // 6
 * ```
 */
export function registerLayer(type: string, make: (config: LayerConfig) => BaseLayer): void {
  if (typeof type !== "string" || type === "") {
    throw new TypeError(`registerLayer: the type must be a name such as "scale", got ${quote(type)}`);
  }
  if (own.has(type)) {
    throw new TypeError(`registerLayer: ${type} is a layer of the library; give yours another type`);
  }
  if (typeof make !== "function") {
    throw new TypeError(`registerLayer: needs a function from a configuration to a layer, got ${quote(make)}`);
  }
  registered.set(type, { type, settings: null, make });
}

/**
 * Makes the layer that gave this configuration; `owner` is whose it is, for errors.
 * @throws TypeError for an unknown type, a setting that is unknown or of the wrong type, or a registered maker that gives no layer;
 * RangeError for a setting out of range.
 */
export function layerFromConfig(config: LayerConfig, owner: string): BaseLayer {
  fields(owner, "the configuration", config);
  const { type, name, trainable, ...given } = config;
  const kind = own.get(type) ?? registered.get(type);
  if (kind === undefined) {
    const types = [...own.keys(), ...registered.keys()];
    const hint = typeof type === "string" ? hintAt(type, types) : "";
    if (type === undefined) throw new TypeError(`${owner}: the configuration names no type of layer`);
    throw new TypeError(
      `${owner}: unknown type ${quote(type)}${hint}; there are ${types.join(", ")}. A layer of your own has to be registered before: registerLayer(${quote(type)}, (config) => new ...)`,
    );
  }
  const { settings, make } = kind;
  const what = `${owner} (${type})`;
  const common = { name, trainable };
  for (const [setting, check] of Object.entries(COMMON)) check(what, setting, common[setting as "name"]);
  if (settings !== null) {
    knownOptions(what, given, Object.keys(settings));
    for (const [setting, check] of Object.entries(settings)) check(what, setting, given[setting]);
  }
  const layer: unknown = make({ type, ...given }, layerFromConfig);
  if (!(layer instanceof BaseLayer)) {
    throw new TypeError(`${what}: the function given to registerLayer must return a layer, got ${quote(layer)}`);
  }
  layer.restoreCommon(name as string | undefined, trainable as boolean | undefined);
  return layer;
}
