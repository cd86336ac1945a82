import type { DemoMeta } from "../demo.ts";

export const meta: DemoMeta = {
  title: { en: "The next word", zh: "下一个词" },
  summary: {
    en: "A recurrent language model and an n-gram say what comes next, word by word: 我 昨天 上学 迟到 了.",
    zh: "循环神经网络语言模型与 n-gram 逐词说出下一个词：我 昨天 上学 迟到 了。",
  },
  source: "zero",
  chapter: 5,
  section: "5",
  programs: ["book/zero/programs/sentences.ts", "book/zero/programs/language.ts"],
  experiments: ["zero/5-words", "zero/5-ngram", "zero/5-shakespeare"],
};
