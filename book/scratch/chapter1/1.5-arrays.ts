// Section 1.5: NumPy's arrays, line by line, on Nabla's tensors.
import { arange, maskedSelect, type Tensor, tensor, zerosLike } from "nabla";
import type { Both, Claim, Experiment } from "../../experiment.ts";

const read = ["book/scratch/chapter1/1.5-arrays.ts"];

/** A line of Python, and the same here; `gives` is what Python prints. */
interface Item {
  measure: string;
  python: string;
  says: Both;
  gives: string;
  /** What it gives is ours; the notes print something else. */
  ours?: boolean;
  run: () => unknown;
}

const int = (values: Parameters<typeof tensor>[0]): Tensor => tensor(values, "int32");

const double = (values: Parameters<typeof tensor>[0]): Tensor => tensor(values, "float64");

const A = () =>
  int([
    [1, 2],
    [3, 4],
  ]);

const B = () =>
  int([
    [3, 0],
    [0, 6],
  ]);

const X = () =>
  int([
    [51, 55],
    [14, 19],
    [0, 4],
  ]);

const x = () => double([1, 2, 3]);

const y = () => double([2, 4, 6]);

/** The text of what `body` throws. */
function messageOf(body: () => unknown): string {
  try {
    body();
  } catch (error) {
    return (error as Error).message;
  }
  return "";
}

const ITEMS: readonly Item[] = [
  {
    measure: "create",
    python: "np.array([1.0, 2.0, 3.0])",
    says: { en: "a vector prints as NumPy prints it", zh: "向量的打印结果与 NumPy 相同" },
    gives: "[1. 2. 3.]",
    run: x,
  },
  {
    measure: "matrix",
    python: "np.array([[1,2],[3,4]])",
    says: { en: "a matrix prints row by row", zh: "矩阵逐行打印" },
    gives: "[[1 2]\n [3 4]]",
    run: A,
  },
  {
    measure: "shape",
    python: "A.shape, A.ndim, A.size, A.dtype",
    says: {
      en: "shape, number of axes, of elements, type; the notes print int64, which is NumPy's and not ours",
      zh: "形状、维数、元素个数、数据类型；笔记印的是 NumPy 的 int64，这里是 int32",
    },
    ours: true,
    gives: "(2, 2) 2 4 int32",
    run: () => `(${A().shape.join(", ")}) ${A().ndim} ${A().size} ${A().dtype}`,
  },
  {
    measure: "add",
    python: "x + y",
    says: { en: "element-wise sum", zh: "逐元素相加" },
    gives: "[3. 6. 9.]",
    run: () => x().add(y()),
  },
  {
    measure: "subtract",
    python: "x - y",
    says: { en: "element-wise difference", zh: "逐元素相减" },
    gives: "[-1. -2. -3.]",
    run: () => x().sub(y()),
  },
  {
    measure: "multiply",
    python: "x * y",
    says: { en: "element-wise product", zh: "逐元素相乘" },
    gives: "[ 2.  8. 18.]",
    run: () => x().mul(y()),
  },
  {
    measure: "divide",
    python: "x / y",
    says: { en: "element-wise quotient", zh: "逐元素相除" },
    gives: "[0.5 0.5 0.5]",
    run: () => x().div(y()),
  },
  {
    measure: "scalar",
    python: "x / 2.0",
    says: { en: "a number goes with every element", zh: "标量与每个元素运算" },
    gives: "[0.5 1.  1.5]",
    run: () => x().div(2),
  },
  {
    measure: "matrixAdd",
    python: "A + B",
    says: { en: "sum of matrices", zh: "矩阵相加" },
    gives: "[[ 4  2]\n [ 3 10]]",
    run: () => A().add(B()),
  },
  {
    measure: "matrixMultiply",
    python: "A * B",
    says: { en: "* is element-wise, not the matrix product", zh: "* 是逐元素相乘，不是矩阵乘法" },
    gives: "[[ 3  0]\n [ 0 24]]",
    run: () => A().mul(B()),
  },
  {
    measure: "broadcast",
    python: "A * np.array([10, 20])",
    says: { en: "a row is repeated for every row", zh: "广播：一行与每一行运算" },
    gives: "[[10 40]\n [30 80]]",
    run: () => A().mul(int([10, 20])),
  },
  {
    measure: "row",
    python: "X[0]",
    says: { en: "row 0", zh: "第 0 行" },
    gives: "[51 55]",
    run: () => X().get(0),
  },
  {
    measure: "element",
    python: "X[0][1]",
    says: { en: "element (0, 1)", zh: "元素 (0, 1)" },
    gives: "55",
    run: () => X().get(0).get(1).item(),
  },
  {
    measure: "rows",
    python: "for row in X: print(row)",
    says: { en: "iteration goes over rows", zh: "遍历得到各行" },
    gives: "[51 55]\n[14 19]\n[0 4]",
    run: () => [...X()].join("\n"),
  },
  {
    measure: "flatten",
    python: "X.flatten()",
    says: { en: "one axis", zh: "展平为一维" },
    gives: "[51 55 14 19  0  4]",
    run: () => X().flatten(),
  },
  {
    measure: "fancy",
    python: "X.flatten()[[0, 2, 4]]",
    says: { en: "several positions at once", zh: "用下标数组取多个元素" },
    gives: "[51 14  0]",
    run: () => X().flatten().get([0, 2, 4]),
  },
  {
    measure: "compare",
    python: "X.flatten() > 15",
    says: { en: "comparison gives booleans", zh: "比较得到布尔数组" },
    gives: "[ True  True False  True False False]",
    run: () => X().flatten().greater(15),
  },
  {
    measure: "mask",
    python: "X[X > 15]",
    says: { en: "a boolean mask selects", zh: "用布尔掩码选取" },
    gives: "[51 55 19]",
    run: () => maskedSelect(X(), X().greater(15)),
  },
  {
    measure: "dotVectors",
    python: "np.dot(x, y)",
    says: { en: "dot of vectors", zh: "向量点积" },
    gives: "28",
    run: () => x().dot(y()).item(),
  },
  {
    measure: "dotMatrices",
    python: "np.dot([[1.,2.,3.],[4.,5.,6.]], [[1.,2.],[3.,4.],[5.,6.]])",
    says: { en: "dot of matrices: the matrix product", zh: "矩阵的 dot：矩阵乘法" },
    gives: "[[22. 28.]\n [49. 64.]]",
    run: () =>
      double([
        [1, 2, 3],
        [4, 5, 6],
      ]).dot(
        double([
          [1, 2],
          [3, 4],
          [5, 6],
        ]),
      ),
  },
  {
    measure: "arange",
    python: "np.arange(0, 6, 1)",
    says: { en: "a range", zh: "等差序列" },
    gives: "[0 1 2 3 4 5]",
    run: () => arange(0, 6, 1, "int32"),
  },
  {
    measure: "zerosLike",
    python: "np.zeros_like(x)",
    says: { en: "zeros of the same shape and type", zh: "同形状同类型的零" },
    gives: "[0. 0. 0.]",
    run: () => zerosLike(x()),
  },
  {
    measure: "reductions",
    python: "np.max(X), np.sum(X), np.argmax(X), np.argmax(X, axis=0)",
    says: { en: "largest, sum, place of the largest, by column", zh: "最大值、总和、最大值位置、各列最大值位置" },
    gives: "55 143 1 [0 0]",
    run: () => `${X().max().item()} ${X().sum().item()} ${X().argmax().item()} ${X().argmax(0)}`,
  },
  {
    measure: "reshape",
    python: "X.reshape(2, 3)",
    says: { en: "the same elements in another shape", zh: "相同元素，另一形状" },
    gives: "[[51 55 14]\n [19  0  4]]",
    run: () => X().reshape([2, 3]),
  },
  {
    measure: "transpose",
    python: "X.T",
    says: { en: "rows become columns", zh: "转置" },
    gives: "[[51 14  0]\n [55 19  4]]",
    run: () => X().T,
  },
  {
    measure: "shapeError",
    python: "np.dot(np.ones((2, 3)), np.ones((2, 2)))",
    says: { en: "a shape error names both shapes", zh: "形状不匹配的报错写明两个形状" },
    gives: "shapes (2,3) and (2,2) not aligned: 3 (dim 1) != 2 (dim 0)",
    run: () =>
      messageOf(() =>
        double([
          [1, 1, 1],
          [1, 1, 1],
        ]).dot(
          double([
            [1, 1],
            [1, 1],
          ]),
        ),
      ).replace(/^dot: /, ""),
  },
];

const arrays: Experiment = {
  id: "scratch/1.5-arrays",
  title: { en: "Arrays, as NumPy has them", zh: "与 NumPy 一致的数组" },
  section: "1.5",
  kind: "construction",
  read,
  async run() {
    const printed = ITEMS.map(({ measure, run }) => [measure, String(run())] as const);
    return {
      measured: Object.fromEntries(printed),
      tables: [
        {
          title: { en: "What is printed", zh: "打印结果" },
          columns: ["Python", { en: "here", zh: "这里的输出" }],
          rows: ITEMS.map(({ python }, i) => [python, printed[i][1].replaceAll("\n", " ")]),
        },
      ],
    };
  },
  about: {
    en: "Every array operation that the notes use, once, on the framework's tensors. What is compared is the printed text, character by character, so that brackets, spaces and the number of digits count too.",
    zh: "笔记中用到的每一种数组操作，都用框架的张量做一遍。比较的是逐字符的打印文本，括号、空格、位数都算在内。",
  },
  claims: ITEMS.map(
    ({ measure, python, says, gives, ours }): Claim => ({
      measure,
      says: { en: `${python}: ${says.en}`, zh: `${python}：${says.zh}` },
      ...(ours ? { expected: gives } : { reported: gives }),
      accept: { equals: gives },
    }),
  ),
};

export const experiments: readonly Experiment[] = [arrays];
