// The books as JavaScript, in a folder of their own: what a mutation changes there is the one file that it names, and nothing is built again.
// `nabla` is the package as it is built: its own book is not what runs.
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

export const root = fileURLToPath(new URL("../..", import.meta.url));

/** One file of TypeScript as JavaScript; imports of `./x.ts` become imports of `./x.js`. */
export function transpile(text) {
  const { outputText } = ts.transpileModule(text, {
    compilerOptions: {
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.ESNext,
      verbatimModuleSyntax: true,
      rewriteRelativeImportExtensions: true,
    },
  });
  return outputText;
}

/** The books' sources, from the repository's root. */
export function bookFiles() {
  return readdirSync(join(root, "book"), { recursive: true, encoding: "utf8" })
    .map((name) => `book/${name.replaceAll("\\", "/")}`)
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"));
}

export const readSource = (file) => readFileSync(join(root, file), "utf8");

/** Folders that hold the books alike, one for each process that runs them; `remove` takes them away. */
export function makeMirrors(count) {
  const folder = mkdtempSync(join(tmpdir(), "nabla-mutate-"));
  const mirrors = Array.from({ length: count }, (_, i) => join(folder, String(i)));
  const [first, ...others] = mirrors;
  mkdirSync(join(first, "node_modules"), { recursive: true });
  writeFileSync(join(first, "package.json"), JSON.stringify({ type: "module" }));
  for (const file of bookFiles()) write(first, file, transpile(readSource(file)));
  for (const other of others) cpSync(first, other, { recursive: true });
  for (const mirror of mirrors) symlinkSync(root, join(mirror, "node_modules", "nabla"), "dir");
  return { mirrors, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

function write(mirror, file, text) {
  const path = join(mirror, file.replace(/\.ts$/, ".js"));
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** The file with the mutation in it. @throws Error where the text to replace is not there exactly once. */
export function mutated({ id, file, from, to }) {
  const parts = readSource(file).split(from);
  if (parts.length !== 2)
    throw new Error(`${id}: ${file} holds the text to change ${parts.length - 1} times, not once`);
  return parts.join(to);
}

/** The mutation made ready: `put(mirror)` breaks a mirror's file, `take(mirror)` mends it. Sources may change meanwhile. */
export function prepare(mutation) {
  const [broken, whole] = [mutated(mutation), readSource(mutation.file)].map(transpile);
  return {
    ...mutation,
    put: (mirror) => write(mirror, mutation.file, broken),
    take: (mirror) => write(mirror, mutation.file, whole),
  };
}
