// A Python AI textbook, chapter 5: sections 5.1 to 5.5.
import type { Source } from "../experiment.ts";
import { convolutional, neural, recurrent, unsupervised } from "./chapter5/index.ts";

export const source: Source = {
  id: "python",
  title: { en: "A Python AI textbook, chapter 5", zh: "Python 人工智能教材，第五章" },
  work: {
    en: "a Chinese textbook on artificial intelligence with Python: deep learning and artificial neural networks",
    zh: "一本中文 Python 人工智能教材：深度学习与人工神经网络",
  },
  chapters: [unsupervised, neural, convolutional, recurrent],
};
