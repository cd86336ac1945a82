import { fileURLToPath } from "node:url";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig, type Plugin } from "vite";
import { collectLicences } from "../scripts/licences.ts";
import { guidePages } from "../scripts/studio/guide-plugin.ts";
import { serviceWorker } from "../scripts/studio/offline-plugin.ts";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Shared memory, and threads with it, are allowed on pages that are sent with these. */
const isolation = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
};

/** KaTeX's style sheet names each font in three formats; every browser that runs the kernels reads the first, woff2. */
const woff2Only: Plugin = {
  name: "woff2 only",
  enforce: "pre",
  transform(code, id) {
    if (!id.includes("katex") || !/\.css(\?|$)/.test(id)) return null;
    return code.replace(/,\s*url\([^)]+\.(?:woff|ttf)\)\s*format\("(?:woff|truetype)"\)/g, "");
  },
};

/** What an experiment that reads and writes files loads when it is run: never in a page, which says so instead. */
const FILES = ["node:fs/promises", "node:os", "node:path"];

const licences = collectLicences() as unknown as Plugin;

export default defineConfig({
  root: here("."),
  // Addresses are relative: the build works below any path.
  base: "./",
  plugins: [
    svelte({ configFile: false }),
    woff2Only,
    licences,
    guidePages(here("..").replace(/\/$/, "")),
    serviceWorker(here("src/offline/service-worker.ts")),
  ],
  resolve: {
    alias: [
      { find: "nabla/inspect", replacement: here("../src/inspect/index.ts") },
      { find: "nabla/onnx", replacement: here("../src/io/onnx/index.ts") },
      { find: "nabla/plot", replacement: here("../src/plot/index.ts") },
      { find: "nabla/play", replacement: here("../src/play/index.ts") },
      { find: /^nabla$/, replacement: here("src/library.ts") },
      // Where book/corpora.ts finds its texts: beside the page, not in folders.
      { find: /^\.\/text-files\.ts$/, replacement: here("src/text-files.ts") },
    ],
  },
  worker: { format: "es", rolldownOptions: { external: FILES } },
  build: {
    outDir: here("../dist/studio"),
    emptyOutDir: true,
    target: "es2022",
    chunkSizeWarningLimit: 2000,
    rolldownOptions: { external: FILES, checks: { pluginTimings: false } },
  },
  server: { headers: isolation, fs: { allow: [here("..")] } },
  preview: { headers: isolation },
});
