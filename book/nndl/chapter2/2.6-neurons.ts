// Section 2.6, exercises: backpropagation with one modified neuron, and with linear neurons.
import type { Experiment } from "../../experiment.ts";
import { Matrix } from "../../matrix.ts";
import { Random } from "../../random.ts";
import { finiteDifferences, flatten, relativeDifference } from "../programs/finite-differences.ts";
import { LINEAR, MixedNetwork, SIGMOID } from "../programs/mixed-network.ts";
import type { Nabla, Network } from "../programs/network.ts";
import { columnOf, difference, NETWORKS, STEP } from "./2.4-equations.ts";

/** Gradients by backpropagation against central differences, on networks whose neurons `make` chooses. */
function gradientDifference(make: (random: Random) => Network, seed: number): number {
  const random = new Random(seed);
  let worst = 0;
  for (let n = 0; n < NETWORKS; n++) {
    const network = make(random);
    const [x, y] = [columnOf(network.sizes[0], random), columnOf(network.sizes.at(-1)!, random)];
    const byHand: Nabla = network.backprop(x, y);
    const { nabla } = finiteDifferences(network, x, y, STEP, "central");
    worst = Math.max(worst, relativeDifference(flatten(nabla), flatten(byHand)));
  }
  return worst;
}

const oneNeuron: Experiment = {
  id: "nndl/2.6-modified-neuron",
  title: { en: "One neuron of another kind", zh: "换掉一个神经元" },
  section: "2.6",
  kind: "exercise",
  settings: { network: "[4, 5, 4, 3]", neuron: "second of the first hidden layer: sin" },
  read: ["book/nndl/programs/mixed-network.ts"],
  async run({ seed }) {
    const sine = { f: Math.sin, prime: Math.cos };
    const neuronAt = (l: number, j: number) => (l === 0 && j === 1 ? sine : SIGMOID);
    return {
      measured: { difference: gradientDifference((random) => new MixedNetwork([4, 5, 4, 3], random, neuronAt), seed) },
    };
  },
  about: {
    en: "A single neuron's output is f(z) with some other function f. Backpropagation needs two changes, both at that neuron: f(z) on the way forward, f′(z) in place of σ′(z) on the way back. Checked with f = sin.",
    zh: "把单个神经元的输出改成 f(z)，f 是另一个函数。反向传播只需改两处，都在这个神经元上：前向时用 f(z)，反向时用 f′(z) 代替 σ′(z)。用 f = sin 检验。",
  },
  claims: [
    {
      measure: "difference",
      says: {
        en: "backpropagation against finite differences: largest relative difference",
        zh: "反向传播与有限差分：最大相对差",
      },
      accept: { atMost: 1e-5 },
      because: difference,
    },
  ],
};

const linear: Experiment = {
  id: "nndl/2.6-linear-neurons",
  title: { en: "Backpropagation with linear neurons", zh: "线性神经元的反向传播" },
  section: "2.6",
  kind: "exercise",
  settings: { network: "[4, 5, 4, 3]" },
  read: ["book/nndl/programs/mixed-network.ts"],
  async run({ seed }) {
    const make = (random: Random) => new MixedNetwork([4, 5, 4, 3], random, () => LINEAR);
    const random = new Random(seed);
    const network = make(random);
    const [u, v, y] = [columnOf(4, random), columnOf(4, random), columnOf(3, random)];
    const f = (x: Matrix) => network.feedforward(x);
    const bent = f(u.plus(v))
      .minus(f(u))
      .minus(f(v))
      .plus(f(new Matrix(4, 1)));
    const delta = network.backprop(u, y).biases.at(-1)!;
    return {
      measured: {
        difference: gradientDifference(make, seed),
        outputError: Math.max(...delta.minus(f(u).minus(y)).values.map(Math.abs)),
        curvature: bent.norm() / f(u).norm(),
      },
    };
  },
  about: {
    en: "With σ(z) = z throughout, σ′ is 1 and drops out of all equations: δ = a − y at the output, δ = wᵀδ before. Such a network is one linear map however deep, which is measured too.",
    zh: "处处取 σ(z) = z 时 σ′ 为 1，从所有方程中消失：输出层 δ = a − y，之前各层 δ = wᵀδ。这样的网络无论多深都只是一个线性映射，这里也加以测量。",
  },
  claims: [
    {
      measure: "difference",
      says: {
        en: "backpropagation against finite differences: largest relative difference",
        zh: "反向传播与有限差分：最大相对差",
      },
      accept: { atMost: 1e-5 },
      because: difference,
    },
    {
      measure: "outputError",
      says: { en: "δ at the output is a − y: largest difference", zh: "输出层 δ 等于 a − y：最大差" },
      accept: { equals: 0 },
    },
    {
      measure: "curvature",
      says: {
        en: "the network is linear: f(u + v) − f(u) − f(v) + f(0), relative",
        zh: "网络是线性的：f(u + v) − f(u) − f(v) + f(0)，相对值",
      },
      accept: { atMost: 1e-13 },
      because: { en: "rounding of float64", zh: "float64 的舍入" },
    },
  ],
};

export const experiments: readonly Experiment[] = [oneNeuron, linear];
