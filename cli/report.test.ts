import { describe, expect, it } from "vitest";
import type { RunReport } from "./report.ts";
import { buildReport } from "./report.ts";

const digits = Array.from({ length: 10 }, (_, i) => String(i));

function mistake(label: number, prediction: number) {
  const probabilities = digits.map((_, i) => (i === prediction ? 0.9 : i === label ? 0.02 : 0.01));
  const pixels = Uint8Array.from({ length: 784 }, (_, i) => (i * (label + 3)) % 256);
  return { width: 28, height: 28, pixels, label, prediction, probability: 0.9, probabilities, loss: 3.912 };
}

const run: RunReport = {
  title: "Digits <b>&",
  status: { kind: "finished" },
  config: {
    dataset: "mnist",
    trainingImages: 50000,
    validationImages: 10000,
    testImages: 1000,
    network: "784-30-10",
    hyperparameters: { "learning rate": 0.5, activation: "sigmoid", epochs: 3 },
    engine: "wasm",
    threads: 2,
    seed: 7,
    command: "npx nabla train --hidden 30 --seed 7",
  },
  network: [
    { name: "input", outputShape: [784], parameters: 0 },
    { name: "dense 1", outputShape: [30], parameters: 23550 },
    { name: "sigmoid", outputShape: [30], parameters: 0 },
    { name: "dense 2", outputShape: [10], parameters: 310 },
  ],
  history: [1, 2, 3].map((epoch) => ({
    epoch,
    loss: 1 / epoch,
    accuracy: 0.9 + epoch / 100,
    validationLoss: 1.1 / epoch,
    validationAccuracy: epoch === 2 ? 0.951 : 0.94,
    testAccuracy: 0.93,
    seconds: 0.5,
    learningRate: 0.5,
  })),
  testAccuracy: 0.96,
  testLoss: 0.1374,
  classNames: digits,
  // 96 of 100 right in each class; 3 of the 4 others read as the class after it, 1 as the one after that.
  confusion: digits.map((_, label) =>
    digits.map((_, prediction) => [96, 3, 1, 0, 0, 0, 0, 0, 0, 0][(prediction - label + 10) % 10]),
  ),
  worstMistakes: [mistake(4, 9), mistake(7, 2)],
  firstLayerWeights: {
    width: 28,
    height: 28,
    neurons: Array.from({ length: 100 }, (_, k) => Float32Array.from({ length: 784 }, (_, i) => Math.sin(i / (k + 1)))),
  },
  totals: { seconds: 75.4, samplesPerSecond: 100123.4, parameters: 23860 },
};

describe("the report of a run", () => {
  const html = buildReport(run);

  it("opens with the figures", () => {
    for (const figure of [
      "96.00%",
      "40 of 1000 wrong",
      "95.10%",
      "epoch 2 of 3",
      "0.1374",
      "23,860",
      "1 min 15 s",
      "100,123",
    ]) {
      expect(html).toContain(figure);
    }
  });

  it("draws loss, accuracy, confusion matrix and network", () => {
    for (const label of ["Loss", "Accuracy", "What is read as what"]) expect(html).toContain(`aria-label="${label}"`);
    expect(html).toContain("Most often: 0 read as 1 (3), 1 read as 2 (3), 2 read as 3 (3).");
    expect(html).toContain(">23,550</td>");
  });

  it("precision 96 of 100, recall 96 of 100, for each class", () => {
    const cells = /<td[^>]*>3<\/td>(<td class="number"[^>]*>96\.0%<\/td>){3}<td class="number"[^>]*>100<\/td>/g;
    expect(html.match(cells)).toHaveLength(1);
  });

  it("shows the worst mistakes with label, prediction and probabilities", () => {
    expect(html).toContain('alt="4 read as 9"');
    expect(html).toContain("90.0% · loss 3.91");
    expect(html.match(/<i class="read" style="height:90%" title="9: 90.0%">/g)).toHaveLength(1);
    expect(html).toContain('<i class="true" style="height:2%" title="4: 2.0%">');
  });

  it("shows first-layer weights, and says where it stops", () => {
    expect(html).toContain("The first 60 of 100.");
    expect(html.split('<ol class="weights">')[1].match(/<img /g)).toHaveLength(60);
  });

  it("names everything that repeats the run", () => {
    for (const text of [run.config.command, "784-30-10", "wasm", "learning rate", "sigmoid"])
      expect(html).toContain(text);
  });

  it("is self-contained, escapes text, and stays below 500 KB with 40 mistakes", () => {
    const many = Array.from({ length: 60 }, (_, i) => mistake(i % 10, (i + 1) % 10));
    const long = Array.from({ length: 200 }, (_, i) => ({ ...run.history[0], epoch: i + 1, loss: 1 / (i + 1) }));
    const largest = buildReport({ ...run, worstMistakes: many, history: long });
    expect(largest.length).toBeLessThan(500_000);
    expect(largest.match(/<li class="keep"><img class="ink"/g)).toHaveLength(40);
    expect(html.replaceAll("http://www.w3.org/2000/svg", "")).not.toMatch(/https?:|src="(?!data:)|<link/);
    expect(html).toContain("Digits &lt;b&gt;&amp;");
    expect(html).not.toContain("Digits <b>");
  });

  it("tells an interrupted run and how it goes on", () => {
    const status = { kind: "interrupted", epoch: 1, resume: "npx nabla train --resume runs/a" } as const;
    const page = buildReport({
      ...run,
      status,
      history: run.history.slice(0, 1),
      confusion: undefined,
      worstMistakes: [],
    });
    expect(page).toContain(">interrupted<");
    expect(page).toContain("Interrupted after 1 complete epoch. To go on: npx nabla train --resume runs/a");
  });

  it("tells a run that was stopped by a loss that is no number; gaps are no error", () => {
    const status = { kind: "non-finite", epoch: 2, step: 31, loss: Number.NaN } as const;
    const history = [run.history[0], { ...run.history[1], loss: Number.NaN }];
    const page = buildReport({ ...run, status, history });
    expect(page).toContain("Stopped in epoch 2, step 31: the loss became NaN.");
  });

  it("a run without a complete epoch still has a report", () => {
    const status = { kind: "interrupted", epoch: 0 } as const;
    const page = buildReport({ ...run, status, history: [], testAccuracy: null, testLoss: null, confusion: undefined });
    expect(page).toContain("No epoch was completed.");
  });

  it("is written in Chinese on demand, and the same each time", () => {
    expect(buildReport(run, "zh")).toContain("测试准确率");
    expect(buildReport(run)).toBe(html);
  });
});
