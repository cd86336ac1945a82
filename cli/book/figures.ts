// The figures of experiments as files and as a page.
import { join } from "node:path";
import type { Figure } from "../../book/experiment.ts";
import { bandOf } from "../../book/judge.ts";
import type { Entry } from "../../book/library.ts";
import type { Result } from "../../book/run.ts";
import { bandText, sectionText, valueText, verdictText } from "../../book/wording.ts";
import { makeFolder, writeFileAtomically } from "../../src/data/atomic.node.ts";
import { type Language, say } from "../../src/plot/chart.ts";
import { type Block, renderPage } from "../../src/plot/page.ts";
import { renderPng } from "../../src/plot/png.node.ts";
import { renderSvg } from "../../src/plot/svg.ts";

const WIDTH = 720;

/** `nndl/1.6-first-network` and `accuracy`: `nndl-1.A-accuracy`. */
export function figureFile(id: string, figure: { readonly name: string }): string {
  return `${id.replaceAll("/", "-")}-${figure.name}`;
}

export function figureSvg(figure: Figure, language: Language): string {
  return renderSvg(figure.chart, { width: figure.width ?? WIDTH, height: figure.height, language });
}

/** Writes each figure as SVG and, where the package for it is installed, as PNG. Returns the paths. */
export async function writeFigures(
  folder: string,
  id: string,
  figures: readonly Figure[],
  language: Language,
): Promise<string[]> {
  await makeFolder(folder);
  const paths: string[] = [];
  for (const figure of figures) {
    const path = join(folder, figureFile(id, figure));
    await writeFileAtomically(`${path}.svg`, figureSvg(figure, language));
    paths.push(`${path}.svg`);
    try {
      const png = await renderPng(figure.chart, { width: figure.width ?? WIDTH, height: figure.height, language });
      await writeFileAtomically(`${path}.png`, png);
      paths.push(`${path}.png`);
    } catch (error) {
      if (!(error instanceof Error && error.message.includes("@resvg/resvg-js"))) throw error;
    }
  }
  return paths;
}

/** One experiment's outcome as a page whose figures answer the pointer. */
export function resultPage({ source, experiment }: Entry, result: Result, language: Language): string {
  const { outcome, verdict, form, seed, seconds } = result;
  const words = (en: string, zh: string) => ({ en, zh });
  const claims: Block = {
    kind: "table",
    span: "full",
    table: {
      columns: [
        { label: words("what the source says", "原书的说法") },
        { label: words("reported", "原书") },
        { label: words("measured", "实测") },
        { label: words("counts as reproduced", "复现标准") },
        { label: words("holds", "成立") },
      ],
      rows: result.claims.map(({ claim, measured, holds }) => {
        const band = bandOf(claim, form);
        return [
          claim.says,
          claim.reported === undefined && claim.expected !== undefined
            ? `(${valueText(claim.expected)})`
            : valueText(claim.reported),
          valueText(measured),
          band === null ? "–" : bandText(band, language),
          holds === null ? "–" : holds ? "✓" : "✗",
        ];
      }),
    },
  };
  const figures = (outcome?.figures ?? []).map((figure): Block => {
    const { chart, caption, height } = figure;
    return { kind: "chart", chart, caption, height, span: "full" };
  });
  const tables = (outcome?.tables ?? []).map(
    ({ title, columns, rows }): Block => ({
      kind: "table",
      span: "full",
      table: {
        title,
        columns: columns.map((label) => ({ label })),
        rows: rows.map((row) => row.map((cell) => (typeof cell === "number" ? valueText(cell) : cell))),
      },
    }),
  );
  const causes = result.claims.flatMap(({ claim, explained }) =>
    explained && claim.differs !== undefined ? [claim.differs.cause] : [],
  );
  const notes = [...(outcome?.notes ?? []), ...causes];
  return renderPage({
    language,
    kicker: source.title,
    title: experiment.title,
    badge: {
      text: verdictText(verdict, language),
      tone: verdict === "reproduced" ? "good" : verdict === "failed" ? "bad" : "neutral",
    },
    lead: experiment.about,
    sections: [
      { blocks: figures },
      ...(result.claims.length > 0 ? [{ blocks: [claims] }] : []),
      ...(tables.length > 0 ? [{ blocks: tables }] : []),
      ...(notes.length > 0 ? [{ blocks: notes.map((text): Block => ({ kind: "text", text })) }] : []),
      {
        blocks: [
          {
            kind: "code",
            label: words("How to repeat this run", "如何重复本次运行"),
            code: `nabla book run ${experiment.id} --${form} --seed ${seed}`,
          },
        ],
      },
    ],
    footer: words(
      `${say(source.title, "en")}, ${sectionText(experiment.section, "en")}. ${seconds.toFixed(1)} s. Made by Nabla.`,
      `${say(source.title, "zh")}，${sectionText(experiment.section, "zh")}。用时 ${seconds.toFixed(1)} 秒。由 Nabla 生成。`,
    ),
  });
}
