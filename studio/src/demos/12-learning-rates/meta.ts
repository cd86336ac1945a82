import type { DemoMeta } from "../demo.ts";

export const meta: DemoMeta = {
  title: { en: "Three learning rates", zh: "三个学习率" },
  summary: {
    en: "One network, trained from the same start at 0.025, 0.25, 2.5 and a rate of your own.",
    zh: "同一个网络、同一个起点，分别以 0.025、0.25、2.5 和自选的学习率训练。",
  },
  source: "nndl",
  chapter: 3,
  section: "3.5",
  programs: ["book/nndl/framework/study.ts", "book/nndl/programs/oscillation.ts"],
  experiments: ["nndl/3.5-learning-rates", "nndl/1.6-rates"],
};
