// Chapter 1: recognising handwritten digits.
import type { Chapter } from "../experiment.ts";
import { baselines } from "./chapter1-baselines.ts";
import { descents } from "./chapter1-descent.ts";
import { exercises, figures } from "./chapter1-figures.ts";
import { neurons } from "./chapter1-neurons.ts";
import { rateExperiments } from "./chapter1-rates.ts";
import { segmentationExperiments } from "./chapter1-segmentation.ts";
import { trainings } from "./chapter1-training.ts";

export const chapter: Chapter = {
  title: { en: "Using neural nets to recognize handwritten digits", zh: "使用神经网络识别手写数字" },
  guide: "nndl-1",
  experiments: [
    ...neurons,
    ...figures,
    ...descents,
    ...trainings,
    ...rateExperiments,
    ...exercises,
    ...baselines,
    ...segmentationExperiments,
  ],
};
