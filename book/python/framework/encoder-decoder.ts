// Sequence to sequence on the framework: an encoder reads the source to its end mark, a decoder begins in the state where that ended and writes, each
// input being the output before, until it writes the end mark. Attention lets the decoder look at all states of the encoder.
import { Concatenate, Dense, Embedding, fit, GRU, input, Model, MultiHeadAttention, type Tensor, tensor } from "nabla";
import type { Random } from "../../random.ts";

/** A source and what it is to become, as texts of single characters. */
export interface Pair {
  readonly source: string;
  readonly target: string;
}

/** Padding, the decoder's first input, and what ends a source and a target. */
const [PAD, START, END] = [0, 1, 2];
export const END_MARK = "_";

export interface Seq2SeqOptions {
  /** Characters that sources and targets are made of. */
  readonly characters: string;
  readonly units: number;
  readonly attention: boolean;
  readonly seed: number;
}

export interface Trained {
  /** On the pairs that are watched, free running, after every epoch: share of targets without a mistake. */
  readonly curve: number[];
}

export class Seq2Seq {
  readonly model: Model;
  private readonly numbers: ReadonlyMap<string, number>;
  private readonly characters: readonly string[];

  /** @throws RangeError for a character that stands twice. */
  constructor({ characters, units, attention, seed }: Seq2SeqOptions) {
    // What should never be written shows as a mistake.
    this.characters = ["□", "□", END_MARK, ...characters];
    if (new Set([...characters, END_MARK]).size < characters.length + 1) {
      throw new RangeError(
        `Seq2Seq: a character stands twice in ${JSON.stringify(characters)}, or it holds the end mark`,
      );
    }
    this.numbers = new Map(this.characters.map((character, i) => [character, i]));
    const size = this.characters.length;
    const source = input([null], { name: "source", dtype: "int32" });
    const target = input([null], { name: "target", dtype: "int32" });
    const encoder = new GRU(units, { returnSequences: true, returnState: true });
    const [states, last] = encoder.applyAll(new Embedding(size, 16, { maskZero: true }).apply(source));
    const decoder = new GRU(units, { returnSequences: true });
    const written = decoder.apply([new Embedding(size, 16, { maskZero: true }).apply(target), last]);
    const seen = attention
      ? new Concatenate().apply([written, new MultiHeadAttention(1, { keySize: units }).apply([written, states])])
      : written;
    const next = new Dense(size, { activation: "softmax" }).apply(seen);
    this.model = new Model({ inputs: { source, target }, outputs: next, seed });
  }

  private encode(text: string): number[] {
    return [...text].map((character) => {
      const number = this.numbers.get(character);
      if (number === undefined) {
        throw new RangeError(
          `Seq2Seq: ${JSON.stringify(character)} is none of its characters, ${this.characters.slice(3).join("")}`,
        );
      }
      return number;
    });
  }

  private table(rows: readonly number[][], steps = Math.max(...rows.map(({ length }) => length))): Tensor {
    const flat = rows.flatMap((row) => [...row, ...new Array<number>(steps - row.length).fill(PAD)]);
    return tensor(Int32Array.from(flat), { shape: [rows.length, steps] });
  }

  /** Sources end with the end mark; targets are shown one place late, and asked for with the end mark behind them. */
  private samples(pairs: readonly Pair[]) {
    const sources = this.table(pairs.map(({ source }) => [...this.encode(source), END]));
    const targets = pairs.map(({ target }) => this.encode(target));
    return {
      x: { source: sources, target: this.table(targets.map((row) => [START, ...row])) },
      y: this.table(targets.map((row) => [...row, END])),
    };
  }

  /** Teacher forcing: the decoder is shown the right outputs so far. */
  async train(
    pairs: readonly Pair[],
    watched: readonly Pair[],
    options: {
      readonly epochs: number;
      readonly learningRate: number;
      readonly seed: number;
      readonly batchSize?: number;
    },
  ): Promise<Trained> {
    const curve: number[] = [];
    const { epochs, learningRate, seed, batchSize = 32 } = options;
    await fit(this.model, this.samples(pairs), {
      loss: "softmaxCrossEntropy",
      epochs,
      learningRate,
      batchSize,
      clipNorm: 1,
      seed,
      ignoreIndex: PAD,
      callbacks: [
        {
          onEpochEnd: () => {
            curve.push(this.accuracy(watched));
          },
        },
      ],
    });
    return { curve };
  }

  /** What the decoder writes by itself, step by step, up to the end mark or `most` characters. */
  write(sources: readonly string[], most: number): string[] {
    const encoded = this.table(sources.map((source) => [...this.encode(source), END]));
    const rows: number[][] = sources.map(() => [START]);
    const ended = sources.map(() => false);
    for (let t = 0; t < most && ended.includes(false); t++) {
      const likeliest = this.model
        .call({ source: encoded, target: this.table(rows) })
        .get(":", -1)
        .argmax(1);
      for (const [i, token] of (likeliest.toArray() as number[]).entries()) {
        if (token === END) ended[i] = true;
        rows[i].push(ended[i] ? END : token);
      }
    }
    return rows.map((row) =>
      row
        .slice(1)
        .map((number) => (number === END ? "" : this.characters[number]))
        .join(""),
    );
  }

  /** Share of targets that are written without a mistake, free running. */
  accuracy(pairs: readonly Pair[]): number {
    const most = Math.max(...pairs.map(({ target }) => target.length)) + 1;
    const written = this.write(
      pairs.map(({ source }) => source),
      most,
    );
    return written.filter((text, i) => text === pairs[i].target).length / pairs.length;
  }

  /** Share of targets whose every character is the likeliest when the right ones before it are shown. */
  forcedAccuracy(pairs: readonly Pair[]): number {
    const { x, y } = this.samples(pairs);
    const likeliest = this.model.call(x).argmax(2).toArray() as number[][];
    const asked = y.toArray() as number[][];
    return (
      asked.filter((row, i) => row.every((token, t) => token === PAD || token === likeliest[i][t])).length /
      pairs.length
    );
  }
}

/** The text's sketch as a little language: A, B, C are X, Y, Z, and so on, and D and H are not said. ABCD becomes XYZ. */
export const TRANSLATION: Readonly<Record<string, string>> = {
  A: "X",
  B: "Y",
  C: "Z",
  D: "",
  E: "U",
  F: "V",
  G: "W",
  H: "",
};

export function translate(source: string): string {
  return [...source].map((letter) => TRANSLATION[letter]).join("");
}

/** Different sources of `shortest` to `longest` letters, none of them among `without`. */
export function sources(
  letters: string,
  count: number,
  [shortest, longest]: readonly [number, number],
  without: readonly string[],
  random: Random,
): string[] {
  const found = new Set<string>();
  while (found.size < count) {
    const length = shortest + random.below(longest - shortest + 1);
    const text = Array.from({ length }, () => letters[random.below(letters.length)]).join("");
    if (!without.includes(text)) found.add(text);
  }
  return [...found];
}
