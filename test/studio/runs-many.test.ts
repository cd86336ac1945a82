// Many long runs at once: ten of a thousand epochs each, their curves all there, and what is sent of a run no longer with every epoch.
import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { StudioRuns } from "../../cli/studio/runs.ts";
import { PROGRAM_RUN_FORMAT, PROGRAM_RUN_VERSION } from "../../src/runs/report.node.ts";
import { temporaryFolder } from "../cli/run.ts";
import { executable, useStudio, whyNot } from "./studio.ts";

const RUNS = 10;
const EPOCHS = 1000;
const folder = temporaryFolder();
const main = new URL("../../dist/cli/main.js", import.meta.url).pathname;

/** As a program with `report()` writes it: a loss that falls, each run's by a rate of its own, and shakes. */
function line(run: number, epoch: number): string {
  const loss = Math.exp(-epoch / (100 + 30 * run)) + 0.05 * Math.abs(Math.sin(13 * epoch * (run + 1)));
  const record = {
    epoch,
    loss,
    accuracy: 1 - loss / 2,
    validationLoss: 1.1 * loss,
    validationAccuracy: 1 - loss / 1.9,
  };
  return `${JSON.stringify({ ...record, learningRate: 0.01, seconds: 0.5, samplesPerSecond: 20_000 })}\n`;
}

function written(name: string, run: number, epochs: number): string {
  const path = join(folder, name);
  mkdirSync(path);
  const config = { format: PROGRAM_RUN_FORMAT, version: PROGRAM_RUN_VERSION, epochs: EPOCHS, seed: run };
  writeFileSync(join(path, "config.json"), JSON.stringify(config));
  const lines = Array.from({ length: epochs }, (_, i) => line(run, i + 1));
  writeFileSync(join(path, "history.jsonl"), lines.join(""));
  return path;
}

describe.skipIf(executable === undefined)(`ten runs of a thousand epochs${whyNot}`, () => {
  const long = Array.from({ length: RUNS }, (_, run) => written(`long-${run + 1}`, run, EPOCHS));
  const short = written("short", 0, 5);
  const studio = useStudio(() => new StudioRuns([...long, short], main));

  test("all curves are there, from the first epoch to the last, each told from the others; smoothing moves them all", async () => {
    const probe = await studio.open(`/runs?token=${studio.studio.token}`);
    const { page } = probe;
    await expect.poll(() => page.locator(`[data-epochs="${EPOCHS}"]`).count()).toBe(RUNS);
    await page.locator(`[data-run="${short}"] input`).uncheck();
    await probe.choose("metric", "loss");
    const lines = page.locator("figure svg path.line");
    await expect.poll(() => lines.count()).toBe(RUNS);
    const drawn = () =>
      lines.evaluateAll((all) =>
        all.map((each) => {
          const numbers = [...each.getAttribute("d")!.matchAll(/[ML]([\d.]+) ([\d.]+)/g)].map((m) =>
            m.slice(1).map(Number),
          );
          const dashed = each.classList.contains("dashed");
          return { from: numbers[0], to: numbers.at(-1)!, look: `${each.getAttribute("stroke")} ${dashed}` };
        }),
      );
    const before = await drawn();
    const [left, right] = [before[0].from[0], before[0].to[0]];
    expect(right - left).toBeGreaterThan(500);
    for (const { from, to } of before) expect([from[0], to[0]]).toEqual([left, right]);
    expect(new Set(before.map(({ look }) => look)).size).toBe(RUNS);
    await probe.set("smooth", 0.95);
    // Behind each smoothed curve the one that was measured.
    await expect.poll(() => lines.count()).toBe(2 * RUNS);
    const after = await drawn();
    expect(after.filter((_, i) => i % 2 === 0).map(({ to }) => to)).toEqual(before.map(({ to }) => to));
    // The slower a run learns, the higher it ends.
    expect(after[19].to[1]).toBeLessThan(after[1].to[1] - 10);
  });

  test("after the first message an epoch costs the same, however many there were before it", async () => {
    const ending = new AbortController();
    const { address, token } = studio.studio;
    const reply = await fetch(`${address}/api/events`, {
      headers: { Authorization: `Bearer ${token}` },
      signal: ending.signal,
    });
    const reader = reply.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    /** The next message about a run, and its bytes. */
    const next = async (name: string): Promise<{ records: unknown[]; from: number; bytes: number }> => {
      for (;;) {
        const end = text.indexOf("\n\n");
        if (end < 0) {
          const { done, value } = await reader.read();
          if (done) throw new Error("the stream ended");
          text += value;
          continue;
        }
        const message = text.slice(0, end);
        text = text.slice(end + 2);
        const data = /^event: run\ndata: (.*)$/m.exec(message)?.[1];
        if (data === undefined) continue;
        const state = JSON.parse(data) as { name: string; records: unknown[]; from: number };
        if (state.name === name) return { ...state, bytes: Buffer.byteLength(message) };
      }
    };
    expect((await next(long[3])).records.length).toBe(EPOCHS);
    expect((await next(short)).records.length).toBe(5);
    appendFileSync(join(long[3], "history.jsonl"), line(3, EPOCHS + 1));
    const late = await next(long[3]);
    expect([late.from, late.records.length]).toEqual([EPOCHS, 1]);
    appendFileSync(join(short, "history.jsonl"), line(0, 6));
    const early = await next(short);
    expect([early.from, early.records.length]).toEqual([5, 1]);
    // A few digits of the numbers, and the folder's name.
    expect(Math.abs(late.bytes - early.bytes)).toBeLessThan(60);
    expect(late.bytes).toBeLessThan(1000);
    ending.abort();
  });
});
