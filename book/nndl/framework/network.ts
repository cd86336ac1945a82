// A by-hand network on the framework, with equal weights: for comparing gradients and steps.
import { backward, Dense, type DType, quadraticCost, Sequential, scope, tensor } from "nabla";
import { Matrix } from "../../matrix.ts";
import type { Nabla, Network } from "../programs/network.ts";

/** The same network as a model. The framework keeps weights as [in, out], the book as [out, in]. */
export function onFramework(network: Network, dtype: DType = "float64"): Sequential {
  const { sizes, weights, biases } = network;
  const layers = sizes.slice(1).map((units) => new Dense(units, { activation: "sigmoid" }));
  const model = new Sequential(layers, { inputShape: [sizes[0]], dtype });
  scope(() => {
    weights.forEach((w, i) => {
      model.parameters[2 * i].assign(tensor(w.transposed.values, { shape: [w.columns, w.rows], dtype }));
      model.parameters[2 * i + 1].assign(tensor(biases[i].values, { shape: [biases[i].rows], dtype }));
    });
  });
  return model;
}

/** The gradient of one example's quadratic cost by automatic differentiation, in the by-hand network's shapes. */
export function gradientOnFramework(network: Network, x: Matrix, y: Matrix): Nabla {
  const model = onFramework(network);
  const nabla: Nabla = { biases: [], weights: [] };
  scope(() => {
    const inputs = tensor(x.values, { shape: [1, x.rows], dtype: "float64" });
    const targets = tensor(y.values, { shape: [1, y.rows], dtype: "float64" });
    backward(quadraticCost(model.call(inputs), targets));
    const gradientOf = (index: number) => model.trainableVariables[index].gradient!.dataSync();
    network.weights.forEach(({ rows, columns }, l) => {
      nabla.weights.push(new Matrix(columns, rows, gradientOf(2 * l)).transposed);
      nabla.biases.push(new Matrix(rows, 1, gradientOf(2 * l + 1)));
    });
  });
  return nabla;
}
