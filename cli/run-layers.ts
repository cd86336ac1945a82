// The network of a run: hidden layers by their sizes, a line of layers, or a network by name. Its layers are told as calls, which are made here and written
// down by whoever exports the run as a program.

import type { BaseLayer } from "../src/nn/base-layer.ts";
import type { InitialiserName } from "../src/nn/initialisers.ts";
import { Activation } from "../src/nn/layers/activation.ts";
import { BatchNormalization } from "../src/nn/layers/batch-normalisation.ts";
import { Conv2D } from "../src/nn/layers/conv2d.ts";
import { Dense } from "../src/nn/layers/dense.ts";
import { Dropout } from "../src/nn/layers/dropout.ts";
import { Flatten } from "../src/nn/layers/flatten.ts";
import { AveragePooling2D, L2Pooling2D, MaxPooling2D } from "../src/nn/layers/pooling2d.ts";
import { Reshape } from "../src/nn/layers/reshape.ts";
import { UserError } from "./errors.ts";
import { type LayerSpec, layerLine } from "./layer-line.ts";
import type { RunConfig } from "./run-config.ts";
import { type ModelCall, modelCall, modelOfCall } from "./run-models.ts";

/** What a network is made for. */
export interface NetworkShape {
  /** Numbers of a sample. */
  inputs: number;
  /** Channels, height and width, where samples are pictures. */
  picture: readonly number[] | undefined;
  classes: number;
}

const LAYERS = {
  ...{ Activation, AveragePooling2D, BatchNormalization, Conv2D, Dense },
  ...{ Dropout, Flatten, L2Pooling2D, MaxPooling2D, Reshape },
};
type LayerName = keyof typeof LAYERS;

/** A layer as what makes it: `new Dense(30, { activation: "relu" })`. */
export interface LayerCall {
  readonly kind: "layer";
  readonly name: LayerName;
  readonly given: readonly unknown[];
}

function call<K extends LayerName>(name: K, ...given: ConstructorParameters<(typeof LAYERS)[K]>): LayerCall {
  return { kind: "layer", name, given };
}

function layerOf({ name, given }: LayerCall): BaseLayer {
  const make = LAYERS[name] as new (...given: unknown[]) => BaseLayer;
  return new make(...given);
}

/** Weights as asked for; biases N(0, 1) where the books have them so (normal, scaled), else 0. */
function initialisers({ init }: RunConfig): { weights?: InitialiserName; bias: InitialiserName } {
  if (init === "auto") return { bias: "zeros" };
  const bookish = init === "normal" || init === "scaled";
  return { weights: init, bias: bookish ? "normal" : "zeros" };
}

/** The layers of a run's network, from samples in rows [n, inputs] to its output layer. */
export function layersOfRun(config: RunConfig, shape: NetworkShape): BaseLayer[] {
  return callsOfRun(config, shape).map((each) =>
    each.kind === "layer" ? layerOf(each) : modelOf(config, each, shape),
  );
}

/** The same as what makes them. */
export function callsOfRun(config: RunConfig, shape: NetworkShape): (LayerCall | ModelCall)[] {
  if (config.model !== undefined) return callsOfModel(config, config.model, shape);
  const init = initialisers(config);
  const output = call("Dense", shape.classes, {
    activation: config.loss === "softmax" ? "softmax" : "sigmoid",
    ...init,
  });
  if (config.layers !== undefined) return [...callsOfLine(config, config.layers, shape), output];
  const layers: LayerCall[] = [];
  for (const size of config.hidden) {
    layers.push(call("Dense", size, { activation: config.activation, ...init }));
    if (config.dropout > 0) layers.push(call("Dropout", config.dropout));
  }
  return [...layers, output];
}

/** A network by name behind the samples' rows. */
function callsOfModel(config: RunConfig, name: string, { picture, classes }: NetworkShape): (LayerCall | ModelCall)[] {
  if (picture === undefined) throw new UserError(`--model ${name} is for pictures, and the data are none`);
  const [channels, height, width] = picture;
  const inputShape = [channels, height, width] as const;
  return [call("Reshape", [...picture]), modelCall(name, { inputShape, classes, seed: config.seed }, config)];
}

function modelOf({ model }: RunConfig, each: ModelCall, { picture = [] }: NetworkShape): BaseLayer {
  try {
    return modelOfCall(each);
  } catch (cause) {
    throw new UserError(
      `--model ${model} does not fit pictures of ${picture.join(" x ")}: ${(cause as Error).message}`,
      {
        cause,
      },
    );
  }
}

const POOLING = { max: "MaxPooling2D", average: "AveragePooling2D", l2: "L2Pooling2D" } as const;

function callsOfLine(config: RunConfig, line: string, { picture }: NetworkShape): LayerCall[] {
  const specs = layerLine(line);
  const init = initialisers(config);
  const layers: LayerCall[] = [];
  /** Whether a sample is a picture at this place, or a row of numbers. */
  let rows = true;
  const asPicture = (spec: LayerSpec): void => {
    if (!rows) return;
    if (layers.length > 0) {
      throw new UserError(
        `--layers "${line}": ${spec.kind} can't follow a layer that gives rows of numbers; put it before`,
      );
    }
    if (picture === undefined) throw new UserError(`--layers: ${spec.kind} is for pictures, and the data are none`);
    layers.push(call("Reshape", [...picture]));
    rows = false;
  };
  for (const spec of specs) {
    switch (spec.kind) {
      case "conv": {
        asPicture(spec);
        const { filters, kernel, stride, same, activation = config.activation } = spec;
        const padding = same ? ("same" as const) : ("valid" as const);
        layers.push(call("Conv2D", filters, [...kernel], { stride, padding, activation, ...init }));
        break;
      }
      case "pool":
        asPicture(spec);
        layers.push(call(POOLING[spec.of], spec.size, { stride: spec.stride }));
        break;
      case "dense":
        if (!rows) layers.push(call("Flatten"));
        rows = true;
        layers.push(call("Dense", spec.units, { activation: spec.activation ?? config.activation, ...init }));
        break;
      case "dropout":
        layers.push(call("Dropout", spec.rate));
        break;
      case "batchnorm":
        layers.push(call("BatchNormalization"));
        break;
      case "flatten":
        if (!rows) layers.push(call("Flatten"));
        rows = true;
        break;
      case "activation":
        layers.push(call("Activation", spec.activation));
        break;
    }
  }
  if (!rows) layers.push(call("Flatten"));
  return layers;
}

/** What the network is called in titles and progress: "784-100-10", or its line. */
export function networkName(config: RunConfig, { inputs, classes }: NetworkShape): string {
  if (config.model !== undefined) return config.model;
  return config.layers === undefined
    ? [inputs, ...config.hidden, classes].join("-")
    : `${config.layers}, dense ${classes}`;
}
