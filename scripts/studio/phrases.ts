// Chinese for what stands in recorded figures, which are drawn in English. The programs that made them say both, `{ en: "loss", zh: "损失" }`,
// and so do the functions that take a text in each language one after the other: the pairs are read from their source.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";

export interface Phrases {
  /** What an English text of a figure is in Chinese; undefined where it is the same, or nobody says. */
  of(english: string): string | undefined;
  /** The same for what some files drew: one says "step" of time, another of a function, and what they say themselves comes first. */
  near(files: readonly string[]): Phrases;
}

/** Texts and, at odd places, the expressions between them. */
type Parts = readonly string[];

/** A sentence with gaps: what it looks like, and its parts in Chinese, with the gap that goes between them. */
interface Pattern {
  readonly looks: RegExp;
  readonly texts: readonly string[];
  readonly gaps: readonly number[];
  /** Whether it has no word of its own. */
  readonly bare: boolean;
}

const CHINESE = /[\u3400-\u9fff]/;

/** `folders`: of TypeScript that draws. */
export function readPhrases(folders: readonly string[]): Phrases {
  const exact = new Map<string, string>();
  const byFile = new Map<string, Map<string, string>>();
  const patterns: Pattern[] = [];
  for (const file of folders.flatMap(sourcesIn)) {
    for (const [english, chinese] of pairsIn(readFileSync(file, "utf8"))) {
      if (english.length === 1 && chinese.length === 1) {
        // Some programs leave a word that others say in Chinese.
        if (english[0] === chinese[0]) continue;
        exact.set(english[0], chinese[0]);
        const own = byFile.get(file) ?? new Map<string, string>();
        byFile.set(file, own.set(english[0], chinese[0]));
      } else {
        const pattern = patternOf(english, chinese);
        if (pattern !== undefined) patterns.push(pattern);
      }
    }
  }
  patterns.sort((one, other) => Number(one.bare) - Number(other.bare));
  const found = (english: string): string | undefined => {
    const whole = exact.get(english);
    // Numbers, most of what stands in figures, are the same.
    if (whole !== undefined || !/[A-Za-z]{2,}/.test(english)) return whole;
    for (const { looks, texts, gaps, bare } of patterns) {
      const values = looks.exec(english)?.slice(1);
      if (values === undefined) continue;
      const said = gaps.map((gap) => of(values[gap]));
      // A sentence of gaps alone looks like much else: it is meant where one of them is a text of its own.
      if (bare && said.every((text) => text === undefined)) continue;
      const filled = gaps.map((gap, i) => said[i] ?? values[gap]);
      return texts.map((text, i) => text + (filled[i] ?? "")).join("");
    }
    return undefined;
  };
  const known = new Map<string, string | undefined>();
  const of = (english: string): string | undefined => {
    if (!known.has(english)) known.set(english, found(english));
    return known.get(english);
  };
  const near = (files: readonly string[]): Phrases => {
    const own = files.flatMap((file) => byFile.get(file) ?? []);
    return { of: (english) => own.find((said) => said.has(english))?.get(english) ?? of(english), near };
  };
  return { of, near };
}

function sourcesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
    .sort()
    .map((name) => join(folder, name));
}

function* pairsIn(code: string): Generator<[Parts, Parts]> {
  if (!CHINESE.test(code)) return;
  const nodes: ts.Node[] = [ts.createSourceFile("program.ts", code, ts.ScriptTarget.Latest, true)];
  for (let node = nodes.pop(); node !== undefined; node = nodes.pop()) {
    const texts = ts.isObjectLiteralExpression(node)
      ? ["en", "zh"].map((name) => memberOf(node as ts.ObjectLiteralExpression, name))
      : ts.isCallExpression(node)
        ? node.arguments.slice(0, 2)
        : [];
    const [english, chinese] = texts.map((text) => (text === undefined ? [] : alternativesOf(text)));
    const named = ts.isObjectLiteralExpression(node);
    for (const [i, said] of (english ?? []).entries()) {
      const there = chinese?.[i];
      // Two arguments are a pair where one is Chinese and the other is not.
      if (there !== undefined && (named || (there.some(isChinese) && !said.some(isChinese)))) yield [said, there];
    }
    node.forEachChild((child) => void nodes.push(child));
  }
}

const isChinese = (text: string): boolean => CHINESE.test(text);

function memberOf(object: ts.ObjectLiteralExpression, name: string): ts.Expression | undefined {
  const found = object.properties.find((each) => each.name?.getText() === name);
  return found !== undefined && ts.isPropertyAssignment(found) ? found.initializer : undefined;
}

/** Of `positive ? a : b`, both. */
function alternativesOf(node: ts.Expression): Parts[] {
  if (ts.isConditionalExpression(node)) return [node.whenTrue, node.whenFalse].flatMap(alternativesOf);
  const parts = partsOf(node);
  return parts === undefined ? [] : [parts];
}

function partsOf(node: ts.Expression): Parts | undefined {
  if (ts.isStringLiteralLike(node)) return [node.text];
  if (!ts.isTemplateExpression(node)) return undefined;
  // The gap of `${layer.zh}` is that of `${layer.en}`.
  const gap = ({ expression }: ts.TemplateSpan): string => expression.getText().replace(/\bzh\b/g, "en");
  return [node.head.text, ...node.templateSpans.flatMap((span) => [gap(span), span.literal.text])];
}

function patternOf(english: Parts, chinese: Parts): Pattern | undefined {
  const [texts, gaps] = apart(english);
  const bare = !texts.some((text) => /[A-Za-z]{2,}/.test(text));
  if (bare && !texts.some((text) => text.trim() !== "")) return undefined;
  const [said, between] = apart(chinese);
  const order = between.map((gap) => gaps.indexOf(gap));
  if (order.includes(-1)) return undefined;
  const escaped = texts.map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  // The end of a plural may be missing.
  const holes = gaps.map((gap) => (gap.includes('""') ? "(.*?)" : "(.+?)"));
  const looks = escaped.map((text, i) => text + (holes[i] ?? "")).join("");
  return { looks: new RegExp(`^${looks}$`), texts: said, gaps: order, bare };
}

/** Texts, and what is between them. */
function apart(parts: Parts): [string[], string[]] {
  return [parts.filter((_, i) => i % 2 === 0), parts.filter((_, i) => i % 2 === 1)];
}

const CHARACTERS: Readonly<Record<string, string>> = {
  "&#39;": "'",
  "&quot;": '"',
  "&lt;": "<",
  "&gt;": ">",
  "&amp;": "&",
};
/** A text of a drawing as it is read. */
export const plain = (text: string): string => text.replace(/&(#39|quot|lt|gt|amp);/g, (name) => CHARACTERS[name]);

/** Whether a text is the next line of another: in the same letters, at the same edge, a line lower. */
function isBelow(above: string, below: string): boolean {
  const Y = /\by="([\d.]+)"/;
  const [from, to] = [above, below].map((attributes) => Number(Y.exec(attributes)?.[1] ?? Number.NaN));
  return above.replace(Y, "") === below.replace(Y, "") && to > from && to - from < 25;
}

/** In letters of half a square; a Chinese one is a whole one. */
const widthOf = (text: string): number => [...text].reduce((sum, letter) => sum + (letter > "\u2e7f" ? 2 : 1), 0);

/** A sentence on the lines that another had: on one where there is room, else cut near its middle, not within a word or number. */
function inTwo(text: string, room: number): [string, string] {
  if (widthOf(text) <= room) return [text, ""];
  const cuts = [...text].flatMap((_, i) => {
    const [before, after] = [text.slice(0, i), text.slice(i)];
    const inside = /[\w.%]$/.test(before) && /^[\w.%]/.test(after);
    return i === 0 || inside || /^[，。：；、）]/.test(after)
      ? []
      : [[before.trim(), after.trim()] as [string, string]];
  });
  const longer = (cut: [string, string]): number => Math.max(...cut.map(widthOf));
  return cuts.reduce((best, cut) => (longer(cut) < longer(best) ? cut : best), [text, ""]);
}

/** What of a drawing's texts is Chinese, by how it stands there. A line that goes on in the next is one sentence. */
export function phrasesOf(svg: string, phrases: Phrases): Record<string, string> {
  const found: Record<string, string> = {};
  const texts = [...svg.matchAll(/<text\b([^>]*)>([^<]*)<\/text>/g)].map(([, place, text]) => ({ place, text }));
  const [title] = /(?<= aria-label=")[^"]*/.exec(svg) ?? [];
  texts.forEach(({ place, text }, i) => {
    const [alone, next] = [phrases.of(plain(text)), texts[i + 1]];
    const goesOn = alone === undefined && next !== undefined && isBelow(place, next.place);
    const both = goesOn ? phrases.of(plain(`${text} ${next.text}`)) : undefined;
    if (alone !== undefined) found[text] = alone;
    else if (both !== undefined) {
      const [first, second] = inTwo(both, Math.max(widthOf(text), widthOf(next.text)));
      Object.assign(found, { [text]: first, [next.text]: second });
    }
  });
  const named = title === undefined ? undefined : phrases.of(plain(title));
  if (title !== undefined && named !== undefined) found[title] = named;
  return found;
}
