// Which module of a file is which layer of a model: by name where the names agree, otherwise in order, among those of one kind whose shapes fit.
import { sameShape } from "../../tensor/shape.ts";
import { scope, type Tensor } from "../../tensor/tensor.ts";
import type { Module } from "./modules.ts";
import type { Slot, Unit, Way } from "./units.ts";

/** A layer and the module that it is filled from. */
export interface Pair {
  readonly unit: Unit;
  readonly module: Module;
}

/** The way that a parameter can be made, if the module has what it takes. */
export function wayOf(slot: Slot, module: Module): Way | undefined {
  return slot.ways.find(({ theirs }) => theirs.every((key) => module.tensors.has(key)));
}

/** The parameter of the module's tensors; undefined where they are missing or of no shape that can become one. */
export function made(slot: Slot, module: Module): Tensor | undefined {
  const way = wayOf(slot, module);
  return way?.make(way.theirs.map((key) => module.tensors.get(key)!));
}

/** Whether a module has all that a layer needs, in the right shapes, and nothing beside it. */
function fits(unit: Unit, module: Module): boolean {
  const used = new Set(unit.slots.flatMap((slot) => wayOf(slot, module)?.theirs ?? []));
  if (used.size !== module.tensors.size) return false;
  return scope(() =>
    unit.slots.every((slot) => {
      const x = made(slot, module);
      return x !== undefined && sameShape(x.shape, slot.parameter.shape);
    }),
  );
}

const plain = (name: string): string => name.replaceAll(/[^A-Za-z0-9]+/g, "_");

/** Whether a module's name is the layer's, or ends in it, dots and underscores being alike. */
function isNamed(unit: Unit, module: Module): boolean {
  const [ours, theirs] = [plain(unit.name), plain(module.name)];
  return theirs === ours || theirs.endsWith(`_${ours}`);
}

/**
 * The pairs, layers in their order.
 * @param chosen modules by layer where the caller says so.
 */
export function align(units: readonly Unit[], modules: readonly Module[], chosen: ReadonlyMap<Unit, Module>): Pair[] {
  const pairs = new Map<Unit, Module>(chosen);
  const taken = new Set<Module>(chosen.values());
  const kinds = [...new Set(modules.map(({ kind }) => kind))];
  const open = (kind: string): [Unit[], Module[]] => [
    units.filter((unit) => !pairs.has(unit) && unit.kinds.includes(kind)),
    modules.filter((module) => !taken.has(module) && module.kind === kind),
  ];
  const pair = (unit: Unit, module: Module): void => {
    pairs.set(unit, module);
    taken.add(module);
  };
  for (const kind of kinds) {
    const [ours, theirs] = open(kind);
    for (const unit of ours) {
      const named = theirs.filter((module) => isNamed(unit, module));
      if (named.length === 1 && ours.filter((other) => isNamed(other, named[0])).length === 1) pair(unit, named[0]);
    }
  }
  for (const kind of kinds) for (const [unit, module] of longestCommon(...open(kind), fits)) pair(unit, module);
  // What is left over of one kind belongs together, but for its shape: a last layer for other classes.
  for (const kind of kinds) {
    const [ours, theirs] = open(kind);
    for (let k = 0; k < Math.min(ours.length, theirs.length); k++) pair(ours[k], theirs[k]);
  }
  return units.flatMap((unit) => {
    const module = pairs.get(unit);
    return module === undefined ? [] : [{ unit, module }];
  });
}

/** As many pairs as there can be without exchanging an order (Wagner and Fischer 1974); of equally many those that come first. */
function longestCommon<A, B>(as: readonly A[], bs: readonly B[], equal: (a: A, b: B) => boolean): [A, B][] {
  const same = as.map((a) => bs.map((b) => equal(a, b)));
  const most = Array.from({ length: as.length + 1 }, () => new Uint32Array(bs.length + 1));
  for (let i = as.length - 1; i >= 0; i--) {
    for (let j = bs.length - 1; j >= 0; j--) {
      most[i][j] = same[i][j] ? most[i + 1][j + 1] + 1 : Math.max(most[i + 1][j], most[i][j + 1]);
    }
  }
  const pairs: [A, B][] = [];
  for (let i = 0, j = 0; i < as.length && j < bs.length; ) {
    if (same[i][j]) pairs.push([as[i++], bs[j++]]);
    else if (most[i + 1][j] >= most[i][j + 1]) i++;
    else j++;
  }
  return pairs;
}
