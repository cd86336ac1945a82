// The house rules, checked: imports point to earlier rooms, and nothing from node: is reachable from the browser's entry.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const source = join(root, "src");
/** A room may import itself and the rooms before it. The books and what stands above them are rooms beside `src`. */
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
  "inspect",
  "runs",
  "play",
  "plot",
  "book",
  "cli",
  "studio",
];

interface Import {
  specifier: string;
  /** `import type`: gone once compiled. `import { type X }` is not: the file is still loaded. */
  typeOnly: boolean;
  dynamic: boolean;
}

function importsOf(file: string): Import[] {
  const text = readFileSync(file, "utf8");
  const found = [...text.matchAll(/^\s*(?:import|export)\s+(type\s+)?(?:[^"';]*?\sfrom\s+)?"([^"]+)"/gm)];
  const dynamic = [...text.matchAll(/import\(\s*"([^"]+)"\s*\)/g)];
  return [
    ...found.map(([, type, specifier]) => ({ specifier, typeOnly: type !== undefined, dynamic: false })),
    ...dynamic.map((match) => ({ specifier: match[1], typeOnly: false, dynamic: true })),
  ];
}

function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.(ts|svelte)$/.test(name) && !name.endsWith(".test.ts"))
    .map((name) => join(folder, name));
}

const files = filesOf(source);
const above = ["book", "cli", "studio/src"].flatMap((folder) => filesOf(join(root, folder)));

/** The room of a file; undefined for the entries of the package, which gather the rooms of `src`. */
function roomOf(file: string): string | undefined {
  const path = relative(root, file).split(/[/\\]/);
  if (path[0] !== "src") return path[0];
  return path.length > 2 ? path[1] : undefined;
}

test("every folder of src is a room", () => {
  const rooms = new Set(files.map(roomOf).filter((room) => room !== undefined));
  for (const room of rooms) expect(ROOMS).toContain(room);
});

test("an import points to an earlier room or stays in its own", () => {
  const wrong: string[] = [];
  for (const file of [...files, ...above]) {
    const room = roomOf(file);
    if (room === undefined) continue;
    for (const { specifier } of importsOf(file)) {
      if (!specifier.startsWith(".") || specifier.endsWith("package.json")) continue;
      const target = roomOf(resolve(dirname(file), specifier));
      // What stands above `src` may start from the package's entry.
      const allowed = target === undefined ? above.includes(file) : ROOMS.indexOf(target) <= ROOMS.indexOf(room);
      // The command line serves the studio as files; neither knows the other's code.
      const strangers = room === "studio" && target === "cli";
      if (!allowed || strangers) wrong.push(`${relative(root, file)} -> ${specifier}`);
    }
  }
  expect(above.length).toBeGreaterThan(20);
  expect(wrong).toEqual([]);
});

/** The first circle found on the way along imports that are loaded together, as the files on it. */
function circleFrom(starts: readonly string[], next: (file: string) => string[]): string[] | undefined {
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): string[] | undefined => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return undefined;
    path.push(file);
    for (const target of next(file)) {
      const circle = visit(target);
      if (circle) return circle;
    }
    path.pop();
    done.add(file);
    return undefined;
  };
  for (const file of starts) {
    const circle = visit(file);
    if (circle) return circle;
  }
  return undefined;
}

test("imports run in no circle; types alone may", () => {
  const loaded = (file: string): string[] =>
    importsOf(file)
      .filter(({ specifier, typeOnly, dynamic }) => specifier.startsWith(".") && !typeOnly && !dynamic)
      .map(({ specifier }) => resolve(dirname(file), specifier))
      .filter((target) => target.endsWith(".ts") && existsSync(target));
  const circle = circleFrom([...files, ...above], loaded);
  expect(circle?.map((file) => relative(root, file))).toBeUndefined();
});

test("the search for circles finds one", () => {
  const graph: Record<string, string[]> = { a: ["b"], b: ["c", "d"], c: ["d"], d: ["b"] };
  expect(circleFrom(["a"], (file) => graph[file])).toEqual(["b", "c", "d", "b"]);
  expect(circleFrom(["a"], (file) => graph[file].filter((target) => file !== "d" || target !== "b"))).toBeUndefined();
});

test.each(["index.ts", "plot/index.ts", "inspect/index.ts", "play/index.ts", "io/onnx/index.ts"])(
  "no node: import is reachable from src/%s",
  (entry) => {
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
    visit(join(source, entry));
    expect(seen.size).toBeGreaterThan(2);
    expect(wrong).toEqual([]);
  },
);

test("node: imports of src stand only where Node is: entry, native engine, MPI, *.node.ts", () => {
  const wrong = files.filter((file) => {
    const name = relative(source, file);
    if (/^(node\.ts|(engine[/\\]native|distributed)[/\\])/.test(name) || name.endsWith(".node.ts")) return false;
    return importsOf(file).some(({ specifier }) => specifier.startsWith("node:"));
  });
  expect(wrong.map((file) => relative(source, file))).toEqual([]);
});
