// The networks that `--model` knows by name, made for the pictures at hand.
import type { ActivationName } from "../src/nn/activations.ts";
import type { Model } from "../src/nn/model.ts";
import { alexnet } from "../src/nn/models/alexnet.ts";
import { googlenet } from "../src/nn/models/googlenet.ts";
import { lenet5 } from "../src/nn/models/lenet.ts";
import { network3 } from "../src/nn/models/network3.ts";
import { resnet } from "../src/nn/models/resnet.ts";
import { vgg } from "../src/nn/models/vgg.ts";

/** What a network by name is made for. */
interface Picture {
  inputShape: readonly [channels: number, height: number, width: number];
  classes: number;
  seed: number;
}

/** What network3 takes beside it: the book trains it in several forms. Empty `hidden` is its default, one layer of 100. */
export interface OwnSettings {
  hidden: readonly number[];
  activation: ActivationName;
  dropout: number;
}

/** The networks of which `--hidden`, `--activation` and `--dropout` may be asked. */
export const SETTABLE_MODELS: readonly string[] = ["network3"];

/** A VGG halves its pictures five times; what is left of small ones is fewer than the paper's 7 by 7. */
const pooledSize = ({ inputShape: [, height, width] }: Picture): number =>
  Math.max(1, Math.min(7, Math.floor(Math.min(height, width) / 32)));

/** ResNets for small pictures do not halve them twice before they begin. */
const stem = ({ inputShape: [, height, width] }: Picture): "small" | "large" =>
  Math.min(height, width) <= 64 ? "small" : "large";

const MODELS = { alexnet, googlenet, lenet5, network3, resnet, vgg };
type ModelName = keyof typeof MODELS;

/** A network as what makes it: `lenet5({ classes: 10 })`. */
export interface ModelCall {
  readonly kind: "model";
  readonly name: ModelName;
  readonly given: readonly unknown[];
}

function call<K extends ModelName>(name: K, ...given: Parameters<(typeof MODELS)[K]>): ModelCall {
  return { kind: "model", name, given };
}

const CALLS = {
  network3: (picture: Picture, { hidden, activation, dropout }: OwnSettings) =>
    call("network3", { ...picture, activation, dropout, ...(hidden.length > 0 && { hidden }) }),
  lenet5: (picture: Picture) => call("lenet5", picture),
  alexnet: (picture: Picture) => call("alexnet", { ...picture, variant: "torchvision" }),
  ...Object.fromEntries(
    ([11, 13, 16, 19] as const).flatMap((depth) => [
      [`vgg${depth}`, (picture: Picture) => call("vgg", depth, { ...picture, pooledSize: pooledSize(picture) })],
      [
        `vgg${depth}-bn`,
        (picture: Picture) =>
          call("vgg", depth, { ...picture, pooledSize: pooledSize(picture), batchNormalization: true }),
      ],
    ]),
  ),
  ...Object.fromEntries(
    ([18, 34, 50, 101, 152] as const).map((depth) => [
      `resnet${depth}`,
      (picture: Picture) => call("resnet", depth, { ...picture, stem: stem(picture) }),
    ]),
  ),
  googlenet: (picture: Picture) => call("googlenet", { ...picture, variant: "torchvision" }),
};

const table: ReadonlyMap<string, (picture: Picture, own: OwnSettings) => ModelCall> = new Map(Object.entries(CALLS));

/** Their names. */
export const RUN_MODELS = [...table.keys()];

/** What makes the network of that name for these pictures. */
export function modelCall(name: string, picture: Picture, own: OwnSettings): ModelCall {
  return table.get(name)!(picture, own);
}

export function modelOfCall({ name, given }: ModelCall): Model {
  const make = MODELS[name] as (...given: unknown[]) => Model;
  return make(...given);
}
