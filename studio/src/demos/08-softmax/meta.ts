import type { DemoMeta } from "../demo.ts";

export const meta: DemoMeta = {
  title: { en: "Softmax: outputs that share one whole", zh: "softmax：分享一个整体的输出" },
  summary: {
    en: "Raise one weighted input, and its output takes from all the others.",
    zh: "抬高一个带权输入，它的输出就从其余各个输出那里分走一份。",
  },
  source: "nndl",
  chapter: 3,
  section: "3.1",
  programs: ["book/nndl/programs/neurons.ts"],
  experiments: ["nndl/3.1-softmax-bars", "nndl/3.1-softmax-exercises"],
};
