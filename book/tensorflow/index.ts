// A TensorFlow 2 textbook, chapter 3.
import type { Source } from "../experiment.ts";
import { dataExperiments } from "./chapter3-data.ts";
import { ideaExperiments } from "./chapter3-ideas.ts";
import { modelExperiments } from "./chapter3-models.ts";
import { programExperiments } from "./chapter3-program.ts";
import { rateExperiments } from "./chapter3-rates.ts";

export const source: Source = {
  id: "tensorflow",
  title: {
    en: "A TensorFlow 2 textbook, chapter 3: classification",
    zh: "TensorFlow 深度学习教材，第三章：分类问题",
  },
  work: {
    en: "a Chinese textbook on deep learning with TensorFlow 2: MNIST, from the linear model to three layers",
    zh: "一本基于 TensorFlow 2 的中文深度学习教材：MNIST，从线性模型到三层网络",
  },
  chapters: [
    {
      title: { en: "Classification", zh: "分类问题" },
      guide: "tensorflow",
      experiments: [
        ...dataExperiments,
        ...modelExperiments,
        ...ideaExperiments,
        ...programExperiments,
        ...rateExperiments,
      ],
    },
  ],
};
