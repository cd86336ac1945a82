import type { DemoMeta } from "../demo.ts";

export const meta: DemoMeta = {
  title: { en: "Which layer learns how fast", zh: "哪一层学得多快" },
  summary: {
    en: "The gradient of every hidden layer, before training and during it, by depth, activation and start.",
    zh: "训练之前和训练之中各隐藏层的梯度，随深度、激活函数和初始权重而变。",
  },
  source: "nndl",
  chapter: 5,
  section: "5.2",
  programs: ["book/nndl/framework/study.ts", "book/nndl/framework/layer-gradients.ts"],
  experiments: ["nndl/5.2-initial-gradients", "nndl/5.2-speed"],
};
