// Draws thousands of neurons: their weighted inputs under the old and the new starting weights, counted into the bars of histograms.
import { Matrix } from "../../../../book/matrix.ts";
import { sigmoid } from "../../../../book/nndl/programs/neurons.ts";
import { saturatedShare, weightedInput } from "../../../../book/nndl/programs/starting-weights.ts";
import { Random } from "../../../../book/random.ts";

export const NEURONS = 4000;
export const BINS = 60;
export const OUTPUT_BINS = 20;

export interface Spread {
  /** Of the weighted inputs. */
  readonly deviation: number;
  /** Share of neurons with sigma' below a hundredth. */
  readonly saturated: number;
  /** Density of z in equal bars from -edge to edge. */
  readonly density: number[];
  /** Share of the outputs in equal bars from 0 to 1. */
  readonly outputs: number[];
}

function count(values: ArrayLike<number>, low: number, high: number, bins: number): number[] {
  const counts = new Array<number>(bins).fill(0);
  for (let i = 0; i < values.length; i++) {
    const bin = Math.min(bins - 1, Math.floor(((values[i] - low) / (high - low)) * bins));
    if (bin >= 0 && values[i] <= high) counts[bin] += 1;
  }
  return counts;
}

function spread(on: number, weightDeviation: number, edge: number, seed: number): Spread {
  const random = new Random(seed);
  const zs = Float64Array.from({ length: NEURONS }, () => weightedInput(random, on, weightDeviation));
  const mean = zs.reduce((sum, z) => sum + z, 0) / NEURONS;
  const outputs = sigmoid(Matrix.column(zs)).values;
  return {
    deviation: Math.sqrt(zs.reduce((sum, z) => sum + (z - mean) ** 2, 0) / (NEURONS - 1)),
    saturated: saturatedShare(outputs),
    density: count(zs, -edge, edge, BINS).map((n) => n / NEURONS / ((2 * edge) / BINS)),
    outputs: count(outputs, 0, 1, OUTPUT_BINS).map((n) => n / NEURONS),
  };
}

/** Both starts, for `inputs` inputs of which `on` are 1; `edge` is how far the histograms of z reach. */
export function draw(inputs: number, on: number, edge: number, seed: number): { old: Spread; scaled: Spread } {
  return { old: spread(on, 1, edge, seed), scaled: spread(on, 1 / Math.sqrt(inputs), edge, seed + 1) };
}
