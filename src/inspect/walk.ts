// A model's run layer by layer, models within models opened: whoever watches sees what each layer gives, and may give something else in its place.
import { list, text } from "../engine/checks.ts";
import { quote } from "../engine/quote.ts";
import type { BaseLayer, CallContext } from "../nn/base-layer.ts";
import { Model } from "../nn/model.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** One use of a layer in a model. */
export interface Place {
  /** Its name; within a model that is part of another, behind that one's name: "1.sequential.0.conv2d". Further uses of a shared layer end in #2, #3. */
  readonly name: string;
  readonly layer: BaseLayer;
}

/** Sees the outputs of a layer, and gives those that the run goes on with. */
export type Visitor = (place: Place, outputs: readonly Tensor[]) => readonly Tensor[];

/** The layers' names in this model, as `summary()` has them; a layer may have another in the model that it was made for. */
function namesIn(model: Model): Map<BaseLayer, string> {
  return new Map(model.layers.map((layer, i) => [layer, layer.givenName ?? `${i}.${layer.type}`]));
}

/** Every use of a layer in the order of the run, models within it opened. */
export function placesOf(model: Model, before = ""): Place[] {
  const names = namesIn(model);
  const uses = new Map<BaseLayer, number>();
  return model.plan.steps.flatMap(({ layer }) => {
    const use = (uses.get(layer) ?? 0) + 1;
    uses.set(layer, use);
    const name = `${before}${names.get(layer)!}${use > 1 ? `#${use}` : ""}`;
    return layer instanceof Model ? placesOf(layer, `${name}.`) : [{ name, layer }];
  });
}

/**
 * The places of these names, in the order of the run; all without names.
 * @throws RangeError for a name that there is not, with those that there are.
 */
export function placesNamed(owner: string, model: Model, names: string | readonly string[] | undefined): Place[] {
  const places = placesOf(model);
  if (names === undefined) return places;
  const wanted = typeof names === "string" ? [names] : list(owner, "layers", names);
  for (const name of wanted) {
    text(owner, "the name of a layer", name);
    if (places.some((place) => place.name === name)) continue;
    throw new RangeError(
      `${owner}: the model has no layer ${quote(name)}; it has ${places.map((place) => place.name).join(", ")}`,
    );
  }
  return places.filter(({ name }) => wanted.includes(name));
}

/**
 * Runs batches through the model and shows every layer's outputs to `visit`; with `logits` the model's outputs come without the activation that
 * they end in. Nothing is given back on the way, so this is for batches of a size that one looks at.
 */
export function walk(model: Model, xs: readonly Tensor[], visit: Visitor, logits = false): readonly Tensor[] {
  return run(model, xs, model.contextFor(false), visit, logits, "").outputs;
}

interface Run {
  outputs: readonly Tensor[];
  masks: readonly (Tensor | null)[];
}

function run(
  model: Model,
  xs: readonly Tensor[],
  context: CallContext,
  visit: Visitor,
  logits: boolean,
  before: string,
): Run {
  const { steps, places, makers } = model.plan;
  const names = namesIn(model);
  const uses = new Map<BaseLayer, number>();
  const values: Tensor[] = [...xs];
  const masked = model.makesMasks || (context.masks?.some((mask) => mask !== null) ?? false);
  const masks: (Tensor | null)[] = xs.map((_, i) => context.masks?.[i] ?? null);
  const bare = new Map<number, Tensor>();
  steps.forEach(({ layer, inputs, output }, k) => {
    const given = inputs.map((place) => values[place]);
    const own = masked ? { ...context, masks: inputs.map((place) => masks[place] ?? null) } : context;
    const use = (uses.get(layer) ?? 0) + 1;
    uses.set(layer, use);
    const name = `${before}${names.get(layer)!}${use > 1 ? `#${use}` : ""}`;
    const ends = logits && makers.includes(k);
    let ys: readonly Tensor[];
    let made: readonly (Tensor | null)[] = [];
    if (layer instanceof Model) {
      const inner = run(layer, given, own, visit, ends, `${name}.`);
      ({ outputs: ys, masks: made } = inner);
      if (ends && needsWhole(model, output, ys.length, k)) {
        remember(ys, output);
        ys = layer.forward(given, own);
      }
    } else {
      ys = visit({ name, layer }, ends ? layer.forwardLogits(given, own) : layer.forward(given, own));
      if (masked) made = layer.maskOf(given, ys, own.masks!);
      if (ends && needsWhole(model, output, ys.length, k)) {
        remember(ys, output);
        ys = layer.forward(given, own);
      }
    }
    ys.forEach((y, i) => {
      values[output + i] = y;
      masks[output + i] = made[i] ?? null;
    });
  });
  return {
    outputs: places.map((place) => bare.get(place) ?? values[place]),
    masks: places.map((place) => masks[place] ?? null),
  };

  function remember(ys: readonly Tensor[], output: number): void {
    ys.forEach((y, i) => {
      bare.set(output + i, y);
    });
  }
}

/** Whether a later step goes on from what this one, which gives an output of the model, makes. */
function needsWhole({ plan }: Model, output: number, count: number, k: number): boolean {
  return plan.steps.some((step, j) => j > k && step.inputs.some((place) => place >= output && place < output + count));
}
