// `nabla book` as users run it.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { nabla, temporaryFolder } from "./run.ts";

const folder = temporaryFolder();

describe("nabla book", () => {
  test("list names every experiment by source", () => {
    const { status, stdout } = nabla(folder, ["book", "list"]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/zero\/1-and +A perceptron learns AND/);
    const { experiments } = nabla(folder, ["book", "list", "--json"]).json() as { experiments: { id: string }[] };
    expect(experiments.length).toBeGreaterThan(100);
    for (const { id } of experiments) expect(stdout).toContain(id);
    const some = nabla(folder, ["book", "list", "--source", "zero", "--language", "zh"]).stdout;
    expect(some).toContain("感知器学习 AND");
    expect(some).not.toContain("nndl/");
  });

  test("show tells what it is, what the source says and how to run it, in both languages", () => {
    const { status, stdout } = nabla(folder, ["book", "show", "zero/1-and"]);
    expect(status).toBe(0);
    for (const text of [
      "the trained weights: 0.1, 0.2",
      "book/zero/programs/perceptron.ts",
      "main.js book run zero/1-and",
    ]) {
      expect(stdout).toContain(text);
    }
    expect(nabla(folder, ["book", "show", "zero/1-and", "--language", "zh"]).stdout).toContain("训练后的权重");
  });

  test("run compares with the source, draws, and ends with one JSON object", () => {
    const out = join(folder, "and");
    const outcome = nabla(folder, ["book", "run", "zero/1-and", "--out", out, "--json"]);
    expect(outcome.status).toBe(0);
    expect(outcome.json()).toMatchObject({
      id: "zero/1-and",
      verdict: "reproduced",
      reported: { weights: [0.1, 0.2], bias: -0.2 },
      measured: { weights: [0.1, 0.2], bias: -0.2, answers: [1, 0, 0, 0] },
    });
    expect(outcome.json().seconds).toBeTypeOf("number");
    expect(readFileSync(join(out, "zero-1-and-and.svg"), "utf8")).toMatch(/^<svg/);
    expect(readFileSync(join(out, "report.html"), "utf8")).toContain("A perceptron learns AND");
  });

  test("verify keeps its results, and report writes them down", () => {
    const out = join(folder, "verified");
    const verified = nabla(folder, ["book", "verify", "zero/1-and", "zero/1-xor", "--out", out, "--json"]);
    expect(verified.status).toBe(0);
    expect(verified.stdout).toContain("2 experiments: 2 reproduced");
    expect((verified.json().results as unknown[]).length).toBe(2);
    const docs = join(folder, "docs");
    const reported = nabla(folder, ["book", "report", "--from", join(out, "results.json"), "--out", docs]);
    expect(reported.status).toBe(0);
    expect(readFileSync(join(docs, "RESULTS.md"), "utf8")).toMatch(/\*\*zero\/1-and\*\*.*reproduced/);
    expect(existsSync(join(docs, "figures/zero-1-and-and.svg"))).toBe(true);
  });
});

describe("bad input", () => {
  test("an unknown id names the nearest ones", () => {
    const { status, stderr } = nabla(folder, ["book", "run", "zero/1-nad"]);
    expect(status).toBe(1);
    expect(stderr).toContain("there is no experiment zero/1-nad; the nearest are zero/1-and");
  });

  test("an unknown source names those that there are", () => {
    const { status, stderr } = nabla(folder, ["book", "list", "--source", "one"]);
    expect(status).toBe(1);
    expect(stderr).toContain("zero, nndl");
  });

  test("without MNIST, run says how to get it, and verify runs what does not need it", () => {
    const alone = nabla(folder, ["book", "run", "nndl/1.6-first-network"]);
    expect(alone.status).toBe(1);
    expect(alone.stderr).toContain("nndl/1.6-first-network needs MNIST");
    expect(alone.stderr).toContain("main.js data get mnist");
    const both = nabla(folder, ["book", "verify", "nndl/1.6-first-network", "zero/1-and"]);
    expect(both.status).toBe(0);
    expect(both.stdout).toContain("2 experiments: 1 reproduced, 1 skipped");
    expect(both.stdout).toContain("main.js data get mnist");
  });

  test("a file that holds no results is refused by name", () => {
    const { status, stderr } = nabla(folder, ["book", "report", "--from", "nothing.json"]);
    expect(status).toBe(1);
    expect(stderr).toMatch(/no file .*nothing\.json/);
  });
});
