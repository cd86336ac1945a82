import type { DemoMeta } from "../demo.ts";

export const meta: DemoMeta = {
  title: { en: "A demon in the network", zh: "网络里的小恶魔" },
  summary: {
    en: "Disturb one neuron, and follow the change along every path to the cost: together they are backpropagation.",
    zh: "扰动一个神经元，沿每条路径追到代价：所有路径合起来就是反向传播。",
  },
  source: "nndl",
  chapter: 2,
  section: "2.4, 2.9",
  programs: [
    "book/nndl/programs/network.ts",
    "book/nndl/programs/finite-differences.ts",
    "book/nndl/programs/paths.ts",
  ],
  experiments: ["nndl/2.9-paths", "nndl/2.7-finite-differences"],
};
