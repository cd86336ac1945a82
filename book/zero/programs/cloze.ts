// The text's two gaps. 我昨天上学迟到了，老师批评了__: who was late stands before the gap. 我的手机坏了，我打算__一部新手机: whether it is to be
// bought, mended or thrown away stands behind it. Sentences of both kinds, and a bidirectional network by hand that fills them.
import { Matrix } from "../../matrix.ts";
import type { Random } from "../../random.ts";
import { IdentityActivator } from "./activators.ts";
import { BidirectionalNetwork } from "./bidirectional.ts";
import { TanhActivator } from "./fc.ts";
import { type Dictionary, softmax } from "./language.ts";
import { clipByNorm } from "./through-time-bounds.ts";

export const GAP = "__";

export interface Cloze {
  /** Words, one of them the gap. */
  readonly words: readonly string[];
  readonly answer: string;
  /** Which side of the gap tells. */
  readonly told: "before" | "behind";
}

const WHO = ["我", "他", "小明", "小红", "弟弟", "妹妹"];
const WHERE = ["上学", "上班", "开会", "上课"];
const WHEN = ["昨天", "今天", "早上"];
const BLAMED = ["老师", "经理", "爸爸"];
const THINGS = ["手机", "电脑", "手表", "自行车", "相机", "雨伞"];
const ENDS: readonly [answer: string, behind: (thing: string) => string[]][] = [
  ["买", (thing) => ["一部", "新", thing]],
  ["修", (thing) => ["好", "这部", thing]],
  ["扔", (thing) => ["掉", "旧", thing]],
];

/** Who was late is blamed: the answer stands far before the gap. */
export function late(who: string, when: string, where: string, by: string): Cloze {
  return { words: [who, when, where, "迟到", "了", "，", by, "批评", "了", GAP], answer: who, told: "before" };
}

/** Something is broken, and what is to be done about it stands behind the gap. */
export function broken(who: string, thing: string, end: number): Cloze {
  const [answer, behind] = ENDS[end];
  return { words: [who, "的", thing, "坏", "了", "，", who, "打算", GAP, ...behind(thing)], answer, told: "behind" };
}

/** All sentences of both kinds, in an order of the seed's. */
export function clozeSentences(random: Random): Cloze[] {
  const of = <T>(list: readonly T[], make: (item: T) => Cloze[]) => list.flatMap(make);
  const before = of(WHO, (who) =>
    of(WHEN, (when) => of(WHERE, (where) => BLAMED.map((by) => late(who, when, where, by)))),
  );
  const behind = of(WHO, (who) => of(THINGS, (thing) => ENDS.map((_, end) => broken(who, thing, end))));
  return random.shuffle([...random.shuffle(before).slice(0, behind.length), ...behind]);
}

export type Reading = "both" | "forwards";

/** Fills gaps: what comes out at the gap, by softmax, is a probability for every word. */
export class ClozeNetwork {
  readonly network: BidirectionalNetwork;
  readonly dictionary: Dictionary;
  readonly reading: Reading;

  constructor(dictionary: Dictionary, states: number, learningRate: number, reading: Reading, random: Random) {
    this.dictionary = dictionary;
    this.reading = reading;
    this.network = new BidirectionalNetwork(
      {
        stateWidths: [states],
        inputWidth: dictionary.size,
        outputWidth: dictionary.size,
        activator: new TanhActivator(),
        outputActivator: new IdentityActivator(),
        learningRate,
        reach: 0.3,
      },
      random,
    );
    if (reading === "forwards") this.network.VPrime.values.fill(0);
  }

  /** The probability of every word at the gap. */
  probabilities({ words }: Cloze): number[] {
    const outputs = this.network.run(words.map((word) => this.dictionary.oneHot(word)));
    return softmax(outputs[words.indexOf(GAP)].values);
  }

  answer(sentence: Cloze): string {
    const probabilities = this.probabilities(sentence);
    return this.dictionary.words[probabilities.indexOf(Math.max(...probabilities))];
  }

  /** One step on -log P(answer), the gradient clipped to length 1; returns that loss. */
  train(sentence: Cloze): number {
    const probabilities = this.probabilities(sentence);
    const target = this.dictionary.numberOf(sentence.answer);
    const gap = sentence.words.indexOf(GAP);
    const zero = new Matrix(probabilities.length, 1);
    const sensitivity = Matrix.column(probabilities.map((p, i) => p - Number(i === target)));
    this.network.backward(sentence.words.map((_, t) => (t === gap ? sensitivity : zero)));
    if (this.reading === "forwards") this.network.VPrimeGradient.values.fill(0);
    clipByNorm(
      this.network.parameters.map(({ gradient }) => gradient),
      1,
    );
    this.network.update();
    return -Math.log(probabilities[target]);
  }
}

/** Share of sentences whose gap is filled as it should be. */
export function clozeAccuracy(network: ClozeNetwork, sentences: readonly Cloze[]): number {
  return sentences.filter((sentence) => network.answer(sentence) === sentence.answer).length / sentences.length;
}
