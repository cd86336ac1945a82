// Dictionaries of characters and words, there and back, and windows of a sequence.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { memory, tensor } from "../index.ts";
import { Dataset } from "./dataset/dataset.ts";
import { Vocabulary } from "./vocabulary.ts";
import { textWindows } from "./windows.ts";

describe("Vocabulary", () => {
  test("characters are code points of any script, the most frequent first", () => {
    const poem = Vocabulary.of("春眠不觉晓 春😀");
    expect(poem.size).toBe(2 + 7);
    expect([...poem.encode("春😀眠?")]).toEqual([2, 8, expect.any(Number), 1]);
    expect(poem.decode(poem.encode("晓不春"))).toBe("晓不春");
  });

  test("words: letters with marks, digits, joined by apostrophe or hyphen; signs by themselves", () => {
    const words = Vocabulary.of("Don't stop-me, naïve e\u0301cole 42!", { level: "words", lowerCase: true });
    expect(words.config().tokens.toSorted()).toEqual(
      ["!", ",", "42", "don't", "e\u0301cole", "naïve", "stop-me"].sort(),
    );
    expect(words.decode(words.encode("STOP-ME 42 now"))).toBe("stop-me 42 \ufffd");
  });

  test("special numbers: padding 0, unknown, start and end", () => {
    const letters = Vocabulary.of("ab", { startAndEnd: true });
    expect(["padding", "unknown", "start", "end"].map((name) => letters.number(name as "start"))).toEqual([0, 1, 2, 3]);
    expect([...letters.encode("bax")]).toEqual([2, 5, 4, 1, 3]);
    expect(letters.decode(tensor([2, 5, 4, 3, 0, 0], "int32"))).toBe("ba");
    const bare = Vocabulary.of("ab", { padding: false, unknown: false });
    expect([bare.size, ...bare.encode("ab")]).toEqual([2, 0, 1]);
    expect(() => bare.encode("abc")).toThrow(
      '"c" is not among the 2 characters of the dictionary, and nothing stands for what is unknown',
    );
    expect(() => bare.number("end")).toThrow("this dictionary has no number for end");
  });

  test("rare ones and more than so many are left out; equal counts by code point", () => {
    const text = "aaa bb cc d";
    expect(Vocabulary.of(text, { level: "words" }).config().tokens).toEqual(["aaa", "bb", "cc", "d"]);
    expect(Vocabulary.of(text, { minimumCount: 2 }).config().tokens).toEqual([" ", "a", "b", "c"]);
    expect(Vocabulary.of(["cc", "bb", "aaa"], { maximumSize: 2 }).config().tokens).toEqual(["a", "b"]);
  });

  test("what is wrong", () => {
    expect(() => Vocabulary.of("")).toThrow("Vocabulary.of: there are no characters to put into a dictionary");
    expect(() => Vocabulary.of([1] as never)).toThrow("Vocabulary.of: a text must be a string, got 1");
    expect(() => Vocabulary.of(5 as never)).toThrow("needs a text or several, got 5");
    expect(() => Vocabulary.of("a", { level: "letters" as never })).toThrow("level must be one of characters, words");
    const letters = Vocabulary.of("a");
    expect(() => letters.decode([3])).toThrow("3 at position 0 is none of the numbers 0 to 2");
    expect(() => letters.decode(5 as never)).toThrow("needs numbers in an array or tensor");
    expect(() => letters.encode(5 as never)).toThrow("Vocabulary.encode: the text must be a string, got 5");
    const config = letters.config();
    expect(() => Vocabulary.fromConfig({ ...config, tokens: ["a", "a"] })).toThrow("a token stands twice");
    expect(() => Vocabulary.fromConfig({ ...config, special: ["begin" as never] })).toThrow(
      "a name in special must be one of",
    );
    expect(() => Vocabulary.fromConfig(null as never)).toThrow("the configuration must be an object");
  });

  test("property: decode undoes encode; JSON keeps all", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", minLength: 1, maxLength: 30 }), fc.boolean(), (text, startAndEnd) => {
        const letters = Vocabulary.of(text, { startAndEnd });
        expect(letters.decode(letters.encode(text))).toBe(text);
        const again = Vocabulary.fromConfig(JSON.parse(JSON.stringify(letters.config())));
        expect(again.encode(`${text}\u{10ffff}`)).toEqual(letters.encode(`${text}\u{10ffff}`));
      }),
    );
  });
});

describe("textWindows", () => {
  test("pieces one behind the other, or overlapping; y is what follows", async () => {
    const pieces = textWindows(
      Int32Array.from({ length: 10 }, (_, k) => k),
      3,
      { stride: 2 },
    );
    expect(pieces.size).toBe(4);
    const rows = (await pieces.toArray()).map(({ x, y }) => [x.toArray(), y.toArray()]);
    expect(rows[3]).toEqual([
      [6, 7, 8],
      [7, 8, 9],
    ]);
    expect(textWindows([1, 2, 3, 4], 3).size).toBe(1);
    expect(textWindows([1, 2, 3, 4, 5, 6, 7], 3).size).toBe(2);
    const shuffled = pieces.shuffle({ seed: 1 });
    const one = (
      await shuffled
        .map((piece) => piece)
        .batch(4)
        .toArray()
    )[0];
    const before = memory().tensors;
    const all: unknown[] = [];
    await shuffled.batch(4).forEach(({ x }) => {
      all.push(x.toArray());
    });
    expect(memory().tensors).toBe(before);
    expect([one.x.shape, one.x.dtype, all[0]]).toEqual([[4, 3], "int32", expect.any(Array)]);
    const first = shuffled.batch(4).iterate({ epoch: 0 });
    expect((await first.next()).value?.y.toArray()).toEqual(one.y.toArray());
  });

  test("what is wrong", () => {
    expect(() => textWindows([1, 2, 3], 3)).toThrow(
      "a piece of 3 numbers and the one behind it need 4, but the sequence has 3",
    );
    expect(() => textWindows([1, 2.5, 3], 1)).toThrow("2.5 at position 1 is no whole number of int32");
    expect(() => textWindows("abc" as never, 1)).toThrow('needs numbers in an array or tensor, got "abc"');
    expect(() => textWindows([1, 2], 0)).toThrow("the length must be a whole number of at least 1, got 0");
    expect(() => textWindows([1, 2], 1, { step: 2 } as never)).toThrow("there is no option step");
  });
});

test("sentences of unequal length in padded batches, by buckets", async () => {
  const sentences = ["a b", "c d e f", "a", "f e d c b a"];
  const words = Vocabulary.of(sentences, { level: "words" });
  const data = Dataset.from(sentences).map((sentence, { index }) => ({ x: words.encode(sentence), y: index % 2 }));
  const batches = await data
    .bucketByLength({ boundaries: [2, 6], batchSize: 2, padding: words.number("padding"), lengthsOf: "x" })
    .toArray();
  expect(batches.map(({ x, lengths }) => [x.shape, x.dtype, lengths?.toArray()])).toEqual([
    [[2, 2], "int32", [2, 1]],
    [[2, 6], "int32", [4, 6]],
  ]);
  expect(words.decode(batches[0].x.get(1))).toBe("a");
});
