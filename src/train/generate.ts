// Models that write: what they say comes next is put behind what they have read.
import { knownOptions, list, whole } from "../engine/checks.ts";
import { quote } from "../engine/quote.ts";
import { checkModel, type Model } from "../nn/model.ts";
import { random } from "../ops/random.ts";
import { Generator } from "../tensor/random.ts";
import { scope } from "../tensor/tensor.ts";
import { chooser, SAMPLING_OPTIONS, type SamplingOptions } from "./sampling.ts";
import { Stepper } from "./stepper.ts";

/** What `generate` takes beside the model and the beginning. */
export interface GenerateOptions extends SamplingOptions {
  /** Symbols to write. */
  length: number;
  /** The most symbols that the model is shown, the last ones; for a transformer its length. Beyond it all of them are read again for each symbol. Default: all. */
  context?: number;
  /** The symbol that ends it; default: none. */
  end?: number;
  /** Seed of what is drawn; default 0. */
  seed?: number;
}

/**
 * Throws for what is no language model: one input of symbols [n, time], one output [n, time, symbols].
 * @internal
 */
export function checkLanguageModel(owner: string, model: Model): void {
  checkModel(owner, model);
  const { inputs, outputs } = model;
  if (inputs.length === 1 && outputs.length === 1 && outputs[0].shape.length === 2) return;
  throw new RangeError(
    `${owner}: needs a model from symbols [n, time] to what comes next at each step, [n, time, symbols]; this one has ${inputs.length} input${inputs.length === 1 ? "" : "s"} and outputs of shape ${quote(outputs.map(({ shape }) => ["n", ...shape]))}. Recurrent layers need returnSequences`,
  );
}

/** Throws unless a beginning is a list of symbols, of which there is at least one. @internal */
export function checkBeginning(owner: string, beginning: readonly number[]): void {
  if (list(owner, "the beginning", beginning).length === 0) {
    throw new RangeError(`${owner}: the beginning must hold at least one symbol`);
  }
  beginning.forEach((symbol, i) => {
    whole(owner, `symbol ${i} of the beginning`, symbol, 0);
  });
}

/** Throws unless the symbol that ends a text is one that the model can write. @internal */
export function checkEnd(owner: string, model: Model, end: number): void {
  whole(owner, "end", end, 0);
  const symbols = model.outputs[0].shape.at(-1) ?? null;
  if (symbols !== null && end >= symbols) {
    throw new RangeError(`${owner}: end must be one of the model's symbols, 0 to ${symbols - 1}, got ${end}`);
  }
}

/**
 * Goes on with a beginning: a language model, from [n, time] int32 to [n, time, symbols], says what comes next, a symbol is drawn or the likeliest
 * taken, and so on. Gives the new symbols.
 *
 * Each symbol is read once: recurrent layers go on from their states, causal attention keeps its keys and values, as long as `context` allows; only
 * models with layers that look ahead (or others that no step suffices) read all again for every symbol. What a `stateful` model has kept is left as it is,
 * and its batch size does not matter.
 * @throws RangeError for a beginning without symbols, numbers out of range, or a model of other shapes; TypeError for what is no model, or an
 * unknown option.
 * @example
 * ```ts
 * const model = characterLSTM({ symbols: 5, seed: 1 });
 * generate(model, [1, 2, 3], { length: 4, temperature: 0.8, topK: 3 }).length; // 4
 * ```
 */
export function generate(model: Model, beginning: readonly number[], options: GenerateOptions): number[] {
  const owner = "generate";
  checkModel(owner, model);
  knownOptions(owner, options, ["length", "context", "end", "seed", ...SAMPLING_OPTIONS]);
  checkLanguageModel(owner, model);
  const length = whole(owner, "length", options.length, 0);
  const choose = chooser(owner, options);
  const context = options.context === undefined ? undefined : whole(owner, "context", options.context, 1);
  if (options.end !== undefined) checkEnd(owner, model, options.end);
  checkBeginning(owner, beginning);
  const generator = new Generator(whole(owner, "seed", options.seed ?? 0, 0));
  if (length === 0) return [];
  const draws = scope(() => random.uniform([length], 0, 1, { dtype: "float64", generator }).dataSync());
  const stepper = new Stepper(model, context);
  const written: number[] = [];
  let [logits] = stepper.begin([beginning]);
  for (let i = 0; i < length; i++) {
    const next = choose(logits, Number(draws[i]));
    written.push(next);
    if (next === options.end || i === length - 1) break;
    [logits] = stepper.next([next]);
  }
  return written;
}
