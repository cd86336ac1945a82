// Chapter 4, networks can compute any function: its experiments in the order of the text. Nothing in this chapter is trained.
import type { Chapter } from "../experiment.ts";
import { generalActivation, linearNeurons, rectifiers } from "./chapter4-activations.ts";
import { fiveBumps, sweep } from "./chapter4-bumps.ts";
import { discontinuous, overlap } from "./chapter4-limits.ts";
import { manyInputs, manyTowers, surfaces, twoOutputs } from "./chapter4-many-inputs.ts";
import { bumpUp, neuron, steps } from "./chapter4-one-input.ts";
import { oneLayer } from "./chapter4-one-layer.ts";

export const chapter: Chapter = {
  title: { en: "Neural nets can compute any function", zh: "神经网络可以计算任何函数" },
  guide: "nndl-4",
  experiments: [
    neuron,
    steps,
    bumpUp,
    fiveBumps,
    sweep,
    discontinuous,
    surfaces,
    manyTowers,
    manyInputs,
    twoOutputs,
    oneLayer,
    generalActivation,
    rectifiers,
    linearNeurons,
    overlap,
  ],
};
