// The n-gram model, which part 5 begins with: what comes next depends on the n - 1 tokens before, and is counted. What was never seen gets a
// little, too (add-k smoothing): P(w | context) = (count(context w) + k) / (count(context) + k V).

export class NGram {
  readonly n: number;
  /** Size of the dictionary, V. */
  readonly size: number;
  readonly smoothing: number;
  private readonly following = new Map<number, number>();
  private readonly contexts = new Map<number, number>();

  /** @throws RangeError for an n or size that is not a whole number from 1 on, or a smoothing that is not above 0. */
  constructor(n: number, size: number, smoothing: number) {
    for (const [name, value] of [
      ["n", n],
      ["the dictionary's size", size],
    ] as const) {
      if (!Number.isInteger(value) || value < 1) {
        throw new RangeError(`NGram: ${name} must be a whole number from 1 on, got ${value}`);
      }
    }
    if (size ** n > Number.MAX_SAFE_INTEGER) {
      throw new RangeError(
        `NGram: ${size} tokens in runs of ${n} are more than can be numbered; take n up to ${Math.floor(Math.log(Number.MAX_SAFE_INTEGER) / Math.log(size))}`,
      );
    }
    if (!(smoothing > 0 && Number.isFinite(smoothing))) {
      throw new RangeError(
        `NGram: the smoothing must be a finite number above 0, got ${smoothing}; without it what was never seen is impossible`,
      );
    }
    this.n = n;
    this.size = size;
    this.smoothing = smoothing;
  }

  /** The n - 1 tokens before `position` as one number. */
  private contextBefore(tokens: ArrayLike<number>, position: number): number {
    let context = 0;
    for (let i = position - this.n + 1; i < position; i++) context = context * this.size + tokens[i];
    return context;
  }

  /** Counts every run of n tokens. */
  train(tokens: ArrayLike<number>): void {
    this.checkLength("train", tokens);
    for (let at = this.n - 1; at < tokens.length; at++) {
      const token = tokens[at];
      if (!Number.isInteger(token) || token < 0 || token >= this.size) {
        throw new RangeError(`NGram: token ${token} at ${at} is none of the numbers 0 to ${this.size - 1}`);
      }
      const context = this.contextBefore(tokens, at);
      const run = context * this.size + token;
      this.following.set(run, (this.following.get(run) ?? 0) + 1);
      this.contexts.set(context, (this.contexts.get(context) ?? 0) + 1);
    }
  }

  private checkLength(what: string, tokens: ArrayLike<number>): void {
    if (tokens.length < this.n) {
      throw new RangeError(
        `NGram: ${what} needs at least ${this.n} tokens for runs of ${this.n}, the text has ${tokens.length}`,
      );
    }
  }

  /** Contexts that were seen. */
  get contextCount(): number {
    return this.contexts.size;
  }

  /** P(next | the n - 1 tokens before `position`). */
  private probabilityAt(tokens: ArrayLike<number>, position: number, next: number): number {
    const context = this.contextBefore(tokens, position);
    const count = this.following.get(context * this.size + next) ?? 0;
    return (count + this.smoothing) / ((this.contexts.get(context) ?? 0) + this.smoothing * this.size);
  }

  /** P of every token of the dictionary behind a context of at least n - 1 tokens; they add up to 1. */
  next(context: readonly number[]): number[] {
    if (context.length < this.n - 1) {
      throw new RangeError(`NGram: next needs the ${this.n - 1} tokens before, got ${context.length}`);
    }
    return Array.from({ length: this.size }, (_, token) => this.probabilityAt(context, context.length, token));
  }

  /** exp of the mean -log P over a text; its first n - 1 tokens are only context. */
  perplexity(tokens: ArrayLike<number>): number {
    this.checkLength("perplexity", tokens);
    let sum = 0;
    for (let at = this.n - 1; at < tokens.length; at++) sum -= Math.log(this.probabilityAt(tokens, at, tokens[at]));
    return Math.exp(sum / (tokens.length - this.n + 1));
  }
}

/** The characters of a text as numbers, in the order of their code points. */
export function numbered(text: string): { characters: string[]; tokens: Int32Array } {
  const all = [...text];
  const characters = [...new Set(all)].sort((a, b) => a.codePointAt(0)! - b.codePointAt(0)!);
  const numbers = new Map(characters.map((character, i) => [character, i]));
  return { characters, tokens: Int32Array.from(all, (character) => numbers.get(character)!) };
}
