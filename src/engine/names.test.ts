// What an unknown name is answered with.
import { describe, expect, test } from "vitest";
import { knownOptions } from "./checks.ts";
import { byNameIn, hintAt, hintAtOption, nearest } from "./names.ts";

const fitOptions = ["epochs", "batchSize", "loss", "optimizer", "learningRate", "schedule", "validation", "callbacks"];

describe("unknown names", () => {
  test.each([
    ["epoch", "epochs"],
    ["batchsize", "batchSize"],
    ["Batch_Size", "batchSize"],
    ["optimiser", "optimizer"],
    ["callback", "callbacks"],
    ["lossFunktion", "loss"],
  ])("%s is nearest to %s", (name, expected) => {
    expect(nearest(name, fitOptions)).toBe(expected);
  });

  test("what is like nothing has no nearest name", () => {
    expect(nearest("zebra", fitOptions)).toBeUndefined();
    expect(hintAt("zebra", fitOptions)).toBe("");
  });

  test.each([
    ["validation_data", fitOptions, " (here it is validation)"],
    ["validationData", fitOptions, " (here it is validation)"],
    ["lr", fitOptions, " (here it is learningRate)"],
    ["criterion", fitOptions, " (here it is loss)"],
    ["batch_size", fitOptions, " (did you mean batchSize?)"],
    ["betas", ["beta1", "beta2", "epsilon"], " (here it is beta1 and beta2)"],
    ["eps", ["beta1", "beta2", "epsilon"], " (here it is epsilon)"],
    ["weight_decay", ["learningRate", "weightDecay"], " (did you mean weightDecay?)"],
    ["dim", ["epsilon", "axis"], " (here it is axis)"],
    ["activate", ["activation", "weights", "bias"], " (here it is activation)"],
    ["kernel_initializer", ["activation", "weights", "bias"], " (here it is weights)"],
    ["units", ["activation", "weights", "bias"], " (the number of units is the first argument, new Dense(10))"],
    [
      "momentum",
      ["learningRate"],
      ' (momentum is an optimiser of its own, new Momentum({ momentum: 0.9 }) or optimizer: "momentum")',
    ],
  ])("Keras' and PyTorch's %s is told what it is here", (name, names, expected) => {
    expect(hintAtOption(name, names)).toBe(expected);
  });

  test.each(["constructor", "__proto__", "toString", "hasOwnProperty", ""])(
    "%j, which every object has, is no name",
    (name) => {
      expect(() => byNameIn("loss", name, new Map([["huber", 1]]))).toThrow(
        new TypeError(`loss: unknown name ${JSON.stringify(name)}; use one of huber`),
      );
    },
  );

  test("a name that is no string is quoted", () => {
    expect(() => byNameIn("loss", [1, 2], new Map([["huber", 1]]))).toThrow(
      "loss: unknown name [1, 2]; use one of huber",
    );
  });
});

describe("options", () => {
  test("an unknown one is named, with the nearest and all that there are", () => {
    expect(() => knownOptions("fit", { epoch: 1 }, ["epochs", "loss"])).toThrow(
      new TypeError("fit: there is no option epoch (did you mean epochs?); the options are epochs, loss"),
    );
  });

  test.each([
    [null, "null"],
    [3, "3"],
    ["sgd", '"sgd"'],
    [[1], "[1]"],
    [new Date(0), "a Date"],
  ])("%j in their place", (value, shown) => {
    const options = value instanceof Date ? Object.assign(value, { extra: 1 }) : value;
    expect(() => knownOptions("fit", options as object, ["epochs"])).toThrow(
      new TypeError(`fit: options must be an object such as { epochs: ... }, got ${shown}`),
    );
  });

  test("a name of any length is bounded in the message", () => {
    expect(() => knownOptions("fit", { ["x".repeat(100_000)]: 1 }, ["epochs"])).toThrow(/^.{0,300}$/);
  });
});
