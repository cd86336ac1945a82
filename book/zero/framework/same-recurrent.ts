// The recurrent layers by hand and the framework's with the same weights: outputs, and the gradients of every weight and input.
import { backward, concat, gru, lstm, rnn, scope, stack, type Tensor, tensor } from "nabla";
import type { Matrix } from "../../matrix.ts";
import type { GruGate, GruLayer } from "../programs/gru.ts";
import type { GateName, LstmLayer } from "../programs/lstm.ts";
import type { RecurrentLayer } from "../programs/rnn.ts";
import { readSequence, type SummedSteps, sumOfOutputs, type TimeLayer } from "../programs/through-time.ts";

const leaf = (matrix: Matrix): Tensor =>
  tensor(matrix.values, { shape: [matrix.rows, matrix.columns], dtype: "float64" }).requireGradient();

interface Form {
  /** Leaves by the layer's own names. */
  readonly leaves: Readonly<Record<string, Tensor>>;
  /** States of all steps, [time, 1, state]. */
  run(x: Tensor): Tensor;
}

/** The framework's rnn, without biases. `nonlinearity` must be what the layer's activator computes. */
export function rnnForm(layer: RecurrentLayer, nonlinearity: "none" | "tanh" | "sigmoid" | "relu"): Form {
  const leaves = { U: leaf(layer.U), W: leaf(layer.W) };
  const parameters = { inputWeights: leaves.U, stateWeights: leaves.W };
  return { leaves, run: (x) => rnn(x, null, parameters, { nonlinearity }).outputs };
}

/** The framework's lstm; its gates come in the order i, f, g, o. */
export function lstmForm(layer: LstmLayer): Form {
  const leaves: Record<string, Tensor> = {};
  for (const { name, values } of layer.parameters) leaves[name] = leaf(values);
  const order: readonly GateName[] = ["i", "f", "c", "o"];
  const rows = (suffix: (gate: GateName) => string) => concat(order.map((gate) => leaves[suffix(gate)]));
  const cellActivation = layer.cellOutput === "tanh" ? "tanh" : "none";
  return {
    leaves,
    run(x) {
      const inputWeights = rows((gate) => `W${gate}x`);
      const stateWeights = rows((gate) => `W${gate}h`);
      const inputBias = rows((gate) => `b${gate}`).flatten();
      return lstm(x, null, null, { inputWeights, stateWeights, inputBias }, { cellActivation }).outputs;
    },
  };
}

/** The framework's gru as part 6 has it: reset before the product, z the share of the candidate. Its gates come in the order r, z, n. */
export function gruForm(layer: GruLayer): Form {
  const leaves: Record<string, Tensor> = {};
  for (const { name, values } of layer.parameters) leaves[name] = leaf(values);
  const order: readonly GruGate[] = ["r", "z", "h"];
  const rows = (suffix: string) => concat(order.map((gate) => leaves[`W${gate}${suffix}`]));
  return {
    leaves,
    run: (x) =>
      gru(x, null, { inputWeights: rows("x"), stateWeights: rows("h") }, { reset: "before", update: "writes" }).outputs,
  };
}

/** The largest difference between a layer by hand and its form on the framework, over outputs and gradients of weights and inputs. */
export function largestDifference(layer: TimeLayer, form: Form, xs: readonly Matrix[], steps: SummedSteps): number {
  readSequence(layer, xs);
  const ones = layer.outputs.map((output) => output.map(() => 1));
  layer.backward(steps === "every" ? ones : ones[ones.length - 1]);
  return scope(() => {
    const inputs = xs.map(leaf);
    const outputs = form.run(stack(inputs.map((x) => x.transpose())));
    backward(steps === "every" ? outputs.sum() : outputs.get(-1).sum());
    const last = layer.outputs.length - 1;
    const pairs: [ArrayLike<number>, Tensor][] = [
      [layer.outputs.flatMap(({ values }) => [...values]), outputs],
      ...layer.parameters.map(({ name, gradient }): [ArrayLike<number>, Tensor] => [
        gradient.values,
        form.leaves[name].gradient!,
      ]),
      ...inputs.map((x, t): [ArrayLike<number>, Tensor] => [layer.inputDeltas[t].values, x.gradient!]),
    ];
    const differences = pairs.flatMap(([byHand, tensorOf]) => {
      const theirs = tensorOf.flatten().toArray() as number[];
      return Array.from(byHand, (value, i) => Math.abs(value - theirs[i]));
    });
    return Math.max(...differences, Math.abs(sumOfOutputs(layer, "last") - (outputs.get(last).sum().item() as number)));
  });
}
