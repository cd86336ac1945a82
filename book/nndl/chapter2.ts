// Chapter 2: how the backpropagation algorithm works.
import type { Chapter } from "../experiment.ts";
import { equationExperiments } from "./chapter2-equations.ts";
import { figures, readings } from "./chapter2-figures.ts";
import { gradientExperiments } from "./chapter2-gradient.ts";
import { speedExperiments } from "./chapter2-speed.ts";

export const chapter: Chapter = {
  title: { en: "How the backpropagation algorithm works", zh: "反向传播算法如何工作" },
  guide: "nndl-2",
  experiments: [...figures, ...equationExperiments, ...readings, ...gradientExperiments, ...speedExperiments],
};
