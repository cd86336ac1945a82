import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig, type TestProjectInlineConfiguration } from "vitest/config";

const report = process.env["NABLA_TEST_REPORT"];

const root = fileURLToPath(new URL(".", import.meta.url));
const here = (path: string): string => `${root}${path}`;

const tests = ["src", "book", "cli", "test"].flatMap((folder) =>
  readdirSync(here(folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".test.ts"))
    .map((name) => `${folder}/${name.replaceAll("\\", "/")}`),
);

/** What proves an engine right: the oracle, the gradient checks and the properties. Run once more for each engine beside the default. */
const numbers = [
  ...["golden", "gradients", "properties", "special-points", "numbers", "empty"].map((name) => `ops/${name}`),
  ...["activations", "attention", "convolution", "indexing", "normalisation", "random"].map((name) => `ops/${name}`),
  ...["pooling", "pooling-options", "shape", "statistics"].map((name) => `ops/${name}`),
  ...["losses/losses", "recurrent/recurrent", "trees/tree-rnn", "trees/trees"].map((name) => `ops/${name}`),
  ...["autograd/jvp", "nn/layers/sequences", "optim/optimizer"],
  ...["engine/recording", "train/replay", "train/burst"],
].map((name) => `src/${name}.test.ts`);
for (const file of numbers) if (!tests.includes(file)) throw new Error(`vitest.config.ts names ${file}, which is gone`);

/**
 * Words of a test that changes or measures what all of a process share: the engine and its memory, the environment, listeners, generators. Such a
 * file has a process of its own; the others follow each other in one, which reads the package once.
 */
const OWN_PROCESS =
  /device\.ts"|configureEngine|startEngine|setPlatform|onEngineWarning|memory\(|peakBytes|engineStatus|registerLayer|seed\(|\bvi\.|process\.(env|on|once|emit|chdir|exit|std)/;

function projects(
  name: string,
  files: readonly string[],
  env: Record<string, string>,
): TestProjectInlineConfiguration[] {
  const own = files.filter((file) => OWN_PROCESS.test(readFileSync(here(file), "utf8")));
  const shared = files.filter((file) => !own.includes(file));
  return [
    { extends: true, test: { name, include: shared, env, isolate: false } },
    { extends: true, test: { name: `${name}, each in its process`, include: own, env } },
  ];
}

export default defineConfig({
  // The book imports the package by its name, as its readers do.
  resolve: {
    alias: {
      "nabla/inspect": here("src/inspect/index.ts"),
      "nabla/onnx": here("src/io/onnx/index.node.ts"),
      "nabla/play": here("src/play/index.node.ts"),
      "nabla/plot": here("src/plot/index.ts"),
      nabla: here("src/node.ts"),
    },
  },
  test: {
    globalSetup: ["test/setup.ts"],
    setupFiles: ["test/properties.ts"],
    // How long something may take before it counts as never coming: long, for a machine may be slow and busy. Timings are bench/'s.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 120_000 } },
    pool: "forks",
    maxWorkers: 2,
    reporters: report ? ["default", "json"] : ["default"],
    ...(report && { outputFile: { json: report } }),
    projects: [
      ...projects("nabla", tests, {}),
      ...projects("one thread", numbers, { NABLA_THREADS: "1" }),
      ...projects("native", numbers, { NABLA_ENGINE: "auto" }),
    ],
  },
});
