// What layers keep of the steps that a model has read already, so that the next step costs as much as one and not as all before it: the states of
// recurrent layers, the keys and values of causal attention, the place that positions have come to.
import { engine } from "../engine/engine.ts";
import { gather } from "../ops/gather.ts";
import { clone } from "../ops/views.ts";
import { tensor } from "../tensor/create.ts";
import { sameShape } from "../tensor/shape.ts";
import { keep, packed, scope, type Tensor } from "../tensor/tensor.ts";
import type { BaseLayer } from "./base-layer.ts";

/** The memory of one reading of a batch of sequences, in a call's context: see `CallContext.memory`. @internal */
export class StepMemory {
  /** Steps that have been read. */
  position = 0;
  /** Whether what a layer keeps has grown: keys and values do, states don't. */
  grows = false;
  private readonly kept = new Map<BaseLayer, Tensor[]>();

  /** What a layer has kept; undefined before its first step. */
  get(layer: BaseLayer): readonly Tensor[] | undefined {
    return this.kept.get(layer);
  }

  /**
   * Keeps copies. Those of equal shape are written over what was kept, in place: a step that is recorded and replayed reads and writes the same memory.
   */
  set(layer: BaseLayer, values: readonly Tensor[]): void {
    const before = this.kept.get(layer);
    this.kept.set(
      layer,
      values.map((value, i) => {
        const place = before?.[i];
        if (place === undefined || !sameShape(place.shape, value.shape)) {
          this.grows ||= place !== undefined;
          return keep(scope(() => clone(packed(value))));
        }
        engine().copy(packed(value), place);
        place.storage.version += 1;
        return place;
      }),
    );
  }

  /** The sequences of these rows, in this order, as a search over several beginnings needs it. */
  select(rows: readonly number[]): void {
    for (const [layer, values] of this.kept) {
      const chosen = scope(() => {
        const indices = tensor([...rows], "int32");
        return values.map((value) => gather(value, indices));
      });
      this.kept.set(layer, keep(chosen));
    }
  }
}
