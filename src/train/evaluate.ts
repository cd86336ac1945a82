// A model applied to data, in batches, without recording: its losses, accuracies and metrics.

import { noGrad } from "../autograd/grad.ts";
import { type AnySamples, checkSamples } from "../data/batches.ts";
import { Dataset } from "../data/dataset/dataset.ts";
import { forEachOf } from "../data/dataset/iteration.ts";
import { RowOrder, takeRows } from "../data/row-order.ts";
import { knownOptions, whole } from "../engine/checks.ts";
import { activationByName } from "../nn/activations.ts";
import { checkModel, type Model } from "../nn/model.ts";
import { tensor } from "../tensor/create.ts";
import { scope, type Tensor } from "../tensor/tensor.ts";
import { forward, type HeadRun } from "./forward.ts";
import {
  type AccumulatingMetric,
  type Metric,
  type MetricAccumulator,
  type MetricLike,
  metricFor,
  startMetric,
} from "./metrics.ts";
import { checkObjective, type Head, headsFor, OBJECTIVE_OPTIONS, type ObjectiveOptions } from "./objective.ts";
import { type PerOutput, perOutput } from "./per-output.ts";
import { countCorrect, countCorrectAt, predictedClasses } from "./predicted-classes.ts";
import { type Prepared, prepare } from "./targets.ts";

/** What `evaluate` finds. */
export interface Evaluation {
  /** Mean over samples; of several outputs the weighted sum of their losses. */
  loss: number;
  /** Share of samples whose class is right, 0 to 1; NaN where the targets are values, not classes, and for several outputs. */
  accuracy: number;
  samples: number;
  /** The metrics that were asked for; of several outputs by their names, `kind.f1`. */
  metrics: Record<string, number>;
  /** Of several outputs: the loss of each, `kind.loss`, and the accuracy where there are classes, `kind.accuracy`. */
  heads?: Record<string, number>;
}

/** How `evaluate` goes about it. */
export interface EvaluateOptions extends ObjectiveOptions {
  /** Samples at a time; default 1000. */
  batchSize?: number;
  /** Further figures: names, functions, or made by hand; for several outputs a list for all, or a record of lists by name. */
  metrics?: PerOutput<readonly MetricLike[]>;
}

/** Throws for what is no list of metrics, or no record of such. */
export function checkMetrics(owner: string, metrics: PerOutput<readonly MetricLike[]>): void {
  if (typeof metrics !== "object" || metrics === null) {
    throw new TypeError(`${owner}: metrics must be an array, or arrays by output`);
  }
  const lists: readonly unknown[] = Array.isArray(metrics) ? [metrics] : Object.values(metrics);
  for (const list of lists) {
    if (!Array.isArray(list)) throw new TypeError(`${owner}: metrics must be an array, or arrays by output`);
    for (const each of list.flat() as MetricLike[]) metricFor(each);
  }
}

const isList = (value: unknown): boolean => Array.isArray(value) && !value.some((each) => Array.isArray(each));

/** What is gathered of one head over a pass. */
class HeadJudge {
  private lossSum = 0;
  private weight = 0;
  private correct = 0;
  private counted = 0;
  private readonly metrics: readonly { name: string; gathered: MetricAccumulator }[];
  private readonly activate: (x: Tensor) => Tensor;

  constructor(
    private readonly head: Head,
    metrics: readonly (Metric | AccumulatingMetric)[],
  ) {
    this.metrics = metrics.map((each) => ({ name: each.name, gathered: startMetric(each) }));
    this.activate = activationByName(head.activation ?? "linear");
  }

  /** `rows`: the sample numbers of the batch; null where the batch is all that was prepared. */
  add(run: HeadRun, data: Prepared["heads"][number], count: number, rows: Int32Array | null): void {
    const total = run.total === null ? count * data.places : run.total.item();
    this.lossSum += run.loss.item() * (run.total === null ? count : total);
    this.weight += run.total === null ? count : total;
    const { classes, places } = data;
    const weights = run.weights?.dataSync() ?? null;
    if (classes) {
      const predicted = predictedClasses(run.outputs, this.head.fromLogits ? 0 : 0.5);
      if (weights === null && places === 1) {
        this.correct += countCorrect(predicted, classes, rows);
        this.counted += predicted.length;
      } else {
        const [correct, counted] = countCorrectAt(
          predicted,
          classes,
          rows,
          places,
          weights as ArrayLike<number> | null,
        );
        this.correct += correct;
        this.counted += counted;
      }
    }
    if (this.metrics.length > 0) this.measure(run, data, rows, weights as ArrayLike<number> | null);
  }

  /** Metrics see the rows that count. */
  private measure(
    run: HeadRun,
    { classes, places }: Prepared["heads"][number],
    rows: Int32Array | null,
    weights: ArrayLike<number> | null,
  ): void {
    const all = run.outputs.shape[0];
    const classOf = (i: number): number => {
      const sample = (i / places) | 0;
      return classes![rows === null ? i : rows[sample] * places + (i - sample * places)];
    };
    let kept = Int32Array.from({ length: all }, (_, i) => i);
    if (weights !== null) kept = kept.filter((i) => weights[i] > 0);
    if (kept.length === 0) return;
    const wanted = classes && kept.map(classOf);
    const outputs = this.head.fromLogits ? this.activate(run.outputs) : run.outputs;
    const numbers = kept.length === all ? null : tensor(kept);
    const of = (x: Tensor): Tensor => (numbers === null ? x : takeRows(x, numbers));
    const input = { outputs: of(outputs), targets: of(run.targets), classes: wanted };
    for (const { gathered } of this.metrics) gathered.add(input);
  }

  get loss(): number {
    return this.lossSum / this.weight;
  }

  /** NaN where there are no classes. */
  get accuracy(): number {
    return this.counted > 0 ? this.correct / this.counted : Number.NaN;
  }

  figures(): [string, number][] {
    return this.metrics.map(({ name, gathered }) => [name, gathered.result()]);
  }
}

/** What a model is judged by, gathered batch by batch. */
class Judge {
  private readonly judges: readonly HeadJudge[];
  private samples = 0;

  constructor(
    private readonly model: Model,
    private readonly heads: readonly Head[],
    metrics: PerOutput<readonly MetricLike[]> | undefined,
  ) {
    const names = model.outputs.map(({ name }) => name);
    const wanted = perOutput<readonly MetricLike[]>("evaluate", "metrics", names, metrics, isList);
    this.judges = heads.map((head) => new HeadJudge(head, (wanted[head.index] ?? []).map(metricFor)));
  }

  /** A batch of what was prepared. */
  add(prepared: Prepared, batch: readonly Tensor[], rows: Int32Array | null): void {
    const runs = forward(this.model, this.heads, prepared, batch, false);
    const count = batch[0].shape[0];
    runs.forEach((run, k) => {
      this.judges[k].add(run, prepared.heads[k], count, rows);
    });
    this.samples += count;
  }

  result(): Evaluation {
    const { heads, judges, samples } = this;
    const several = this.model.outputs.length > 1;
    const loss = judges.reduce((sum, judge, k) => sum + judge.loss * heads[k].lossWeight, 0);
    const metrics: Record<string, number> = {};
    judges.forEach((judge, k) => {
      for (const [name, figure] of judge.figures()) metrics[several ? `${heads[k].name}.${name}` : name] = figure;
    });
    if (!several) return { loss, accuracy: judges[0].accuracy, samples, metrics };
    const figures: Record<string, number> = {};
    judges.forEach((judge, k) => {
      figures[`${heads[k].name}.loss`] = judge.loss;
      if (!Number.isNaN(judge.accuracy)) figures[`${heads[k].name}.accuracy`] = judge.accuracy;
    });
    return { loss, accuracy: Number.NaN, samples, metrics, heads: figures };
  }
}

/**
 * Mean loss, and share of samples whose class is right. Shapes: x [n, ...input shape]; y class indices [n] (int32) or
 * values [n, ...outputs]. With one output, above 1/2 is class 1. For sequences with labels at every step, y is [n, time], and what is
 * said of samples holds for steps; those that the model masks, that are ignored or weigh 0 are left out. Several inputs or outputs are
 * given as lists or records by name.
 *
 * A `Dataset` gives batches `{ x, y }` of its own size; then the result is a promise.
 * @throws RangeError if there are no samples, x and y hold different numbers of them, or shapes do not fit the model;
 * TypeError for an unknown loss, one that can't fit, or if none is given and none follows from model and targets.
 * @example
 * ```ts
 * const model = new Sequential([new Dense(2, { weights: () => eye(2), activation: "softmax" })], { inputShape: [2] });
 * const data = { x: tensor([[1, 0], [0, 1], [0, 1]]), y: tensor([0, 1, 0], "int32") };
 * evaluate(model, data).accuracy; // 2 / 3
 * ```
 */
export function evaluate(model: Model, data: AnySamples, options?: EvaluateOptions): Evaluation;
export function evaluate(model: Model, data: Dataset<AnySamples>, options?: EvaluateOptions): Promise<Evaluation>;
export function evaluate(
  model: Model,
  data: AnySamples | Dataset<AnySamples>,
  options: EvaluateOptions = {},
): Evaluation | Promise<Evaluation> {
  const owner = "evaluate";
  knownOptions(owner, options, ["batchSize", "metrics"], OBJECTIVE_OPTIONS);
  checkModel(owner, model);
  checkObjective(owner, options);
  const batchSize = whole(owner, "batchSize", options.batchSize ?? 1000, 1);
  if (options.metrics !== undefined) checkMetrics(owner, options.metrics);
  if (data instanceof Dataset) {
    if (options.batchSize !== undefined) throw new TypeError(ownBatches(owner));
    return evaluateDataset(owner, model, data, options);
  }
  return scope(() =>
    noGrad(() => {
      checkSamples(owner, data);
      const heads = headsFor(owner, model, data, options);
      const judge = new Judge(model, heads, options.metrics);
      const prepared = prepare(owner, model, heads, data);
      const order = new RowOrder(owner, prepared.count, batchSize, null);
      for (let i = 0; i < order.batches; i++) {
        scope(() => judge.add(prepared, order.take(prepared.tensors, i), order.rows(i)));
      }
      return judge.result();
    }),
  );
}

/** What to say where a batch size is given for a dataset. */
export function ownBatches(owner: string): string {
  return `${owner}: a dataset has batches of its own; leave batchSize out, and say data.batch(32)`;
}

async function evaluateDataset(
  owner: string,
  model: Model,
  data: Dataset<AnySamples>,
  options: EvaluateOptions,
): Promise<Evaluation> {
  let heads: readonly Head[] | undefined;
  let judge: Judge | undefined;
  await forEachOf(data.iterate({ epoch: 0 }), (batch) =>
    noGrad(() => {
      checkSamples(owner, batch);
      heads ??= headsFor(owner, model, batch, options);
      judge ??= new Judge(model, heads, options.metrics);
      const prepared = prepare(owner, model, heads, batch);
      judge.add(prepared, prepared.tensors, null);
    }),
  );
  if (judge === undefined) throw new RangeError(`${owner}: the dataset gives no batch`);
  return judge.result();
}
