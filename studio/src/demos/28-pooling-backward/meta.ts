import type { DemoMeta } from "../demo.ts";

export const meta: DemoMeta = {
  title: { en: "Pooling, backward", zh: "池化的反向" },
  summary: {
    en: "Max pooling hands the whole error to the one that won, mean pooling hands everybody the same.",
    zh: "最大池化把误差全给胜出的一个，平均池化给每个一样多。",
  },
  source: "zero",
  chapter: 4,
  section: "4",
  programs: ["book/zero/programs/pooling-layer.ts"],
  experiments: ["zero/4-pooling"],
};
