// What is said of claims, values and verdicts, in both languages: by the command line and by the studio, in the same words.
import { type Language, say } from "nabla/plot";
import type { Accept, Band, Both, Claim, Form, OutcomeTable, Value } from "./experiment.ts";
import { bandOf, type Judged, type Verdict } from "./judge.ts";
import type { Result } from "./run.ts";

const WORDS = {
  reported: { en: "reported", zh: "原书" },
  expected: { en: "expected", zh: "应为" },
  measured: { en: "measured", zh: "实测" },
  statement: { en: "a statement", zh: "论断" },
  section: { en: "section", zh: "章节" },
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

const MOST_SHOWN = 12;

/** Six significant digits. */
export function numberText(value: number): string {
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

/** The bands of both forms, where they differ. */
export function acceptText({ accept }: { readonly accept: Accept }, language: Language): string {
  if (!("quick" in accept)) return bandText(accept, language);
  const { quick, full } = accept;
  if (quick === null && full !== null) return `${bandText(full, language)} (${say(WORDS.fullOnly, language)})`;
  if (full === null && quick !== null) return `${bandText(quick, language)} (${say(WORDS.quickOnly, language)})`;
  if (quick === null || full === null) return "–";
  return `full: ${bandText(full, language)}; quick: ${bandText(quick, language)}`;
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

/** What a claim compares with: what its source reports, what must come out, or nothing but the statement. */
export function standardText({ reported, expected }: Claim, language: Language): string {
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
