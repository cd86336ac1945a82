// The guides of the books quote what was measured and what stands in programs. A number between two comments, which no reader sees, comes from
// docs/results.json:
//
//   <!--=nndl/3.2-best accuracy-->97.84<!--/-->           a measure of the full form
//   <!--=nndl/3.2-best quick accuracies.2-->93.1<!--/-->  of the quick form; the third of a list
//   <!--=zero/3-mnist error percent-->1.97<!--/-->        a hundred times as much
//   <!--=zero/3-mnist table.0.2.1-->1.97<!--/-->          a table's cell: table, row, column, each from 0
//   <!--=zero/3-mnist seconds-->654<!--/-->               how long it took
//
// Numbers that say enough to be found are marked by themselves: see `marked`. A marked one is written as the number that stands there: as many decimals, with or without a power of ten, a sign or commas. A block of code whose first line says
// ```ts book/zero/programs/bp.ts stands in that file, line by line and in its order, but for indentation and comments; a line `// ...` stands for what is left out.
import type { Digest, DigestRecord } from "../../cli/book/digest.ts";

const MARKED = /<!--=([^>]*?)-->(.*?)<!--\/-->/g;

/** What a marker asks for, or why there is no such thing. `undefined`: nothing of that form was verified yet. */
export type Lookup = (query: string) => number | string | undefined | { readonly problem: string };

export function lookupIn({ records }: Digest): Lookup {
  const byKey = new Map(records.map((record) => [`${record.id} ${record.form}`, record]));
  return (query) => {
    const [id, ...words] = query.trim().split(/\s+/);
    const form = words[0] === "quick" ? "quick" : "full";
    const rest = form === "quick" ? words.slice(1) : words;
    const [path, how, ...more] = rest;
    if (path === undefined || more.length > 0 || (how !== undefined && how !== "percent" && how !== "size")) {
      return { problem: "a marker says: ID [quick] MEASURE [percent|size]" };
    }
    const record = byKey.get(`${id} ${form}`);
    if (record === undefined) return undefined;
    const value = valueAt(record, path);
    if (typeof value === "string") return value;
    if (typeof value !== "number") {
      // Records of before there was this file hold what claims ask for only.
      return record.tables.length === 0 && record.date < "2026-11-22"
        ? undefined
        : { problem: `${id} has no number ${path} in its ${form} form` };
    }
    return how === "percent" ? value * 100 : how === "size" ? Math.abs(value) : value;
  };
}

function valueAt(record: DigestRecord, path: string): unknown {
  const [name, ...places] = path.split(".");
  const start: unknown = name === "seconds" ? record.seconds : name === "table" ? record.tables : record.measured[name];
  return places.reduce((value, place) => (Array.isArray(value) ? value[Number(place)] : undefined), start);
}

const POWER = /^\$(?:([\d.]+) \\cdot )?10\^\{?(-?\d+)\}?\$$/;
const EXPONENT = /^([-−]?)(\d(?:\.(\d+))?)e([-+]?\d+)$/;
const PLAIN = /^([-−+]?)(\d{1,3}(?:,\d{3})+|\d+)(?:\.(\d+))?$/;

/** The value, written as `like` is. */
export function written(value: number | string, like: string): string {
  if (typeof value === "string") return value;
  const power = like.match(POWER);
  if (power !== null) {
    const digits = power[1] === undefined ? null : (power[1].split(".")[1] ?? "").length;
    if (digits === null) return `$10^{${Math.round(Math.log10(Math.abs(value)))}}$`;
    const [mantissa, exponent] = value.toExponential(digits).split("e");
    return `$${mantissa} \\cdot 10^{${Number(exponent)}}$`;
  }
  const minus = like.startsWith("−") ? "−" : "-";
  const signed = (text: string) => text.replace(/^-/, minus);
  const exponent = like.match(EXPONENT);
  if (exponent !== null) return signed(value.toExponential((exponent[3] ?? "").length).replace("e+", "e"));
  const plain = like.match(PLAIN);
  if (plain === null) throw new Error(`"${like}" is no number whose form could be kept`);
  const fixed = Math.abs(value).toFixed((plain[3] ?? "").length);
  const [whole, fraction] = fixed.split(".");
  const grouped =
    plain[2].includes(",") || (plain[2].length < 4 && whole.length > 4)
      ? whole.replace(/\B(?=(\d{3})+$)/g, ",")
      : whole;
  const text = fraction === undefined ? grouped : `${grouped}.${fraction}`;
  if (value < 0 && Number(fixed) !== 0) return `${minus}${text}`;
  return plain[1] === "+" ? `+${text}` : text;
}

/** The page with its marked numbers as they are now, and what is wrong with its markers. */
export function filled(page: string, lookup: Lookup): { text: string; problems: string[] } {
  const problems: string[] = [];
  const text = page.replace(MARKED, (whole, query: string, like: string) => {
    const value = lookup(query);
    if (value === undefined) return whole;
    if (typeof value === "object") {
      problems.push(`${query}: ${value.problem}`);
      return whole;
    }
    try {
      return `<!--=${query}-->${written(value, like)}<!--/-->`;
    } catch (error) {
      problems.push(`${query}: ${(error as Error).message}`);
      return whole;
    }
  });
  for (const line of page.split("\n")) {
    // A line that begins with a comment is HTML to its end: nothing in it is Markdown.
    if (/^(\s{0,3}|\s*[-*] )<!--[=/]/.test(line)) problems.push(`a line begins with a marker: ${line.slice(0, 80)}`);
    const [opened, closed] = [line.split("<!--=").length, line.split("<!--/-->").length];
    if (opened !== closed) problems.push(`a marker is not closed on its line: ${line.slice(0, 120)}`);
  }
  return { text, problems };
}

/** A number in a page's prose that no marker holds. */
export interface Unmarked {
  readonly text: string;
  readonly at: number;
}

/** Numbers outside of code, formulas, links, headings and markers. */
export function unmarked(page: string): Unmarked[] {
  const blank = (match: string) => " ".repeat(match.length);
  const prose = page
    .replace(MARKED, blank)
    .replace(/^```.*?^```/gms, blank)
    .replace(/^\$\$.*?\$\$/gms, blank)
    .replace(/`[^`\n]*`/g, blank)
    .replace(/\$[^$\n]+\$/g, blank)
    .replace(/!?\[[^\]]*\]\([^)]*\)/g, blank)
    .replace(/^#.*$/gm, blank);
  return [...prose.matchAll(/(?<![\w.,-])[-−+]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:e-?\d+)?(?![\w]|[.,]\d)/g)].map(
    (match) => ({ text: match[0], at: match.index }),
  );
}

/** Digits that say something: 0.0026 has two, 97.84 four, 10,000 one. */
export function significantDigits(text: string): number {
  const digits = text.replace(/e.*$/, "").replace(/[^\d.]/g, "");
  return (digits.includes(".") ? digits.replace(".", "") : digits.replace(/0+$/, "")).replace(/^0+/, "").length;
}

/** A block of code, and the file that its first line names. */
export interface Snippet {
  readonly file: string | null;
  readonly code: string;
}

export function snippetsOf(page: string): Snippet[] {
  return [...page.matchAll(/^```ts(?: +(\S+))?\n(.*?)^```/gms)].map(([, file, code]) => ({ file: file ?? null, code }));
}

/** A line without its indentation and its comment, which are the page's own: a page in Chinese comments in Chinese. */
function bare(line: string): string {
  const text = line.trim();
  if (/^\/\/ (\.\.\.|……)/.test(text)) return LEFT_OUT;
  return /^(\/\/|\/\*|\*)/.test(text) ? "" : text.replace(/\s+\/\/ .*$/, "");
}

const LEFT_OUT = "// ...";

/** The first line of a snippet that its file does not have where it should be, or null. */
export function strayLine(code: string, source: string): string | null {
  const pieces: string[][] = [[]];
  for (const line of code.split("\n").map(bare)) {
    if (line === LEFT_OUT) pieces.push([]);
    else if (line !== "") pieces.at(-1)!.push(line);
  }
  const lines = source.split("\n").map(bare);
  const told = lines.filter((line) => line !== "" && line !== LEFT_OUT);
  let from = 0;
  for (const piece of pieces) {
    let best = 0;
    let found = piece.length === 0 ? from : -1;
    for (let start = from; start < told.length && found < 0; start++) {
      let count = 0;
      while (count < piece.length && told[start + count] === piece[count]) count++;
      if (count === piece.length) found = start;
      best = Math.max(best, count);
    }
    if (found < 0) return piece[best];
    from = found + piece.length;
  }
  return null;
}

/** The page with markers around the numbers that a record holds though none says so: see `unmarkedFinds`. */
export function marked(page: string, digest: Digest, isGiven: (section: string, text: string) => boolean): string {
  let text = page;
  for (const { at, number, query } of unmarkedFinds(page, digest, isGiven).reverse()) {
    let before = text.slice(0, at);
    let after = text.slice(at + number.length);
    // A line must not begin with a comment: the number moves to the end of the line above.
    if (/\n *$/.test(before)) {
      before = before.replace(/\n *$/, " ");
      after = after.replace(/^(\S*) (?!<!--)/, "$1\n");
    }
    text = `${before}<!--=${query}-->${number}<!--/-->${after}`;
  }
  return text;
}

/**
 * Numbers of three digits or more after which a point stands, or of four, that stand in no marker, and are what exactly one experiment named in their
 * section measured in its full form. What the sources of experiments named in a section report (`isGiven`) may be the same number and is not meant.
 */
export function unmarkedFinds(
  page: string,
  { records }: Digest,
  isGiven: (section: string, text: string) => boolean,
): { at: number; number: string; query: string }[] {
  const sections = [...page.matchAll(/^## .*$/gm)].map(({ index }) => index);
  return unmarked(page).flatMap(({ text, at }) => {
    const decimal = text.includes(".");
    const lineStart = page.lastIndexOf("\n", at - 1) + 1;
    // At the beginning of a paragraph or of an item of a list there is no line above to move it to.
    const stuck = /\n\n *$|^\s*[-*] $/.test(page.slice(Math.max(0, lineStart - 2), at));
    if (significantDigits(text) < (decimal ? 3 : 4) || stuck) return [];
    const start = sections.filter((index) => index <= at).at(-1) ?? 0;
    const section = page.slice(
      start,
      sections.find((index) => index > at),
    );
    if (isGiven(section, text)) return [];
    const named = records.filter(({ id, form }) => form === "full" && isNamed(section, id));
    const queries = named.map((record) => queryFor(record, text)).filter((query) => query !== null);
    return queries.length === 1 ? [{ at, number: text, query: queries[0] }] : [];
  });
}

/** Whether a text names an experiment, and not only one whose id begins alike. */
export function isNamed(text: string, id: string): boolean {
  return new RegExp(`${id.replaceAll(".", "\\.")}(?![\\w-])`).test(text.replace(/<!--.*?-->/g, ""));
}

function queryFor(record: DigestRecord, text: string): string | null {
  const numbers = (value: unknown, path: string): [string, number][] => {
    if (typeof value === "number") return [[path, value]];
    return Array.isArray(value) ? value.flatMap((part, i) => numbers(part, `${path}.${i}`)) : [];
  };
  const all = [
    ...Object.entries(record.measured).flatMap(([name, value]) => numbers(value, name)),
    ...numbers(record.tables, "table"),
  ];
  for (const [path, value] of all) {
    if (written(value, text) === text) return `${record.id} ${path}`;
    if (Math.abs(value) <= 1 && written(value * 100, text) === text) return `${record.id} ${path} percent`;
  }
  return null;
}
