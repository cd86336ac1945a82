// Chapter 1: arrays and plots.
import type { Chapter } from "../../experiment.ts";
import { experiments as arrays } from "./1.5-arrays.ts";
import { experiments as plots } from "./1.6-plots.ts";

export const chapter: Chapter = {
  title: { en: "Arrays and plots", zh: "数组与绘图" },
  guide: "scratch-1",
  experiments: [...arrays, ...plots],
};
