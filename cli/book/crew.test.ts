import { fork } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, freemem, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runOnCrew, usualJobs } from "./crew.ts";
import type { KeptRecord } from "./record.ts";

/** Answers orders as the command line does, with the number of its process; one kind of order ends it. */
const MEMBER = `
  process.on("message", ({ id, form, seed }) => {
    if (id === "ends") process.exit(3);
    if (id === "killed") process.kill(process.pid, "SIGKILL");
    const record = { id, form, seed, verdict: "reproduced", measured: { pid: process.pid, values: new Float64Array([1.5]) } };
    setTimeout(() => process.send(record), 30);
  });
`;

let folder: string;
let started = 0;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "nabla-crew-"));
  writeFileSync(join(folder, "member.cjs"), MEMBER);
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

async function answers(ids: readonly string[], jobs: number): Promise<Map<string, KeptRecord>> {
  const records = new Map<string, KeptRecord>();
  started = 0;
  const start = () => {
    started += 1;
    return fork(join(folder, "member.cjs"), { serialization: "advanced", execArgv: [] });
  };
  const orders = ids.map((id) => ({ id, form: "quick" as const, seed: 7 }));
  await runOnCrew(orders, { jobs, start }, (record) => {
    records.set(record.id, record);
  });
  return records;
}

test("every order is answered, by as many processes as are asked for", async () => {
  const records = await answers(["a", "b", "c", "d", "e"], 2);
  expect([...records.keys()].sort()).toEqual(["a", "b", "c", "d", "e"]);
  expect(started).toBe(2);
  expect(new Set([...records.values()].map(({ measured }) => measured["pid"])).size).toBe(2);
  expect(records.get("c")).toMatchObject({ form: "quick", seed: 7, verdict: "reproduced" });
  expect(records.get("c")!.measured["values"]).toEqual(new Float64Array([1.5]));
});

test("records are handed over one at a time", async () => {
  const orders = ["a", "b", "c", "d"].map((id) => ({ id, form: "quick" as const, seed: 1 }));
  const start = () => fork(join(folder, "member.cjs"), { serialization: "advanced", execArgv: [] });
  const done: string[] = [];
  let busy = 0;
  await runOnCrew(orders, { jobs: 4, start }, async ({ id }) => {
    busy += 1;
    expect(busy).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 40));
    busy -= 1;
    done.push(id);
  });
  expect(done.sort()).toEqual(["a", "b", "c", "d"]);
});

test("by default one process for each processor, up to four, if there is memory for them", () => {
  const roomy = freemem() > 9e9;
  expect(usualJobs()).toBeGreaterThanOrEqual(1);
  expect(usualJobs()).toBeLessThanOrEqual(Math.min(4, availableParallelism()));
  if (roomy) expect(usualJobs()).toBe(Math.min(4, availableParallelism()));
});

test("no more processes than orders", async () => {
  await answers(["a"], 8);
  expect(started).toBe(1);
});

test("an experiment that ends its process fails, and the others run", async () => {
  const records = await answers(["a", "ends", "b", "killed", "c"], 1);
  expect(records.get("ends")).toMatchObject({ verdict: "failed", error: "its process ended with exit code 3" });
  expect(records.get("killed")!.error).toBe("its process ended with SIGKILL");
  for (const id of ["a", "b", "c"]) expect(records.get(id)!.verdict).toBe("reproduced");
  expect(started).toBe(3);
});
