// Chapter 2: how the backpropagation algorithm works.
import type { Chapter } from "../../experiment.ts";
import { experiments as labels } from "./2.1-labels.ts";
import { experiments as products } from "./2.2-products.ts";
import { experiments as cost } from "./2.3-cost.ts";
import { experiments as equations } from "./2.4-equations.ts";
import { experiments as saturation } from "./2.4-saturation.ts";
import { experiments as neurons } from "./2.6-neurons.ts";
import { experiments as finiteDifferences } from "./2.7-finite-differences.ts";
import { experiments as speed } from "./2.7-speed.ts";
import { experiments as paths } from "./2.9-paths.ts";

export const chapter: Chapter = {
  title: { en: "How the backpropagation algorithm works", zh: "反向传播算法如何工作" },
  guide: "nndl-2",
  experiments: [
    ...labels,
    ...products,
    ...cost,
    ...equations,
    ...saturation,
    ...neurons,
    ...finiteDifferences,
    ...speed,
    ...paths,
  ],
};
