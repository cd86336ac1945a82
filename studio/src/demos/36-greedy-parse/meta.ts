import type { DemoMeta } from "../demo.ts";

export const meta: DemoMeta = {
  title: { en: "Merging neighbours into a tree", zh: "逐次合并，得到句法树" },
  summary: {
    en: "A parser scores every pair of neighbours and merges the best; beside it, all 42 trees, and a margin that pushes the wrong ones up.",
    zh: "分析器给每对相邻节点打分，合并最高的一对；旁边是全部 42 棵树，以及抬高错误者的间隔。",
  },
  source: "zero",
  chapter: 7,
  section: "7",
  programs: ["book/zero/programs/parser.ts", "book/zero/programs/max-margin.ts", "book/zero/programs/merge-lessons.ts"],
  experiments: ["zero/7-greedy-parse", "zero/7-parser"],
};
