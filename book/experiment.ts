// What an experiment of the books is: data that says where it comes from, what the source reports, how to run it, and what counts as reproduced.
// The command line, the table of results and the guide all read the same objects.
import type { Chart, Text } from "nabla/plot";
import type { Corpus } from "./corpora.ts";
import type { Mnist } from "./mnist.ts";
import type { Need } from "./needs.ts";

/** A sentence or label in both languages. */
export interface Both {
  readonly en: string;
  readonly zh: string;
}

/** `quick` takes at most 20 seconds on two cores; `full` is what the source did. */
export type Form = "quick" | "full";

/** What an experiment may find: a number, a list, a yes or no, a text. */
export type Value = number | boolean | string | readonly number[];

/**
 * Which values count as reproduced. `within`: at most so far from what is reported or expected, each element of a list for itself;
 * `equals`: exactly.
 */
export type Band =
  | { readonly within: number }
  | { readonly atLeast: number }
  | { readonly atMost: number }
  | { readonly between: readonly [number, number] }
  | { readonly equals: Value };

/** A band for both forms, or one for each; null: that form can't decide it. */
export type Accept = Band | { readonly quick: Band | null; readonly full: Band | null };

/** How a measure differs from its source, and why: a cause that was measured. */
export interface Difference {
  /** Where the measure lies instead. Outside of this, and outside of what the claim accepts, nothing explains it. */
  readonly accept: Accept;
  readonly cause: Both;
}

/** A statement of the source, and the measure that decides whether it holds here. */
export interface Claim {
  /** Name of the measure: a key of `Outcome.measured`. */
  readonly measure: string;
  /** What the source states, in a few words. */
  readonly says: Both;
  /** The number or numbers that it prints; left out where it prints none. */
  readonly reported?: Value;
  /** What must come out though the source prints no number: a theorem, arithmetic, or recomputed from its program and data. */
  readonly expected?: Value;
  readonly accept: Accept;
  /** Why the band is as wide as it is. Every band but `equals` needs a reason. */
  readonly because?: Both;
  /** The difference that is known, where the claim does not hold. */
  readonly differs?: Difference;
  /** A clock told it: on a machine that has much else to do it may not hold, and the program is not at fault. */
  readonly clock?: true;
}

export interface Figure {
  /** Lower-case words joined by hyphens, unique in its experiment: the name of its file. */
  readonly name: string;
  readonly chart: Chart;
  readonly caption?: Text;
  /** Pixels; default 720 by 440. */
  readonly width?: number;
  readonly height?: number;
}

export interface OutcomeTable {
  readonly title: Both;
  readonly columns: readonly Text[];
  readonly rows: readonly (readonly (string | number)[])[];
}

export interface Outcome {
  readonly measured: Readonly<Record<string, Value>>;
  readonly figures?: readonly Figure[];
  readonly tables?: readonly OutcomeTable[];
  /** What the run showed that no claim asks for: a surprise, a cause. */
  readonly notes?: readonly Both[];
}

/** Where a run of hours keeps what it has done, to go on from there after an interruption: files by name, "folder/file". */
export interface Store {
  /** What to call it in messages: a folder. */
  readonly place: string;
  /** undefined where there is no such file. */
  read(name: string): Promise<Uint8Array | undefined>;
  /** Whole or not at all. */
  write(name: string, bytes: Uint8Array): Promise<void>;
  /** What the trainings that were gone on with had taken before this run: the run's time counts it. */
  earlierSeconds?: number;
}

export interface RunContext {
  readonly form: Form;
  readonly seed: number;
  /** `seed`, `seed + 1`, ...: so many in the full form, one in the quick form unless `quick` says more. */
  seeds(full: number, quick?: number): readonly number[];
  /** `full` in the full form, `quick` in the quick one. */
  pick<T>(choice: { readonly quick: T; readonly full: T }): T;
  mnist(): Promise<Mnist>;
  /** A text whole. */
  corpus(name: Corpus): Promise<string>;
  /** A line of progress for whoever watches. */
  log(line: string): void;
  /** For the full forms that take hours; undefined where nothing is kept. */
  readonly store?: Store | undefined;
}

export interface Experiment {
  /** Source, then chapter and name: `nndl/1.6-first-network`, `zero/1-and`. */
  readonly id: string;
  readonly title: Both;
  /** Section of the source, as it is numbered there: `1.6`; `3.5, exercises`, `5.3, problems` for what stands at its end. */
  readonly section: string;
  readonly kind: "construction" | "experiment" | "figure" | "exercise";
  /** What is done, and why one would want to know; two to five sentences. */
  readonly about: Both;
  /** The source's own hyper-parameters. */
  readonly settings?: Readonly<Record<string, string | number>>;
  /** Files to read beside the text, from the repository's root. */
  readonly read: readonly string[];
  readonly needs?: readonly Need[];
  /** What the full form takes on one processor, where it keeps its trainings in `store` and goes on from there. */
  readonly hours?: number;
  readonly claims: readonly Claim[];
  run(context: RunContext): Promise<Outcome>;
}

/** A chapter of a source: its experiments in the order of the text, and its page in the guide. */
export interface Chapter {
  readonly title: Both;
  /** Page of the guide, without folder and language: `nndl-1` is `docs/en/nndl-1.md` and `docs/zh/nndl-1.md`. */
  readonly guide: string;
  readonly experiments: readonly Experiment[];
}

export interface Source {
  /** First part of its experiments' ids. */
  readonly id: string;
  readonly title: Both;
  /** Author, year, where it is. */
  readonly work: Both;
  readonly chapters: readonly Chapter[];
}
