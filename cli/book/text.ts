// What `nabla book` prints of experiments: lists, and what each is.

import type { Both, Claim } from "../../book/experiment.ts";
import type { Entry } from "../../book/library.ts";
import { acceptText, sectionText, standardText, valueText } from "../../book/wording.ts";
import { type Language, say } from "../../src/plot/chart.ts";
import { commandName } from "../command-name.ts";

const WORDS = {
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
} satisfies Record<string, Both>;

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
