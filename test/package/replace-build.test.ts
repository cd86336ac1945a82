// A new build takes the old one's place: what runs meanwhile keeps its files for a day, and no package holds them.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

interface Options {
  kept?: string[];
  now?: number;
}

const script = new URL("../../scripts/replace-build.mjs", import.meta.url).href;
const { replaceBuild } = (await import(script)) as {
  replaceBuild: (fresh: string, dist: string, options?: Options) => void;
};
const HOUR = 3600 * 1000;
const start = Date.now();

let folder: string;
let dist: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "nabla-build-"));
  dist = join(folder, "dist");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Builds files whose content is their name and `version`, and puts them in place. */
function build(version: number, names: string[], options: Options = {}): void {
  const fresh = join(dist, ".new-1");
  for (const name of names) {
    mkdirSync(dirname(join(fresh, name)), { recursive: true });
    writeFileSync(join(fresh, name), `${name} ${version}`);
  }
  replaceBuild(fresh, dist, options);
  rmSync(fresh, { recursive: true });
}

const ignored = (): string[] => readFileSync(join(dist, ".npmignore"), "utf8").trim().split("\n");

test("entries become the new build's, in folders too", () => {
  build(1, ["node.js", "cli/main.js"]);
  build(2, ["node.js", "cli/main.js"]);
  expect(readFileSync(join(dist, "node.js"), "utf8")).toBe("node.js 2");
  expect(readFileSync(join(dist, "cli/main.js"), "utf8")).toBe("cli/main.js 2");
  expect(ignored()).toEqual([".*"]);
});

test("a part that the new build has not stays for a day from then on, outside the package", () => {
  build(1, ["node.js", "page-a.js"], { now: start });
  const outdated = start + 48 * HOUR;
  build(2, ["node.js", "page-b.js"], { now: outdated });
  build(3, ["node.js", "page-c.js"], { now: outdated + 23 * HOUR });
  expect(readdirSync(dist).sort()).toEqual([".npmignore", "node.js", "page-a.js", "page-b.js", "page-c.js"]);
  expect(ignored()).toEqual([".*", "/page-a.js", "/page-b.js"]);
  build(4, ["node.js", "page-c.js"], { now: outdated + 25 * HOUR });
  expect(existsSync(join(dist, "page-a.js"))).toBe(false);
  expect(ignored()).toEqual([".*", "/page-b.js"]);
});

test("a part that comes back is packed again", () => {
  build(1, ["page-a.js"], { now: start });
  build(2, ["page-b.js"], { now: start });
  build(3, ["page-a.js"], { now: start });
  expect(ignored()).toEqual([".*", "/page-b.js"]);
});

test("a folder that was not built anew is left alone", () => {
  build(1, ["node.js", "types/node.d.ts"], { now: start });
  build(2, ["node.js"], { now: start + 48 * HOUR, kept: ["types"] });
  expect(existsSync(join(dist, "types/node.d.ts"))).toBe(true);
  expect(ignored()).toEqual([".*"]);
});
