// Strings: put together, taken apart, tidied and counted.
import type { Call } from "../run/call.ts";
import { entry, type OperatorTable } from "../run/entry.ts";
import { pairwise } from "../run/integers.ts";
import { type ArrayValue, fromData, fromNumbers } from "../run/value.ts";

function changed(text: string, how: string): string {
  if (how === "LOWER") return text.toLowerCase();
  return how === "UPPER" ? text.toUpperCase() : text;
}

/** Without stop words, and in one case. */
function normalized(call: Call): ArrayValue[] {
  const x = call.value(0);
  const action = call.attributes.text("case_change_action", "NONE");
  const sensitive = call.attributes.flag("is_case_sensitive", false);
  const plain = (text: string): string => (sensitive ? text : text.toLowerCase());
  const stops = new Set((call.attributes.texts("stopwords") ?? []).map(plain));
  const kept = x.strings.filter((text) => !stops.has(plain(text))).map((text) => changed(text, action));
  const texts = kept.length === 0 ? [""] : kept;
  return [fromData("string", x.rank === 2 ? [1, texts.length] : [texts.length], texts)];
}

function split(call: Call): ArrayValue[] {
  const x = call.value(0);
  const delimiter = call.attributes.text("delimiter", "");
  const most = call.attributes.has("maxsplit") ? call.attributes.int("maxsplit", 0) : Number.POSITIVE_INFINITY;
  const all = x.strings.map((text) => cutUp(text, delimiter, most));
  const longest = Math.max(0, ...all.map(({ length }) => length));
  const parts = all.flatMap((list) => [...list, ...new Array<string>(longest - list.length).fill("")]);
  return [
    fromData("string", [...x.shape, longest], parts),
    fromNumbers(
      "int64",
      x.shape,
      all.map(({ length }) => length),
    ),
  ];
}

/** At most `most` cuts. Without a delimiter at white space, of which what stands at the ends is nothing. */
function cutUp(text: string, delimiter: string, most: number): string[] {
  const parts: string[] = [];
  let rest = delimiter === "" ? text.trimStart() : text;
  while (rest !== "" || (delimiter !== "" && parts.length === 0)) {
    const cut = delimiter === "" ? /\s+/.exec(rest) : { index: rest.indexOf(delimiter), 0: delimiter };
    if (cut === null || cut.index < 0 || parts.length >= most) {
      if (delimiter !== "" || rest !== "") parts.push(delimiter === "" ? rest.trimEnd() : rest);
      return delimiter === "" || text !== "" ? parts : [];
    }
    parts.push(rest.slice(0, cut.index));
    rest = rest.slice(cut.index + cut[0].length);
    if (delimiter !== "" && rest === "") parts.push("");
  }
  return delimiter !== "" && text === "" ? [] : parts;
}

/** How often runs of words from a list occur: counts, presence, weights, or counts times weights. */
function counted(call: Call): ArrayValue[] {
  const { attributes } = call;
  const x = call.value(0);
  const [least, most, skips] = [
    attributes.int("min_gram_length", 1),
    attributes.int("max_gram_length", 1),
    attributes.int("max_skip_count", 0),
  ];
  const [starts, columns] = [attributes.ints("ngram_counts") ?? [], attributes.ints("ngram_indexes") ?? []];
  const mode = attributes.text("mode", "TF");
  const weights = attributes.floats("weights");
  const texts = attributes.texts("pool_strings");
  const pool: readonly (string | number)[] = texts ?? attributes.ints("pool_int64s") ?? [];
  const known = new Map<string, number>();
  let number = 0;
  starts.forEach((start, i) => {
    const length = i + 1;
    for (let at = start; at + length <= (starts[i + 1] ?? pool.length); at += length) {
      known.set(`${length}\0${pool.slice(at, at + length).join("\0")}`, number);
      number += 1;
    }
  });
  const width = columns.length === 0 ? 0 : Math.max(...columns) + 1;
  const items: readonly (string | number)[] = x.type === "string" ? x.strings : x.numbers;
  const rows = x.rank === 2 ? x.shape[0] : 1;
  const length = items.length / Math.max(rows, 1);
  const found = new Float32Array(rows * width);
  for (let row = 0; row < rows; row++) {
    const line = items.slice(row * length, (row + 1) * length);
    for (let n = least; n <= most; n++) {
      // Single words skip nothing.
      for (let step = 1; step <= (n === 1 ? 1 : skips + 1); step++) {
        for (let at = 0; at + (n - 1) * step < line.length; at++) {
          const gram = Array.from({ length: n }, (_, k) => line[at + k * step]);
          const place = known.get(`${n}\0${gram.join("\0")}`);
          if (place !== undefined) found[row * width + columns[place]] += 1;
        }
      }
    }
  }
  const weightOf = new Float32Array(width).fill(1);
  weights?.forEach((weight, i) => {
    weightOf[columns[i]] = weight;
  });
  const values = found.map((count, i) =>
    mode === "TF" ? count : (mode === "IDF" ? Math.min(count, 1) : count) * weightOf[i % width],
  );
  return [fromData("float32", x.rank === 2 ? [rows, width] : [width], values)];
}

function matches(call: Call): ArrayValue[] {
  const x = call.value(0);
  // RE2's syntax, which but for its flags is JavaScript's.
  const pattern = call.attributes.text("pattern", "").replace(/\(\?P</g, "(?<");
  const whole = new RegExp(`^(?:${pattern})$`, "su");
  return [
    fromNumbers(
      "bool",
      x.shape,
      x.strings.map((text) => (whole.test(text) ? 1 : 0)),
    ),
  ];
}

/** Operators of this family. */
export const texts: OperatorTable = {
  StringNormalizer: entry(normalized, { shapedBy: "data" }),
  StringConcat: entry((call) => [pairwise<string>("string", call.value(0), call.value(1), (a, b) => a + b)]),
  StringSplit: entry(split, { shapedBy: "data" }),
  RegexFullMatch: entry(matches),
  TfIdfVectorizer: entry(counted, { shapedBy: "data" }),
};
