// Convolutions of 3 by 3 by Winograd's minimal filtering: the kernels cut the work into parts and take images and filters to points and back
// (kernels/winograd.ts); here the library multiplies the matrices in between.
import type { Geometry, Host } from "./host.ts";
import type { ConvolutionKind } from "./primitives.ts";
import { type RunPart, TASK, type Thread } from "./thread.ts";

/** Words of the task, as kernels/winograd-plan.ts numbers them. */
export const WINOGRAD = {
  error: TASK.error,
  points: 36,
  inputs: 65,
  slice: 79,
  inPlane: 86,
  outPlane: 87,
  weightPlane: 88,
  add: 96,
  chunk: 99,
  /** What stands in `add` where there are no gradients of weights to add. */
  none: 0xffffffff,
} as const;

const KINDS: Record<ConvolutionKind, number> = { forward: 0, inputGradient: 1, weightGradient: 2 };

export function winogradParts({ calls, task, kernels }: Thread, word: typeof WINOGRAD): RunPart {
  const multiply = calls.float32;
  return (part) => {
    const slot = kernels.winogradTake();
    const padded = Math.ceil(task[word.inputs]! / 4) * 4;
    const chunk = task[word.chunk]!;
    const slice = task[word.slice]!;
    const [inPlane, outPlane, weightPlane] = [task[word.inPlane]!, task[word.outPlane]!, task[word.weightPlane]!];
    const gradient = task[word.add] !== word.none;
    const weights = kernels.winogradWeights(part, slot);
    const steps = kernels.winogradSteps(part);
    let error = 0;
    for (let step = 0; step < steps; step++) {
      let image = kernels.winogradLoad(part, step, slot);
      let result = kernels.winogradResults(slot);
      let weight = weights;
      const tiles = kernels.winogradTiles(part, step);
      const depth = kernels.winogradDepth(step);
      const width = Math.ceil(depth / 4) * 4;
      const add = kernels.winogradAdds(step);
      for (let point = 0; point < word.points; point++) {
        error ||= gradient
          ? multiply(1, 0, slice, width, tiles, result, slice, image, padded, add, weight, chunk)
          : multiply(0, 0, tiles, slice, depth, image, padded, weight, slice, add, result, slice);
        image += inPlane;
        result += outPlane;
        weight += weightPlane;
      }
      kernels.winogradStore(part, step, slot);
    }
    kernels.winogradRelease(slot);
    if (error !== 0) task[word.error] = error;
  };
}

/** Runs a convolution or one of its gradients in the caller's workspace; false if it is not done this way. `values`: see `Convolutions.run`. */
export function runWinograd(host: Host, kind: ConvolutionKind, geometry: Geometry, values: readonly number[]): boolean {
  const number = KINDS[kind];
  const operands = kind === "weightGradient" ? [values[0]!, values[1]!, 0, ...values.slice(2, 5)] : values.slice(0, 6);
  const [result, , how] = operands.slice(3) as [number, number, number];
  const parts = host.beginWinograd(number, ...operands, ...geometry);
  if (parts === 0) return false;
  const { task } = host;
  task[TASK.kind] = TASK.kinds.winograd;
  task[TASK.error] = 0;
  host.fork(parts);
  if (task[TASK.error] !== 0) throw new Error(`convolution: the library failed with error ${task[TASK.error]}`);
  const [batch, channels, height, width, filters] = geometry;
  const size = kind === "forward" ? filters * geometry[14] * geometry[15] : channels * height * width;
  host.endWinograd(number, result, how, batch * size);
  return true;
}
