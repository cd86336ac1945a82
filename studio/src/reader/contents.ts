// The books' table of contents: which page of the guide a chapter has, and on which page an experiment stands.
import { SOURCES } from "virtual:book-contents";
import type { ContentsChapter, ContentsSource } from "../../../scripts/studio/guide-plugin.ts";
import { DEMOS, type Demo } from "../demos/registry.ts";
import { link } from "../state/address.svelte.ts";
import { readerPath } from "./path.ts";

export { SOURCES };

/** A page of the guide, with the chapter it belongs to. */
export interface ReaderPage {
  readonly source: ContentsSource;
  readonly chapter: ContentsChapter;
}

export const PAGES: readonly ReaderPage[] = SOURCES.flatMap((source) =>
  source.chapters.map((chapter) => ({ source, chapter })),
);

export function pathOf({ chapter }: ReaderPage): string {
  return readerPath(chapter.guide);
}

/** `rest` is what follows `/book/` in the address. */
export function pageAt(rest: string): ReaderPage | undefined {
  return PAGES.find(({ chapter }) => chapter.guide === rest.replace("/", "-"));
}

/** The page on which an experiment stands. */
export function pageOfExperiment(id: string): ReaderPage | undefined {
  return PAGES.find(({ chapter }) => chapter.experiments.includes(id));
}

/** Where an experiment stands, for `href`; undefined for one that there is not. */
export function linkToExperiment(id: string): string | undefined {
  const page = pageOfExperiment(id);
  return page && link(pathOf(page), `at=${encodeURIComponent(id)}`);
}

/** The page for a chapter, by its number in the source. */
export function pageOfChapter(source: string, number: number): ReaderPage | undefined {
  return PAGES.find(({ chapter }) => chapter.experiments.some((id) => isOf(id, source, number)));
}

function isOf(id: string, source: string, chapter: number): boolean {
  return new RegExp(`^${source}/${chapter}\\b`).test(id);
}

/** Demonstrations on a page's subject: those that name an experiment of it, or, naming none, its chapter. */
export function demosOf({ source, chapter }: ReaderPage): Demo[] {
  return DEMOS.filter((demo) =>
    demo.experiments.length > 0
      ? demo.experiments.some((id) => chapter.experiments.includes(id))
      : chapter.experiments.some((id) => isOf(id, demo.source, demo.chapter)) && demo.source === source.id,
  );
}
