// How training looks while it runs: one moving line on a terminal, one line an epoch elsewhere.
import type { StepInfo } from "../src/train/figures.ts";
import { clock, percent, rate } from "../src/train/wording.ts";
import type { RunRecord } from "./run-config.ts";

const BAR = 24;
/** Milliseconds between redraws. */
const REDRAW = 100;

export { clock, percent, rate };

export class Progress {
  private started = 0;
  private startedAt = 0;
  private drawn = 0;
  private lineLength = 0;

  constructor(
    /** null: says nothing. */
    private readonly stream: NodeJS.WriteStream | null,
    private readonly epochs: number,
    private readonly batchSize: number,
    /** Whether a line may move where there is a terminal. Launchers of MPI lend one that nobody looks at. */
    private readonly mayMove = true,
  ) {}

  private get moving(): boolean {
    return this.mayMove && this.stream?.isTTY === true;
  }

  /** A line of its own. */
  say(line: string): void {
    this.clear();
    this.stream?.write(`${line}\n`);
  }

  /** Before the first step; `done` epochs are complete already. */
  start(done: number): void {
    this.started = done;
    this.startedAt = performance.now();
  }

  /** The moving line, where there is one and it is time. */
  draw(parts: readonly string[]): void {
    if (!this.moving) return;
    const now = performance.now();
    if (now - this.drawn < REDRAW) return;
    this.drawn = now;
    this.redraw(parts.join("  "));
  }

  step(info: StepInfo): void {
    if (!this.moving) return;
    const now = performance.now();
    const share = (info.step + 1) / info.steps;
    const filled = Math.round(share * BAR);
    const elapsed = (now - this.startedAt) / 1000;
    const done = info.epoch - this.started + share;
    const left = done > 0 ? (elapsed / done) * (this.epochs - this.started - done) : 0;
    const seen = (info.epoch - this.started) * info.steps * this.batchSize + info.seen;
    const parts = [
      `epoch ${info.epoch + 1}/${this.epochs}`,
      `${"█".repeat(filled)}${"░".repeat(BAR - filled)}`,
      `loss ${info.meanLoss.toFixed(4)}`,
      `accuracy ${percent(info.accuracy)}`,
      rate(seen / elapsed),
      `${clock(left)} left`,
    ];
    this.draw(parts);
  }

  epoch(record: RunRecord): void {
    const width = String(this.epochs).length;
    const parts = [
      `epoch ${String(record.epoch).padStart(width)}/${this.epochs}`,
      `loss ${record.loss.toFixed(4)}`,
      `accuracy ${percent(record.accuracy)}`,
      ...(record.validationAccuracy === undefined ? [] : [`validation ${percent(record.validationAccuracy)}`]),
      `test ${percent(record.testAccuracy)}`,
      rate(record.samplesPerSecond),
      `${record.seconds.toFixed(2)} s`,
    ];
    this.say(parts.join("  "));
  }

  private redraw(line: string): void {
    // A terminal wraps what is too long, and a wrapped line can't be drawn over.
    const text = line.slice(0, Math.max(20, (this.stream?.columns ?? 100) - 1));
    this.stream?.write(`\r${text.padEnd(this.lineLength)}`);
    this.lineLength = text.length;
  }

  /** Removes the moving line. */
  clear(): void {
    if (this.moving && this.lineLength > 0) this.stream?.write(`\r${" ".repeat(this.lineLength)}\r`);
    this.lineLength = 0;
  }
}
