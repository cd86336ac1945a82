// Section 1.7, towards deep learning: a hard question answered by simpler ones.
import type { NetworkChart } from "nabla/plot";
import type { Both, Experiment } from "../../experiment.ts";

/** A question for each part of a picture, and for one of them the questions that decide it. */
const face: Experiment = {
  id: "nndl/1.7-face",
  title: { en: "Is it a face? Questions within questions", zh: "是人脸吗？问题中的问题" },
  section: "1.7",
  kind: "figure",
  read: ["book/nndl/chapter1/1.7-questions.ts"],
  async run() {
    const parts: Both[] = [
      { en: "eye, top left?", zh: "左上有眼睛？" },
      { en: "eye, top right?", zh: "右上有眼睛？" },
      { en: "nose in the middle?", zh: "中间有鼻子？" },
      { en: "mouth at the bottom?", zh: "下方有嘴？" },
      { en: "hair on top?", zh: "上方有头发？" },
    ];
    const eye: Both[] = [
      { en: "an eyebrow?", zh: "有眉毛？" },
      { en: "eyelashes?", zh: "有睫毛？" },
      { en: "an iris?", zh: "有虹膜？" },
    ];
    const chart = (title: Both, questions: readonly Both[], decision: Both): NetworkChart => ({
      kind: "network",
      title,
      layers: [
        { name: { en: "sub-networks", zh: "子网络" }, units: questions.length, labels: questions },
        { name: { en: "decision", zh: "判断" }, units: 1, labels: [decision] },
      ],
    });
    return {
      measured: {},
      figures: [
        {
          name: "face",
          chart: chart({ en: "Is it a face?", zh: "是人脸吗？" }, parts, { en: "a face?", zh: "人脸？" }),
          height: 320,
        },
        {
          name: "eye",
          chart: chart({ en: "One of these questions, broken up", zh: "其中一个问题的分解" }, eye, {
            en: "eye, top left?",
            zh: "左上有眼睛？",
          }),
          height: 320,
        },
      ],
    };
  },
  about: {
    en: "How a deep network may come to a decision: a hard question is broken into simpler ones, each answered by a network of its own, and these again, down to questions about single pixels. The book draws it and trains nothing.",
    zh: "深层网络可能怎样作出判断：把困难的问题分解为较简单的问题，各由一个子网络回答，再继续分解，直到关于单个像素的问题。书中只画出这一设想，并未训练。",
  },
  claims: [],
};

export const experiments: readonly Experiment[] = [face];
