// A network in a line: what is read, and what an error says.
import { describe, expect, test } from "vitest";
import { layerLine } from "./layer-line.ts";

describe("a line of layers", () => {
  test("reads the book's convolutional network", () => {
    expect(layerLine("conv 20 5x5, pool 2, conv 40 5x5 relu,pool 2, dense 100")).toEqual([
      { kind: "conv", filters: 20, kernel: [5, 5], stride: 1, same: false },
      { kind: "pool", of: "max", size: 2, stride: 2 },
      { kind: "conv", filters: 40, kernel: [5, 5], stride: 1, same: false, activation: "relu" },
      { kind: "pool", of: "max", size: 2, stride: 2 },
      { kind: "dense", units: 100 },
    ]);
  });

  test("words after a layer come in any order; a size of one number is a square", () => {
    expect(layerLine("Conv 8 3 stride 2 same tanh")).toEqual([
      { kind: "conv", filters: 8, kernel: [3, 3], stride: 2, same: true, activation: "tanh" },
    ]);
    expect(layerLine("conv 8 3x1 relu same")).toEqual([
      { kind: "conv", filters: 8, kernel: [3, 1], stride: 1, same: true, activation: "relu" },
    ]);
  });

  test("every other kind", () => {
    expect(layerLine("average 3 stride 1, l2pool 2, batchnorm, flatten, dropout 0.25, leakyRelu")).toEqual([
      { kind: "pool", of: "average", size: 3, stride: 1 },
      { kind: "pool", of: "l2", size: 2, stride: 2 },
      { kind: "batchnorm" },
      { kind: "flatten" },
      { kind: "dropout", rate: 0.25 },
      { kind: "activation", activation: "leakyRelu" },
    ]);
  });

  test.each([
    ["", /must name layers/],
    ["conv 20 5x5,,pool 2", /nothing between two commas/],
    ["conv 20", /"conv 20": expects the filters' size after their number: conv 20 5x5/],
    ["conv x 5x5", /expects the number of filters, a whole number from 1 on, not x/],
    ["conv 4 5x0", /expects the filters' size/],
    ["conv 20 5x5 sme", /does not know "sme"/],
    ["pool", /expects the windows' size, a whole number from 1 on\./],
    ["dense 0", /a whole number from 1 on, not 0/],
    ["dense 10 rely", /does not know "rely"\. Did you mean relu\?/],
    ["dropout 1", /below 1/],
    ["batchnorm 3", /does not know "3"/],
    ["cnov 20 5x5", /"cnov 20 5x5": is no layer.*Did you mean conv\?/],
  ])("%s", (line, message) => {
    expect(() => layerLine(line)).toThrow(message);
  });
});
