import type { DemoMeta } from "../demo.ts";

export const meta: DemoMeta = {
  title: { en: "From the sigmoid to the step", zh: "从 S 型函数到阶跃函数" },
  summary: {
    en: "A neuron's weight sets how steep it answers, weight and bias together where.",
    zh: "权重决定神经元的回答有多陡，权重与偏置一起决定在哪里变。",
  },
  source: "nndl",
  chapter: 1,
  section: "1.3",
  programs: ["book/nndl/programs/network.ts", "book/zero/programs/perceptron.ts"],
  experiments: ["nndl/1.3-sigmoid", "nndl/1.3-scaling"],
};
