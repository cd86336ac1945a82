// Part 1: the perceptron.
import type { Chapter } from "../../experiment.ts";
import { experiments as gates } from "./1-gates.ts";
import { experiments as perceptron } from "./1-perceptron.ts";

export const chapter: Chapter = {
  title: { en: "The perceptron", zh: "感知器" },
  guide: "zero-1",
  experiments: [...perceptron, ...gates],
};
