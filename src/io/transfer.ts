// What one model has learnt, for another: parameters by name, as far as they fit.
import { callable, knownOptions } from "../engine/checks.ts";
import { isFloat } from "../engine/dtype.ts";
import { quote } from "../engine/quote.ts";
import { checkModel, Model } from "../nn/model.ts";
import { cast } from "../ops/cast.ts";
import { type Shape, sameShape } from "../tensor/shape.ts";
import { scope, Tensor } from "../tensor/tensor.ts";
import type { SafetensorsFile } from "./safetensors.ts";

/** What `transfer` takes. */
export interface TransferOptions {
  /**
   * Which parameters are wanted: those of the target whose names a regular expression finds; or a function from the name in the target to
   * the name in the source, or null for those to leave as they are. Default: all, by the same names.
   */
  match?: RegExp | ((name: string) => string | null);
}

/** What `transfer` did. */
export interface TransferReport {
  /** Parameters of the target that were filled. */
  transferred: string[];
  /** Wanted parameters of the target that the source does not have. */
  missing: string[];
  /** Parameters of the source that nothing was filled from. */
  unexpected: string[];
  /** Parameters that both have, in different shapes; the target's were left. */
  mismatched: { name: string; from: Shape; to: Shape }[];
  /** What each filled parameter is called in the source; several names where it is made of several tensors. */
  sources: Record<string, string>;
  /** What else is to be known: layers that another library does not have, or has in another form. */
  notes: string[];
}

/**
 * Fills a model's parameters, and what its layers keep, from another's or a file's of the same names and shapes, and reports what fitted;
 * what did not is left as it is. Other floating-point types are converted. Freeze what is to stay: `model.layer(name).trainable = false`.
 * @param from a model, or what `readSafetensors` gives.
 * @throws TypeError for what is neither, or options that there are not.
 * @example
 * ```ts
 * const [x, z] = [input([4]), input([4])];
 * const digits = new Model({ inputs: x, outputs: new Dense(10, { name: "head" }).apply(new Dense(8, { name: "body" }).apply(x)) });
 * const letters = new Model({ inputs: z, outputs: new Dense(26, { name: "head" }).apply(new Dense(8, { name: "body" }).apply(z)) });
 * const report = transfer(digits, letters);
 * report.transferred; // ["body.weights", "body.bias"]
 * report.mismatched[0]; // { name: "head.weights", from: [8, 10], to: [8, 26] }
 * ```
 */
export function transfer(from: Model | SafetensorsFile, to: Model, options: TransferOptions = {}): TransferReport {
  const owner = "transfer";
  knownOptions(owner, options, ["match"]);
  checkModel(owner, to);
  const sources = sourcesOf(owner, from);
  const { match } = options;
  if (match !== undefined && !(match instanceof RegExp)) callable(owner, "match", match);
  // search() ignores the g and y flags, with which test() would remember where it stopped.
  const sourceOf = (name: string): string | null =>
    match === undefined ? name : match instanceof RegExp ? (name.search(match) >= 0 ? name : null) : match(name);
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
    for (const { name, parameter } of to.named) {
      const source = sourceOf(name);
      if (source === null) continue;
      const values = sources.get(source);
      if (values === undefined) {
        report.missing.push(name);
        continue;
      }
      used.add(source);
      if (!sameShape(values.shape, parameter.shape) || !isFloat(values.dtype)) {
        report.mismatched.push({ name, from: [...values.shape], to: [...parameter.shape] });
        continue;
      }
      parameter.assign(cast(values, parameter.tensor.dtype));
      report.transferred.push(name);
      report.sources[name] = source;
    }
  });
  for (const name of sources.keys()) if (!used.has(name)) report.unexpected.push(name);
  return report;
}

function sourcesOf(owner: string, from: Model | SafetensorsFile): Map<string, Tensor> {
  if (from instanceof Model) return new Map(from.named.map(({ name, parameter }) => [name, parameter.tensor]));
  const tensors: unknown = (from as SafetensorsFile | null)?.tensors;
  if (typeof tensors === "object" && tensors !== null && Object.values(tensors).every((x) => x instanceof Tensor)) {
    // What belongs to an optimiser is no parameter.
    return new Map(
      Object.entries(tensors as Record<string, Tensor>).filter(([name]) => !name.startsWith("optimizer.")),
    );
  }
  throw new TypeError(
    `${owner}: needs a model, or what readSafetensors gives, to take parameters from; got ${quote(from)}`,
  );
}
