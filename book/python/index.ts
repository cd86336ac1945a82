// A Python AI textbook, chapter 5: sections 5.1 and 5.2.
import type { Source } from "../experiment.ts";
import { layerExperiments } from "./chapter1-layers.ts";
import { pretrainingExperiments } from "./chapter1-pretraining.ts";
import { activationExperiments } from "./chapter2-activations.ts";
import { threeLayers } from "./chapter2-backpropagation.ts";
import { descentExperiments } from "./chapter2-descent.ts";
import { ensembleExperiments } from "./chapter2-ensembles.ts";
import { fitExperiments } from "./chapter2-fits.ts";
import { networkExperiments } from "./chapter2-network.ts";
import { neuronExperiments } from "./chapter2-neurons.ts";

export const source: Source = {
  id: "python",
  title: { en: "A Python AI textbook, chapter 5", zh: "Python 人工智能教材，第五章" },
  work: {
    en: "a Chinese textbook on artificial intelligence with Python: deep learning and artificial neural networks",
    zh: "一本中文 Python 人工智能教材：深度学习与人工神经网络",
  },
  chapters: [
    {
      title: { en: "Deep learning: unsupervised layers", zh: "深度学习：无监督逐层预训练" },
      guide: "python-1",
      experiments: [...layerExperiments, ...pretrainingExperiments],
    },
    {
      title: { en: "Artificial neural networks", zh: "人工神经网络" },
      guide: "python-2",
      experiments: [
        ...neuronExperiments,
        threeLayers,
        ...networkExperiments,
        ...activationExperiments,
        ...descentExperiments,
        ...fitExperiments,
        ...ensembleExperiments,
      ],
    },
  ],
};
