// Part 2: linear unit and gradient descent.
import type { Chapter } from "../../experiment.ts";
import { experiments as descent } from "./2-descent.ts";
import { experiments as features } from "./2-features.ts";
import { experiments as linearUnit } from "./2-linear-unit.ts";

export const chapter: Chapter = {
  title: { en: "Linear unit and gradient descent", zh: "线性单元与梯度下降" },
  guide: "zero-2",
  experiments: [...linearUnit, ...features, ...descent],
};
