// What every layer gives for given inputs, and those of its outputs that are pictures or curves.
import { noGrad } from "../autograd/grad.ts";
import { rowsOf } from "../data/row-order.ts";
import { knownOptions, whole } from "../engine/checks.ts";
import { quote } from "../engine/quote.ts";
import { type Batches, checkModel, type Model } from "../nn/model.ts";
import { concat } from "../ops/join.ts";
import { formatShape } from "../tensor/shape.ts";
import { keep, scope, type Tensor } from "../tensor/tensor.ts";
import { BATCH } from "./inputs.ts";
import { type Place, placesNamed, walk } from "./walk.ts";

/** What `layerOutputs` takes. */
export interface LayerOutputsOptions {
  /** Names of layers, as `model.summary()` shows them; default all. */
  layers?: string | readonly string[];
  /** Samples at a time; default 100. */
  batchSize?: number;
}

/** What a layer gave. */
export interface LayerOutput {
  /** Name of the layer; within a model that is part of another, behind that one's name. */
  layer: string;
  /** Kind of layer. */
  type: string;
  /** [n, ...output shape]. */
  output: Tensor;
}

/**
 * What each layer of a model gives for a batch, in the order of the run: `[{ layer, type, output [n, ...] }]`. Models within the model are opened:
 * their layers are named behind them. A layer that is used twice comes twice ("shared", "shared#2"), one of several outputs once for each
 * ("layer[1]"). Dropout and the like are as when not training.
 *
 * For one layer whose outputs go on into other computations, `model.upTo(name)` is a model.
 * @throws RangeError for a layer that there is not, or inputs that do not fit.
 * @example
 * ```ts
 * const model = new Sequential([new Dense(2, { weights: "ones" }), new Activation("relu")], { inputShape: [2] });
 * layerOutputs(model, tensor([[1, -3]])).map(({ layer, output }) => [layer, output.toArray()]); // [["0.dense", [[-2, -2]]], ["1.activation", [[0, 0]]]]
 * ```
 */
export function layerOutputs(model: Model, x: Batches, options: LayerOutputsOptions = {}): LayerOutput[] {
  const owner = "layerOutputs";
  checkModel(owner, model);
  knownOptions(owner, options, ["layers", "batchSize"]);
  const size = whole(owner, "batchSize", options.batchSize ?? BATCH, 1);
  const wanted = new Set(placesNamed(owner, model, options.layers).map(({ name }) => name));
  const inputs = model.inOrder(x);
  return scope(() => noGrad(() => outputsOf(model, inputs, size, ({ name }) => wanted.has(name))));
}

/** The outputs of the places that are wanted. */
export function outputsOf(
  model: Model,
  inputs: readonly Tensor[],
  size: number,
  wants: (place: Place) => boolean,
): LayerOutput[] {
  const n = inputs[0].shape[0];
  const parts = new Map<string, { type: string; outputs: Tensor[] }>();
  for (let start = 0; start < n || start === 0; start += size) {
    const batch = n <= size ? inputs : inputs.map((input) => rowsOf(input, start, Math.min(n, start + size)));
    scope(() => {
      walk(model, batch, (place, ys) => {
        if (!wants(place)) return ys;
        ys.forEach((y, i) => {
          const name = ys.length > 1 ? `${place.name}[${i}]` : place.name;
          if (!parts.has(name)) parts.set(name, { type: place.layer.type, outputs: [] });
          parts.get(name)!.outputs.push(keep(y));
        });
        return ys;
      });
    });
  }
  return [...parts].map(([layer, { type, outputs }]) => ({
    ...{ layer, type },
    output: outputs.length === 1 ? outputs[0] : concat(outputs),
  }));
}

/** What `featureMaps` takes. */
export interface FeatureMapsOptions {
  /** Names of layers; default: all that give pictures or sequences, without those that only pass them on. */
  layers?: string | readonly string[];
  /** Which sample of the batch; default 0. */
  sample?: number;
}

/** The feature maps of a layer for one sample. */
export interface LayerMaps {
  /** Name of the layer. */
  layer: string;
  /** Kind of layer. */
  type: string;
  /** Of a map; 1 for sequences, whose maps are curves over time. */
  height: number;
  /** Of a map; the number of steps for sequences. */
  width: number;
  /** One a channel, row-major: height * width numbers. */
  maps: Float64Array[];
}

/** Layers whose outputs are their inputs, or these in another shape, when not training. */
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
 * The feature maps of one sample, layer by layer: what each channel of a convolution, pooling, normalisation or activation gives. Layers that give
 * [channels, height, width] have a map a channel; those that give sequences, [time, features], a curve a feature (height 1); a layer that is asked for by
 * name and gives a row of numbers is one map of height 1.
 * @throws RangeError for a layer that there is not, a sample beyond the batch, or outputs that are no maps.
 * @example
 * ```ts
 * const model = new Sequential([new Conv2D(3, 2, { weights: "ones" }), new Flatten(), new Dense(2)], { inputShape: [1, 4, 4] });
 * const [{ layer, height, width, maps }] = featureMaps(model, ones([1, 1, 4, 4]));
 * [layer, height, width, maps.length, maps[0][0]]; // ["0.conv2d", 3, 3, 3, 4]
 * ```
 */
export function featureMaps(model: Model, x: Batches, options: FeatureMapsOptions = {}): LayerMaps[] {
  const owner = "featureMaps";
  checkModel(owner, model);
  knownOptions(owner, options, ["layers", "sample"]);
  const sample = whole(owner, "sample", options.sample ?? 0, 0);
  const places = placesNamed(owner, model, options.layers);
  const wanted = new Set(places.map(({ name }) => name));
  const inputs = model.inOrder(x);
  if (sample >= inputs[0].shape[0]) {
    throw new RangeError(`${owner}: there is no sample ${quote(sample)} in a batch of ${inputs[0].shape[0]}`);
  }
  const named = options.layers !== undefined;
  return scope(() =>
    noGrad(() => {
      const one = inputs.map((input) => rowsOf(input, sample, sample + 1));
      const wants = ({ name, layer }: Place): boolean => wanted.has(name) && (named || !PASSING.has(layer.type));
      return outputsOf(model, one, 1, wants).flatMap((output) => mapsOf(owner, output, named));
    }),
  );
}

function mapsOf(owner: string, { layer, type, output }: LayerOutput, named: boolean): LayerMaps[] {
  const [, ...shape] = output.shape;
  const values = Float64Array.from(output.dataSync() as Float32Array);
  if (shape.length === 3) {
    const [count, height, width] = shape;
    const size = height * width;
    const maps = Array.from({ length: count }, (_, c) => values.slice(c * size, (c + 1) * size));
    return [{ layer, type, height, width, maps }];
  }
  if (shape.length === 2) {
    const [steps, features] = shape;
    const maps = Array.from({ length: features }, (_, f) =>
      Float64Array.from({ length: steps }, (__, t) => values[t * features + f]),
    );
    return [{ layer, type, height: 1, width: steps, maps }];
  }
  if (!named) return [];
  if (shape.length === 1) return [{ layer, type, height: 1, width: shape[0], maps: [values] }];
  throw new RangeError(
    `${owner}: layer ${layer} gives ${formatShape(output.shape)}, which are no maps; layerOutputs gives them as they are`,
  );
}
