import type { DemoMeta } from "../demo.ts";

export const meta: DemoMeta = {
  title: { en: "How many parameters?", zh: "有多少参数？" },
  summary: {
    en: "A fully connected layer beside a convolution on the same image, and where famous networks keep theirs.",
    zh: "同一幅图像上的全连接层与卷积层，以及著名网络的参数都在哪里。",
  },
  source: "zero",
  chapter: 4,
  section: "4",
  programs: ["book/python/programs/architectures.ts"],
  experiments: ["zero/4-parameters", "python/5.3-vgg16", "python/5.3-architectures"],
};
