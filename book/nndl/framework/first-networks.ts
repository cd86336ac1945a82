// What the training experiments of chapter 1 share: the quadratic cost, weights and biases from N(0, 1), batches of 10, test accuracy by epoch.
import { predict, scope } from "nabla";
import type { LineChart } from "nabla/plot";
import type { Both } from "../../experiment.ts";
import { type DigitSet, toSamples } from "../../mnist.ts";
import { type Study, study } from "./study.ts";

export interface Lesson {
  readonly sizes: readonly number[];
  readonly epochs: number;
  readonly eta: number;
  readonly seed: number;
  readonly training: DigitSet;
  readonly test: DigitSet;
  /** Default 10. */
  readonly batchSize?: number;
  /** Default "normal", N(0, 1), as in network.py. */
  readonly weights?: "normal" | "scaled";
}

export interface Run {
  readonly seed: number;
  readonly model: Study["model"];
  /** Percent of the test images that are read rightly, after each epoch. */
  readonly percent: readonly number[];
  readonly best: number;
  /** The book counts epochs from 0. */
  readonly bestEpoch: number;
}

export async function train(lesson: Lesson): Promise<Run> {
  const { test, ...settings } = lesson;
  const { model, accuracy } = await study({ weights: "normal", ...settings, cost: "quadratic", monitor: { test } });
  const percent = accuracy.test.map(toPercent);
  const best = Math.max(...percent);
  return { seed: lesson.seed, model, percent, best, bestEpoch: percent.indexOf(best) };
}

/** A share as percent with two digits: exact for counts of 10,000. */
export function toPercent(share: number): number {
  return Math.round(share * 10_000) / 100;
}

export function bestOf(runs: readonly Run[]): Run {
  return runs.reduce((best, run) => (run.best > best.best ? run : best));
}

export const SEED: (seed: number) => Both = (seed) => ({ en: `seed ${seed}`, zh: `种子 ${seed}` });

/** Test accuracy by epoch, one line a run. */
export function accuracyChart(
  title: Both,
  runs: readonly { name: Both; percent: readonly number[] }[],
  range: { readonly min?: number; readonly max?: number } = {},
): LineChart {
  return {
    kind: "line",
    title,
    xAxis: { label: { en: "epoch", zh: "迭代期" } },
    yAxis: { label: { en: "test accuracy", zh: "测试准确率" }, format: "percent", ...range },
    series: runs.map(({ name, percent }) => ({
      name,
      x: percent.map((_, epoch) => epoch),
      y: percent.map((value) => value / 100),
    })),
  };
}

/** Runs as lines of a chart. */
export const named = (runs: readonly Run[]) => runs.map(({ seed, percent }) => ({ name: SEED(seed), percent }));

export const percentUnit: Both = { en: "percent of 10,000 test images", zh: "10,000 张测试图像中的百分比" };

/** The ten outputs for each image, image after image. */
export function outputsOf({ model }: Run, set: DigitSet): Float32Array {
  return scope(() => predict(model, toSamples(set).x).dataSync() as Float32Array);
}

/** The answer of a network to each image. */
export function answersOf({ model }: Run, set: DigitSet): ArrayLike<number> {
  return scope(() => predict(model, toSamples(set).x).argmax(1).dataSync());
}
