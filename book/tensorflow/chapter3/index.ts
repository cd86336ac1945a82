// Chapter 3: classification, from the linear model to three layers.
import type { Chapter } from "../../experiment.ts";
import { experiments as data } from "./3-data.ts";
import { experiments as ideas } from "./3-ideas.ts";
import { experiments as models } from "./3-models.ts";
import { experiments as program } from "./3-program.ts";
import { experiments as rates } from "./3-rates.ts";

export const chapter: Chapter = {
  title: { en: "Classification", zh: "分类问题" },
  guide: "tensorflow",
  experiments: [...data, ...models, ...ideas, ...program, ...rates],
};
