// Chapter 2 in small: its products, its equations, neurons of other kinds, the sum over paths.
import { expect, test } from "vitest";
import { Matrix } from "../../matrix.ts";
import { Random } from "../../random.ts";
import { errorsOf } from "../chapter2/2.4-equations.ts";
import { costWithDemon, finiteDifferences, flatten, quadraticCost, relativeDifference } from "./finite-differences.ts";
import { LINEAR, MixedNetwork, SIGMOID } from "./mixed-network.ts";
import { Network } from "./network.ts";
import { pathsFrom } from "./paths.ts";

const column = (n: number, random: Random) => Matrix.fill(n, 1, () => random.uniform());

test("f(x) = x^2 of (2, 3) is (4, 9), and (1, 2) times (3, 4) element by element is (3, 8)", () => {
  expect([...Matrix.column([2, 3]).map((x) => x ** 2).values]).toEqual([4, 9]);
  expect([...Matrix.column([1, 2]).times(Matrix.column([3, 4])).values]).toEqual([3, 8]);
});

test("C_x = 1/2 |y - a|^2", () => {
  expect(quadraticCost(Matrix.column([0.5, 1]), Matrix.column([1, -1]))).toBe(2.125);
});

test("the errors of BP1 and BP2 are what a demon measures, and their matrix form is the same", () => {
  const random = new Random(1);
  const network = new Network([3, 4, 2], random);
  const [x, y] = [column(3, random), column(2, random)];
  const { deltas } = errorsOf(network, x, y, "hadamard");
  deltas.forEach((delta, l) => {
    delta.values.forEach((value, j) => {
      const cost = (dz: number) => costWithDemon(network, x, y, l, j, dz);
      expect((cost(1e-5) - cost(-1e-5)) / 2e-5).toBeCloseTo(value, 9);
    });
  });
  errorsOf(network, x, y, "matrix").deltas.forEach((delta, l) => {
    expect(relativeDifference(delta.values, deltas[l].values)).toBeLessThan(1e-15);
  });
  expect(costWithDemon(network, x, y, 0, 0, 0)).toBe(quadraticCost(network.feedforward(x), y));
});

test("one neuron of another kind, and linear neurons: backprop gives what finite differences give", () => {
  const random = new Random(2);
  const sine = { f: Math.sin, prime: Math.cos };
  const kinds = [(l: number, j: number) => (l === 0 && j === 1 ? sine : SIGMOID), () => LINEAR, () => SIGMOID];
  for (const neuronAt of kinds) {
    const network = new MixedNetwork([3, 4, 3, 2], random, neuronAt);
    const [x, y] = [column(3, random), column(2, random)];
    const { nabla } = finiteDifferences(network, x, y, 1e-5, "central");
    expect(relativeDifference(flatten(nabla), flatten(network.backprop(x, y)))).toBeLessThan(1e-6);
  }
});

test("with sigmoid neurons throughout, the mixed network is the network", () => {
  const mixed = new MixedNetwork([3, 4, 2], new Random(3), () => SIGMOID);
  const network = new Network([3, 4, 2], new Random(3));
  const [x, y] = [column(3, new Random(4)), column(2, new Random(5))];
  expect(relativeDifference(flatten(mixed.backprop(x, y)), flatten(network.backprop(x, y)))).toBeLessThan(1e-15);
});

test("dC/dw is the sum over all paths, for a weight of each layer", () => {
  const random = new Random(6);
  const network = new Network([3, 2, 4, 3], random);
  const [x, y] = [column(3, random), column(3, random)];
  const { weights } = network.backprop(x, y);
  const counts = [0, 1, 2].map((l) => {
    const paths = pathsFrom(network, x, y, l, 1, 0);
    const sum = paths.reduce((total, { rate }) => total + rate, 0);
    expect(sum).toBeCloseTo(weights[l].at(1, 0), 14);
    return paths.length;
  });
  expect(counts).toEqual([12, 3, 1]);
});
