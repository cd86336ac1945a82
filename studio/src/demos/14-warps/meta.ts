import type { DemoMeta } from "../demo.ts";

export const meta: DemoMeta = {
  title: { en: "More digits from what there is", zh: "从已有的数字造出更多" },
  summary: {
    en: "Rotate, shift, skew and bend a digit: the field that moves its ink, and copies as a training sees them.",
    zh: "旋转、平移、倾斜、弹性变形：移动墨迹的位移场，以及训练时见到的副本。",
  },
  source: "nndl",
  chapter: 3,
  section: "3.2",
  programs: ["book/nndl/programs/expansion.ts"],
  experiments: ["nndl/3.2-rotated-five", "nndl/3.2-expansion", "nndl/3.2-large-rotations"],
};
