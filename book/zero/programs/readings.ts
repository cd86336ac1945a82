// What the map of part 7 is learnt from. Chinese: phrases like 两个外语学院的学生, which has two readings, two students of a college or the students of two
// colleges. Both are taught of other phrases; the text's own is kept back, and its two trees must find their places by composition alone.
// English: the text's map, on which "the country of my birth" lies at [1,5] and "the place where I was born" near it, Germany and France nearer to both than
// Monday and Tuesday. Only [1,5] is legible in the text; the other places are ours.
import { Random } from "../../random.ts";
import { Composer, type Phrase, type Place } from "./composition.ts";
import type { Shape } from "./parser.ts";

export interface Lessons {
  readonly taught: readonly Phrase[];
  /** Of the same words, and never taught. */
  readonly kept: readonly Phrase[];
  /** Words whose places are given and are not learnt. */
  readonly given: ReadonlyMap<string, Place>;
}

/** 两个 (外语学院 的 学生): the students are counted. */
export const COUNTS_PEOPLE: Shape = [0, [[1, 2], 3]];
/** (两个 外语学院) 的 学生: the colleges are counted. */
export const COUNTS_PLACES: Shape = [[[0, 1], 2], 3];
/** (外语学院 的) (两个 学生), which has one reading. */
const PEOPLE_LAST: Shape = [
  [0, 1],
  [2, 3],
];

export const AMBIGUOUS: readonly string[] = ["两个", "外语学院", "的", "学生"];
const NUMBERS = ["两", "三"];
const INSTITUTIONS = ["外语学院", "医院", "公司"];
const PEOPLE = ["学生", "医生", "职员"];

/** Where phrases lie that count people, and those that count institutions; which people and which institution moves them a little. */
function meaning(counted: "people" | "institutions", institution: string, person: string): Place {
  const [x, y] = counted === "people" ? [2.5, 7] : [7.5, 3];
  return [x + 0.7 * (PEOPLE.indexOf(person) - 1), y + 0.7 * (INSTITUTIONS.indexOf(institution) - 1)];
}

function readings(): Lessons {
  const taught: Phrase[] = [];
  const kept: Phrase[] = [];
  for (const number of NUMBERS) {
    for (const institution of INSTITUTIONS) {
      for (const person of PEOPLE) {
        const people = meaning("people", institution, person);
        const institutions = meaning("institutions", institution, person);
        const words = [`${number}个`, institution, "的", person];
        const list = words.every((word, i) => word === AMBIGUOUS[i]) ? kept : taught;
        list.push({ words, tree: COUNTS_PEOPLE, place: people }, { words, tree: COUNTS_PLACES, place: institutions });
        // 名 counts people, 所 institutions: these have one reading each.
        taught.push(
          { words: [`${number}名`, institution, "的", person], tree: COUNTS_PEOPLE, place: people },
          { words: [`${number}所`, institution, "的", person], tree: COUNTS_PLACES, place: institutions },
          { words: [institution, "的", `${number}个`, person], tree: PEOPLE_LAST, place: people },
        );
      }
    }
  }
  return { taught, kept, given: new Map() };
}

/** (the country) (of (my birth)) */
const OF: Shape = [
  [0, 1],
  [2, [3, 4]],
];
/** (the country) (where (I (was born))) */
const WHERE: Shape = [
  [0, 1],
  [2, [3, [4, 5]]],
];
const HEADS: readonly (readonly [head: string, place: Place, joint: string])[] = [
  ["country", [1, 5], "where"],
  ["place", [1.6, 5.2], "where"],
  ["city", [2, 4.6], "where"],
  ["town", [1.3, 4.3], "where"],
  ["day", [8.5, 3.2], "when"],
  ["year", [8, 2.6], "when"],
];
const WHOSE = [
  ["my", "I"],
  ["his", "he"],
  ["her", "she"],
];
const KEPT = ["the place of my birth", "the place where I was born", "the country where I was born"];

function births(): Lessons {
  const taught: Phrase[] = [];
  const kept: Phrase[] = [];
  for (const [head, place, joint] of HEADS) {
    for (const [own, who] of WHOSE) {
      for (const [tail, tree] of [
        [["of", own, "birth"], OF],
        [[joint, who, "was", "born"], WHERE],
      ] as const) {
        const words = ["the", head, ...tail];
        (KEPT.includes(words.join(" ")) ? kept : taught).push({ words, tree, place });
      }
    }
  }
  const given = new Map<string, Place>([
    ["Germany", [1, 3]],
    ["France", [2, 2.5]],
    ["Monday", [9, 2]],
    ["Tuesday", [9.5, 1.5]],
  ]);
  return { taught, kept, given };
}

export const LESSONS = { readings: readings(), births: births() } as const;
export type LessonName = keyof typeof LESSONS;

/** Learns epoch by epoch, every phrase once in random order and with shorter and shorter steps; hands out the composer before the first and after each. */
export function* learnPlaces(name: LessonName, seed: number, epochs: number): Generator<Composer, void> {
  const { taught, given } = LESSONS[name];
  const random = new Random(seed);
  const composer = new Composer(
    taught.flatMap(({ words }) => words),
    random,
    given,
  );
  yield composer;
  for (let epoch = 1; epoch <= epochs; epoch++) {
    const rate = 0.3 / (1 + epoch / 15);
    for (const i of random.shuffle(taught.map((_, at) => at))) composer.teach(taught[i], rate);
    yield composer;
  }
}
