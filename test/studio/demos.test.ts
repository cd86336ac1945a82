// Facts about the demonstrations that need no browser: their folders, what they name, and that each page's numbers have a test.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { SOURCES as BOOKS, findEntry } from "../../book/library.ts";
import type { DemoMeta } from "../../studio/src/demos/demo.ts";
import { SOURCES } from "../../studio/src/demos/sources.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = join(root, "studio/src/demos");
const names = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

const metas = await Promise.all(
  names.map(async (name) => ({
    name,
    meta: ((await import(join(folder, name, "meta.ts"))) as { meta: DemoMeta }).meta,
  })),
);

describe("demonstrations", () => {
  test("their folders are numbered as shared/spec/second-half.md (d) numbers them, each once", () => {
    expect(names.filter((name) => !/^\d\d-[a-z0-9]+(-[a-z0-9]+)*$/.test(name))).toEqual([]);
    const numbers = names.map((name) => Number(name.slice(0, 2)));
    expect(new Set(numbers).size).toBe(names.length);
    expect(numbers.filter((number) => number < 1 || number > 37)).toEqual([]);
  });

  test.each(metas)(
    "$name names programs and experiments that exist, and computes with its programs",
    ({ name, meta }) => {
      expect(meta.programs.length).toBeGreaterThan(0);
      expect(meta.programs.filter((file) => !existsSync(join(root, file)))).toEqual([]);
      expect(meta.experiments.filter((id) => findEntry(id) === undefined)).toEqual([]);
      // Its numbers come from the tested code: what is named as a program is what the page, or its work, imports, or what they share with others.
      const own = readdirSync(join(folder, name))
        .filter((file) => /\.(svelte|ts)$/.test(file) && file !== "meta.ts")
        .map((file) => readFileSync(join(folder, name, file), "utf8"))
        .join("\n");
      const shared = [...own.matchAll(/"\.\.\/\.\.\/(compute\/[^"]+\.ts)"/g)].map(([, file]) =>
        readFileSync(join(folder, "..", file), "utf8"),
      );
      const code = [own, ...shared].join("\n");
      expect(meta.programs.filter((file) => !code.includes(`/${file}"`))).toEqual([]);
    },
  );

  test.each(metas)("$name is tested in the browser", ({ name }) => {
    const tests = readdirSync(fileURLToPath(new URL(".", import.meta.url)))
      .filter((file) => /^demos-.*\.test\.ts$/.test(file))
      .map((file) => readFileSync(new URL(file, import.meta.url), "utf8"));
    expect(tests.some((text) => text.includes(`/demos/${name.slice(3)}`))).toBe(true);
  });

  test("titles of sources and chapters are the books' own", () => {
    for (const { id, title, chapters } of SOURCES) {
      const book = BOOKS.find((source) => source.id === id);
      expect(book?.title).toEqual(title);
      const titles = book?.chapters.map((chapter) => chapter.title) ?? [];
      for (const chapter of Object.values(chapters)) expect(titles).toContainEqual(chapter);
    }
  });
});
