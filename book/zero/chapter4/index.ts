// Part 4: convolutional neural networks.
import type { Chapter } from "../../experiment.ts";
import { experiments as backward } from "./4-backward.ts";
import { experiments as convolution } from "./4-convolution.ts";
import { experiments as leNet } from "./4-lenet.ts";

export const chapter: Chapter = {
  title: { en: "Convolutional networks", zh: "卷积神经网络" },
  guide: "zero-4",
  experiments: [...convolution, ...backward, ...leNet],
};
