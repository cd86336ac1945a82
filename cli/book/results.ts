// docs/RESULTS.md: every experiment with what the source reports, what was measured, verdict, time and figures.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Entry } from "../../book/library.ts";
import { writeFileAtomically } from "../../src/data/atomic.node.ts";
import { say } from "../../src/plot/chart.ts";
import { UserError } from "../errors.ts";
import { figureFile, figureSvg } from "./figures.ts";
import type { KeptRecord, Verification } from "./record.ts";
import { differenceText, valueText } from "./text.ts";

/** Writes RESULTS.md and the figures' SVG files into a folder; returns its path. */
export async function writeResults(
  folder: string,
  entries: readonly Entry[],
  verification: Verification,
): Promise<string> {
  const byId = new Map<string, KeptRecord>();
  // The full form counts where there is one.
  for (const record of verification.records) {
    if (record.form === "full" || !byId.has(record.id)) byId.set(record.id, record);
  }
  await mkdir(join(folder, "figures"), { recursive: true });
  for (const record of byId.values()) {
    for (const figure of record.figures) {
      const file = `${figureFile(record.id, figure)}.svg`;
      let drawing: string;
      try {
        drawing = figureSvg(figure, "en");
      } catch (cause) {
        throw new UserError(`the figure ${figure.name} of ${record.id} can't be drawn: ${(cause as Error).message}`, {
          cause,
        });
      }
      await writeFileAtomically(join(folder, "figures", file), drawing);
    }
  }
  const path = join(folder, "RESULTS.md");
  await writeFileAtomically(path, resultsText(entries, byId, verification));
  return path;
}

function resultsText(
  entries: readonly Entry[],
  byId: ReadonlyMap<string, KeptRecord>,
  { machine, date }: Verification,
) {
  const records = [...byId.values()];
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
    `Every experiment of the book, as \`nabla book verify --full --out FOLDER\` ran it and \`nabla book report --from FOLDER/results.json\` wrote it down, on ${date}: ${machine}.`,
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
function rows({ experiment }: Entry, record: KeptRecord): string[] {
  const claims = experiment.claims.filter(({ measure }) => measure in record.measured);
  const figures = record.figures.map((figure) => `[${figure.name}](figures/${figureFile(record.id, figure)}.svg)`);
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

function causeOf({ experiment }: Entry, record: KeptRecord): string | null {
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
