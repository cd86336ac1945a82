import type { DemoMeta } from "../demo.ts";

export const meta: DemoMeta = {
  title: { en: "What a hidden neuron sees", zh: "隐藏神经元看到什么" },
  summary: {
    en: "Each neuron of a feature map looks at a small field of the image, all with the same weights.",
    zh: "特征图中的每个神经元只看图像的一小块，而且都用同一组权重。",
  },
  source: "nndl",
  chapter: 6,
  section: "6.1",
  programs: ["book/nndl/programs/receptive-field.ts", "book/nndl/programs/network.ts"],
  experiments: ["nndl/6.1-receptive-fields", "nndl/6.2-filters"],
};
