import { digits } from "nabla";
import { describe, expect, it } from "vitest";
import { Matrix } from "../../matrix.ts";
import { digitSet } from "../../mnist.ts";
import { Random } from "../../random.ts";
import { DeepNetwork, layerNorms } from "../programs/gradients.ts";
import { hiddenGradientLengths } from "./layer-gradients.ts";
import { buildNetwork, study } from "./study.ts";

const SIZES = [784, 8, 6, 10];

describe("hiddenGradientLengths", () => {
  it("are those of the same network by hand", async () => {
    const { train } = digits({ train: 20, test: 1, seed: 5 });
    const training = digitSet(train.images, train.labels);
    let found: number[] = [];
    const byHand = new DeepNetwork(SIZES, new Random(1));
    await study({
      ...{ sizes: SIZES, cost: "crossEntropy", weights: "scaled", training, epochs: 1, batchSize: 20, seed: 2 },
      // A step of no length to speak of: the weights after it are those that the gradient was taken at.
      eta: 1e-12,
      onEpoch: ({ model }) => {
        found = hiddenGradientLengths(model);
        model.parameters.forEach(({ tensor }, i) => {
          const list = i % 2 === 0 ? byHand.weights : byHand.biases;
          const { rows, columns } = list[i >> 1];
          const values = (tensor.toArray() as number[][]).flat();
          // Dense holds its weights with inputs along the rows.
          list[i >> 1] = i % 2 === 0 ? new Matrix(columns, rows, values).transposed : new Matrix(rows, 1, values);
        });
        return undefined;
      },
    });
    const x = Matrix.fill(784, 20, (pixel, image) => training.images[image * 784 + pixel]);
    const y = Matrix.fill(10, 20, (digit, image) => (training.labels[image] === digit ? 1 : 0));
    const expected = layerNorms(byHand.getAverageGradient(x, y));
    expect(found).toHaveLength(2);
    for (const [l, length] of expected.entries()) expect(found[l] / length).toBeCloseTo(1, 4);
  });

  it("a model without gradients says what to do", () => {
    const model = buildNetwork({ sizes: SIZES, cost: "crossEntropy", weights: "scaled", seed: 1 });
    expect(() => hiddenGradientLengths(model)).toThrow("train it a step first");
  });
});
