// What an encoder and a decoder learn in section 5.4: the text's sketch of a translation as a little language, and runs of digits to be written again or
// backwards.
import type { Random } from "../../random.ts";

/** Ends a source, and a target. */
export const END_MARK = "_";

/** A source and what it is to become, as texts of single characters. */
export interface Pair {
  readonly source: string;
  readonly target: string;
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

export const TASKS = ["translation", "copy", "reverse"] as const;
export type TaskName = (typeof TASKS)[number];

/** What an encoder and a decoder can learn here, and how. */
export interface Task {
  readonly characters: string;
  /** What sources are made of. */
  readonly letters: string;
  readonly answer: (source: string) => string;
  readonly training: readonly Pair[];
  readonly test: readonly Pair[];
  readonly units: number;
  readonly epochs: number;
}

const DIGITS = "0123456789";

/** Translation of the little language, without the text's own ABCD; or two to five digits, to be written again or backwards. */
export function taskOf(name: TaskName, random: Random): Task {
  const letters = name === "translation" ? Object.keys(TRANSLATION).join("") : DIGITS;
  const answer = {
    translation: translate,
    copy: (source: string) => source,
    reverse: (source: string) => [...source].reverse().join(""),
  }[name];
  const texts =
    name === "translation"
      ? sources(letters, 1200, [2, 6], ["ABCD"], random)
      : sources(letters, 1700, [2, 5], [], random);
  const pairs = texts.map((source) => ({ source, target: answer(source) }));
  return {
    ...{ letters, answer, test: pairs.slice(0, 200), training: pairs.slice(200) },
    characters: name === "translation" ? `${letters}XYZUVW` : DIGITS,
    units: name === "translation" ? 32 : 48,
    epochs: name === "translation" ? 8 : 10,
  };
}
