// The package as its users get it, and their tools. `npm pack` makes it, npm installs it in a fresh folder; compilers, bundlers and runtimes come
// from the registry into node_modules/.cache, where they stay for a week. What the registry or the platform can't give is missing, and who needs it says so.
import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url)).replace(/[/\\]$/, "");

const TOOLS: Readonly<Record<string, string>> = {
  "typescript-5.6": "npm:typescript@5.6",
  "typescript-6": "npm:typescript@6",
  "typescript-newest": "npm:typescript@latest",
  "@types/node": "20",
  "@arethetypeswrong/cli": "latest",
  publint: "latest",
  esbuild: "latest",
  vite: "latest",
  bun: "latest",
  deno: "latest",
};
const toolFolder = join(root, "node_modules/.cache/package-tools");
const A_WEEK = 7 * 24 * 3600 * 1000;

export interface Outcome {
  status: number | null;
  stdout: string;
  stderr: string;
}

/** Runs a program of Node's, or any file, as a user would: without this project's variables. */
export function runFile(file: string, args: readonly string[], cwd: string, timeout = 120_000): Outcome {
  const { NODE_OPTIONS, NABLA_THREADS, NABLA_ENGINE, VITEST, NODE_ENV, ...env } = process.env;
  const options = { cwd, env: { ...env, NO_COLOR: "1" }, encoding: "utf8", timeout } as const;
  const script = /\.(js|mjs|cjs)$/.test(file);
  const result: SpawnSyncReturns<string> = script
    ? spawnSync(process.execPath, [file, ...args], options)
    : spawnSync(file, args, options);
  return { status: result.status, stdout: result.stdout ?? "", stderr: result.stderr ?? String(result.error) };
}

function npm(args: readonly string[], cwd: string, timeout?: number): Outcome {
  const cli = join(dirname(process.execPath), "../lib/node_modules/npm/bin/npm-cli.js");
  const quiet = ["--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"];
  return runFile(existsSync(cli) ? cli : "npm", [...args, ...quiet], cwd, timeout);
}

/** Installs what can be had of the tools. All are optional, so that one that is missing leaves the others. */
function installTools(): void {
  const wanted = JSON.stringify({ private: true, optionalDependencies: TOOLS });
  const list = join(toolFolder, "package.json");
  const current =
    existsSync(list) && readFileSync(list, "utf8") === wanted && Date.now() - statSync(list).mtimeMs < A_WEEK;
  if (current) return;
  rmSync(toolFolder, { recursive: true, force: true });
  mkdirSync(toolFolder, { recursive: true });
  writeFileSync(list, wanted);
  const { status, stderr } = npm(["install", "--no-package-lock", "--fetch-retries=1"], toolFolder, 300_000);
  if (status === 0) return;
  console.warn(`test/package: the registry can't be reached, most cases are skipped (${stderr.trim().split("\n")[0]})`);
  rmSync(list);
}

/** The file of a tool, such as `esbuild/bin/esbuild`; undefined where it can't be had. */
export function tool(path: string): string | undefined {
  const file = join(toolFolder, "node_modules", path);
  return existsSync(file) ? file : undefined;
}

export interface Workshop {
  /** Paths in the tarball, without "package/". */
  files: readonly string[];
  tarball: string;
  /** A folder in which the package is installed. */
  folder: string;
  /** A project below it with these files. `types` are the packages below @types that it has. */
  project(name: string, files: Readonly<Record<string, string | object>>, types?: readonly "node"[]): string;
  remove(): void;
}

/** Packs the package, and installs it. Throws where npm fails. */
export function openWorkshop(): Workshop {
  const folder = mkdtempSync(join(tmpdir(), "nabla-package-"));
  const setup = runFile(join(root, "scripts/setup.mjs"), ["--build", "--declarations"], root, 300_000);
  if (setup.status !== 0) throw new Error(setup.stderr);
  const packed = npm(["pack", "--ignore-scripts", "--json", "--pack-destination", folder], root);
  if (packed.status !== 0) throw new Error(packed.stderr);
  const [{ filename, files }] = JSON.parse(packed.stdout) as [{ filename: string; files: { path: string }[] }];
  const tarball = join(folder, filename);
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
  const installed = npm(["install", tarball, "--offline", "--omit=optional", "--no-package-lock"], folder);
  if (installed.status !== 0) throw new Error(installed.stderr);
  installTools();
  return {
    files: files.map(({ path }) => path),
    tarball,
    folder,
    project(name, contents, types = []) {
      const project = join(folder, name);
      for (const [file, content] of Object.entries({ "package.json": { type: "module" }, ...contents })) {
        mkdirSync(dirname(join(project, file)), { recursive: true });
        writeFileSync(join(project, file), typeof content === "string" ? content : JSON.stringify(content));
      }
      mkdirSync(join(project, "node_modules/@types"), { recursive: true });
      for (const type of types) {
        symlinkSync(
          join(toolFolder, "node_modules/@types", type),
          join(project, "node_modules/@types", type),
          "junction",
        );
      }
      return project;
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
