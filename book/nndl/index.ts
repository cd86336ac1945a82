// "Neural Networks and Deep Learning", chapters 1 to 6.
import type { Source } from "../experiment.ts";
import { chapter as chapter1 } from "./chapter1/index.ts";
import { chapter as chapter2 } from "./chapter2/index.ts";
import { chapter as chapter3, hyperparameters } from "./chapter3/index.ts";
import { chapter as chapter4 } from "./chapter4/index.ts";
import { chapter as chapter5 } from "./chapter5/index.ts";
import { chapter as chapter6 } from "./chapter6/index.ts";

export const source: Source = {
  id: "nndl",
  title: { en: "Neural Networks and Deep Learning", zh: "神经网络与深度学习" },
  work: { en: "Michael Nielsen, 2015, with Python 2.7 programs", zh: "Michael Nielsen，2015 年，附 Python 2.7 程序" },
  chapters: [chapter1, chapter2, chapter3, hyperparameters, chapter4, chapter5, chapter6],
};
