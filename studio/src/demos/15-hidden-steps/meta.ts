import type { DemoMeta } from "../demo.ts";

export const meta: DemoMeta = {
  title: { en: "From a neuron to a step, and to a bump", zh: "从神经元到阶跃，再到凸块" },
  summary: {
    en: "A heavy weight makes a hidden neuron a step at −b/w; two of them make a bump of any height.",
    zh: "权重大时隐藏神经元成为位于 −b/w 的阶跃；两个阶跃组成任意高度的凸块。",
  },
  source: "nndl",
  chapter: 4,
  section: "4.2",
  programs: ["book/nndl/programs/universality.ts"],
  experiments: ["nndl/4.2-neuron", "nndl/4.2-step"],
};
