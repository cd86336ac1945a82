import type { DemoMeta } from "../demo.ts";

export const meta: DemoMeta = {
  title: { en: "The gates of an LSTM", zh: "LSTM 的门" },
  summary: {
    en: "Hold the gates yourself: the cell keeps “China” until the language is asked for, or loses it.",
    zh: "自己来管门：单元把“China”一直留到要问语言的时候，或者中途丢掉。",
  },
  source: "zero",
  chapter: 6,
  section: "6",
  programs: ["book/zero/programs/clamped-lstm.ts", "book/zero/programs/handed-back.ts"],
  experiments: ["zero/6-lstm", "zero/6-gradient-bars", "zero/6-agreement"],
};
