// A history is appended to, and only to the file that is this run's.
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, expect, test } from "vitest";
import { HISTORY_NAME, HistoryWriter } from "./history-writer.node.ts";

const folder = mkdtempSync(join(tmpdir(), "nabla-history-"));
const path = join(folder, HISTORY_NAME);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Line {
  epoch: number;
}

let history: HistoryWriter<Line>;
beforeEach(async () => {
  history = new HistoryWriter(folder);
  await history.begin([]);
  expect(await history.append({ epoch: 1 }, [])).toBe(true);
});

const lines = (): string[] => readFileSync(path, "utf8").split("\n");

test("lines are appended; what was left of a broken one is cut off", async () => {
  writeFileSync(path, `${lines().join("\n")}{"epo`, { flag: "r+" });
  expect(await history.append({ epoch: 2 }, [{ epoch: 1 }])).toBe(true);
  expect(await history.append({ status: "finished" }, [{ epoch: 1 }, { epoch: 2 }])).toBe(true);
  expect(lines()).toEqual(['{"epoch":1}', '{"epoch":2}', '{"status":"finished"}', ""]);
});

test("an epoch that could not be written comes with the next", async () => {
  expect(await history.append({ epoch: 3 }, [{ epoch: 1 }, { epoch: 2 }])).toBe(true);
  expect(lines()).toEqual(['{"epoch":1}', '{"epoch":2}', '{"epoch":3}', ""]);
});

test("a file that is gone, or another one in its place, is not written to", async () => {
  renameSync(path, `${path}-moved`);
  expect(await history.append({ epoch: 2 }, [{ epoch: 1 }])).toBe(false);
  expect(history.exists).toBe(false);
  // Of another run, as long as it was.
  writeFileSync(path, '{"epoch":9}\n');
  expect(await history.append({ epoch: 2 }, [{ epoch: 1 }])).toBe(false);
  expect(lines()).toEqual(['{"epoch":9}', ""]);
  await history.begin([{ epoch: 1 }]);
  expect(await history.append({ epoch: 2 }, [{ epoch: 1 }])).toBe(true);
  expect(lines()).toEqual(['{"epoch":1}', '{"epoch":2}', ""]);
});
