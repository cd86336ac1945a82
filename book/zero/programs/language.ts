// What a language model of part 5 is made of: tokens, a dictionary with start and end, vectors with a single one, the dense vectors that replace
// them, softmax and cross-entropy.
import { Matrix } from "../../matrix.ts";
import type { Random } from "../../random.ts";

/** The marks before the first and behind the last word of a sentence. */
export const START = "s";
export const END = "e";

/** Words in a fixed order, beginning with s and e. */
export class Dictionary {
  readonly words: readonly string[];
  private readonly numbers = new Map<string, number>();

  /** @throws RangeError where there are no tokens at all. */
  constructor(tokens: Iterable<string>) {
    this.words = [START, END, ...new Set([...tokens].filter((token) => token !== START && token !== END))];
    if (this.words.length === 2)
      throw new RangeError("Dictionary: there are no tokens; give it a text with at least one");
    this.words.forEach((word, i) => {
      this.numbers.set(word, i);
    });
  }

  get size(): number {
    return this.words.length;
  }

  /** @throws RangeError for a word that is not in the dictionary. */
  numberOf(word: string): number {
    const number = this.numbers.get(word);
    if (number === undefined) {
      throw new RangeError(
        `Dictionary: ${JSON.stringify(word)} is not among its ${this.size} words; build it of a text that holds the word`,
      );
    }
    return number;
  }

  /** A column with a one at the word's number. */
  oneHot(word: string): Matrix {
    const column = new Matrix(this.size, 1);
    column.values[this.numberOf(word)] = 1;
    return column;
  }
}

/** What the model is shown and what it is to answer: each word and the next, from (s, first) to (last, e). */
export function pairsOf(sentence: readonly string[]): [word: string, next: string][] {
  if (sentence.length === 0) throw new RangeError("pairsOf: the sentence is empty; give it at least one word");
  const whole = [START, ...sentence, END];
  return whole.slice(1).map((next, i) => [whole[i], next]);
}

/** y_i = exp(x_i) / sum exp(x_k). The largest x is taken off first, which changes nothing but the overflow. */
export function softmax(x: ArrayLike<number>): number[] {
  const values = Array.from(x);
  const largest = Math.max(...values);
  const exponentials = values.map((value) => Math.exp(value - largest));
  const sum = exponentials.reduce((total, value) => total + value, 0);
  return exponentials.map((value) => value / sum);
}

/** L = -(1/N) sum_n y_n log o_n, natural logarithm, over N samples. */
export function crossEntropy(y: readonly (readonly number[])[], o: readonly (readonly number[])[]): number {
  const each = y.map((target, n) => target.reduce((sum, yn, i) => (yn === 0 ? sum : sum - yn * Math.log(o[n][i])), 0));
  return each.reduce((sum, loss) => sum + loss, 0) / y.length;
}

/**
 * p^(1/T) / sum p^(1/T): T below 1 prefers what is likely, above 1 it evens out.
 * @throws RangeError for a temperature that is not a finite number above 0.
 */
export function tempered(probabilities: ArrayLike<number>, temperature: number): number[] {
  if (!(temperature > 0 && Number.isFinite(temperature))) {
    throw new RangeError(
      `draw: the temperature must be a finite number above 0, got ${temperature}; to take the likeliest, take the largest probability`,
    );
  }
  return softmax(Array.from(probabilities, (p) => Math.log(p) / temperature));
}

/**
 * A number drawn from probabilities at a temperature, see `tempered`.
 * @throws RangeError for a temperature that is not a finite number above 0.
 */
export function draw(probabilities: ArrayLike<number>, temperature: number, random: Random): number {
  const weights = tempered(probabilities, temperature);
  let left = random.uniform();
  for (let i = 0; i < weights.length; i++) {
    left -= weights[i];
    if (left < 0) return i;
  }
  return weights.findLastIndex((weight) => weight > 0);
}
