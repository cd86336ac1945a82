// Parameters of a model as another library would have them.
import { fields, knownOptions, text } from "../../engine/checks.ts";
import { quote } from "../../engine/quote.ts";
import { checkModel, type Model } from "../../nn/model.ts";
import { concat } from "../../ops/join.ts";
import { clone } from "../../ops/views.ts";
import { withRecording } from "../../tensor/graph.ts";
import { scope, type Tensor } from "../../tensor/tensor.ts";
import { pyTorchUnits } from "./pytorch.ts";
import { unitsOf } from "./units.ts";

/** What `pyTorchParameters` may be told. */
export interface PyTorchParametersOptions {
  /** What a layer is called there: `{ "0.dense": "fc1" }`. Default: as it is called here. */
  modules?: Readonly<Record<string, string>>;
}

/**
 * A model's parameters by the names and in the layouts of PyTorch, to write with `writePyTorch` and to take with `load_state_dict`: `fc.weight` [out, in] of
 * a dense layer `fc`, `weight_ih_l0` of a recurrent one, `in_proj_weight` of attention. The second bias of an LSTM, which it does not have here, is 0.
 * @throws Error for a layer that PyTorch does not have, by name; RangeError for a name in `modules` that no layer has.
 * @example
 * ```ts
 * const model = new Sequential([new Dense(2, { name: "fc" })], { inputShape: [3] });
 * const tensors = pyTorchParameters(model);
 * tensors["fc.weight"].shape; // [2, 3]
 * const bytes = writePyTorch(tensors);
 * ```
 */
export function pyTorchParameters(model: Model, options: PyTorchParametersOptions = {}): Record<string, Tensor> {
  const owner = "pyTorchParameters";
  checkModel(owner, model);
  const units = unitsOf(model, pyTorchUnits);
  const { modules = {} } = knownOptions(owner, options, ["modules"]);
  for (const [layer, module] of Object.entries(fields(owner, "modules", modules))) {
    text(owner, `modules.${layer}`, module);
    if (units.some(({ name }) => name === layer)) continue;
    const names = units.map(({ name }) => name).join(", ");
    throw new RangeError(`${owner}: modules: the model has no layer ${quote(layer)}; it has ${names}`);
  }
  return scope(() =>
    withRecording(false, () => {
      const tensors: Record<string, Tensor> = {};
      for (const { name, slots, obstacle } of units) {
        if (obstacle !== undefined) throw new Error(`${owner}: ${name}: ${obstacle}`);
        const parts = new Map<string, Tensor[]>();
        for (const { parameter, ways } of slots) {
          const { theirs, back } = ways[0];
          for (const [i, x] of back(parameter.tensor).entries())
            parts.set(theirs[i], [...(parts.get(theirs[i]) ?? []), x]);
        }
        // Queries, keys and values are one below the other.
        for (const [key, xs] of parts)
          tensors[`${modules[name] ?? name}.${key}`] = xs.length === 1 ? clone(xs[0]) : concat(xs, 0);
      }
      return tensors;
    }),
  );
}
