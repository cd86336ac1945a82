import type { DemoMeta } from "../demo.ts";

export const meta: DemoMeta = {
  title: { en: "Adversarial images", zh: "对抗图像" },
  summary: {
    en: "A change too small to matter makes a network read another digit; noise of the same size does not.",
    zh: "微不足道的改动就能让网络认成别的数字，同样大小的噪声却不能。",
  },
  source: "nndl",
  chapter: 6,
  section: "6.4",
  programs: ["book/nndl/framework/inside.ts"],
  experiments: ["nndl/6.4-adversarial", "nndl/6.4-fooling"],
};
