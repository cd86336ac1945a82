// "Deep Learning from Scratch": from arrays to convolutional networks.
import type { Source } from "../experiment.ts";
import { chapter as chapter1 } from "./chapter1/index.ts";
import { chapter as chapter2 } from "./chapter2/index.ts";
import { chapter as chapter3 } from "./chapter3/index.ts";
import { chapter as chapter4 } from "./chapter4/index.ts";
import { chapter as chapter5 } from "./chapter5/index.ts";
import { chapter as chapter6 } from "./chapter6/index.ts";
import { chapter as chapter7 } from "./chapter7/index.ts";

export const source: Source = {
  id: "scratch",
  title: { en: "Deep Learning from Scratch", zh: "深度学习入门：基于 Python 的理论与实现" },
  work: {
    en: "Saito Koki, 2016 (O'Reilly Japan); notes on it with code, and the programs of the book",
    zh: "斋藤康毅，2016（中文版：人民邮电出版社，2018）；带代码的读书笔记与书中程序",
  },
  chapters: [chapter1, chapter2, chapter3, chapter4, chapter5, chapter6, chapter7],
};
