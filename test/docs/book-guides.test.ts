// The guides of the books do not drift: numbers that are marked are those of docs/results.json, code is that of the files it names, and every
// experiment is told of. `npx vitest run test/docs/book-guides.test.ts -u` writes the numbers anew.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, test } from "vitest";
import { allEntries } from "../../book/library.ts";
import { type Digest, type DigestRecord, readDigest } from "../../cli/book/digest.ts";
import { resultsText } from "../../cli/book/results.ts";
import * as nabla from "../../src/node.ts";
import { filled, isNamed, lookupIn, marked, snippetsOf, strayLine, unmarked, written } from "./book-guides.ts";
import { compilerOptions, moduleOf, runModule, typeErrors } from "./examples.ts";
import { programsOf } from "./pages.ts";

const root = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");
const languages = ["en", "zh"];
const pages = languages.flatMap((language) =>
  readdirSync(join(root, "docs", language))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${language}/${name}`),
);
const textOf = (page: string) => readFileSync(join(root, page), "utf8");
const digest = readDigest(join(root, "docs/results.json")) as Digest;

const given = new Map(
  allEntries().map(({ experiment: { id, claims, settings } }) => {
    const stated = claims.flatMap(({ reported, expected }) => [reported, expected]).flat();
    return [id, [...stated, ...Object.values(settings ?? {})].filter((value) => typeof value === "number")];
  }),
);
const isGiven = (section: string, text: string) =>
  [...given].some(([id, values]) => values.some((value) => written(value, text) === text) && isNamed(section, id));

describe("numbers", () => {
  test.each(pages)("of %s are those that were measured", async (page) => {
    const { text, problems } = filled(textOf(page), lookupIn(digest));
    expect(problems).toEqual([]);
    await expect(marked(text, digest, isGiven)).toMatchFileSnapshot(join(root, page));
  });

  test("are marked alike in both languages", () => {
    const queries = (page: string) => {
      const text = marked(textOf(page), digest, isGiven);
      return [...text.matchAll(/<!--=([^>]*?)-->/g)].map(([, query]) => query).sort();
    };
    for (const page of pages.filter((name) => name.startsWith("docs/en/"))) {
      expect(queries(page.replace("/en/", "/zh/")), page).toEqual(queries(page));
    }
  });

  test("there are of every experiment that takes less than hours", () => {
    const recorded = new Set(digest.records.map(({ id }) => id));
    const short = allEntries().filter(({ experiment }) => experiment.hours === undefined);
    expect(short.map(({ experiment }) => experiment.id).filter((id) => !recorded.has(id))).toEqual([]);
  });

  test("of docs/RESULTS.md too", async () => {
    await expect(resultsText(allEntries(), digest)).toMatchFileSnapshot(join(root, "docs/RESULTS.md"));
  });
});

describe("code", () => {
  test.each(pages)("of %s is that of the files it names", (page) => {
    for (const { file, code } of snippetsOf(textOf(page))) {
      if (file === null) continue;
      expect(strayLine(code, readFileSync(join(root, file), "utf8")), `${page}: not in ${file}`).toBeNull();
    }
  });

  const programs = pages.flatMap((page) => programsOf(root, page));
  const modules = new Map(
    programs.map((program) => [program.title, moduleOf({ ...program, imports: "own" }, new Set())]),
  );

  test("that names no file is a program, and type-checks", () => {
    for (const { title, code } of programs) expect(code, title).toMatch(/^import /);
    const entry = join(root, "src/node.ts");
    const options = compilerOptions(root);
    expect(typeErrors(modules, entry, root, options, ts.createProgram([entry], options))).toEqual([]);
  });

  test.each([...modules])("runs: %s", async (_, text) => {
    nabla.random.seed(0);
    await runModule(text, nabla);
  });
});

test.each(languages)("every experiment is named in a guide: %s", (language) => {
  const text = pages
    .filter((page) => page.startsWith(`docs/${language}/`))
    .map(textOf)
    .join("\n");
  const ids = allEntries().map(({ experiment }) => experiment.id);
  expect(ids.filter((id) => !isNamed(text, id))).toEqual([]);
});

describe("a marked number", () => {
  const records = [
    {
      ...{ id: "t/1-a", form: "full", seed: 1, date: "2026-11-29", verdict: "reproduced", seconds: 12.34 },
      measured: { accuracy: 97.8449, share: 0.5, list: [1, -2.5], tiny: 4.6e-16, name: "five" },
      ...{
        missed: [],
        unexplained: [],
        undecided: [],
        figures: [],
        tables: [
          [
            ["a", 1],
            ["b", 2345.6],
          ],
        ],
      },
    },
  ] as readonly DigestRecord[];
  const lookup = lookupIn({ machine: "m", records });
  const fill = (text: string) => filled(text, lookup);

  test.each([
    ["t/1-a accuracy", "1.00", "97.84"],
    ["t/1-a share percent", "1", "50"],
    ["t/1-a list.1", "−1.0", "−2.5"],
    ["t/1-a list.1 size", "1.0", "2.5"],
    ["t/1-a table.0.1.1", "1,000", "2,346"],
    ["t/1-a tiny", "$1 \\cdot 10^{-3}$", "$5 \\cdot 10^{-16}$"],
    ["t/1-a tiny", "$10^{-3}$", "$10^{-15}$"],
    ["t/1-a tiny", "1.0e-3", "4.6e-16"],
    ["t/1-a seconds", "1", "12"],
    ["t/1-a name", "six", "five"],
    ["t/1-a quick accuracy", "93", "93"],
    ["t/2-b accuracy", "93", "93"],
  ])("%s where %s stood is %s", (query, stood, is) => {
    const page = `It is <!--=${query}-->${stood}<!--/-->%.`;
    expect(fill(page)).toEqual({ text: `It is <!--=${query}-->${is}<!--/-->%.`, problems: [] });
    expect(fill(fill(page).text).text).toBe(fill(page).text);
  });

  test.each([
    ["x <!--=t/1-a nothing-->1<!--/-->", /t\/1-a has no number nothing in its full form/],
    ["x <!--=t/1-a-->1<!--/-->", /a marker says/],
    ["x <!--=t/1-a share half-->1<!--/-->", /a marker says/],
    ["x <!--=t/1-a share-->a half<!--/-->", /"a half" is no number/],
    ["<!--=t/1-a share-->0.5<!--/--> of it", /a line begins with a marker/],
    ["x <!--=t/1-a share-->0.5", /not closed/],
  ])("%s is a mistake", (page, message) => {
    expect(fill(page).problems.join("\n")).toMatch(message);
  });

  test("where the form does not fit, an error says so", () => {
    expect(() => written(1, "about one")).toThrow('"about one" is no number');
  });
});

test("a number that a record holds is marked, what a source reports is not", () => {
  const record = {
    ...{ id: "t/1-a", form: "full", seed: 1, date: "2026-11-29", verdict: "reproduced", seconds: 1 },
    measured: { accuracy: 0.97844, steps: 1234 },
    ...{ missed: [], unexplained: [], undecided: [], figures: [], tables: [] },
  } as DigestRecord;
  const mark = (page: string, isGiven = (_section: string, _text: string) => false) =>
    marked(page, { machine: "m", records: [record] }, isGiven);
  const page = "## A\n`t/1-a` has 97.84%, 97.8% after 1,234 steps.\n## B\nElsewhere 97.84%.\n";
  expect(mark(page)).toBe(
    "## A\n`t/1-a` has <!--=t/1-a accuracy percent-->97.84<!--/-->%, <!--=t/1-a accuracy percent-->97.8<!--/-->% after <!--=t/1-a steps-->1,234<!--/--> steps.\n## B\nElsewhere 97.84%.\n",
  );
  expect(mark(page, () => true)).toBe(page);
  expect(mark(mark(page))).toBe(mark(page));
  expect(mark("## A\n`t/1-a` took\n1,234 steps, or more.\n")).toBe(
    "## A\n`t/1-a` took <!--=t/1-a steps-->1,234<!--/-->\nsteps, or more.\n",
  );
  expect(mark("## A\n`t/1-a` took\n1,234 97.84% steps.\n")).not.toMatch(/\n<!--/);
  expect(mark("## A\n`t/1-a-b` has 97.84%.\n")).toBe("## A\n`t/1-a-b` has 97.84%.\n");
});

test("a line that a file does not have is found, and comments are the page's own", () => {
  const source = "function f() {\n  // why\n  const a = 1;\n  const b = 2; // two\n  return a + b;\n}\n";
  expect(strayLine("const a = 1; // 一\nconst b = 2;\n", source)).toBeNull();
  expect(strayLine("const a = 1;\n// ...\nreturn a + b;\n", source)).toBeNull();
  expect(strayLine("const a = 1;\nreturn a + b;\n", source)).toBe("return a + b;");
  expect(strayLine("return a + b;\n// ...\nconst a = 1;\n", source)).toBe("const a = 1;");
  expect(strayLine("const a = 2;\n", source)).toBe("const a = 2;");
});

test("numbers outside of code, formulas, links and markers are found", () => {
  const page =
    "# 1.5\nIt is 97.8%, not $1.5$ or `1.6` or [1.7](a1.8.md) or <!--=a b-->1.9<!--/-->: 12,345 and -2.5e-7.\n";
  expect(unmarked(page).map(({ text }) => text)).toEqual(["97.8", "12,345", "-2.5e-7"]);
});
