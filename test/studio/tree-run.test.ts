// Demonstration 37 with the network of a run of `nabla tree train`: it reads what `nabla tree show` says, and a link to it too.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { StudioRuns } from "../../cli/studio/runs.ts";
import { PROGRAM_RUN_FORMAT, PROGRAM_RUN_VERSION } from "../../src/runs/report.node.ts";
import { nabla, temporaryFolder } from "../cli/run.ts";
import { executable, useStudio, whyNot } from "./studio.ts";

const folder = temporaryFolder();
const at = (name: string): string => join(folder, name);
const main = new URL("../../dist/cli/main.js", import.meta.url).pathname;
const EPOCHS = 12;

/** Films that are good or dull, and a word that turns it round. */
function sentences(count: number): string {
  return Array.from({ length: count }, (_, i) => {
    const label = i % 2 === 0 ? 4 : 0;
    const phrase = `(${label} (${label} ${label === 4 ? "good" : "dull"}) (2 ${["film", "plot", "story"][i % 3]}))`;
    return i % 5 === 0 ? `(${4 - label} (1 not) ${phrase})` : phrase;
  }).join("\n");
}

interface Shown {
  readonly probabilities: readonly (readonly number[])[];
}

beforeAll(() => {
  mkdirSync(at("bank"));
  for (const part of ["train", "dev", "test"])
    writeFileSync(at(`bank/${part}.txt`), `${sentences(part === "train" ? 120 : 20)}\n`);
  const settings = [
    "--data",
    "bank",
    "--threads",
    "1",
    "--width",
    "8",
    "--learning-rate",
    "0.02",
    "--parser-epochs",
    "0",
  ];
  const result = nabla(folder, ["tree", "train", ...settings, "--epochs", String(EPOCHS), "--out", "trees"]);
  expect(result.status, result.stderr).toBe(0);
  mkdirSync(at("other"));
  writeFileSync(
    at("other/config.json"),
    JSON.stringify({ format: PROGRAM_RUN_FORMAT, version: PROGRAM_RUN_VERSION, epochs: 1 }),
  );
  writeFileSync(at("other/history.jsonl"), `${JSON.stringify({ epoch: 1, loss: 1, seconds: 1 })}\n`);
});

test("the words of a run over trees; another kind of run knows none, and says so", () => {
  const runs = new StudioRuns([at("trees"), at("other")], main);
  const [trees, other] = [...runs.folders().keys()];
  const { words, counts } = runs.words(trees);
  expect([...words].sort()).toEqual(["dull", "film", "good", "not", "plot", "story"]);
  expect(counts[words.indexOf("not")]).toBe(24);
  expect(runs.network(trees).length).toBeGreaterThan(1000);
  expect(() => runs.words(other)).toThrow("other is not a run of nabla tree train: its network knows no words");
});

describe.skipIf(executable === undefined)(`the tree of sentiments${whyNot}`, () => {
  const studio = useStudio(() => new StudioRuns([at("trees"), at("other")], main));

  test("is read by the network of a run, as the command line reads it; a link keeps it", async () => {
    const sentence = "((not (dull film)) wonderful)";
    const own = encodeURIComponent(sentence);
    const probe = await studio.open(`/demos/sentiment-tree?token=${studio.studio.token}&sentence=own&own=${own}`);
    const { page } = probe;
    await probe.until("epochs", (epochs) => epochs >= 1);
    const choices = await probe.control("network").locator("option").allTextContents();
    expect(choices).toEqual(["trained here", at("trees")]);
    const [key] = new StudioRuns([at("trees")], main).folders().keys();
    await probe.choose("network", `run:${key}`);

    const result = nabla(folder, ["tree", "show", "--run", "trees", "--json", "--out", "tree.svg", sentence]);
    const { probabilities } = result.json() as unknown as Shown;
    const means = probabilities.map((row) => row.reduce((sum, p, label) => sum + p * label, 0));
    const nodes = page.locator('[data-tree="sentiment"] [data-node]');
    const read = () => nodes.evaluateAll((all) => all.map((each) => Number(each.getAttribute("data-number"))));
    // float32 on one machine, by the engine of the page and that of Node.
    const agree = async () => {
      await expect.poll(async () => Math.abs((await probe.number("root")) - means.at(-1)!)).toBeLessThan(1e-4);
      const values = await read();
      expect(values).toHaveLength(means.length);
      values.forEach((value, i) => {
        expect(value).toBeCloseTo(means[i], 4);
      });
    };
    await agree();
    await page.getByText("Not among the words that it learnt: wonderful").waitFor();
    // Its own epochs and shares; nothing is trained here.
    const runs = new StudioRuns([at("trees")], main);
    const records = (await runs.state(key))!.records as unknown as { metrics: Record<string, number>; epoch: number }[];
    expect(await probe.number("epochs")).toBe(records.length);
    const best = records.reduce((most, each) => (each.metrics["dev.all"] > most.metrics["dev.all"] ? each : most));
    expect(await probe.number("all")).toBe(best.metrics["test.all"]);
    await page.getByText(`Its best network, after epoch ${best.epoch}.`).waitFor();
    expect(await probe.control("epoch").count()).toBe(0);

    expect((await probe.query()).get("network")).toBe(`run:${key}`);
    await page.reload();
    await agree();
    // Back to the one that is trained here.
    await probe.choose("network", "");
    await probe.until("epochs", (epochs) => epochs === 20);
    expect((await probe.query()).get("network")).toBeNull();
  });

  test("a link to a run that is not there leaves the page to the network that is trained here", async () => {
    const probe = await studio.open(`/demos/sentiment-tree?token=${studio.studio.token}&network=run:0123456789abcdef`);
    await probe.until("root", (mean) => mean > 0);
    expect(await probe.control("network").locator("select").inputValue()).toBe("");
  });
});
