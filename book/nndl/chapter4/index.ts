// Chapter 4, networks can compute any function: its experiments in the order of the text. Nothing in this chapter is trained.
import type { Chapter } from "../../experiment.ts";
import { experiments as discontinuous } from "./4.1-discontinuous.ts";
import { experiments as bumps } from "./4.2-bumps.ts";
import { experiments as oneInput } from "./4.2-one-input.ts";
import { experiments as manyInputs } from "./4.3-many-inputs.ts";
import { experiments as oneLayer } from "./4.3-one-layer.ts";
import { experiments as activations } from "./4.4-activations.ts";
import { experiments as overlap } from "./4.5-overlap.ts";

export const chapter: Chapter = {
  title: { en: "Neural nets can compute any function", zh: "神经网络可以计算任何函数" },
  guide: "nndl-4",
  experiments: [...discontinuous, ...oneInput, ...bumps, ...manyInputs, ...oneLayer, ...activations, ...overlap],
};
