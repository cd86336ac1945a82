import type { DemoMeta } from "../demo.ts";

export const meta: DemoMeta = {
  title: { en: "Filters as they are learnt", zh: "滤波器的成长" },
  summary: {
    en: "Twenty filters from noise to shapes, epoch by epoch, and what each answers to a digit.",
    zh: "二十个滤波器一个迭代期一个迭代期地从噪声变成图形，以及各自对一个数字的响应。",
  },
  source: "nndl",
  chapter: 6,
  section: "6.2",
  programs: ["book/nndl/framework/inside.ts", "book/nndl/programs/likeness.ts"],
  experiments: ["nndl/6.2-filters"],
};
