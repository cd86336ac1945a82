// Chapter 3: neural networks.
import type { Chapter } from "../../experiment.ts";
import { experiments as activations } from "./3.2-activations.ts";
import { experiments as forward } from "./3.4-forward.ts";
import { experiments as softmax } from "./3.5-softmax.ts";

export const chapter: Chapter = {
  title: { en: "Neural networks", zh: "神经网络" },
  guide: "scratch-3",
  experiments: [...activations, ...forward, ...softmax],
};
