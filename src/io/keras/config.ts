// The architecture in a file of Keras: JSON of layers with their settings and, in a graph, of their calls. Keras 3 writes calls as arguments with tensors in them,
// Keras 2 and TensorFlow.js as lists of [layer, call, output]; both become the same here.
// Source: keras/src/models/functional.py, sequential.py and saving/saving_lib.py of Keras 3.16.
import { quote } from "../../engine/quote.ts";

/** An output of a call of a layer. */
export interface KerasRef {
  readonly layer: string;
  readonly call: number;
  readonly output: number;
}

/** One use of a layer. */
export interface KerasCall {
  readonly inputs: readonly KerasRef[];
  /** Arguments beside the inputs: "training", "use_causal_mask"; tensors among them as `KerasRef`. */
  readonly extras: Readonly<Record<string, unknown>>;
}

/** A layer, or a model that is one. */
export interface KerasLayer {
  readonly className: string;
  /** Where the class is from, "keras.layers"; "" where the file does not tell. */
  readonly module: string;
  readonly name: string;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly calls: readonly KerasCall[];
  /** Of a layer that is a model. */
  readonly model: KerasGraph | undefined;
  /** What it is called among the file's weights: numbered by class since Keras 3, by its name before. */
  readonly key: string;
}

/** Layers and how they are connected. */
export interface KerasGraph {
  readonly name: string;
  readonly layers: readonly KerasLayer[];
  readonly inputs: readonly KerasRef[];
  readonly outputs: readonly KerasRef[];
}

/** How an error about the file begins and ends. */
export type Refuse = (what: string) => Error;

const MODELS = new Set(["Sequential", "Functional", "Model"]);
const DEEPEST = 16;
const MOST_LAYERS = 20_000;

/** @throws what `refuse` makes of it, for what is no architecture of layers in line or in a graph. */
export function kerasGraph(json: string, refuse: Refuse): KerasGraph {
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch {
    throw refuse("its configuration is not JSON");
  }
  const root = record(parsed);
  // TensorFlow.js and Keras 2 have the model beside other things.
  const model = record(root["model_config"] ?? root);
  return graphOf(model, refuse, 0, { left: MOST_LAYERS });
}

function graphOf(model: Record<string, unknown>, refuse: Refuse, depth: number, budget: { left: number }): KerasGraph {
  const className = model["class_name"];
  if (typeof className !== "string") throw refuse("its configuration describes no model");
  if (!MODELS.has(className)) {
    throw refuse(
      `the model is of the class ${quote(className)}, and what classes of one's own do is not in the file; sequential and functional models can be read, and the weights of others: loadParameters(model, file, { from: "keras" })`,
    );
  }
  if (depth > DEEPEST) throw refuse(`models in each other, more than ${DEEPEST} deep`);
  const config = model["config"];
  // The first versions of Keras had the list alone.
  const settings = Array.isArray(config) ? { layers: config as unknown } : record(config);
  const list: unknown = settings["layers"];
  if (!Array.isArray(list) || list.length === 0) throw refuse("its configuration has no layers");
  budget.left -= list.length;
  if (budget.left < 0) throw refuse(`more than ${MOST_LAYERS} layers`);
  const counts = new Map<string, number>();
  const layers = list.map((entry: unknown) => layerOf(record(entry), counts, refuse, depth, budget));
  const taken = new Set<string>();
  for (const { name } of layers) {
    if (taken.has(name)) throw refuse(`two layers are called ${quote(name)}`);
    taken.add(name);
  }
  const name = typeof settings["name"] === "string" ? settings["name"] : className.toLowerCase();
  if (className === "Sequential") return inLine(name, layers, inputShapeOf(model, settings, layers), refuse);
  const inputs = refsOf(settings["input_layers"], refuse);
  const outputs = refsOf(settings["output_layers"], refuse);
  if (inputs.length === 0 || outputs.length === 0) throw refuse(`model ${quote(name)} has no inputs or outputs`);
  return countedFromZero({ name, layers, inputs, outputs }, Array.isArray(nodesOf(list)[0]));
}

/** What the first call in a list of layers is written as. */
function nodesOf(list: readonly unknown[]): unknown[] {
  return list.flatMap((entry) => (record(entry)["inbound_nodes"] as unknown[] | undefined) ?? []);
}

/**
 * A model's description is a call of its own in Keras, the first, from which calls of models within are counted: Keras 3 does so for outputs of functional ones,
 * Keras 2 for all calls of all that know the shape of their inputs.
 */
function countedFromZero(graph: KerasGraph, listed: boolean): KerasGraph {
  const refs = [...graph.outputs, ...graph.layers.flatMap(({ calls }) => calls.flatMap(({ inputs }) => inputs))];
  const shifted = new Set(
    graph.layers
      .filter(({ model, className, name, calls }) => {
        if (model === undefined) return false;
        return listed ? refs.some((ref) => ref.layer === name && ref.call >= calls.length) : className !== "Sequential";
      })
      .map(({ name }) => name),
  );
  const moved = (ref: KerasRef): KerasRef =>
    shifted.has(ref.layer) && ref.call > 0 ? { ...ref, call: ref.call - 1 } : ref;
  const layers = listed
    ? graph.layers.map((layer) => ({
        ...layer,
        calls: layer.calls.map((each) => ({ ...each, inputs: each.inputs.map(moved) })),
      }))
    : graph.layers;
  return { ...graph, layers, outputs: graph.outputs.map(moved) };
}

/** Layers one after the other as a graph; an input is put first where there is none. */
function inLine(name: string, layers: readonly KerasLayer[], shape: unknown, refuse: Refuse): KerasGraph {
  const hasInput = layers[0].className === "InputLayer";
  if (!hasInput && !Array.isArray(shape)) {
    throw refuse(`model ${quote(name)} does not say the shape of its inputs; build it in Keras before it is saved`);
  }
  const start: KerasLayer = hasInput
    ? layers[0]
    : {
        ...{ className: "InputLayer", module: "", name: `${name}_input`, key: "", calls: [], model: undefined },
        settings: { batch_shape: shape },
      };
  const rest = hasInput ? layers.slice(1) : layers;
  let last = start.name;
  const connected = rest.map((layer) => {
    const calls = [{ inputs: [{ layer: last, call: 0, output: 0 }], extras: {} }];
    last = layer.name;
    return { ...layer, calls };
  });
  const ref = (layer: string): KerasRef => ({ layer, call: 0, output: 0 });
  return { name, layers: [start, ...connected], inputs: [ref(start.name)], outputs: [ref(last)] };
}

function inputShapeOf(
  model: Record<string, unknown>,
  settings: Record<string, unknown>,
  layers: readonly KerasLayer[],
): unknown {
  const first = layers[0].settings;
  return (
    first["batch_input_shape"] ??
    first["batch_shape"] ??
    settings["build_input_shape"] ??
    record(model["build_config"])["input_shape"] ??
    layers[0].model?.layers.find((layer) => layer.className === "InputLayer")?.settings["batch_shape"]
  );
}

function layerOf(
  entry: Record<string, unknown>,
  counts: Map<string, number>,
  refuse: Refuse,
  depth: number,
  budget: { left: number },
): KerasLayer {
  const { class_name: className, module = "", inbound_nodes: nodes = [] } = entry;
  const settings = record(entry["config"]);
  const name = entry["name"] ?? settings["name"];
  if (typeof className !== "string" || typeof name !== "string") throw refuse("a layer has no class or no name");
  if (typeof module !== "string" || !Array.isArray(nodes)) throw refuse(`layer ${quote(name)} is described wrongly`);
  const model = MODELS.has(className) ? graphOf(entry, refuse, depth + 1, budget) : undefined;
  let key = name;
  if (!isOperation(module)) {
    const plain = snakeCase(className === "Model" ? "Functional" : className);
    const count = counts.get(plain) ?? 0;
    counts.set(plain, count + 1);
    key = count === 0 ? plain : `${plain}_${count}`;
  }
  const legacy = nodes.some((node) => Array.isArray(node));
  const calls = (nodes as unknown[]).map((node) => (legacy ? listedCall(node, refuse) : call(record(node), refuse)));
  return { className, module, name, settings, calls, model, key };
}

/** Whether it is an operation on tensors, such as their sum, and no layer. */
export function isOperation(module: string): boolean {
  return /\bops\b/.test(module);
}

/** As Keras makes names of classes: Conv2DTranspose to conv2d_transpose, PReLU to p_re_lu. */
export function snakeCase(name: string): string {
  return name
    .replaceAll(/\W+/g, "")
    .replaceAll(/(.)([A-Z][a-z]+)/g, "$1_$2")
    .replaceAll(/([a-z])([A-Z])/g, "$1_$2")
    .toLowerCase();
}

/** A call as Keras 3 has it: { args, kwargs }, in which a tensor says what made it. */
function call(node: Record<string, unknown>, refuse: Refuse): KerasCall {
  const args = Array.isArray(node["args"]) ? (node["args"] as unknown[]) : [];
  const inputs: KerasRef[] = [];
  const others: unknown[] = [];
  for (const arg of args.flat()) {
    const ref = tensorRef(arg, refuse);
    if (ref !== undefined) inputs.push(ref);
    else others.push(arg);
  }
  const extras: Record<string, unknown> = Object.create(null);
  for (const [key, value] of Object.entries(record(node["kwargs"]))) extras[key] = tensorRef(value, refuse) ?? value;
  if (others.some((other) => other !== null)) extras["positional"] = others;
  return { inputs, extras };
}

/** A call as Keras 2 has it: [[layer, call, output, further arguments], ...]. */
function listedCall(node: unknown, refuse: Refuse): KerasCall {
  // One input of a model that was converted may stand without its list.
  const list = Array.isArray(node) && typeof node[0] === "string" ? [node] : node;
  if (!Array.isArray(list)) throw refuse("a call of a layer is described wrongly");
  const extras: Record<string, unknown> = Object.create(null);
  const inputs = (list as unknown[]).map((input) => {
    const ref = ofList(input, refuse);
    const more = Array.isArray(input) ? (input[3] as unknown) : undefined;
    for (const [key, value] of Object.entries(record(more)))
      extras[key] = Array.isArray(value) && typeof value[0] === "string" ? ofList(value, refuse) : value;
    return ref;
  });
  return { inputs, extras };
}

function tensorRef(value: unknown, refuse: Refuse): KerasRef | undefined {
  const { class_name: className, config } = record(value);
  if (className !== "__keras_tensor__") return undefined;
  return ofList(record(config)["keras_history"], refuse);
}

function ofList(value: unknown, refuse: Refuse): KerasRef {
  const [layer, call, output] = Array.isArray(value) ? (value as unknown[]) : [];
  const counts = [call, output].every((count) => Number.isSafeInteger(count) && (count as number) >= 0);
  if (typeof layer !== "string" || !counts) throw refuse("a connection between layers is described wrongly");
  return { layer, call: call as number, output: output as number };
}

/** Inputs or outputs of a model: one, a list, or by name. */
function refsOf(value: unknown, refuse: Refuse): KerasRef[] {
  if (Array.isArray(value) && typeof value[0] === "string") return [ofList(value, refuse)];
  const each = Array.isArray(value) ? (value as unknown[]) : Object.values(record(value));
  return each.flatMap((one) =>
    Array.isArray(one) && Array.isArray(one[0]) ? refsOf(one, refuse) : [ofList(one, refuse)],
  );
}

/** An object's fields; none of what is no object. */
export function record(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}
