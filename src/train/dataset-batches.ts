// A dataset's batches, epoch after epoch: where its pass stands, and how many an epoch has once one is complete.
import type { AnySamples } from "../data/batches.ts";
import type { Dataset } from "../data/dataset/dataset.ts";
import type { Held } from "../data/dataset/held.ts";
import type { DatasetIterator } from "../data/dataset/iteration.ts";
import type { Parallel } from "./parallel.ts";

export class DatasetBatches {
  /** Whether the epoch has come to its end. */
  over = false;
  private pass: DatasetIterator<AnySamples> | undefined;
  /** Steps of an epoch, once one is complete. */
  private counted: number | undefined;
  private shared: Dataset<AnySamples> | undefined;

  constructor(
    private readonly data: Dataset<AnySamples>,
    private readonly parallel: Parallel | null,
  ) {}

  /** NaN where the dataset doesn't know before its end. */
  get perEpoch(): number {
    return this.data.size ?? this.counted ?? Number.NaN;
  }

  /** The dataset as far as this rank needs it: its share of every batch, where batches can be made in part. */
  private ofRank(): Dataset<AnySamples> {
    const { data, parallel } = this;
    if (parallel === null || parallel.group === null) return data;
    this.shared ??= data.inPart((rows) => parallel.rowsHere(rows)) ?? data;
    return this.shared;
  }

  /** The batch after so many of the epoch; undefined at its end. */
  take(epoch: number, taken: number): Promise<Held<AnySamples> | undefined> {
    this.pass ??= this.ofRank().restore({ epoch, taken });
    return this.pass.take();
  }

  /** The epoch is over after so many. */
  end(steps: number): void {
    this.counted = steps;
    this.pass = undefined;
    this.over = true;
  }

  /** An epoch begins, or goes on where it stood. */
  begin(): void {
    this.pass = undefined;
    this.over = false;
  }

  /** Closes what is open; the next batch is the one after it. */
  async pause(): Promise<void> {
    const { pass } = this;
    this.pass = undefined;
    await pass?.return();
  }
}
