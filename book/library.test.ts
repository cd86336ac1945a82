// The rules that every experiment of the book keeps.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { ALIASES } from "./aliases.ts";
import type { Band, Both, Claim } from "./experiment.ts";
import { bandOf } from "./judge.ts";
import { allEntries, findEntry, SOURCES } from "./library.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const entries = allEntries();
const chapters = SOURCES.flatMap((source) => source.chapters);

/** The files of experiments: a folder a chapter. */
function chapterFiles(): { path: string; text: string }[] {
  return readdirSync(join(root, "book"), { recursive: true, encoding: "utf8" })
    .map((name) => name.replaceAll("\\", "/"))
    .filter((name) => /^\w+\/chapter\d+\/[\d.]+-[\w-]+\.ts$/.test(name))
    .map((path) => ({ path, text: readFileSync(join(root, "book", path), "utf8") }));
}

function bandsOf({ accept }: Claim): (Band | null)[] {
  return "quick" in accept ? [accept.quick, accept.full] : [accept];
}

/** Chinese, or a formula or name that reads the same in both. */
function isTranslated({ en, zh }: Both): boolean {
  return en.trim() !== "" && zh.trim() !== "" && (/\p{Script=Han}/u.test(zh) || !/[a-z]{3} [a-z]{2}/i.test(en));
}

describe("the library", () => {
  test("ids are unique and begin with their source", () => {
    const ids = entries.map(({ experiment }) => experiment.id);
    expect(ids.filter((id, i) => ids.indexOf(id) !== i)).toEqual([]);
    for (const { source, experiment } of entries) expect(experiment.id).toMatch(new RegExp(`^${source.id}/[\\w.-]+$`));
    expect(findEntry("zero/1-and")?.experiment.title.en).toBe("A perceptron learns AND");
    expect(findEntry("zero/none")).toBeUndefined();
  });

  test("an id of former days still finds its experiment", () => {
    expect(findEntry("nndl/1.A")?.experiment.id).toBe("nndl/1.6-first-network");
    expect(findEntry("NNDL/1.a")?.experiment.id).toBe("nndl/1.6-first-network");
    for (const [before, now] of ALIASES) {
      expect(findEntry(before)?.experiment.id, before).toBe(now);
      expect(
        entries.some(({ experiment }) => experiment.id === before),
        before,
      ).toBe(false);
    }
  });

  test("id, section and file agree: nndl/3.2-dropout is of section 3.2, in book/nndl/chapter3/3.2-*.ts", () => {
    const files = chapterFiles();
    for (const { source, experiment } of entries) {
      const { id, section } = experiment;
      // 5.5-5.6 begins with 5.5, and 3.6.3 is a part of 3.6.
      const [number] = id.slice(source.id.length + 1).split("-");
      expect(`${section.split(/[-,]/)[0]}.`.startsWith(`${number}.`), `${id} is of section ${section}`).toBe(true);
      const homes = files.filter(({ text }) => text.includes(`"${id}"`) && text.includes("export const experiments"));
      const home = homes.find(({ text }) => new RegExp(`^ {2}(id: )?"${id}",$`, "m").test(text));
      const chapter = source.id === "python" ? "5" : number.split(".")[0];
      expect(home?.path, id).toMatch(new RegExp(`^${source.id}/chapter${chapter}/${number.replace(".", "\\.")}-`));
    }
  });

  test("every text is there in both languages", () => {
    const wrong: string[] = [];
    for (const { experiment } of entries) {
      const { id, title, about, claims } = experiment;
      const texts = [title, about, ...claims.flatMap(({ says, because, differs }) => [says, because, differs?.cause])];
      for (const text of texts) if (text !== undefined && !isTranslated(text)) wrong.push(`${id}: ${text.en}`);
    }
    expect(wrong).toEqual([]);
  });

  test("every claim has a reason for the width of its band, something to compare with, and a form that decides it", () => {
    const wrong: string[] = [];
    for (const { experiment } of entries) {
      for (const claim of experiment.claims) {
        const bands = bandsOf(claim);
        const wide = bands.some((band) => band !== null && !("equals" in band));
        if (wide && claim.because === undefined) wrong.push(`${experiment.id}: no reason for ${claim.measure}`);
        if (
          bands.some((band) => band !== null && "within" in band) &&
          claim.reported === undefined &&
          claim.expected === undefined
        ) {
          wrong.push(`${experiment.id}: ${claim.measure} is within what?`);
        }
        if (claim.reported !== undefined && claim.expected !== undefined) {
          wrong.push(`${experiment.id}: ${claim.measure} is reported and expected`);
        }
        if (bandOf(claim, "full") === null) wrong.push(`${experiment.id}: the full form leaves ${claim.measure} open`);
      }
      const measures = experiment.claims.map(({ measure }) => measure);
      if (new Set(measures).size < measures.length) wrong.push(`${experiment.id}: two claims on one measure`);
      if (experiment.kind !== "figure" && experiment.claims.length === 0) wrong.push(`${experiment.id}: no claims`);
    }
    expect(wrong).toEqual([]);
  });

  test("the programs to read are there", () => {
    for (const { experiment } of entries) {
      expect(experiment.read.length, experiment.id).toBeGreaterThan(0);
      for (const file of experiment.read) expect(existsSync(join(root, file)), `${experiment.id}: ${file}`).toBe(true);
    }
  });
});

describe("the guide", () => {
  const pages = ["en", "zh"].flatMap((language) =>
    chapters.map(({ guide, experiments }) => ({ path: `docs/${language}/${guide}.md`, experiments })),
  );

  test.each(pages)("$path names experiments of its chapter, and none that does not exist", ({ path, experiments }) => {
    const text = readFileSync(join(root, path), "utf8");
    const named = [...text.matchAll(/nabla book run ([\w/.-]+\w)/g)].map(([, id]) => id);
    for (const id of named) expect(findEntry(id), `${path}: ${id}`).toBeDefined();
    expect(
      experiments.some(({ id }) => named.includes(id)),
      path,
    ).toBe(true);
  });

  test.each(pages)("$path links to what is there", ({ path }) => {
    const text = readFileSync(join(root, path), "utf8");
    const links = [...text.matchAll(/\]\(([^)#\s]+)[^)]*\)/g)].map(([, link]) => link);
    for (const link of links) {
      if (/^https?:/.test(link)) continue;
      expect(existsSync(join(root, path, "..", link)), `${path}: ${link}`).toBe(true);
    }
  });
});

test("programs by hand import nothing from the framework but plots and data", () => {
  const files = readdirSync(join(root, "book"), { recursive: true, encoding: "utf8" }).map((name) =>
    name.replaceAll("\\", "/"),
  );
  const isProgram = (name: string) =>
    /^\w+\/programs\/[\w-]+\.ts$|^\w+\/(curves|texts)\.ts$|^(correlation|matrix|random|sizes|volume)\.ts$/.test(name);
  const programs = files.filter(isProgram);
  expect(programs.length).toBeGreaterThan(50);
  const wrong: string[] = [];
  for (const name of programs) {
    const text = readFileSync(join(root, "book", name), "utf8");
    for (const [, typeOnly, specifier] of text.matchAll(/^import (type )?[^;]*?from "([^"]+)"/gm)) {
      const near = specifier.startsWith(".")
        ? join("book", name, "..", specifier).replaceAll("\\", "/").slice(5)
        : null;
      const allowed =
        near === null
          ? specifier === "nabla/plot" || specifier.startsWith("node:")
          : near === "mnist.ts" || near === "experiment.ts" || isProgram(near) || typeOnly !== undefined;
      if (!allowed) wrong.push(`${name} imports ${specifier}`);
    }
  }
  expect(wrong).toEqual([]);
});

test("the book imports the package by its name", () => {
  const files = readdirSync(join(root, "book"), { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".ts"),
  );
  const wrong = files.filter((name) => readFileSync(join(root, "book", name), "utf8").includes("/src/"));
  expect(wrong.filter((name) => name !== "library.test.ts")).toEqual([]);
});
