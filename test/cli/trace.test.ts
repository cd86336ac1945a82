// NABLA_TRACE=1, as a user sets it for a program of one's own: a file that Chrome's tracing and Perfetto open.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { temporaryFolder } from "./run.ts";

const entry = new URL("../../dist/node.js", import.meta.url).href;
const folder = temporaryFolder();
const program = join(folder, "program.mjs");
writeFileSync(
  program,
  `import { grad, sum, tensor } from ${JSON.stringify(entry)};
  const x = tensor([[1, 2, 3], [4, 5, 6]]);
  const w = tensor([[1, 0], [0, 1], [1, 1]]);
  grad((w) => sum(x.matmul(w).tanh()))(w).dataSync();
  if (process.argv[2] === "wait") {
    console.log("computing");
    for (;;) { x.matmul(w); await new Promise((resolve) => setImmediate(resolve)); }
  }`,
);

interface Event {
  name: string;
  ph: string;
  ts: number;
  dur: number;
  pid: number;
  tid: number;
  cat: string;
  args: Record<string, string>;
}

const tracesIn = (place: string): string[] => readdirSync(place).filter((name) => /^nabla-trace-\d+\.json$/.test(name));
const run = (cwd: string, trace: string) =>
  spawnSync(process.execPath, [program], { cwd, encoding: "utf8", env: { ...process.env, NABLA_TRACE: trace } });

describe("NABLA_TRACE", () => {
  test("writes every call of a kernel with its times and arrays, and says where", () => {
    const cwd = temporaryFolder();
    const before = performance.timeOrigin * 1000;
    const { status, stderr } = run(cwd, "1");
    expect(status).toBe(0);
    const [name] = tracesIn(cwd);
    expect(stderr).toContain(`calls of kernels in ${name}; open it in ui.perfetto.dev or chrome://tracing`);
    const events = JSON.parse(readFileSync(join(cwd, name), "utf8")) as Event[];
    expect(events.slice(0, 2).map(({ ph, name }) => [ph, name])).toEqual([
      ["M", "process_name"],
      ["M", "thread_name"],
    ]);
    const calls = events.filter(({ ph }) => ph === "X");
    expect(stderr).toContain(`nabla: ${calls.length} calls`);
    // One product forward, one for the gradient of w; the function and its derivative.
    const named = (wanted: string): Event[] => calls.filter((each) => each.name === wanted);
    expect(named("matmul").map(({ args }) => args["arrays"])).toEqual([
      "float32 2x3, float32 3x2, float32 2x2, 2, 2, 3, 1",
      "float32 3x2, float32 2x2, float32 3x2, 3, 2, 2, 1",
    ]);
    expect(named("tanh")).toHaveLength(1);
    let end = before;
    for (const { ts, dur, pid, tid, cat } of calls) {
      // One after the other, in microseconds of a clock that other processes share.
      expect(ts).toBeGreaterThanOrEqual(end - 1);
      expect(dur).toBeGreaterThanOrEqual(0);
      expect([typeof pid, tid, cat]).toEqual(["number", 0, "wasm"]);
      end = ts + dur;
    }
    expect(end).toBeLessThan(Date.now() * 1000 + 1e6);
  });

  test("into another folder; off where it is 0; a folder that can't be had is named, and the program runs", () => {
    const cwd = temporaryFolder();
    expect(run(cwd, "traces").status).toBe(0);
    expect(tracesIn(join(cwd, "traces"))).toHaveLength(1);
    expect(run(cwd, "0").stderr).toBe("");
    expect(tracesIn(cwd)).toEqual([]);
    writeFileSync(join(cwd, "file"), "");
    const { status, stderr } = run(cwd, "file");
    expect(status).toBe(0);
    expect(stderr).toMatch(/NABLA_TRACE: no trace is written: .*file.*name a folder/);
  });

  test("a process that is killed leaves what it did", async () => {
    const cwd = temporaryFolder();
    const child = spawn(process.execPath, [program, "wait"], { cwd, env: { ...process.env, NABLA_TRACE: "1" } });
    await once(child.stdout, "data");
    const written = (): string => readFileSync(join(cwd, tracesIn(cwd)[0]), "utf8");
    while (!written().endsWith(",\n")) await new Promise((resolve) => setTimeout(resolve, 20));
    child.kill("SIGKILL");
    await once(child, "exit");
    // As its readers do: the array may end without its bracket.
    const events = JSON.parse(`${written().replace(/,\n$/, "")}]`) as Event[];
    expect(events.filter(({ name }) => name === "matmul").length).toBeGreaterThan(1000);
  });
});
