// A page of the books' guide as the studio's reader shows it: Markdown becomes pieces of HTML with its formulas set and its code coloured, figures, and
// the places where experiments stand. Done once, when the studio is built, so that a reader's browser loads no parser.
import hljs from "highlight.js/lib/core";
import bash from "highlight.js/lib/languages/bash";
import typescript from "highlight.js/lib/languages/typescript";
import katex from "katex";
import MarkdownIt, { type Token } from "markdown-it";
import { readerPath } from "../../studio/src/reader/path.ts";

/** Characters and marks that stand without spaces. */
const CHINESE = /[\u3000-\u303f\u3400-\u9fff\uff00-\uffef“”‘’]/;

/** Marks that no line begins with. */
const CLOSING = /^[，。；：、！？）”’.,;:!?)]+/;

hljs.registerLanguage("ts", typescript);
hljs.registerLanguage("sh", bash);

export interface Heading {
  /** What the address says. */
  readonly id: string;
  readonly text: string;
}

export type GuideBlock =
  | { readonly kind: "html"; readonly html: string }
  | ({ readonly kind: "heading"; readonly level: number; readonly html: string } & Heading)
  /** A figure as it was recorded; `experiment` and `name` say whose it is. */
  | {
      readonly kind: "figure";
      /** File in docs/figures. */
      readonly file: string;
      readonly caption: string;
      readonly experiment: string;
      readonly name: string;
    }
  /** Experiments that are named above and stand on this page. */
  | { readonly kind: "experiments"; readonly ids: readonly string[] };

export interface GuideText {
  readonly title: string;
  readonly blocks: readonly GuideBlock[];
}

export interface GuideOptions {
  /** Name of the page, as `nndl-1`. */
  readonly page: string;
  /** The page on which each experiment stands. */
  readonly pageOf: ReadonlyMap<string, string>;
}

/** @throws Error for a formula that KaTeX can't read, and for a figure of no experiment. */
export function readGuide(markdown: string, { page, pageOf }: GuideOptions): GuideText {
  const md = parser(page, pageOf);
  // Marks of numbers that come from runs are for those who write the page.
  const tokens = md.parse(markdown.replace(/<!--.*?-->/gs, ""), {});
  let title = "";
  const blocks: GuideBlock[] = [];
  const placed = new Set<string>();
  for (const group of groupsOf(tokens)) {
    const [first] = group;
    const [inline] = group.filter(({ type }) => type === "inline");
    if (first.type === "heading_open") {
      const text = textOf(inline);
      if (first.tag === "h1") title = text;
      else {
        const html = md.renderer.renderInline(inline.children ?? [], md.options, {});
        blocks.push({ kind: "heading", level: Number(first.tag[1]), html, id: slugOf(text), text });
      }
    } else if (first.type === "paragraph_open" && isPictures(inline)) {
      for (const picture of inline.children ?? []) {
        if (picture.type === "image") blocks.push(figureOf(picture, pageOf));
      }
    } else {
      blocks.push({ kind: "html", html: md.renderer.render(group, md.options, {}) });
    }
    const ids = namedIn(group, pageOf).filter((id) => pageOf.get(id) === page && !placed.has(id));
    for (const id of ids) placed.add(id);
    if (ids.length > 0) blocks.push({ kind: "experiments", ids });
  }
  return { title, blocks };
}

/** Tokens by the blocks that they make on the page's own level. */
function groupsOf(tokens: readonly Token[]): Token[][] {
  const groups: Token[][] = [];
  let depth = 0;
  for (const token of tokens) {
    if (depth === 0) groups.push([]);
    groups.at(-1)!.push(token);
    depth += token.nesting;
  }
  return groups;
}

function textOf({ children }: Token): string {
  return (children ?? []).map(({ content }) => content).join("");
}

function isPictures({ children }: Token): boolean {
  return (children ?? []).every(({ type }) => type === "image" || type === "softbreak");
}

/** As GitHub makes anchors of headings. */
export function slugOf(text: string): string {
  return text
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s-]/gu, "")
    .replace(/\s+/g, "-");
}

function figureOf(picture: Token, pageOf: ReadonlyMap<string, string>): GuideBlock {
  const file = /^\.\.\/figures\/(.+\.svg)$/.exec(picture.attrGet("src") ?? "")?.[1];
  if (file === undefined) throw new Error(`${picture.attrGet("src")} is no figure of an experiment`);
  const owners = [...pageOf.keys()].filter((id) => file.startsWith(`${id.replaceAll("/", "-")}-`));
  const [experiment] = owners.sort((a, b) => b.length - a.length);
  if (experiment === undefined) throw new Error(`no experiment draws ${file}`);
  const name = file.slice(experiment.length + 1, -".svg".length);
  return { kind: "figure", file, caption: picture.content, experiment, name };
}

/** Ids in the order in which they are named; `a/1-b` is not named by `a/1-b-c`. */
function namedIn(tokens: readonly Token[], pageOf: ReadonlyMap<string, string>): string[] {
  const text = tokens.map(({ content }) => content).join("\n");
  const found = [...text.matchAll(/\b[a-z]+\/\d[\w.]*(?:-[\w]+)*/g)].map(([id]) => id.replace(/\.$/, ""));
  return [...new Set(found)].filter((id) => pageOf.has(id));
}

function parser(page: string, pageOf: ReadonlyMap<string, string>): MarkdownIt {
  const md = new MarkdownIt({ html: false });
  const { rules } = md.renderer;
  formulas(md);

  rules.link_open = (tokens, i, options, _, self) => {
    const token = tokens[i];
    const href = targetOf(token.attrGet("href") ?? "", page, pageOf);
    // What the studio does not show keeps its words.
    if (href === undefined) token.attrs = [["data-outside", token.attrGet("href") ?? ""]];
    else token.attrSet("href", href);
    if (href?.startsWith("http")) {
      token.attrSet("target", "_blank");
      token.attrSet("rel", "noopener");
    }
    return self.renderToken(tokens, i, options);
  };

  rules.code_inline = (tokens, i) => {
    const { content } = tokens[i];
    const code = `<code>${md.utils.escapeHtml(content)}</code>`;
    const id = /^(?:npx nabla book (?:run|show) )?([a-z]+\/[\w.-]+)(?: --full)?$/.exec(content)?.[1];
    const home = id === undefined ? undefined : pageOf.get(id);
    return home === undefined || insideLink(tokens, i) ? code : `<a href="${placeOf(home, id!)}">${code}</a>`;
  };

  rules.fence = (tokens, i) => {
    const { info, content } = tokens[i];
    const [language, file] = info.trim().split(/\s+/);
    const known = hljs.getLanguage(language) !== undefined;
    const code = known ? hljs.highlight(content.trimEnd(), { language }).value : md.utils.escapeHtml(content.trimEnd());
    const from = file === undefined ? "" : `<figcaption><a href="#/source/${file}">${file}</a></figcaption>`;
    return `<figure class="code">${from}<pre tabindex="0"><code>${code}</code></pre></figure>\n`;
  };

  // A wide table is moved sideways, and by the keys.
  rules.table_open = (tokens, i) => {
    keepColumnsReadable(tokens, i);
    return '<div class="table" tabindex="0" role="region" aria-label="table"><table>\n';
  };
  rules.table_close = () => "</table></div>\n";
  return md;
}

/** Ems that a column has at least, where its cells are longer: narrower, words stand one below the other. */
const COLUMN = 7;

/** On a phone a browser squeezes some columns to a letter a line before it lets a table be moved sideways. */
function keepColumnsReadable(tokens: readonly Token[], start: number): void {
  const end = tokens.findIndex(({ type }, i) => i > start && type === "table_close");
  const heads: Token[] = [];
  const widths: number[] = [];
  let column = 0;
  for (const token of tokens.slice(start, end)) {
    if (token.type === "tr_open") column = 0;
    if (token.type === "th_open") heads.push(token);
    if (token.type !== "inline") continue;
    widths[column] = Math.max(widths[column] ?? 0, emsOf(textOf(token)));
    column += 1;
  }
  heads.forEach((head, i) => {
    const style = `min-width:calc(${Math.min(COLUMN, widths[i]).toFixed(1)}em + 1.25rem)`;
    const own = head.attrGet("style");
    head.attrSet("style", own === null ? style : `${own};${style}`);
  });
}

/** About how wide a text is: Chinese is as wide as it is high. */
function emsOf(text: string): number {
  return Array.from(text).reduce((sum, character) => sum + (CHINESE.test(character) ? 1 : 0.55), 0);
}

function insideLink(tokens: readonly Token[], at: number): boolean {
  const before = tokens.slice(0, at);
  return (
    before.filter(({ type }) => type === "link_open").length > before.filter((t) => t.type === "link_close").length
  );
}

function placeOf(page: string, place: string): string {
  return `#${readerPath(page)}?at=${encodeURIComponent(place)}`;
}

/** The studio's address for a link of the guide; undefined where there is none. */
function targetOf(href: string, page: string, pageOf: ReadonlyMap<string, string>): string | undefined {
  if (/^https?:/.test(href)) return href;
  const [path, anchor] = decodeURIComponent(href).split("#", 2);
  const code = /^\.\.\/\.\.\/(book\/.*?)\/?$/.exec(path)?.[1];
  if (code !== undefined) return code.endsWith(".md") ? undefined : `#/source/${code}`;
  const target = path === "" ? page : /^([\w-]+)\.md$/.exec(path)?.[1];
  if (target === undefined || !new Set(pageOf.values()).has(target)) return undefined;
  return anchor === undefined ? `#${readerPath(target)}` : placeOf(target, anchor);
}

/** `$a^2$` in a line, and `$$...$$` from the beginning of a line, as GitHub sets them. */
function formulas(md: MarkdownIt): void {
  const set = (tex: string, displayMode: boolean): string => katex.renderToString(tex, { displayMode });

  md.inline.ruler.before("escape", "formula", (state, silent) => {
    const match = /^\$(?!\s)((?:\\.|[^\\$])+?)(?<!\s)\$(?!\d)/s.exec(state.src.slice(state.pos));
    if (match === null) return false;
    if (!silent) state.push("formula", "", 0).content = match[1];
    state.pos += match[0].length;
    return true;
  });
  md.block.ruler.before(
    "fence",
    "formula_block",
    (state, start, end, silent) => {
      const lineAt = (line: number) => state.src.slice(state.bMarks[line] + state.tShift[line], state.eMarks[line]);
      if (!lineAt(start).startsWith("$$")) return false;
      let last = start;
      let tex = lineAt(start).slice(2);
      while (!tex.trimEnd().endsWith("$$")) {
        last += 1;
        if (last >= end) return false;
        tex += `\n${lineAt(last)}`;
      }
      if (silent) return true;
      const token = state.push("formula_block", "", 0);
      token.content = tex.trimEnd().slice(0, -2);
      token.map = [start, last + 1];
      state.line = last + 1;
      return true;
    },
    { alt: ["paragraph", "list"] },
  );
  const { rules } = md.renderer;
  // A short formula is not broken at the end of a line.
  rules["formula"] = (tokens, i) => {
    const { content } = tokens[i];
    if (content.length >= 40) return `<span class="formula">${set(content, false)}</span>`;
    // Nor is it parted from the mark that follows it: no line begins with a comma.
    const next = tokens[i + 1];
    const mark = (next?.type === "text" && CLOSING.exec(next.content)?.[0]) || "";
    if (mark !== "") next.content = next.content.slice(mark.length);
    return `<span class="formula whole">${set(content, false)}${mark}</span>`;
  };
  // Chinese has no spaces: a line that ends within it goes on in the next, where a browser would put one.
  rules["softbreak"] = (tokens, i) => {
    const [before, after] = [tokens[i - 1]?.content.at(-1) ?? "", tokens[i + 1]?.content.at(0) ?? ""];
    const joined = CHINESE.test(before) && CHINESE.test(after);
    return joined && tokens[i - 1].type === "text" && tokens[i + 1].type === "text" ? "" : "\n";
  };
  rules["formula_block"] = (tokens, i) => {
    const parts = apart(tokens[i].content).map((tex) => set(tex, true));
    return `<div class="display" tabindex="0">${parts.join("\n")}</div>\n`;
  };
}

/** Formulas that stand beside each other, which may stand below each other where there is no room: cut at wide spaces outside of braces. */
function apart(tex: string): string[] {
  const parts = [""];
  let depth = 0;
  for (const [token] of tex.matchAll(/\\(?:[A-Za-z]+|.)|[\s\S]/g)) {
    if (token === "{" || token === "\\begin" || token === "\\left") depth += 1;
    else if (token === "}" || token === "\\end" || token === "\\right") depth -= 1;
    if (depth === 0 && (token === "\\quad" || token === "\\qquad")) parts.push("");
    else parts[parts.length - 1] += token;
  }
  return parts.filter((part) => part.trim() !== "");
}
