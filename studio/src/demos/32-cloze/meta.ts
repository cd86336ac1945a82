import type { DemoMeta } from "../demo.ts";

export const meta: DemoMeta = {
  title: { en: "A gap that only what follows can fill", zh: "只有后文才能填的空" },
  summary: {
    en: "Two networks learn to fill a gap: one reads both ways, one forwards alone.",
    zh: "两个网络学着填空：一个双向地读，一个只向前读。",
  },
  source: "zero",
  chapter: 5,
  section: "5",
  programs: ["book/zero/programs/cloze.ts", "book/zero/programs/cloze-training.ts"],
  experiments: ["zero/5-cloze", "zero/5-bidirectional"],
};
