// A language model of characters: long short-term memory that says which character comes next.
import { knownOptions, share, whole } from "../../engine/checks.ts";
import type { DType } from "../../engine/dtype.ts";
import type { BaseLayer } from "../base-layer.ts";
import { Dense } from "../layers/dense.ts";
import { Dropout } from "../layers/dropout.ts";
import { Embedding } from "../layers/embedding.ts";
import { LSTM } from "../layers/lstm.ts";
import { Sequential } from "../sequential.ts";

/** What the language model of characters takes. */
export interface CharacterLSTMOptions {
  /** Number of symbols: indices are from 0 to symbols - 1. */
  symbols: number;
  /** Size of the symbols' vectors; default 64. */
  embedding?: number;
  /** Units of a layer of long short-term memory; default 128. */
  units?: number;
  /** Such layers, one above the other; default 1. */
  layers?: number;
  /** Share of the states that is dropped between the layers and before the last while training; default 0. */
  dropout?: number;
  /** true: a batch goes on where the one before ended; needs `batchSize`. Default false. */
  stateful?: boolean;
  /** Number of samples of every batch of a stateful model. */
  batchSize?: number;
  /** Seed of the initial parameters and of dropout; default 0. */
  seed?: number;
  /** float32 by default. */
  dtype?: DType;
}

/**
 * A language model of characters: an embedding, layers of long short-term memory, and at every step softmax over the symbol that
 * comes next. Shapes: [n, time], int32, to [n, time, symbols]; the time is open. Parameters for s symbols, vectors of e and one layer of u units:
 * s e + 4 u (e + u + 1) + (u + 1) s. Train it on texts and the same texts one symbol on; `generate` writes.
 * @throws RangeError for sizes that are not whole numbers from 1 on; TypeError for an unknown option.
 * @example
 * ```ts
 * const model = characterLSTM({ symbols: 65 });
 * model.parameterCount; // 111361
 * model.call(zeros([2, 50], "int32")).shape; // [2, 50, 65]
 * ```
 */
export function characterLSTM(options: CharacterLSTMOptions): Sequential {
  const owner = "characterLSTM";
  const names = ["symbols", "embedding", "units", "layers", "dropout", "stateful", "batchSize", "seed", "dtype"];
  knownOptions(owner, options, names);
  const symbols = whole(owner, "symbols", options.symbols, 1);
  const embedding = whole(owner, "embedding", options.embedding ?? 64, 1);
  const units = whole(owner, "units", options.units ?? 128, 1);
  const dropout = share(owner, "dropout", options.dropout ?? 0);
  const { layers, stateful, batchSize, seed, dtype } = options;
  const parts: BaseLayer[] = [
    new Embedding(symbols, embedding),
    new LSTM(units, { layers, stateful, batchSize, layerDropout: dropout, returnSequences: true }),
    ...(dropout > 0 ? [new Dropout(dropout)] : []),
    new Dense(symbols, { activation: "softmax" }),
  ];
  return new Sequential(parts, { inputShape: [null], seed, dtype });
}
