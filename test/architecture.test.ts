// The house rules, checked: imports point to earlier rooms, and nothing from node: is reachable from the browser's entry.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const source = fileURLToPath(new URL("../src", import.meta.url));
/** A room may import itself and the rooms before it. */
const ROOMS = [
  "engine",
  "tensor",
  "ops",
  "autograd",
  "nn",
  "optim",
  "data",
  "train",
  "io",
  "distributed",
  "plot",
  "cli",
];

function importsOf(file: string): { specifier: string; typeOnly: boolean }[] {
  const text = readFileSync(file, "utf8");
  const found = [...text.matchAll(/^\s*(?:import|export)\s+(type\s+)?(?:[^"';]*?\sfrom\s+)?"([^"]+)"/gm)];
  const dynamic = [...text.matchAll(/import\(\s*"([^"]+)"\s*\)/g)];
  return [
    ...found.map((match) => ({ specifier: match[2], typeOnly: match[1] !== undefined })),
    ...dynamic.map((match) => ({ specifier: match[1], typeOnly: false })),
  ];
}

const files = readdirSync(source, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
  .map((name) => join(source, name));

function roomOf(file: string): string | undefined {
  const [first, second] = relative(source, file).split(/[/\\]/);
  return second === undefined ? undefined : first;
}

test("every folder of src is a room", () => {
  const rooms = new Set(files.map(roomOf).filter((room) => room !== undefined));
  for (const room of rooms) expect(ROOMS).toContain(room);
});

test("an import points to an earlier room or stays in its own", () => {
  const wrong: string[] = [];
  for (const file of files) {
    const room = roomOf(file);
    if (room === undefined) continue;
    for (const { specifier } of importsOf(file)) {
      if (!specifier.startsWith(".")) continue;
      const target = roomOf(resolve(dirname(file), specifier));
      // The command line is what users run on Node: it starts from the entry, and runs the book.
      if (target === undefined) {
        if (!(room === "cli" && /node\.ts$|package\.json$|\/book\//.test(specifier)))
          wrong.push(`${relative(source, file)} -> ${specifier}`);
      } else if (ROOMS.indexOf(target) > ROOMS.indexOf(room)) wrong.push(`${relative(source, file)} -> ${specifier}`);
    }
  }
  expect(wrong).toEqual([]);
});

test("no node: import is reachable from src/index.ts", () => {
  const seen = new Set<string>();
  const wrong: string[] = [];
  const visit = (file: string): void => {
    if (seen.has(file) || !existsSync(file)) return;
    seen.add(file);
    for (const { specifier, typeOnly } of importsOf(file)) {
      if (typeOnly) continue;
      if (specifier.startsWith("node:")) wrong.push(`${relative(source, file)} imports ${specifier}`);
      if (specifier.startsWith(".")) visit(resolve(dirname(file), specifier));
    }
  };
  visit(join(source, "index.ts"));
  expect(seen.size).toBeGreaterThan(20);
  expect(wrong).toEqual([]);
});

test("node: imports stand only where Node is: entry, command line, native engine, *.node.ts", () => {
  const wrong = files.filter((file) => {
    const name = relative(source, file);
    if (/^(node\.ts|cli[/\\]|engine[/\\]native[/\\])/.test(name) || name.endsWith(".node.ts")) return false;
    return importsOf(file).some(({ specifier }) => specifier.startsWith("node:"));
  });
  expect(wrong.map((file) => relative(source, file))).toEqual([]);
});
