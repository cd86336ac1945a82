// Chapter 6: deep learning.
import type { Chapter } from "../../experiment.ts";
import { experiments as fields } from "./6.1-receptive-fields.ts";
import { experiments as ciresan } from "./6.2-ciresan.ts";
import { experiments as convolution } from "./6.2-convolution.ts";
import { experiments as dropout } from "./6.2-dropout.ts";
import { experiments as ensembleErrors } from "./6.2-ensemble-errors.ts";
import { experiments as exercises } from "./6.2-exercises.ts";
import { experiments as filters } from "./6.2-filters.ts";
import { experiments as moreData } from "./6.2-more-data.ts";
import { experiments as networks } from "./6.2-networks.ts";
import { experiments as single } from "./6.2-single-network.ts";
import { experiments as translation } from "./6.2-translation.ts";
import { experiments as network3 } from "./6.3-network3.ts";
import { experiments as adversarial } from "./6.4-adversarial.ts";
import { experiments as addition } from "./6.5-addition.ts";
import { experiments as playing } from "./6.5-playing.ts";
import { experiments as recurrent } from "./6.5-recurrent.ts";

export const chapter: Chapter = {
  title: { en: "Deep learning", zh: "深度学习" },
  guide: "nndl-6",
  experiments: [
    ...fields,
    ...networks,
    ...convolution,
    ...filters,
    ...exercises,
    ...moreData,
    ...dropout,
    ...ensembleErrors,
    ...translation,
    ...ciresan,
    ...single,
    ...network3,
    ...adversarial,
    ...recurrent,
    ...addition,
    ...playing,
  ],
};
