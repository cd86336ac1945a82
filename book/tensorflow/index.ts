// A TensorFlow 2 textbook, chapter 3.
import type { Source } from "../experiment.ts";
import { chapter } from "./chapter3/index.ts";

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
  chapters: [chapter],
};
