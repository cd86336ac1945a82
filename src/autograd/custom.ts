// Own gradient rules, and recomputing instead of remembering.

import { callable, list } from "../engine/checks.ts";
import { checkTensor, checkTensors } from "../tensor/check.ts";
import { isRecording, record, withRecording } from "../tensor/graph.ts";
import { scope, type Tensor, windowOf } from "../tensor/tensor.ts";
import { noGrad, pulledBack } from "./grad.ts";

/**
 * A function with a gradient rule of your own. `f` returns its result and the rule: from the result's gradient to one
 * gradient an input, each in its input's shape. What f computes is not recorded; the rule, if written in operations,
 * can itself be differentiated.
 * @throws Error, at backward, if the rule gives another number of gradients or another shape than the inputs have.
 * @example
 * ```ts
 * // Rounding that lets gradients pass as if it were not there.
 * const straightThrough = customGradient((x: Tensor) => [x.round(), (dy) => [dy]]);
 * grad((x) => straightThrough(x).sum())(tensor([0.4])).toArray(); // [1]
 * ```
 */
export function customGradient<A extends readonly Tensor[]>(
  f: (...inputs: A) => [Tensor, (dy: Tensor) => readonly (Tensor | undefined)[]],
): (...inputs: A) => Tensor {
  const owner = "customGradient";
  callable(owner, "the argument", f);
  return (...inputs) => {
    checkTensors(owner, "the arguments", inputs);
    const [value, rule] = list(
      owner,
      "what the function returns, [value, rule],",
      withRecording(false, () => f(...inputs)),
    ) as ReturnType<typeof f>;
    checkTensor(`${owner}: the value`, value);
    callable(owner, "the gradient rule", rule);
    if (!isRecording() || inputs.every((x) => x.node === null)) return value;
    const result =
      value.node === null && !inputs.includes(value)
        ? value
        : windowOf(value, value.shape, value.offset, value.strides);
    return record("customGradient", result, inputs, (dy) => {
      const gradients = list(owner, "what the rule returns", rule(dy));
      if (gradients.length !== inputs.length) {
        throw new Error(`customGradient: the rule gave ${gradients.length} gradients for ${inputs.length} inputs`);
      }
      return gradients;
    });
  };
}

/**
 * Runs `f` without keeping what its backward pass needs, and runs it again when that pass comes: less memory for one
 * more forward pass (Chen et al. 2016). For long sequences, put a checkpoint around each stretch of steps.
 *
 * Gradients reach the inputs and nothing else that f captured: pass parameters as inputs. f must compute the same both
 * times; random masks must come from a generator that f makes itself.
 * @throws what f throws.
 * @example
 * ```ts
 * grad((x) => checkpoint((z) => z.sin(), x).sum())(tensor([0])).toArray(); // [1]
 * ```
 */
export function checkpoint<A extends readonly Tensor[]>(f: (...inputs: A) => Tensor, ...inputs: A): Tensor {
  callable("checkpoint", "the first argument", f);
  checkTensors("checkpoint", "the arguments", inputs);
  // Scopes of their own give back what each run leaves behind at once.
  const value = scope(() => noGrad(() => f(...inputs)));
  checkTensor("checkpoint: the function's value", value);
  if (!isRecording() || inputs.every((x) => x.node === null)) return value;
  const result = windowOf(value, value.shape, value.offset, value.contiguous ? null : value.strides);
  return record("checkpoint", result, inputs, (dy) => {
    const recorded = inputs.map((x) => x.node !== null);
    const positions = recorded.flatMap((yes, i) => (yes ? [i] : []));
    // Only followed inputs are arguments of the second run; the others are bound.
    const again = (...followed: Tensor[]): Tensor => {
      const all = [...inputs] as Tensor[];
      positions.forEach((position, i) => {
        all[position] = followed[i];
      });
      return f(...(all as unknown as A));
    };
    // Unless this pass is recorded itself, for gradients of gradients, the second run's is for values only: fused operations have such.
    const followed = positions.map((position) => inputs[position]);
    const gradients = isRecording()
      ? pulledBack(again, followed, dy, true)
      : scope(() => pulledBack(again, followed, dy, false));
    return inputs.map((_, i) => (recorded[i] ? gradients[positions.indexOf(i)] : undefined));
  });
}
