// Units that say nothing: those that give the same for every sample, as ReLU neurons that have died do.
import { noGrad } from "../autograd/grad.ts";
import { rowsOf } from "../data/row-order.ts";
import { knownOptions, notNegative, whole } from "../engine/checks.ts";
import { type Batches, checkModel, type Model } from "../nn/model.ts";
import { scope } from "../tensor/tensor.ts";
import { BATCH } from "./inputs.ts";
import { placesNamed, walk } from "./walk.ts";

/** What `deadUnits` takes. */
export interface DeadUnitsOptions {
  /** Names of layers; default: all but those that only pass their inputs on. */
  layers?: string | readonly string[];
  /** A unit whose outputs lie within a range of this width is dead; default 0. */
  tolerance?: number;
  /** Samples at a time; default 100. */
  batchSize?: number;
}

/** The units of a layer. */
export interface LayerUnits {
  /** Name of the layer. */
  layer: string;
  /** Kind of layer. */
  type: string;
  /** How many it has: channels of pictures, features of sequences, neurons. */
  units: number;
  /** Those that gave the same for every sample at every place. */
  dead: number[];
  /** For each unit the share of samples and places at which it gave more than 0. */
  active: number[];
}

const PASSING = new Set([
  "reshape",
  "flatten",
  "dropout",
  "spatialDropout2d",
  "spatialDropout1d",
  "gaussianNoise",
  "permute",
]);

/**
 * Dead units, layer by layer: those whose outputs are the same number for all samples and places, so that nothing behind them learns from them; a ReLU
 * that has died gives 0 always. A unit is a channel of [n, channels, height, width], a feature of [n, time, features], a neuron of [n, neurons].
 * `active` is the share of outputs above 0: about half for a sigmoid's inputs, less for ReLU.
 * @throws RangeError for fewer than two samples, of which nothing could be said.
 * @example
 * ```ts
 * const weights = () => tensor([[1, -1, 0]]);
 * const model = new Sequential([new Dense(3, { weights, activation: "relu" }), new Dense(2)], { inputShape: [1] });
 * const [{ dead, active }] = deadUnits(model, tensor([[1], [2]]));
 * [dead, active]; // [[1, 2], [1, 0, 0]]
 * ```
 */
export function deadUnits(model: Model, x: Batches, options: DeadUnitsOptions = {}): LayerUnits[] {
  const owner = "deadUnits";
  checkModel(owner, model);
  knownOptions(owner, options, ["layers", "tolerance", "batchSize"]);
  const tolerance = notNegative(owner, "tolerance", options.tolerance ?? 0);
  const size = whole(owner, "batchSize", options.batchSize ?? BATCH, 1);
  const named = options.layers !== undefined;
  const places = placesNamed(owner, model, options.layers).filter(({ layer }) => named || !PASSING.has(layer.type));
  const wanted = new Map(places.map(({ name, layer }) => [name, new Tally(name, layer.type)]));
  const inputs = model.inOrder(x);
  const n = inputs[0].shape[0];
  if (n < 2) throw new RangeError(`${owner}: needs at least two samples to see whether a unit changes, got ${n}`);
  noGrad(() => {
    for (let start = 0; start < n; start += size) {
      scope(() => {
        const batch = inputs.map((input) => rowsOf(input, start, Math.min(n, start + size)));
        walk(model, batch, ({ name }, ys) => {
          wanted.get(name)?.add(ys[0].dataSync() as Float32Array, ys[0].shape);
          return ys;
        });
      });
    }
  });
  return [...wanted.values()].map((tally) => tally.result(tolerance));
}

/** Smallest, largest and how many above 0, by unit. */
class Tally {
  private smallest = new Float64Array(0);
  private largest = new Float64Array(0);
  private above = new Float64Array(0);
  private seen = 0;

  constructor(
    private readonly layer: string,
    private readonly type: string,
  ) {}

  add(values: Float32Array, shape: readonly number[]): void {
    // Pictures have their channels first, everything else its features last.
    const units = shape.length === 4 ? shape[1] : (shape.at(-1) ?? 1);
    const within = shape.length === 4 ? shape[2] * shape[3] : 1;
    if (this.smallest.length === 0) {
      this.smallest = new Float64Array(units).fill(Number.POSITIVE_INFINITY);
      this.largest = new Float64Array(units).fill(Number.NEGATIVE_INFINITY);
      this.above = new Float64Array(units);
    }
    for (let i = 0; i < values.length; i++) {
      const unit = Math.floor(i / within) % units;
      const value = values[i];
      if (value < this.smallest[unit]) this.smallest[unit] = value;
      if (value > this.largest[unit]) this.largest[unit] = value;
      if (value > 0) this.above[unit] += 1;
    }
    this.seen += values.length / units;
  }

  result(tolerance: number): LayerUnits {
    const units = this.smallest.length;
    const all = Array.from({ length: units }, (_, unit) => unit);
    return {
      ...{ layer: this.layer, type: this.type, units },
      dead: all.filter((unit) => this.largest[unit] - this.smallest[unit] <= tolerance),
      active: Array.from(this.above, (count) => count / this.seen),
    };
  }
}
