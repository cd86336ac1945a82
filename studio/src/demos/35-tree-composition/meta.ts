import type { DemoMeta } from "../demo.ts";

export const meta: DemoMeta = {
  title: { en: "The same words, another tree", zh: "同样的词，另一棵树" },
  summary: {
    en: "两个外语学院的学生 has two readings: rebracket it, and its vector moves across the map.",
    zh: "“两个外语学院的学生”有两种读法：换一种括号，它的向量就移到图上别处。",
  },
  source: "zero",
  chapter: 7,
  section: "7",
  programs: [
    "book/zero/programs/composition.ts",
    "book/zero/programs/readings.ts",
    "book/zero/programs/recursive.ts",
    "book/zero/programs/parser.ts",
  ],
  experiments: ["zero/7-two-trees", "zero/7-map", "zero/7-layer"],
};
