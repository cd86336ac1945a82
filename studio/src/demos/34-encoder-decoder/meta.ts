import type { DemoMeta } from "../demo.ts";

export const meta: DemoMeta = {
  title: { en: "A B C D in, X Y Z out", zh: "读入 A B C D，写出 X Y Z" },
  summary: {
    en: "One network reads to the end mark, another writes what it was told: step by step, with or without attention.",
    zh: "一个网络读到结束标记，另一个照着写出来：一步一步地看，可以有注意力，也可以没有。",
  },
  source: "python",
  chapter: 5,
  section: "5.4",
  programs: ["book/python/framework/encoder-decoder.ts", "book/python/framework/sequence-tasks.ts"],
  experiments: ["python/5.4-translation", "python/5.4-reverse"],
};
