// Part 3: neural networks and backpropagation.
import type { Chapter } from "../../experiment.ts";
import { experiments as checks } from "./3-checks.ts";
import { experiments as mnist } from "./3-mnist.ts";
import { experiments as network } from "./3-network.ts";

export const chapter: Chapter = {
  title: { en: "Neural networks and backpropagation", zh: "神经网络与反向传播" },
  guide: "zero-3",
  experiments: [...network, ...checks, ...mnist],
};
