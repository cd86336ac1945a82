// Chapter 2: the perceptron.
import type { Chapter } from "../../experiment.ts";
import { experiments as gates } from "./2.3-gates.ts";
import { experiments as xor } from "./2.5-xor.ts";

export const chapter: Chapter = {
  title: { en: "The perceptron", zh: "感知机" },
  guide: "scratch-2",
  experiments: [...gates, ...xor],
};
