// Which symbol is written next: drawn from what a model takes for likely, more or less boldly, or the likeliest.
import { notNegative, whole } from "../engine/checks.ts";
import { quote } from "../engine/quote.ts";

/** How a symbol is chosen. */
export interface SamplingOptions {
  /** 1 (default) draws symbols with the model's probabilities, less is bolder, more wilder: p_i ~ exp(z_i / temperature). 0 takes the likeliest. */
  temperature?: number;
  /** Draws among the k likeliest symbols only (Fan et al. 2018). Default: all. */
  topK?: number;
  /**
   * Draws among the likeliest symbols whose probabilities together reach p only, above 0 and up to 1 (nucleus sampling, Holtzman et al. 2020); with
   * `topK` among those. Default 1: all.
   */
  topP?: number;
}

/** The names of `SamplingOptions`. */
export const SAMPLING_OPTIONS = ["temperature", "topK", "topP"];

/** Chooses by the logits of all symbols, and a number drawn evenly from [0, 1). */
export type Chooser = (logits: ArrayLike<number>, u: number) => number;

/** @throws RangeError for numbers out of range. */
export function chooser(owner: string, options: SamplingOptions): Chooser {
  const temperature = notNegative(owner, "temperature", options.temperature ?? 1);
  const topK = options.topK === undefined ? undefined : whole(owner, "topK", options.topK, 1);
  const { topP = 1 } = options;
  if (typeof topP !== "number" || !(topP > 0 && topP <= 1)) {
    throw new RangeError(`${owner}: topP must be a number above 0 and at most 1, got ${quote(topP)}`);
  }
  if (temperature === 0) return (logits) => likeliest(owner, logits);
  let shares = new Float64Array(0);
  return (logits, u) => {
    const size = logits.length;
    if (shares.length !== size) shares = new Float64Array(size);
    const highest = logits[likeliest(owner, logits)];
    let sum = 0;
    for (let i = 0; i < size; i++) {
      shares[i] = Math.exp((logits[i] - highest) / temperature);
      sum += shares[i];
    }
    if ((topK !== undefined && topK < size) || topP < 1) sum = cut(shares, sum, topK ?? size, topP);
    return drawn(shares, u * sum);
  };
}

/** The first of the largest. @throws Error where they are no numbers. */
function likeliest(owner: string, logits: ArrayLike<number>): number {
  let best = 0;
  for (let i = 0; i < logits.length; i++) {
    if (Number.isNaN(logits[i]) || logits[i] === Number.POSITIVE_INFINITY) {
      throw new Error(`${owner}: the model answers ${logits[i]} for symbol ${i}; its parameters are of no use`);
    }
    if (logits[i] > logits[best]) best = i;
  }
  return best;
}

/** Sets all shares to 0 but those of the likeliest; returns the sum that is left. Of equal ones the first counts for likelier. */
function cut(shares: Float64Array, sum: number, topK: number, topP: number): number {
  const order = Array.from(shares.keys()).sort((a, b) => shares[b] - shares[a] || a - b);
  let within = sum;
  if (topK < order.length) {
    within = 0;
    for (let i = 0; i < topK; i++) within += shares[order[i]];
  }
  let [left, taken] = [0, 0];
  while (taken < Math.min(topK, order.length) && (taken === 0 || left < topP * within)) left += shares[order[taken++]];
  for (let i = taken; i < order.length; i++) shares[order[i]] = 0;
  return left;
}

/** The symbol at which the sum of the shares passes u. */
function drawn(shares: Float64Array, u: number): number {
  let [sum, last] = [0, 0];
  for (let i = 0; i < shares.length; i++) {
    if (shares[i] === 0) continue;
    sum += shares[i];
    last = i;
    if (u < sum) return i;
  }
  return last;
}
