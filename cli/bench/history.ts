// What `nabla bench` has found on this machine before, a line of JSON for each time: so that a build that has become slower is noticed.
import { createHash } from "node:crypto";
import { appendFileSync, readdirSync, readFileSync } from "node:fs";
import { cpus } from "node:os";
import { dirname, join } from "node:path";
import * as z from "zod/mini";
import { makeFolder } from "../../src/data/atomic.node.ts";
import { cacheFolder } from "../../src/data/cache.node.ts";
import type { EngineStatus } from "../../src/engine/engine.ts";
import { packageFolder } from "../package-folder.ts";
import type { Figure } from "./figures.ts";

const record = z.object({
  date: z.string(),
  version: z.string(),
  /** The beginning of a checksum of the package's code: another one is another build. */
  build: z.string(),
  node: z.string(),
  processor: z.string(),
  engine: z.string(),
  threads: z.number(),
  figures: z.record(z.string(), z.number().check(z.positive())),
});

/** One time that this machine was measured. */
export type BenchRecord = z.infer<typeof record>;

export const historyFile = (): string => join(cacheFolder(), "bench.jsonl");

/** What was found before, oldest first. Lines that are none are passed over: a process may have been killed while it wrote. */
export function readHistory(): BenchRecord[] {
  let text: string;
  try {
    text = readFileSync(historyFile(), "utf8");
  } catch {
    return [];
  }
  return text.split("\n").flatMap((line) => {
    try {
      return [record.parse(JSON.parse(line))];
    } catch {
      return [];
    }
  });
}

/** Adds a line. @throws the file system's error */
export async function addToHistory(found: BenchRecord): Promise<void> {
  await makeFolder(dirname(historyFile()));
  appendFileSync(historyFile(), `${JSON.stringify(found)}\n`);
}

function buildSum(): string {
  const sum = createHash("sha256");
  const dist = join(packageFolder(), "dist");
  for (const name of readdirSync(dist).sort()) if (name.endsWith(".js")) sum.update(readFileSync(join(dist, name)));
  return sum.digest("hex").slice(0, 12);
}

/** What is found now, and by what. */
export function recordOf({ engine, threads }: EngineStatus, figures: readonly Figure[]): BenchRecord {
  const { version } = JSON.parse(readFileSync(join(packageFolder(), "package.json"), "utf8")) as { version: string };
  return {
    date: new Date().toISOString(),
    ...{ version, build: buildSum(), node: process.version, processor: cpus()[0]?.model.trim() || process.arch },
    ...{ engine, threads },
    figures: Object.fromEntries(figures.map(({ key, value }) => [key, value])),
  };
}

/** The newest record that can be compared: the same machine, Node, engine and threads. */
export function lastLike(now: BenchRecord, history: readonly BenchRecord[]): BenchRecord | undefined {
  const same = ["processor", "node", "engine", "threads"] as const;
  return history.findLast((each) => same.every((name) => each[name] === now[name]));
}
