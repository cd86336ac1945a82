// What several figures of chapters 5 and 6 do with their curves.
import type { LineChart, PointSeries, Text } from "nabla/plot";
import type { Both } from "../experiment.ts";

/** Mean of up to `window` neighbours around each value: the loss of single mini-batches jumps too much to be read. */
export function smooth(values: readonly number[], window = 25): number[] {
  const half = Math.floor(window / 2);
  return values.map((_, i) => meanOf(values.slice(Math.max(0, i - half), i + half + 1)));
}

export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Mean of the last `count`. */
export function endOf(values: readonly number[], count: number): number {
  return meanOf(values.slice(-count));
}

export function lossChart(title: Text, series: readonly PointSeries[], top?: number): LineChart {
  return {
    kind: "line",
    title,
    xAxis: { label: { en: "iteration", zh: "迭代次数" } },
    yAxis: { label: { en: "training loss", zh: "训练损失" }, min: 0, max: top },
    series,
  };
}

export function accuracyChart(title: Text, series: readonly PointSeries[]): LineChart {
  return {
    kind: "line",
    title,
    xAxis: { label: { en: "epoch", zh: "轮数" } },
    yAxis: { label: { en: "accuracy", zh: "准确率" }, min: 0, max: 1, format: "percent" },
    series,
  };
}

export const TRAINING: Both = { en: "training", zh: "训练集" };
export const TEST: Both = { en: "test", zh: "测试集" };
