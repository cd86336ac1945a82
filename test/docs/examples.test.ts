// The documentation is right: every public name says what it is, and every example of a docstring and of the README type-checks, runs, and gives
// the values that its comments state.
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import * as nabla from "../../src/node.ts";
import { compilerOptions, type Example, inFolderOfTheirOwn, moduleOf, runModule, typeErrors } from "./examples.ts";
import { programsOf } from "./pages.ts";
import { type PublicName, publicNames } from "./public-names.ts";

const root = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");
const entry = `${root}/src/node.ts`;
// Node runs examples as they are, which leaves types out and translates nothing.
const options = { ...compilerOptions(root), erasableSyntaxOnly: true };
const inspect = `${root}/src/inspect/index.ts`;
const play = `${root}/src/play/index.ts`;
const onnx = `${root}/src/io/onnx/index.node.ts`;
const program = ts.createProgram([entry, inspect, play, onnx], options);
const names = [entry, inspect, play, onnx].flatMap((each) => publicNames(program, each, root));
const exported = new Set(names.map(({ name }) => name));

function examplesOf(name: PublicName): Example[] {
  return name.examples.map((code, i) => {
    const number = name.examples.length > 1 ? ` (example ${i + 1})` : "";
    return { title: `${name.file}: ${name.name}${number}`, code, imports: "given" };
  });
}

function readmeExamples(): Example[] {
  const pages = ["README.md", "scripts/reference.md"].flatMap((page) => programsOf(root, page));
  return pages.map((program) => ({ ...program, imports: "own" }));
}

// The engine's own examples come first: it can be configured only before there are tensors.
const ofEngine = (name: PublicName): boolean => name.file.startsWith("src/engine/");
const ordered = [...names.filter(ofEngine), ...names.filter((name) => !ofEngine(name))];
const modules = new Map(
  [...ordered.flatMap(examplesOf), ...readmeExamples()].map((e) => [e.title, moduleOf(e, exported)]),
);

const where = ({ file, line, name }: PublicName): string => `${file}:${line} ${name}`;

describe("every public name", () => {
  it("has a docstring", () => {
    expect(names.filter((name) => name.summary === "").map(where)).toEqual([]);
  });

  it("has its docstring's tags at the start of lines", () => {
    expect(names.filter((name) => /\s@(example|throws|param)\b/.test(name.summary)).map(where)).toEqual([]);
  });

  it("has an example, if it is a function or a class", () => {
    const callable = names.filter(({ kind }) => kind === "function" || kind === "class");
    expect(callable.filter((name) => name.examples.length === 0).map(where)).toEqual([]);
  });
});

describe("every example", () => {
  inFolderOfTheirOwn();

  it("type-checks", () => {
    expect(typeErrors(modules, entry, root, options, program)).toEqual([]);
  });

  it.each([...modules])("runs and gives its values: %s", async (_, text) => {
    nabla.random.seed(0);
    await runModule(text, nabla);
  });
});

describe("a value comment", () => {
  const run = (code: string): Promise<void> =>
    runModule(moduleOf({ title: "", code, imports: "given" }, exported), nabla);

  it("holds for equal elements, numbers to a millionth of their size", async () => {
    await run("tensor([1, NaN]).add(1); // [2, NaN]\nconst sum = tensor(2 / 3);\nsum.item(); // 0.6666667: rounded");
  });

  it("fails for a number, a length or a type that differs, and for what is not a value", async () => {
    await expect(run("add(tensor([1]), 1); // [3]")).rejects.toThrow("the value at [0] is 2, the comment says 3");
    await expect(run("tensor([1, 2]); // [1]")).rejects.toThrow("the value is [1,2], the comment says [1]");
    await expect(run("tensor([true]); // [1]")).rejects.toThrow("the value at [0] is true, the comment says 1");
    await expect(run("tensor([1]).item(); // about one")).rejects.toThrow('"about one" is not a value');
  });
});
