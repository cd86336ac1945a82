// Section 7.4: convolution and pooling through im2col, against differences and the framework.
import { backward, conv2d, maxPool2d, tensor } from "nabla";
import type { Experiment } from "../../experiment.ts";
import { Matrix } from "../../matrix.ts";
import { Random } from "../../random.ts";
import { Convolution, Pooling } from "../programs/convolution.ts";
import { col2im, im2col, type Shape } from "../programs/im2col.ts";
import { numericalGradient } from "../programs/numerical.ts";

const apart = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a, (value, i) => Math.abs(value - b[i])).reduce((most, value) => Math.max(most, value), 0);

/** Gradients of sum of out^2 / 2 through a convolution and a pool. */
function compare(seed: number): { numerical: number; framework: number; transpose: number } {
  const random = new Random(seed);
  const normal = (rows: number, columns: number) => Matrix.fill(rows, columns, () => random.normal());
  const shape: Shape = [2, 7, 6];
  const convolution = new Convolution(normal(3, 2 * 3 * 2), normal(1, 3), shape, [3, 2], 1, 1);
  const pooling = new Pooling(convolution.outputShape, [3, 3], 2, 0);
  const x = normal(2, 2 * 7 * 6);
  const out = (input: Matrix) => pooling.forward(convolution.forward(input));
  const loss = () => out(x).norm() ** 2 / 2;
  const dx = convolution.backward(pooling.backward(out(x)));
  const exact = [dx, convolution.dW, convolution.db];
  const numeric = [x, convolution.W, convolution.b].map((p) => numericalGradient(loss, p));
  const of = (values: Float64Array, dims: number[]) =>
    tensor(values, { shape: dims, dtype: "float64" }).requireGradient();
  const parameters = [
    of(x.values, [2, 2, 7, 6]),
    of(convolution.W.values, [3, 2, 3, 2]),
    of(convolution.b.values, [3]),
  ];
  const [tx, tw, tb] = parameters;
  backward(
    maxPool2d(conv2d(tx, tw, tb, { padding: 1 }), 3, { stride: 2 })
      .square()
      .sum()
      .mul(0.5),
  );
  const windows = { height: 3, width: 2, stride: 1, pad: 1 };
  const col = im2col(x, shape, windows);
  const y = normal(col.rows, col.columns);
  return {
    numerical: Math.max(...exact.map((gradient, i) => apart(gradient.values, numeric[i].values))),
    framework: Math.max(
      ...exact.map((g, i) => apart(g.values, parameters[i].gradient!.flatten().toArray() as number[])),
    ),
    transpose: Math.abs(col.times(y).sum() - x.times(col2im(y, 2, shape, windows)).sum()),
  };
}

const layers: Experiment = {
  id: "scratch/7.4-im2col",
  title: { en: "Convolution as one matrix product", zh: "把卷积变成一次矩阵乘积" },
  section: "7.4",
  kind: "construction",
  read: [
    "book/scratch/programs/im2col.ts",
    "book/scratch/programs/convolution.ts",
    "book/scratch/chapter7/7.4-im2col.ts",
  ],
  async run({ seed }) {
    const windows = { height: 5, width: 5, stride: 1, pad: 0 };
    const shapes = [1, 10].map((samples) => [...im2col(new Matrix(samples, 147), [3, 7, 7], windows).shape]);
    const layer = new Convolution(new Matrix(4, 3 * 25), new Matrix(1, 4), [3, 7, 7], [5, 5]);
    const nine = Matrix.row([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const small = { height: 2, width: 2, stride: 1, pad: 0 };
    const rows = im2col(nine, [1, 3, 3], small);
    const pool = new Pooling([1, 4, 4], [2, 2], 2);
    return {
      measured: {
        columns: shapes.flat(),
        output: [...layer.outputShape],
        rows: [...rows.values],
        back: [...col2im(rows, 1, [1, 3, 3], small).values],
        padded: [...new Pooling([1, 4, 4], [2, 2], 2, 1).outputShape],
        pooled: [...pool.forward(Matrix.row([1, 1, 2, 4, 5, 6, 7, 8, 3, 2, 1, 0, 1, 2, 3, 4])).values],
        ...compare(seed),
      },
    };
  },
  about: {
    en: "Every window of the filter becomes a row of a matrix; then a convolution of a whole batch is one product with the filters, and the libraries' fast products do the rest. The way back is the transpose: each element of a window is added to where it came from. The notes call im2col without defining it and have the forward passes only; backward stands here, checked by differences and against the framework.",
    zh: "滤波器的每个窗口变成矩阵的一行，整批的卷积就是与滤波器的一次乘积，快速的矩阵乘法会完成其余的事。反向是转置：窗口的每个元素加回它原来的位置。笔记里调用了 im2col 却没有定义，卷积和池化也只有前向；这里补上反向，并用差分和框架检验。",
  },
  claims: [
    {
      measure: "columns",
      says: {
        en: "one and ten images of 3x7x7, filters of 5x5: the matrix",
        zh: "一幅与十幅 3x7x7 的图像，5x5 滤波器：矩阵的形状",
      },
      reported: [9, 75, 90, 75],
      accept: { equals: [9, 75, 90, 75] },
    },
    {
      measure: "output",
      says: {
        en: "(N, C, H, W) with (FN, C, FH, FW) gives (FN, OH, OW)",
        zh: "(N, C, H, W) 与 (FN, C, FH, FW) 得到 (FN, OH, OW)",
      },
      accept: { equals: [4, 3, 3] },
    },
    {
      measure: "rows",
      says: { en: "1 to 9 in windows of 2x2, row by row", zh: "1 到 9 的 2x2 窗口，逐行" },
      accept: { equals: [1, 2, 4, 5, 2, 3, 5, 6, 4, 5, 7, 8, 5, 6, 8, 9] },
    },
    {
      measure: "back",
      says: { en: "col2im adds up: each number as often as it was taken", zh: "col2im 相加：每个数取过几次就加几次" },
      accept: { equals: [1, 4, 3, 8, 20, 12, 7, 16, 9] },
    },
    {
      measure: "padded",
      says: { en: "Pooling counts its padding (the notes' does not)", zh: "Pooling 计入补零（笔记中没有）" },
      accept: { equals: [1, 3, 3] },
    },
    {
      measure: "pooled",
      says: { en: "maxima of 1124/5678/3210/1234", zh: "1124/5678/3210/1234 的最大值" },
      accept: { equals: [6, 8, 3, 4] },
    },
    {
      measure: "transpose",
      says: { en: "im2col(x) · y = x · col2im(y): difference", zh: "im2col(x) · y = x · col2im(y)：差" },
      accept: { atMost: 1e-11 },
      because: { en: "sums of about 700 numbers of order 1 in float64", zh: "约 700 个 1 量级的 float64 数之和" },
    },
    {
      measure: "numerical",
      says: { en: "gradients of x, W and b against differences", zh: "x、W、b 的梯度与差分之差" },
      accept: { atMost: 1e-6 },
      because: {
        en: "h = 1e-4 leaves rounding of 1e-16 times a loss of about 1000, divided by h: 1e-9. A wrong index is off by 1",
        zh: "h = 1e-4：约 1000 的损失的 1e-16 除以 h，约 1e-9。下标出错会差 1",
      },
    },
    {
      measure: "framework",
      says: { en: "and against the framework's", zh: "与框架的梯度之差" },
      accept: { atMost: 1e-11 },
      because: { en: "float64 sums in another order", zh: "float64 求和次序不同" },
    },
  ],
};

export const experiments: readonly Experiment[] = [layers];
