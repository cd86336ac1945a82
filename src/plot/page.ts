// renderPage: charts, tables and text as one HTML file that needs nothing else: no network, and without JavaScript
// everything but the read-outs. It follows the reader's light or dark setting, fits a phone, and prints.

import type { Chart, ImagesChart, Language, Text } from "./chart.ts";
import { say } from "./chart.ts";
import { checkForm, PAGE } from "./form.ts";
import { escapeMarkup, fontFamily } from "./markup.ts";
import { readoutScript } from "./readout-script.ts";
import { formatNumber } from "./scale.ts";
import { renderChart } from "./svg.ts";
import { paletteVariables } from "./theme.ts";

export type Block =
  | {
      readonly kind: "chart";
      readonly chart: Chart;
      readonly height?: number;
      readonly caption?: Text;
      /** Default `"half"` of the page's width; on narrow screens everything takes the whole. */
      readonly span?: Span;
    }
  | { readonly kind: "text"; readonly text: Text; readonly span?: Span }
  /** Large numbers in a row. */
  | { readonly kind: "figures"; readonly figures: readonly KeyFigure[] }
  | { readonly kind: "table"; readonly table: Table; readonly span?: Span }
  | { readonly kind: "code"; readonly code: string; readonly label?: Text }
  /** HTML made by the caller, who answers for its escaping. */
  | { readonly kind: "markup"; readonly markup: string; readonly span?: Span };

export type Span = "third" | "half" | "two-thirds" | "full";

export interface KeyFigure {
  readonly label: Text;
  readonly value: string;
  readonly note?: Text;
}

export interface Table {
  /** `"number"`: aligned to the right. */
  readonly columns: readonly { readonly label: Text; readonly align?: "text" | "number" }[];
  readonly rows: readonly (readonly Text[])[];
  readonly title?: Text;
}

export interface Section {
  readonly heading?: Text;
  readonly blocks: readonly Block[];
}

export interface Page {
  readonly title: Text;
  /** A short line above the title. */
  readonly kicker?: Text;
  /** Beside the title: how the run ended. */
  readonly badge?: { readonly text: Text; readonly tone: "good" | "neutral" | "bad" };
  readonly lead?: Text;
  readonly sections: readonly Section[];
  readonly footer?: Text;
  readonly language?: Language;
  /** Styles of the caller's own markup. */
  readonly styles?: string;
}

export function renderPage(page: Page): string {
  checkForm("renderPage", PAGE, page, "page");
  const language = page.language ?? "en";
  const text = (each: Text | undefined) => escapeMarkup(say(each, language));
  let charts = 0;
  const sections = page.sections.map((section) => {
    const blocks = section.blocks.map((block) => renderBlock(block, language, () => `c${charts++}`));
    const heading = section.heading === undefined ? "" : `<h2>${text(section.heading)}</h2>\n`;
    return `<section>\n${heading}<div class="row">\n${blocks.join("\n")}\n</div>\n</section>`;
  });
  const badge =
    page.badge === undefined ? "" : `<span class="badge ${page.badge.tone}">${text(page.badge.text)}</span>`;
  const kicker = page.kicker === undefined ? "" : `<p class="kicker">${text(page.kicker)}</p>\n`;
  const lead = page.lead === undefined ? "" : `<p class="lead">${text(page.lead)}</p>\n`;
  const footer = page.footer === undefined ? "" : `<footer>${text(page.footer)}</footer>\n`;
  const script = `(${readoutScript.toString()})(document,${formatNumber.toString()})`;
  return `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${text(page.title)}</title>
<style>${styles}${page.styles ?? ""}</style>
</head>
<body>
<main>
<header>
${kicker}<h1>${text(page.title)}${badge === "" ? "" : ` ${badge}`}</h1>
${lead}</header>
${sections.join("\n")}
${footer}</main>
<script>${script.replace(/<\/script/gi, "<\\/script")}</script>
</body>
</html>
`;
}

const spanWidths: Readonly<Record<Span, number>> = { third: 341, half: 528, "two-thirds": 714, full: 1088 };

function renderBlock(block: Block, language: Language, nextId: () => string): string {
  const text = (each: Text | undefined) => escapeMarkup(say(each, language));
  switch (block.kind) {
    case "chart":
      return renderFigure(block, language, nextId);
    case "text":
      return `<p class="text ${block.span ?? "full"}">${text(block.text)}</p>`;
    case "figures": {
      const figures = block.figures.map(({ label, value, note }) => {
        const below = note === undefined ? "" : `<small>${text(note)}</small>`;
        return `<div><dt>${text(label)}</dt><dd>${escapeMarkup(value)}${below}</dd></div>`;
      });
      return `<dl class="figures full">${figures.join("")}</dl>`;
    }
    case "table":
      return renderTable(block.table, block.span ?? "half", language);
    case "code": {
      const label = block.label === undefined ? "" : `<p class="label">${text(block.label)}</p>`;
      return `<div class="code full">${label}<pre><code>${escapeMarkup(block.code)}</code></pre></div>`;
    }
    case "markup":
      return `<div class="${block.span ?? "full"}">${block.markup}</div>`;
  }
}

/** A drawing for wide screens and one for phones: scaling one down would leave its letters too small to read. */
function renderFigure(block: Extract<Block, { kind: "chart" }>, language: Language, nextId: () => string): string {
  const span = block.span ?? "half";
  const { chart, height } = block;
  const wide = spanWidths[span];
  const draw = (width: number, className: string) => {
    const { svg, readout } = renderChart(chart, { width, height, language, theme: "page", id: nextId() });
    const data = JSON.stringify(readout ?? null).replace(/</g, "\\u003c");
    return `<div class="${className}" data-chart>${svg}<script type="application/json">${data}</script></div>`;
  };
  // Images are the bulk of a page and scale well, but letters do not.
  const narrow = chart.kind === "images" && !hasLetters(chart) ? undefined : 344;
  const drawings =
    narrow === undefined || wide <= narrow
      ? draw(wide, "drawing")
      : `${draw(wide, "drawing wide")}\n${draw(narrow, "drawing narrow")}`;
  const caption =
    block.caption === undefined ? "" : `<figcaption>${escapeMarkup(say(block.caption, language))}</figcaption>`;
  return `<figure class="${span}">${drawings}${caption}</figure>`;
}

function hasLetters({ title, images }: ImagesChart): boolean {
  return (
    title !== undefined ||
    images.some(({ caption, topRight, bottomRight }) => (caption ?? topRight ?? bottomRight) !== undefined)
  );
}

/** Tables longer than this show their first rows, and the others when asked. */
const LONG = 16;
const FIRST = 8;
/** Text longer than this makes a table of several columns too wide for a phone: its rows are stacked there. */
const WIDE_TEXT = 24;

function renderTable(table: Table, span: Span, language: Language): string {
  const { columns, rows } = table;
  const said = (each: Text | undefined) => say(each, language);
  const text = (each: Text | undefined) => escapeMarkup(said(each));
  const classes = columns.map((column) => (column.align === "number" ? ' class="number"' : ""));
  const head = columns.map((column, i) => `<th scope="col"${classes[i]}>${text(column.label)}</th>`).join("");
  const labels = columns.map((column) => ` data-label="${text(column.label)}"`);
  const stacks = columns.length > 3 && rows.some((row) => row.some((cell) => said(cell).length > WIDE_TEXT));
  const body = (some: Table["rows"]) =>
    some
      .map((row) => `<tr>${row.map((cell, i) => `<td${classes[i]}${labels[i]}>${text(cell)}</td>`).join("")}</tr>`)
      .join("\n");
  const tableOf = (some: Table["rows"]) =>
    `<div class="scroll"><table${stacks ? ' class="stacks"' : ""}><thead><tr>${head}</tr></thead><tbody>\n${body(some)}\n</tbody></table></div>`;
  const title = table.title === undefined ? "" : `<h3>${text(table.title)}</h3>`;
  const long = rows.length > LONG;
  const others = rows.length - FIRST;
  const more = { en: `${others} more rows`, zh: `其余 ${others} 行` };
  const rest = long ? `<details><summary>${text(more)}</summary>${tableOf(rows.slice(FIRST))}</details>` : "";
  return `<div class="${span} table">${title}${tableOf(long ? rows.slice(0, FIRST) : rows)}${rest}</div>`;
}

const styles = `
:root{color-scheme:light dark;${paletteVariables("light")};--panel:#f6f8fa;--good:#1d7a4f;--bad:#b3362d}
@media (prefers-color-scheme:dark){:root{${paletteVariables("dark")};--panel:#1d242c;--good:#5cc58f;--bad:#f08379}.ink{filter:invert(1)}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.55 ${fontFamily};font-variant-numeric:tabular-nums}
main{max-width:1152px;margin:0 auto;padding:36px 32px 56px}
h1{font-size:27px;line-height:1.25;margin:0;font-weight:650;letter-spacing:-.01em;overflow-wrap:anywhere}
h2{font-size:18px;line-height:1.3;margin:0 0 18px;font-weight:650}
h3{font-size:15px;line-height:20px;margin:0 0 8px;font-weight:600}
.kicker{margin:0 0 4px;color:var(--muted);font-size:13px}
.lead{margin:8px 0 0;color:var(--muted);max-width:72ch}
.badge{display:inline-block;vertical-align:4px;margin-left:6px;padding:1px 10px;border:1px solid currentColor;border-radius:99px;font-size:12.5px;font-weight:600;letter-spacing:0;line-height:20px;white-space:nowrap}
.badge.good{color:var(--good)}.badge.bad{color:var(--bad)}.badge.neutral{color:var(--muted)}
section{margin-top:32px;padding-top:28px;border-top:1px solid var(--grid)}
header+section{margin-top:24px;padding-top:0;border-top:0}
.row{display:grid;grid-template-columns:repeat(6,minmax(0,1fr));gap:36px 32px;align-items:start}
.full{grid-column:span 6}.two-thirds{grid-column:span 4}.half{grid-column:span 3}.third{grid-column:span 2}
figure{margin:0;min-width:0}
figcaption,.text{color:var(--muted);font-size:13.5px;margin:8px 0 0}
.text{margin:0 0 -14px;max-width:80ch}
.drawing{position:relative}
.drawing svg{display:block;width:100%;height:auto;overflow:visible;touch-action:pan-y}
.narrow{display:none}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));margin:0;border:1px solid var(--grid);border-radius:10px;overflow:hidden;background:var(--panel)}
.figures div{padding:14px 18px 12px;box-shadow:0 0 0 1px var(--grid)}
.figures dt{color:var(--muted);font-size:13px}
.figures dd{margin:0;font-size:25px;line-height:1.3;font-weight:600;letter-spacing:-.01em}
.figures small{display:block;color:var(--muted);font-size:12.5px;line-height:1.45;font-weight:400;letter-spacing:0}
.scroll{overflow-x:auto;background:linear-gradient(90deg,var(--paper) 30%,transparent) 0/40px 100% no-repeat local,linear-gradient(270deg,var(--paper) 30%,transparent) 100%/40px 100% no-repeat local,linear-gradient(90deg,var(--axis),transparent) 0/10px 100% no-repeat scroll,linear-gradient(270deg,var(--axis),transparent) 100%/10px 100% no-repeat scroll}
details{margin-top:8px}
summary{cursor:pointer;color:var(--muted);font-size:13.5px;padding:5px 0}
summary:focus-visible{outline:2px solid var(--series-0);outline-offset:2px}
table{border-collapse:collapse;width:100%;font-size:13.5px}
th{color:var(--muted);font-weight:500;text-align:left;white-space:nowrap}
th,td{padding:5px 12px 5px 0;border-bottom:1px solid var(--grid);vertical-align:top}
th:last-child,td:last-child{padding-right:0}
.number{text-align:right;white-space:nowrap}
.label{margin:0 0 6px;color:var(--muted);font-size:13px}
pre{margin:0;padding:12px 16px;border-radius:8px;background:var(--panel);border:1px solid var(--grid);font:13px/1.5 ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace;white-space:pre-wrap;overflow-wrap:anywhere}
footer{margin-top:40px;color:var(--muted);font-size:13px}
.readout{position:absolute;z-index:2;pointer-events:none;min-width:96px;max-width:260px;padding:7px 10px;border:1px solid var(--axis);border-radius:7px;background:var(--paper);box-shadow:0 4px 16px rgb(0 0 0/.16);font-size:12.5px;line-height:1.45}
.readout b{display:block;font-weight:600}
.readout div{display:flex;align-items:baseline;gap:6px}
.readout i{flex:none;width:9px;height:9px;border-radius:2px}
.readout span{color:var(--muted)}
.readout em{margin-left:auto;padding-left:10px;font-style:normal;white-space:nowrap}
.guide{fill:none;stroke:var(--muted);stroke-width:1}
.guide.area{fill:var(--ink);fill-opacity:.06;stroke-opacity:.7}
.dot{stroke:var(--paper);stroke-width:1.5}
.frame{fill:var(--paper);stroke:var(--axis);stroke-width:2}
[data-legend]{outline:none}
[data-legend]:focus-visible{outline:2px solid var(--series-0);outline-offset:2px}
@media (max-width:820px){.half,.third,.two-thirds{grid-column:span 6}figure{max-width:660px}}
@media (max-width:560px){.stacks,.stacks tbody,.stacks tr,.stacks td{display:block}.stacks thead{display:none}.stacks tr{padding:10px 0;border-bottom:1px solid var(--grid)}.stacks td{display:grid;grid-template-columns:108px minmax(0,1fr);gap:10px;padding:2px 0;border:0;text-align:left;white-space:normal;overflow-wrap:anywhere}.stacks td:first-child{display:block;font-weight:600}.stacks td:not(:first-child)::before{content:attr(data-label);color:var(--muted)}main{padding:22px 16px 40px}h1{font-size:23px}.wide{display:none}.narrow{display:block}.figures{grid-template-columns:repeat(2,1fr)}.figures div{padding:10px 12px}.figures dd{font-size:21px}}
@media print{:root{color-scheme:light;${paletteVariables("light")};--panel:#f6f8fa;--good:#1d7a4f;--bad:#b3362d}*{print-color-adjust:exact;-webkit-print-color-adjust:exact}body{font-size:12.5px}table,.text,figcaption{font-size:11.5px}main{max-width:none;padding:0}figure,tr,pre,.figures,.keep{break-inside:avoid}h2,h3{break-after:avoid}.ink{filter:none}.scroll{overflow:visible;background:none}details::details-content{content-visibility:visible;display:block}summary{display:none}.wide{display:block}.narrow{display:none}.half{grid-column:span 3}.third{grid-column:span 2}.two-thirds{grid-column:span 4}}
`;
