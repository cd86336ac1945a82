// Saving and loading a network3; filters of another shape.
import { expect, test } from "vitest";
import { Matrix } from "../../matrix.ts";
import { Random } from "../../random.ts";
import { Network } from "./network3.ts";
import { filtersOf, loadNetwork3, saveNetwork3 } from "./network3-file.ts";
import { ConvPoolLayer, FullyConnectedLayer, SoftmaxLayer } from "./network3-layers.ts";

function network(seed: number, kernel = 3, hidden = 6): Network {
  const random = new Random(seed);
  const side = 10 - kernel + 1;
  const nIn = 2 * (side / 2) ** 2;
  return new Network(
    [
      new ConvPoolLayer([2, 1, kernel, kernel], [1, 1, 10, 10], random),
      new FullyConnectedLayer(nIn, hidden, random),
      new SoftmaxLayer(hidden, 3, random),
    ],
    1,
  );
}

const text = saveNetwork3(network(1));

test("what is loaded answers as what was saved", () => {
  const [saved, other] = [network(1), network(2)];
  loadNetwork3(other, text);
  const image = Matrix.fill(1, 100, (_, k) => Math.sin(k));
  const costs = [saved, other].map((each) => each.cost(image, [1]));
  expect(costs[1]).toBe(costs[0]);
  expect(saveNetwork3(other)).toBe(text);
});

test("filters of another shape are refused, and nothing is changed", () => {
  const before = network(2, 5);
  const values = before.layers.map(({ w }) => [...w.values]);
  expect(() => loadNetwork3(before, text)).toThrow(
    "loadNetwork3: layer 0 is saved as 2 filters of 1x3x3, the network has 2 filters of 1x5x5; make a network of the saved shape",
  );
  const wide = network(2, 3, 7);
  expect(() => loadNetwork3(wide, text)).toThrow("layer 1 is saved as 32 to 6, the network has 32 to 7");
  expect(before.layers.map(({ w }) => [...w.values])).toEqual(values);
  expect([...wide.layers[0].w.values]).toEqual([...network(2, 3, 7).layers[0].w.values]);
});

test.each([
  ["no JSON", "{", "the text is not JSON"],
  ["null", "null", "the text holds no network3"],
  ["another file", '{"format":"network2","layers":[]}', "the text holds no network3"],
  ["too few layers", '{"format":"network3","layers":[]}', "the text holds 0 layers, the network has 3"],
  ["no shape", '{"format":"network3","layers":[{},{},{}]}', "layer 0 is saved as no shape"],
  [
    "too few weights",
    text.replace(/"w":\[[^\]]*\]/, '"w":[1]'),
    "layer 0 needs 18 weights, all finite numbers; the text holds 1",
  ],
  ["no biases", text.replace(/"b":\[[^\]]*\]/, '"b":[null,1]'), "layer 0 needs 2 biases"],
])("%s: %#", (_, wrong, message) => {
  expect(() => loadNetwork3(network(2), wrong)).toThrow(message);
});

test("filters as pictures", () => {
  const [layer] = network(1).layers as unknown as [ConvPoolLayer];
  const filters = filtersOf(layer);
  expect(filters.map(({ shape }) => shape)).toEqual([
    [3, 3],
    [3, 3],
  ]);
  expect([...filters[1].values]).toEqual([...layer.w.values.subarray(9)]);
  expect(() => filtersOf(layer, 1)).toThrow("filtersOf: the layer looks at maps 0 to 0, got 1");
});
