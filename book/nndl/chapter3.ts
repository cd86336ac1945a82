// Chapter 3, sections 3.1 to 3.4: better costs, overfitting and regularisation, starting weights, network2.
import type { Chapter } from "../experiment.ts";
import { experiments as cost } from "./chapter3-cost.ts";
import { experiments as crossEntropy } from "./chapter3-cross-entropy.ts";
import { experiments as dropout } from "./chapter3-dropout.ts";
import { experiments as expansion } from "./chapter3-expansion.ts";
import { experiments as initialisation } from "./chapter3-initialisation.ts";
import { experiments as moreData } from "./chapter3-more-data.ts";
import { experiments as network2 } from "./chapter3-network2.ts";
import { experiments as neuron } from "./chapter3-one-neuron.ts";
import { experiments as overfitting } from "./chapter3-overfitting.ts";
import { experiments as regularisation } from "./chapter3-regularisation.ts";
import { experiments as saturation } from "./chapter3-saturation.ts";
import { experiments as simplicity } from "./chapter3-simplicity.ts";
import { experiments as softmax } from "./chapter3-softmax.ts";
import { experiments as spread } from "./chapter3-spread.ts";

export const chapter: Chapter = {
  title: { en: "Improving the way neural networks learn", zh: "改进神经网络的学习方法" },
  guide: "nndl-3",
  experiments: [
    ...cost,
    ...neuron,
    ...crossEntropy,
    ...softmax,
    ...overfitting,
    ...regularisation,
    ...spread,
    ...simplicity,
    ...dropout,
    ...expansion,
    ...moreData,
    ...saturation,
    ...initialisation,
    ...network2,
  ],
};
