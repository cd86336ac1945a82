// A model applied to data, in batches, without recording: its losses, accuracies and metrics.

import { noGrad } from "../autograd/grad.ts";
import { type AnySamples, checkSamples, namedTensors } from "../data/batches.ts";
import { Dataset } from "../data/dataset/dataset.ts";
import { forEachOf } from "../data/dataset/iteration.ts";
import { RowOrder } from "../data/row-order.ts";
import { onCpu } from "../engine/beside.ts";
import { knownOptions, whole } from "../engine/checks.ts";
import type { DType, TypedArray } from "../engine/dtype.ts";
import { engine } from "../engine/engine.ts";
import type { Group } from "../engine/group.ts";
import { checkModel, type Model } from "../nn/model.ts";
import { clone } from "../ops/views.ts";
import { tensor } from "../tensor/create.ts";
import { keep, scope, type Tensor } from "../tensor/tensor.ts";
import type { HeadRun } from "./forward.ts";
import { Judge } from "./judge.ts";
import { JudgedPass } from "./judged-pass.ts";
import { type MetricLike, metricFor } from "./metrics.ts";
import { checkObjective, type Head, headsFor, OBJECTIVE_OPTIONS, type ObjectiveOptions } from "./objective.ts";
import type { PerOutput } from "./per-output.ts";
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

/**
 * Mean loss, and share of samples whose class is right. Shapes: x [n, ...input shape]; y class indices [n] (int32) or
 * values [n, ...outputs]. With one output, above 1/2 is class 1. For sequences with labels at every step, y is [n, time], and what is
 * said of samples holds for steps; those that the model masks, that are ignored or weigh 0 are left out. Several inputs or outputs are
 * given as lists or records by name.
 *
 * A `stateful` model begins with states of 0, goes on from batch to batch, and has its own states again afterwards.
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
  if (engine().asynchronous && !(data instanceof Dataset)) {
    throw new Error(
      `evaluate: on the engine ${JSON.stringify(engine().name)} figures come later; write await evaluateAsync(model, data)`,
    );
  }
  return evaluateTogether(null, model, data as Dataset<AnySamples>, options);
}

/**
 * As `evaluate`, for every engine: on "webgpu", where values come later, too. Batches go through the model on the device, while the figures of
 * those before are counted on the CPU.
 * @throws as `evaluate`.
 * @example
 * ```ts
 * const model = new Sequential([new Dense(2, { weights: () => eye(2), activation: "softmax" })], { inputShape: [2] });
 * const data = { x: tensor([[1, 0], [0, 1], [0, 1]]), y: tensor([0, 1, 0], "int32") };
 * (await evaluateAsync(model, data)).accuracy; // 2 / 3
 * ```
 */
export async function evaluateAsync(
  model: Model,
  data: AnySamples | Dataset<AnySamples>,
  options: EvaluateOptions = {},
): Promise<Evaluation> {
  return evaluateTogether(null, model, data as AnySamples, options);
}

/**
 * As `evaluate`, on all ranks of a group: each takes some of the batches, and all get the same figures, to the bit those of one process.
 */
export function evaluateTogether(
  group: Group | null,
  model: Model,
  data: AnySamples,
  options?: EvaluateOptions,
): Evaluation | Promise<Evaluation>;
export function evaluateTogether(
  group: Group | null,
  model: Model,
  data: Dataset<AnySamples>,
  options?: EvaluateOptions,
): Promise<Evaluation>;
export function evaluateTogether(
  group: Group | null,
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
    return apart(model, () => evaluateDataset(owner, together(group, model), model, data, options));
  }
  if (engine().asynchronous) return apart(model, () => evaluateLater(owner, model, data, batchSize, options));
  return apart(model, () =>
    scope(() =>
      noGrad(() => {
        checkSamples(owner, data);
        const heads = headsFor(owner, model, data, options);
        const judge = new Judge(model, heads, options.metrics);
        const prepared = prepare(owner, model, heads, data);
        const order = new RowOrder(owner, prepared.count, batchSize, null);
        const pass = new JudgedPass(judge, together(group, model));
        for (let i = 0; i < order.batches; i++) {
          scope(() =>
            pass.batch((show) => judge.figuresOf(prepared, order.take(prepared.tensors, i), order.rows(i), show)),
          );
        }
        pass.end();
        return judge.result();
      }),
    ),
  );
}

/** The ranks that share out the batches: none where each goes on where the one before ended. */
function together(group: Group | null, model: Model): Group | null {
  return model.isStateful ? null : group;
}

/** Runs a function while a stateful model begins with states of 0; afterwards it has those that it had: a training may be under way. */
function apart<R>(model: Model, body: () => R): R {
  if (!model.isStateful) return body();
  const kept = model.parameters.filter(({ isState }) => isState);
  const before = keep(scope(() => kept.map(({ tensor: x }) => clone(x))));
  const back = (): void => {
    kept.forEach((parameter, i) => {
      parameter.assign(before[i]);
    });
  };
  model.resetStates();
  let result: R;
  try {
    result = body();
  } catch (error) {
    back();
    throw error;
  }
  if (result instanceof Promise) return result.finally(back) as R;
  back();
  return result;
}

/** What to say where a batch size is given for a dataset. */
export function ownBatches(owner: string): string {
  return `${owner}: a dataset has batches of its own; leave batchSize out, and say data.batch(32)`;
}

/** A batch that has been through the model, with its values in JavaScript. */
interface Answered {
  prepared: Prepared;
  count: number;
  rows: Int32Array | null;
  runs: readonly HeadValues[];
}

/** A tensor's shape, dtype and values. */
interface TensorValues {
  shape: readonly number[];
  dtype: DType;
  values: TypedArray;
}

type HeadValues = Record<"outputs" | "targets" | "loss", TensorValues> &
  Record<"weights" | "total", TensorValues | null>;

/** Asks for a tensor's values. */
async function valuesOf(x: Tensor): Promise<TensorValues> {
  const { shape, dtype } = x;
  return { shape, dtype, values: await x.data() };
}

async function valuesOfRun({ outputs, targets, loss, weights, total }: HeadRun): Promise<HeadValues> {
  const orNone = async (x: Tensor | null): Promise<TensorValues | null> => (x === null ? null : valuesOf(x));
  const all = await Promise.all([valuesOf(outputs), valuesOf(targets), valuesOf(loss), orNone(weights), orNone(total)]);
  return { outputs: all[0], targets: all[1], loss: all[2], weights: all[3], total: all[4] };
}

/** Counts a batch, on the CPU. */
function countAnswered(judge: Judge, { prepared, count, rows, runs }: Answered): void {
  onCpu(() =>
    scope(() =>
      noGrad(() => {
        const back = ({ values, shape, dtype }: TensorValues): Tensor => tensor(values, { shape: [...shape], dtype });
        const orNone = (x: TensorValues | null): Tensor | null => (x === null ? null : back(x));
        const given = runs.map(({ outputs, targets, loss, weights, total }) => ({
          ...{ outputs: back(outputs), targets: back(targets), loss: back(loss) },
          ...{ weights: orNone(weights), total: orNone(total), timeFirst: null },
        }));
        judge.add(judge.figuresOfRuns(given, prepared, count, rows, (head, input) => judge.look(head, input)));
      }),
    ),
  );
}

/** Samples on an engine whose values come later: a batch is asked for before the one before it is counted. */
async function evaluateLater(
  owner: string,
  model: Model,
  data: AnySamples,
  batchSize: number,
  options: EvaluateOptions,
): Promise<Evaluation> {
  checkSamples(owner, data);
  await engine().prefetch?.(targetsOf(data));
  const heads = headsFor(owner, model, data, options);
  const judge = new Judge(model, heads, options.metrics);
  const prepared = keep(scope(() => noGrad(() => prepare(owner, model, heads, data))));
  const order = new RowOrder(owner, prepared.count, batchSize, null);
  let asked: Promise<Answered> | undefined;
  for (let i = 0; i < order.batches; i++) {
    const before = asked;
    scope(() => {
      asked = noGrad(() => ask(judge, prepared, order.take(prepared.tensors, i), order.rows(i)));
    });
    if (before !== undefined) countAnswered(judge, await before);
  }
  countAnswered(judge, await asked!);
  return judge.result();
}

async function ask(
  judge: Judge,
  prepared: Prepared,
  batch: readonly Tensor[],
  rows: Int32Array | null,
): Promise<Answered> {
  const runs = judge.runsOf(prepared, batch).map(valuesOfRun);
  return { prepared, count: batch[0].shape[0], rows, runs: await Promise.all(runs) };
}

/** The tensors of samples that are looked at while they are prepared. */
export function targetsOf({ y, sampleWeights }: AnySamples): Tensor[] {
  return [...namedTensors(y), ...(sampleWeights === undefined ? [] : namedTensors(sampleWeights))].map(([, x]) => x);
}

async function evaluateDataset(
  owner: string,
  group: Group | null,
  model: Model,
  data: Dataset<AnySamples>,
  options: EvaluateOptions,
): Promise<Evaluation> {
  let heads: readonly Head[] | undefined;
  let judge: Judge | undefined;
  let pass: JudgedPass | undefined;
  const judgeLater = async (batch: AnySamples): Promise<void> => {
    checkSamples(owner, batch);
    await engine().prefetch?.(targetsOf(batch));
    let asked!: Promise<Answered>;
    scope(() =>
      noGrad(() => {
        heads ??= headsFor(owner, model, batch, options);
        judge ??= new Judge(model, heads, options.metrics);
        const prepared = prepare(owner, model, heads, batch);
        asked = ask(judge, prepared, prepared.tensors, null);
      }),
    );
    countAnswered(judge!, await asked);
  };
  const judgeBatch = (batch: AnySamples): void | Promise<void> => {
    if (engine().asynchronous) return judgeLater(batch);
    noGrad(() => {
      checkSamples(owner, batch);
      heads ??= headsFor(owner, model, batch, options);
      judge ??= new Judge(model, heads, options.metrics);
      pass ??= new JudgedPass(judge, group);
      const ours = judge;
      pass.batch((show) => {
        const prepared = prepare(owner, model, ours.heads, batch);
        return ours.figuresOf(prepared, prepared.tensors, null, show);
      });
    });
  };
  // The first batch tells every rank what there is to judge; of the others each reads its own.
  await forEachOf(data.iterate({ epoch: 0 }), judgeBatch, {
    passOver: (index) => group !== null && index > 0 && index % group.size !== group.rank,
    missed: () => pass?.missed(),
  });
  if (judge === undefined) throw new RangeError(`${owner}: the dataset gives no batch`);
  pass?.end();
  return (judge as Judge).result();
}
