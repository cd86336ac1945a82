import type { DemoMeta } from "../demo.ts";

export const meta: DemoMeta = {
  title: { en: "Towers over two inputs", zh: "两个输入之上的塔" },
  summary: {
    en: "In three dimensions: from a step to a bump, a cross and a tower, and many towers for any function.",
    zh: "三维图：从阶跃到凸块、十字和塔，再用许多塔拼出任意函数。",
  },
  source: "nndl",
  chapter: 4,
  section: "4.3",
  programs: ["book/nndl/programs/universality-towers.ts", "book/nndl/programs/universality.ts"],
  experiments: ["nndl/4.3-tower", "nndl/4.3-many-towers"],
};
