// Makes a checkout ready: installs packages, compiles kernels and, with --build, bundles src/ into dist/. Does only what is out of date, so that
// it can run before every command. --force does everything.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(
    `Nabla needs Node 20.19 or later; this is ${process.version}. Install a newer one from https://nodejs.org`,
  );
  process.exit(1);
}
const force = process.argv.includes("--force");
const say = (line) => process.stderr.write(`${line}\n`);

function run(command, args) {
  // A build is one for use also where tests ask for it, in whose environment Vite would leave out what is for use alone.
  const env = { ...process.env, NODE_ENV: "production" };
  // npm's own command is a script on Windows and needs a shell there.
  const shell = process.platform === "win32";
  const result = spawnSync(command, args, { cwd: root, stdio: ["ignore", 2, 2], shell, env });
  if (result.status !== 0) {
    say(`${command} ${args.join(" ")} failed${result.error ? `: ${result.error.message}` : ""}`);
    process.exit(1);
  }
}

function digest(folders, files) {
  const hash = createHash("sha256");
  const add = (name) => hash.update(name).update(readFileSync(join(root, name)));
  for (const folder of folders) {
    const names = readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.name.endsWith(".test.ts"))
      .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(root.length + 1));
    for (const name of names.sort()) add(name);
  }
  for (const name of files) add(name);
  return hash.digest("hex");
}

function isCurrent(stamp, value) {
  return !force && existsSync(stamp) && readFileSync(stamp, "utf8") === value;
}

const lock = digest([], ["package-lock.json"]);
const installed = join(root, "node_modules/.nabla-lock");
if (!isCurrent(installed, lock) || !existsSync(join(root, "node_modules/assemblyscript"))) {
  say("installing packages");
  // Not `npm ci`: it refuses a lock file that lacks the optional packages of other platforms, which some registries do not carry.
  run("npm", ["install", "--include=dev", "--no-save", "--no-audit", "--no-fund", "--loglevel=error"]);
  writeFileSync(installed, lock);
}

const { oneAtATime } = await import("./one-at-a-time.mjs");
const { replaceBuild } = await import("./replace-build.mjs");
const { buildKernels } = await import("./build-kernels.mjs");
await buildKernels({ force, log: say });

/** Runs `make` with an empty folder if sources have changed since it last did, and puts what it has written there in the place of `folder`. */
function build(folder, sources, kept, make) {
  const stamp = join(folder, ".sources");
  if (isCurrent(stamp, sources)) return;
  // Tests run beside each other, and each asks for a build: whoever waited for another's has it.
  oneAtATime(join(root, "node_modules/.nabla-building"), say);
  if (isCurrent(stamp, sources)) return;
  mkdirSync(folder, { recursive: true });
  const fresh = mkdtempSync(join(folder, ".new-"));
  process.on("exit", () => rmSync(fresh, { recursive: true, force: true }));
  make(fresh);
  replaceBuild(fresh, folder, { kept });
  writeFileSync(stamp, sources);
}

if (process.argv.includes("--build")) {
  const settings = ["package.json", "tsdown.config.ts", "tsconfig.json", "tsconfig.declarations.json"];
  const sources = digest(["src", "book", "cli", "scripts"], settings);
  build(join(root, "dist"), sources, ["types", "studio"], (fresh) => {
    say("building");
    run(process.execPath, ["node_modules/tsdown/dist/run.mjs", "--logLevel", "warn", "--out-dir", fresh]);
  });
  // Declarations take time and only packages need them: `npm run build` asks for them, `npm start` and `npm test` do not.
  if (process.argv.includes("--declarations")) {
    build(join(root, "dist/types"), sources, [], (fresh) => {
      say("declaring types");
      const project = ["--project", "tsconfig.declarations.json", "--outDir", fresh];
      run(process.execPath, ["node_modules/typescript/bin/tsc", ...project]);
    });
  }
}

// What serves the studio, ships it or tests it asks for it; the command line and the library are built without.
if (process.argv.includes("--studio")) {
  const settings = ["package.json", "tsconfig.json", "scripts/setup.mjs", "scripts/licences.ts"];
  const parts = digest(["src", "book", "studio", "docs", "scripts/studio"], settings);
  build(join(root, "dist/studio"), parts, [], (fresh) => {
    say("building the studio");
    run(process.execPath, [
      "node_modules/vite/bin/vite.js",
      "build",
      "studio",
      "--logLevel",
      "warn",
      "--outDir",
      fresh,
    ]);
  });
}
