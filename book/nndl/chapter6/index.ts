// Chapter 6: deep learning.
import type { Chapter } from "../../experiment.ts";
import { experiments as fields } from "./6.1-receptive-fields.ts";
import { experiments as networks } from "./6.2-networks.ts";
import { experiments as translation } from "./6.2-translation.ts";
import { experiments as network3 } from "./6.3-network3.ts";

export const chapter: Chapter = {
  title: { en: "Deep learning", zh: "深度学习" },
  guide: "nndl-6",
  experiments: [...fields, ...networks, ...translation, ...network3],
};
