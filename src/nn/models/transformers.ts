// Small transformers: a language model, a classifier of sequences, and an encoder-decoder.
import { knownOptions, share, whole } from "../../engine/checks.ts";
import type { DType } from "../../engine/dtype.ts";
import type { BaseLayer, Symbolic } from "../base-layer.ts";
import { Dense } from "../layers/dense.ts";
import { Dropout } from "../layers/dropout.ts";
import { Embedding } from "../layers/embedding.ts";
import { GlobalAveragePooling1D } from "../layers/global-pooling.ts";
import { LayerNormalization } from "../layers/layer-normalisation.ts";
import { PositionEmbedding } from "../layers/positions.ts";
import { TransformerDecoder, TransformerEncoder, type TransformerOptions } from "../layers/transformer.ts";
import { input, Model } from "../model.ts";
import { Sequential } from "../sequential.ts";

/** What all transformers by name take. */
export interface TransformerModelOptions {
  /** Number of symbols. */
  symbols: number;
  /** The longest sequence. */
  length: number;
  /** Size of the vectors; default 64. */
  size?: number;
  /** Heads of the attention; they must divide the size. Default 4. */
  heads?: number;
  /** Hidden units of the blocks' networks; default 4 size. */
  hidden?: number;
  /** Blocks, one above the other; default 2. */
  layers?: number;
  /** Share that is dropped while training: behind the embedding, and in the blocks; default 0. */
  dropout?: number;
  /** Seed of the initial parameters and of dropout; default 0. */
  seed?: number;
  /** float32 by default. */
  dtype?: DType;
}

const NAMES = ["symbols", "length", "size", "heads", "hidden", "layers", "dropout", "seed", "dtype"];

/** The common options, looked at, and what they make. */
function transformerOf(owner: string, options: TransformerModelOptions, own: readonly string[]) {
  knownOptions(owner, options, [...NAMES, ...own]);
  const symbols = whole(owner, "symbols", options.symbols, 2);
  const length = whole(owner, "length", options.length, 1);
  const size = whole(owner, "size", options.size ?? 64, 1);
  const heads = whole(owner, "heads", options.heads ?? 4, 1);
  const hidden = whole(owner, "hidden", options.hidden ?? 4 * size, 1);
  const layers = whole(owner, "layers", options.layers ?? 2, 1);
  const dropout = share(owner, "dropout", options.dropout ?? 0);
  const common = { activation: "gelu", normaliseFirst: true, dropout } satisfies TransformerOptions;
  return {
    symbols,
    /** From indices of so many symbols to vectors that know their places. */
    embedded: (count: number, maskZero: boolean): BaseLayer[] => [
      new Embedding(count, size, { maskZero }),
      new PositionEmbedding(length),
      ...(dropout > 0 ? [new Dropout(dropout)] : []),
    ],
    encoders: (): TransformerEncoder[] =>
      Array.from({ length: layers }, () => new TransformerEncoder(heads, hidden, common)),
    decoders: (): TransformerDecoder[] =>
      Array.from({ length: layers }, () => new TransformerDecoder(heads, hidden, common)),
    model: { seed: options.seed, dtype: options.dtype },
  };
}

/**
 * A transformer as a language model, a small GPT (Radford et al. 2019): embeddings of symbols and places, decoder blocks that are
 * normalised first, and at every step softmax over the symbol that comes next, given those before. Shapes: [n, time], int32, to [n, time,
 * symbols], for sequences of up to `length`. Train it on texts and the same texts one symbol on; `generate` writes.
 * @throws RangeError for sizes that are not whole numbers from 1 on, or heads that do not divide the size; TypeError for an unknown option.
 * @example
 * ```ts
 * const model = transformerLanguageModel({ symbols: 65, length: 64 });
 * model.parameterCount; // 112577
 * model.call(zeros([2, 10], "int32")).shape; // [2, 10, 65]
 * ```
 */
export function transformerLanguageModel(options: TransformerModelOptions): Sequential {
  const { symbols, embedded, decoders, model } = transformerOf("transformerLanguageModel", options, []);
  const last = [new LayerNormalization(), new Dense(symbols, { activation: "softmax" })];
  return new Sequential([...embedded(symbols, false), ...decoders(), ...last], { inputShape: [null], ...model });
}

/** What a transformer that tells classes takes. */
export interface TransformerClassifierOptions extends TransformerModelOptions {
  /** Number of classes. */
  classes: number;
}

/**
 * A transformer that tells what class a sequence is of: embeddings of symbols and places, encoder blocks, the mean over the steps, softmax.
 * Shapes: [n, time], int32, to [n, classes]. Symbol 0 is padding and counts for nothing.
 * @throws RangeError for sizes that are not whole numbers from 1 on, or heads that do not divide the size; TypeError for an unknown option.
 * @example
 * ```ts
 * const model = transformerClassifier({ symbols: 100, classes: 3, length: 20, size: 16, layers: 1 });
 * model.call(ones([2, 7], "int32")).shape; // [2, 3]
 * ```
 */
export function transformerClassifier(options: TransformerClassifierOptions): Sequential {
  const owner = "transformerClassifier";
  const { symbols, embedded, encoders, model } = transformerOf(owner, options, ["classes"]);
  const classes = whole(owner, "classes", options.classes, 1);
  const last = [new LayerNormalization(), new GlobalAveragePooling1D(), new Dense(classes, { activation: "softmax" })];
  return new Sequential([...embedded(symbols, true), ...encoders(), ...last], { inputShape: [null], ...model });
}

/** What a transformer from sequences to sequences takes. */
export interface TransformerEncoderDecoderOptions extends TransformerModelOptions {
  /** Number of symbols of the sequences that are written; 0 is padding. Default: as many as are read. */
  targetSymbols?: number;
}

/**
 * A transformer from one sequence to another (Vaswani et al. 2017, normalised first): encoder blocks read, decoder blocks look back at what they made,
 * and at every step say which symbol comes next, given those before. Inputs: `source` [n, time] and `target` [n, time 2], int32, what has been
 * written so far, from a start symbol on; output [n, time 2, symbols]. Symbol 0 is padding and counts for nothing. `decode` writes.
 * @throws RangeError for sizes that are not whole numbers from 1 on, or heads that do not divide the size; TypeError for an unknown option.
 * @example
 * ```ts
 * const model = transformerEncoderDecoder({ symbols: 12, length: 10, size: 16, layers: 1 });
 * model.call({ source: ones([2, 5], "int32"), target: ones([2, 3], "int32") }).shape; // [2, 3, 12]
 * ```
 */
export function transformerEncoderDecoder(options: TransformerEncoderDecoderOptions): Model {
  const owner = "transformerEncoderDecoder";
  const { symbols, embedded, encoders, decoders, model } = transformerOf(owner, options, ["targetSymbols"]);
  const targetSymbols = whole(owner, "targetSymbols", options.targetSymbols ?? symbols, 2);
  const source = input([null], { name: "source", dtype: "int32" });
  const target = input([null], { name: "target", dtype: "int32" });
  const line = (x: Symbolic, layers: readonly BaseLayer[]): Symbolic =>
    layers.reduce((y, layer) => layer.connectTo([y])[0], x);
  const memory = line(source, [...embedded(symbols, true), ...encoders(), new LayerNormalization()]);
  let y = line(target, embedded(targetSymbols, true));
  for (const decoder of decoders()) y = decoder.apply([y, memory]);
  const outputs = line(y, [new LayerNormalization(), new Dense(targetSymbols, { activation: "softmax" })]);
  return new Model({ inputs: [source, target], outputs, ...model });
}
