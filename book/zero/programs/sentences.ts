// A language model of part 5 that learns sentences, word by word, beside n-grams that count them. Sentences are of the text's kinds: 我昨天上学迟到了,
// the same with who was blamed for it, and what is to be done about something broken. Who is blamed, and what is mended, was named nine words before:
// within reach of a state, out of reach of a few words. The text's own sentences are kept back.
import { Matrix } from "../../matrix.ts";
import { Random } from "../../random.ts";
import { broken, clozeSentences, GAP, late } from "./cloze.ts";
import { TanhActivator } from "./fc.ts";
import { Dictionary, END, pairsOf, START, softmax } from "./language.ts";
import { NGram } from "./ngram.ts";
import { RecurrentLayer } from "./rnn.ts";
import { addOuter, addTo, turnedDot } from "./through-time.ts";
import { clipByNorm } from "./through-time-bounds.ts";

export type Sentence = readonly string[];

/** The text's: 我 昨天 上学 迟到 了. */
export const LATE: Sentence = ["我", "昨天", "上学", "迟到", "了"];

export interface Corpus {
  readonly dictionary: Dictionary;
  readonly training: readonly Sentence[];
  readonly test: readonly Sentence[];
}

/** Three of four sentences to learn from; the text's own are in neither part. */
export function sentenceCorpus(seed: number): Corpus {
  const random = new Random(seed);
  const whole = clozeSentences(random).map(({ words, answer }) => words.map((word) => (word === GAP ? answer : word)));
  // Every second one of those who were late ends there.
  const all = whole.map((sentence, i) =>
    sentence[3] === "迟到" && i % 2 === 0 ? sentence.slice(0, LATE.length) : sentence,
  );
  const own = [late("我", "昨天", "上学", "老师"), broken("我", "手机", 0)].map(({ words }) =>
    words.slice(0, 8).join(""),
  );
  const unlike = (sentence: Sentence) =>
    sentence.join("") !== LATE.join("") && !own.includes(sentence.slice(0, 8).join(""));
  const others = random.shuffle(all.filter(unlike));
  const cut = Math.floor(others.length * 0.75);
  return { dictionary: new Dictionary(whole.flat()), training: others.slice(0, cut), test: others.slice(cut) };
}

/**
 * The words of a text, which may stand without spaces: at each place the longest that the dictionary has.
 * @throws RangeError for what begins with none of them.
 */
export function wordsOf(text: string, dictionary: Dictionary): string[] {
  const known = dictionary.words.slice(2).sort((a, b) => b.length - a.length);
  const words: string[] = [];
  for (let rest = text.trim(); rest !== ""; rest = rest.trimStart()) {
    const word = known.find((each) => rest.startsWith(each));
    if (word === undefined) {
      throw new RangeError(`wordsOf: ${JSON.stringify(rest.slice(0, 6))} begins with no word of the dictionary`);
    }
    words.push(word);
    rest = rest.slice(word.length);
  }
  return words;
}

/** s_t = tanh(U x_t + W s_{t-1}), o_t = softmax(V s_t): the probability of every word behind the words so far. */
export class SentenceModel {
  readonly dictionary: Dictionary;
  readonly layer: RecurrentLayer;
  readonly V: Matrix;
  private readonly VGradient: Matrix;
  private readonly learningRate: number;

  constructor(dictionary: Dictionary, states: number, learningRate: number, random: Random) {
    this.dictionary = dictionary;
    this.learningRate = learningRate;
    this.layer = new RecurrentLayer(dictionary.size, states, new TanhActivator(), learningRate, random, 0.3);
    this.V = Matrix.fill(dictionary.size, states, () => random.uniform(-0.3, 0.3));
    this.VGradient = new Matrix(dictionary.size, states);
  }

  /** All that it has learnt. */
  get weights(): readonly Matrix[] {
    return [...this.layer.parameters.map(({ values }) => values), this.V];
  }

  /** What may follow the start, the first word, the first two, ...: a list of probabilities each. */
  read(words: Sentence): number[][] {
    this.layer.resetState();
    for (const word of [START, ...words]) this.layer.forward(this.dictionary.oneHot(word));
    return this.layer.outputs.map((state) => softmax(this.V.dot(state).values));
  }

  /** The sum of -log P over a sentence's words and its end. */
  surprise(sentence: Sentence): number {
    const probabilities = this.read(sentence);
    return pairsOf(sentence).reduce(
      (sum, [, next], t) => sum - Math.log(probabilities[t][this.dictionary.numberOf(next)]),
      0,
    );
  }

  /** One step on the mean of -log P, the gradient clipped to length 1; returns the sum before. */
  train(sentence: Sentence): number {
    const probabilities = this.read(sentence);
    const pairs = pairsOf(sentence);
    this.VGradient.values.fill(0);
    let sum = 0;
    const sensitivities = pairs.map(([, next], t) => {
      const target = this.dictionary.numberOf(next);
      sum -= Math.log(probabilities[t][target]);
      const delta = Matrix.column(probabilities[t].map((p, i) => (p - Number(i === target)) / pairs.length));
      addOuter(this.VGradient, delta, this.layer.outputs[t]);
      return turnedDot(this.V, delta);
    });
    this.layer.backward(sensitivities);
    clipByNorm([...this.layer.parameters.map(({ gradient }) => gradient), this.VGradient], 1);
    this.layer.update();
    addTo(this.V, this.VGradient.times(-this.learningRate));
    return sum;
  }
}

/** exp of the mean -log P a word: among so many equally likely words a model is undecided. Ends are words. */
export function perplexityOf(surprise: (sentence: Sentence) => number, sentences: readonly Sentence[]): number {
  const words = sentences.reduce((sum, sentence) => sum + sentence.length + 1, 0);
  return Math.exp(sentences.reduce((sum, sentence) => sum + surprise(sentence), 0) / words);
}

export interface SentenceEpoch {
  readonly epoch: number;
  /** Of the sentences that are learnt from, while they are learnt. */
  readonly perplexity: number;
  readonly model: SentenceModel;
}

/** Trains a model of 24 states sentence by sentence, and says after each epoch how it stands; the model is the same one each time. */
export function* learnSentences(
  { dictionary, training }: Corpus,
  seed: number,
  epochs: number,
): Generator<SentenceEpoch, void> {
  const random = new Random(seed);
  const model = new SentenceModel(dictionary, 24, 0.4, random);
  for (let epoch = 1; epoch <= epochs; epoch++) {
    const order = random.shuffle([...training]);
    yield { epoch, perplexity: perplexityOf((sentence) => model.train(sentence), order), model };
  }
}

/** Counts runs of n words in sentences, each with n - 1 starts before it, so that none runs over from the sentence before. */
export class SentenceNGram {
  readonly dictionary: Dictionary;
  readonly counts: NGram;

  constructor({ dictionary, training }: Corpus, n: number, smoothing: number) {
    this.dictionary = dictionary;
    this.counts = new NGram(n, dictionary.size, smoothing);
    for (const sentence of training) this.counts.train(this.numbers([...sentence, END]));
  }

  private numbers(words: Sentence): number[] {
    const starts = new Array<string>(this.counts.n - 1).fill(START);
    return [...starts, ...words].map((word) => this.dictionary.numberOf(word));
  }

  /** As `SentenceModel.read`. */
  read(words: Sentence): number[][] {
    return Array.from({ length: words.length + 1 }, (_, t) => this.counts.next(this.numbers(words.slice(0, t))));
  }

  surprise(sentence: Sentence): number {
    return Math.log(this.counts.perplexity(this.numbers([...sentence, END]))) * (sentence.length + 1);
  }
}
