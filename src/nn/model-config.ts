// From an architecture as JSON back to a model. It may come from a file, so nothing of it is taken on trust.
import { fields, knownOptions, list, whole } from "../engine/checks.ts";
import { quote } from "../engine/quote.ts";
import type { BaseLayer, LayerConfig, Symbolic } from "./base-layer.ts";
import { addKinds, layerFromConfig } from "./layers/registry.ts";
import { type GraphConfig, input, Model, type ModelConfig, type ParametersAccepted } from "./model.ts";
import { Sequential } from "./sequential.ts";

/**
 * Makes a model from its architecture, with fresh parameters.
 * @throws TypeError, RangeError if it is not the architecture of a model, a layer is of a type that is neither the library's nor registered
 * (`registerLayer`), a setting is unknown or of the wrong type, or layers do not fit each other.
 * @example
 * ```ts
 * const x = input([3]);
 * const model = new Model({ inputs: x, outputs: [new Dense(2).apply(x), new Dense(1).apply(x)] });
 * modelFromConfig(JSON.parse(JSON.stringify(model.config()))).parameterCount; // 12
 * ```
 */
export function modelFromConfig(config: ModelConfig, seed = 0, accept?: ParametersAccepted): Model {
  const owner = "modelFromConfig";
  const type = fields(owner, "the architecture", config).type as unknown;
  if (type === "sequential")
    return Sequential.fromConfig(config as Parameters<typeof Sequential.fromConfig>[0], seed, accept);
  if (type === "graph") return graphFrom(owner, config as unknown as GraphConfig, seed, accept);
  if (type === undefined) throw new TypeError(`${owner}: the architecture has no type; there are sequential and graph`);
  throw new TypeError(`${owner}: unknown type of model ${quote(type)}; there are sequential and graph`);
}

function graphFrom(owner: string, config: GraphConfig, seed: number, accept?: ParametersAccepted): Model {
  knownOptions(owner, config, ["type", "dtype", "inputs", "layers", "calls", "outputs"]);
  const inputs: Record<string, Symbolic> = {};
  list(owner, "inputs", config.inputs).forEach((each, i) => {
    const { name, shape, dtype } = knownOptions(`${owner}: inputs[${i}]`, each, ["name", "shape", "dtype"]);
    if (typeof name !== "string" || Object.hasOwn(inputs, name)) {
      throw new TypeError(`${owner}: inputs[${i}] needs a name of its own, got ${quote(name)}`);
    }
    inputs[name] = input(shape, { name, dtype });
  });
  const layers: BaseLayer[] = list(owner, "layers", config.layers).map((layer, i) =>
    layerFromConfig(layer as LayerConfig, `${owner}: layers[${i}]`),
  );
  /** What inputs and calls give, so far. */
  const values: (readonly Symbolic[])[] = Object.values(inputs).map((x) => [x]);
  const at = (what: string, from: readonly [number, number]): Symbolic => {
    const [source, index] = list(owner, what, from) as readonly number[];
    const found = values[whole(owner, `${what}[0]`, source, 0)]?.[whole(owner, `${what}[1]`, index, 0)];
    if (found === undefined) throw new RangeError(`${owner}: ${what} is ${quote(from)}, where nothing is yet`);
    return found;
  };
  list(owner, "calls", config.calls).forEach((call, k) => {
    const what = `calls[${k}]`;
    knownOptions(`${owner}: ${what}`, call, ["layer", "inputs"]);
    const layer = layers[whole(owner, `${what}.layer`, call.layer, 0)];
    if (layer === undefined) {
      throw new RangeError(`${owner}: ${what} is of layer ${call.layer}, and there are ${layers.length}`);
    }
    const from = list(owner, `${what}.inputs`, call.inputs).map((origin, i) => at(`${what}.inputs[${i}]`, origin));
    values.push(layer.connectTo(from));
  });
  const outputs: Record<string, Symbolic> = {};
  list(owner, "outputs", config.outputs).forEach((each, i) => {
    const { name, from } = knownOptions(`${owner}: outputs[${i}]`, each, ["name", "from"]);
    if (typeof name !== "string" || Object.hasOwn(outputs, name)) {
      throw new TypeError(`${owner}: outputs[${i}] needs a name of its own, got ${quote(name)}`);
    }
    outputs[name] = at(`outputs[${i}].from`, from);
  });
  return new Model({ inputs, outputs, dtype: config.dtype, seed }, accept);
}

addKinds(
  { type: "sequential", settings: null, make: (config) => modelFromConfig(config as unknown as ModelConfig) },
  { type: "graph", settings: null, make: (config) => modelFromConfig(config as unknown as ModelConfig) },
);
