// `nabla train --layers`: a network in a line is trained, saved, resumed and asked.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { encode } from "fast-png";
import { describe, expect, test } from "vitest";
import { drawDigits } from "../../src/data/digits.ts";
import { writeIdx } from "../../src/data/idx.ts";
import { loadModel } from "../../src/node.ts";
import { nabla, type Outcome, temporaryFolder } from "./run.ts";

const folder = temporaryFolder();
const LINE = "conv 4 5x5, pool 2, conv 6 3x3 same tanh, average 2, batchnorm, dense 12, dropout 0.1";

for (const [set, seed] of [
  ["train", 1],
  ["test", 2],
] as const) {
  const { images, labels, count } = drawDigits(60, seed);
  writeFileSync(
    join(folder, `${set}-images-idx3-ubyte`),
    writeIdx({ type: "uint8", shape: [count, 28, 28], data: images }),
  );
  writeFileSync(join(folder, `${set}-labels-idx1-ubyte`), writeIdx({ type: "uint8", shape: [count], data: labels }));
}

const train = (...words: string[]): Outcome => nabla(folder, ["train", "--threads", "1", "--json", ...words]);
const bytesOf = (run: string) => readFileSync(join(folder, run, "model.safetensors"));

describe("--layers", () => {
  test("a run of two epochs, and one of one that is made longer, end in the same bytes; predict reads them", () => {
    const begun = train("--dataset", ".", "--layers", LINE, "--epochs", "2", "--out", "whole");
    expect(begun.status, begun.stderr).toBe(0);
    expect(begun.json()["network"]).toBe(`${LINE}, dense 10`);
    expect(begun.json()["layers"]).toBeUndefined();
    expect(train("--dataset", ".", "--layers", LINE, "--epochs", "1", "--out", "parts").status).toBe(0);
    const resumed = train("--resume", "parts", "--epochs", "2");
    expect(resumed.status, resumed.stderr).toBe(0);
    expect(bytesOf("parts").equals(bytesOf("whole"))).toBe(true);

    const model = loadModel(bytesOf("whole"));
    expect(model.layers.map(({ type }) => type)).toEqual([
      ...["reshape", "conv2d", "maxPooling2d", "conv2d", "averagePooling2d", "batchNormalization"],
      ...["flatten", "dense", "dropout", "dense"],
    ]);
    expect(model.layers[3].config()).toMatchObject({
      filters: 6,
      kernelSize: [3, 3],
      padding: "same",
      activation: "tanh",
    });
    // 4 (25 + 1), 6 (4 9 + 1), 2 6, (6 6 6 + 1) 12, 13 10
    expect(model.parameterCount).toBe(104 + 222 + 12 + 2604 + 130);

    const data = drawDigits(1, 3).images;
    writeFileSync(join(folder, "picture.png"), encode({ width: 28, height: 28, channels: 1, depth: 8, data }));
    const read = nabla(folder, ["predict", "whole", "picture.png"]);
    expect(read.status, read.stderr).toBe(0);

    const report = readFileSync(join(folder, "whole", "report.html"), "utf8");
    expect(report).toContain(`${LINE}, dense 10`);
    expect(report).toContain("What its filters look for");
    expect(report.replaceAll("&quot;", '"')).toContain(`--layers "${LINE}" --activation relu`);
  });

  test("--model: a network by name is trained, loaded and asked", () => {
    const begun = train("--dataset", ".", "--model", "network3", "--epochs", "1", "--out", "named");
    expect(begun.status, begun.stderr).toBe(0);
    expect(begun.json()["network"]).toBe("network3");
    expect(begun.json()["parameters"]).toBe(85_670);
    expect(loadModel(bytesOf("named")).parameterCount).toBe(85_670);
    const resumed = train("--resume", "named", "--epochs", "2");
    expect(resumed.status, resumed.stderr).toBe(0);
    expect(readFileSync(join(folder, "named", "report.html"), "utf8")).toContain("--model network3 --loss softmax");
  });

  test("--model network3 in the book's other forms", () => {
    const words = ["--hidden", "30,20", "--activation", "tanh", "--dropout", "0.5"];
    const begun = train("--dataset", ".", "--model", "network3", ...words, "--epochs", "1", "--out", "forms");
    expect(begun.status, begun.stderr).toBe(0);
    // 520 + 20,040 + 641 30 + 31 20 + 21 10
    expect(begun.json()["parameters"]).toBe(520 + 20_040 + 641 * 30 + 31 * 20 + 210);
    const types = loadModel(bytesOf("forms")).layers.map(({ type }) => type);
    expect(types[0]).toBe("reshape");
    expect(JSON.stringify(loadModel(bytesOf("forms")).config())).toContain('"rate":0.5,"scaling":"atTest"');
    const resumed = train("--resume", "forms", "--epochs", "2");
    expect(resumed.status, resumed.stderr).toBe(0);
    const report = readFileSync(join(folder, "forms", "report.html"), "utf8");
    expect(report).toContain("--model network3 --hidden 30,20 --activation tanh --loss softmax");
    expect(report).toContain("--dropout 0.5");
  });

  test.each([
    [["--model", "network4"], 2, /must be one of network3.*Did you mean network3\?/s],
    [["--model", "lenet5", "--hidden", "4"], 2, /--hidden and --model exclude each other/],
    [["--model", "lenet5", "--dropout", "0.5"], 2, /--dropout and --model exclude each other/],
    [["--model", "network3", "--init", "he"], 2, /--init and --model exclude each other/],
    [["--model", "network3", "--hidden", "none"], 2, /--hidden none does not go with --model network3/],
    [["--model", "lenet5", "--loss", "quadratic"], 2, /--loss quadratic does not fit --model/],
    [["--model", "alexnet"], 1, /--model alexnet does not fit pictures of 1 x 28 x 28/],
    [["--layers", "conv 4 5x5, pol 2"], 2, /"pol 2": is no layer.*Did you mean pool\?/s],
    [["--layers", "dense 3", "--hidden", "4"], 2, /--hidden and --layers exclude each other/],
    [["--layers", "dense 3, conv 4 3x3"], 1, /conv can't follow a layer that gives rows of numbers/],
    [["--layers", "conv 4 29x29"], 1, /29/],
  ])("%j", (words, status, message) => {
    const result = train("--dataset", ".", "--epochs", "1", "--out", "refused", ...words);
    expect(result.status).toBe(status);
    expect(result.stderr).toMatch(message);
  });
});
