// Sequence to sequence on the framework: an encoder reads the source to its end mark, a decoder begins in the state where that ended and writes, each
// input being the output before, until it writes the end mark. Attention lets the decoder look at all states of the encoder.
import {
  Concatenate,
  Dense,
  Embedding,
  fit,
  GRU,
  input,
  Model,
  MultiHeadAttention,
  scope,
  type Tensor,
  tensor,
} from "nabla";
import { END_MARK, type Pair } from "./sequence-tasks.ts";

/** Padding, the decoder's first input, and what ends a source and a target. */
const [PAD, START, END] = [0, 1, 2];

export interface Seq2SeqOptions {
  /** Characters that sources and targets are made of. */
  readonly characters: string;
  readonly units: number;
  readonly attention: boolean;
  readonly seed: number;
}

export interface TrainingPlan {
  readonly epochs: number;
  readonly learningRate: number;
  readonly seed: number;
  readonly batchSize?: number;
  /** Told the number of the epoch, from 1, and the share of faultless targets after it, free running; true ends the training. */
  readonly onEpoch?: (epoch: number, free: number) => boolean | undefined;
}

/** What happens while one source is read and a target written, step by step. */
export interface Trace {
  /** The source's characters and the end mark. */
  readonly source: readonly string[];
  /** The encoder's state after each of them. */
  readonly encoder: readonly number[][];
  /** What the decoder is given at each of its steps; the first is what every target begins with, here empty. */
  readonly shown: readonly string[];
  /** Its state after each step, which character is likeliest then, and how likely each is. */
  readonly decoder: readonly number[][];
  readonly written: readonly string[];
  readonly probabilities: readonly number[][];
  /** At each step, the share that each of the encoder's states has in what the decoder looks at; null without attention. */
  readonly attention: readonly number[][] | null;
}

export interface Trained {
  /** On the pairs that are watched, free running, after every epoch: share of targets without a mistake. */
  readonly curve: number[];
}

export class Seq2Seq {
  readonly model: Model;
  readonly options: Seq2SeqOptions;
  /** Ends in what the encoder, the decoder, the attention and the output give. */
  private readonly inside: Model;
  private readonly numbers: ReadonlyMap<string, number>;
  /** All that can be written, by number: padding and the start mark, which never should be, the end mark, and the characters. */
  readonly characters: readonly string[];

  /** @throws RangeError for a character that stands twice. */
  constructor(options: Seq2SeqOptions) {
    const { characters, units, attention, seed } = options;
    this.options = options;
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
    const looks = attention
      ? new MultiHeadAttention(1, { keySize: units, returnWeights: true }).applyAll([written, states])
      : null;
    const seen = looks === null ? written : new Concatenate().apply([written, looks[0]]);
    const next = new Dense(size, { activation: "softmax" }).apply(seen);
    this.model = new Model({ inputs: { source, target }, outputs: next, seed });
    const within = { next, encoder: states, decoder: written, ...(looks !== null && { attention: looks[1] }) };
    this.inside = new Model({ inputs: { source, target }, outputs: within });
  }

  /** Another with the same numbers, which does not learn when this one does. */
  copy(): Seq2Seq {
    const other = new Seq2Seq(this.options);
    other.model.parameters.forEach((parameter, i) => {
      parameter.assign(this.model.parameters[i].tensor);
    });
    return other;
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
  async train(pairs: readonly Pair[], watched: readonly Pair[], options: TrainingPlan): Promise<Trained> {
    const curve: number[] = [];
    const { epochs, learningRate, seed, batchSize = 32, onEpoch } = options;
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
          onEpochEnd: ({ epoch }, { stop }) => {
            const free = this.accuracy(watched);
            curve.push(free);
            if (onEpoch?.(epoch, free)) stop();
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

  /**
   * Reads a source and writes, with all that happens inside: free running, at most `most` characters, or, where `shown` is given, with that for the
   * outputs so far, whatever it writes itself.
   */
  trace(source: string, most: number, shown?: string): Trace {
    const encode = this.encode(source);
    const before = shown ?? this.write([source], most)[0].slice(0, most - 1);
    return scope(() => {
      const values = this.inside.callAll({
        source: this.table([[...encode, END]]),
        target: this.table([[START, ...this.encode(before)]]),
      });
      const rows = (name: string) => values[name].get(0).toArray() as number[][];
      const probabilities = rows("next");
      return {
        ...{ source: [...source, END_MARK], encoder: rows("encoder"), decoder: rows("decoder"), probabilities },
        shown: ["", ...before],
        written: probabilities.map((row) => this.characters[row.indexOf(Math.max(...row))]),
        attention: this.options.attention ? (values["attention"].get(0, 0).toArray() as number[][]) : null,
      };
    });
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
