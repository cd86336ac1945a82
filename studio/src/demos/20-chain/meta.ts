import type { DemoMeta } from "../demo.ts";

export const meta: DemoMeta = {
  title: { en: "A chain of four neurons", zh: "四个神经元的链" },
  summary: {
    en: "Why the first neuron of a chain learns slowest: its gradient is a product, factor by factor.",
    zh: "链首的神经元为何学得最慢：它的梯度是一个个因子的乘积。",
  },
  source: "nndl",
  chapter: 5,
  section: "5.3",
  programs: ["book/nndl/programs/gradients.ts"],
  experiments: ["nndl/5.3-chain", "nndl/5.3-exploding", "nndl/5.3-window"],
};
