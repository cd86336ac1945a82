// Chapter 5: why deep networks are hard to train.
import type { Chapter } from "../../experiment.ts";
import { experiments as initialGradients } from "./5.2-initial-gradients.ts";
import { experiments as exercises } from "./5.3-exercises.ts";
import { experiments as unstableGradients } from "./5.3-unstable-gradients.ts";
import { experiments as productFormula } from "./5.4-product-formula.ts";
import { experiments as depth } from "./5-depth.ts";

export const chapter: Chapter = {
  title: { en: "Why are deep neural networks hard to train?", zh: "深度神经网络为何难以训练" },
  guide: "nndl-5",
  experiments: [...depth, ...initialGradients, ...unstableGradients, ...exercises, ...productFormula],
};
