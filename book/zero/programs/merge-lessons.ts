// What the parser of part 7 learns merging from: six sentences of one grammar, each with its tree. The first is the text's, whose third word is not
// legible there; its merges are, in this order: The cat, the mat, on the mat.
import { Random } from "../../random.ts";
import { MarginParser } from "./max-margin.ts";
import type { Shape } from "./parser.ts";

export interface Lesson {
  readonly sentence: string;
  readonly shape: Shape;
}

/** A noun of two words at both ends, and what stands between them. */
const six: Shape = [
  [0, 1],
  [2, [3, [4, 5]]],
];
const five: Shape = [
  [0, 1],
  [2, [3, 4]],
];

export const LESSONS: readonly Lesson[] = [
  { sentence: "The cat sat on the mat", shape: six },
  { sentence: "The dog slept on the bed", shape: six },
  { sentence: "A bird sat in the tree", shape: six },
  { sentence: "The cat saw a dog", shape: five },
  { sentence: "A dog saw the bird", shape: five },
  { sentence: "The bird slept", shape: [[0, 1], 2] },
];

export const LESSON_WORDS: readonly string[] = [...new Set(LESSONS.flatMap(({ sentence }) => sentence.split(" ")))];

/** @throws RangeError for a word that is in none of the sentences. */
export function lessonNumbers(sentence: string): number[] {
  return sentence
    .trim()
    .split(/\s+/)
    .map((word) => {
      const number = LESSON_WORDS.indexOf(word);
      if (number < 0) throw new RangeError(`"${word}" is not among the words: ${LESSON_WORDS.join(" ")}`);
      return number;
    });
}

/**
 * Learns them pass by pass, of every sentence first its merges and then its tree as a whole, and hands out the parser before the first pass and after
 * each; it goes on learning, so whoever wants to keep one takes a copy.
 */
export function* learnLessons(seed: number, passes: number): Generator<MarginParser, void> {
  const parser = new MarginParser(LESSON_WORDS.length, 12, new Random(seed), 0.3);
  yield parser;
  for (let pass = 1; pass <= passes; pass++) {
    for (const { sentence, shape } of LESSONS) {
      const words = lessonNumbers(sentence);
      parser.learnMerges(words, shape, 0.05);
      parser.learn(words, shape, 0.05, 0, "chart");
    }
    yield parser;
  }
}
