// A pass over the batches of an evaluation, which ranks share out among themselves where there are several.
import { type Group, gatherBytes } from "../engine/group.ts";
import { scope } from "../tensor/tensor.ts";
import type { Judge } from "./judge.ts";
import { decodeInput, encodeInput } from "./metric-exchange.ts";
import type { MetricInput } from "./metrics.ts";

/** A batch of which nothing is to be seen: it is another rank's, or all of its rows are left out. */
const NOTHING = new Uint8Array(0);

/** Goes through all batches, of which each is one rank's; in the end the judge has what one process would have found. */
export class JudgedPass {
  private readonly counted: number[] = [];
  private batches = 0;
  /** What this rank has to show of the batches since all have last shown theirs: at most one. */
  private shown: Uint8Array[] = [];

  constructor(
    private readonly judge: Judge,
    private readonly group: Group | null,
  ) {}

  /** The next batch; `count` is called where it is this rank's. */
  batch(count: (show: (head: number, input: MetricInput) => void) => readonly number[]): void {
    const { judge, group } = this;
    if (group === null) {
      judge.add(count((head, input) => judge.look(head, input)));
      return;
    }
    if (this.batches % group.size !== group.rank) {
      this.missed();
      return;
    }
    this.shown = new Array<Uint8Array>(judge.heads.length).fill(NOTHING);
    const show = (head: number, input: MetricInput): void => {
      this.shown[head] = encodeInput(input);
    };
    this.counted.push(...count(show));
    this.next(group);
  }

  /** The next batch is another rank's. */
  missed(): void {
    for (let i = 0; i < this.judge.width; i++) this.counted.push(0);
    this.next(this.group!);
  }

  private next(group: Group): void {
    this.batches += 1;
    if (this.judge.looks && this.batches % group.size === 0) this.showAll(group);
  }

  end(): void {
    const { judge, group, counted, batches } = this;
    if (group === null) return;
    if (judge.looks && batches % group.size !== 0) this.showAll(group);
    const all = Float64Array.from(counted);
    group.sum(all, FIGURES);
    const { width } = judge;
    for (let at = 0; at < all.length; at += width) judge.add([...all.subarray(at, at + width)]);
  }

  /** Every rank sees what the others have to show, in the order of the batches. */
  private showAll(group: Group): void {
    const { judge } = this;
    judge.heads.forEach((_, head) => {
      for (const bytes of gatherBytes(group, this.shown[head] ?? NOTHING, FIGURES)) {
        if (bytes.length > 0) scope(() => judge.look(head, decodeInput(bytes)));
      }
    });
    this.shown = [];
  }
}

/** What ranks wait for, in their messages. */
const FIGURES = "the figures of an evaluation";
