// Class indices need not be int32: whole numbers are taken as what they say.
import { expect, test } from "vitest";
import { Dense, evaluate, fit, oneHot, Sequential, softmaxCrossEntropy, tensor } from "../index.ts";

const logits = tensor([
  [2, 0, -1],
  [0, 1, 0],
]);

test.each(["float32", "float64"] as const)("whole %s labels give the loss of int32 ones", (dtype) => {
  const wanted = softmaxCrossEntropy(logits, tensor([0, 2], "int32")).item();
  expect(softmaxCrossEntropy(logits, tensor([0, 2], dtype)).item()).toBe(wanted);
  expect(oneHot(tensor([0, 2], dtype), 3).toArray()).toEqual([
    [1, 0, 0],
    [0, 0, 1],
  ]);
});

test("a label with a fraction, NaN or beyond int32 is named with its position", () => {
  for (const value of [0.5, Number.NaN, 2 ** 31, Number.POSITIVE_INFINITY]) {
    const shown = String(value).replace("+", "\\+");
    expect(() => softmaxCrossEntropy(logits, tensor([1, value]))).toThrow(
      new RegExp(`^softmaxCrossEntropy: class indices are whole numbers within int32, got ${shown} at position 1$`),
    );
  }
  expect(() => oneHot(tensor([0.5]), 2)).toThrow("oneHot: class indices are whole numbers within int32, got 0.5");
});

test("fit and evaluate take labels as tensor([0, 1]) makes them: the same bits as with int32", async () => {
  const x = tensor([
    [0, 1],
    [1, 0],
    [1, 1],
    [0, 0],
  ]);
  const train = async (y: ReturnType<typeof tensor>, loss: "softmaxCrossEntropy" | "crossEntropy") => {
    const activation = loss === "crossEntropy" ? "sigmoid" : "softmax";
    const model = new Sequential([new Dense(2, { activation })], { inputShape: [2], seed: 3 });
    const history = await fit(model, { x, y }, { epochs: 3, batchSize: 2, loss, optimizer: "adam" });
    const { loss: final, accuracy } = evaluate(model, { x, y }, { loss });
    return [final, accuracy, history.epochs.at(-1)!.accuracy, ...model.block.values.dataSync()];
  };
  for (const loss of ["softmaxCrossEntropy", "crossEntropy"] as const) {
    const whole = await train(tensor([0, 1, 1, 0], "int32"), loss);
    expect(await train(tensor([0, 1, 1, 0]), loss)).toEqual(whole);
    expect(whole.every(Number.isFinite)).toBe(true);
  }
});
