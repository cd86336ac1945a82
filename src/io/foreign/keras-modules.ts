// Tensors of a file of Keras or TensorFlow.js as modules. Since version 3 Keras numbers the variables of a layer (layers/dense_1/vars/0), before it named them
// (dense_1/dense_1/kernel:0), and TensorFlow.js names them too (dense_Dense1/kernel): all become kernel, bias and so on, by layer.
import type { Tensor } from "../../tensor/tensor.ts";
import type { Module } from "./modules.ts";

const BEGINNINGS = /^(model_weights\/|layers\/|_layer_checkpoint_dependencies\/)+/;
/** What is no layer's. */
const OTHERS = /^(optimizer|optimizer_weights|top_level_model_weights|metrics|seed_generator)\/|seed_generator/;
const CELLS = /^_?(cell|(lstm|gru|simple_rnn)_cell(_\d+)?)$/;
const PART = /^_?(query|key|value|attention_output|output)(_dense)?$/;

interface Group {
  readonly name: string;
  readonly tensors: Map<string, Tensor>;
  readonly names: Map<string, string>;
}

export function kerasModules(tensors: Readonly<Record<string, Tensor>>): Module[] {
  const groups = new Map<string, Group>();
  let numbered = false;
  for (const [name, x] of Object.entries(tensors)) {
    if (OTHERS.test(name)) continue;
    const path = name.replaceAll("\\", "/").replace(BEGINNINGS, "").split("/");
    let key = path.pop()!.replace(/:\d+$/, "");
    if (/^\d+$/.test(key) && path.at(-1) === "vars") {
      numbered = true;
      path.pop();
      key = `#${key}`;
    }
    const { module, prefix } = placeOf(path, Object.keys(tensors));
    const group = groups.get(module) ?? {
      name: module,
      tensors: new Map<string, Tensor>(),
      names: new Map<string, string>(),
    };
    group.tensors.set(prefix + key, x);
    group.names.set(prefix + key, name);
    groups.set(module, group);
  }
  const all = [...groups.values()].map(withNames);
  // HDF5 has them in the order of the alphabet, in which dense_10 comes before dense_2.
  if (numbered) all.sort((a, b) => a.name.localeCompare(b.name, "en", { numeric: true }));
  return all.flatMap((group) => {
    const kind = kindOf(group);
    return kind === undefined ? [] : [{ kind, ...group }];
  });
}

/** The layer of a path, and what the names of its tensors begin with there: directions, and parts of attention. */
function placeOf(path: readonly string[], all: readonly string[]): { module: string; prefix: string } {
  let rest = path.filter((part, i) => part !== path[i - 1]);
  if (rest.length > 1 && CELLS.test(rest.at(-1)!)) rest = rest.slice(0, -1);
  const direction = rest.findIndex((part, i) => i > 0 && /^_?(forward|backward)_/.test(part));
  if (direction > 0) {
    const prefix = /^_?forward_/.test(rest[direction]) ? "forward." : "backward.";
    return { module: rest.slice(0, direction).join("/"), prefix };
  }
  const part = rest.length > 1 ? PART.exec(rest.at(-1)!)?.[1] : undefined;
  const parent = rest.slice(0, -1).join("/");
  // A layer may be called output without being one of attention.
  if (part !== undefined && all.some((name) => name.includes(`${parent}/`) && /\/_?query(_dense)?\//.test(name))) {
    return { module: parent, prefix: `${part === "attention_output" ? "output" : part}.` };
  }
  return { module: rest.join("/"), prefix: "" };
}

/** Numbers of variables as their names. */
function withNames(group: Group): Group {
  if (![...group.tensors.keys()].some((key) => key.includes("#"))) return group;
  const prefixes = new Set([...group.tensors.keys()].map((key) => key.slice(0, key.indexOf("#"))));
  const tensors = new Map<string, Tensor>();
  const names = new Map<string, string>();
  for (const prefix of prefixes) {
    const own = [...group.tensors].filter(([key]) => key.startsWith(`${prefix}#`));
    const ranks = own.map(([, x]) => x.rank);
    const known = namesOf(group.name.split("/").at(-1)!.replace(/_\d+$/, ""), ranks);
    own.forEach(([key, x], i) => {
      const name = prefix + (known[i] ?? key.slice(prefix.length));
      tensors.set(name, x);
      names.set(name, group.names.get(key)!);
    });
  }
  return { name: group.name, tensors, names };
}

/** What the variables of a layer are called, told by its class and by how many axes they have. */
function namesOf(layer: string, ranks: readonly number[]): readonly string[] {
  const batch = /batch_?norm/.test(layer);
  if (ranks.every((rank) => rank === 1)) {
    if (ranks.length === 4) return ["gamma", "beta", "moving_mean", "moving_variance"];
    if (ranks.length === 2) return batch ? ["moving_mean", "moving_variance"] : ["gamma", "beta"];
    if (ranks.length === 1) return [/re_?lu/.test(layer) ? "alpha" : "gamma"];
    return [];
  }
  if (/p_?re_?lu/.test(layer)) return ["alpha"];
  if (/embedding/.test(layer)) return ["embeddings"];
  if (ranks[0] === 4 && ranks[1] === 4) return ["depthwise_kernel", "pointwise_kernel", "bias"];
  if (/depthwise/.test(layer)) return ["depthwise_kernel", "bias"];
  if (ranks[0] === 2 && ranks[1] === 2) return ["kernel", "recurrent_kernel", "bias"];
  return ["kernel", "bias"];
}

function kindOf({ name, tensors }: Group): string | undefined {
  const has = (key: string): boolean => [...tensors.keys()].some((each) => each === key || each.endsWith(`.${key}`));
  if (tensors.has("query.kernel")) return "attention";
  if (has("recurrent_kernel")) return "recurrent";
  if (has("moving_mean")) return "batchNormalization";
  if (has("gamma") || has("beta")) return "normalisation";
  if (has("alpha")) return "slopes";
  if (has("embeddings")) return "embedding";
  if (has("pointwise_kernel")) return "separable";
  if (has("depthwise_kernel")) return "depthwise";
  const kernel = tensors.get("kernel");
  if (kernel === undefined) return undefined;
  if (kernel.rank === 2) return "dense";
  return /transpose/i.test(name) ? "transposed" : "convolution";
}
