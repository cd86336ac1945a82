import type { DemoMeta } from "../demo.ts";

export const meta: DemoMeta = {
  title: { en: "Draw digits, cut 504192", zh: "手写数字，切开 504192" },
  summary: {
    en: "Draw a digit for a network of 30 hidden neurons to read, and see a line of them cut into six.",
    zh: "写一个数字让 30 个隐藏神经元的网络来认，再看一行数字怎样切成六个。",
  },
  source: "nndl",
  chapter: 1,
  section: "1.2",
  programs: ["book/nndl/programs/segmentation.ts"],
  experiments: ["nndl/1.2-segmentation"],
};
