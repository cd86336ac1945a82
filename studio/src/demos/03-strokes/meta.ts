import type { DemoMeta } from "../demo.ts";

export const meta: DemoMeta = {
  title: { en: "Questions within questions", zh: "问题中的问题" },
  summary: {
    en: "Hidden neurons that look for strokes of a 0, and networks within a network that ask whether it is a face.",
    zh: "寻找 0 的笔画的隐藏神经元，以及层层嵌套、判断是不是人脸的网络。",
  },
  source: "nndl",
  chapter: 1,
  section: "1.4, 1.7",
  programs: ["book/nndl/programs/strokes.ts", "book/nndl/programs/face.ts", "book/nndl/programs/baselines.ts"],
  experiments: ["nndl/1.4-strokes", "nndl/1.7-face"],
};
