// Tensors of a file as modules: those whose names begin alike, with the kind of layer that they are told by.
import type { Tensor } from "../../tensor/tensor.ts";

/** A module of another library. */
export interface Module {
  readonly name: string;
  readonly kind: string;
  /** By their names within the module. */
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** What they are called in the file. */
  readonly names: ReadonlyMap<string, string>;
}

/** Counts of the library's own, which no parameter is made of. */
const COUNTS = /(^|\.)num_batches_tracked$/;

/** Modules in a file of PyTorch, in its order. */
export function pyTorchModules(tensors: Readonly<Record<string, Tensor>>): Module[] {
  const groups = new Map<string, { tensors: Map<string, Tensor>; names: Map<string, string> }>();
  for (const [name, x] of Object.entries(tensors)) {
    if (COUNTS.test(name)) continue;
    const dot = name.lastIndexOf(".");
    const [module, key] = [name.slice(0, Math.max(dot, 0)), name.slice(dot + 1)];
    const group = groups.get(module) ?? { tensors: new Map<string, Tensor>(), names: new Map<string, string>() };
    group.tensors.set(key, x);
    group.names.set(key, name);
    groups.set(module, group);
  }
  // What attention ends in is a module of its own within it.
  for (const [module, group] of groups) {
    if (!group.tensors.has("in_proj_weight") && !group.tensors.has("q_proj_weight")) continue;
    const inner = module === "" ? "out_proj" : `${module}.out_proj`;
    for (const [key, x] of groups.get(inner)?.tensors ?? []) {
      group.tensors.set(`out_proj.${key}`, x);
      group.names.set(`out_proj.${key}`, `${inner}.${key}`);
    }
    groups.delete(inner);
  }
  return [...groups].flatMap(([name, group]) => {
    const kind = pyTorchKind(group.tensors);
    return kind === undefined ? [] : [{ name, kind, ...group }];
  });
}

function pyTorchKind(tensors: ReadonlyMap<string, Tensor>): string | undefined {
  if (tensors.has("weight_ih_l0")) return "recurrent";
  if (tensors.has("in_proj_weight") || tensors.has("q_proj_weight")) return "attention";
  if (tensors.has("running_mean")) return "batchNormalization";
  const weight = tensors.get("weight");
  if (weight === undefined) return undefined;
  if (weight.rank >= 3) return "convolution";
  if (weight.rank === 2) return "matrix";
  return tensors.has("bias") ? "normalisation" : "slopes";
}

/** Which of a library's own counts a name is: nothing that is missed. */
export function isCount(name: string): boolean {
  return COUNTS.test(name);
}
