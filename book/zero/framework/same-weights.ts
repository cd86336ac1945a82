// One network in its three forms, with equal weights: for comparing them number by number. All lists are in the order of fc.ts: layer by
// layer, the weights row by row, then the biases.
import { backward, Dense, quadraticCost, Sequential, scope, tensor } from "nabla";
import { Random } from "../../random.ts";
import { type Connection, Network as ObjectNetwork } from "../programs/bp.ts";
import type { Network } from "../programs/fc.ts";

export interface ObjectForm {
  readonly network: ObjectNetwork;
  weights(): number[];
  /** As the last `getGradient` left them. */
  gradients(): number[];
}

/** The object network with the weights of a vectorised one of sigmoid layers. */
export function sameWeights(from: Network): ObjectForm {
  const network = new ObjectNetwork(from.sizes, new Random(0));
  const inOrder: Connection[] = network.layers.slice(1).flatMap(({ neurons }) => {
    // What comes in last is the constant node's connection, the bias.
    const weights = neurons.flatMap(({ upstream }) => upstream.slice(0, -1));
    return [...weights, ...neurons.map(({ upstream }) => upstream[upstream.length - 1])];
  });
  const values = from.layers.flatMap(({ W, b }) => [...W.values, ...b.values]);
  inOrder.forEach((connection, i) => {
    connection.weight = values[i];
  });
  return {
    network,
    weights: () => inOrder.map(({ weight }) => weight),
    gradients: () => inOrder.map((connection) => connection.getGradient()),
  };
}

export interface FrameworkForm {
  readonly model: Sequential;
  read(): number[];
  /** dE/dw for one sample. */
  gradients(sample: number[], label: number[]): number[];
}

/** A float64 model of the framework with the weights of a vectorised network of sigmoid layers. */
export function framework(from: Network): FrameworkForm {
  const layers = from.layers.map(({ outputSize }) => new Dense(outputSize, { activation: "sigmoid" }));
  const model = new Sequential(layers, { inputShape: [from.sizes[0]], dtype: "float64" });
  from.layers.forEach(({ W, b }, i) => {
    const [weights, bias] = model.parameters.slice(2 * i);
    scope(() => {
      // The framework's weights are [in, out], those by hand [out, in].
      weights.assign(tensor(W.transposed.values, { shape: [W.columns, W.rows], dtype: "float64" }));
      bias.assign(tensor(b.values, { shape: [b.rows], dtype: "float64" }));
    });
  });
  const listed = (of: "values" | "gradients") =>
    scope(() =>
      model.parameters.flatMap(({ tensor: values }) => {
        const from = of === "values" ? values : values.gradient!;
        return (from.rank === 2 ? from.transpose() : from).flatten().toArray() as number[];
      }),
    );
  return {
    model,
    read: () => listed("values"),
    gradients(sample, label) {
      model.block.clearGradients();
      scope(() => {
        backward(quadraticCost(model.call(tensor([sample], "float64")), tensor([label], "float64")));
      });
      return listed("gradients");
    },
  };
}
