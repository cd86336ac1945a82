// The licences of the packages whose code goes into the bundles: their texts must travel with the code, in THIRD-PARTY-LICENSES.txt beside it.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Rolldown } from "tsdown";

const NAME = "THIRD-PARTY-LICENSES.txt";
const RULE = "=".repeat(100);

/** The folder of the package that a module belongs to; undefined for a module of our own. */
function packageOf(module: string): string | undefined {
  return /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(module.replaceAll("\\", "/"))?.[0];
}

/** The texts of a package that must be passed on: licences and notices, also those that lie in a folder of their own. */
function textsOf(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => /licen[cs]e|notice|copying/i.test(name))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? textsOf(path) : [readFileSync(path, "utf8").trim()];
    });
}

/** Name, version, licence and texts of a package. Throws an Error if it has no text. */
function entryOf(folder: string): { name: string; text: string } {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const texts = textsOf(folder);
  if (texts.length === 0)
    throw new Error(`${name} ${version} (${license}) is bundled, but has no licence text in ${folder}`);
  return { name, text: [`${name} ${version} (${license})`, ...texts].join("\n\n") };
}

/** A plugin for all bundles of a build: whichever is written last has seen the modules of all. */
export function collectLicences(): Rolldown.Plugin {
  const folders = new Set<string>();
  return {
    name: "licences",
    generateBundle(_, bundle) {
      const modules = Object.values(bundle).flatMap((part) => (part.type === "chunk" ? part.moduleIds : []));
      for (const folder of modules.map(packageOf)) if (folder !== undefined) folders.add(folder);
    },
    writeBundle({ dir }) {
      const entries = [...folders].map(entryOf).sort((a, b) => (a.name < b.name ? -1 : 1));
      const intro = "Nabla's bundles contain code of the following packages.";
      writeFileSync(join(dir!, NAME), `${[intro, ...entries.map(({ text }) => text)].join(`\n\n${RULE}\n\n`)}\n`);
    },
  };
}
