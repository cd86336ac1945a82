import type { DemoMeta } from "../demo.ts";

export const meta: DemoMeta = {
  title: { en: "Overfitting, and what helps", zh: "过拟合与对策" },
  summary: {
    en: "A network learns few images by heart. More images, L2, dropout and warped copies, against it in four curves.",
    zh: "网络把少量图像背了下来。更多图像、L2、弃权和变形的副本，看四条曲线如何改变。",
  },
  source: "nndl",
  chapter: 3,
  section: "3.2",
  programs: ["book/nndl/framework/study.ts", "book/nndl/programs/expansion.ts"],
  experiments: ["nndl/3.2-overfitting", "nndl/3.2-l2-small-data", "nndl/3.2-dropout", "nndl/3.2-expansion"],
};
