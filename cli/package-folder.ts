// Where the package lies: in the checkout, or below somebody's node_modules. Files that the command line names are named from where the user stands.
import { existsSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of the package. */
export function packageFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, "package.json"))) folder = dirname(folder);
  return folder;
}

/** The path of a file of the package, such as `book/zero/fc.ts`, from the current folder. */
export function fromHere(file: string): string {
  return relative(process.cwd(), join(packageFolder(), file));
}
