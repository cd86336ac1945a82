// What a demonstration is to the studio: where it comes from, and what its page shows. Its folder, NN-name, holds meta.ts (this), text.ts (its
// words in both languages), Demo.svelte (its page) and, where it computes long, work.ts (what runs in the worker). See studio/README.md.

interface Both {
  readonly en: string;
  readonly zh: string;
}

export type SourceId = "nndl" | "zero" | "scratch" | "tensorflow" | "python";

export interface DemoMeta {
  readonly title: Both;
  /** One sentence for the table of contents: what one can do there, or what it shows. */
  readonly summary: Both;
  readonly source: SourceId;
  readonly chapter: number;
  /** Sections of the source: "1.3". */
  readonly section: string;
  /** Files of the repository whose code computes what the page shows. */
  readonly programs: readonly string[];
  /** Ids of the registered experiments on the same subject. */
  readonly experiments: readonly string[];
}
