import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const report = process.env["NABLA_TEST_REPORT"];

/** What proves an engine right: the oracle, the gradient checks and the properties. Run once more for each engine beside the default. */
const numbers = [
  "src/ops/{golden,gradients,properties,activations,random,convolution,pooling,pooling-options,normalisation,recursive,indexing,shape}.test.ts",
  "src/ops/{special-points,numbers,empty,attention,statistics,recurrent/recurrent}.test.ts",
  "src/{nn/layers/sequences,autograd/jvp}.test.ts",
  "src/ops/losses/losses.test.ts",
  "src/optim/optimizer.test.ts",
  "src/{engine/recording,train/{replay,burst}}.test.ts",
];

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

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
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: "forks",
    maxWorkers: 2,
    reporters: report ? ["default", "json"] : ["default"],
    ...(report && { outputFile: { json: report } }),
    projects: [
      {
        extends: true,
        test: {
          name: "nabla",
          include: ["src/**/*.test.ts", "test/**/*.test.ts", "book/**/*.test.ts", "cli/**/*.test.ts"],
        },
      },
      { extends: true, test: { name: "one thread", include: numbers, env: { NABLA_THREADS: "1" } } },
      { extends: true, test: { name: "native", include: numbers, env: { NABLA_ENGINE: "auto" } } },
    ],
  },
});
