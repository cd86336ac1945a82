// A run as a program: what `nabla studio` writes down of a run trains to the run's own numbers, bit by bit.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { StudioRuns } from "../../cli/studio/runs.ts";
import { drawDigits } from "../../src/data/digits.ts";
import { writeIdx } from "../../src/data/idx.ts";
import { readSafetensors } from "../../src/io/safetensors.ts";
import { nabla, temporaryFolder } from "../cli/run.ts";
import { runProgram } from "./programs.ts";

const folder = temporaryFolder();
const at = (name: string): string => join(folder, name);

mkdirSync(at("data"));
for (const [part, count] of [
  ["train", 300],
  ["t10k", 100],
] as const) {
  const set = drawDigits(count, 1);
  const images = writeIdx({ type: "uint8", shape: [count, 28, 28], data: set.images });
  writeFileSync(at(`data/${part}-images-idx3-ubyte`), images);
  writeFileSync(at(`data/${part}-labels-idx1-ubyte`), writeIdx({ type: "uint8", shape: [count], data: set.labels }));
}
const kinds = ["few", "some", "many"];
const rows = Array.from({ length: 90 }, (_, i) => {
  const size = (i * 37) % 90;
  return [size, ["red", "blue"][i % 2], Math.sin(i).toFixed(3), kinds[Math.floor(size / 30)]].join(",");
});
writeFileSync(at("table.csv"), ["size,colour,wave,kind", ...rows].join("\n"));
writeFileSync(at("text.txt"), "the cat sat on the mat, and the dog sat on the cat.\r\n".repeat(60));
const poems = Array.from({ length: 30 }, (_, i) => ({
  title: `${i}`,
  paragraphs: ["床前明月光，疑是地上霜。", `举头望明月，低头思故乡。${i}`],
}));
writeFileSync(at("poems.json"), JSON.stringify({ all: poems }));

mkdirSync(at("bank"));
const trees = [
  "(3 (2 a) (4 (3 good) (2 film)))",
  "(1 (2 a) (0 (1 bad) (2 film)))",
  "(4 (3 good) (3 fun))",
  "(0 (1 bad) (2 show))",
];
for (const part of ["train", "dev", "test"]) writeFileSync(at(`bank/${part}.txt`), `${trees.join("\n")}\n`);

const weights = (file: string) => {
  const { tensors } = readSafetensors(readFileSync(file));
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, Array.from(tensor.dataSync())]));
};

describe("a run's program trains to the same bits", () => {
  test.each([
    ["digits that Nabla draws", ["train", "--dataset", "digits", "--hidden", "12", "--l2", "2", "--epochs", "1"]],
    [
      "two layers with dropout, a part for validation, a seed",
      [
        "train",
        "--dataset",
        "data",
        "--hidden",
        "12,9",
        "--dropout",
        "0.2",
        "--split",
        "250",
        "--seed",
        "7",
        "--epochs",
        "2",
      ],
    ],
    [
      "a line of layers, Adam, several batches an update",
      [
        ...["train", "--dataset", "data", "--layers", "conv 4 5x5, pool 2, batchnorm, dense 12 tanh, dropout 0.1"],
        ...["--optimizer", "adam", "--loss", "softmax", "--accumulate", "2", "--batch", "20", "--epochs", "2"],
      ],
    ],
    ["a network by name", ["train", "--dataset", "data", "--model", "lenet5", "--loss", "softmax", "--epochs", "1"]],
    ["starting weights by name", ["train", "--dataset", "data", "--hidden", "8", "--init", "scaled", "--epochs", "1"]],
    ["a table", ["train", "--dataset", "table.csv", "--hidden", "6", "--epochs", "3"]],
    [
      "a text",
      [
        ...["text", "train", "text.txt", "--hidden", "12", "--layers", "2", "--dropout", "0.2", "--batch", "4"],
        ...["--steps", "10", "--epochs", "2"],
      ],
    ],
    [
      "poems, in GRU cells",
      [
        "text",
        "train",
        "poems.json",
        "--cell",
        "gru",
        "--hidden",
        "8",
        "--batch",
        "4",
        "--steps",
        "10",
        "--epochs",
        "1",
        "--split",
        "0",
        "--schedule",
        "constant",
      ],
    ],
    [
      "trees",
      ["tree", "train", "--data", "bank", "--kind", "rnn", "--width", "6", "--epochs", "3", "--parser-epochs", "0"],
    ],
  ])("%s", async (what, words) => {
    const name = what.replace(/\W+/g, "-");
    const { status, stderr } = nabla(folder, [...words, "--out", name, "--threads", "1"]);
    expect(status, stderr).toBe(0);
    const runs = new StudioRuns([at(name)], "");
    const [key] = [...runs.folders().keys()];
    expect((await runs.state(key))?.program).toBe(true);
    const place = at(`${name}-again`);
    mkdirSync(place);
    const program = await runs.program(key);
    const texts = program.kind === "file" ? { "main.ts": program.text } : program.texts;
    for (const [file, text] of Object.entries(texts)) {
      mkdirSync(dirname(join(place, file)), { recursive: true });
      writeFileSync(join(place, file), text);
    }
    runProgram(place, "main.ts");
    expect(weights(join(place, "model.safetensors"))).toEqual(weights(at(`${name}/model.safetensors`)));
  });

  test("what is no run of ours has none", async () => {
    const run = nabla(folder, ["book", "run", "nndl/1.3-sigmoid", "--out", "gates"]);
    expect(run.status, run.stderr).toBe(0);
    const runs = new StudioRuns([at("gates")], "");
    const [key] = [...runs.folders().keys()];
    expect((await runs.state(key))?.program).toBe(false);
    await expect(runs.program(key)).rejects.toThrow("is not a run of nabla train");
  });
});
