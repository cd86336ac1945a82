// Text as whole numbers and back: a dictionary of characters or words, with numbers of their own for padding, what is unknown, and a sequence's start
// and end.
import { fields, flag, knownOptions, list, oneOf, text, whole } from "../engine/checks.ts";
import { quote } from "../engine/quote.ts";
import { Tensor } from "../tensor/tensor.ts";

/** What a text is cut into. */
export type TextLevel = "characters" | "words";

/** How a dictionary is made. */
export interface VocabularyOptions {
  /** Default "characters": code points, so that any script and emoji count as one each. "words": runs of letters and digits; every other sign but
   * white space is a word of its own. */
  readonly level?: TextLevel;
  /** Whether capitals become small letters; default false. */
  readonly lowerCase?: boolean;
  /** Rarer ones are left out, and become unknown; default 1. */
  readonly minimumCount?: number;
  /** At most so many, the most frequent first, beside the special ones; default all. */
  readonly maximumSize?: number;
  /** Whether there is a number for padding; it is 0 then. Default true. */
  readonly padding?: boolean;
  /** Whether there is a number for what is not in the dictionary; without, it is an error. Default true. */
  readonly unknown?: boolean;
  /** Whether sequences are given a start and an end. Default false. */
  readonly startAndEnd?: boolean;
}

/** A dictionary as JSON. */
export interface VocabularyConfig {
  readonly level: TextLevel;
  readonly lowerCase: boolean;
  /** Names of the special numbers, in their order from 0. */
  readonly special: readonly SpecialToken[];
  /** The characters or words behind them. */
  readonly tokens: readonly string[];
}

/** What stands for no character or word. */
export type SpecialToken = "padding" | "unknown" | "start" | "end";

const SPECIAL: readonly SpecialToken[] = ["padding", "unknown", "start", "end"];
/** Letters with their marks and digits, also joined by an apostrophe or hyphen; or one sign. */
const WORDS = /[\p{L}\p{N}][\p{L}\p{M}\p{N}]*(?:['\u2019-][\p{L}\p{N}][\p{L}\p{M}\p{N}]*)*|[^\s\p{L}\p{N}]/gu;

function tokensOf(text: string, level: TextLevel, lowerCase: boolean): string[] {
  const plain = lowerCase ? text.toLowerCase() : text;
  return level === "characters" ? Array.from(plain) : (plain.match(WORDS) ?? []);
}

/**
 * A dictionary: each character or word of a text has a number. The special ones come first (padding is 0), then the others, the most frequent first and
 * equally frequent ones in the order of their code points, so that equal texts give equal numbers.
 * @example
 * ```ts
 * const words = Vocabulary.of("to be or not to be", { level: "words" });
 * words.size; // 6
 * words.encode("to be it"); // [3, 2, 1]
 * words.decode([3, 2, 0]); // "to be"
 * ```
 */
export class Vocabulary {
  /** What the text is cut into. */
  readonly level: TextLevel;
  private readonly numbers: ReadonlyMap<string, number>;
  private readonly special: ReadonlyMap<SpecialToken, number>;

  /**
   * `Vocabulary.of` and `fromConfig` make dictionaries.
   * @internal
   */
  constructor(private readonly settings: VocabularyConfig) {
    this.level = settings.level;
    this.special = new Map(settings.special.map((name, k) => [name, k]));
    this.numbers = new Map(settings.tokens.map((token, k) => [token, settings.special.length + k]));
  }

  /**
   * The dictionary of a text, or of several.
   * @throws TypeError for what is no text; RangeError if nothing would be in the dictionary.
   * @example
   * ```ts
   * const letters = Vocabulary.of(["abba", "cab"], { padding: false, unknown: false });
   * letters.encode("cab"); // [2, 0, 1]
   * ```
   */
  static of(texts: string | Iterable<string>, options: VocabularyOptions = {}): Vocabulary {
    const owner = "Vocabulary.of";
    knownOptions(owner, options, [
      ...["level", "lowerCase", "minimumCount", "maximumSize"],
      ...["padding", "unknown", "startAndEnd"],
    ]);
    const { level = "characters", lowerCase = false, minimumCount = 1, maximumSize } = options;
    const { padding = true, unknown = true, startAndEnd = false } = options;
    oneOf(owner, "level", level, ["characters", "words"]);
    for (const [name, value] of Object.entries({ lowerCase, padding, unknown, startAndEnd })) flag(owner, name, value);
    whole(owner, "minimumCount", minimumCount, 1);
    if (maximumSize !== undefined) whole(owner, "maximumSize", maximumSize, 1);
    if (typeof texts !== "string" && typeof texts?.[Symbol.iterator] !== "function") {
      throw new TypeError(`${owner}: needs a text or several, got ${quote(texts)}`);
    }
    const counts = new Map<string, number>();
    for (const part of typeof texts === "string" ? [texts] : texts) {
      text(owner, "a text", part);
      for (const token of tokensOf(part, level, lowerCase)) counts.set(token, (counts.get(token) ?? 0) + 1);
    }
    const tokens = [...counts]
      .filter(([, count]) => count >= minimumCount)
      .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
      .slice(0, maximumSize)
      .map(([token]) => token);
    if (tokens.length === 0) throw new RangeError(`${owner}: there are no ${level} to put into a dictionary`);
    const special = SPECIAL.filter((name) => ({ padding, unknown, start: startAndEnd, end: startAndEnd })[name]);
    return new Vocabulary({ level, lowerCase, special, tokens });
  }

  /**
   * A dictionary from what `config()` gave.
   * @throws TypeError, RangeError for what is no such thing.
   * @example
   * ```ts
   * const letters = Vocabulary.of("abc");
   * const again = Vocabulary.fromConfig(JSON.parse(JSON.stringify(letters.config())));
   * again.encode("cab"); // [4, 2, 3]
   * ```
   */
  static fromConfig(config: VocabularyConfig): Vocabulary {
    const owner = "Vocabulary.fromConfig";
    const { level, lowerCase, special, tokens } = fields(owner, "the configuration", config);
    oneOf(owner, "level", level, ["characters", "words"]);
    flag(owner, "lowerCase", lowerCase);
    for (const name of list(owner, "special", special)) oneOf(owner, "a name in special", name, SPECIAL);
    for (const token of list(owner, "tokens", tokens)) text(owner, "a token", token);
    if (new Set(special).size < special.length || new Set(tokens).size < tokens.length) {
      throw new RangeError(`${owner}: a token stands twice`);
    }
    return new Vocabulary({ level, lowerCase, special, tokens });
  }

  /** Numbers that there are, the special ones included: what an embedding's first size is. */
  get size(): number {
    return this.settings.special.length + this.settings.tokens.length;
  }

  /**
   * The number of padding, of what is unknown, of a sequence's start or end.
   * @throws RangeError if there is none.
   */
  number(name: SpecialToken): number {
    oneOf("Vocabulary.number", "the name", name, SPECIAL);
    const number = this.special.get(name);
    if (number === undefined) throw new RangeError(`Vocabulary.number: this dictionary has no number for ${name}`);
    return number;
  }

  /** What was found out, as JSON: goes into a model's metadata, `saveModel(model, { vocabulary: JSON.stringify(vocabulary.config()) })`. */
  config(): VocabularyConfig {
    return this.settings;
  }

  /**
   * A text as numbers, with start and end where the dictionary has them.
   * @throws RangeError for what is not in the dictionary, where nothing stands for it.
   */
  encode(value: string): ReturnType<typeof Int32Array.of> {
    const { level, lowerCase } = this.settings;
    const tokens = tokensOf(text("Vocabulary.encode", "the text", value), level, lowerCase);
    const [start, end] = [this.special.get("start"), this.special.get("end")];
    const framed = start !== undefined && end !== undefined;
    const numbers = new Int32Array(tokens.length + (framed ? 2 : 0));
    const shift = framed ? 1 : 0;
    const unknown = this.special.get("unknown");
    tokens.forEach((token, k) => {
      const number = this.numbers.get(token) ?? unknown;
      if (number === undefined) {
        throw new RangeError(
          `Vocabulary.encode: ${quote(token)} is not among the ${this.numbers.size} ${level} of the dictionary, and nothing stands for what is unknown`,
        );
      }
      numbers[k + shift] = number;
    });
    if (framed) {
      numbers[0] = start;
      numbers[numbers.length - 1] = end;
    }
    return numbers;
  }

  /**
   * Numbers as text: words with spaces between them, without padding, start and end; what is unknown becomes \ufffd.
   * @throws RangeError for a number that is none of the dictionary's; TypeError for what are no numbers.
   */
  decode(numbers: ArrayLike<number> | Tensor): string {
    const owner = "Vocabulary.decode";
    const values: ArrayLike<number> = numbers instanceof Tensor ? numbers.dataSync() : numbers;
    if (!Array.isArray(values) && !ArrayBuffer.isView(values)) {
      throw new TypeError(`${owner}: needs numbers in an array or tensor, got ${quote(numbers)}`);
    }
    const { special, tokens } = this.settings;
    const parts: string[] = [];
    for (let k = 0; k < values.length; k++) {
      const number = values[k];
      if (!Number.isInteger(number) || number < 0 || number >= this.size) {
        throw new RangeError(
          `${owner}: ${quote(number)} at position ${k} is none of the numbers 0 to ${this.size - 1}`,
        );
      }
      if (number >= special.length) parts.push(tokens[number - special.length]);
      else if (special[number] === "unknown") parts.push("\ufffd");
    }
    return parts.join(this.level === "words" ? " " : "");
  }
}
