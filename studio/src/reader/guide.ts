// The pages of the guide, each loaded when it is read. scripts/studio/guide-plugin.ts makes them of docs/en and docs/zh.
import type { GuideBlock } from "../../../scripts/studio/guide-markdown.ts";
import type { ExperimentNote } from "../../../scripts/studio/guide-plugin.ts";
import type { LanguageName } from "../language/language.svelte.ts";

export type { ExperimentNote, GuideBlock };

export interface GuidePage {
  readonly title: string;
  readonly blocks: readonly GuideBlock[];
  /** Those that stand on this page, by id. */
  readonly experiments: Readonly<Record<string, ExperimentNote>>;
  /** Figures as they were recorded, by file. */
  readonly figures: Readonly<Record<string, RecordedFigure>>;
}

export interface RecordedFigure {
  readonly address: string;
  readonly width: number;
  readonly height: number;
  /** Height of its smallest letters, at that size. */
  readonly letters: number;
  /** What stands above the drawing, within it, in the language of the page. */
  readonly title?: string;
  /** Its texts in the page's language, where that is another than the figure's. */
  readonly phrases?: Readonly<Record<string, string>>;
}

const pages = import.meta.glob<GuidePage>(["../../../docs/{en,zh}/*.md", "!../../../docs/*/README.md"], {
  query: "?guide",
});

export function loadGuide(language: LanguageName, guide: string): Promise<GuidePage> {
  const load = pages[`../../../docs/${language}/${guide}.md`];
  if (load === undefined) throw new Error(`there is no page ${guide}`);
  return load();
}
