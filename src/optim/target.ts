// What an optimiser updates, as stretches of contiguous numbers: one kernel call each. A model's block has as many stretches as it has rules
// (weight decay or not, parameter groups); loose tensors are one stretch each, their gradients gathered in one buffer.

import { knownOptions, list, notNegative } from "../engine/checks.ts";
import type { DType } from "../engine/dtype.ts";
import { quote } from "../engine/quote.ts";
import { checkBlock, type Parameter, type ParameterBlock } from "../nn/parameters.ts";
import { type Tensor, windowOf } from "../tensor/tensor.ts";

/** Parameters with rules of their own. The first group that a parameter belongs to holds. */
export interface ParameterGroup {
  /** Parameters whose name (`0.dense.weights`) it finds. Either this or `parameters`. */
  match?: RegExp;
  /** These parameters. */
  parameters?: readonly Parameter[];
  /** Times the optimiser's learning rate; 0 freezes. Default 1. */
  learningRateFactor?: number;
  /** For every parameter of the group, biases too; default: the optimiser's, where the parameter takes part in weight decay. */
  weightDecay?: number;
  /** As `weightDecay`. */
  l1?: number;
}

/** What sets one stretch apart from its neighbours. */
interface Rule {
  /** Whether the optimiser's own weight decay and l1 apply. */
  decay: boolean;
  group: ParameterGroup | undefined;
}

/** Contiguous numbers under one rule. */
export interface Stretch extends Rule {
  values: Tensor;
  gradients: Tensor;
  /** First element, in the gradients and in the optimiser's memory. */
  start: number;
  length: number;
}

export interface Target {
  /** What it was laid out for: a block, or a list of tensors. */
  source: object;
  /** How often the rules of the source had changed. */
  version: number;
  dtype: DType;
  size: number;
  /** All gradients, [size]. */
  gradients: Tensor;
  stretches: readonly Stretch[];
}

/** Each group in a line, equal for equal rules: what a saved state is compared by. */
export function describeGroups(groups: readonly ParameterGroup[]): string[] {
  return groups.map(({ match, parameters, learningRateFactor = 1, weightDecay, l1 }) => {
    const names = match ? String(match) : parameters!.map((parameter) => parameter.name).join(" ");
    const rules = { learningRateFactor, weightDecay, l1 };
    return `${names} ${JSON.stringify(rules)}`;
  });
}

/** @throws TypeError, RangeError for a group without parameters or with impossible numbers. */
export function checkGroups(owner: string, groups: readonly ParameterGroup[]): readonly ParameterGroup[] {
  if (!Array.isArray(groups)) throw new TypeError(`${owner}: groups must be a list of parameter groups`);
  Array.from(groups).forEach((group: ParameterGroup, i) => {
    const name = `${owner}: groups[${i}]`;
    knownOptions(name, group, ["match", "parameters", "learningRateFactor", "weightDecay", "l1"]);
    if ((group.match === undefined) === (group.parameters === undefined)) {
      throw new TypeError(`${name}: name its parameters by either match (a regular expression) or parameters (a list)`);
    }
    if (group.match !== undefined && !(group.match instanceof RegExp)) {
      throw new TypeError(`${name}: match must be a regular expression, got ${quote(group.match)}`);
    }
    if (group.parameters !== undefined) list(name, "parameters", group.parameters);
    for (const setting of ["learningRateFactor", "weightDecay", "l1"] as const) {
      if (group[setting] !== undefined) notNegative(name, setting, group[setting]);
    }
  });
  return groups;
}

function belongs(parameter: Parameter, group: ParameterGroup): boolean {
  // search() ignores the g and y flags, with which test() would remember where it stopped.
  return group.match ? parameter.name.search(group.match) >= 0 : group.parameters!.includes(parameter);
}

/**
 * Lays a model's block out: its ranges, cut where parameter groups begin and end. `decays`: whether the optimiser has a weight decay or l1 of its own; without,
 * ranges that differ in nothing else are one stretch.
 */
export function targetOfBlock(
  owner: string,
  block: ParameterBlock,
  groups: readonly ParameterGroup[],
  decays: boolean,
): Target {
  checkBlock(owner, block);
  for (const group of groups) {
    if (block.parameters.some((parameter) => belongs(parameter, group))) continue;
    const names = block.parameters.map((parameter) => parameter.name).join(", ");
    const what = group.match ? `parameter that ${String(group.match)} finds` : "parameter of the list given";
    throw new Error(`${owner}: the model has no ${what}; it has ${names || "none at all"}`);
  }
  const origin = block.values.offset;
  const starts = block.parameters
    .filter((parameter) => parameter.size > 0)
    .map((parameter) => ({ parameter, start: parameter.tensor.offset - origin }))
    .sort((a, b) => a.start - b.start);
  const stretches: Stretch[] = [];
  /** Frozen parameters are under no rule: they are in no stretch. */
  const FROZEN: ParameterGroup = {};
  const add = (from: number, end: number, rule: Rule): void => {
    if (end === from || rule.group === FROZEN) return;
    const last = stretches.at(-1);
    const joins =
      last !== undefined && last.start + last.length === from && last.decay === rule.decay && last.group === rule.group;
    const start = joins ? last.start : from;
    if (joins) stretches.pop();
    const length = end - start;
    const values = windowOf(block.values, [length], origin + start, null);
    const gradients = windowOf(block.gradients, [length], block.gradients.offset + start, null);
    stretches.push({ ...rule, values, gradients, start, length });
  };
  for (const range of block.ranges) {
    const rangeEnd = range.start + range.length;
    const decay = decays && range.decay;
    let start = range.start;
    let group: ParameterGroup | undefined;
    for (const each of starts) {
      if (each.start < range.start || each.start >= rangeEnd) continue;
      const next = each.parameter.frozen ? FROZEN : groups.find((candidate) => belongs(each.parameter, candidate));
      if (next !== group) {
        add(start, each.start, { decay, group });
        start = each.start;
        group = next;
      }
    }
    add(start, rangeEnd, { decay, group });
  }
  return {
    source: block,
    version: block.version,
    dtype: block.dtype,
    size: block.values.size,
    gradients: block.gradients,
    stretches,
  };
}
