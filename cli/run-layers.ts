// The network of a run: hidden layers by their sizes, or a line of layers.

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
import { namedModel } from "./run-models.ts";

/** What a network is made for. */
export interface NetworkShape {
  /** Numbers of a sample. */
  inputs: number;
  /** Channels, height and width, where samples are pictures. */
  picture: readonly number[] | undefined;
  classes: number;
}

/** Weights as asked for; biases N(0, 1) where the books have them so (normal, scaled), else 0. */
function initialisers({ init }: RunConfig): { weights?: InitialiserName; bias: InitialiserName } {
  if (init === "auto") return { bias: "zeros" };
  const bookish = init === "normal" || init === "scaled";
  return { weights: init, bias: bookish ? "normal" : "zeros" };
}

/** The layers of a run's network, from samples in rows [n, inputs] to its output layer. */
export function layersOfRun(config: RunConfig, shape: NetworkShape): BaseLayer[] {
  if (config.model !== undefined) return layersOfModel(config, config.model, shape);
  const init = initialisers(config);
  const output = new Dense(shape.classes, { activation: config.loss === "softmax" ? "softmax" : "sigmoid", ...init });
  if (config.layers !== undefined) return [...layersOfLine(config, config.layers, shape), output];
  const layers: BaseLayer[] = [];
  for (const size of config.hidden) {
    layers.push(new Dense(size, { activation: config.activation, ...init }));
    if (config.dropout > 0) layers.push(new Dropout(config.dropout));
  }
  return [...layers, output];
}

/** A network by name behind the samples' rows. */
function layersOfModel(config: RunConfig, name: string, { picture, classes }: NetworkShape): BaseLayer[] {
  if (picture === undefined) throw new UserError(`--model ${name} is for pictures, and the data are none`);
  const [channels, height, width] = picture;
  const { seed } = config;
  try {
    const inputShape = [channels, height, width] as const;
    return [new Reshape([...picture]), namedModel(name, { inputShape, classes, seed }, config)];
  } catch (cause) {
    const size = `${channels} x ${height} x ${width}`;
    throw new UserError(`--model ${name} does not fit pictures of ${size}: ${(cause as Error).message}`, { cause });
  }
}

const POOLING = { max: MaxPooling2D, average: AveragePooling2D, l2: L2Pooling2D };

function layersOfLine(config: RunConfig, line: string, { picture }: NetworkShape): BaseLayer[] {
  const specs = layerLine(line);
  const init = initialisers(config);
  const layers: BaseLayer[] = [];
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
    layers.push(new Reshape([...picture]));
    rows = false;
  };
  for (const spec of specs) {
    switch (spec.kind) {
      case "conv": {
        asPicture(spec);
        const { filters, kernel, stride, same, activation = config.activation } = spec;
        const padding = same ? ("same" as const) : ("valid" as const);
        layers.push(new Conv2D(filters, [...kernel], { stride, padding, activation, ...init }));
        break;
      }
      case "pool":
        asPicture(spec);
        layers.push(new POOLING[spec.of](spec.size, { stride: spec.stride }));
        break;
      case "dense":
        if (!rows) layers.push(new Flatten());
        rows = true;
        layers.push(new Dense(spec.units, { activation: spec.activation ?? config.activation, ...init }));
        break;
      case "dropout":
        layers.push(new Dropout(spec.rate));
        break;
      case "batchnorm":
        layers.push(new BatchNormalization());
        break;
      case "flatten":
        if (!rows) layers.push(new Flatten());
        rows = true;
        break;
      case "activation":
        layers.push(new Activation(spec.activation));
        break;
    }
  }
  if (!rows) layers.push(new Flatten());
  return layers;
}

/** What the network is called in titles and progress: "784-100-10", or its line. */
export function networkName(config: RunConfig, { inputs, classes }: NetworkShape): string {
  if (config.model !== undefined) return config.model;
  return config.layers === undefined
    ? [inputs, ...config.hidden, classes].join("-")
    : `${config.layers}, dense ${classes}`;
}
