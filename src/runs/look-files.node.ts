// The looks of a run, looks/epoch-00012.json in its folder: as many as cost little, and of a long run ever fewer.
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { writeFileAtomically } from "../data/atomic.node.ts";
import { errorCode } from "../data/file.node.ts";
import { engine } from "../engine/engine.ts";
import type { Model } from "../nn/model.ts";
import { prefetch } from "../tensor/memory.ts";
import { type LookSubject, lookAt } from "./look.ts";

/** How many are kept. */
const MOST = 40;
/** Looking takes at most one part in so many of the time. */
const SHARE = 10;

const folderOf = (run: string): string => join(run, "looks");
export const lookFile = (run: string, epoch: number): string =>
  join(folderOf(run), `epoch-${String(epoch).padStart(5, "0")}.json`);

/** The epochs after which a run was looked at, ascending. */
export function looksOf(run: string): number[] {
  if (!existsSync(folderOf(run))) return [];
  return readdirSync(folderOf(run))
    .flatMap((name) => /^epoch-(\d+)\.json$/.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
}

/** Those that go so that at most so many are left: of neighbours the ones that lie closest, never the first and the last. */
export function superfluous(epochs: readonly number[], most = MOST): number[] {
  const left = [...epochs];
  const gone: number[] = [];
  while (left.length > Math.max(2, most)) {
    let nearest = 1;
    for (let i = 2; i < left.length - 1; i++) {
      if (left[i + 1] - left[i - 1] < left[nearest + 1] - left[nearest - 1]) nearest = i;
    }
    gone.push(...left.splice(nearest, 1));
  }
  return gone;
}

/** Looks at a model after its epochs, and writes what it sees. */
export class LookWriter {
  private cost = Number.POSITIVE_INFINITY;
  private ended = Number.NEGATIVE_INFINITY;
  private last = 0;

  constructor(
    private readonly run: string,
    private readonly model: Model,
    private readonly subject: LookSubject,
  ) {}

  /** As `after`. What is seen inside is for the eye: a disk that is full costs a run no more than that. */
  async tryAfter(epoch: number, always = false): Promise<void> {
    try {
      await this.after(epoch, always);
    } catch (error) {
      if (errorCode(error) === undefined) throw error;
    }
  }

  /** After an epoch, if it is time for a look; after the last (`always`) unless there was one. */
  async after(epoch: number, always = false): Promise<void> {
    const start = performance.now();
    if (this.last === epoch || (!always && start - this.ended < (SHARE - 1) * this.cost && this.last > 0)) return;
    const { named, block } = this.model;
    await prefetch(named.flatMap(({ parameter }) => [parameter.tensor, block.gradientOf(parameter) ?? []].flat()));
    // Where values come later, what the model answers is left out: looking at it would hold the device up.
    const look = lookAt(
      this.model,
      epoch,
      engine().asynchronous ? { ...this.subject, judgedBy: undefined } : this.subject,
    );
    await writeFileAtomically(lookFile(this.run, epoch), JSON.stringify(look));
    for (const old of superfluous(looksOf(this.run))) rmSync(lookFile(this.run, old), { force: true });
    this.last = epoch;
    this.ended = performance.now();
    // The first one takes longer, for all is new to the machine.
    this.cost = Math.min(this.cost, this.ended - start);
  }
}
