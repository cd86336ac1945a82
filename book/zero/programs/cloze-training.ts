// Networks that learn to fill the gaps of cloze.ts, and the sentences they learn from: the text's own two are kept away from them.
import { Random } from "../../random.ts";
import { broken, type Cloze, ClozeNetwork, clozeSentences, late, type Reading } from "./cloze.ts";
import { Dictionary } from "./language.ts";

export interface ClozeSplit {
  readonly dictionary: Dictionary;
  readonly training: readonly Cloze[];
  readonly test: readonly Cloze[];
  /** 我昨天上学迟到了，老师批评了__ and 我的手机坏了，我打算__一部新手机. */
  readonly own: readonly [Cloze, Cloze];
}

/** 70 of 100 sentences to learn from, the others to be asked; in neither are the text's own. */
export function clozeSplit(seed: number): ClozeSplit {
  const all = clozeSentences(new Random(seed));
  const dictionary = new Dictionary(all.flatMap(({ words, answer }) => [...words, answer]));
  const own = [late("我", "昨天", "上学", "老师"), broken("我", "手机", 0)] as const;
  const written = own.map(({ words }) => words.join(""));
  const others = all.filter(({ words }) => !written.includes(words.join("")));
  const cut = Math.floor(others.length * 0.7);
  return { dictionary, training: others.slice(0, cut), test: others.slice(cut), own };
}

export interface ClozeEpoch {
  readonly epoch: number;
  /** Mean of -log P over the epoch. */
  readonly loss: number;
  readonly network: ClozeNetwork;
}

/** Trains a network of 16 states with rate 0.1, and says after each epoch how it stands; the network is the same one each time. */
export function* fillGaps(
  { dictionary, training }: ClozeSplit,
  reading: Reading,
  seed: number,
  epochs = 25,
): Generator<ClozeEpoch, void> {
  const random = new Random(seed);
  const network = new ClozeNetwork(dictionary, 16, 0.1, reading, random);
  for (let epoch = 1; epoch <= epochs; epoch++) {
    let sum = 0;
    for (const sentence of random.shuffle([...training])) sum += network.train(sentence);
    yield { epoch, loss: sum / training.length, network };
  }
}
