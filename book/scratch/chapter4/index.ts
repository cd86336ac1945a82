// Chapter 4: learning: losses, gradients, descent.
import type { Chapter } from "../../experiment.ts";
import { experiments as losses } from "./4.2-losses.ts";
import { experiments as numericalGradient } from "./4.3-numerical-gradient.ts";
import { experiments as gradientDescent } from "./4.4-gradient-descent.ts";

export const chapter: Chapter = {
  title: { en: "Learning: losses, gradients, descent", zh: "神经网络的学习" },
  guide: "scratch-4",
  experiments: [...losses, ...numericalGradient, ...gradientDescent],
};
