// What a page trains, as TypeScript to take along: the very files that the page computes with, and a few lines that call them with the page's settings. Nothing is
// written anew, so that the program trains to the same numbers.
import { packageOf, withImports } from "../../../book/sources.ts";
import { version } from "../../../package.json";
import { writeZip } from "../../../src/io/zip.ts";
import { programText } from "../pages/source-files.ts";

/** A call of what trains: a function of a file, from the repository's root. What it returns, or reports one after another, is printed. */
export interface Training {
  readonly file: string;
  readonly name: string;
  readonly values: readonly unknown[];
}

/** Among values: what another function of the same file makes. */
export class Call {
  readonly name: string;
  readonly values: readonly unknown[];
  constructor(name: string, ...values: readonly unknown[]) {
    this.name = name;
    this.values = values;
  }
}

const files = import.meta.glob<string>(["../compute/*.ts", "../demos/*/*.ts", "!../demos/*/{text,meta}.ts"], {
  query: "?raw",
  import: "default",
});

async function textOf(file: string): Promise<string> {
  const text = await (file.startsWith("book/") ? programText(file) : files[file.replace(/^studio\/src/, "..")]?.());
  if (text === undefined) throw new Error(`${file} is not in this build`);
  return text;
}

export function mainOf(title: string, trainings: readonly Training[]): string {
  const imports = new Map<string, Set<string>>();
  const callOf = (file: string, name: string, values: readonly unknown[]): string => {
    imports.set(file, (imports.get(file) ?? new Set()).add(name));
    const given = values.map((value) =>
      value instanceof Call ? callOf(file, value.name, value.values) : JSON.stringify(value),
    );
    return `${name}(${given.join(", ")})`;
  };
  const calls = trainings.map(({ file, name, values }) => `await show(${callOf(file, name, values)});`);
  const lines = [...imports].map(([file, names]) => `import { ${[...names].sort().join(", ")} } from "./${file}";`);
  return `// ${title}: what the page of Nabla's studio trains, with its settings.
// npm install, then: npx tsx main.ts
${lines.join("\n")}

const written = (value: unknown): string =>
  JSON.stringify(value, (_, part) => (ArrayBuffer.isView(part) ? Array.from(part as Float64Array) : part));

/** Prints what comes one after another, or at once. */
async function show(trained: unknown): Promise<void> {
  if (typeof trained === "object" && trained !== null && (Symbol.iterator in trained || Symbol.asyncIterator in trained)) {
    for await (const each of trained as AsyncIterable<unknown>) console.log(written(each));
  } else console.log(written(await trained));
}

${calls.join("\n")}
`;
}

/** A training as an archive: main.ts, what it imports, and what npm needs. */
export async function programZip(title: string, trainings: readonly Training[]): Promise<Blob> {
  const sources = await withImports(
    trainings.map(({ file }) => file),
    textOf,
  );
  return archiveOf({
    "package.json": packageOf(version),
    "main.ts": mainOf(title, trainings),
    ...Object.fromEntries(sources),
  });
}

/** Texts by path. */
export function archiveOf(texts: Readonly<Record<string, string>>): Blob {
  const encoder = new TextEncoder();
  const parts = Object.entries(texts).map(([name, text]) => ({ name, bytes: encoder.encode(text) }));
  return new Blob([writeZip("program", parts) as Uint8Array<ArrayBuffer>], { type: "application/zip" });
}
