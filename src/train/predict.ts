// A model's outputs for data, in batches, without recording.
import { noGrad } from "../autograd/grad.ts";
import { namedTensors } from "../data/batches.ts";
import { Dataset } from "../data/dataset/dataset.ts";
import { forEachOf } from "../data/dataset/iteration.ts";
import { rowsOf } from "../data/row-order.ts";
import { knownOptions, whole } from "../engine/checks.ts";
import { engine } from "../engine/engine.ts";
import { type Batches, checkModel, type Model } from "../nn/model.ts";
import { isFixed } from "../nn/shapes.ts";
import { concat } from "../ops/join.ts";
import { checkTensor } from "../tensor/check.ts";
import { formatShape } from "../tensor/shape.ts";
import { empty, keep, scope, Tensor } from "../tensor/tensor.ts";
import { ownBatches } from "./evaluate.ts";
import { byInput } from "./targets.ts";

/** How `predict` goes about it. */
export interface PredictOptions {
  /** Samples at a time; default 1000. */
  batchSize?: number;
}

/**
 * The model's outputs: x [n, ...input shape] to [n, ...output shape], `batchSize` (1000 by default) samples at a time; for several
 * inputs a list or a record by name. Not recorded. Of a model of several outputs `predictAll` gives them all.
 *
 * A `Dataset` gives batches of inputs, or of `{ x, ... }`; then the result is a promise.
 * @throws RangeError if the shape does not fit the model, or it has several outputs.
 * @example
 * ```ts
 * const model = new Sequential([new Dense(1, { weights: "ones" })], { inputShape: [2] });
 * predict(model, tensor([[1, 2], [3, 4]])).toArray(); // [[3], [7]]
 * ```
 */
export function predict(model: Model, x: Batches, options?: PredictOptions): Tensor;
export function predict(model: Model, x: Dataset<unknown>, options?: PredictOptions): Promise<Tensor>;
export function predict(
  model: Model,
  x: Batches | Dataset<unknown>,
  options: PredictOptions = {},
): Tensor | Promise<Tensor> {
  const owner = "predict";
  checkModel(owner, model);
  if (model.outputs.length > 1) {
    const names = model.outputs.map(({ name }) => name).join(", ");
    throw new RangeError(
      `${owner}: the model has ${model.outputs.length} outputs (${names}); predictAll gives them all by name`,
    );
  }
  const outputs = outputsOf(owner, model, x, options);
  return Array.isArray(outputs) ? outputs[0] : outputs.then(([y]) => y);
}

/**
 * As `predict`, for models of several outputs: all of them by name.
 * @example
 * ```ts
 * const x = input([2]);
 * const outputs = { sum: new Dense(1, { weights: "ones" }).apply(x), zero: new Dense(1, { weights: "zeros" }).apply(x) };
 * const model = new Model({ inputs: x, outputs });
 * predictAll(model, tensor([[1, 2], [3, 4]]))["sum"].toArray(); // [[3], [7]]
 * ```
 */
export function predictAll(model: Model, x: Batches, options?: PredictOptions): Record<string, Tensor>;
export function predictAll(
  model: Model,
  x: Dataset<unknown>,
  options?: PredictOptions,
): Promise<Record<string, Tensor>>;
export function predictAll(
  model: Model,
  x: Batches | Dataset<unknown>,
  options: PredictOptions = {},
): Record<string, Tensor> | Promise<Record<string, Tensor>> {
  checkModel("predictAll", model);
  const named = (ys: readonly Tensor[]): Record<string, Tensor> =>
    Object.fromEntries(ys.map((y, i) => [model.outputs[i].name, y]));
  const outputs = outputsOf("predictAll", model, x, options);
  return Array.isArray(outputs) ? named(outputs) : outputs.then(named);
}

function outputsOf(
  owner: string,
  model: Model,
  x: Batches | Dataset<unknown>,
  options: PredictOptions,
): Tensor[] | Promise<Tensor[]> {
  knownOptions(owner, options, ["batchSize"]);
  const size = whole(owner, "batchSize", options.batchSize ?? 1000, 1);
  if (x instanceof Dataset) {
    if (options.batchSize !== undefined) throw new TypeError(ownBatches(owner));
    return outputsOfDataset(owner, model, x);
  }
  if (typeof x !== "object" || x === null) checkTensor(owner, x);
  for (const [, each] of namedTensors(x)) checkTensor(owner, each);
  return scope(() =>
    noGrad(() => {
      const inputs = byInput(owner, model, x);
      const n = countOf(owner, inputs);
      if (n <= size) return run(model, inputs);
      const cut = (start: number): Tensor[] => inputs.map((input) => rowsOf(input, start, Math.min(start + size, n)));
      // Where the outputs' lengths are known, batches go to their places at once.
      const places = model.outputs.map(({ shape }) =>
        isFixed(shape) ? empty(owner, [n, ...shape], model.dtype) : null,
      );
      const parts: Tensor[][] = model.outputs.map(() => []);
      for (let start = 0; start < n; start += size) {
        const batch = scope(() => {
          const ys = run(model, cut(start));
          return ys.filter((y, i) => {
            const place = places[i];
            if (place !== null) engine().copy(y, rowsOf(place, start, start + y.shape[0]));
            return place === null;
          });
        });
        let k = 0;
        for (let i = 0; i < parts.length; i++) if (places[i] === null) parts[i].push(batch[k++]);
      }
      return places.map((place, i) => place ?? concat(parts[i]));
    }),
  );
}

async function outputsOfDataset(owner: string, model: Model, data: Dataset<unknown>): Promise<Tensor[]> {
  const parts: Tensor[][] = model.outputs.map(() => []);
  await forEachOf(data.iterate({ epoch: 0 }), (batch) =>
    noGrad(() => {
      const x = (
        batch instanceof Tensor || !("x" in (batch as object)) ? batch : (batch as { x: Batches }).x
      ) as Batches;
      for (const [, each] of namedTensors(x)) checkTensor(owner, each);
      run(model, byInput(owner, model, x)).forEach((y, i) => {
        parts[i].push(keep(y));
      });
    }),
  );
  if (parts[0].length === 0) throw new RangeError(`${owner}: the dataset gives no batch`);
  return parts.map((all) => concat(all));
}

function countOf(owner: string, inputs: readonly Tensor[]): number {
  const n = inputs[0].shape[0] ?? 0;
  for (const each of inputs) {
    if (each.shape[0] === inputs[0].shape[0]) continue;
    throw new RangeError(
      `${owner}: inputs ${formatShape(inputs[0].shape)} and ${formatShape(each.shape)} must hold the same number of samples`,
    );
  }
  return n;
}

/** The outputs of a batch. A model that only passes an input on returns it; the caller gets it as it is. */
function run(model: Model, inputs: readonly Tensor[]): Tensor[] {
  const { outputs } = model.run(model.inOrder(inputs), model.contextFor(false));
  return outputs.map((y) => (inputs.some(({ storage }) => storage === y.storage) ? keep(y) : y));
}
