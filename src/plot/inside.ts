// Charts of what `nabla/inspect` finds: filters shaded as the book does, feature maps, mistakes, saliency, attacks. They take plain numbers, so that
// what was computed elsewhere, or comes from JSON, is drawn as well.
import { fields, knownOptions, list, oneOf, whole } from "../engine/checks.ts";
import { quote } from "../engine/quote.ts";
import type { LayerFilters } from "../inspect/filters.ts";
import type { LayerMaps } from "../inspect/layer-outputs.ts";
import type { Mistake } from "../inspect/mistakes.ts";
import type { SuccessCurve } from "../inspect/success-curve.ts";
import type { ImageColours, ImagesChart, LineChart, Numbers, SmallImage, Text } from "./chart.ts";
import { say, valueAt } from "./chart.ts";
import { rangeOf } from "./images.ts";

/** Pictures of one size as plain numbers, one after the other: channels, rows, columns. */
export interface Pictures {
  readonly height: number;
  readonly width: number;
  /** 1 (default) or 3. */
  readonly channels?: number;
  /** `channels * height * width` numbers a picture. */
  readonly pixels: Numbers;
  /** What is paper and what is full ink, or black and white; default [0, 1]. Bytes have [0, 255]. */
  readonly range?: readonly [number, number];
}

interface ChartOptions {
  /** Above the chart. */
  readonly title?: Text;
  /** Images beside each other. */
  readonly columns?: number;
  /** How many images at most; default 64. */
  readonly most?: number;
}

const MOST = 64;

function commonOf(
  owner: string,
  { title, columns, most }: ChartOptions,
): { most: number; common: Pick<ImagesChart, "kind" | "title" | "columns"> } {
  if (columns !== undefined) whole(owner, "columns", columns, 1);
  return {
    most: whole(owner, "most", most ?? MOST, 1),
    common: { kind: "images", ...(title !== undefined && { title }), ...(columns !== undefined && { columns }) },
  };
}

function sidesOf(owner: string, { height, width }: { readonly height: number; readonly width: number }): number {
  return whole(owner, "height", height, 1) * whole(owner, "width", width, 1);
}

/** How `filtersChart` draws. */
export interface FiltersChartOptions extends ChartOptions {
  /** "shades" (default): the smallest weight white, the largest black; "diverging": blue below zero, orange above. */
  readonly colours?: "shades" | "diverging";
  /** "each" (default): every filter by its own smallest and largest weight; "all": by those of all. */
  readonly scale?: "each" | "all";
}

/**
 * Filters as a grid of pictures. Nielsen's chapter 6 shades the 20 filters of its first convolution so: lighter for smaller, usually more negative weights,
 * darker for larger ones. Filters of three channels are pictures in colour, each by its own range; of other numbers of channels every channel is a picture, a
 * row a filter.
 * @throws TypeError, RangeError for what is no set of filters.
 * @example
 * ```ts
 * const chart = filtersChart({ channels: 1, height: 1, width: 2, filters: [[0.5, -1], [2, 3]] });
 * chart.images.length; // 2
 * ```
 */
export function filtersChart(
  layer: Pick<LayerFilters, "channels" | "height" | "width"> & { readonly filters: readonly Numbers[] },
  options: FiltersChartOptions = {},
): ImagesChart {
  const owner = "filtersChart";
  fields(owner, "the filters, as filters(model) gives them,", layer);
  knownOptions(owner, options, ["title", "columns", "most", "colours", "scale"]);
  const colours = oneOf(owner, "colours", options.colours ?? "shades", ["shades", "diverging"] as const);
  const scale = oneOf(owner, "scale", options.scale ?? "each", ["each", "all"] as const);
  const { most, common } = commonOf(owner, options);
  const images = filterImages(owner, layer, most);
  const isRgb = images[0]?.colours === "rgb";
  const channels = layer.channels;
  const columns = common.columns ?? (channels > 1 && !isRgb ? Math.min(channels, 16) : undefined);
  return { ...common, ...(columns !== undefined && { columns }), images, colours, scale };
}

function filterImages(
  owner: string,
  layer: Pick<LayerFilters, "channels" | "height" | "width"> & { readonly filters: readonly Numbers[] },
  most: number,
): SmallImage[] {
  const { channels, height, width } = layer;
  const size = sidesOf(owner, layer);
  whole(owner, "channels", channels, 1);
  const all = list(owner, "filters", layer.filters);
  if (all.length === 0) throw new RangeError(`${owner}: there are no filters`);
  const images: SmallImage[] = [];
  const shownChannels = channels === 1 || channels === 3 ? channels : Math.min(channels, 16);
  for (let f = 0; f < all.length && images.length < most; f++) {
    const weights = all[f];
    if (weights?.length !== channels * size) {
      throw new RangeError(
        `${owner}: filter ${f} holds ${quote(weights?.length)} weights; ${channels} x ${height} x ${width} are ${channels * size}`,
      );
    }
    if (channels === 3) {
      images.push({ height, width, caption: String(f + 1), colours: "rgb", pixels: inColour(weights, size) });
      continue;
    }
    for (let c = 0; c < shownChannels; c++) {
      const pixels = Array.from({ length: size }, (_, p) => weights[c * size + p] ?? null);
      const caption = channels === 1 ? String(f + 1) : c === 0 ? `${f + 1}, 1` : "";
      images.push({ height, width, pixels, ...(caption !== "" && { caption }) });
    }
  }
  return images;
}

/** Three planes as bytes of red, green and blue, the smallest weight 0 and the largest 255. */
function inColour(weights: Numbers, size: number): number[] {
  const { least, largest } = rangeOf([weights]);
  const spread = largest - least || 1;
  return Array.from({ length: 3 * size }, (_, i) => {
    const value = valueAt(weights, (i % 3) * size + Math.floor(i / 3));
    return Math.round((255 * (value - least)) / spread) || 0;
  });
}

/** The filters of a layer at one time. */
export interface FiltersAt {
  readonly epoch: number;
  readonly filters: Pick<LayerFilters, "channels" | "height" | "width"> & { readonly filters: readonly Numbers[] };
}

/** How `filtersOverEpochsChart` draws. */
export interface FiltersOverEpochsOptions {
  /** Above the chart. */
  readonly title?: Text;
  /** How many filters at most; default 20. */
  readonly most?: number;
  /** As of `filtersChart`. */
  readonly colours?: "shades" | "diverging";
}

/**
 * How filters grow: a row an epoch, a column a filter, each by its own range; of several channels the first.
 * @throws as `filtersChart`.
 * @example
 * ```ts
 * const at = (w: number) => ({ channels: 1, height: 1, width: 2, filters: [[0, w], [w, 0]] });
 * filtersOverEpochsChart([{ epoch: 1, filters: at(1) }, { epoch: 2, filters: at(2) }]).columns; // 2
 * ```
 */
export function filtersOverEpochsChart(
  epochs: readonly FiltersAt[],
  options: FiltersOverEpochsOptions = {},
): ImagesChart {
  const owner = "filtersOverEpochsChart";
  knownOptions(owner, options, ["title", "most", "colours"]);
  if (list(owner, "epochs", epochs).length === 0) throw new RangeError(`${owner}: there are no epochs`);
  const colours = oneOf(owner, "colours", options.colours ?? "shades", ["shades", "diverging"] as const);
  const most = whole(owner, "most", options.most ?? 20, 1);
  const count = Math.min(most, fields(owner, "epochs[0].filters", epochs[0]?.filters).filters?.length ?? 0);
  const images = epochs.flatMap(({ epoch, filters }, row) => {
    fields(owner, `epochs[${row}].filters`, filters);
    sidesOf(owner, filters);
    const first = {
      ...filters,
      channels: 1,
      filters: list(owner, "filters", filters.filters).map((each) => firstPlane(each, filters)),
    };
    const all = filterImages(owner, first, count);
    if (all.length !== count)
      throw new RangeError(`${owner}: epoch ${epoch} has ${all.length} filters, the first ${count}`);
    return all.map(({ caption: _, ...image }, i) =>
      i === 0 ? { ...image, caption: { en: `epoch ${epoch}`, zh: `第 ${epoch} 轮` } } : image,
    );
  });
  return {
    kind: "images",
    ...(options.title !== undefined && { title: options.title }),
    images,
    columns: count,
    colours,
  };
}

function firstPlane(
  weights: Numbers,
  { height, width }: { readonly height: number; readonly width: number },
): (number | null)[] {
  return Array.from({ length: height * width }, (_, i) => weights?.[i] ?? null);
}

/** How `featureMapsChart` draws. */
export interface FeatureMapsChartOptions extends ChartOptions {
  /** "ink" (default): the smallest answer paper, the largest full ink; "diverging" for answers of both signs. */
  readonly colours?: "ink" | "diverging";
  /** "each": every map by its own range; "all" (default): by that of the layer, so that a map that hardly answers is pale. */
  readonly scale?: "each" | "all";
}

/**
 * The feature maps of a layer as a grid: what each of its channels answers to one picture.
 * @throws TypeError, RangeError for what are no maps.
 * @example
 * ```ts
 * featureMapsChart({ height: 1, width: 2, maps: [[0, 1], [3, 0]] }).images.length; // 2
 * ```
 */
export function featureMapsChart(
  layer: Pick<LayerMaps, "height" | "width"> & { readonly maps: readonly Numbers[] },
  options: FeatureMapsChartOptions = {},
): ImagesChart {
  const owner = "featureMapsChart";
  fields(owner, "the maps, as featureMaps(model, x) gives them for each layer,", layer);
  knownOptions(owner, options, ["title", "columns", "most", "colours", "scale"]);
  const colours = oneOf(owner, "colours", options.colours ?? "ink", ["ink", "diverging"] as const);
  const scale = oneOf(owner, "scale", options.scale ?? "all", ["each", "all"] as const);
  const { most, common } = commonOf(owner, options);
  const { height, width } = layer;
  const size = sidesOf(owner, layer);
  if (list(owner, "maps", layer.maps).length === 0) throw new RangeError(`${owner}: there are no maps`);
  layer.maps.forEach((map, i) => {
    if (map?.length === size) return;
    throw new RangeError(`${owner}: map ${i} holds ${quote(map?.length)} numbers; ${height} x ${width} are ${size}`);
  });
  const whole = rangeOf(layer.maps);
  const images = layer.maps.slice(0, most).map((map) => {
    if (colours === "diverging") return { height, width, pixels: map };
    const { least, largest } = scale === "all" ? whole : rangeOf([map]);
    const byte = (value: number): number => Math.round((255 * (value - least)) / (largest - least || 1));
    return { height, width, pixels: Array.from({ length: size }, (_, p) => byte(valueAt(map, p)) || 0) };
  });
  return { ...common, images, colours, scale };
}

/** The picture of a number, as an image of a chart. */
function imageOf(owner: string, pictures: Pictures, index: number): SmallImage & { colours: ImageColours } {
  const { height, width, channels = 1, pixels, range = [0, 1] } = pictures;
  const size = sidesOf(owner, pictures);
  oneOf(owner, "channels", channels, [1, 3]);
  const count = channels * size;
  const total = pixels?.length;
  if (!(typeof total === "number") || index < 0 || (index + 1) * count > total) {
    throw new RangeError(
      `${owner}: there is no picture ${quote(index)} among ${typeof total === "number" ? `${total} numbers of ${count} each` : quote(pixels)}`,
    );
  }
  const [low, high] = list(owner, "range", range);
  if (!(high > low)) throw new RangeError(`${owner}: range must ascend, got ${quote(range)}`);
  const byte = (i: number): number => (255 * ((valueAt(pixels, index * count + i) || 0) - low)) / (high - low);
  const values =
    channels === 1
      ? Array.from({ length: size }, (_, p) => byte(p))
      : Array.from({ length: count }, (_, i) => byte((i % 3) * size + Math.floor(i / 3)));
  return { height, width, pixels: values, colours: channels === 1 ? "ink" : "rgb" };
}

/** How `mistakesChart` draws. */
export interface MistakesChartOptions extends ChartOptions {
  /** Default: the classes' numbers. */
  readonly classNames?: readonly Text[];
}

/**
 * Pictures that were answered wrong, as Nielsen's chapter 6 shows those of its ensemble: the label in the upper right corner, the answer in the lower right.
 * @throws TypeError, RangeError for mistakes whose `index` is no picture.
 * @example
 * ```ts
 * const pictures = { height: 1, width: 2, pixels: [0, 1, 1, 0] };
 * mistakesChart(pictures, [{ index: 1, label: 4, answer: 9 }]).images[0].topRight; // "4"
 * ```
 */
export function mistakesChart(
  pictures: Pictures,
  mistakes: readonly Pick<Mistake, "index" | "label" | "answer">[],
  options: MistakesChartOptions = {},
): ImagesChart {
  const owner = "mistakesChart";
  fields(owner, "the pictures, { height, width, pixels },", pictures);
  knownOptions(owner, options, ["title", "columns", "most", "classNames"]);
  const { most, common } = commonOf(owner, options);
  if (list(owner, "mistakes", mistakes).length === 0) throw new RangeError(`${owner}: there are no mistakes to show`);
  const names = options.classNames;
  const named = (label: number): Text => (names === undefined ? String(label) : (names[label] ?? String(label)));
  const images = mistakes.slice(0, most).map((mistake) => {
    const { index, label, answer } = fields(owner, "a mistake", mistake);
    return { ...imageOf(owner, pictures, index), topRight: named(label), bottomRight: named(answer) };
  });
  return { ...common, images };
}

/** How `saliencyChart` draws. */
export interface SaliencyChartOptions extends ChartOptions {
  /** One a picture. */
  readonly captions?: readonly Text[];
}

/**
 * Pictures with what counts laid over them: one map a picture, of `height * width` numbers, orange where they are above zero and blue below.
 * @param maps as `attributionMap`, `gradCam` or the `map` of `occlusion` give them: `x.dataSync()`.
 * @throws TypeError, RangeError for maps that do not fit the pictures.
 * @example
 * ```ts
 * const pictures = { height: 1, width: 2, pixels: [0, 1] };
 * saliencyChart(pictures, [0.5, -1]).images[0].overlay; // [0.5, -1]
 * ```
 */
export function saliencyChart(pictures: Pictures, maps: Numbers, options: SaliencyChartOptions = {}): ImagesChart {
  const owner = "saliencyChart";
  fields(owner, "the pictures, { height, width, pixels },", pictures);
  knownOptions(owner, options, ["title", "columns", "most", "captions"]);
  const { most, common } = commonOf(owner, options);
  const size = sidesOf(owner, pictures);
  const count = maps?.length / size;
  if (!Number.isInteger(count) || count < 1) {
    throw new RangeError(`${owner}: maps must be ${size} numbers a picture, got ${quote(maps?.length)}`);
  }
  const captions = options.captions === undefined ? [] : list(owner, "captions", options.captions);
  const images = Array.from({ length: Math.min(most, count) }, (_, i) => ({
    ...imageOf(owner, pictures, i),
    overlay: Array.from({ length: size }, (__, p) => maps[i * size + p] ?? null),
    ...(captions[i] !== undefined && { caption: captions[i] }),
  }));
  return { ...common, images };
}

/** How `attackChart` draws. */
export interface AttackChartOptions {
  /** Above the chart. */
  readonly title?: Text;
  /** How many pictures at most; default 8. */
  readonly most?: number;
  /** Default: the classes' numbers. */
  readonly classNames?: readonly Text[];
}

/**
 * Pictures, what was added, and the results, three in a row: with the answer to the picture and the answer to the result in their corners.
 * @param attack the changed pictures' numbers, and the answers before and after.
 * @throws TypeError, RangeError for numbers that do not fit the pictures.
 * @example
 * ```ts
 * const pictures = { height: 1, width: 2, pixels: [0, 1] };
 * attackChart(pictures, { pixels: [0.25, 0.75], before: [3], after: [8] }).images.length; // 3
 * ```
 */
export function attackChart(
  pictures: Pictures,
  attack: { readonly pixels: Numbers; readonly before: readonly number[]; readonly after: readonly number[] },
  options: AttackChartOptions = {},
): ImagesChart {
  const owner = "attackChart";
  fields(owner, "the pictures, { height, width, pixels },", pictures);
  knownOptions(owner, options, ["title", "most", "classNames"]);
  const most = whole(owner, "most", options.most ?? 8, 1);
  const { pixels, before, after } = fields(owner, "the attack, { pixels, before, after },", attack);
  list(owner, "before", before);
  if (list(owner, "after", after).length !== before.length || before.length === 0) {
    throw new RangeError(
      `${owner}: before and after must hold an answer for each picture, got ${before.length} and ${after.length}`,
    );
  }
  const names = options.classNames;
  const named = (label: number): Text => (names === undefined ? String(label) : (names[label] ?? String(label)));
  const { height, width, channels = 1 } = pictures;
  const size = sidesOf(owner, pictures);
  const images = before.slice(0, most).flatMap((answer, i) => {
    const original = imageOf(owner, pictures, i);
    const changed = imageOf(owner, { ...pictures, pixels }, i);
    // Of pictures in colour the sum over the channels.
    const added = Array.from({ length: size }, (_, p) => {
      let sum = 0;
      for (let c = 0; c < channels; c++) {
        const at = (i * channels + c) * size + p;
        sum += (valueAt(pixels, at) || 0) - (valueAt(pictures.pixels, at) || 0);
      }
      return sum;
    });
    return [
      { ...original, topRight: named(answer) },
      { height, width, pixels: added, colours: "diverging" as const, caption: { en: "added", zh: "所加的改动" } },
      { ...changed, bottomRight: named(after[i]) },
    ];
  });
  return {
    kind: "images",
    ...(options.title !== undefined && { title: options.title }),
    images,
    columns: images.length > 9 ? 6 : 3,
  };
}

/** How `successChart` draws. */
export interface SuccessChartOptions {
  /** Above the chart. */
  readonly title?: Text;
  /** "success" (default): the share of right answers that are turned; "accuracy": what is left of the accuracy on all samples. */
  readonly show?: "success" | "accuracy";
}

/**
 * The success rate of an attack over epsilon, with the noise of equal norm beside it.
 * @param curves one curve, or several by name.
 * @throws TypeError for what is no curve.
 * @example
 * ```ts
 * const curve = { epsilons: [0, 0.1], success: [0, 0.8], noise: [0, 0.1], accuracy: [1, 0.2], noiseAccuracy: [1, 0.9] };
 * successChart(curve).series.length; // 2
 * ```
 */
export function successChart(
  curves: CurveOfSuccess | Readonly<Record<string, CurveOfSuccess>>,
  options: SuccessChartOptions = {},
): LineChart {
  const owner = "successChart";
  fields(owner, "the curve, as successCurve gives it,", curves);
  knownOptions(owner, options, ["title", "show"]);
  const show = oneOf(owner, "show", options.show ?? "success", ["success", "accuracy"] as const);
  const isOne = "epsilons" in curves;
  const named: [Text, CurveOfSuccess][] = isOne
    ? [[{ en: "attack", zh: "攻击" }, curves as CurveOfSuccess]]
    : Object.entries(curves as Readonly<Record<string, CurveOfSuccess>>);
  if (named.length === 0) throw new RangeError(`${owner}: there are no curves`);
  const series = named.map(([name, curve], i) => {
    const { epsilons, success, accuracy } = fields(owner, `the curve ${quote(say(name, "en"))}`, curve);
    return {
      name,
      x: list(owner, "epsilons", epsilons),
      y: list(owner, show, show === "success" ? success : accuracy),
      style: "line-points" as const,
      colour: i,
    };
  });
  const [, first] = named[0];
  const control = {
    name: { en: "random noise of equal norm", zh: "范数相同的随机噪声" },
    x: first.epsilons,
    y: list(owner, "noise", show === "success" ? first.noise : first.noiseAccuracy),
    style: "dashed" as const,
    colour: 6,
  };
  const label: Text =
    show === "success"
      ? { en: "right answers that are turned", zh: "被改变的正确答案" }
      : { en: "accuracy", zh: "准确率" };
  return {
    kind: "line",
    ...(options.title !== undefined && { title: options.title }),
    xAxis: { label: "ε" },
    yAxis: { label, format: "percent", min: 0, max: 1 },
    series: [...series, control],
  };
}

/** What `successChart` reads of a curve. */
export type CurveOfSuccess = Pick<SuccessCurve, "epsilons" | "success" | "noise" | "accuracy" | "noiseAccuracy">;
