// Chapter 3: better costs, overfitting and regularisation, starting weights, network2; then hyper-parameters and other techniques.
import type { Chapter } from "../../experiment.ts";
import { experiments as cost } from "./3.1-cost.ts";
import { experiments as crossEntropy } from "./3.1-cross-entropy.ts";
import { experiments as oneNeuron } from "./3.1-one-neuron.ts";
import { experiments as softmax } from "./3.1-softmax.ts";
import { experiments as dropout } from "./3.2-dropout.ts";
import { experiments as expansion } from "./3.2-expansion.ts";
import { experiments as largeData } from "./3.2-large-data.ts";
import { experiments as moreData } from "./3.2-more-data.ts";
import { experiments as overfitting } from "./3.2-overfitting.ts";
import { experiments as regularisation } from "./3.2-regularisation.ts";
import { experiments as simplicity } from "./3.2-simplicity.ts";
import { experiments as spread } from "./3.2-spread.ts";
import { experiments as initialisation } from "./3.3-initialisation.ts";
import { experiments as saturation } from "./3.3-saturation.ts";
import { experiments as network2 } from "./3.4-network2.ts";
import { experiments as demonstrations } from "./3.5-demonstrations.ts";
import { experiments as search } from "./3.5-search.ts";
import { experiments as stopping } from "./3.5-stopping.ts";
import { experiments as walk } from "./3.5-walk.ts";
import { experiments as momentum } from "./3.6-momentum.ts";
import { experiments as neurons } from "./3.6-neurons.ts";
import { experiments as techniques } from "./3.6-techniques.ts";

export const chapter: Chapter = {
  title: { en: "Improving the way neural networks learn", zh: "改进神经网络的学习方法" },
  guide: "nndl-3",
  experiments: [
    ...cost,
    ...oneNeuron,
    ...crossEntropy,
    ...softmax,
    ...overfitting,
    ...regularisation,
    ...spread,
    ...simplicity,
    ...dropout,
    ...expansion,
    ...moreData,
    ...largeData,
    ...saturation,
    ...initialisation,
    ...network2,
  ],
};

export const hyperparameters: Chapter = {
  title: { en: "Choosing hyper-parameters, and other techniques", zh: "选择超参数，以及其他技术" },
  guide: "nndl-3-hyperparameters",
  experiments: [...demonstrations, ...walk, ...stopping, ...search, ...techniques, ...momentum, ...neurons],
};
