// The best linear model on MNIST by squared error, found exactly: the weights to which gradient descent would come after endless time.
import { cast, concat, ones, scope, type Tensor } from "nabla";
import { Matrix } from "../../matrix.ts";
import { solveSymmetric } from "../../python/programs/least-squares.ts";

const AT_ONCE = 2000;

/** Weights [785, outputs], the bias last, that make sum |x W + b - y|^2 smallest. x [n, 784], y [n, outputs]. */
export function bestLinearModel(x: Tensor, y: Tensor): Matrix {
  const [inputs, outputs] = [x.shape[1] + 1, y.shape[1]];
  const products = new Matrix(inputs, inputs);
  const sides = new Matrix(inputs, outputs);
  // The normal equations X^T X W = X^T y, summed over parts of the data in float64.
  for (let start = 0; start < x.shape[0]; start += AT_ONCE) {
    scope(() => {
      const rows = withOnes(cast(x.slice(start, start + AT_ONCE), "float64"));
      const targets = cast(y.slice(start, start + AT_ONCE), "float64");
      const add = (sum: Matrix, more: Tensor) => {
        const values = more.dataSync();
        for (let i = 0; i < values.length; i++) sum.values[i] += values[i];
      };
      add(products, rows.T.matmul(rows));
      add(sides, rows.T.matmul(targets));
    });
  }
  // Pixels at the border are the same in every image, so the equations alone do not fix their weights: a ridge far below the data's size does.
  for (let i = 0; i < inputs; i++) products.values[i * inputs + i] += 1e-6 * x.shape[0];
  return solveSymmetric(products, sides);
}

function withOnes(x: Tensor): Tensor {
  return concat([x, ones([x.shape[0], 1], "float64")], 1);
}

/** What such a model answers: [n, outputs], row after row. */
export function outputsOf(weights: Matrix, x: Tensor): Matrix {
  const outputs = new Matrix(x.shape[0], weights.columns);
  for (let start = 0; start < x.shape[0]; start += AT_ONCE) {
    scope(() => {
      const rows = cast(x.slice(start, start + AT_ONCE), "float64");
      const values = rows.dataSync();
      const inputs = x.shape[1];
      const part = new Matrix(rows.shape[0], inputs, values as Float64Array).dot(
        new Matrix(inputs, weights.columns, weights.values.subarray(0, inputs * weights.columns)),
      );
      const bias = new Matrix(1, weights.columns, weights.values.subarray(inputs * weights.columns));
      outputs.values.set(part.plus(bias).values, start * weights.columns);
    });
  }
  return outputs;
}

/** Classes by the largest output, with one output by rounding to the nearest of 0 to 9. */
export function classesOf(outputs: Matrix): number[] {
  return outputs.toRows().map((row) => {
    if (row.length === 1) return Math.min(9, Math.max(0, Math.round(row[0])));
    return row.indexOf(Math.max(...row));
  });
}

export function shareRight(predicted: readonly number[], labels: ArrayLike<number>): number {
  return predicted.filter((digit, i) => digit === labels[i]).length / predicted.length;
}

/** counts[label][prediction] */
export function confusionOf(predicted: readonly number[], labels: ArrayLike<number>): number[][] {
  const counts = Array.from({ length: 10 }, () => new Array<number>(10).fill(0));
  predicted.forEach((digit, i) => {
    counts[labels[i]][digit] += 1;
  });
  return counts;
}
