// Part 5: recurrent neural networks.
import type { Chapter } from "../../experiment.ts";
import { experiments as bidirectional } from "./5-bidirectional.ts";
import { experiments as cloze } from "./5-cloze.ts";
import { experiments as language } from "./5-language.ts";
import { experiments as poems } from "./5-poems.ts";
import { experiments as recurrent } from "./5-recurrent.ts";
import { experiments as shakespeare } from "./5-shakespeare.ts";
import { experiments as throughTime } from "./5-through-time.ts";

export const chapter: Chapter = {
  title: { en: "Recurrent networks", zh: "循环神经网络" },
  guide: "zero-5",
  experiments: [...recurrent, ...bidirectional, ...throughTime, ...language, ...shakespeare, ...poems, ...cloze],
};
