// Sums by characters: "47+85" is read by an encoder, "132" is written by a decoder, the digit of the ones first, as one adds by hand. An encoder-decoder
// with attention and a small transformer learn it from examples; neither knows what a number is.
import {
  Adam,
  decode,
  encoderDecoder,
  loadTraining,
  type Model,
  predict,
  type Samples,
  schedule,
  scope,
  type Tensor,
  Trainer,
  tensor,
  transformerEncoderDecoder,
} from "nabla";
import type { Store } from "../../experiment.ts";
import { keptTraining } from "../../kept-training.ts";
import type { Random } from "../../random.ts";

const CHARACTERS = "0123456789+";
/** Symbol 0 is padding. */
const [START, END, FIRST] = [1, 2, 3];
const SYMBOLS = FIRST + CHARACTERS.length;

export type Sum = readonly [a: number, b: number];

/** Different sums of two numbers of so many digits, none of which is among `without`. */
export function sums(count: number, digits: number, without: ReadonlySet<string>, random: Random): Sum[] {
  const [low, high] = [10 ** (digits - 1), 10 ** digits];
  const found = new Map<string, Sum>();
  while (found.size < count) {
    const [a, b] = [low + random.below(high - low), low + random.below(high - low)];
    if (!without.has(`${a}+${b}`)) found.set(`${a}+${b}`, [a, b]);
  }
  return [...found.values()];
}

export const nameOf = ([a, b]: Sum): string => `${a}+${b}`;

const numbersOf = (text: string): number[] => Array.from(text, (character) => FIRST + CHARACTERS.indexOf(character));

/** What is written: the sum from its last digit to its first. */
const writtenOf = ([a, b]: Sum): string => [...`${a + b}`].reverse().join("");

function filled(rows: readonly (readonly number[])[], length: number): Tensor {
  const all = new Int32Array(rows.length * length);
  rows.forEach((row, i) => {
    all.set(row, i * length);
  });
  return tensor(all, { shape: [rows.length, length] });
}

/** Sources, targets from the start symbol on, and labels to the end symbol. */
export function samplesOf(all: readonly Sum[], digits: number): Samples<{ source: Tensor; target: Tensor }> {
  const targets = all.map((sum) => numbersOf(writtenOf(sum)));
  return {
    x: {
      source: filled(
        all.map((sum) => numbersOf(nameOf(sum))),
        2 * digits + 1,
      ),
      target: filled(
        targets.map((target) => [START, ...target]),
        digits + 2,
      ),
    },
    y: filled(
      targets.map((target) => [...target, END]),
      digits + 2,
    ),
  };
}

export type Adder = "encoder-decoder" | "transformer";

export interface SumsPlan {
  readonly digits: number;
  /** Sums to learn from, and to test on. */
  readonly training: number;
  readonly tested: number;
  readonly epochs: number;
  /** Units of the encoder-decoder; size of the transformer's vectors. */
  readonly units: number;
  readonly size: number;
  readonly layers: number;
  readonly batch: number;
  readonly rate: number;
}

export function adder(kind: Adder, plan: SumsPlan, seed: number): Model {
  const { units, size, layers, digits } = plan;
  if (kind === "transformer") {
    const length = 2 * digits + 2;
    return transformerEncoderDecoder({ symbols: SYMBOLS, length, size, heads: 4, hidden: 2 * size, layers, seed });
  }
  return encoderDecoder({ symbols: SYMBOLS, units, embedding: 16, cell: "gru", attention: true, seed });
}

export interface SumsJudged {
  /** Share of sums that are right to the last digit when the network reads its own digits. */
  readonly right: number;
  /** The same where it is told the right digits so far (teacher forcing). */
  readonly told: number;
  /** Share of single symbols that are right then. */
  readonly symbols: number;
  /** What it writes, as numbers are read. */
  readonly written: readonly string[];
  /** Whether the two agree on every sum: told the right digits or its own, it is the same as long as all are right. */
  readonly agree: boolean;
}

export function judgeSums(model: Model, all: readonly Sum[], digits: number, beams = 1): SumsJudged {
  return scope(() => {
    const { x, y } = samplesOf(all, digits);
    const labels = y.dataSync();
    const forced = predict(model, x).argmax(-1).dataSync();
    const width = digits + 2;
    let [told, symbols, counted] = [0, 0, 0];
    const whole = all.map((_, i) => {
      let every = true;
      for (let t = i * width; t < (i + 1) * width; t++) {
        if (labels[t] === 0) continue;
        counted += 1;
        if (forced[t] === labels[t]) symbols += 1;
        else every = false;
      }
      told += Number(every);
      return every;
    });
    const free = decode(model, x.source, { start: START, end: END, length: width, beams });
    const written = free.map((row) => row.map((symbol) => CHARACTERS[symbol - FIRST] ?? "?").join(""));
    const right = written.map((text, i) => text === writtenOf(all[i]));
    return {
      right: right.filter(Boolean).length / all.length,
      told: told / all.length,
      symbols: symbols / counted,
      written: written.map((text) => [...text].reverse().join("")),
      agree: right.every((value, i) => value === whole[i]),
    };
  });
}

export interface SumsRun {
  readonly model: Model;
  /** Share of the test that is right after every epoch. */
  readonly curve: readonly number[];
}

/** Learns from some sums, and is tested on others after every epoch. */
export async function learnSums(
  kind: Adder,
  training: readonly Sum[],
  test: readonly Sum[],
  plan: SumsPlan,
  { seed, store, print }: { seed: number; store?: Store | undefined; print: (line: string) => void },
): Promise<SumsRun> {
  const { digits, epochs, batch: batchSize, rate } = plan;
  const data = samplesOf(training, digits);
  const steps = Math.ceil(training.length / batchSize);
  const falling = () => schedule.cosine(rate, { length: epochs * steps, minimum: rate / 50 });
  const { trainer, result } = await keptTraining<readonly number[]>({
    ...{ store, name: `sums-${kind}-seed-${seed}`, epochs, print },
    settings: { ...plan, kind, seed },
    start: [],
    make(file) {
      if (file !== undefined) return loadTraining(file, data, { schedule: falling() });
      const optimizer = new Adam({ clipNorm: 1 });
      const options = { batchSize, seed, ignoreIndex: 0, optimizer, schedule: falling() };
      return { trainer: new Trainer(adder(kind, plan, seed), data, options) };
    },
    async epoch(trainer, before) {
      await trainer.finishEpoch();
      const { right } = judgeSums(trainer.model, test, digits);
      print(`${kind}: epoch ${trainer.epoch} of ${epochs}, ${(100 * right).toFixed(1)}% right`);
      return [...before, right];
    },
  });
  return { model: trainer.model, curve: result };
}
