// From one sequence to another: what reads the first, and what writes the second symbol by symbol.
import { flag, knownOptions, oneOf, share, whole } from "../../engine/checks.ts";
import type { DType } from "../../engine/dtype.ts";
import { Concatenate } from "../layers/concatenate.ts";
import { Dense } from "../layers/dense.ts";
import { Embedding } from "../layers/embedding.ts";
import { GRU } from "../layers/gru.ts";
import { LSTM } from "../layers/lstm.ts";
import { MultiHeadAttention } from "../layers/multi-head-attention.ts";
import type { RecurrentLayer, RecurrentOptions } from "../layers/recurrent.ts";
import { input, Model } from "../model.ts";

/** What an encoder-decoder takes. */
export interface EncoderDecoderOptions {
  /** Number of symbols of the sequences that are read; 0 is padding. */
  symbols: number;
  /** Number of symbols of those that are written; 0 is padding. Default: as many. */
  targetSymbols?: number;
  /** Size of the symbols' vectors; default 64. */
  embedding?: number;
  /** Units of the encoder and of the decoder; default 128. */
  units?: number;
  /** Recurrent layers of each, one above the other; default 1. */
  layers?: number;
  /** Default "lstm". */
  cell?: "lstm" | "gru";
  /** true: at every step the decoder looks back at what the encoder made of each symbol (Luong et al. 2015). Default false. */
  attention?: boolean;
  /** Share of the recurrent layers' inputs that is dropped while training; default 0. */
  dropout?: number;
  /** Seed of the initial parameters and of dropout; default 0. */
  seed?: number;
  /** float32 by default. */
  dtype?: DType;
}

const NAMES = [
  ...["symbols", "targetSymbols", "embedding", "units", "layers", "cell", "attention", "dropout", "seed", "dtype"],
];

/**
 * An encoder-decoder (Sutskever, Vinyals and Le 2014): the encoder reads a sequence, the decoder begins in the state in which the encoder
 * ended, and at every step says which symbol comes next, given those before. Inputs: `source` [n, time] and `target` [n, time 2], int32, what
 * has been written so far, from a start symbol on; output [n, time 2, symbols]. Symbol 0 is padding and counts for nothing.
 *
 * With `attention` the decoder's states s_t look at the encoder's h_i: a_t = tanh(W [s_t, c_t] + b), c_t the attention's mean of them, and the
 * symbols follow from a_t.
 *
 * While training, `target` is the truth but for its last symbol and the labels are the truth but for its first (teacher forcing);
 * `decode` feeds the model its own symbols.
 * @throws RangeError for sizes that are not whole numbers from 1 on; TypeError for an unknown option.
 * @example
 * ```ts
 * const model = encoderDecoder({ symbols: 12, units: 32, embedding: 8, attention: true });
 * model.call({ source: ones([2, 5], "int32"), target: ones([2, 3], "int32") }).shape; // [2, 3, 12]
 * model.parameterCount; // 17388
 * ```
 */
export function encoderDecoder(options: EncoderDecoderOptions): Model {
  const owner = "encoderDecoder";
  knownOptions(owner, options, NAMES);
  const symbols = whole(owner, "symbols", options.symbols, 2);
  const targetSymbols = whole(owner, "targetSymbols", options.targetSymbols ?? symbols, 2);
  const embedding = whole(owner, "embedding", options.embedding ?? 64, 1);
  const units = whole(owner, "units", options.units ?? 128, 1);
  const layers = whole(owner, "layers", options.layers ?? 1, 1);
  const cell = oneOf(owner, "cell", options.cell ?? "lstm", ["lstm", "gru"]);
  const attends = flag(owner, "attention", options.attention ?? false);
  const dropout = share(owner, "dropout", options.dropout ?? 0);
  const recurrent = (name: string, more: RecurrentOptions): RecurrentLayer => {
    const all = { name, layers, dropout, returnSequences: true, ...more };
    return cell === "lstm" ? new LSTM(units, all) : new GRU(units, all);
  };
  const source = input([null], { name: "source", dtype: "int32" });
  const target = input([null], { name: "target", dtype: "int32" });
  const read = new Embedding(symbols, embedding, { maskZero: true, name: "sourceEmbedding" }).apply(source);
  const [memory, ...state] = recurrent("encoder", { returnState: true }).applyAll(read);
  const written = new Embedding(targetSymbols, embedding, { maskZero: true, name: "targetEmbedding" }).apply(target);
  let y = recurrent("decoder", {}).apply([written, ...state]);
  if (attends) {
    const seen = new MultiHeadAttention(1, { name: "attention" }).apply([y, memory]);
    y = new Dense(units, { activation: "tanh", name: "combined" }).apply(new Concatenate().apply([y, seen]));
  }
  const outputs = new Dense(targetSymbols, { activation: "softmax", name: "next" }).apply(y);
  return new Model({ inputs: [source, target], outputs, seed: options.seed, dtype: options.dtype });
}
