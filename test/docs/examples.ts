// From an example in a docstring to a program that checks itself. Public names need no import, `await` may stand anywhere, and a statement followed by
// `// value` on its line says what it evaluates to or prints. All examples are type-checked together, each as a file that exists in memory only.
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import ts from "typescript";
import { afterAll, beforeAll } from "vitest";
import * as inspect from "../../src/inspect/index.ts";
import * as onnx from "../../src/io/onnx/index.node.ts";
import { Tensor } from "../../src/node.ts";
import * as play from "../../src/play/index.ts";
import * as plot from "../../src/plot/index.ts";

/** A piece of documentation that runs. */
export interface Example {
  /** Where it stands, for messages. */
  title: string;
  code: string;
  /** "given": public names are in scope. "own": the code imports what it uses, from "nabla". */
  imports: "given" | "own";
}

/** What the documentation calls the library. */
const LIBRARY = "nabla";
const LIBRARIES = [LIBRARY, "nabla/node"];

/** Further entries of the package, by their names: their files below the root, what they export, and types of theirs that examples name. */
const ENTRIES: Readonly<Record<string, { file: string; exports: object; types?: readonly string[] }>> = {
  "nabla/inspect": { file: "src/inspect/index.ts", exports: inspect },
  "nabla/onnx": { file: "src/io/onnx/index.node.ts", exports: onnx, types: ["OnnxTensor", "OnnxLayerExport"] },
  "nabla/play": { file: "src/play/index.ts", exports: play, types: ["GridPosition", "Environment", "Player"] },
  "nabla/plot": { file: "src/plot/index.ts", exports: plot },
};

/** The entry that exports a name, where it is not the library's own. */
const entryOf = (name: string): string =>
  Object.keys(ENTRIES).find((entry) => {
    const { exports, types } = ENTRIES[entry];
    return entry !== "nabla/plot" && (Object.hasOwn(exports, name) || types?.includes(name));
  }) ?? LIBRARY;

/** `check(actual, expected)` is what a value comment becomes. */
type Check = (actual: unknown, expected: unknown) => void;

/** `between(actual, low, high)` is what a comment with a bound becomes. */
type Between = (actual: unknown, low: number, high: number) => void;

/** The example as a module that exports `run(check, between, console)`. */
export function moduleOf(example: Example, names: ReadonlySet<string>): string {
  const source = ts.createSourceFile("example.ts", example.code, ts.ScriptTarget.ES2022, true);
  const imports: string[] = [];
  const body: string[] = [];
  for (const statement of source.statements) {
    if (ts.isImportDeclaration(statement)) imports.push(statement.getText());
    else body.push(withCheck(source, statement));
  }
  if (example.imports === "given") {
    const used = new Set<string>();
    const visit = (node: ts.Node): void => {
      if (ts.isIdentifier(node) && names.has(node.text)) used.add(node.text);
      ts.forEachChild(node, visit);
    };
    visit(source);
    for (const entry of new Set([...used].map(entryOf))) {
      const own = [...used].filter((name) => entryOf(name) === entry);
      imports.push(`import { ${own.join(", ")} } from "${entry}";`);
    }
  }
  const signature = [
    "check: (actual: unknown, expected: unknown) => void",
    "between: (actual: unknown, low: number, high: number) => void",
    "console: { log(...values: unknown[]): void }",
  ].join(", ");
  return `${imports.join("\n")}\nexport async function run(${signature}) {\n${body.join("\n")}\n}\n`;
}

function withCheck(source: ts.SourceFile, statement: ts.Statement): string {
  const comment = ts.isExpressionStatement(statement) ? commentAfter(source.text, statement.end) : undefined;
  if (comment === undefined) return statement.getText();
  const shown = shownBy((statement as ts.ExpressionStatement).expression).getText();
  const bound = boundOf(comment);
  if (bound !== undefined) return `between(${shown}, ${bound.low}, ${bound.high});`;
  // "value", or "value: why".
  const value = [comment, comment.slice(0, Math.max(0, comment.search(/: |：/)))].find(isExpression);
  if (value === undefined) {
    const problem = `"${comment}" is not a value; after a statement comes what it evaluates to, other comments stand on lines of their own`;
    return `throw new Error(${JSON.stringify(problem)});`;
  }
  return `check(${shown}, (${value}));`;
}

/** What a comment says that a number lies above or below: "above 0.95", "大于 0.95". */
function boundOf(comment: string): { low: number; high: number } | undefined {
  const [, word, number] = comment.match(/^(above|below|大于|小于) (-?[\d.]+(?:e-?\d+)?)(?=$|[:：])/) ?? [];
  if (word === undefined || Number.isNaN(Number(number))) return undefined;
  const value = Number(number);
  return ["above", "大于"].includes(word) ? { low: value, high: Infinity } : { low: -Infinity, high: value };
}

/** What a statement shows: its value, or what it prints. */
function shownBy(expression: ts.Expression): ts.Expression {
  const prints = ts.isCallExpression(expression) && expression.expression.getText() === "console.log";
  return prints && expression.arguments.length === 1 ? expression.arguments[0] : expression;
}

function isExpression(text: string): boolean {
  const parsed = ts.createSourceFile("value.ts", `(${text});`, ts.ScriptTarget.ES2022) as ts.SourceFile & {
    parseDiagnostics: readonly unknown[];
  };
  return parsed.parseDiagnostics.length === 0;
}

function commentAfter(text: string, end: number): string | undefined {
  const comment = ts
    .getTrailingCommentRanges(text, end)
    ?.find(({ kind }) => kind === ts.SyntaxKind.SingleLineCommentTrivia);
  return comment && text.slice(comment.pos + 2, comment.end).trim();
}

/** Options of the project, but examples may leave names unused, and import types like values. */
export function compilerOptions(root: string): ts.CompilerOptions {
  const file = ts.readConfigFile(`${root}/tsconfig.json`, ts.sys.readFile);
  const { options } = ts.convertCompilerOptionsFromJson(file.config.compilerOptions, root);
  return { ...options, noUnusedLocals: false, noUnusedParameters: false, verbatimModuleSyntax: false };
}

/** Type errors in the modules of examples, each with the example's title and the line. `program` is the library's, to start from. */
export function typeErrors(
  modules: ReadonlyMap<string, string>,
  entry: string,
  root: string,
  options: ts.CompilerOptions,
  program: ts.Program,
): string[] {
  const files = new Map<string, { title: string; text: string }>();
  for (const [title, text] of modules) files.set(`${root}/test/docs/example-${files.size}.ts`, { title, text });
  const mapped: ts.CompilerOptions = {
    ...options,
    paths: {
      ...Object.fromEntries(LIBRARIES.map((name) => [name, [entry]])),
      ...Object.fromEntries(Object.entries(ENTRIES).map(([name, { file }]) => [name, [`${root}/${file}`]])),
    },
  };
  const host = ts.createCompilerHost(mapped);
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = (name) => files.has(name) || fileExists(name);
  host.readFile = (name) => files.get(name)?.text ?? readFile(name);
  host.getSourceFile = (name, ...rest) => {
    const file = files.get(name);
    if (file) return ts.createSourceFile(name, file.text, ts.ScriptTarget.ES2022, true);
    return program.getSourceFile(name) ?? getSourceFile(name, ...rest);
  };
  const checked = ts.createProgram({ rootNames: [...files.keys()], options: mapped, host });
  return [...files].flatMap(([name, { title }]) => {
    const source = checked.getSourceFile(name)!;
    return [...checked.getSyntacticDiagnostics(source), ...checked.getSemanticDiagnostics(source)].map((problem) => {
      const { line } = source.getLineAndCharacterOfPosition(problem.start ?? 0);
      const code = source.text.split("\n")[line].trim();
      return `${title}: ${ts.flattenDiagnosticMessageText(problem.messageText, " ")}\n  in: ${code}`;
    });
  });
}

/** Runs an example's module on the library given. Throws what it throws, or where a value differs from its comment. */
export async function runModule(text: string, library: object): Promise<void> {
  const { outputText } = ts.transpileModule(text, {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.CommonJS },
  });
  const own = createRequire(import.meta.url);
  const load = (name: string): unknown =>
    LIBRARIES.includes(name) ? library : Object.hasOwn(ENTRIES, name) ? ENTRIES[name].exports : own(name);
  const exports: { run?: (check: Check, between: Between, console: object) => Promise<void> } = {};
  new Function("require", "exports", outputText)(load, exports);
  const check: Check = (actual, expected) => {
    const difference = differenceBetween(plain(actual), plain(expected), "");
    if (difference) throw new Error(difference);
  };
  const between: Between = (actual, low, high) => {
    const value = actual instanceof Tensor ? actual.item() : actual;
    if (typeof value === "number" && value > low && value < high) return;
    const bound = low === -Infinity ? `below ${high}` : `above ${low}`;
    throw new Error(`the value is ${JSON.stringify(plain(value))}, the comment says ${bound}`);
  };
  await exports.run!(check, between, { ...console, log() {} });
}

/** Tensors and typed arrays as nested arrays. */
function plain(value: unknown): unknown {
  if (value instanceof Tensor) return value.toArray();
  if (ArrayBuffer.isView(value)) return Array.from(value as unknown as ArrayLike<unknown>);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, plain(part)]));
}

/** Where two values differ, in words; numbers may by a millionth of their size. */
function differenceBetween(actual: unknown, expected: unknown, path: string): string | undefined {
  if (typeof actual === "number" && typeof expected === "number") {
    const near = Math.abs(actual - expected) <= 1e-6 * Math.max(Math.abs(actual), Math.abs(expected));
    if (near || Object.is(actual, expected)) return undefined;
  } else if (typeof actual === "object" && typeof expected === "object" && actual !== null && expected !== null) {
    const keys = Object.keys(expected);
    if (Array.isArray(actual) === Array.isArray(expected) && Object.keys(actual).length === keys.length) {
      const part = (of: object, key: string): unknown => (of as Record<string, unknown>)[key];
      for (const key of keys) {
        const difference = differenceBetween(part(actual, key), part(expected, key), `${path}[${key}]`);
        if (difference) return difference;
      }
      return undefined;
    }
  } else if (actual === expected) return undefined;
  const write = (value: unknown): string => (typeof value === "number" ? String(value) : JSON.stringify(value));
  return `the value${path && ` at ${path}`} is ${write(actual)}, the comment says ${write(expected)}`;
}

/** To be called in a `describe`: programs write their files where they stand, and that is not here. */
export function inFolderOfTheirOwn(): void {
  const here = process.cwd();
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "examples-"));
    process.chdir(folder);
  });
  afterAll(() => {
    process.chdir(here);
    rmSync(folder, { recursive: true });
  });
}
