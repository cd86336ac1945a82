// docs/RESULTS.md: every experiment with what the source reports, what was measured, verdict, time and figures. Beside it results.json, from which it is
// written: what a verification of some experiments does not hold stays as it was.
import { join } from "node:path";
import type { Entry } from "../../book/library.ts";
import { valueText } from "../../book/wording.ts";
import { writeFileAtomically } from "../../src/data/atomic.node.ts";
import { say } from "../../src/plot/chart.ts";
import { UserError } from "../errors.ts";
import { type Digest, type DigestRecord, digestOf, readDigest, writeDigest } from "./digest.ts";
import { figureFile, figureSvg } from "./figures.ts";
import type { KeptRecord, Verification } from "./record.ts";
import { RESULTS } from "./record.ts";
import { differenceText } from "./text.ts";

/** Writes RESULTS.md, results.json and the figures' SVG files into a folder; returns the path of the first. */
export async function writeResults(
  folder: string,
  entries: readonly Entry[],
  verification: Verification,
): Promise<string> {
  const file = join(folder, RESULTS);
  const ids = entries.map(({ experiment }) => experiment.id);
  const digest = digestOf(verification, readDigest(file), ids);
  const told = new Set(toldRecords(digest).map(keyOf));
  for (const record of verification.records) {
    if (!told.has(keyOf(record))) continue;
    for (const figure of record.figures) {
      const drawn = `${figureFile(record.id, figure)}.svg`;
      let drawing: string;
      try {
        drawing = figureSvg(figure, "en");
      } catch (cause) {
        throw new UserError(`the figure ${figure.name} of ${record.id} can't be drawn: ${(cause as Error).message}`, {
          cause,
        });
      }
      await writeFileAtomically(join(folder, "figures", drawn), drawing);
    }
  }
  await writeDigest(file, digest);
  const path = join(folder, "RESULTS.md");
  await writeFileAtomically(path, resultsText(entries, digest));
  return path;
}

const keyOf = ({ id, form }: KeptRecord | DigestRecord) => `${id} ${form}`;

/** The record of each experiment that is told: of the full form where there is one. */
function toldRecords({ records }: Digest): DigestRecord[] {
  const full = new Set(records.filter(({ form }) => form === "full").map(({ id }) => id));
  return records.filter(({ id, form }) => form === "full" || !full.has(id));
}

/** Where the others ran. */
function elsewhere(records: readonly DigestRecord[]): string {
  const others = new Map<string, string[]>();
  for (const { machine, id } of records) {
    if (machine !== undefined) others.set(machine, [...(others.get(machine) ?? []), id]);
  }
  return [...others].map(([machine, ids]) => ` On ${machine}: ${ids.join(", ")}.`).join("");
}

export function resultsText(entries: readonly Entry[], digest: Digest): string {
  const records = toldRecords(digest);
  const byId = new Map(records.map((record) => [record.id, record]));
  const dates = [...new Set(records.map(({ date }) => date))].sort();
  const on = dates.length > 1 ? `from ${dates[0]} to ${dates.at(-1)}` : `on ${dates[0]}`;
  const count = (verdict: string) => records.filter((record) => record.verdict === verdict).length;
  const seconds = records.reduce((sum, record) => sum + record.seconds, 0);
  const counts = (["reproduced", "shown", "differs", "not decided", "failed", "skipped"] as const)
    .filter((verdict) => count(verdict) > 0 || verdict === "differs" || verdict === "failed")
    .map((verdict) => `${count(verdict)} ${verdict === "differs" ? "differ" : verdict}`)
    .join(", ");
  const quick = records.filter(({ form }) => form === "quick").length;
  const lines = [
    "# Results",
    "",
    `Every experiment of the book, as \`nabla book verify --full --out FOLDER\` ran it and \`nabla book report --from FOLDER/results.json\` wrote it down, ${on}: ${digest.machine}.${elsewhere(records)}`,
    "",
    `${records.length} experiments: ${counts}; ${(seconds / 60).toFixed(1)} minutes of experiments.${quick > 0 ? ` ${quick} of them ran in their quick form only.` : ""}`,
    "`nabla book show ID` tells what counts as reproduced, and why the band is as wide as it is. Lists are shortened; what is bold lies outside its band. In italics: what must come out though the source prints no number.",
  ];
  let source: Entry["source"] | undefined;
  let chapter: Entry["chapter"] | undefined;
  let causes: string[] = [];
  const closeChapter = () => {
    if (causes.length > 0) lines.push("", ...causes);
    causes = [];
  };
  for (const entry of entries) {
    const record = byId.get(entry.experiment.id);
    if (record === undefined) continue;
    if (entry.chapter !== chapter) closeChapter();
    if (entry.source !== source)
      lines.push("", `## ${say(entry.source.title, "en")}`, "", `${say(entry.source.work, "en")}.`);
    if (entry.chapter !== chapter) {
      lines.push("", `### ${say(entry.chapter.title, "en")}`, "");
      lines.push(`The guide to it: [English](en/${entry.chapter.guide}.md), [中文](zh/${entry.chapter.guide}.md).`, "");
      lines.push(
        "| experiment | the source says | reported | measured | verdict | s | figures |",
        "| --- | --- | --- | --- | --- | --: | --- |",
      );
    }
    ({ source, chapter } = entry);
    lines.push(...rows(entry, record));
    const cause = causeOf(entry, record);
    if (cause !== null) causes.push(`- **${record.id}** ${cause}`);
  }
  closeChapter();
  return `${lines.join("\n")}\n`;
}

/** One line a claim; the first one names the experiment. */
function rows({ experiment }: Entry, record: DigestRecord): string[] {
  const claims = experiment.claims.filter(({ measure }) => measure in record.measured);
  const figures = record.figures.map((name) => `[${name}](figures/${figureFile(record.id, { name })}.svg)`);
  const title = `**${record.id}**<br>${cellText(say(experiment.title, "en"))}`;
  const verdict = record.form === "full" ? record.verdict : `${record.verdict} (quick)`;
  const lines = claims.map(({ measure, says, reported, expected }) => {
    const missed = record.missed.includes(measure);
    const measured = cellText(valueText(record.measured[measure]));
    return [
      cellText(say(says, "en")),
      reported !== undefined
        ? cellText(valueText(reported))
        : expected !== undefined
          ? `*${cellText(valueText(expected))}*`
          : "",
      missed ? `**${measured}**` : measured,
    ];
  });
  if (lines.length === 0) lines.push(["", "", ""]);
  return lines.map((cells, i) => {
    const own =
      i === 0 ? [title, ...cells, verdict, String(record.seconds), figures.join("<br>")] : ["", ...cells, "", "", ""];
    return `| ${own.join(" | ")} |`;
  });
}

function causeOf({ experiment }: Entry, record: DigestRecord): string | null {
  if (record.verdict === "failed" || record.verdict === "skipped") return `${record.verdict}: ${record.error ?? ""}`;
  if (record.verdict !== "differs") return null;
  const causes = record.missed.map((measure) => {
    const claim = experiment.claims.find((each) => each.measure === measure);
    return `${say(claim?.says, "en")}: ${differenceText(record, measure, claim, "en")}`;
  });
  return `differs in: ${causes.join(" ")}`;
}

function cellText(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}
