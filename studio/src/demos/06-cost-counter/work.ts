// The gradient of one example both ways, counted and timed.
import { Matrix } from "../../../../book/matrix.ts";
import { finiteDifferences, flatten, relativeDifference } from "../../../../book/nndl/programs/finite-differences.ts";
import { Network } from "../../../../book/nndl/programs/network.ts";
import { Random } from "../../../../book/random.ts";

export interface Comparison {
  readonly numbers: number;
  readonly forwardPasses: number;
  /** Of the gradient by differences from that by backpropagation, relative to it. */
  readonly difference: number;
  /** Of all differences, and of one backpropagation (the mean of many). */
  readonly secondsSlow: number;
  readonly secondsFast: number;
}

export function compare(
  inputs: number,
  hidden: number,
  outputs: number,
  epsilon: number,
  kind: "forward" | "central",
): Comparison {
  const random = new Random(1);
  const network = new Network([inputs, hidden, outputs], random);
  // No neuron is saturated then, and no part of the gradient lost in rounding.
  network.weights = network.weights.map((w) => w.times(1 / Math.sqrt(w.columns)));
  const x = Matrix.fill(inputs, 1, () => random.uniform());
  const y = Matrix.fill(outputs, 1, () => random.uniform());
  const exact = flatten(network.backprop(x, y));
  const start = performance.now();
  const { nabla, forwardPasses } = finiteDifferences(network, x, y, epsilon, kind);
  const secondsSlow = (performance.now() - start) / 1000;
  let calls = 0;
  const begin = performance.now();
  while (calls < 20 || performance.now() - begin < 20) {
    network.backprop(x, y);
    calls += 1;
  }
  const secondsFast = (performance.now() - begin) / 1000 / calls;
  return {
    numbers: exact.length,
    forwardPasses,
    difference: relativeDifference(flatten(nabla), exact),
    secondsSlow,
    secondsFast,
  };
}

/** The error by epsilon on a small network, both kinds. */
export function errors(epsilons: readonly number[]): { forward: number[]; central: number[] } {
  const of = (kind: "forward" | "central") => epsilons.map((epsilon) => compareSmall(epsilon, kind));
  return { forward: of("forward"), central: of("central") };
}

function compareSmall(epsilon: number, kind: "forward" | "central"): number {
  const random = new Random(1);
  const network = new Network([4, 5, 3], random);
  const x = Matrix.fill(4, 1, () => random.uniform());
  const y = Matrix.fill(3, 1, () => random.uniform());
  return relativeDifference(
    flatten(finiteDifferences(network, x, y, epsilon, kind).nabla),
    flatten(network.backprop(x, y)),
  );
}
