// Chapter 6: techniques for learning.
import type { Chapter } from "../../experiment.ts";
import { experiments as optimizers } from "./6.1-optimizers.ts";
import { experiments as weights } from "./6.2-weights.ts";
import { experiments as batchNormalisation } from "./6.3-batch-normalisation.ts";
import { experiments as byHand } from "./6.3-by-hand.ts";
import { experiments as overfitting } from "./6.4-overfitting.ts";
import { experiments as hyperparameterSearch } from "./6.5-hyperparameter-search.ts";

export const chapter: Chapter = {
  title: { en: "Techniques for learning", zh: "与学习相关的技巧" },
  guide: "scratch-6",
  experiments: [...optimizers, ...weights, ...byHand, ...batchNormalisation, ...overfitting, ...hyperparameterSearch],
};
