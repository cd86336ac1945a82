// "Deep Learning from Zero", parts 1 to 7.
import type { Source } from "../experiment.ts";
import { chapter as chapter1 } from "./chapter1/index.ts";
import { chapter as chapter2 } from "./chapter2/index.ts";
import { chapter as chapter3 } from "./chapter3/index.ts";
import { chapter as chapter4 } from "./chapter4/index.ts";
import { chapter as chapter5 } from "./chapter5/index.ts";
import { chapter as chapter6 } from "./chapter6/index.ts";
import { chapter as chapter7 } from "./chapter7/index.ts";

export const source: Source = {
  id: "zero",
  title: { en: "Deep Learning from Zero", zh: "零基础入门深度学习" },
  work: {
    en: "a Chinese series in seven parts, from the perceptron to recursive networks, with Python 2.7 programs",
    zh: "七篇连载，从感知器到递归神经网络，附 Python 2.7 程序",
  },
  chapters: [chapter1, chapter2, chapter3, chapter4, chapter5, chapter6, chapter7],
};
