// A page's side of its networks: which there are, how far each is, and how good.
import type { DigitSource } from "../compute/digit-sources.ts";
import { type Work, WorkError } from "../compute/work.svelte.ts";
import type { Correction } from "./corrections.ts";
import type { NetworkInfo, Preset } from "./networks.ts";

export interface Standing {
  readonly id: string;
  /** Of a run or a file. */
  readonly name?: string;
  /** How far its training is; 1: ready. */
  readonly share: number;
  readonly info?: NetworkInfo;
  readonly problem?: string;
  /** Share of the corrections that it reads as they say, after so many steps. */
  readonly lesson?: { readonly step: number; readonly learnt: number };
}

export interface LessonSettings {
  readonly steps: number;
  readonly rate: number;
  readonly source: DigitSource;
  readonly images: number;
}

type DigitWork = Work<typeof import("./work.ts")>;

export class Shelf {
  readonly #work: DigitWork;
  #all = $state.raw<ReadonlyMap<string, Standing>>(new Map());
  /** Counts up when an answer may have become another. */
  turn = $state(0);
  /** What was asked of each network last: what it learnt. */
  readonly #taught = new Map<string, string>();
  #training = 0;
  #teaching = 0;
  /** One lesson after another. */
  #lessons: Promise<void> = Promise.resolve();

  constructor(work: DigitWork) {
    this.#work = work;
  }

  get all(): readonly Standing[] {
    return [...this.#all.values()];
  }

  /** Those that can be asked: ready, or being trained. */
  get askable(): readonly string[] {
    return this.all.filter(({ share, problem }) => share > 0 && problem === undefined).map(({ id }) => id);
  }

  get ready(): readonly string[] {
    return this.all.filter(({ share }) => share === 1).map(({ id }) => id);
  }

  find(id: string): Standing | undefined {
    return this.#all.get(id);
  }

  #set(id: string, change: Partial<Standing>): void {
    const before = this.#all.get(id) ?? { id, share: 0 };
    this.#all = new Map([...this.#all, [id, { ...before, ...change }]]);
    this.turn += 1;
  }

  /** Trains the page's own networks that are named, one after another, or takes those that the browser kept. */
  async train(presets: readonly Preset[], source: DigitSource, images: number): Promise<void> {
    const mine = ++this.#training;
    const others = this.all.filter(({ name }) => name !== undefined);
    this.#all = new Map([
      ...presets.map((id) => [id, { id, share: 0 }] as const),
      ...others.map((each) => [each.id, each] as const),
    ]);
    for (const id of presets) {
      this.#taught.delete(id);
      try {
        for await (const progress of this.#work.stream("prepare", id, source, images)) {
          if (mine !== this.#training) return;
          this.#set(id, progress);
        }
      } catch (error) {
        if (mine !== this.#training || isEnd(error)) return;
        this.#set(id, { problem: (error as Error).message });
      }
    }
  }

  /** A network of a run or a file. @throws Error where it reads no digits */
  async open(id: string, name: string, bytes: Uint8Array): Promise<void> {
    const info = await this.#work.call("open", id, bytes);
    this.#taught.delete(id);
    this.#set(id, { name, share: 1, info });
  }

  /** @throws Error where MNIST is not at hand */
  async measureMnist(): Promise<void> {
    for (const id of this.ready) {
      const share = await this.#work.call("measureMnist", id);
      const info = this.find(id)?.info;
      if (info) this.#set(id, { info: { ...info, mnist: share } });
    }
  }

  /** Lets the networks that are ready learn from corrections; none of them: back to what they were. What they learnt already is not learnt again. */
  teach(corrections: readonly Correction[], settings: LessonSettings): void {
    const mine = ++this.#teaching;
    const key =
      corrections.length === 0
        ? ""
        : JSON.stringify([settings, corrections.map(({ digit, pixels }) => [digit, ...pixels])]);
    this.#lessons = this.#lessons.then(async () => {
      for (const id of this.ready) {
        if (mine !== this.#teaching) return;
        if ((this.#taught.get(id) ?? "") === key) continue;
        this.#taught.set(id, "unfinished");
        try {
          await this.#lesson(id, corrections, settings, () => mine === this.#teaching);
          if (mine === this.#teaching) this.#taught.set(id, key);
        } catch (error) {
          if (!isEnd(error)) this.#set(id, { problem: (error as Error).message });
        }
      }
    });
  }

  async #lesson(
    id: string,
    corrections: readonly Correction[],
    settings: LessonSettings,
    goesOn: () => boolean,
  ): Promise<void> {
    if (corrections.length === 0) {
      const info = await this.#work.call("forget", id);
      const { lesson: _, ...rest } = this.find(id)!;
      this.#all = new Map([...this.#all, [id, { ...rest, info }]]);
      this.turn += 1;
      return;
    }
    for await (const { step, learnt, info } of this.#work.stream("learn", id, corrections, settings)) {
      if (!goesOn()) break;
      this.#set(id, { lesson: { step, learnt }, ...(info && { info }) });
    }
  }
}

/** The page is left. */
const isEnd = (error: unknown): boolean => error instanceof WorkError && error.name === "AbortError";
