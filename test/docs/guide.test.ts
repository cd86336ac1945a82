// The guide is right: every program on its pages type-checks, runs and gives the values that its comments state, and both languages show the same ones.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import * as nabla from "../../src/node.ts";
import { compilerOptions, inFolderOfTheirOwn, moduleOf, runModule, typeErrors } from "./examples.ts";
import { programsOf } from "./pages.ts";

const root = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");
const entry = `${root}/src/node.ts`;
/** As strict projects have it. */
const options = {
  ...compilerOptions(root),
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  noPropertyAccessFromIndexSignature: true,
  verbatimModuleSyntax: true,
  // Node runs them as they are, which leaves types out and translates nothing.
  erasableSyntaxOnly: true,
};
const program = ts.createProgram(
  [
    entry,
    `${root}/src/inspect/index.ts`,
    `${root}/src/play/index.node.ts`,
    `${root}/src/io/onnx/index.node.ts`,
    `${root}/src/plot/index.ts`,
  ],
  options,
);

const pagesIn = (language: string): string[] =>
  readdirSync(`${root}/docs/${language}/guide`).filter((name) => name.endsWith(".md"));

/** What runs of a page: its programs with their checks, without other comments. */
const modulesOf = (page: string): [string, string][] =>
  programsOf(root, page).map(({ title, code }) => [title, moduleOf({ title, code, imports: "own" }, new Set())]);

const uncommented = (text: string): string =>
  ts.transpileModule(text, {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, removeComments: true },
  }).outputText;

const english = pagesIn("en");
/** An engine can be chosen only before there are tensors: programs that do so come first. */
const configures = (text: string): boolean => text.includes("configureEngine(");
const found = english.flatMap((name) => modulesOf(`docs/en/guide/${name}`));
const modules = new Map([
  ...found.filter(([, text]) => configures(text)),
  ...found.filter(([, text]) => !configures(text)),
]);

describe("the guide", () => {
  inFolderOfTheirOwn();

  it("type-checks", () => {
    expect(typeErrors(modules, entry, root, options, program)).toEqual([]);
  });

  it.each([...modules])("runs and gives its values: %s", async (_, text) => {
    nabla.random.seed(0);
    await runModule(text, nabla);
    if (configures(text)) nabla.configureEngine({});
  });

  it("has the same pages in both languages", () => {
    expect(pagesIn("zh")).toEqual(english);
  });

  it.each(english)("shows the same programs in both languages: %s", (name) => {
    const programs = (language: string): string[] =>
      modulesOf(`docs/${language}/guide/${name}`).map(([, text]) => uncommented(text));
    expect(programs("zh")).toEqual(programs("en"));
  });

  it.each(["en", "zh"])("has its pages in its contents, and no link that leads nowhere: %s", (language) => {
    const contents = readFileSync(`${root}/docs/${language}/guide/README.md`, "utf8");
    expect(english.filter((name) => name !== "README.md" && !contents.includes(`](${name})`))).toEqual([]);
    const broken = english.flatMap((name) => {
      const page = `${root}/docs/${language}/guide/${name}`;
      const links = [...readFileSync(page, "utf8").matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].map(([, link]) => link);
      return links.filter((link) => !existsSync(join(dirname(page), link))).map((link) => `${name}: ${link}`);
    });
    expect(broken).toEqual([]);
  });
});
