// From a layer's configuration back to the layer.
import { fields } from "../../engine/checks.ts";
import { quote } from "../../engine/quote.ts";
import type { Layer, LayerConfig } from "../layer.ts";
import { Activation, type ActivationName } from "./activation.ts";
import { BatchNormalization } from "./batch-normalisation.ts";
import { Dense } from "./dense.ts";
import { Dropout } from "./dropout.ts";
import { Flatten } from "./flatten.ts";

const makers: Record<string, (config: LayerConfig) => Layer> = {
  activation: (c) => new Activation(c["activation"] as ActivationName),
  batchNormalization: (c) =>
    new BatchNormalization({ momentum: c["momentum"] as number, epsilon: c["epsilon"] as number }),
  dense: (c) =>
    new Dense(c["units"] as number, {
      activation: c["activation"] as ActivationName,
      ...(c["bias"] === false && { bias: null }),
    }),
  dropout: (c) => new Dropout(c["rate"] as number, c["scaling"] as "inverted" | "atTest"),
  flatten: () => new Flatten(),
};

/**
 * Makes the layer that gave this configuration.
 * @throws TypeError for an unknown type.
 */
export function layerFromConfig(config: LayerConfig): Layer {
  fields("layer", "its configuration", config);
  if (!Object.hasOwn(makers, config.type)) {
    throw new TypeError(`layer: unknown type ${quote(config.type)}; there are ${Object.keys(makers).join(", ")}`);
  }
  return makers[config.type](config);
}
