import type { DemoMeta } from "../demo.ts";

export const meta: DemoMeta = {
  title: { en: "What networks get wrong, alone and together", zh: "网络认错了什么：单独与投票" },
  summary: {
    en: "The misread digits, label and answer beside them as in the book, and a vote of one to five networks.",
    zh: "认错的数字，像书中那样标出正确答案与网络的回答；一到五个网络投票。",
  },
  source: "nndl",
  chapter: 6,
  section: "6.2",
  programs: ["book/nndl/framework/inside.ts"],
  experiments: ["nndl/6.2-ensemble-errors"],
};
