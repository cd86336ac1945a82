// Models that write: what they say comes next is put behind what they have read.
import { finite, knownOptions, list, notNegative, whole } from "../../engine/checks.ts";
import { quote } from "../../engine/quote.ts";
import { div } from "../../ops/arithmetic.ts";
import { get } from "../../ops/indexing.ts";
import { random } from "../../ops/random.ts";
import { argmax } from "../../ops/reduce.ts";
import { softmax } from "../../ops/softmax.ts";
import { checkTensor } from "../../tensor/check.ts";
import { tensor } from "../../tensor/create.ts";
import { withRecording } from "../../tensor/graph.ts";
import { Generator } from "../../tensor/random.ts";
import { formatShape } from "../../tensor/shape.ts";
import { scope, type Tensor } from "../../tensor/tensor.ts";
import { checkModel, type Model } from "../model.ts";

/** What `generate` takes beside the model and the beginning. */
export interface GenerateOptions {
  /** Symbols to write. */
  length: number;
  /** 1 (default) draws symbols with the model's probabilities, less is bolder, more wilder; 0 takes the likeliest. */
  temperature?: number;
  /** The most symbols that the model is shown, the last ones; for a transformer its length. Default: all. */
  context?: number;
  /** The symbol that ends it; default: none. */
  end?: number;
  /** Seed of what is drawn; default 0. */
  seed?: number;
}

/**
 * Goes on with a beginning: a language model, from [n, time] int32 to [n, time, symbols], says what comes next, a symbol is drawn or the likeliest
 * taken, and so on. Gives the new symbols. A stateful model begins anew, is shown each symbol once, and keeps the state it ends in; others read
 * all again for every symbol.
 * @throws RangeError for a beginning without symbols, or numbers out of range; TypeError for what is no model, or an unknown option.
 * @example
 * ```ts
 * const model = characterLSTM({ symbols: 5, seed: 1 });
 * generate(model, [1, 2, 3], { length: 4 }).length; // 4
 * ```
 */
export function generate(model: Model, beginning: readonly number[], options: GenerateOptions): number[] {
  const owner = "generate";
  checkModel(owner, model);
  knownOptions(owner, options, ["length", "temperature", "context", "end", "seed"]);
  const length = whole(owner, "length", options.length, 0);
  const temperature = notNegative(owner, "temperature", options.temperature ?? 1);
  const context = options.context === undefined ? undefined : whole(owner, "context", options.context, 1);
  if (options.end !== undefined) finite(owner, "end", options.end);
  if (list(owner, "the beginning", beginning).length === 0) {
    throw new RangeError(`${owner}: the beginning must hold at least one symbol`);
  }
  const generator = new Generator(whole(owner, "seed", options.seed ?? 0, 0));
  const stateful = model.isStateful;
  if (stateful) model.resetStates();
  const all = [...beginning];
  for (let i = 0; i < length; i++) {
    const shown = stateful && i > 0 ? all.slice(-1) : context === undefined ? all : all.slice(-context);
    const next = scope(() =>
      withRecording(false, () => {
        const logits = get(model.logits(tensor([shown], "int32")), 0, -1);
        if (temperature === 0) return argmax(logits).item();
        const shares = softmax(div(logits, temperature)).dataSync();
        return drawn(shares, random.uniform([], 0, 1, { dtype: "float64", generator }).item());
      }),
    );
    all.push(next);
    if (next === options.end) break;
  }
  return all.slice(beginning.length);
}

/** The symbol at which the sum of the shares passes u. */
function drawn(shares: ArrayLike<number>, u: number): number {
  let sum = 0;
  for (let i = 0; i < shares.length; i++) {
    sum += shares[i];
    if (u < sum) return i;
  }
  return shares.length - 1;
}

/** What `decode` takes beside the model and the sources. */
export interface DecodeOptions {
  /** The symbol that every target begins with. */
  start: number;
  /** The symbol that ends it. */
  end: number;
  /** The most symbols to write. */
  length: number;
}

/**
 * Writes a target for each source, symbol by symbol, each time the likeliest: for models of two inputs, source and target so far, such as
 * `encoderDecoder` gives. Gives the symbols without start and end.
 * @throws RangeError for sources that are not [n, time], a model of other inputs, or numbers out of range; TypeError for an unknown option.
 * @example
 * ```ts
 * const model = encoderDecoder({ symbols: 6, units: 8, embedding: 4, seed: 1 });
 * decode(model, tensor([[3, 4], [5, 0]], "int32"), { start: 1, end: 2, length: 3 }).length; // 2
 * ```
 */
export function decode(model: Model, source: Tensor, options: DecodeOptions): number[][] {
  const owner = "decode";
  checkModel(owner, model);
  checkTensor(owner, source);
  knownOptions(owner, options, ["start", "end", "length"]);
  const start = whole(owner, "start", options.start, 0);
  const end = whole(owner, "end", options.end, 0);
  const length = whole(owner, "length", options.length, 0);
  if (model.inputs.length !== 2) {
    const names = model.inputs.map(({ name }) => name);
    throw new RangeError(`${owner}: needs a model of two inputs, source and target, got one of ${quote(names)}`);
  }
  if (source.rank !== 2) {
    throw new RangeError(`${owner}: sources must be [n, time], got shape ${formatShape(source.shape)}`);
  }
  const targets = Array.from({ length: source.shape[0] }, () => [start]);
  const open = new Set(targets);
  for (let i = 0; i < length && open.size > 0; i++) {
    const next = scope(() =>
      withRecording(false, () => {
        const logits = model.logits([source, tensor(targets, "int32")]);
        return Array.from(argmax(get(logits, ":", -1), -1).dataSync());
      }),
    );
    targets.forEach((target, k) => {
      // A target that has ended is filled up; what stands there is cut off below.
      target.push(open.has(target) ? next[k] : end);
      if (next[k] === end) open.delete(target);
    });
  }
  return targets.map((target) => {
    const stop = target.indexOf(end, 1);
    return target.slice(1, stop < 0 ? undefined : stop);
  });
}
