// Chapter 5: unsupervised layers (5.1), artificial neural networks (5.2), convolutional networks (5.3), recurrent networks (5.4) and LSTM (5.5).
import type { Chapter } from "../../experiment.ts";
import { experiments as layers } from "./5.1-layers.ts";
import { experiments as pretraining } from "./5.1-pretraining.ts";
import { experiments as activations } from "./5.2-activations.ts";
import { experiments as backpropagation } from "./5.2-backpropagation.ts";
import { experiments as descent } from "./5.2-descent.ts";
import { experiments as ensembles } from "./5.2-ensembles.ts";
import { experiments as fits } from "./5.2-fits.ts";
import { experiments as network } from "./5.2-network.ts";
import { experiments as neurons } from "./5.2-neurons.ts";
import { experiments as architectures } from "./5.3-architectures.ts";
import { experiments as convolutionalLayers } from "./5.3-layers.ts";
import { experiments as recurrentExample } from "./5.4-recurrent.ts";
import { experiments as translation } from "./5.4-translation.ts";
import { experiments as lstm } from "./5.5-lstm.ts";

export const unsupervised: Chapter = {
  title: { en: "Deep learning: unsupervised layers", zh: "深度学习：无监督逐层预训练" },
  guide: "python-1",
  experiments: [...layers, ...pretraining],
};

export const neural: Chapter = {
  title: { en: "Artificial neural networks", zh: "人工神经网络" },
  guide: "python-2",
  experiments: [...neurons, ...backpropagation, ...network, ...activations, ...descent, ...fits, ...ensembles],
};

export const convolutional: Chapter = {
  title: { en: "Convolutional networks", zh: "卷积神经网络" },
  guide: "python-3",
  experiments: [...convolutionalLayers, ...architectures],
};

export const recurrent: Chapter = {
  title: { en: "Recurrent networks and LSTM", zh: "循环神经网络与 LSTM" },
  guide: "python-4",
  experiments: [...recurrentExample, ...translation, ...lstm],
};
