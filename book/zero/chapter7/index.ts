// Part 7: recursive networks, a parser, and sentiment.
import type { Chapter } from "../../experiment.ts";
import { experiments as composition } from "./7-composition.ts";
import { experiments as parser } from "./7-parser.ts";
import { experiments as recursive } from "./7-recursive.ts";
import { experiments as sentiment } from "./7-sentiment.ts";

export const chapter: Chapter = {
  title: { en: "Recursive networks", zh: "递归神经网络" },
  guide: "zero-7",
  experiments: [...recursive, ...composition, ...parser, ...sentiment],
};
