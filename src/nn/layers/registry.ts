// From a layer's configuration back to the layer. A configuration may come from a file, so each kind says what its settings must be, and all of
// them are looked at before anything is made of them.
import { fields, flag, knownOptions, notNegative, oneOf, share, whole } from "../../engine/checks.ts";
import { hintAt } from "../../engine/names.ts";
import { quote } from "../../engine/quote.ts";
import { Layer, type LayerConfig } from "../layer.ts";
import { ACTIVATIONS, Activation, type ActivationName } from "./activation.ts";
import { BatchNormalization } from "./batch-normalisation.ts";
import { Dense } from "./dense.ts";
import { Dropout } from "./dropout.ts";
import { Flatten } from "./flatten.ts";

/** Returns the setting, or throws an error that begins with the owner and names the setting. */
type Check = (owner: string, name: string, value: unknown) => unknown;

/** A setting that may be left out: the layer has a default. */
const optional =
  (check: Check): Check =>
  (owner, name, value) =>
    value === undefined ? value : check(owner, name, value);

const activation: Check = (owner, name, value) => oneOf(owner, name, value as ActivationName, ACTIVATIONS);
const count: Check = (owner, name, value) => whole(owner, name, value as number, 1);
const scalings = ["inverted", "atTest"] as const;

interface Kind {
  /** What each of its settings must be; others it has not. Null: the maker looks at them. */
  settings: Readonly<Record<string, Check>> | null;
  make(config: LayerConfig): Layer;
}

const own: ReadonlyMap<string, Kind> = new Map<string, Kind>([
  ["activation", { settings: { activation }, make: (c) => new Activation(c["activation"] as ActivationName) }],
  [
    "batchNormalization",
    {
      settings: { momentum: optional(share as Check), epsilon: optional(notNegative as Check) },
      make: (c) => new BatchNormalization({ momentum: c["momentum"] as number, epsilon: c["epsilon"] as number }),
    },
  ],
  [
    "dense",
    {
      settings: { units: count, activation: optional(activation), bias: optional(flag as Check) },
      make: (c) =>
        new Dense(c["units"] as number, {
          activation: c["activation"] as ActivationName,
          ...(c["bias"] === false && { bias: null }),
        }),
    },
  ],
  [
    "dropout",
    {
      settings: {
        rate: share as Check,
        scaling: optional((owner, name, value) => oneOf(owner, name, value as "atTest", scalings)),
      },
      make: (c) => new Dropout(c["rate"] as number, c["scaling"] as "inverted" | "atTest"),
    },
  ],
  ["flatten", { settings: {}, make: () => new Flatten() }],
]);

const registered = new Map<string, Kind>();

/**
 * Makes layers of your own known by their type, so that `loadModel` and `Sequential.fromConfig` can make them again.
 * @param type as the layer's `type`, and the `type` of its `config()`.
 * @param make makes the layer from what its `config()` gave. A configuration may come from a file: check its settings.
 * Registering a type again replaces its maker.
 * @throws TypeError for the type of one of the library's layers, or if `make` is no function.
 * @example
 * ```ts
 * class Scale extends Layer {
 *   readonly type = "scale";
 *   constructor(readonly factor: number) {
 *     super();
 *   }
 *   build(inputShape: Shape): Shape {
 *     return inputShape;
 *   }
 *   call(x: Tensor): Tensor {
 *     return x.mul(this.factor);
 *   }
 *   config(): LayerConfig {
 *     return { type: this.type, factor: this.factor };
 *   }
 * }
 * registerLayer("scale", ({ factor }) => new Scale(Number(factor)));
 * const bytes = saveModel(new Sequential([new Scale(3)], { inputShape: [1] }));
 * loadModel(bytes).call(tensor([[2]])).item(); // 6
 * ```
 */
export function registerLayer(type: string, make: (config: LayerConfig) => Layer): void {
  if (typeof type !== "string" || type === "") {
    throw new TypeError(`registerLayer: the type must be a name such as "scale", got ${quote(type)}`);
  }
  if (own.has(type)) {
    throw new TypeError(`registerLayer: ${type} is a layer of the library; give yours another type`);
  }
  if (typeof make !== "function") {
    throw new TypeError(`registerLayer: needs a function from a configuration to a layer, got ${quote(make)}`);
  }
  registered.set(type, { settings: null, make });
}

/**
 * Makes the layer that gave this configuration; `owner` is whose it is, for errors.
 * @throws TypeError for an unknown type, a setting that is unknown or of the wrong type, or a registered maker that gives no layer;
 * RangeError for a setting out of range.
 */
export function layerFromConfig(config: LayerConfig, owner: string): Layer {
  fields(owner, "the configuration", config);
  const { type, ...given } = config;
  const kind = own.get(type) ?? registered.get(type);
  if (kind === undefined) {
    const types = [...own.keys(), ...registered.keys()];
    const hint = typeof type === "string" ? hintAt(type, types) : "";
    throw new TypeError(
      `${owner}: unknown type ${quote(type)}${hint}; there are ${types.join(", ")}, and your own once registerLayer knows them`,
    );
  }
  const { settings, make } = kind;
  const what = `${owner} (${type})`;
  if (settings !== null) {
    knownOptions(what, given, Object.keys(settings));
    for (const [name, check] of Object.entries(settings)) check(what, name, given[name]);
  }
  const layer: unknown = make(config);
  if (!(layer instanceof Layer)) {
    throw new TypeError(`${what}: the function given to registerLayer must return a layer, got ${quote(layer)}`);
  }
  return layer;
}
