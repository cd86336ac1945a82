// What a model is judged by, counted batch by batch and added up: losses, accuracies, and the metrics that were asked for.

import { takeRows } from "../data/row-order.ts";
import { activationByName } from "../nn/activations.ts";
import type { Model } from "../nn/model.ts";
import { tensor } from "../tensor/create.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Evaluation } from "./evaluate.ts";
import { forward, type HeadRun } from "./forward.ts";
import {
  type AccumulatingMetric,
  MeanPass,
  type Metric,
  type MetricAccumulator,
  type MetricInput,
  type MetricLike,
  metricFor,
} from "./metrics.ts";
import type { Head } from "./objective.ts";
import { type PerOutput, perOutput } from "./per-output.ts";
import { countCorrect, countCorrectAt, predictedClasses } from "./predicted-classes.ts";
import { nothingCounts } from "./tally.ts";
import type { Prepared } from "./targets.ts";

const isList = (value: unknown): boolean => Array.isArray(value) && !value.some((each) => Array.isArray(each));

/**
 * What is counted of a head in a batch: the sum of its losses, what its rows count, right answers, rows that have a class; then for each metric that
 * is a mean its sum and its rows.
 */
type HeadFigures = readonly [lossSum: number, weight: number, correct: number, counted: number, ...means: number[]];

/** What is gathered of one head over a pass. */
class HeadJudge {
  private lossSum = 0;
  private weight = 0;
  private correct = 0;
  private counted = 0;
  private readonly metrics: readonly { name: string; pass: MeanPass | MetricAccumulator }[];
  private readonly means: readonly MeanPass[];
  private readonly others: readonly MetricAccumulator[];
  private readonly activate: (x: Tensor) => Tensor;

  constructor(
    private readonly head: Head,
    metrics: readonly (Metric | AccumulatingMetric)[],
  ) {
    this.metrics = metrics.map((each) => ({
      name: each.name,
      pass: "start" in each ? each.start() : new MeanPass(each),
    }));
    const passes = this.metrics.map(({ pass }) => pass);
    this.means = passes.filter((pass): pass is MeanPass => pass instanceof MeanPass);
    this.others = passes.filter((pass): pass is MetricAccumulator => !(pass instanceof MeanPass));
    this.activate = activationByName(head.activation ?? "linear");
  }

  /** Numbers that are counted of a batch. */
  get width(): number {
    return 4 + 2 * this.means.length;
  }

  /** Whether there are metrics that want to see every batch. */
  get looks(): boolean {
    return this.others.length > 0;
  }

  /**
   * `rows`: the sample numbers of the batch; null where the batch is all that was prepared. Gives what is counted of it; `show` is called with what
   * `look` is to be given, where there is something to see.
   */
  figuresOf(
    run: HeadRun,
    data: Prepared["heads"][number],
    count: number,
    rows: Int32Array | null,
    show: (input: MetricInput) => void,
  ): HeadFigures {
    // Steps count, not sequences: those of another batch may be of another length.
    const weight = run.total === null ? count * data.places : run.total.item();
    const lossSum = run.loss.item() * weight;
    let [correct, counted] = [0, 0];
    const { classes, places } = data;
    const weights = run.weights?.dataSync() ?? null;
    if (classes) {
      const predicted = predictedClasses(run.outputs, this.head.fromLogits ? 0 : 0.5);
      if (weights === null && places === 1) {
        correct = countCorrect(predicted, classes, rows);
        counted = predicted.length;
      } else {
        [correct, counted] = countCorrectAt(predicted, classes, rows, places, weights as ArrayLike<number> | null);
      }
    }
    const input = this.metrics.length > 0 ? this.counting(run, data, rows, weights as ArrayLike<number> | null) : null;
    if (input !== null && this.looks) show(input);
    const means = this.means.flatMap((mean) => (input === null ? [0, 0] : mean.countsOf(input)));
    return [lossSum, weight, correct, counted, ...means];
  }

  /** Lets the metrics that are no means see a batch. */
  look(input: MetricInput): void {
    for (const each of this.others) each.add(input);
  }

  add([lossSum, weight, correct, counted, ...means]: HeadFigures): void {
    this.lossSum += lossSum;
    this.weight += weight;
    this.correct += correct;
    this.counted += counted;
    this.means.forEach((mean, i) => {
      mean.add(means[2 * i], means[2 * i + 1]);
    });
  }

  /** The rows that count, for metrics; null where none does. */
  private counting(
    run: HeadRun,
    { classes, places }: Prepared["heads"][number],
    rows: Int32Array | null,
    weights: ArrayLike<number> | null,
  ): MetricInput | null {
    const all = run.outputs.shape[0];
    const classOf = (i: number): number => {
      const sample = (i / places) | 0;
      return classes![rows === null ? i : rows[sample] * places + (i - sample * places)];
    };
    let kept = Int32Array.from({ length: all }, (_, i) => i);
    if (weights !== null) kept = kept.filter((i) => weights[i] > 0);
    if (kept.length === 0) return null;
    const wanted = classes && kept.map(classOf);
    const outputs = this.head.fromLogits ? this.activate(run.outputs) : run.outputs;
    const numbers = kept.length === all ? null : tensor(kept);
    const of = (x: Tensor): Tensor => (numbers === null ? x : takeRows(x, numbers));
    return { outputs: of(outputs), targets: of(run.targets), classes: wanted };
  }

  /** Whether a row has counted. */
  get counts(): boolean {
    return this.weight > 0;
  }

  get loss(): number {
    return this.lossSum / this.weight;
  }

  /** NaN where there are no classes. */
  get accuracy(): number {
    return this.counted > 0 ? this.correct / this.counted : Number.NaN;
  }

  figures(): [string, number][] {
    return this.metrics.map(({ name, pass }) => [name, pass.result()]);
  }
}

/** What a model is judged by, gathered batch by batch. */
export class Judge {
  private readonly judges: readonly HeadJudge[];
  private samples = 0;

  constructor(
    private readonly model: Model,
    readonly heads: readonly Head[],
    metrics: PerOutput<readonly MetricLike[]> | undefined,
  ) {
    const names = model.outputs.map(({ name }) => name);
    const wanted = perOutput<readonly MetricLike[]>("evaluate", "metrics", names, metrics, isList);
    this.judges = heads.map((head) => new HeadJudge(head, (wanted[head.index] ?? []).map(metricFor)));
  }

  /**
   * What is counted of a batch of what was prepared: its samples, then each head's figures. `show` is called with a head's number and what its metrics
   * are to see.
   */
  figuresOf(
    prepared: Prepared,
    batch: readonly Tensor[],
    rows: Int32Array | null,
    show: (head: number, input: MetricInput) => void,
  ): number[] {
    return this.figuresOfRuns(this.runsOf(prepared, batch), prepared, batch[0].shape[0], rows, show);
  }

  /** A batch of what was prepared through the model. */
  runsOf(prepared: Prepared, batch: readonly Tensor[]): HeadRun[] {
    return forward(this.model, this.heads, prepared, batch, false);
  }

  /** `figuresOf` of a batch of so many samples that has been through the model. */
  figuresOfRuns(
    runs: readonly HeadRun[],
    prepared: Prepared,
    count: number,
    rows: Int32Array | null,
    show: (head: number, input: MetricInput) => void,
  ): number[] {
    return [
      count,
      ...runs.flatMap((run, k) =>
        this.judges[k].figuresOf(run, prepared.heads[k], count, rows, (input) => show(k, input)),
      ),
    ];
  }

  /** Lets a head's metrics see a batch. */
  look(head: number, input: MetricInput): void {
    this.judges[head].look(input);
  }

  /** Adds what was counted of a batch. */
  add([count, ...figures]: readonly number[]): void {
    let at = 0;
    for (const judge of this.judges) {
      judge.add(figures.slice(at, at + judge.width) as unknown as HeadFigures);
      at += judge.width;
    }
    this.samples += count;
  }

  /** Numbers that are counted of a batch. */
  get width(): number {
    return this.judges.reduce((sum, { width }) => sum + width, 1);
  }

  /** Whether there are metrics that want to see every batch. */
  get looks(): boolean {
    return this.judges.some(({ looks }) => looks);
  }

  /** @throws RangeError where no row of any output has counted. */
  result(): Evaluation {
    const { heads, judges, samples } = this;
    if (samples > 0 && judges.every(({ counts }) => !counts)) throw nothingCounts("evaluate");
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
