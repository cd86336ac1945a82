// A little treebank of our own, with a label from 0, very negative, to 4 at every node, as the sentiment treebank has them: sentences that are made by a
// grammar, of the words of the text's sentence and some more, with labels by rule. Where that treebank is not at hand, in a browser, a network learns
// from these what "n't" does. The text's own sentence is not among them.
import { type LabelledTree, parseTrees } from "nabla";
import type { Random } from "../../random.ts";

/** A phrase in brackets, and how far from neutral it is: -2 to 2. */
interface Phrase {
  readonly text: string;
  readonly mood: number;
}

const NOUNS: readonly (readonly [word: string, mood: number])[] = [
  ...([
    ["humor", 2],
    ["cleverness", 1],
    ["wit", 1],
    ["charm", 2],
    ["warmth", 1],
  ] as const),
  ...([
    ["noise", -1],
    ["boredom", -2],
    ["nonsense", -2],
    ["clutter", -1],
  ] as const),
  ...([
    ["plot", 0],
    ["music", 0],
    ["dialogue", 0],
  ] as const),
];
const ADJECTIVES: readonly (readonly [word: string, mood: number])[] = [
  ...([
    ["intelligent", 1],
    ["fresh", 1],
    ["lovely", 2],
  ] as const),
  ...([
    ["dull", -1],
    ["stale", -1],
    ["awful", -2],
  ] as const),
  ...([
    ["old", 0],
    ["long", 0],
  ] as const),
];
const SUBJECTS = [
  ["Stealing", "Harvard"],
  ["The", "film"],
  ["This", "story"],
  ["The", "director"],
];

const clamp = (mood: number): number => Math.max(-2, Math.min(2, mood));
/** Nearer to neutral by one, and never quite there. */
const weaker = (mood: number): number => Math.sign(mood) * Math.max(1, Math.abs(mood) - 1);
const leaf = ([word, mood]: readonly [string, number]): Phrase => ({ text: `(${mood + 2} ${word})`, mood });
const join = (mood: number, left: Phrase, right: Phrase): Phrase => ({
  text: `(${mood + 2} ${left.text} ${right.text})`,
  mood,
});
const neutral = (word: string): Phrase => leaf([word, 0]);
const pick = <T>(list: readonly T[], random: Random): T => list[random.below(list.length)];

/** "intelligent humor": together where both say the same, else as the adjective has it. */
function thing(random: Random): Phrase {
  const noun = leaf(pick(NOUNS, random));
  if (random.uniform() < 0.4) return noun;
  const adjective = leaf(pick(ADJECTIVES, random));
  const opposed = adjective.mood * noun.mood < 0;
  return join(opposed ? adjective.mood : clamp(adjective.mood + noun.mood), adjective, noun);
}

/** "any other kind of ..." */
function kindOf(random: Random): Phrase {
  const what = thing(random);
  const kind = join(0, neutral("any"), join(0, neutral("other"), neutral("kind")));
  const of = join(weaker(what.mood), neutral("of"), what);
  return join(of.mood, kind, of);
}

/** "wit", "wit or humor", "cleverness , wit or any other kind of humor" */
function list(random: Random): Phrase {
  const last = random.uniform() < 0.4 ? kindOf(random) : thing(random);
  const length = random.below(3);
  if (length === 0) return last;
  let before = thing(random);
  if (length === 2) {
    const next = thing(random);
    before = join(mean(before, next), join(before.mood, before, neutral(",")), next);
  }
  return join(mean(before, last), join(before.mood, before, neutral("or")), last);
}

function mean(a: Phrase, b: Phrase): number {
  const half = (a.mood + b.mood) / 2;
  return Math.sign(half) * Math.ceil(Math.abs(half));
}

function verb(random: Random): Phrase {
  const what = list(random);
  const kind = random.below(3);
  if (kind === 0) {
    const about = join(what.mood === 0 ? 0 : weaker(what.mood), neutral("about"), what);
    return join(what.mood < 0 ? -1 : 1, leaf(["care", 1]), about);
  }
  if (kind === 1) return join(what.mood, neutral("offer"), what);
  return join(what.mood === 0 ? -1 : -weaker(what.mood), leaf(["lack", -1]), what);
}

function sentence(random: Random): Phrase {
  const said = verb(random);
  const denied = random.uniform() < 0.5;
  const does = denied ? join(-1, neutral("does"), neutral("n't")) : neutral("does");
  // What is denied turns; a bad thing denied is a little good.
  const turned = said.mood > 0 ? -said.mood : said.mood < 0 ? 1 : -1;
  const whole = denied ? turned : said.mood;
  const subject = pick(SUBJECTS, random);
  return join(
    whole,
    join(0, neutral(subject[0]), neutral(subject[1])),
    join(whole, join(whole, does, said), neutral(".")),
  );
}

/** So many different sentences; `without` is none of them. */
export function littleTreebank(count: number, without: LabelledTree, random: Random): LabelledTree[] {
  const found = new Map<string, LabelledTree>();
  const left = without.words.join(" ");
  while (found.size < count) {
    const [tree] = parseTrees(sentence(random).text);
    const words = tree.words.join(" ");
    if (words !== left) found.set(words, tree);
  }
  return [...found.values()];
}
