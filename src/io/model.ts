// A model as safetensors bytes: its parameters by name, its architecture as metadata.
import { bytesOfFile, fields, flag, knownOptions, oneOf, text } from "../engine/checks.ts";
import type { Bytes } from "../engine/dtype.ts";
import { quote } from "../engine/quote.ts";
import { checkModel, type Model, type ModelConfig } from "../nn/model.ts";
import { modelFromConfig } from "../nn/model-config.ts";
import { checkParameters, type LoadOptions } from "../nn/parameters.ts";
import { checkTensor } from "../tensor/check.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { scope } from "../tensor/tensor.ts";
import { type ForeignLibrary, loadForeign } from "./foreign/load.ts";
import { readSafetensors, type SafetensorsFile, type TensorFile, writeSafetensors } from "./safetensors.ts";
import type { TransferReport } from "./transfer.ts";

/** What this version writes; it reads files of up to this version. */
const VERSION = 1;

/** The texts that say what model a file holds. */
export function modelTexts(model: Model): Record<string, string> {
  return { format: "nabla", version: String(VERSION), architecture: architectureOf(model) };
}

function architectureOf(model: Model): string {
  const config = model.config();
  try {
    return JSON.stringify(config);
  } catch (cause) {
    // A layer of one's own answers config() with what is no JSON: a BigInt, a circle, lists without end.
    throw new TypeError(
      `${model.name}: the settings of a layer can't be written as JSON (${(cause as Error).message.split("\n")[0]}); config() gives numbers, text, booleans, null, and lists and objects of such`,
      { cause },
    );
  }
}

/** Throws for a file that was written by a newer version. Those of before it was written have none. */
export function checkVersion(name: string, { version, format }: Readonly<Record<string, string>>): void {
  if (format !== "nabla" || version === undefined) return;
  if (!/^[1-9][0-9]{0,8}$/.test(version))
    throw new Error(`${name}: its version is ${quote(version)}; the file is damaged`);
  if (Number(version) <= VERSION) return;
  throw new Error(
    `${name}: was written by a newer Nabla, its version is ${version} and this one reads up to ${VERSION}; update Nabla`,
  );
}

/**
 * The model as safetensors bytes, parameters and architecture, with text beside them (class names, training figures).
 * Equal models give equal bytes.
 * @example
 * ```ts
 * const model = new Sequential([new Dense(2)], { inputShape: [3], seed: 1 });
 * const bytes = saveModel(model, { classes: "cat, dog" });
 * loadModel(bytes).parameterCount; // 8
 * readSafetensors(bytes).metadata["classes"]; // "cat, dog"
 * ```
 */
export function saveModel(model: Model, metadata: Readonly<Record<string, string>> = {}): Bytes {
  checkModel("saveModel", model);
  const tensors: Record<string, Tensor> = {};
  for (const { name, parameter } of model.named) tensors[name] = parameter.tensor;
  return writeSafetensors(tensors, { ...metadata, ...modelTexts(model) });
}

/**
 * The model from bytes that `saveModel` or `saveTraining` gave. Layers of your own have to be registered before, `registerLayer`.
 * @param name what to call the file in errors.
 * @throws Error if the bytes are damaged, were written by a newer version, hold no architecture, or hold other parameters than it has, or parameters that are NaN or
 * infinite (unless `options.allowNonFinite`).
 * @example
 * ```ts
 * const model = new Sequential([new Dense(2)], { inputShape: [3], seed: 1 });
 * const again = loadModel(saveModel(model));
 * const x = ones([1, 3]);
 * again.call(x).equal(model.call(x)).toArray(); // [[true, true]]
 * ```
 */
export function loadModel(bytes: Uint8Array, name = "model file", options: LoadOptions = {}): Model {
  knownOptions("loadModel", options, ["allowNonFinite"]);
  bytesOfFile("loadModel", bytes);
  text("loadModel", "name", name);
  return scope(() => modelOf(name, readSafetensors(bytes, name), options));
}

/** The model that a file holds. */
export function modelOf(name: string, file: SafetensorsFile, options: LoadOptions): Model {
  checkVersion(name, file.metadata);
  const architecture = file.metadata["architecture"];
  if (architecture === undefined) {
    throw new Error(`${name}: holds tensors but no architecture; build the model yourself and use loadParameters`);
  }
  let config: ModelConfig;
  try {
    config = JSON.parse(architecture) as ModelConfig;
  } catch {
    throw new Error(`${name}: the architecture is not JSON; the file is damaged`);
  }
  let known = false;
  let model: Model;
  try {
    // Nothing is reserved for parameters that the file does not hold.
    model = modelFromConfig(config, 0, (parameters, dtype) => {
      known = true;
      checkParameters(name, parameters, dtype, file.tensors, options);
    });
  } catch (cause) {
    if (known) throw cause;
    throw new Error(`${name}: its architecture can't be built: ${(cause as Error).message}`, { cause });
  }
  for (const each of model.named) each.parameter.assign(file.tensors[each.name]);
  return model;
}

/** What `loadParameters` may be told. */
export interface LoadParametersOptions extends LoadOptions {
  /** What to call the file in errors. */
  name?: string;
  /**
   * The library that wrote the file, "pytorch" or "keras" (TensorFlow.js as well): names and layouts are translated, and what fits is filled.
   * Default: Nabla itself, and everything has to fit.
   */
  from?: ForeignLibrary;
  /** With `from`: the file's module for a layer of the model, where neither names nor order tell: `{ head: "classifier.6" }`. */
  modules?: Readonly<Record<string, string>>;
  /** With `from`: only tensors whose names begin so are looked at, for a file of several models: "ema.". */
  prefix?: string;
}

/**
 * Fills a model's parameters from a file's tensors of the same names and shapes; or, `{ from: "pytorch" }`, `{ from: "keras" }`, from what that library
 * calls and lays out otherwise: matrices of linear layers and filters are turned, gates of recurrent layers put in order, rows behind flattened
 * pictures too. Its modules are found by the layers' names where those agree, otherwise in order, kind by kind, as shapes fit. A layer is filled whole or
 * not at all; what the file does not have, and a last layer for other classes, is left and reported.
 * @param options the file's name in errors, or `LoadParametersOptions`.
 * @returns what fitted. Without `from` that is everything, or an error.
 * @throws Without `from`, Error naming the first parameter that is missing; RangeError for one of another shape, or that is NaN or infinite (unless
 * `options.allowNonFinite`); TypeError for one of another dtype. With it, Error if nothing fits. The model is then as it was.
 * @example
 * ```ts
 * const model = new Sequential([new Dense(1)], { inputShape: [2] });
 * const tensors = { "0.dense.weights": tensor([[1], [2]]), "0.dense.bias": tensor([3]) };
 * loadParameters(model, { tensors, metadata: {} });
 * model.call(tensor([[1, 1]])).toArray(); // [[6]]
 * const theirs = { tensors: { "fc.weight": tensor([[4, 5]]), "fc.bias": tensor([6]) }, metadata: {} };
 * const report = loadParameters(model, theirs, { from: "pytorch" });
 * report.sources["0.dense.weights"]; // "fc.weight"
 * model.call(tensor([[1, 1]])).toArray(); // [[15]]
 * ```
 */
export function loadParameters(
  model: Model,
  file: TensorFile,
  options: string | LoadParametersOptions = {},
  more: LoadOptions = {},
): TransferReport {
  const owner = "loadParameters";
  knownOptions(owner, more, ["allowNonFinite"]);
  const given =
    typeof options === "string" ? { name: options, ...more } : knownOptions(owner, options, LOAD_PARAMETERS);
  const { name = "file", from, modules, prefix, allowNonFinite } = { ...more, ...given };
  checkModel(owner, model);
  const { tensors } = fields(owner, "the file", file);
  fields(owner, "the file's tensors", tensors);
  text(owner, "name", name);
  if (from !== undefined) {
    oneOf(owner, "from", from, ["pytorch", "keras"]);
    for (const [key, x] of Object.entries(tensors)) checkTensor(`${owner}: tensor ${quote(key)}`, x);
    if (prefix !== undefined) text(owner, "prefix", prefix);
    for (const [layer, module] of Object.entries(modules === undefined ? {} : fields(owner, "modules", modules))) {
      text(owner, `modules.${layer}`, module);
    }
    if (allowNonFinite !== undefined) flag(owner, "allowNonFinite", allowNonFinite);
    return loadForeign(model, tensors, name, { from, modules, prefix, allowNonFinite });
  }
  for (const [option, value] of Object.entries({ modules, prefix })) {
    if (value !== undefined) throw new TypeError(`${owner}: ${option} is for files of another library: give from, too`);
  }
  // All are looked at before any is taken: a file that does not fit leaves the model as it was.
  checkParameters(name, model.named, model.dtype, tensors, { allowNonFinite });
  const report: TransferReport = {
    transferred: [],
    missing: [],
    unexpected: [],
    mismatched: [],
    sources: {},
    notes: [],
  };
  for (const each of model.named) {
    each.parameter.assign(tensors[each.name]);
    report.transferred.push(each.name);
    report.sources[each.name] = each.name;
  }
  const known = new Set(report.transferred);
  report.unexpected = Object.keys(tensors).filter((key) => !known.has(key));
  return report;
}

const LOAD_PARAMETERS = ["name", "from", "modules", "prefix", "allowNonFinite"];
