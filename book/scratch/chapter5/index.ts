// Chapter 5: backpropagation.
import type { Chapter } from "../../experiment.ts";
import { experiments as apples } from "./5.4-apples.ts";
import { experiments as layers } from "./5.5-layers.ts";
import { experiments as mnist } from "./5.7-mnist.ts";

export const chapter: Chapter = {
  title: { en: "Backpropagation", zh: "误差反向传播法" },
  guide: "scratch-5",
  experiments: [...apples, ...layers, ...mnist],
};
