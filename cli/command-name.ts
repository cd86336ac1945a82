// How the command is called from where one stands, for messages that tell what to type next.
import { existsSync, readFileSync } from "node:fs";
import { basename, delimiter, dirname, join, relative, resolve } from "node:path";

interface Surroundings {
  /** The program that runs: process.argv[1]. */
  readonly program: string;
  readonly folder: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * `nabla` where that is on the path; `npx nabla` under npm, in a project that has it installed, and in Nabla's own checkout; else the
 * program's path.
 */
export function commandName(
  { program, folder, environment }: Surroundings = {
    program: process.argv[1] ?? "nabla",
    folder: process.cwd(),
    environment: process.env,
  },
): string {
  const home = dirname(program);
  const name = basename(program).replace(/\.cmd$/, "");
  const places = (environment["PATH"] ?? "").split(delimiter);
  const ofProject = basename(home) === ".bin";
  if (name === "nabla" && !ofProject && places.includes(home)) return "nabla";
  if (ofProject || environment["npm_execpath"] !== undefined || hasNabla(folder)) return "npx nabla";
  return `node ${relative(folder, program).startsWith("..") ? resolve(program) : relative(folder, program)}`;
}

/** Whether `npx nabla` finds it from a folder: installed there or above, or the folder is Nabla's own. */
function hasNabla(folder: string): boolean {
  for (let at = resolve(folder); ; at = dirname(at)) {
    if (existsSync(join(at, "node_modules/.bin/nabla"))) return true;
    try {
      const { name } = JSON.parse(readFileSync(join(at, "package.json"), "utf8")) as { name?: string };
      if (name === "nabla") return true;
    } catch {
      // No package here.
    }
    if (dirname(at) === at) return false;
  }
}
