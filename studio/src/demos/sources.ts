// The texts that demonstrations come from, by title, and their chapters: what the table of contents needs without loading the books. That they
// are the books' own titles is tested (test/studio/demos.test.ts).
import type { SourceId } from "./demo.ts";

interface Both {
  readonly en: string;
  readonly zh: string;
}

export interface SourceTitles {
  readonly id: SourceId;
  readonly title: Both;
  readonly chapters: Readonly<Record<number, Both>>;
}

export const SOURCES: readonly SourceTitles[] = [
  {
    id: "nndl",
    title: { en: "Neural Networks and Deep Learning", zh: "神经网络与深度学习" },
    chapters: {
      1: { en: "Using neural nets to recognize handwritten digits", zh: "使用神经网络识别手写数字" },
      2: { en: "How the backpropagation algorithm works", zh: "反向传播算法如何工作" },
      3: { en: "Improving the way neural networks learn", zh: "改进神经网络的学习方法" },
      4: { en: "Neural nets can compute any function", zh: "神经网络可以计算任何函数" },
      5: { en: "Why are deep neural networks hard to train?", zh: "深度神经网络为何难以训练" },
      6: { en: "Deep learning", zh: "深度学习" },
    },
  },
  {
    id: "zero",
    title: { en: "Deep Learning from Zero", zh: "零基础入门深度学习" },
    chapters: {
      4: { en: "Convolutional networks", zh: "卷积神经网络" },
      5: { en: "Recurrent networks", zh: "循环神经网络" },
      6: { en: "LSTM and GRU", zh: "长短时记忆网络与 GRU" },
      7: { en: "Recursive networks", zh: "递归神经网络" },
    },
  },
  {
    id: "python",
    title: { en: "A Python AI textbook, chapter 5", zh: "Python 人工智能教材，第五章" },
    chapters: {
      5: { en: "Recurrent networks and LSTM", zh: "循环神经网络与 LSTM" },
    },
  },
];
