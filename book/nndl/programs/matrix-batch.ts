// The fully matrix-based form of network.py (a problem of chapter 2): the examples of a mini-batch are the columns of one matrix X, so that
// a step is a few products of matrices instead of a loop over examples.
import { Matrix } from "../../matrix.ts";
import { addScaled, type Example, type Nabla, Network, sigmoid, sigmoidPrime } from "./network.ts";

export class MatrixNetwork extends Network {
  /** The same step as `Network.updateMiniBatch`, up to the order in which examples are summed. */
  override updateMiniBatch(miniBatch: readonly Example[], eta: number): void {
    const nabla = this.backpropBatch(sideBySide(miniBatch.map(({ x }) => x)), sideBySide(miniBatch.map(({ y }) => y)));
    this.descend(nabla, eta / miniBatch.length);
  }

  /** Gradients summed over the columns of X and Y. */
  backpropBatch(X: Matrix, Y: Matrix): Nabla {
    const activations = [X];
    const zs: Matrix[] = [];
    this.weights.forEach((w, i) => {
      const z = w.dot(activations[i]).plus(this.biases[i]);
      zs.push(z);
      activations.push(sigmoid(z));
    });
    const last = this.weights.length - 1;
    const nabla: Nabla = { biases: [], weights: [] };
    let delta = this.costDerivative(activations[last + 1], Y).times(sigmoidPrime(zs[last]));
    for (let l = last; l >= 0; l--) {
      if (l < last) delta = this.weights[l + 1].transposed.dot(delta).times(sigmoidPrime(zs[l]));
      // delta A^T sums over examples by itself; the biases' sum is written out.
      nabla.biases[l] = delta.sums("rows");
      nabla.weights[l] = delta.dot(activations[l].transposed);
    }
    return nabla;
  }
}

/** The step as the book writes it: `backprop` returns new matrices for every example, and the step adds them up. */
export class AddingNetwork extends Network {
  override updateMiniBatch(miniBatch: readonly Example[], eta: number): void {
    const nabla = this.zeroNabla();
    for (const { x, y } of miniBatch) {
      const delta = this.backprop(x, y);
      delta.biases.forEach((nb, i) => {
        addScaled(nabla.biases[i], nb, 1);
      });
      delta.weights.forEach((nw, i) => {
        addScaled(nabla.weights[i], nw, 1);
      });
    }
    this.descend(nabla, eta / miniBatch.length);
  }
}

/** Columns of equal height as one matrix. */
export function sideBySide(columns: readonly Matrix[]): Matrix {
  const result = new Matrix(columns[0].rows, columns.length);
  columns.forEach(({ values }, j) => {
    for (let i = 0; i < values.length; i++) result.values[i * columns.length + j] = values[i];
  });
  return result;
}
