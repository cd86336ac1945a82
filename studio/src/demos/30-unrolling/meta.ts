import type { DemoMeta } from "../demo.ts";

export const meta: DemoMeta = {
  title: { en: "A recurrent network, unrolled", zh: "把循环网络展开" },
  summary: {
    en: "States go forward, errors come back, and each step multiplies: they vanish or explode, unless they are clipped.",
    zh: "状态向前走，误差往回传，每一步都要相乘：或消失，或爆炸，除非加以截断。",
  },
  source: "zero",
  chapter: 5,
  section: "5",
  programs: ["book/zero/programs/way-back.ts", "book/zero/programs/through-time-bounds.ts"],
  experiments: ["zero/5-vanishing", "zero/5-clipping"],
};
