// The table at the end of `nabla book verify`.
import type { Entry } from "../../book/library.ts";
import { UNDECIDED, valueText } from "../../book/wording.ts";
import { type Language, say } from "../../src/plot/chart.ts";
import type { KeptRecord } from "./record.ts";
import { differenceText } from "./text.ts";

export function verificationText(
  entries: readonly Entry[],
  records: readonly KeptRecord[],
  /** From the first experiment to the last, in seconds. */
  elapsed: number,
  language: Language,
): string {
  const width = Math.max(...records.map(({ id }) => id.length));
  const lines = [""];
  records.forEach((record, i) => {
    const { experiment } = entries[i];
    lines.push(`${record.id.padEnd(width)}  ${record.verdict.padEnd(12)}  ${say(experiment.title, language)}`);
    const indent = " ".repeat(width + 2);
    for (const measure of record.missed) {
      const claim = experiment.claims.find((each) => each.measure === measure);
      lines.push(
        `${indent}${say(claim?.says, language)}: ${valueText(claim?.reported ?? claim?.expected)} → ${valueText(record.measured[measure])}`,
        `${indent}  ${differenceText(record, measure, claim, language)}`,
      );
    }
    for (const measure of record.undecided) {
      const claim = experiment.claims.find((each) => each.measure === measure);
      lines.push(`${indent}${say(UNDECIDED, language)}: ${say(claim?.says, language)}`);
    }
    if (record.error !== undefined) lines.push(`${indent}${record.error}`);
  });
  const count = (verdict: string) => records.filter((record) => record.verdict === verdict).length;
  const parts = (["reproduced", "shown", "differs", "not decided", "failed", "skipped"] as const)
    .filter((verdict) => count(verdict) > 0)
    .map((verdict) => `${count(verdict)} ${verdict === "differs" ? "differ" : verdict}`);
  lines.push("", `${records.length} experiments: ${parts.join(", ")}; ${elapsed.toFixed(0)} s`);
  return `${lines.join("\n")}\n`;
}
