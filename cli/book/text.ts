// What `nabla book` prints: experiments, claims and values as lines of text.

import type { Accept, Band, Both, Claim, Form, OutcomeTable, Value } from "../../book/experiment.ts";
import { bandOf, type Judged, type Verdict } from "../../book/judge.ts";
import type { Entry } from "../../book/library.ts";
import type { Result } from "../../book/run.ts";
import { type Language, say } from "../../src/plot/chart.ts";
import { commandName } from "../command-name.ts";

const WORDS = {
  reported: { en: "reported", zh: "原书" },
  expected: { en: "expected", zh: "应为" },
  measured: { en: "measured", zh: "实测" },
  statement: { en: "a statement", zh: "论断" },
  section: { en: "section", zh: "章节" },
  settings: { en: "Settings", zh: "超参数" },
  claims: { en: "What the source says, and what counts as reproduced", zh: "原书的说法，以及怎样算复现" },
  read: { en: "Programs to read", zh: "可读的程序" },
  guide: { en: "Guide", zh: "指南" },
  run: { en: "Run it", zh: "运行" },
  hours: {
    en: "in full about {0} hours on one processor; an interrupted run goes on where it stood, see --keep",
    zh: "完整形式在单个处理器上约需 {0} 小时；中断后会从原处继续，见 --keep",
  },
  differs: { en: "known difference", zh: "已知差异" },
  notes: { en: "Notes", zh: "说明" },
  fullOnly: { en: "decided in the full form only", zh: "仅完整形式可判定" },
  quickOnly: { en: "decided in the quick form only", zh: "仅快速形式可判定" },
} satisfies Record<string, Both>;

const VERDICTS: Record<Verdict, Both> = {
  reproduced: { en: "reproduced", zh: "已复现" },
  differs: { en: "differs", zh: "有差异" },
  "not decided": { en: "not decided", zh: "未能判定" },
  shown: { en: "shown", zh: "已展示" },
  failed: { en: "failed", zh: "失败" },
};

const PARTS_OF_A_SECTION: Readonly<Record<string, string>> = { exercises: "练习", problems: "思考题" };

export function verdictText(verdict: Verdict, language: Language): string {
  return say(VERDICTS[verdict], language);
}

export const UNDECIDED: Both = { en: "not decided in this form", zh: "此形式无法判定" };

/** The cause of what a claim misses, where one is known and the measure lies where it puts it. */
export function differenceText(
  { unexplained }: { readonly unexplained: readonly string[] },
  measure: string,
  claim: Claim | undefined,
  language: Language,
): string {
  if (claim?.differs === undefined) return language === "zh" ? "没有记录原因" : "no cause is recorded";
  if (!unexplained.includes(measure)) return say(claim.differs.cause, language);
  return language === "zh" ? "已记录的原因不能解释这个值" : "the cause that is recorded does not explain this value";
}

const MOST_SHOWN = 12;

function numberText(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (Number.isInteger(value)) return String(value);
  const size = Math.abs(value);
  return size >= 1e-4 && size < 1e7 ? String(Number(value.toPrecision(6))) : String(Number(value.toPrecision(5)));
}

/** A value in a line: six digits, at most twelve elements of a list. What was no number is null once it was in a file. */
export function valueText(value: Value | null | undefined): string {
  if (value === undefined || value === null) return "–";
  if (typeof value === "number") return numberText(value);
  if (typeof value === "string") return value;
  if (typeof value === "boolean") return value ? "yes" : "no";
  const shown = value.slice(0, MOST_SHOWN).map(numberText).join(", ");
  return value.length > MOST_SHOWN ? `${shown}, … (${value.length})` : shown;
}

export function bandText(band: Band, language: Language): string {
  const zh = language === "zh";
  if ("within" in band) return zh ? `误差不超过 ${numberText(band.within)}` : `within ${numberText(band.within)}`;
  if ("equals" in band) return zh ? `等于 ${valueText(band.equals)}` : `equals ${valueText(band.equals)}`;
  if ("atLeast" in band) return zh ? `不小于 ${numberText(band.atLeast)}` : `at least ${numberText(band.atLeast)}`;
  if ("atMost" in band) return zh ? `不大于 ${numberText(band.atMost)}` : `at most ${numberText(band.atMost)}`;
  const [low, high] = band.between;
  return zh ? `在 ${numberText(low)} 与 ${numberText(high)} 之间` : `from ${numberText(low)} to ${numberText(high)}`;
}

function acceptText({ accept }: { readonly accept: Accept }, language: Language): string {
  if (!("quick" in accept)) return bandText(accept, language);
  const { quick, full } = accept;
  if (quick === null && full !== null) return `${bandText(full, language)} (${say(WORDS.fullOnly, language)})`;
  if (full === null && quick !== null) return `${bandText(quick, language)} (${say(WORDS.quickOnly, language)})`;
  if (quick === null || full === null) return "–";
  return `full: ${bandText(full, language)}; quick: ${bandText(quick, language)}`;
}

/** All experiments by source and chapter. */
export function listText(entries: readonly Entry[], language: Language): string {
  const lines: string[] = [];
  const width = Math.max(...entries.map(({ experiment }) => experiment.id.length));
  let chapter: Entry["chapter"] | undefined;
  let source: Entry["source"] | undefined;
  for (const entry of entries) {
    if (entry.source !== source) lines.push("", `${say(entry.source.title, language)} (${entry.source.id})`);
    if (entry.chapter !== chapter) lines.push(`  ${say(entry.chapter.title, language)}`);
    ({ source, chapter } = entry);
    lines.push(`    ${entry.experiment.id.padEnd(width)}  ${say(entry.experiment.title, language)}`);
  }
  lines.push(
    "",
    `${entries.length} experiments. ${commandName()} book show ID tells more; ${commandName()} book run ID runs one.`,
  );
  return `${lines.slice(1).join("\n")}\n`;
}

/** `section 3.5, exercises` */
export function sectionText(section: string, language: Language): string {
  const [number, ...rest] = section.split(", ");
  const where = `${say(WORDS.section, language)} ${number}`;
  if (rest.length === 0) return where;
  return language === "en"
    ? `${where}, ${rest.join(", ")}`
    : `${where}，${rest.map((word) => PARTS_OF_A_SECTION[word] ?? word).join("，")}`;
}

/** What it is, what the source says, how to run it. `place` turns a file of the package into a path that the reader can open. */
export function showText(
  { source, chapter, experiment }: Entry,
  language: Language,
  place: (file: string) => string,
): string {
  const heading = (words: Both) => ["", `${say(words, language)}:`];
  const lines = [
    `${experiment.id}  ${say(experiment.title, language)}`,
    `${say(source.title, language)}, ${sectionText(experiment.section, language)}`,
    "",
    say(experiment.about, language),
  ];
  if (experiment.settings !== undefined) {
    lines.push(...heading(WORDS.settings));
    for (const [name, value] of Object.entries(experiment.settings)) lines.push(`  ${name}: ${value}`);
  }
  if (experiment.claims.length > 0) lines.push(...heading(WORDS.claims));
  for (const claim of experiment.claims) {
    lines.push(`  ${say(claim.says, language)}${claim.reported === undefined ? "" : `: ${valueText(claim.reported)}`}`);
    if (claim.expected !== undefined) lines.push(`    ${standardText(claim, language)}`);
    const because = claim.because === undefined ? "" : ` (${say(claim.because, language)})`;
    lines.push(`    ${acceptText(claim, language)}${because}`);
    const { differs } = claim;
    if (differs === undefined) continue;
    lines.push(
      `    ${say(WORDS.differs, language)}, ${acceptText(differs, language)}: ${say(differs.cause, language)}`,
    );
  }
  const command = `${commandName()} book run`;
  lines.push(...heading(WORDS.read), ...experiment.read.map((file) => `  ${place(file)}`));
  lines.push(...heading(WORDS.guide), `  ${place(`docs/${language}/${chapter.guide}.md`)}`);
  lines.push(...heading(WORDS.run), `  ${command} ${experiment.id}`, `  ${command} ${experiment.id} --full`);
  if (experiment.hours !== undefined)
    lines.push(`  ${say(WORDS.hours, language).replace("{0}", String(experiment.hours))}`);
  return `${lines.join("\n")}\n`;
}

/** What a claim compares with: what its source reports, what must come out, or nothing but the statement. */
function standardText({ reported, expected }: Claim, language: Language): string {
  if (reported !== undefined) return `${say(WORDS.reported, language)} ${valueText(reported)}`;
  if (expected !== undefined) return `${say(WORDS.expected, language)} ${valueText(expected)}`;
  return `${say(WORDS.reported, language)} ${say(WORDS.statement, language)}`;
}

function mark(holds: boolean | null): string {
  return holds === null ? "·" : holds ? "✓" : "✗";
}

function judgedLines({ claim, measured, holds, explained }: Judged, form: Form, language: Language): string[] {
  const band = bandOf(claim, form);
  const accept = band === null ? acceptText(claim, language) : bandText(band, language);
  return [
    `  ${mark(holds)} ${say(claim.says, language)}`,
    `      ${standardText(claim, language)}   ${say(WORDS.measured, language)} ${valueText(measured)}   (${accept})`,
    ...(explained ? [`      ${say(claim.differs?.cause, language)}`] : []),
  ];
}

function tableLines(table: OutcomeTable, language: Language): string[] {
  const cell = (value: string | number) => (typeof value === "number" ? numberText(value) : value);
  const rows = [table.columns.map((label) => say(label, language)), ...table.rows.map((row) => row.map(cell))];
  const widths = rows[0].map((_, j) => Math.max(...rows.map((row) => row[j]?.length ?? 0)));
  return [
    "",
    `  ${say(table.title, language)}`,
    ...rows.map((row) => `    ${row.map((text, j) => text.padStart(widths[j])).join("  ")}`),
  ];
}

/** The outcome of a run, claim by claim. */
export function resultText(result: Result, language: Language): string {
  const { experiment, verdict, seconds, form, outcome } = result;
  const lines = [`${experiment.id}  ${say(experiment.title, language)}  (${form}, seed ${result.seed})`];
  for (const judged of result.claims) lines.push(...judgedLines(judged, form, language));
  for (const table of outcome?.tables ?? []) lines.push(...tableLines(table, language));
  const notes = outcome?.notes ?? [];
  if (notes.length > 0) lines.push("", ...notes.map((note) => `  ${say(note, language)}`));
  if (result.error !== null) lines.push(`  ${result.error.message}`);
  lines.push("", `${verdictText(verdict, language)}  ${seconds.toFixed(1)} s`);
  return `${lines.join("\n")}\n`;
}
