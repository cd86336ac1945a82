// Whether a figure is better than all before it.
import { type EpochRecord, lessIsBetter, type Monitor, usualMonitor, watched } from "./history.ts";

/** The best figure so far; `monitor` undefined stands for the usual one. */
export class Best {
  private value = Number.NEGATIVE_INFINITY;
  private watching: Monitor = "loss";

  constructor(
    private readonly owner: string,
    private readonly monitor: Monitor | undefined,
    private readonly minimumChange: number,
  ) {}

  /** A training begins, or goes on after these epochs. */
  begin(records: readonly EpochRecord[], validated: boolean): void {
    this.value = Number.NEGATIVE_INFINITY;
    this.watching = this.monitor ?? usualMonitor(validated);
    for (const record of records) this.improves(record);
  }

  /** Whether the record's figure is the best yet; then it is what others have to beat. */
  improves(record: EpochRecord): boolean {
    const value = watched(this.owner, record, this.watching) * (lessIsBetter(this.watching) ? -1 : 1);
    if (!(value > this.value + this.minimumChange)) return false;
    this.value = value;
    return true;
  }
}
