// Part 6: long short-term memory, and the GRU.
import type { Chapter } from "../../experiment.ts";
import { experiments as gaps } from "./6-gaps.ts";
import { experiments as gru } from "./6-gru.ts";
import { experiments as lstm } from "./6-lstm.ts";

export const chapter: Chapter = {
  title: { en: "LSTM and GRU", zh: "长短时记忆网络与 GRU" },
  guide: "zero-6",
  experiments: [...lstm, ...gru, ...gaps],
};
