// Chapter 1: recognising handwritten digits.
import type { Chapter } from "../../experiment.ts";
import { experiments as segmentation } from "./1.2-segmentation.ts";
import { experiments as sigmoid } from "./1.3-sigmoid.ts";
import { experiments as binaryOutput } from "./1.4-binary-output.ts";
import { experiments as networks } from "./1.4-networks.ts";
import { experiments as strokes } from "./1.4-strokes.ts";
import { experiments as descent } from "./1.5-descent.ts";
import { experiments as baselines } from "./1.6-baselines.ts";
import { experiments as noHidden } from "./1.6-no-hidden.ts";
import { experiments as rates } from "./1.6-rates.ts";
import { experiments as training } from "./1.6-training.ts";
import { experiments as questions } from "./1.7-questions.ts";

export const chapter: Chapter = {
  title: { en: "Using neural nets to recognize handwritten digits", zh: "使用神经网络识别手写数字" },
  guide: "nndl-1",
  experiments: [
    ...segmentation,
    ...sigmoid,
    ...networks,
    ...strokes,
    ...binaryOutput,
    ...descent,
    ...training,
    ...rates,
    ...noHidden,
    ...baselines,
    ...questions,
  ],
};
