import type { DemoMeta } from "../demo.ts";

export const meta: DemoMeta = {
  title: { en: "A filter, step by step", zh: "滤波器，一步一步" },
  summary: {
    en: "Move a filter over an image you edit, product by product, and turn it for convolution proper.",
    zh: "让滤波器扫过可编辑的图像，一个乘积一个乘积地加；把它翻转，就是真正的卷积。",
  },
  source: "zero",
  chapter: 4,
  section: "4",
  programs: ["book/zero/programs/convolution.ts", "book/zero/programs/init-test.ts", "book/sizes.ts"],
  experiments: ["zero/4-convolution", "zero/4-parameters"],
};
