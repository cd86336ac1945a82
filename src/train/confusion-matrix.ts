// Which classes a model takes for which.

import { noGrad } from "../autograd/grad.ts";
import { type AnySamples, checkSamples } from "../data/batches.ts";
import { RowOrder } from "../data/row-order.ts";
import { knownOptions, whole } from "../engine/checks.ts";
import { quote } from "../engine/quote.ts";
import { checkModel, type Model } from "../nn/model.ts";
import { scope } from "../tensor/tensor.ts";
import { observe, predictedBy } from "./forward.ts";
import { lossFor } from "./losses.ts";
import { type Head, headsFor } from "./objective.ts";
import { prepare } from "./targets.ts";

/** A larger table is no table any more, and takes gigabytes. */
const MOST_CLASSES = 10_000;

/** What `confusionMatrix` takes. */
export interface ConfusionOptions {
  /** Classes; default the output's numbers, at least 2. */
  classes?: number;
  /** Which output, by name, of a model of several. */
  output?: string;
  /** Class indices that count for nothing. */
  ignoreIndex?: number;
}

/** A loss that takes whatever targets there are: only classes are asked for. */
const counting = { name: "crossEntropy", targets: "classes", compute: lossFor("crossEntropy").compute } as const;

/**
 * Counts of true and predicted classes: row i, column j is how often class i was taken for j. Where labels belong to the steps of
 * sequences, steps are counted, without those that the model masks.
 * @param options `classes`, a number or in an object; `output`, its name, for a model of several outputs; `ignoreIndex`.
 * @throws RangeError if there are no samples, x and y hold different numbers of them, shapes do not fit the model, or a class is not in
 * the table.
 * @example
 * ```ts
 * const model = new Sequential([new Dense(2, { weights: () => eye(2) })], { inputShape: [2] });
 * const data = { x: tensor([[1, 0], [0, 1], [0, 1]]), y: tensor([0, 1, 0], "int32") };
 * confusionMatrix(model, data); // [[1, 1], [0, 1]]
 * ```
 */
export function confusionMatrix(model: Model, data: AnySamples, options: number | ConfusionOptions = {}): number[][] {
  const owner = "confusionMatrix";
  checkModel(owner, model);
  const { classes, output, ignoreIndex } =
    typeof options === "number" ? ({ classes: options } as ConfusionOptions) : options;
  if (typeof options !== "number") knownOptions(owner, options, ["classes", "output", "ignoreIndex"]);
  checkSamples(owner, data);
  return scope(() =>
    noGrad(() => {
      const head = headOf(owner, model, data, output, ignoreIndex);
      const outputs = head.shape.at(-1) ?? 1;
      const count = whole(owner, "classes", classes ?? Math.max(2, outputs), 2);
      if (count > MOST_CLASSES) {
        throw new RangeError(`${owner}: a table of ${count} classes is too large, at most ${MOST_CLASSES} are counted`);
      }
      const counts = Array.from({ length: count }, () => new Array<number>(count).fill(0));
      const prepared = prepare(owner, model, [head], data);
      const { classes: wanted, places } = prepared.heads[0];
      if (wanted === null) throw new TypeError(`${owner}: the targets are values, not classes`);
      const order = new RowOrder(owner, prepared.count, 1000, null);
      for (let i = 0; i < order.batches; i++) {
        scope(() => {
          const [run] = observe(model, [head], prepared, order.take(prepared.tensors, i), false);
          const weights = run.weights?.dataSync();
          const first = order.rows(i)[0] * places;
          predictedBy(head, run)
            .dataSync()
            .forEach((guess, k) => {
              if (weights !== undefined && !(Number(weights[k]) > 0)) return;
              const label = wanted[first + k];
              if (label < 0 || label >= count || Number(guess) >= count) {
                const found = label < 0 || label >= count ? `label ${label}` : `prediction ${guess}`;
                throw new RangeError(
                  `${owner}: ${found} at position ${first + k} is not in 0 to ${count - 1}, the ${count} classes`,
                );
              }
              counts[label][Number(guess)] += 1;
            });
        });
      }
      return counts;
    }),
  );
}

function headOf(
  owner: string,
  model: Model,
  data: AnySamples,
  output: string | undefined,
  ignoreIndex: number | undefined,
): Head {
  const names = model.outputs.map(({ name }) => name);
  if (output !== undefined && !names.includes(output)) {
    throw new RangeError(`${owner}: the model has no output ${quote(output)}; it has ${names.join(", ")}`);
  }
  if (output === undefined && names.length > 1) {
    throw new RangeError(`${owner}: the model has ${names.length} outputs; say which: { output: ${quote(names[0])} }`);
  }
  const all = headsFor(owner, model, data, { loss: { ...counting }, ignoreIndex: undefined });
  const head = all.find(({ name }) => output === undefined || name === output);
  if (head === undefined) throw new TypeError(`${owner}: y has no targets for the output ${output}`);
  return { ...head, ignoreIndex };
}
