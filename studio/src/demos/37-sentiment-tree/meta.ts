import type { DemoMeta } from "../demo.ts";

export const meta: DemoMeta = {
  title: { en: "Take n't away, and the root turns", zh: "去掉 n't，根就变了" },
  summary: {
    en: "Every phrase of a sentence, red for negative and blue for positive, read by a network that learns in the page.",
    zh: "一句话的每个短语，红为负面，蓝为正面，由在页面里学习的网络读出。",
  },
  source: "zero",
  chapter: 7,
  section: "7",
  programs: [
    "book/zero/framework/little-sentiment.ts",
    "book/zero/framework/edited-tree.ts",
    "book/zero/framework/sentiment.ts",
    "book/zero/framework/sentiment-study.ts",
  ],
  experiments: ["zero/7-sentiment", "zero/7-tree-lstm"],
};
