// service-worker.js, with the names of all files of the build and a version that follows from their contents; the page names the same version.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Plugin, ResolvedConfig } from "vite";

const NAME = "service-worker.js";

/** `entry`: the worker's source, which imports nothing. */
export function serviceWorker(entry: string): Plugin {
  let config: ResolvedConfig;
  return {
    name: "service worker",
    apply: "build",
    configResolved(resolved) {
      config = resolved;
    },
    buildStart() {
      this.emitFile({ type: "chunk", id: entry, fileName: NAME });
    },
    generateBundle: {
      order: "post",
      handler(_, bundle) {
        const hash = createHash("sha256");
        const names = Object.keys(bundle).filter((name) => name !== NAME && !name.endsWith(".map"));
        for (const name of names.sort()) {
          const part = bundle[name];
          hash.update(`${name}\n`).update(part.type === "chunk" ? part.code : part.source);
        }
        const publicFiles = readdirSync(config.publicDir).sort();
        for (const name of publicFiles) hash.update(`${name}\n`).update(readFileSync(join(config.publicDir, name)));
        const worker = bundle[NAME];
        const page = bundle["index.html"];
        if (worker?.type !== "chunk" || page?.type !== "asset") throw new Error("the build has no page or no worker");
        if (worker.imports.length > 0) throw new Error(`${NAME} imports ${worker.imports.join(", ")}`);
        hash.update(worker.code);
        const version = hash.digest("hex").slice(0, 16);
        const build = { version, files: [...names, ...publicFiles] };
        worker.code = `const BUILD=${JSON.stringify(build)};\n${worker.code}`;
        page.source = String(page.source).replace("<title>", `<meta name="build" content="${version}" />\n    <title>`);
      },
    },
  };
}
