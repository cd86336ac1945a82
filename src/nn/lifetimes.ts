// A long model that is only asked for its outputs needs the memory of a few layers, not of all: what was used for the last time is given back.
import { endEarly, type Storage } from "../engine/storage.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Plan } from "./graph.ts";

/** The values of one run, and which of them are done. */
export class Lifetimes {
  private readonly given: ReadonlySet<Storage>;

  constructor(
    private readonly plan: Plan,
    inputs: readonly Tensor[],
  ) {
    this.given = new Set(inputs.map(({ storage }) => storage));
  }

  /** After step k: ends what no later step uses. Layers may pass on what they were given, or windows on it, so memory counts, not tensors. */
  after(k: number, values: (Tensor | undefined)[], masks: readonly (Tensor | null)[] | null): void {
    const { steps, lastUses, inputs, size } = this.plan;
    const { inputs: used, output } = steps[k];
    const end = k + 1 < steps.length ? steps[k + 1].output : size;
    const done = [...used];
    for (let place = output; place < end; place++) done.push(place);
    for (const place of done) {
      const value = values[place];
      if (value === undefined || place < inputs.length || lastUses[place] > k) continue;
      values[place] = undefined;
      const { storage } = value;
      const inUse =
        this.given.has(storage) ||
        values.some((other) => other?.storage === storage) ||
        (masks?.some((mask) => mask?.storage === storage) ?? false);
      if (!inUse) endEarly(storage);
    }
  }
}
