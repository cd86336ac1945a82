// Section 2.2: the element-wise product beside the matrix product.
import type { Experiment } from "../../experiment.ts";
import { Matrix } from "../../matrix.ts";

const products: Experiment = {
  id: "nndl/2.2-products",
  title: { en: "Vectorised functions and the Hadamard product", zh: "向量化函数与哈达玛积" },
  section: "2.2",
  kind: "construction",
  read: ["book/matrix.ts"],
  async run() {
    return {
      measured: {
        square: [...Matrix.column([2, 3]).map((x) => x * x).values],
        hadamard: [...Matrix.column([1, 2]).times(Matrix.column([3, 4])).values],
      },
    };
  },
  about: {
    en: "The notation of the chapter on the text's own numbers: a function applied to every element, and the product element by element.",
    zh: "用书中的数字演示本章的记号：逐元素应用的函数，以及逐元素的乘积。",
  },
  claims: [
    {
      measure: "square",
      says: { en: "f(x) = x² of (2, 3)", zh: "f(x) = x² 作用于 (2, 3)" },
      reported: [4, 9],
      accept: { equals: [4, 9] },
    },
    {
      measure: "hadamard",
      says: { en: "(1, 2) ⊙ (3, 4)", zh: "(1, 2) ⊙ (3, 4)" },
      reported: [3, 8],
      accept: { equals: [3, 8] },
    },
  ],
};

export const experiments: readonly Experiment[] = [products];
