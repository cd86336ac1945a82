import type { DemoMeta } from "../demo.ts";

export const meta: DemoMeta = {
  title: { en: "A ball in a bowl", zh: "碗里的小球" },
  summary: {
    en: "One number, the step size, decides whether descent creeps, arrives or runs away.",
    zh: "只凭步长一个数，下降或慢爬，或到底，或越跑越远。",
  },
  source: "nndl",
  chapter: 1,
  section: "1.5",
  programs: ["book/nndl/programs/bowl.ts"],
  experiments: ["nndl/1.5-bowl", "nndl/1.5-one-variable"],
};
