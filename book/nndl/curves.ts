// Charts of training curves for the chapters on improving learning: one quantity by epoch, a line a network.
import type { Axis, LineChart, Mark, Numbers, PointSeries, Text } from "nabla/plot";
import type { Both } from "../experiment.ts";

export const EPOCH: Both = { en: "epoch", zh: "迭代期" };
export const TEST_ACCURACY: Both = { en: "accuracy on test data", zh: "测试集准确率" };
export const VALIDATION_ACCURACY: Both = { en: "accuracy on validation data", zh: "验证集准确率" };

export interface Curve {
  readonly name: Text;
  readonly epochs: Numbers;
  readonly values: Numbers;
  readonly style?: PointSeries["style"];
  readonly colour?: number;
}

export interface CurvesOptions {
  readonly y: Axis;
  readonly marks?: readonly Mark[];
  /** Only points from this epoch on. */
  readonly from?: number;
}

export function curvesByEpoch(title: Both, curves: readonly Curve[], { y, marks, from = 0 }: CurvesOptions): LineChart {
  return {
    kind: "line",
    title,
    xAxis: { label: EPOCH },
    yAxis: y,
    marks,
    series: curves.map(({ name, epochs, values, style, colour }) => {
      const shown = Array.from(epochs).flatMap((epoch, i) => ((epoch ?? 0) >= from ? [i] : []));
      return { name, x: shown.map((i) => epochs[i]), y: shown.map((i) => values[i]), style, colour };
    }),
  };
}

/** Share as a percentage, rounded as the book prints it. */
export function percent(share: number): number {
  return Math.round(share * 1e4) / 100;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Standard deviation of a sample: the sum of squares is divided by one less than their number. */
export function deviation(values: readonly number[]): number {
  const centre = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1));
}
