// From a run's figures to what its report shows: the worst mistakes, the first layer's weights, the command that repeats it.
import type { ImageSet } from "../src/data/image-set.ts";
import { engineStatus } from "../src/engine/configure.ts";
import { filters } from "../src/inspect/filters.ts";
import { mistakesIn } from "../src/inspect/mistakes.ts";
import { Model } from "../src/nn/model.ts";
import { fixedShape } from "../src/nn/shapes.ts";
import { tensor } from "../src/tensor/create.ts";
import { scope } from "../src/tensor/tensor.ts";
import { commandName } from "./command-name.ts";
import type { LoadedDataset } from "./datasets.ts";
import type { Mistake, RunReport, RunStatus } from "./report.ts";
import type { RunConfig, RunRecord } from "./run-config.ts";
import { networkName } from "./run-layers.ts";
import { SETTABLE_MODELS } from "./run-models.ts";

const MISTAKES = 40;
const NEURONS = 60;

export interface RunResult {
  config: RunConfig;
  data: LoadedDataset;
  model: Model;
  records: readonly RunRecord[];
  status: RunStatus;
  /** The model's outputs for the test set, row-major [n, classes]. */
  outputs: ArrayLike<number>;
  confusion: number[][];
}

function quoted(word: string): string {
  return /\s/.test(word) ? JSON.stringify(word) : word;
}

/** What says which network it is: a name, which has its own activation; a line; or sizes. */
function networkWords({ model, layers, hidden, activation }: RunConfig): string[] {
  if (model !== undefined) {
    const settable = SETTABLE_MODELS.includes(model);
    return [
      `--model ${model}`,
      ...(settable && hidden.length > 0 ? [`--hidden ${hidden.join(",")}`] : []),
      ...(settable && activation !== "relu" ? [`--activation ${activation}`] : []),
    ];
  }
  const network =
    layers === undefined ? `--hidden ${hidden.join(",") || "none"}` : `--layers ${JSON.stringify(layers)}`;
  return [network, `--activation ${activation}`];
}

/** The command that does the run again. */
export function commandOf(config: RunConfig): string {
  const words = [
    `${commandName()} train`,
    `--dataset ${quoted(config.dataset)}`,
    ...(config.transpose === undefined ? [] : [config.transpose ? "--transpose" : "--no-transpose"]),
    ...(config.size === undefined ? [] : [`--size ${config.size.join("x")}`]),
    ...(config.label === undefined ? [] : [`--label ${quoted(config.label)}`]),
    ...networkWords(config),
    `--loss ${config.loss} --optimizer ${config.optimizer}`,
    `--lr ${config.lr} --batch ${config.batch} --epochs ${config.epochs}`,
    ...(config.l2 > 0 ? [`--l2 ${config.l2}`] : []),
    ...(config.dropout > 0 ? [`--dropout ${config.dropout}`] : []),
    ...(config.init !== "auto" ? [`--init ${config.init}`] : []),
    ...(config.split !== null ? [`--split ${config.split}`] : []),
    ...(config.keep === undefined ? [] : [`--keep ${config.keep}`]),
    `--seed ${config.seed}`,
  ];
  return words.join(" ");
}

/** A picture as drawings have it: in colour its red, green and blue side by side. */
function pixelsOf({ images, width, height, channels = 1 }: ImageSet, index: number): Uint8Array {
  const size = width * height;
  const planes = images.subarray(index * channels * size, (index + 1) * channels * size);
  return channels === 1 ? planes : planes.map((_, i) => planes[(i % channels) * size + Math.floor(i / channels)]);
}

/** Wrong answers, those with the least probability for the right class first. */
function worstMistakes(images: ImageSet, outputs: ArrayLike<number>): Mistake[] {
  const { classes, width, height, labels } = images;
  // The report of a run whose loss exploded has no answers.
  if (!Array.from(outputs).every(Number.isFinite)) return [];
  const rows = scope(() =>
    mistakesIn(tensor(Float64Array.from(outputs), { shape: [images.count, classes] }), [...labels], { most: MISTAKES }),
  );
  return rows.map(({ index, label, answer, confidence, probabilities, loss }) => ({
    ...{ width, height, label, loss, probabilities },
    ...{ pixels: pixelsOf(images, index), prediction: answer, probability: confidence },
  }));
}

/** The filters of the first convolution, or the weights of each neuron of the first layer, as pictures. */
function firstLayer(model: Model, images: ImageSet | undefined): RunReport["firstLayerWeights"] {
  if (images === undefined) return undefined;
  const { channels = 1, height, width } = images;
  const found = filters(model, { picture: [channels, height, width] });
  const some = { count: found.filters.length, neurons: found.filters.slice(0, NEURONS) };
  if (found.type !== "dense") {
    if (found.channels !== 1 && found.channels !== 3) return undefined;
    const { height: rows, width: columns, layer } = found;
    return { width: columns, height: rows, channels: found.channels, filtersOf: layer, ...some };
  }
  return channels === 1 ? { width, height, ...some } : undefined;
}

/** The layers of a model, those of models within it in their place. */
function rowsOf(model: Model, before = ""): RunReport["network"] {
  return model.summaryRows().flatMap(({ name, outputShape, parameters }) => {
    const layer = model.layer(name);
    if (layer instanceof Model) return rowsOf(layer, `${before}${name}.`);
    return [{ name: `${before}${name}`, outputShape: fixedShape(name, outputShape), parameters }];
  });
}

function hyperparameters(config: RunConfig): Record<string, string | number> {
  return {
    activation: config.activation,
    loss: config.loss,
    optimizer: config.optimizer,
    "learning rate": config.lr,
    "batch size": config.batch,
    epochs: config.epochs,
    "L2 (lambda)": config.l2,
    dropout: config.dropout,
    initialisation: config.init,
  };
}

/** Everything the report shows. */
export function reportOf({ config, data, model, records, status, outputs, confusion }: RunResult): RunReport {
  const { engine, threads } = engineStatus();
  const last = records.at(-1);
  const seconds = records.reduce((sum, record) => sum + record.seconds, 0);
  const trained = data.training.x.shape[0];
  return {
    title: `${networkName(config, data)} on ${data.name}`,
    status,
    config: {
      dataset: data.name,
      trainingImages: trained,
      validationImages: data.validation?.x.shape[0],
      testImages: data.test.x.shape[0],
      network: networkName(config, data),
      hyperparameters: hyperparameters(config),
      engine,
      threads,
      seed: config.seed,
      command: commandOf(config),
    },
    network: [{ name: "input", outputShape: fixedShape("input", model.inputShape), parameters: 0 }, ...rowsOf(model)],
    history: records,
    testAccuracy: last?.testAccuracy ?? null,
    testLoss: last?.testLoss ?? null,
    classNames: data.classNames,
    confusion,
    worstMistakes: data.testImages === undefined ? [] : worstMistakes(data.testImages, outputs),
    firstLayerWeights: firstLayer(model, data.testImages),
    totals: {
      seconds,
      samplesPerSecond: seconds > 0 ? (records.length * trained) / seconds : 0,
      parameters: model.parameterCount,
    },
  };
}
