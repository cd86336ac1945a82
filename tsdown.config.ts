import { fileURLToPath } from "node:url";
import { esmExternalRequirePlugin } from "rolldown/plugins";
import { defineConfig } from "tsdown";
import { collectLicences } from "./scripts/licences.ts";
import { BROWSER_WORKER } from "./src/engine/platform.ts";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

// Without it ECharts carries its developers' assertions along, and runs them.
const define = { "process.env.NODE_ENV": '"production"' };

const licences = collectLicences();

/** The program of a browser's workers as a file of its own, for pages that forbid workers from blobs. */
const worker = {
  name: "worker",
  generateBundle(this: { emitFile(file: { type: "asset"; fileName: string; source: string }): string }): void {
    this.emitFile({ type: "asset", fileName: "worker.js", source: BROWSER_WORKER });
    this.emitFile({ type: "asset", fileName: "worker.d.ts", source: "export {};\n" });
  },
};

/** Which of our files a line is of says nothing to a page that loads it; that some are another package's, their licence's check reads. */
const withoutRegions = {
  name: "without-regions",
  generateBundle(_options: unknown, bundle: Record<string, { type: string; code?: string }>): void {
    for (const file of Object.values(bundle)) {
      if (file.code !== undefined)
        file.code = file.code.replaceAll(/^\/\/#(region (?!node_modules)|endregion).*\n/gm, "");
    }
  },
};

// Two bundles: the library for every JavaScript engine, and the one for Node with the command line beside it. What the command line needs
// from other packages is bundled in, so that installing Nabla installs nothing else. Type declarations are tsconfig.declarations.json's.
export default defineConfig([
  {
    entry: {
      index: "src/index.ts",
      plot: "src/plot/index.ts",
      inspect: "src/inspect/index.ts",
      onnx: "src/io/onnx/index.ts",
      play: "src/play/index.ts",
    },
    platform: "neutral",
    target: "es2022",
    dts: false,
    clean: false,
    minify: false,
    outExtensions: () => ({ js: ".js" }),
    define,
    plugins: [licences, worker, withoutRegions],
    // "module" before "import": what a package made for bundlers, not its wrapper for Node (tslib's does not even start in a browser's bundle).
    inputOptions: { resolve: { conditionNames: ["module", "import", "default"] } },
    // Docstrings are read in the declarations; in a file that pages load they would be a fifth of it, compressed.
    outputOptions: { comments: { jsdoc: false } },
  },
  {
    // What looks inside models, and what exchanges them, has to know Node's tensors and models: it shares their code with this library.
    entry: {
      ...{ node: "src/node.ts", "inspect-node": "src/inspect/index.ts", "onnx-node": "src/io/onnx/index.node.ts" },
      "play-node": "src/play/index.node.ts",
      "cli/main": "cli/main.ts",
    },
    platform: "node",
    target: "node20",
    dts: false,
    clean: false,
    outExtensions: () => ({ js: ".js" }),
    // The library is one file: each of many costs a tenth of a millisecond to be found and opened, and commands share nearly all of it.
    outputOptions: {
      // Docstrings are read in the declarations.
      comments: { jsdoc: false },
      codeSplitting: { groups: [{ name: "library", test: /[\\/]src[\\/](?!plot|inspect|play|io[\\/]onnx)/ }] },
    },
    define,
    // The book imports the package by its name, as its readers do.
    alias: {
      "nabla/inspect": here("src/inspect/index.ts"),
      "nabla/onnx": here("src/io/onnx/index.node.ts"),
      "nabla/play": here("src/play/index.node.ts"),
      "nabla/plot": here("src/plot/index.ts"),
      nabla: here("src/node.ts"),
    },
    // `require("node:...")` in a bundled package becomes an import: a call of createRequire(import.meta.url) for it, beside the library, would
    // end whoever bundles it into CommonJS, where there is no import.meta.
    plugins: [licences, esmExternalRequirePlugin({ external: [/^node:/] })],
    deps: { neverBundle: ["@resvg/resvg-js", "koffi"] },
  },
]);
