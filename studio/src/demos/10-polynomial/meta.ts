import type { DemoMeta } from "../demo.ts";

export const meta: DemoMeta = {
  title: { en: "Ten points, and how many parameters", zh: "十个点，多少个参数" },
  summary: {
    en: "A polynomial of ninth degree meets all ten points and has learnt nothing; a line meets none.",
    zh: "九次多项式穿过全部十个点，却什么也没学到；直线一个点也不穿过。",
  },
  source: "nndl",
  chapter: 3,
  section: "3.2",
  programs: ["book/nndl/programs/polynomial.ts"],
  experiments: ["nndl/3.2-polynomial"],
};
