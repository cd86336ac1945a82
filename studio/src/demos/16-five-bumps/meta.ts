import type { DemoMeta } from "../demo.ts";

export const meta: DemoMeta = {
  title: { en: "Any function, by hand", zh: "亲手画出任意函数" },
  summary: {
    en: "Drag the heights of five bumps until ten hidden neurons draw the function of the book.",
    zh: "拖动五个凸块的高度，让十个隐藏神经元画出书中的函数。",
  },
  source: "nndl",
  chapter: 4,
  section: "4.2",
  programs: ["book/nndl/programs/universality.ts"],
  experiments: ["nndl/4.2-five-bumps", "nndl/4.2-more-bumps"],
};
