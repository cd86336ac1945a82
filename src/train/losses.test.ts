// The losses that `fit` takes by name, each against its formula, on outputs and targets as training gives them.
import { describe, expect, test } from "vitest";
import { Dense, fit, Generator, lossFor, random, Sequential, softmax, tensor } from "../node.ts";

const value = (name: Parameters<typeof lossFor>[0], p: number[][], t: number[][]): number =>
  lossFor(name).compute(tensor(p, "float64"), tensor(t, "float64")).item();

describe("losses by name", () => {
  test("klDivergence: sum t (ln t - ln p), from softmax outputs and from what comes before", () => {
    const expected = 0.5 * Math.log(0.5 / 0.25) + 0.5 * Math.log(0.5 / 0.75);
    expect(value("klDivergence", [[0.25, 0.75]], [[0.5, 0.5]])).toBeCloseTo(expected, 12);
    const loss = lossFor("klDivergence");
    const [z, t] = [tensor([[1, -2, 0.5]], "float64"), tensor([[0.2, 0, 0.8]], "float64")];
    expect(loss.fromLogits?.activation).toBe("softmax");
    expect(loss.fromLogits?.compute(z, t).item()).toBeCloseTo(loss.compute(softmax(z), t).item(), 12);
  });

  test.each([
    ["-1 and 1", [[1], [-1], [-1]]],
    ["0 and 1", [[1], [0], [0]]],
  ])("hinge: mean max(0, 1 - t p), targets %s", (_, targets) => {
    expect(value("hinge", [[0.5], [-3], [1]], targets)).toBeCloseTo((0.5 + 0 + 2) / 3, 12);
  });

  test("cosineDistance: mean 1 - cos", () => {
    expect(
      value(
        "cosineDistance",
        [
          [1, 0],
          [1, 1],
        ],
        [
          [0, 2],
          [3, 3],
        ],
      ),
    ).toBeCloseTo(0.5, 12);
  });

  test("poisson: mean p - t ln p", () => {
    expect(value("poisson", [[2], [1]], [[3], [0]])).toBeCloseTo((2 - 3 * Math.log(2) + 1) / 2, 7);
  });

  test("gaussian: mean (s + (m - t)^2 e^-s) / 2, means first, then logarithms of variances", () => {
    const term = (m: number, s: number, t: number): number => (s + (m - t) ** 2 * Math.exp(-s)) / 2;
    const expected = (term(3, 0.5, 1) + term(-1, -0.25, 2)) / 2;
    expect(value("gaussian", [[3, -1, 0.5, -0.25]], [[1, 2]])).toBeCloseTo(expected, 12);
    expect(
      lossFor("gaussian")
        .compute(tensor([[3, 0.5]]), tensor([1]))
        .item(),
    ).toBeCloseTo(term(3, 0.5, 1), 6);
  });

  test("gaussian: outputs that are not two for a target are told", () => {
    expect(() => value("gaussian", [[1, 2, 3]], [[1]])).toThrow(
      "loss gaussian: outputs are [n, 2 k], k means and the logarithms of their variances, for targets [n, k]; got outputs (1, 3) and targets (1, 1)",
    );
  });

  test("gaussian learns the spread as well as the mean: y = x + 0.5 noise has ln 0.25", async () => {
    const x = random.uniform([400, 1], -1, 1, { generator: new Generator(1) });
    const y = x.add(random.normal([400, 1], 0, 0.5, { generator: new Generator(2) }));
    const model = new Sequential([new Dense(2)], { inputShape: [1], seed: 3 });
    await fit(model, { x, y }, { loss: "gaussian", epochs: 30, learningRate: 0.02, seed: 4 });
    const [mean, logVariance] = model.call(tensor([[0.5]])).dataSync();
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.15);
    expect(Math.abs(logVariance - Math.log(0.25))).toBeLessThan(0.3);
  });

  test.each(["klDivergence", "hinge", "cosineDistance", "poisson", "gaussian"] as const)(
    "%s: the mean of its rows is the loss",
    (name) => {
      const loss = lossFor(name);
      const outputs = random.uniform([5, name === "gaussian" ? 4 : 2], 0.1, 1, {
        dtype: "float64",
        generator: new Generator(1),
      });
      const targets = random.uniform([5, 2], 0.1, 1, { dtype: "float64", generator: new Generator(2) });
      for (const { compute, rows } of [loss, ...(loss.fromLogits ? [loss.fromLogits] : [])]) {
        const each = rows!(outputs, targets, 0);
        expect(each.shape).toEqual([5]);
        expect(each.mean().item()).toBeCloseTo(compute(outputs, targets).item(), 12);
      }
    },
  );

  test.each([
    ["kl_div", "klDivergence"],
    ["cosineSimilarity", "cosineDistance"],
    ["GaussianNLLLoss", "gaussian"],
    ["poissonNegativeLogLikelihood", "poisson"],
  ])("%s is told to be %s", (name, here) => {
    expect(() => lossFor(name as "huber")).toThrow(`${here}`);
  });
});
