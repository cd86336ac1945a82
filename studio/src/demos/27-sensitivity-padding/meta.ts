import type { DemoMeta } from "../demo.ts";

export const meta: DemoMeta = {
  title: { en: "The error travels back through a filter", zh: "误差穿过滤波器传回去" },
  summary: {
    en: "Click an input: which errors come back to it, and by which weights? The zeros around them make one rule of it.",
    zh: "点一个输入：哪些误差传回给它，各按哪个权重？在周围补零，就合成一条规则。",
  },
  source: "zero",
  chapter: 4,
  section: "4",
  programs: [
    "book/zero/programs/conv-layer.ts",
    "book/zero/programs/convolution.ts",
    "book/zero/programs/sensitivity-terms.ts",
  ],
  experiments: ["zero/4-sensitivity"],
};
