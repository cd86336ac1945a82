// A model from a file of Keras: its architecture, layer by layer, and the weights of each, which are found by the names that Keras gives them.
import { fields, flag, knownOptions, text } from "../../engine/checks.ts";
import { quote } from "../../engine/quote.ts";
import type { BaseLayer, Symbolic } from "../../nn/base-layer.ts";
import { input, Model } from "../../nn/model.ts";
import { checkTensor } from "../../tensor/check.ts";
import { sizeOf } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { kerasUnits } from "../foreign/keras.ts";
import { kerasModules } from "../foreign/keras-modules.ts";
import { loadForeign } from "../foreign/load.ts";
import { unitsOf } from "../foreign/units.ts";
import type { TensorFile } from "../safetensors.ts";
import { type KerasGraph, type KerasLayer, type KerasRef, kerasGraph, type Refuse, record } from "./config.ts";
import { type Channels, type Make, makerOf } from "./layers.ts";
import { Settings, Unsupported } from "./settings.ts";

/** What `kerasModel` takes. */
export interface KerasModelOptions {
  /** What to call the file in errors; default "Keras file". */
  name?: string;
  /** Seed of dropout, and of parameters that the file does not have; default 0. */
  seed?: number;
  /** Take weights that are NaN or infinite; default false. */
  allowNonFinite?: boolean;
}

/** A model from a file of Keras. */
export interface KerasModel {
  model: Model;
  /** What is left out, since it acts while training only: random pictures, constraints. */
  notes: string[];
  /** What each parameter is called in the file: for `kerasParameters`, which gives what was learnt back. */
  sources: Record<string, string>;
}

/**
 * The model in a file of Keras, architecture and weights: of a `.keras` file, of an `.h5` file that `model.save` wrote, and of layers models of TensorFlow.js; sequential
 * models and functional ones, with models in them. Pictures have their channels first here: [n, channels, height, width], so the inputs are turned, and
 * outputs that are pictures. What acts while training only, such as `RandomFlip`, is left out and noted. Layers have the names that they have there.
 * @param file what `loadKeras`, `readKeras`, `loadTfjs` or `readTfjs` gives.
 * @throws Error naming all layers and settings that there is nothing for here, or what is wrong with the file.
 * @example
 * ```ts
 * const open = async (path: string) => {
 *   const { model, notes } = kerasModel(await loadKeras(path), { name: path });
 *   for (const note of notes) console.log(note);
 *   return model;
 * };
 * ```
 */
export function kerasModel(file: TensorFile, options: KerasModelOptions = {}): KerasModel {
  const owner = "kerasModel";
  const { tensors, metadata } = fields(owner, "the file", file);
  for (const [key, x] of Object.entries(fields(owner, "the file's tensors", tensors)))
    checkTensor(`${owner}: tensor ${quote(key)}`, x);
  fields(owner, "the file's metadata", metadata);
  const {
    name = "Keras file",
    seed = 0,
    allowNonFinite = false,
  } = knownOptions(owner, options, ["name", "seed", "allowNonFinite"]);
  text(owner, "name", name);
  flag(owner, "allowNonFinite", allowNonFinite);
  const refuse: Refuse = (what) => new Error(`${name}: ${what}`);
  const json = metadata["config"] ?? metadata["model_config"];
  if (json === undefined) {
    throw refuse(
      'it holds weights alone, no architecture; save the model (model.save("model.keras")), or make the model here and fill it: loadParameters(model, file, { from: "keras" })',
    );
  }
  const graph = kerasGraph(json, refuse);
  const version = versionOf(metadata);
  const held = Object.values(tensors).reduce((sum, x) => sum + x.size, 0);
  const builder = new Builder(version, channelsOf(graph, refuse), held, refuse);
  builder.prepare(graph, []);
  if (builder.unsupported.length > 0) throw refuse(unsupportedText(builder.unsupported));
  let model: Model;
  try {
    model = builder.build(graph, TOP, seed);
  } catch (error) {
    if (error instanceof Unsupported) throw refuse(unsupportedText([error.message]));
    const message = error instanceof Error ? error.message : String(error);
    throw message.startsWith(`${name}: `) ? error : refuse(`it can't be built: ${message}`);
  }
  const sources = fill(model, builder, tensors, name, allowNonFinite);
  return { model, notes: builder.notes, sources };
}

function unsupportedText(list: readonly string[]): string {
  const shown = list.slice(0, 40).join("; ");
  const more = list.length > 40 ? `; and ${list.length - 40} more` : "";
  const who = list.length === 1 ? "a layer has nothing that it" : `${list.length} layers have nothing that they`;
  return `${who} could be here: ${shown}${more}`;
}

/** 3, or less; TensorFlow.js has the layers of Keras 2. */
function versionOf(metadata: Readonly<Record<string, string>>): number {
  const told =
    metadata["keras_version"] ??
    textIn(metadata["metadata"], "keras_version") ??
    textIn(metadata["config"], "keras_version");
  if (told !== undefined) return Number.parseInt(told, 10) || 2;
  return metadata["config"] === undefined ? 2 : 3;
}

function textIn(json: string | undefined, key: string): string | undefined {
  if (json === undefined) return undefined;
  try {
    const value = record(JSON.parse(json))[key];
    return typeof value === "string" ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Where channels stand, which the layers of pictures say. */
function channelsOf(graph: KerasGraph, refuse: Refuse): Channels {
  const said = new Map<Channels, string>();
  const visit = ({ layers }: KerasGraph): void => {
    for (const { settings, model, className, name } of layers) {
      if (model !== undefined) visit(model);
      // Flattening and sequences say it too, and it means nothing there.
      if (!/2D|UpSampling/.test(className)) continue;
      if (settings["data_format"] === "channels_first") said.set("first", name);
      if (settings["data_format"] === "channels_last") said.set("last", name);
    }
  };
  visit(graph);
  if (said.size > 1) {
    throw refuse(
      `layer ${quote(said.get("first"))} has channels first and ${quote(said.get("last"))} last; both in one model are not supported`,
    );
  }
  return said.has("first") ? "first" : "last";
}

/** What layers without weights in the file may have: fixed slopes, and scales that Keras leaves out. */
const FREE_PARAMETERS = 1_000_000;

/** Where a model is: in which others. */
interface Place {
  /** Since Keras 3 weights have a path of numbered classes. */
  readonly keys: string;
  /** Before, of names. */
  readonly names: readonly string[];
}
const TOP: Place = { keys: "", names: [] };

/** A layer that has weights, and where it is. */
interface Weighted {
  readonly layer: BaseLayer;
  readonly source: KerasLayer;
  readonly place: Place;
}

class Builder {
  readonly notes: string[] = [];
  readonly unsupported: string[] = [];
  readonly weighted: Weighted[] = [];
  private readonly makers = new Map<KerasLayer, Make>();

  constructor(
    private readonly version: number,
    private readonly channels: Channels,
    /** Numbers in the file. */
    private readonly held: number,
    private readonly refuse: Refuse,
  ) {}

  /** Looks at every layer, before any is made. */
  prepare(graph: KerasGraph, models: readonly string[]): void {
    const within = models.map((model) => `${model}.`).join("");
    const names = namesOf(graph);
    for (const layer of graph.layers) {
      if (layer.className === "InputLayer") continue;
      if (layer.model !== undefined) {
        this.prepare(layer.model, [...models, layer.name]);
        continue;
      }
      const settings = new Settings(layer, this.version);
      try {
        const trainable = layer.settings["trainable"] !== false;
        this.makers.set(
          layer,
          makerOf(settings, { name: names.get(layer)!, ...(!trainable && { trainable }) }, this.channels),
        );
      } catch (error) {
        if (!(error instanceof Unsupported)) throw error;
        this.unsupported.push(within + error.message);
      }
      this.notes.push(...settings.notes.map((note) => within + note));
    }
  }

  build(graph: KerasGraph, place: Place, seed: number): Model {
    const names = namesOf(graph);
    const values = new Map<string, readonly Symbolic[]>();
    const keyOf = (layer: string, call: number): string => `${call} ${layer}`;
    const found = ({ layer, call, output }: KerasRef): Symbolic | undefined => values.get(keyOf(layer, call))?.[output];
    const indices = indexInputs(graph);
    const made = new Map<KerasLayer, readonly BaseLayer[]>();
    const starts = new Map<string, Symbolic>();
    for (const layer of graph.layers.filter(({ className }) => className === "InputLayer")) {
      const start = input(this.shapeOf(layer), {
        name: names.get(layer)!,
        dtype: indices.has(layer.name) ? "int32" : "float",
      });
      starts.set(layer.name, start);
      values.set(keyOf(layer.name, 0), [start]);
    }
    // Calls in the order in which their inputs are there.
    let open = graph.layers.flatMap((layer) => layer.calls.map((call, index) => ({ layer, call, index })));
    while (open.length > 0) {
      const waiting = open.filter(({ layer, call, index }) => {
        const refs = [...call.inputs, ...argumentsOf(call.extras)];
        const inputs = refs.map(found);
        if (!inputs.every((x) => x !== undefined)) return true;
        values.set(keyOf(layer.name, index), this.apply(layer, inputs, place, seed, made, names));
        return false;
      });
      if (waiting.length === open.length) {
        throw this.refuse(`layer ${quote(waiting[0].layer.name)} takes what no layer gives`);
      }
      open = waiting;
    }
    const end = (ref: KerasRef): Symbolic => {
      const x = found(ref);
      if (x === undefined) throw this.refuse(`an output is of layer ${quote(ref.layer)}, which does not give it`);
      return x;
    };
    const outputs = graph.outputs.map(end);
    const inputs = graph.inputs.map((ref) => starts.get(ref.layer) ?? end(ref));
    return new Model(
      {
        ...{
          inputs: inputs.length === 1 ? inputs[0] : inputs,
          outputs: outputs.length === 1 ? outputs[0] : outputs,
          seed,
        },
        ...(place !== TOP && { name: graph.name }),
      },
      (parameters) => {
        // Before memory is taken: a damaged number of units is no reason to fill it.
        const wanted = parameters.reduce((sum, { parameter }) => sum + sizeOf(parameter.shape), 0);
        if (wanted <= 4 * this.held + FREE_PARAMETERS) return;
        throw this.refuse(`its architecture has ${wanted} parameters, and the file ${this.held} numbers`);
      },
    );
  }

  private apply(
    layer: KerasLayer,
    inputs: readonly Symbolic[],
    { keys, names: outer }: Place,
    seed: number,
    made: Map<KerasLayer, readonly BaseLayer[]>,
    names: ReadonlyMap<KerasLayer, string>,
  ): readonly Symbolic[] {
    if (inputs.length === 0) throw this.refuse(`a call of layer ${quote(layer.name)} has no inputs`);
    let layers = made.get(layer);
    const inside: Place = { keys: `${keys}${layer.key}`, names: [...outer, layer.name] };
    if (layers === undefined) {
      if (layer.model !== undefined) {
        const inner = { ...layer.model, name: names.get(layer)! };
        layers = [this.build(inner, { ...inside, keys: `${inside.keys}/layers/` }, seed)];
      } else {
        const result = this.makers.get(layer)!(inputs.map(({ shape }) => shape));
        layers = result.layers;
        if (result.weights !== undefined) this.weighted.push({ layer: result.weights, source: layer, place: inside });
      }
      made.set(layer, layers);
    }
    let xs = inputs;
    for (const each of layers) xs = each.connectTo(xs);
    return xs;
  }

  private shapeOf(layer: KerasLayer): (number | null)[] {
    const shape = layer.settings["batch_shape"] ?? layer.settings["batch_input_shape"];
    const good =
      Array.isArray(shape) &&
      shape.length > 0 &&
      shape.every((length) => length === null || (Number.isSafeInteger(length) && (length as number) >= 0));
    if (!good) throw this.refuse(`input ${quote(layer.name)} has no shape`);
    const [, ...sample] = shape as (number | null)[];
    return sample.length === 3 && this.channels === "last" ? [sample[2], sample[0], sample[1]] : sample;
  }
}

/** Tensors among the arguments of a call that are inputs here, in the order in which attention has them. */
function argumentsOf(extras: Readonly<Record<string, unknown>>): KerasRef[] {
  return ["value", "key"].flatMap((name) => {
    const ref = extras[name];
    return typeof ref === "object" && ref !== null && "layer" in ref ? [ref as KerasRef] : [];
  });
}

/** Inputs whose numbers are places of words. */
function indexInputs({ layers }: KerasGraph): Set<string> {
  const found = new Set<string>();
  for (const { className, calls, model } of layers) {
    const within = model === undefined ? undefined : indexInputs(model);
    for (const { inputs } of calls) {
      inputs.forEach(({ layer }, i) => {
        const start = model?.inputs[i]?.layer;
        if (className === "Embedding" || (start !== undefined && within!.has(start))) found.add(layer);
      });
    }
  }
  return found;
}

/** A name as they are written here. */
function plainName(name: string): string {
  const plain = name.replaceAll(/[^A-Za-z0-9_-]/g, "_");
  return /^[A-Za-z_]/.test(plain) && plain !== "optimizer" ? plain : `_${plain}`;
}

function namesOf({ layers }: KerasGraph): Map<KerasLayer, string> {
  const taken = new Set<string>();
  return new Map(
    layers.map((layer) => {
      let name = plainName(layer.name);
      while (taken.has(name)) name = `${name}_`;
      taken.add(name);
      return [layer, name] as const;
    }),
  );
}

/** What the variables of a layer are called, in the order in which Keras keeps them, where their number does not tell. */
function variablesOf({ className, settings }: KerasLayer): readonly string[] | undefined {
  const has = (name: string): boolean => settings[name] !== false;
  const learnt = [...(has("scale") ? ["gamma"] : []), ...(has("center") ? ["beta"] : [])];
  if (className === "BatchNormalization") return [...learnt, "moving_mean", "moving_variance"];
  if (className === "LayerNormalization" || className === "GroupNormalization") return learnt;
  return undefined;
}

/** Gives the layers what the file has for them; all of it, or an error. */
function fill(
  model: Model,
  { weighted }: Builder,
  tensors: Readonly<Record<string, Tensor>>,
  name: string,
  allowNonFinite: boolean,
): Record<string, string> {
  if (weighted.length === 0 || model.named.length === 0) return {};
  const numbered = Object.keys(tensors).some((key) => /(^|\/)vars\/\d+$/.test(key));
  const nameOf = numbered ? variableNames(tensors, weighted) : new Map<string, string>();
  const renamed: Record<string, Tensor> = Object.create(null);
  for (const [key, x] of Object.entries(tensors)) renamed[nameOf.get(key) ?? key] = x;
  const modules = kerasModules(renamed);
  const units = unitsOf(model, kerasUnits);
  const wanted: Record<string, string> = {};
  const optional = new Set<string>();
  for (const { layer, source, place } of weighted) {
    const at = modules.filter((each) => (numbered ? isAt(each.name, place.keys) : isNamed(each.name, place.names)));
    // What a model within holds may be listed without the model's name.
    const found = at.length > 0 ? at : modules.filter((each) => !numbered && isNamed(each.name, place.names.slice(-1)));
    for (const unit of units.filter((each) => each.name === layer.name || each.name.startsWith(`${layer.name}.`))) {
      const module = found.find((each) => !Object.values(wanted).includes(each.name));
      if (module !== undefined) wanted[unit.name] = module.name;
      else if (unit.slots.length > 0) {
        throw new Error(
          `${name}: has no weights for layer ${quote(source.name)}; it has those of ${modules.map((each) => each.name).join(", ")}`,
        );
      }
    }
    for (const [key, setting] of [
      ["gamma", "scale"],
      ["beta", "center"],
    ]) {
      if (source.settings[setting] === false) optional.add(`${layer.name}.${key}`);
    }
  }
  const report = loadForeign(model, renamed, name, { from: "keras", modules: wanted, allowNonFinite });
  // Slopes that the file gives as settings have no weights.
  const owned = new Set(weighted.flatMap(({ layer }) => layer.parameters.map((parameter) => parameter.name)));
  const missing = report.missing.filter((key) => owned.has(key) && !optional.has(key));
  // A scale or a shift that Keras does not have does not learn here either.
  for (const { name: key, parameter } of model.named) if (optional.has(key)) parameter.frozen = true;
  if (missing.length === 0 && report.mismatched.length === 0) {
    const numberOf = new Map([...nameOf].map(([key, named]) => [named, key]));
    return Object.fromEntries(
      Object.entries(report.sources).map(([ours, theirs]) => [ours, numberOf.get(theirs) ?? theirs]),
    );
  }
  const wrong = report.mismatched.map(
    ({ name: key, from, to }) => `${key} is of shape (${from.join(", ")}) there and (${to.join(", ")}) here`,
  );
  throw new Error(
    `${name}: its weights are not those of its architecture: ${[...missing.map((key) => `${key} is missing`), ...wrong].join("; ")}`,
  );
}

/** The names of variables for their numbers, where the layers' settings tell them. */
function variableNames(tensors: Readonly<Record<string, Tensor>>, weighted: readonly Weighted[]): Map<string, string> {
  const known = new Map<string, readonly string[] | undefined>(
    weighted.map(({ place, source }) => [`layers/${place.keys}/vars/`, variablesOf(source)] as const),
  );
  const found = new Map<string, string>();
  for (const key of Object.keys(tensors)) {
    const at = key.lastIndexOf("/") + 1;
    const names = known.get(key.replace(/^_layer_checkpoint_dependencies\//, "layers/").slice(0, at));
    const variable = names?.[Number(key.slice(at))];
    if (variable !== undefined) found.set(key, `${key.slice(0, at - "vars/".length)}${variable}`);
  }
  return found;
}

function isAt(module: string, path: string): boolean {
  return module === path || module.startsWith(`${path}/`);
}

/** Whether the path of a module named by layers' names goes through these. */
function isNamed(module: string, names: readonly string[]): boolean {
  const parts = module.split("/");
  let from = 0;
  for (const name of names) {
    const at = parts.indexOf(name, from);
    if (at < 0) return false;
    from = at + 1;
  }
  return true;
}
