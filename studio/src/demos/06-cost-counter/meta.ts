import type { DemoMeta } from "../demo.ts";

export const meta: DemoMeta = {
  title: { en: "What backpropagation saves", zh: "反向传播省下了什么" },
  summary: {
    en: "The gradient by trying every weight, and by one pass back: counted, timed and compared.",
    zh: "逐个权重试出梯度，与一次反向传播求出梯度：计数、计时、比较。",
  },
  source: "nndl",
  chapter: 2,
  section: "2.7",
  programs: ["book/nndl/programs/finite-differences.ts", "book/nndl/programs/network.ts"],
  experiments: ["nndl/2.7-finite-differences"],
};
