// How the training of a language model looks while it runs: one moving line on a terminal, and every epoch a line and what the model writes.
import type { StepInfo } from "../src/train/figures.ts";
import { clock } from "../src/train/wording.ts";
import { Progress } from "./progress.ts";
import { perplexityOf, type TextConfig, type TextRecord } from "./text-config.ts";

/** 12.345; 1.23e+9 where no digits behind the point are worth reading. */
export function shownPerplexity(value: number): string {
  return value < 1e6 ? value.toFixed(3) : value.toPrecision(3);
}

export class TextProgress {
  private readonly line: Progress;
  private begun = 0;
  private from = 0;

  constructor(
    stream: NodeJS.WriteStream,
    private readonly epochs: number,
  ) {
    this.line = new Progress(stream, epochs, 1);
  }

  say(text: string): void {
    this.line.say(text);
  }

  clear(): void {
    this.line.clear();
  }

  /** Before the first step; `done` epochs are complete already. */
  start(done: number): void {
    this.from = done;
    this.begun = performance.now();
  }

  step(info: StepInfo): void {
    const share = (info.step + 1) / info.steps;
    const elapsed = (performance.now() - this.begun) / 1000;
    const done = info.epoch - this.from + share;
    const left = done > 0 ? (elapsed / done) * (this.epochs - this.from - done) : 0;
    this.line.draw([
      `epoch ${info.epoch + 1}/${this.epochs}`,
      `step ${info.step + 1}/${info.steps}`,
      `perplexity ${shownPerplexity(perplexityOf(info.meanLoss))}`,
      `${clock(left)} left`,
    ]);
  }

  epoch(record: TextRecord, { prompt }: TextConfig): void {
    const { perplexity, validationPerplexity, seconds, sample, epoch } = record;
    const parts = [
      `epoch ${String(epoch).padStart(String(this.epochs).length)}/${this.epochs}`,
      `perplexity ${shownPerplexity(perplexity)}`,
      ...(validationPerplexity === undefined ? [] : [`held out ${shownPerplexity(validationPerplexity)}`]),
      `${seconds.toFixed(2)} s`,
    ];
    this.say(parts.join("  "));
    if (sample === "") return;
    const shown = `${prompt}${sample}`.trim().split("\n").slice(0, 4);
    this.say(shown.map((text) => `    ${text}`).join("\n"));
  }
}
