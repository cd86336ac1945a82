// All sources in the order in which one would read them, and how to find an experiment in them.
import { ALIASES } from "./aliases.ts";
import type { Chapter, Experiment, Source } from "./experiment.ts";
import { source as nndl } from "./nndl/index.ts";
import { source as python } from "./python/index.ts";
import { source as scratch } from "./scratch/index.ts";
import { source as tensorflow } from "./tensorflow/index.ts";
import { source as zero } from "./zero/index.ts";

export const SOURCES: readonly Source[] = [zero, nndl, scratch, tensorflow, python];

export interface Entry {
  readonly source: Source;
  readonly chapter: Chapter;
  readonly experiment: Experiment;
}

/** Every experiment, in reading order. */
export function allEntries(): Entry[] {
  return SOURCES.flatMap((source) =>
    source.chapters.flatMap((chapter) => chapter.experiments.map((experiment) => ({ source, chapter, experiment }))),
  );
}

/** By id, in capitals or not, or by an id that it had before. */
export function findEntry(id: string): Entry | undefined {
  const asked = id.toLowerCase();
  const now = [...ALIASES].find(([before]) => before.toLowerCase() === asked)?.[1] ?? asked;
  return allEntries().find(({ experiment }) => experiment.id.toLowerCase() === now.toLowerCase());
}
