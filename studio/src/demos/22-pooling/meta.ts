import type { DemoMeta } from "../demo.ts";

export const meta: DemoMeta = {
  title: { en: "Pooling", zh: "池化" },
  summary: {
    en: "What is left of a feature map when regions become single numbers: the largest, the length, or the mean.",
    zh: "把特征图的每一块变成一个数：最大值、长度或平均值，还剩下什么。",
  },
  source: "nndl",
  chapter: 6,
  section: "6.1",
  programs: ["book/nndl/programs/pooled.ts"],
  experiments: ["nndl/6.1-receptive-fields"],
};
