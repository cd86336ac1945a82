// What is published, tried as its users will: types by the compilers they have, programs by the runtimes and bundlers they have.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import ts from "typescript";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { allEntries } from "../../book/library.ts";
import * as entry from "../../src/index.ts";
import * as onnxNodeEntry from "../../src/io/onnx/index.node.ts";
import * as onnxEntry from "../../src/io/onnx/index.ts";
import * as nodeEntry from "../../src/node.ts";
import { executable, launch, whyNot } from "../browser/chromium.ts";
import { serve } from "../browser/serve.ts";
import { blocksOf, needsNode, programsOf } from "../docs/pages.ts";
import { EXPECTED } from "./program.ts";
import { type Outcome, openWorkshop, root, runFile, tool, type Workshop } from "./workshop.ts";

// Compilers and bundlers of others take long where the machine is busy.
vi.setConfig({ testTimeout: 180_000 });

let workshop: Workshop;

beforeAll(() => {
  workshop = openWorkshop();
}, 600_000);
afterAll(() => workshop?.remove());

/** The newest Node, which continuous integration has. */
const otherNode = process.env["NABLA_OTHER_NODE"];

const readme = programsOf(root, "README.md").map(({ code }) => code);
/** The books' pages show parts of programs, too: those that import the package are whole. */
const books = readdirSync(join(root, "docs/en"))
  .filter((name) => name.endsWith(".md"))
  .flatMap((name) => blocksOf(root, `docs/en/${name}`))
  .filter((code) => /^import .* from "nabla/m.test(code));
const guide = readdirSync(join(root, "docs/en/guide")).flatMap((name) => programsOf(root, `docs/en/guide/${name}`));
const program = readFileSync(join(root, "test/package/program.ts"), "utf8");

function javascript(code: string): string {
  const compilerOptions = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: false };
  return ts.transpileModule(code, { compilerOptions }).outputText;
}

/** Prints what `compute` gives. Without await, so that it becomes CommonJS too. */
const MAIN = `import { compute } from "./program.js"; compute().then((result) => console.log(JSON.stringify(result)));\n`;

/** The program ran as it should, and without a word on standard error. */
function expectComputed(outcome: Outcome): void {
  expect(outcome).toMatchObject({ status: 0, stderr: "" });
  expect(JSON.parse(outcome.stdout)).toEqual(EXPECTED);
}

describe("the tarball", () => {
  test("holds the bundles with their parts, declarations, licences, and nothing else", () => {
    const { files } = workshop;
    expect(files).toEqual(expect.arrayContaining(["LICENSE", "README.md", "dist/THIRD-PARTY-LICENSES.txt"]));
    expect(files.filter((file) => /\.map$|\.tsbuildinfo$|(^|\/)\./.test(file))).toEqual([]);
    expect(new Set(files.map((file) => file.split("/")[0]))).toEqual(
      new Set(["LICENSE", "README.md", "bench", "book", "dist", "docs", "package.json", "src"]),
    );
    // What the entries load, and what that loads. A comment may name a file that is not there.
    const needed = new Set<string>();
    const visit = (file: string): void => {
      if (needed.has(file) || !files.includes(file)) return;
      needed.add(file);
      const text = readFileSync(join(workshop.folder, "node_modules/nabla", file), "utf8");
      for (const [, name] of text.matchAll(/(?:from |import\(|import )"(\.[\w./-]+\.js)"/g)) {
        visit(posix.join(posix.dirname(file), name));
      }
    };
    const { bin, exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    const entries = JSON.stringify([bin, exports]).matchAll(/"(?:\.\/)?([^"]+\.js)"/g);
    for (const [, entry] of entries) visit(entry);
    expect([...needed]).toEqual(
      expect.arrayContaining(
        ["index", "node", "plot", "inspect", "inspect-node", "onnx", "onnx-node", "play", "play-node", "cli/main"].map(
          (name) => `dist/${name}.js`,
        ),
      ),
    );
    // The studio is an application of its own, whose page loads its parts.
    const ours = files.filter((file) => file.endsWith(".js") && !file.startsWith("dist/studio/"));
    expect(ours.sort()).toEqual([...needed].sort());
    expect(files).toEqual(expect.arrayContaining(["dist/studio/index.html", "dist/studio/THIRD-PARTY-LICENSES.txt"]));
  });

  test("names the licence of every package whose code is in it", () => {
    const installed = join(workshop.folder, "node_modules/nabla");
    const bundles = workshop.files
      .filter((file) => file.endsWith(".js"))
      .map((file) => readFileSync(join(installed, file), "utf8"));
    const origins = bundles.flatMap((text) => [
      ...text.matchAll(/^\s*\/\/#region node_modules\/((?:@[\w.-]+\/)?[\w.-]+)/gm),
    ]);
    const text = readFileSync(join(installed, "dist/THIRD-PARTY-LICENSES.txt"), "utf8");
    const licences = new Map(
      [...text.matchAll(/^=+\n\n(\S+) [\d.]+ \((.+)\)$/gm)].map(([, name, licence]) => [name, licence]),
    );
    expect([...licences.keys()]).toEqual([...new Set(origins.map(([, name]) => name))].sort());
    expect(Object.fromEntries(licences)).toMatchObject({ commander: "MIT", echarts: "Apache-2.0", fflate: "MIT" });
    expect(text).toContain("Apache ECharts\nCopyright");
  });

  test("holds what its pages link to, but for the guide's figures", () => {
    const { files } = workshop;
    const pages = files.filter((file) => file.endsWith(".md"));
    const there = (path: string): boolean => files.some((file) => file === path || file.startsWith(`${path}/`));
    const broken = pages.flatMap((page) => {
      const text = readFileSync(join(workshop.folder, "node_modules/nabla", page), "utf8");
      const links = [...text.matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].map(([, link]) => link);
      const targets = links.map((link) => posix.join(posix.dirname(page), link));
      return targets
        .filter((path) => !path.startsWith("docs/figures/") && !there(path))
        .map((path) => `${page}: ${path}`);
    });
    expect(pages.length).toBeGreaterThan(40);
    expect(broken).toEqual([]);
  });

  test("has entries whose types and code lead where the package says (Are the types wrong?)", (context) => {
    const attw = tool("@arethetypeswrong/cli/dist/index.js");
    if (attw === undefined) return context.skip("@arethetypeswrong/cli can't be had");
    const { status, stdout } = runFile(attw, ["--profile", "esm-only", workshop.tarball], workshop.folder);
    expect(status, stdout).toBe(0);
  });

  test("has a sound package.json (publint)", (context) => {
    const publint = tool("publint/src/cli.js");
    if (publint === undefined) return context.skip("publint can't be had");
    const { status, stdout } = runFile(publint, ["run", workshop.tarball, "--strict"], workshop.folder);
    expect(status, stdout).toBe(0);
    expect(stdout).toContain("All good!");
  });
});

// What a strict project has on, and what it checks of the packages it uses.
const STRICT = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noPropertyAccessFromIndexSignature: true,
  verbatimModuleSyntax: true,
  isolatedModules: true,
  skipLibCheck: false,
  noEmit: true,
  target: "es2022",
};

const ONE_TENSOR = `import type { Tensor as Browsers } from "nabla/browser";
import { cacheFolder, tensor, type Tensor } from "nabla/node";
const x: Browsers = tensor([1]);
export const y: Tensor = x.add(1).get(0);
export const text: string = cacheFolder();
`;
const NODES = `import { mnist, type TrainAndTest } from "nabla";
export const load: () => Promise<TrainAndTest> = () => mnist();
`;
const BROWSERS = `import * as nabla from "nabla";
// @ts-expect-error: files are Node's.
export const none = nabla.readImageFile;
`;

interface Settings {
  resolution: "nodenext" | "bundler";
  condition?: "browser" | "node";
  /** Packages below @types. Node's stand for the browser's types where there are any. */
  types: readonly "node"[];
}

const PROJECTS: Record<string, Settings> = {
  "nodenext, with @types/node": { resolution: "nodenext", types: ["node"] },
  "nodenext, without": { resolution: "nodenext", types: [] },
  bundler: { resolution: "bundler", types: [] },
  "bundler for browsers": { resolution: "bundler", condition: "browser", types: [] },
  "bundler for Node, with @types/node": { resolution: "bundler", condition: "node", types: ["node"] },
};
// The last two resolve as two others do. The newest compiler is fast; the others, written in JavaScript, take seconds for each.
const SOME = Object.keys(PROJECTS).slice(0, 3);

function configuration({ resolution, condition, types }: Settings): object {
  const compilerOptions = {
    ...STRICT,
    module: resolution === "nodenext" ? "nodenext" : "esnext",
    moduleResolution: resolution,
    ...(condition && { customConditions: [condition] }),
    types,
    lib: types.length > 0 ? ["es2022"] : ["es2022", "dom"],
  };
  return { compilerOptions };
}

/** What only Node's builds export: functions of files. */
const FILE_FUNCTIONS = [
  [nodeEntry, entry],
  [onnxNodeEntry, onnxEntry],
].flatMap(([node, everywhere]) => Object.keys(node!).filter((name) => !(name in everywhere!)));

function usesFiles(code: string): boolean {
  const imported = [...code.matchAll(/import \{([^}]*)\} from "nabla(?:\/onnx)?"/g)].flatMap(([, names]) =>
    names!.split(/[\s,]+/),
  );
  return imported.some((name) => FILE_FUNCTIONS.includes(name));
}

describe.each([
  ["typescript-5.6", SOME],
  ["typescript-6", SOME],
  ["typescript-newest", Object.keys(PROJECTS)],
])("a strict project type-checks by %s", (version, names) => {
  test.for(names)("%s", (name, context) => {
    const compiler = tool(`${version}/bin/tsc`);
    if (compiler === undefined) return context.skip(`${version} can't be had`);
    const settings = PROJECTS[name];
    const isNodes = settings.resolution === "nodenext" || settings.condition === "node";
    const hasNode = settings.types.length > 0;
    const pages = guide
      .filter((each) => (hasNode || !needsNode(each)) && (isNodes || !usesFiles(each.code)))
      .map(({ code }) => code);
    const contents = {
      ...Object.fromEntries([...readme, ...books, ...pages].map((code, i) => [`example-${i}.ts`, code])),
      "program.ts": program,
      "one-tensor.ts": ONE_TENSOR,
      "own.ts": isNodes ? NODES : BROWSERS,
      "tsconfig.json": configuration(settings),
    };
    const project = workshop.project(`${version}, ${name}`.replaceAll("/", " "), contents, settings.types);
    const { status, stdout } = runFile(process.execPath, [compiler, "--project", project], project);
    expect(stdout).toBe("");
    expect(status).toBe(0);
  });
});

describe("the command line of a project that has installed it", () => {
  const command = (args: readonly string[]): Outcome => {
    const bin = join(workshop.folder, "node_modules/nabla/dist/cli/main.js");
    return runFile(bin, args, workshop.folder);
  };

  test("names files of the books where the project finds them", () => {
    const { status, stdout } = command(["book", "show", "zero/1-and"]);
    expect(status).toBe(0);
    const named = [...stdout.matchAll(/^ {2}(\S+\.(?:ts|md))$/gm)].map(([, file]) => file);
    expect(named).toContain(join("node_modules/nabla/docs/en/zero-1.md"));
    for (const file of named) expect(existsSync(join(workshop.folder, file)), file).toBe(true);
  });

  test("has the programs and pages of every experiment", () => {
    const named = allEntries().flatMap(({ chapter, experiment }) => {
      return [...experiment.read, `docs/en/${chapter.guide}.md`, `docs/zh/${chapter.guide}.md`];
    });
    expect(named.length).toBeGreaterThan(300);
    expect(named.filter((file) => !workshop.files.includes(file))).toEqual([]);
  });

  test("runs an experiment, and trains", () => {
    expect(command(["book", "run", "zero/1-and"]).stdout).toContain("reproduced");
    const options = ["--dataset", "digits", "--epochs", "1", "--hidden", "10", "--out", "run"];
    const { status, stderr } = command(["train", ...options]);
    expect(status, stderr).toBe(0);
    expect(existsSync(join(workshop.folder, "run/report.html"))).toBe(true);
  });
});

describe("programs", () => {
  const nodes = [process.execPath, ...(otherNode && existsSync(otherNode) ? [otherNode] : [])];
  let folder: string;
  beforeAll(() => {
    folder = workshop.project("programs", {
      "program.js": javascript(program),
      "main.js": MAIN,
      "main.cjs": `const { compute } = require("./program.js"); compute().then((result) => console.log(JSON.stringify(result)));\n`,
      "require.cjs": `const nabla = require("nabla"); const { renderSvg } = require("nabla/plot");
        const { filters } = require("nabla/inspect");
        const { exportOnnx, saveOnnx } = require("nabla/onnx");
        const seen = filters(nabla.network3()).filters.length;
        const bytes = exportOnnx(nabla.network3({ seed: 1 })).length > 1000;
        console.log(JSON.stringify([nabla.tensor([1, 2]).add(1).toArray(), typeof nabla.readImageFile, typeof renderSvg, seen, bytes, typeof saveOnnx]));\n`,
      ...Object.fromEntries(readme.map((code, i) => [`readme-${i}.mjs`, code])),
    });
  });

  describe.each(nodes)("by %s", (node) => {
    test("import", () => expectComputed(runFile(node, ["main.js"], folder)));

    test("require", () => {
      const { stdout, ...outcome } = runFile(node, ["require.cjs"], folder);
      expect(outcome).toEqual({ status: 0, stderr: "" });
      expect(JSON.parse(stdout)).toEqual([[2, 3], "function", "function", 20, true, "function"]);
      expectComputed(runFile(node, ["main.cjs"], folder));
    });

    test("README's examples, as JavaScript", () => {
      const [first, second] = readme.map((_, i) => runFile(node, [`readme-${i}.mjs`], folder));
      expect(first).toMatchObject({ status: 0, stderr: "" });
      expect(Number(/^accuracy (.*)$/m.exec(first.stdout)?.[1])).toBeGreaterThan(0.9);
      expect(second).toEqual({ status: 0, stderr: "", stdout: "[ 2, 4, 6 ]\n-600\n" });
    });

    test.for(["cjs", "esm"])("bundled by esbuild: %s", (format, context) => {
      const esbuild = tool("esbuild/bin/esbuild");
      if (esbuild === undefined) return context.skip("esbuild can't be had");
      const out = join(folder, `bundle.${format === "cjs" ? "cjs" : "mjs"}`);
      const args = [
        "main.js",
        "--bundle",
        "--platform=node",
        `--format=${format}`,
        `--outfile=${out}`,
        "--log-level=warning",
      ];
      expect(runFile(esbuild, args, folder)).toEqual({ status: 0, stdout: "", stderr: "" });
      expectComputed(runFile(node, [out], folder));
    });
  });

  test("by Bun", (context) => {
    const bun = tool("bun/bin/bun.exe");
    if (bun === undefined) return context.skip("bun can't be had");
    expectComputed(runFile(bun, ["main.js"], folder));
  });

  test("by Deno, which allows nothing but to run", (context) => {
    const deno = tool("deno/deno");
    if (deno === undefined) return context.skip("deno can't be had");
    expectComputed(runFile(deno, ["run", "--no-prompt", "main.js"], folder));
  });

  test(`built by Vite, in Chromium${whyNot}`, async (context) => {
    const vite = tool("vite/bin/vite.js");
    if (vite === undefined || executable === undefined) return context.skip("vite or Chromium can't be had");
    const page = `import { compute } from "./program.js"; compute().then((result) => { window.result = result; });\n`;
    const project = workshop.project("page", {
      "index.html": `<!doctype html><title>page</title><script type="module" src="/page.js"></script>`,
      "page.js": page,
      "program.js": javascript(program),
    });
    const built = runFile(process.execPath, [vite, "build", "--base=./", "--logLevel=warn"], project);
    expect(built.status, built.stderr).toBe(0);
    const [server, browser] = [await serve(join(project, "dist")), await launch()];
    try {
      for (const path of ["", "/isolated"]) {
        const tab = await browser.newPage();
        const problems: string[] = [];
        tab.on("pageerror", (error) => problems.push(error.message));
        await tab.goto(`${server.address}${path}/index.html`);
        const result = await tab.waitForFunction("window.result").then((handle) => handle.jsonValue());
        expect(problems).toEqual([]);
        expect(result).toEqual(EXPECTED);
      }
    } finally {
      await browser.close();
      server.close();
    }
  });
});
