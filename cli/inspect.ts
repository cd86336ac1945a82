// What `nabla inspect` finds in a run's network: figures for --json, and charts for the page.
import type { ImageSet } from "../src/data/image-set.ts";
import { fastGradient } from "../src/inspect/adversarial.ts";
import { type Distribution, gradientDistributions, weightDistributions } from "../src/inspect/distributions.ts";
import { filters, type LayerFilters } from "../src/inspect/filters.ts";
import { gradCam } from "../src/inspect/grad-cam.ts";
import { featureMaps, type LayerMaps } from "../src/inspect/layer-outputs.ts";
import { type Mistake, mistakes } from "../src/inspect/mistakes.ts";
import { occlusion } from "../src/inspect/occlusion.ts";
import { attributionMap, saliency } from "../src/inspect/saliency.ts";
import { type SuccessCurve, successCurve } from "../src/inspect/success-curve.ts";
import { deadUnits, type LayerUnits } from "../src/inspect/units.ts";
import { loadParameters } from "../src/io/model.ts";
import type { FiltersAt, Pictures } from "../src/plot/inside.ts";
import { scope, type Tensor } from "../src/tensor/tensor.ts";
import { predict } from "../src/train/predict.ts";
import type { LoadedDataset } from "./datasets.ts";
import { UserError } from "./errors.ts";
import { optimizerOfRun } from "./run-config.ts";
import { networkName } from "./run-layers.ts";
import type { LoadedRun } from "./run-model.ts";
import { networkOf } from "./run-network.ts";

/** What can be looked at. */
export const PARTS = ["filters", "saliency", "maps", "mistakes", "attack", "units"] as const;
/** One of them. */
export type Part = (typeof PARTS)[number];

/** The picture that is looked at. */
export interface Subject {
  name: string;
  label: number | undefined;
  /** [1, inputs]. */
  x: Tensor;
}

/** What is to be looked at. */
export interface Looking {
  run: LoadedRun;
  data: LoadedDataset | undefined;
  subject: Subject | undefined;
  parts: readonly Part[];
  layer: string | undefined;
  samples: number;
}

/** The figures that --json prints. */
export interface InsideFigures {
  network: string;
  dataset: string;
  epoch: number | null;
  filters?: { layer: string; count: number; channels: number; height: number; width: number; epochs: number[] };
  picture?: { name: string; label: number | null; answer: number; probability: number };
  mistakes?: { count: number; of: number; worst: Pick<Mistake, "index" | "label" | "answer" | "confidence">[] };
  attack?: {
    epsilons: number[];
    attacked: number;
    /** The size whose attack is shown. */
    shown: number;
    steps: number;
    fast: number[];
    iterated: number[];
    noise: number[];
  };
  units?: LayerUnits[];
}

/** A map laid over the picture. */
export interface Attribution {
  name: { en: string; zh: string };
  map: ArrayLike<number>;
}

/** Everything that the page shows. */
export interface Inside {
  figures: InsideFigures;
  nameOf(label: number): string;
  classNames: readonly string[] | undefined;
  /** The picture that is looked at. */
  picture?: Pictures;
  filters?: LayerFilters;
  overEpochs?: FiltersAt[];
  attributions?: Attribution[];
  maps?: LayerMaps[];
  mistakes?: { pictures: Pictures; list: Mistake[] };
  attack?: {
    pictures: Pictures;
    attack: { pixels: ArrayLike<number>; before: number[]; after: number[] };
    fast: SuccessCurve;
    iterated: SuccessCurve;
  };
  spread?: { weights: Distribution[]; gradients: Distribution[]; units: LayerUnits[] };
}

const EPSILONS = [0, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.25, 0.3];
/** The size whose pictures are shown. */
const SHOWN = 0.1;
const STEPS = 10;
const ATTACKED = 6;
const MISTAKES = 60;
const LAYERS = 8;

/** Looks at what is asked for. @throws UserError where the network has not what is asked for */
export function lookInside(looking: Looking): Inside {
  const { run, data, subject, parts } = looking;
  const { config, model } = run;
  const classNames = run.classNames ?? (data === undefined ? undefined : data.classNames);
  const shape = { inputs: model.inputShape[0] ?? 0, picture: run.picture, classes: config.classes ?? 10 };
  const inside: Inside = {
    figures: { network: networkName(config, shape), dataset: data?.name ?? config.dataset, epoch: run.epoch ?? null },
    nameOf: (label) => classNames?.[label] ?? String(label),
    classNames,
  };
  const has = (part: Part): boolean => parts.includes(part);
  try {
    if (has("filters")) lookAtFilters(inside, looking);
    if (subject !== undefined && (has("saliency") || has("maps"))) lookAtPicture(inside, looking, subject);
    if (data?.testImages !== undefined) {
      if (has("mistakes")) lookAtMistakes(inside, run, data, data.testImages);
      if (has("attack")) lookAtAttacks(inside, looking, data);
      if (has("units")) lookAtUnits(inside, looking, data);
    }
  } catch (error) {
    if (error instanceof RangeError) throw new UserError(error.message, { cause: error });
    throw error;
  }
  return inside;
}

/** Pixels from 0 to 1 as pictures. */
const picturesOf = ([channels, height, width]: LoadedRun["picture"], x: Tensor): Pictures => ({
  ...{ channels, height, width },
  pixels: x.dataSync() as Float32Array,
});

function lookAtFilters(inside: Inside, { run, layer, parts }: Looking): void {
  const { model, folder, config, picture } = run;
  // --layer may be meant for maps and Grad-CAM, and name a layer without filters.
  const named = layer !== undefined && (parts.length === 1 || hasFilters(run, layer)) ? { layer } : {};
  const found = filters(model, { ...named, picture });
  inside.filters = found;
  const fit = {
    architecture: JSON.stringify(model.config()),
    optimizer: optimizerOfRun(config, 1).type,
    batch: config.batch,
  };
  const checkpoints = folder.readEpochCheckpoints(fit);
  const shape = { inputs: picture.reduce((a, b) => a * b, 1), picture, classes: config.classes ?? 10 };
  const before = networkOf(config, shape, folder);
  const overEpochs = checkpoints.map(({ state, tensors, path }) => {
    loadParameters(before, { tensors, metadata: {} }, path);
    return { epoch: state.epoch, filters: filters(before, { layer: found.layer, picture }) };
  });
  if (overEpochs.length > 1) inside.overEpochs = overEpochs;
  inside.figures.filters = {
    ...{ layer: found.layer, count: found.filters.length, channels: found.channels },
    ...{ height: found.height, width: found.width, epochs: overEpochs.map(({ epoch }) => epoch) },
  };
}

function hasFilters({ model, picture }: LoadedRun, layer: string): boolean {
  try {
    filters(model, { layer, picture });
    return true;
  } catch (error) {
    // A layer that there is not is an error; one without filters is not.
    if (/has no filters|picture must be/.test((error as Error).message)) return false;
    throw error;
  }
}

function lookAtPicture(inside: Inside, { run, layer, parts }: Looking, subject: Subject): void {
  const { model, picture } = run;
  const [channels, height, width] = picture;
  const { x, name, label } = subject;
  const outputs = scope(() => Array.from(predict(model, x).dataSync(), Number));
  const sum = outputs.reduce((a, b) => a + b, 0);
  const answer = outputs.indexOf(Math.max(...outputs));
  inside.figures.picture = { name, label: label ?? null, answer, probability: sum > 0 ? outputs[answer] / sum : 0 };
  inside.picture = picturesOf(picture, x);
  if (parts.includes("maps")) {
    const all = featureMaps(model, x, layer === undefined ? {} : { layers: layer });
    inside.maps = all.slice(0, LAYERS);
  }
  if (!parts.includes("saliency")) return;
  const target = answer;
  const flat = (attribution: Tensor, fold: "largest" | "sum"): ArrayLike<number> =>
    attributionMap(attribution.reshape([1, channels, height, width]), { fold }).dataSync() as Float32Array;
  const attributions = scope((): Attribution[] => [
    { name: { en: "gradient", zh: "梯度" }, map: flat(saliency(model, x, { target }), "largest") },
    {
      name: { en: "smooth gradient", zh: "平滑梯度" },
      map: flat(saliency(model, x, { target, method: "smooth" }), "largest"),
    },
    {
      name: { en: "gradient × input", zh: "梯度 × 输入" },
      map: flat(saliency(model, x, { target, method: "gradientTimesInput" }), "sum"),
    },
    {
      name: { en: "integrated gradients", zh: "积分梯度" },
      map: flat(saliency(model, x, { target, method: "integrated" }), "sum"),
    },
    {
      name: { en: "occlusion", zh: "遮挡" },
      map: occlusion(model, x, { target, picture, patch: patchOf(height, width) }).map.dataSync() as Float32Array,
    },
  ]);
  const cam = camOf(run, x, target, layer);
  if (cam !== undefined) attributions.push({ name: { en: "Grad-CAM", zh: "Grad-CAM" }, map: cam });
  inside.attributions = attributions;
}

/** A seventh of the picture's sides: a stroke of a digit is covered by it. */
const patchOf = (height: number, width: number): [number, number] => [
  Math.max(1, Math.round(height / 7)),
  Math.max(1, Math.round(width / 7)),
];

function camOf(
  { model }: LoadedRun,
  x: Tensor,
  target: number,
  layer: string | undefined,
): ArrayLike<number> | undefined {
  try {
    const map = gradCam(model, x, { target, ...(layer !== undefined && { layer }) });
    return map.dataSync() as Float32Array;
  } catch (error) {
    if (/has no convolution|gives no maps/.test((error as Error).message)) return undefined;
    throw error;
  }
}

function lookAtMistakes(inside: Inside, { model, picture }: LoadedRun, data: LoadedDataset, images: ImageSet): void {
  const [channels, height, width] = picture;
  const list = scope(() => mistakes(model, data.test));
  const pictures: Pictures = { channels, height, width, pixels: images.images, range: [0, 255] };
  inside.mistakes = { pictures, list: list.slice(0, MISTAKES) };
  const worst = list
    .slice(0, MISTAKES)
    .map(({ index, label, answer, confidence }) => ({ index, label, answer, confidence }));
  inside.figures.mistakes = { count: list.length, of: images.count, worst };
}

function firstOf({ test }: LoadedDataset, count: number): { x: Tensor; y: Tensor } {
  const n = Math.min(count, test.x.shape[0]);
  return { x: test.x.slice(0, n), y: test.y.slice(0, n) };
}

function lookAtAttacks(inside: Inside, { run, samples }: Looking, data: LoadedDataset): void {
  const { model, picture } = run;
  const some = firstOf(data, samples);
  const fast = successCurve(model, some, { epsilons: EPSILONS });
  const iterated = successCurve(model, some, { epsilons: EPSILONS, attack: "iterated", steps: STEPS });
  const shown = firstOf(data, ATTACKED);
  const attack = fastGradient(model, shown.x, { epsilon: SHOWN, labels: shown.y });
  inside.attack = {
    pictures: picturesOf(picture, shown.x),
    attack: { pixels: attack.x.dataSync() as Float32Array, before: attack.before, after: attack.after },
    ...{ fast, iterated },
  };
  const { epsilons, attacked, success, noise } = fast;
  inside.figures.attack = {
    epsilons,
    attacked,
    shown: SHOWN,
    steps: STEPS,
    fast: success,
    iterated: iterated.success,
    noise,
  };
}

function lookAtUnits(inside: Inside, { run, samples }: Looking, data: LoadedDataset): void {
  const { model } = run;
  const some = firstOf(data, samples);
  const units = deadUnits(model, some.x);
  inside.spread = { weights: weightDistributions(model), gradients: gradientDistributions(model, some), units };
  inside.figures.units = units;
}
