import type { DemoMeta } from "../demo.ts";

export const meta: DemoMeta = {
  title: { en: "A neuron that is badly wrong", zh: "错得离谱的神经元" },
  summary: {
    en: "With the quadratic cost it learns slowest when it is most wrong; cross-entropy turns that round.",
    zh: "用二次代价，错得越厉害学得越慢；交叉熵正好相反。",
  },
  source: "nndl",
  chapter: 3,
  section: "3.1",
  programs: ["book/nndl/programs/toy-neuron.ts"],
  experiments: ["nndl/3.1-toy-quadratic", "nndl/3.1-toy-cross-entropy", "nndl/3.1-sigmoid"],
};
