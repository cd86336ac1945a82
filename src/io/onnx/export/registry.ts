// From the class of a layer to its export. A class that extends one of these is another layer, and is not looked up as the one that it extends.
import type { BaseLayer } from "../../../nn/base-layer.ts";
import { Activation } from "../../../nn/layers/activation.ts";
import { BatchNormalization } from "../../../nn/layers/batch-normalisation.ts";
import { Bidirectional } from "../../../nn/layers/bidirectional.ts";
import { Concatenate } from "../../../nn/layers/concatenate.ts";
import { Conv1D } from "../../../nn/layers/conv1d.ts";
import { Conv2D } from "../../../nn/layers/conv2d.ts";
import { Conv2DTranspose } from "../../../nn/layers/conv2d-transpose.ts";
import { Dense } from "../../../nn/layers/dense.ts";
import { DepthwiseConv2D } from "../../../nn/layers/depthwise-conv2d.ts";
import { Dot } from "../../../nn/layers/dot.ts";
import { Dropout } from "../../../nn/layers/dropout.ts";
import { Embedding } from "../../../nn/layers/embedding.ts";
import { Flatten } from "../../../nn/layers/flatten.ts";
import { GaussianNoise } from "../../../nn/layers/gaussian-noise.ts";
import {
  GlobalAveragePooling1D,
  GlobalAveragePooling2D,
  GlobalMaxPooling1D,
  GlobalMaxPooling2D,
} from "../../../nn/layers/global-pooling.ts";
import { GroupNormalization } from "../../../nn/layers/group-normalisation.ts";
import { GRU } from "../../../nn/layers/gru.ts";
import { LayerNormalization } from "../../../nn/layers/layer-normalisation.ts";
import { LocalResponseNormalization } from "../../../nn/layers/local-response-normalisation.ts";
import { LSTM } from "../../../nn/layers/lstm.ts";
import { Masking } from "../../../nn/layers/masking.ts";
import { Add, Average, Maximum, Minimum, Multiply, Subtract } from "../../../nn/layers/merge.ts";
import { MultiHeadAttention } from "../../../nn/layers/multi-head-attention.ts";
import { PartiallyConnectedConv2D } from "../../../nn/layers/partially-connected-conv2d.ts";
import { Permute } from "../../../nn/layers/permute.ts";
import { AveragePooling1D, MaxPooling1D } from "../../../nn/layers/pooling1d.ts";
import {
  AdaptiveAveragePooling2D,
  AdaptiveMaxPooling2D,
  AveragePooling2D,
  L2Pooling2D,
  MaxPooling2D,
} from "../../../nn/layers/pooling2d.ts";
import { PositionalEncoding, PositionEmbedding } from "../../../nn/layers/positions.ts";
import { PReLU } from "../../../nn/layers/prelu.ts";
import { RadialBasis } from "../../../nn/layers/radial-basis.ts";
import { RepeatVector } from "../../../nn/layers/repeat-vector.ts";
import { Rescaling } from "../../../nn/layers/rescaling.ts";
import { Reshape } from "../../../nn/layers/reshape.ts";
import { SeparableConv2D } from "../../../nn/layers/separable-conv2d.ts";
import { SimpleRNN } from "../../../nn/layers/simple-rnn.ts";
import { SpatialDropout1D, SpatialDropout2D } from "../../../nn/layers/spatial-dropout.ts";
import { Subsampling2D } from "../../../nn/layers/subsampling2d.ts";
import { TimeDistributed } from "../../../nn/layers/time-distributed.ts";
import { TransformerDecoder, TransformerEncoder } from "../../../nn/layers/transformer.ts";
import { UpSampling2D } from "../../../nn/layers/up-sampling2d.ts";
import { ZeroPadding2D } from "../../../nn/layers/zero-padding2d.ts";
import { attentionMask, multiHeadAttention, transformer } from "./layers/attention.ts";
import * as basic from "./layers/basic.ts";
import * as convolution from "./layers/convolution.ts";
import * as normalisation from "./layers/normalisation.ts";
import * as pooling from "./layers/pooling.ts";
import { bidirectional, recurrent } from "./layers/recurrent.ts";
import * as sequences from "./layers/sequences.ts";
import * as shapes from "./layers/shapes.ts";
import type { OnnxLayerExport, OnnxLayerRow, OnnxMaskExport } from "./scope.ts";

const rows = new Map<unknown, OnnxLayerRow>();

function row<L extends BaseLayer>(
  kind: abstract new (...args: never[]) => L,
  layer: OnnxLayerExport<L>,
  mask?: OnnxMaskExport<L>,
): void {
  rows.set(kind, { layer: layer as OnnxLayerExport, ...(mask && { mask: mask as OnnxMaskExport }) });
}

row(Activation, basic.activation);
row(AdaptiveAveragePooling2D, pooling.adaptiveAveragePooling2d);
row(AdaptiveMaxPooling2D, pooling.adaptiveMaxPooling2d);
row(Add, shapes.merge("Add", true), shapes.mergeMask);
row(Average, shapes.average, shapes.mergeMask);
row(AveragePooling1D, pooling.averagePooling1d);
row(AveragePooling2D, pooling.averagePooling2d);
row(BatchNormalization, normalisation.batchNormalization);
row(Bidirectional, bidirectional);
row(Concatenate, shapes.concatenate, shapes.concatenateMask);
row(Conv1D, convolution.conv1d);
row(Conv2D, convolution.conv2d);
row(Conv2DTranspose, convolution.conv2dTranspose);
row(Dense, basic.dense);
row(DepthwiseConv2D, convolution.depthwiseConv2d);
row(Dot, shapes.dot, shapes.dotMask);
row(Dropout, basic.dropout);
row(Embedding, sequences.embedding, sequences.embeddingMask);
row(Flatten, shapes.flatten);
row(GaussianNoise, basic.nothing);
row(GlobalAveragePooling1D, pooling.globalAveragePooling1d, shapes.noMask);
row(GlobalAveragePooling2D, pooling.globalAveragePooling2d);
row(GlobalMaxPooling1D, pooling.globalMaxPooling1d, shapes.noMask);
row(GlobalMaxPooling2D, pooling.globalMaxPooling2d);
row(GroupNormalization, normalisation.groupNormalization);
row(GRU, recurrent);
row(L2Pooling2D, pooling.l2Pooling2d);
row(LayerNormalization, normalisation.layerNormalization);
row(LocalResponseNormalization, normalisation.localResponseNormalization);
row(LSTM, recurrent);
row(Masking, sequences.masking, sequences.maskingMask);
row(Maximum, shapes.merge("Max", true), shapes.mergeMask);
row(MaxPooling1D, pooling.maxPooling1d);
row(MaxPooling2D, pooling.maxPooling2d);
row(Minimum, shapes.merge("Min", true), shapes.mergeMask);
row(MultiHeadAttention, multiHeadAttention, attentionMask);
row(Multiply, shapes.merge("Mul", false), shapes.mergeMask);
row(PartiallyConnectedConv2D, convolution.partiallyConnectedConv2d);
row(Permute, shapes.permute, shapes.permuteMask);
row(PositionalEncoding, sequences.positionalEncoding);
row(PositionEmbedding, sequences.positionEmbedding);
row(PReLU, basic.prelu);
row(RadialBasis, basic.radialBasis);
row(RepeatVector, shapes.repeatVector);
row(Rescaling, basic.rescaling);
row(Reshape, shapes.reshape, shapes.noMask);
row(SeparableConv2D, convolution.separableConv2d);
row(SimpleRNN, recurrent);
row(SpatialDropout1D, basic.nothing);
row(SpatialDropout2D, basic.nothing);
row(Subsampling2D, pooling.subsampling2d);
row(Subtract, shapes.merge("Sub", false), shapes.mergeMask);
row(TimeDistributed, shapes.timeDistributed);
row(TransformerDecoder, transformer, attentionMask);
row(TransformerEncoder, transformer, attentionMask);
row(UpSampling2D, shapes.upSampling2d);
row(ZeroPadding2D, shapes.zeroPadding2d);

/** How a layer of the library is exported; undefined for one that is not, or whose `call` has been replaced. */
export function rowOf(layer: BaseLayer): OnnxLayerRow | undefined {
  return Object.hasOwn(layer, "call") ? undefined : rows.get(layer.constructor);
}
