// Parameters of a model from a file of another library.

import { isFloat } from "../../engine/dtype.ts";
import { quote } from "../../engine/quote.ts";
import type { Model } from "../../nn/model.ts";
import { type Parameter, refuseNonFinite } from "../../nn/parameters.ts";
import { cast } from "../../ops/cast.ts";
import { sameShape } from "../../tensor/shape.ts";
import { scope, type Tensor } from "../../tensor/tensor.ts";
import type { TransferReport } from "../transfer.ts";
import { align, made, wayOf } from "./align.ts";
import { kerasUnits } from "./keras.ts";
import { kerasModules } from "./keras-modules.ts";
import { isCount, type Module, pyTorchModules } from "./modules.ts";
import { pyTorchUnits } from "./pytorch.ts";
import { type Unit, type UnitsOf, unitsOf } from "./units.ts";

/** Libraries whose files parameters are taken from. */
export type ForeignLibrary = "pytorch" | "keras";

const LIBRARIES: Record<
  ForeignLibrary,
  { modulesOf(tensors: Readonly<Record<string, Tensor>>): Module[]; units: UnitsOf }
> = {
  pytorch: { modulesOf: pyTorchModules, units: pyTorchUnits },
  keras: { modulesOf: kerasModules, units: kerasUnits },
};

/** What `loadParameters` may be told of another library's file. */
export interface ForeignOptions {
  from: ForeignLibrary;
  /** The module for a layer, where names and order do not tell: `{ head: "classifier.6" }`. */
  modules?: Readonly<Record<string, string>>;
  /** Only tensors whose names begin so are looked at, for a file of several models: "ema.". */
  prefix?: string;
  allowNonFinite?: boolean;
}

/** Fills what fits, all at once or nothing, and reports. */
export function loadForeign(
  model: Model,
  tensors: Readonly<Record<string, Tensor>>,
  name: string,
  options: ForeignOptions,
): TransferReport {
  const { modulesOf, units: library } = LIBRARIES[options.from];
  const { prefix = "", allowNonFinite = false, modules: wanted = {} } = options;
  const candidates = Object.fromEntries(Object.entries(tensors).filter(([key]) => key.startsWith(prefix)));
  const modules = modulesOf(candidates);
  const units = unitsOf(model, library);
  const nameOf = new Map(model.named.map((each) => [each.parameter, each.name]));
  const report: TransferReport = {
    transferred: [],
    missing: [],
    unexpected: [],
    mismatched: [],
    sources: {},
    notes: [],
  };
  const used = new Set<string>();
  scope(() => {
    const found: { parameter: Parameter; x: Tensor }[] = [];
    const filled = new Set<Parameter>();
    for (const { unit, module } of align(units, modules, chosen(name, units, modules, wanted))) {
      for (const theirs of module.names.values()) used.add(theirs);
      const results = unit.slots.map((slot) => ({ slot, x: made(slot, module), way: wayOf(slot, module) }));
      // A layer is filled whole or not at all, but for what the module does not have, such as a bias.
      const whole = results.every(
        ({ slot, x, way }) =>
          way === undefined || (x !== undefined && isFloat(x.dtype) && sameShape(x.shape, slot.parameter.shape)),
      );
      for (const { slot, x, way } of results) {
        const ours = nameOf.get(slot.parameter)!;
        filled.add(slot.parameter);
        if (whole && x !== undefined) {
          const value = cast(x, slot.parameter.tensor.dtype);
          if (!allowNonFinite) refuseNonFinite(`${name}: parameter ${ours}`, value);
          found.push({ parameter: slot.parameter, x: value });
          report.transferred.push(ours);
          report.sources[ours] = way!.theirs.map((key) => module.names.get(key)!).join(" + ");
        } else if (way === undefined) report.missing.push(ours);
        else {
          const from = x?.shape ?? module.tensors.get(way.theirs[0])!.shape;
          report.mismatched.push({ name: ours, from: [...from], to: [...slot.parameter.shape] });
        }
      }
      const extra = [...module.tensors.keys()].filter((key) => !results.some(({ way }) => way?.theirs.includes(key)));
      if (extra.length > 0) {
        report.notes.push(
          `${unit.name}: ${module.name} also has ${extra.join(", ")}, which the layer has no place for`,
        );
      }
    }
    for (const { name: ours, parameter } of model.named) if (!filled.has(parameter)) report.missing.push(ours);
    if (found.length === 0) throw nothingFits(name, units, modules, options.from);
    for (const { parameter, x } of found) parameter.assign(x);
  });
  for (const key of Object.keys(candidates)) if (!used.has(key) && !isCount(key)) report.unexpected.push(key);
  for (const { name: layer, obstacle } of units) if (obstacle !== undefined) report.notes.push(`${layer}: ${obstacle}`);
  return report;
}

function chosen(
  name: string,
  units: readonly Unit[],
  modules: readonly Module[],
  wanted: Readonly<Record<string, string>>,
): Map<Unit, Module> {
  const pairs = new Map<Unit, Module>();
  for (const [layer, theirs] of Object.entries(wanted)) {
    const unit = units.find((each) => each.name === layer);
    if (unit === undefined) {
      throw new RangeError(
        `${name}: modules: the model has no layer ${quote(layer)}; it has ${units.map((each) => each.name).join(", ")}`,
      );
    }
    const module = modules.find((each) => each.name === theirs);
    if (module === undefined) {
      throw new RangeError(`${name}: modules: the file has no module ${quote(theirs)}; it has ${listed(modules)}`);
    }
    pairs.set(unit, module);
  }
  return pairs;
}

function listed(modules: readonly Module[]): string {
  const names = modules.map((module) => module.name || "one without a name");
  return names.length > 20
    ? `${names.slice(0, 20).join(", ")}, and ${names.length - 20} more`
    : names.join(", ") || "none";
}

function nothingFits(name: string, units: readonly Unit[], modules: readonly Module[], from: ForeignLibrary): Error {
  const obstacles = units.flatMap(({ name: layer, obstacle }) =>
    obstacle === undefined ? [] : [`${layer}: ${obstacle}`],
  );
  const why = obstacles.length > 0 ? `; ${obstacles.join("; ")}` : "";
  return new Error(
    `${name}: nothing in it fits the model as ${from} has it. The model's layers with parameters are ${units.map((unit) => unit.name).join(", ")}; the file's modules are ${listed(modules)}${why}`,
  );
}
