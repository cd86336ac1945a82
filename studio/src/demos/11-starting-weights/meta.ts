import type { DemoMeta } from "../demo.ts";

export const meta: DemoMeta = {
  title: { en: "Where the weights begin", zh: "权重从哪里开始" },
  summary: {
    en: "Starting weights that are too large saturate a neuron before it has learnt anything.",
    zh: "初始权重太大，神经元还没学就饱和了。",
  },
  source: "nndl",
  chapter: 3,
  section: "3.3",
  programs: ["book/nndl/programs/starting-weights.ts", "book/nndl/programs/neurons.ts"],
  experiments: ["nndl/3.3-weighted-input", "nndl/3.3-saturation", "nndl/3.3-starts-30"],
};
