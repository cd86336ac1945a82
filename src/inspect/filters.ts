// The learnt filters of a layer, as pictures: windows of convolutions, and the weights from a picture to the neurons of a first dense layer.
import { knownOptions, list, whole } from "../engine/checks.ts";
import { quote } from "../engine/quote.ts";
import { checkModel, type Model } from "../nn/model.ts";
import type { Parameter } from "../nn/parameters.ts";
import { sizeOf } from "../tensor/shape.ts";
import { type Place, placesNamed, placesOf } from "./walk.ts";

/** What `filters` takes. */
export interface FiltersOptions {
  /** Name of the layer; default: the first that has filters. */
  layer?: string;
  /**
   * What the inputs of a dense layer are: [channels, height, width], or [height, width]. Default: what the model's input, or the Reshape it begins
   * with, says. Convolutions know their windows.
   */
  picture?: readonly number[];
}

/** The filters of a layer. */
export interface LayerFilters {
  /** Name of the layer. */
  layer: string;
  /** Kind of layer. */
  type: string;
  /** Input channels that each filter sees. */
  channels: number;
  /** Of a filter; 1 for convolutions over time. */
  height: number;
  /** Of a filter. */
  width: number;
  /** One a filter (or neuron): channels * height * width weights, row-major. */
  filters: Float64Array[];
}

/** How a filter's weights lie in a layer's: the parameter's name, and whether filters are its first axis. */
const WEIGHTS: Readonly<Record<string, "filters first" | "filters second" | "neurons last">> = {
  conv1d: "filters first",
  conv2d: "filters first",
  depthwiseConv2d: "filters first",
  partiallyConnectedConv2d: "filters first",
  conv2dTranspose: "filters second",
  dense: "neurons last",
};

const weightsOf = ({ layer }: Place): Parameter | undefined =>
  layer.type in WEIGHTS ? layer.parameters.find(({ name }) => name.endsWith(".weights")) : undefined;

/**
 * What the inputs of a model are as a picture, [channels, height, width]: its input shape, or that of the Reshape that it begins with; undefined where
 * they are none.
 * @example
 * ```ts
 * pictureOf(new Sequential([new Reshape([1, 8, 8]), new Conv2D(2, 3)], { inputShape: [64] })); // [1, 8, 8]
 * ```
 */
export function pictureOf(model: Model): readonly [channels: number, height: number, width: number] | undefined {
  checkModel("pictureOf", model);
  if (model.inputs.length !== 1) return undefined;
  const [first] = model.plan.steps;
  const { shape } = model.inputs[0];
  const seen = shape.length === 1 && first?.layer.type === "reshape" ? first.call.outputs[0].shape : shape;
  if (!seen.every((length) => length !== null)) return undefined;
  if (seen.length === 3) return [seen[0], seen[1], seen[2]];
  return undefined;
}

/**
 * The filters of a layer: of a convolution a window a filter, [channels, height, width]; of a dense layer on a picture the weights from each pixel to
 * each neuron. Nielsen's chapter 6 shows the 20 of its first convolution, 5 by 5. Filters of later convolutions have as many channels as the layer
 * before has maps; those over time have height 1.
 * @throws RangeError if there is no such layer, or it has no filters; for a dense layer whose inputs are no picture.
 * @example
 * ```ts
 * const { layer, height, width, filters: all } = filters(network3());
 * [layer, height, width, all.length]; // ["0.conv2d", 5, 5, 20]
 * filters(network3(), { layer: "2.conv2d" }).channels; // 20
 * ```
 */
export function filters(model: Model, options: FiltersOptions = {}): LayerFilters {
  const owner = "filters";
  checkModel(owner, model);
  knownOptions(owner, options, ["layer", "picture"]);
  const place = placeOf(owner, model, options.layer);
  const { name, layer } = place;
  const { tensor, shape } = weightsOf(place)!;
  const values = Float64Array.from(tensor.dataSync() as Float32Array);
  const kind = WEIGHTS[layer.type];
  if (kind === "neurons last") {
    const [channels, height, width] = pictureFor(owner, model, place, shape[0], options.picture);
    const neurons = shape[1];
    const all = Array.from({ length: neurons }, (_, j) =>
      Float64Array.from({ length: shape[0] }, (__, i) => values[i * neurons + j]),
    );
    return { layer: name, type: layer.type, channels, height, width, filters: all };
  }
  const [height, width] = shape.length === 3 ? [1, shape[2]] : [shape[2], shape[3]];
  const size = height * width;
  const [count, channels] = kind === "filters first" ? [shape[0], shape[1]] : [shape[1], shape[0]];
  const all = Array.from({ length: count }, (_, f) => {
    if (kind === "filters first") return values.slice(f * channels * size, (f + 1) * channels * size);
    return Float64Array.from({ length: channels * size }, (__, i) => {
      const c = Math.floor(i / size);
      return values[(c * count + f) * size + (i - c * size)];
    });
  });
  return { layer: name, type: layer.type, channels, height, width, filters: all };
}

function placeOf(owner: string, model: Model, name: string | undefined): Place {
  const known = placesOf(model).filter((place) => weightsOf(place) !== undefined);
  if (name === undefined) {
    const convolution = known.find(({ layer }) => layer.type !== "dense");
    const first = convolution ?? known[0];
    if (first !== undefined) return first;
    throw new RangeError(`${owner}: no layer of the model has filters: there is no convolution, and no dense layer`);
  }
  const [place] = placesNamed(owner, model, name);
  if (place !== undefined && weightsOf(place) !== undefined) return place;
  throw new RangeError(
    `${owner}: layer ${quote(name)} has no filters; ${known.length === 0 ? "no layer has" : `those that have are ${known.map((each) => each.name).join(", ")}`}`,
  );
}

function pictureFor(
  owner: string,
  model: Model,
  { name }: Place,
  inputs: number,
  given: readonly number[] | undefined,
): readonly [number, number, number] {
  if (given !== undefined) {
    const lengths = list(owner, "picture", given).map((length) => whole(owner, "picture", length, 1));
    if (lengths.length < 2 || lengths.length > 3 || sizeOf(lengths) !== inputs) {
      throw new RangeError(
        `${owner}: picture must be [channels, height, width] or [height, width] of the ${inputs} inputs of ${name}, got ${quote(given)}`,
      );
    }
    return lengths.length === 2 ? [1, lengths[0], lengths[1]] : [lengths[0], lengths[1], lengths[2]];
  }
  const picture = pictureOf(model);
  if (picture !== undefined && sizeOf(picture) === inputs) return picture;
  // Digits in rows of 784, and other squares, are what most such models see.
  const side = Math.sqrt(inputs);
  if (Number.isInteger(side) && placesOf(model).find(({ layer }) => layer.type === "dense")?.name === name) {
    return [1, side, side];
  }
  throw new RangeError(
    `${owner}: the ${inputs} inputs of ${name} are no picture that is known; say what they are: { picture: [height, width] }`,
  );
}
