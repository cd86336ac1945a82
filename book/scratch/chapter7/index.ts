// Chapter 7: convolutional networks.
import type { Chapter } from "../../experiment.ts";
import { experiments as im2col } from "./7.4-im2col.ts";
import { experiments as network } from "./7.5-simple-conv-net.ts";

export const chapter: Chapter = {
  title: { en: "Convolutional networks", zh: "卷积神经网络" },
  guide: "scratch-7",
  experiments: [...im2col, ...network],
};
