// The LSTM of a trained model of the framework as one by hand: the same weights, with every gate and cell at every step in sight.
import { type Sequential, scope, type Tensor } from "nabla";
import { Matrix } from "../../matrix.ts";
import { Random } from "../../random.ts";
import { type GateName, LstmLayer } from "../programs/lstm.ts";

const numbers = (x: Tensor): number[] => scope(() => x.flatten().toArray()) as number[];

export interface HandLstm {
  readonly layer: LstmLayer;
  /** The vector of a word, by its number. */
  embed(word: number): Matrix;
  /** Probabilities of the classes from the last output. */
  answer(h: Matrix): number[];
}

/** Of a model Embedding, LSTM, Dense with softmax. */
export function handLstm(model: Sequential): HandLstm {
  const [embedding, inputWeights, stateWeights, bias, weights, outputBias] = model.parameters.map(
    ({ tensor }) => tensor,
  );
  const [units, width] = [stateWeights.shape[1], embedding.shape[1]];
  const layer = new LstmLayer(width, units, 0.1, new Random(1));
  const [wx, wh, b, vectors] = [inputWeights, stateWeights, bias, embedding].map(numbers);
  // The framework's gates come in the order i, f, g, o.
  const order: readonly GateName[] = ["i", "f", "c", "o"];
  order.forEach((name, k) => {
    const gate = layer.gates[name];
    gate.Wx.values.set(wx.slice(k * units * width, (k + 1) * units * width));
    gate.Wh.values.set(wh.slice(k * units * units, (k + 1) * units * units));
    gate.b.values.set(b.slice(k * units, (k + 1) * units));
  });
  const classes = weights.shape[1];
  const output = new Matrix(units, classes, numbers(weights)).transposed;
  const outputB = Matrix.column(numbers(outputBias));
  return {
    layer,
    embed: (word) => Matrix.column(vectors.slice(word * width, (word + 1) * width)),
    answer(h) {
      const net = output.dot(h).plus(outputB);
      const exponentials = net.map(Math.exp);
      const sum = exponentials.sum();
      return [...exponentials.values].map((value) => value / sum);
    },
  };
}
