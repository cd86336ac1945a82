// How far back a layer learns: three tasks whose answer stands at the beginning of a sequence, and a gap of any length before it is asked for.
// RNN, LSTM and GRU of the framework learn them, with the same number of units, data and steps.
import {
  Dense,
  Embedding,
  evaluate,
  fit,
  GRU,
  LSTM,
  predict,
  type Samples,
  Sequential,
  SimpleRNN,
  tensor,
} from "nabla";
import { Random } from "../../random.ts";

/** "rotation": an RNN whose W begins as a rotation, which neither shrinks nor stretches; the RNN's own begins with random weights. */
export const CELLS = ["RNN", "rotation", "LSTM", "GRU"] as const;
export type Cell = (typeof CELLS)[number];

function layerOf(cell: Cell, units: number, returnSequences: boolean) {
  if (cell === "RNN") return new SimpleRNN(units, { returnSequences, stateWeights: "xavierUniform" });
  if (cell === "rotation") return new SimpleRNN(units, { returnSequences });
  return cell === "LSTM" ? new LSTM(units, { returnSequences }) : new GRU(units, { returnSequences });
}

/**
 * The adding problem (Hochreiter and Schmidhuber 1997): at every step a number from 0 to 1 and a mark; two are marked, one in each half, and their
 * sum is to be told at the end. Whoever always says 1 has a mean squared error of 1/6.
 */
export function adding(count: number, steps: number, random: Random): Samples {
  const x = new Float32Array(count * steps * 2);
  const y = new Float32Array(count);
  for (let n = 0; n < count; n++) {
    for (let t = 0; t < steps; t++) x[(n * steps + t) * 2] = random.uniform();
    const half = Math.floor(steps / 2);
    for (const t of [random.below(half), half + random.below(steps - half)]) {
      x[(n * steps + t) * 2 + 1] = 1;
      y[n] += x[(n * steps + t) * 2];
    }
  }
  return { x: tensor(x, { shape: [count, steps, 2] }), y: tensor(y, { shape: [count, 1] }) };
}

/** Symbols to be copied, and how many of them. */
export const COPIED = { symbols: 4, length: 3 };

/** Labels that count for nothing. */
const IGNORED = -1;

/**
 * Copying: three of four symbols, a gap of blanks, then a mark at each of three steps, at which the symbols are to be told in their order. Chance is
 * a quarter.
 */
export function copying(count: number, gap: number, random: Random): Samples {
  const { symbols, length } = COPIED;
  const [blank, mark] = [symbols, symbols + 1];
  const steps = length + gap + length;
  const x = new Int32Array(count * steps).fill(blank);
  const y = new Int32Array(count * steps).fill(IGNORED);
  for (let n = 0; n < count; n++) {
    for (let i = 0; i < length; i++) {
      const symbol = random.below(symbols);
      x[n * steps + i] = symbol;
      x[n * steps + length + gap + i] = mark;
      y[n * steps + length + gap + i] = symbol;
    }
  }
  return { x: tensor(x, { shape: [count, steps] }), y: tensor(y, { shape: [count, steps] }) };
}

/** Where one grew up, and what one speaks. */
export const HOMES: readonly [country: string, language: string][] = [
  ["China", "Chinese"],
  ["France", "French"],
  ["Japan", "Japanese"],
  ["Spain", "Spanish"],
  ["Russia", "Russian"],
  ["Greece", "Greek"],
];

const FILLERS =
  "the house by sea was small and we had two dogs my sister went to school there every winter snow fell".split(" ");
const FRAME = ["I", "grew", "up", "in", ".", "speak", "fluent"];
/** Every word that a sentence may hold. */
export const WORDS: readonly string[] = [...new Set([...FRAME, ...FILLERS, ...HOMES.flat()])];

/** "I grew up in China . ... I speak fluent", and "Chinese" as what comes next. */
export function sentence(gap: number, home: number, random: Random): { words: string[]; next: string } {
  const [country, language] = HOMES[home];
  const between = Array.from({ length: gap }, () => FILLERS[random.below(FILLERS.length)]);
  return { words: ["I", "grew", "up", "in", country, ".", ...between, ".", "I", "speak", "fluent"], next: language };
}

/** Sentences as numbers of words; the label is the language's number among `HOMES`. Chance is a sixth. */
export function agreement(count: number, gap: number, random: Random): Samples {
  const rows = Array.from({ length: count }, () => {
    const home = random.below(HOMES.length);
    return { home, words: sentence(gap, home, random).words.map((word) => WORDS.indexOf(word)) };
  });
  const steps = rows[0].words.length;
  return {
    x: tensor(Int32Array.from(rows.flatMap(({ words }) => words)), { shape: [count, steps] }),
    y: tensor(
      Int32Array.from(rows, ({ home }) => home),
      { shape: [count] },
    ),
  };
}

export type Task = "adding" | "copying" | "agreement";

export interface GapRun {
  readonly task: Task;
  readonly cell: Cell;
  readonly gap: number;
  readonly units: number;
  /** Sequences to learn from, and passes over them. */
  readonly count: number;
  readonly epochs: number;
  readonly learningRate: number;
  readonly seed: number;
}

export interface GapResult {
  readonly model: Sequential;
  /** On 400 new sequences, after every epoch: the mean squared error of adding, else the share right of what is asked for. */
  readonly curve: number[];
  readonly last: number;
}

const MAKE = { adding, copying, agreement };

export function gapModel({ task, cell, units, seed }: Pick<GapRun, "task" | "cell" | "units" | "seed">): Sequential {
  const layer = layerOf(cell, units, task === "copying");
  if (task === "adding") return new Sequential([layer, new Dense(1)], { inputShape: [null, 2], seed });
  const [inputs, classes] = task === "copying" ? [COPIED.symbols + 2, COPIED.symbols] : [WORDS.length, HOMES.length];
  const layers = [new Embedding(inputs, 8), layer, new Dense(classes, { activation: "softmax" })];
  return new Sequential(layers, { inputShape: [null], seed });
}

/** Trains one layer on one task with one gap. */
export async function learnGap(run: GapRun): Promise<GapResult> {
  const { task, gap, count, epochs, learningRate, seed } = run;
  const random = new Random(seed);
  const training = MAKE[task](count, gap, random);
  const test = MAKE[task](400, gap, random);
  const model = gapModel(run);
  const curve: number[] = [];
  const loss = task === "adding" ? ("meanSquaredError" as const) : ("softmaxCrossEntropy" as const);
  await fit(model, training, {
    loss,
    epochs,
    learningRate,
    batchSize: 32,
    clipNorm: 1,
    seed,
    ...(task === "copying" && { ignoreIndex: IGNORED }),
    callbacks: [
      {
        onEpochEnd() {
          curve.push(scoreOf(model, test, task));
        },
      },
    ],
  });
  return { model, curve, last: curve[curve.length - 1] };
}

function scoreOf(model: Sequential, test: Samples, task: Task): number {
  if (task === "adding") return predict(model, test.x).sub(test.y).square().mean().item() as number;
  const options = task === "copying" ? { ignoreIndex: IGNORED } : {};
  return evaluate(model, test, options).accuracy!;
}

/** Whether it was learnt: less than a third of the error of saying 1, or more than nine tenths right. */
export function isLearnt(task: Task, score: number): boolean {
  return task === "adding" ? score < 1 / 18 : score > 0.9;
}
