// How fast each hidden layer learns (section 5.2): the length of its gradient by its biases, as the last step of training left it.
import { type Sequential, scope } from "nabla";

/** One length a hidden layer, from the first on: what the step before began from. @throws Error for a model that has not been trained a step. */
export function hiddenGradientLengths(model: Sequential): number[] {
  // Biases are what does not decay; the last of them belong to the outputs.
  const biases = model.parameters.filter(({ options }) => !options.decay).slice(0, -1);
  return scope(() =>
    biases.map(({ tensor }) => {
      if (tensor.gradient == null)
        throw new Error("hiddenGradientLengths: the model has no gradients; train it a step first");
      return Math.sqrt(tensor.gradient.square().sum().item());
    }),
  );
}
