import type { DemoMeta } from "../demo.ts";

export const meta: DemoMeta = {
  title: { en: "Other neurons, and steps that are not sharp", zh: "其他神经元，与不够陡的阶跃" },
  summary: {
    en: "Any activation with two different limits makes a step; overlapping families mend what steps spoil.",
    zh: "只要两端极限不同，任何激活函数都能做成阶跃；相互错开的凸块族弥补阶跃的缺陷。",
  },
  source: "nndl",
  chapter: 4,
  section: "4.4, 4.5",
  programs: ["book/nndl/programs/universality.ts"],
  experiments: ["nndl/4.4-activations", "nndl/4.5-overlap"],
};
