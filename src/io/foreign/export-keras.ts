// Parameters of a model as Keras would have them, by the names of its files: numbered by class and variable.
import { fields, knownOptions } from "../../engine/checks.ts";
import { checkModel, type Model } from "../../nn/model.ts";
import { concat } from "../../ops/join.ts";
import { clone } from "../../ops/views.ts";
import { withRecording } from "../../tensor/graph.ts";
import { scope, type Tensor } from "../../tensor/tensor.ts";
import { kerasUnits } from "./keras.ts";
import { type Unit, unitsOf } from "./units.ts";

/** What `kerasParameters` may be told. */
export interface KerasParametersOptions {
  /**
   * Names in the file for those of parameters here, as `loadParameters(model, file, { from: "keras" })` and `kerasModel` report them in `sources`: for a model
   * that came from Keras, whatever it is called there.
   */
  sources?: Readonly<Record<string, string>>;
}

/** Classes of Keras by the types of layers here; parts of other layers by their kinds. */
const CLASSES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    ...{ conv1d: "conv1d", conv2d: "conv2d", conv2dTranspose: "conv2d_transpose", depthwiseConv2d: "depthwise_conv2d" },
    ...{ separableConv2d: "separable_conv2d", batchNormalization: "batch_normalization", prelu: "p_re_lu" },
    ...{ groupNormalization: "group_normalization", lstm: "lstm", gru: "gru", simpleRNN: "simple_rnn" },
    ...{ bidirectional: "bidirectional", embedding: "embedding", positionEmbedding: "embedding", dense: "dense" },
    ...{ attention: "multi_head_attention", normalisation: "layer_normalization" },
  }),
);

/**
 * A model's parameters by the names and in the layouts of Keras' weights files, to write with `writeKeras` and to take with `load_weights` in a Keras model of the same layers
 * in the same order: `layers/dense/vars/0` [in, out], `layers/conv2d/vars/0` [height, width, in, filters]. Layers are counted by class, as Keras counts them.
 * @throws Error for a layer that Keras does not have, by name.
 * @example
 * ```ts
 * const model = new Sequential([new Dense(3), new Dense(2)], { inputShape: [4] });
 * Object.keys(kerasParameters(model)); // ["layers/dense/vars/0", "layers/dense/vars/1", "layers/dense_1/vars/0", "layers/dense_1/vars/1"]
 * ```
 */
export function kerasParameters(model: Model, options: KerasParametersOptions = {}): Record<string, Tensor> {
  const owner = "kerasParameters";
  checkModel(owner, model);
  const { sources } = knownOptions(owner, options, ["sources"]);
  if (sources !== undefined) fields(owner, "sources", sources);
  const units = unitsOf(model, kerasUnits);
  const names = new Map(model.named.map((each) => [each.parameter, each.name]));
  const counts = new Map<string, number>();
  return scope(() =>
    withRecording(false, () => {
      const tensors: Record<string, Tensor> = Object.create(null);
      for (const unit of units) {
        if (unit.obstacle !== undefined) throw new Error(`${owner}: ${unit.name}: ${unit.obstacle}`);
        const parts = new Map<string, Tensor[]>();
        const given = new Map<string, string>();
        for (const { parameter, ways } of unit.slots) {
          const [{ theirs, back }] = ways;
          for (const [i, x] of back(parameter.tensor).entries())
            parts.set(theirs[i], [...(parts.get(theirs[i]) ?? []), x]);
          const source = sources?.[names.get(parameter)!];
          if (source !== undefined && theirs.length === 1) given.set(theirs[0], source);
        }
        if (parts.size === 0) continue;
        const paths = pathsOf(unit, [...parts.keys()], counts);
        for (const [key, xs] of parts) {
          // The two biases of a GRU are one below the other.
          const x = xs.length === 1 ? clone(xs[0]) : concat(xs, 0);
          if (sources === undefined) tensors[paths.get(key)!] = x;
          else if (given.has(key)) tensors[given.get(key)!] = x;
        }
      }
      return tensors;
    }),
  );
}

/** Where Keras keeps each variable of a layer. */
function pathsOf(
  { kinds, type = "", within }: Unit,
  keys: readonly string[],
  counts: Map<string, number>,
): Map<string, string> {
  const wrapped = within === "timeDistributed";
  const name = wrapped ? "time_distributed" : (CLASSES.get(type) ?? CLASSES.get(kinds[0])!);
  const count = counts.get(name) ?? 0;
  counts.set(name, count + 1);
  const layer = `layers/${count === 0 ? name : `${name}_${count}`}${wrapped ? "/layer" : ""}`;
  const cell = ["lstm", "gru", "simpleRNN"].includes(type) ? "/cell" : "";
  const numbers = new Map<string, number>();
  return new Map(
    keys.map((key) => {
      const [part] = key.includes(".") ? key.split(".") : [""];
      const inside =
        part === "" ? cell : part === "forward" || part === "backward" ? `/${part}_layer/cell` : `/${part}_dense`;
      const number = numbers.get(inside) ?? 0;
      numbers.set(inside, number + 1);
      return [key, `${layer}${inside}/vars/${number}`] as const;
    }),
  );
}
