// A recurrent layer in both directions.
import { fields, knownOptions, list, oneOf } from "../../engine/checks.ts";
import { quote } from "../../engine/quote.ts";
import { add, mul } from "../../ops/arithmetic.ts";
import { concat } from "../../ops/join.ts";
import { checkTensors } from "../../tensor/check.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { type CallContext, LAYER_OPTIONS, type LayerConfig, type LayerOptions } from "../base-layer.ts";
import { among, type LayerKind, optional } from "../layer-kind.ts";
import { MultiLayer } from "../multi-layer.ts";
import type { OpenShape } from "../shapes.ts";
import { RecurrentLayer, type RecurrentOptions } from "./recurrent.ts";

/** How the outputs of both directions become one, or "none": they stay two. */
export type BidirectionalMerge = "concat" | "sum" | "average" | "multiply" | "none";

const MERGES: readonly BidirectionalMerge[] = ["concat", "sum", "average", "multiply", "none"];

/** What a bidirectional layer takes beside the layer. */
export interface BidirectionalOptions extends LayerOptions {
  /** Default "concat": the forward outputs first. */
  merge?: BidirectionalMerge;
}

/**
 * A recurrent layer and its mirror image, which reads the sequence from its end (Schuster and Paliwal 1997), each with parameters of its own. Their
 * outputs at a step, or the last of each, are joined: [n, time, 2 units] or [n, 2 units] with `merge: "concat"`, else [..., units];
 * "none" gives both, forward first. Parameters: twice those of the layer, named `forward` and `backward`.
 *
 * The layer has to be a fresh one that reads forward; its options hold for both. Of several layers in one (`layers: 2`) each direction is a stack of
 * its own, and they meet at the top; for layers that each see both directions of the one below, put a bidirectional layer on another.
 * First states go in and, with `returnState`, last ones come out, those of the forward layer before those of the backward one.
 * @throws TypeError for what is no recurrent layer, or an unknown option; RangeError for a layer that reads backward.
 * @example
 * ```ts
 * const layers = [new Bidirectional(new GRU(8)), new Dense(2, { activation: "softmax" })];
 * const model = new Sequential(layers, { inputShape: [null, 3], seed: 1 });
 * model.layers[0].output.shape; // [16]
 * model.call(zeros([4, 6, 3])).shape; // [4, 2]
 * ```
 */
export class Bidirectional extends MultiLayer {
  /** See `BaseLayer`. */
  static override readonly repeatable = true;
  readonly type = "bidirectional";
  readonly merge: BidirectionalMerge;
  private readonly ahead: RecurrentLayer<RecurrentOptions>;
  private readonly back: RecurrentLayer<RecurrentOptions>;

  constructor(layer: RecurrentLayer<RecurrentOptions>, options: BidirectionalOptions = {}) {
    super(options);
    knownOptions("Bidirectional", options, ["merge", ...LAYER_OPTIONS]);
    this.merge = oneOf("Bidirectional", "merge", options.merge ?? "concat", MERGES);
    if (!(layer instanceof RecurrentLayer)) {
      throw new TypeError(`Bidirectional: needs a recurrent layer, such as new LSTM(8), got ${quote(layer)}`);
    }
    if (layer.direction !== "forward") {
      throw new RangeError("Bidirectional: the layer reads backward already; give it one that reads forward");
    }
    this.ahead = this.owns("forward", layer);
    this.back = this.owns("backward", layer.twin({ direction: "backward", name: undefined }));
    if (!layer.trainable) this.back.trainable = false;
  }

  private halves<T>(first: readonly T[]): [T[], T[]] {
    const { stateCount } = this.ahead;
    if (first.length !== 0 && first.length !== 2 * stateCount) {
      throw new RangeError(
        `${this.name}: takes x alone, or x and the first states of the forward layer and of the backward one, ${2 * stateCount} beside x; got ${first.length}`,
      );
    }
    const middle = first.length / 2;
    return [first.slice(0, middle), first.slice(middle)];
  }

  build(inputShapes: readonly OpenShape[]): readonly OpenShape[] {
    const [x, ...first] = list(this.name, "the inputs' shapes", inputShapes);
    const [there, back] = this.halves(first);
    const [y, ...states] = this.ahead.build([x, ...there]);
    this.back.build([x, ...back]);
    const joined = this.merge === "concat" ? y.with(-1, 2 * this.ahead.units) : y;
    return [...(this.merge === "none" ? [y, y] : [joined]), ...states, ...states];
  }

  call(xs: readonly Tensor[], context: CallContext): readonly Tensor[] {
    checkTensors(this.name, "the inputs", xs);
    const [x, ...first] = xs;
    const [there, back] = this.halves(first);
    const [ahead, ...statesAhead] = this.ahead.call([x, ...there], context);
    const [behind, ...statesBehind] = this.back.call([x, ...back], context);
    return [...this.merged(ahead, behind), ...statesAhead, ...statesBehind];
  }

  private merged(a: Tensor, b: Tensor): Tensor[] {
    switch (this.merge) {
      case "concat":
        return [concat([a, b], -1)];
      case "sum":
        return [add(a, b)];
      case "average":
        return [mul(add(a, b), 0.5)];
      case "multiply":
        return [mul(a, b)];
      case "none":
        return [a, b];
    }
  }

  /** See `BaseLayer`. @internal */
  override get readsTimeFirst(): boolean {
    return true;
  }

  config(): LayerConfig {
    return { type: this.type, layer: this.ahead.fullConfig(), merge: this.merge };
  }
}

export const bidirectionalKind: LayerKind = {
  type: "bidirectional",
  settings: {
    layer: (owner, name, value) => fields(owner, name, value as object),
    merge: optional(among(...MERGES)),
  },
  make: ({ layer, merge }, makeLayer) =>
    new Bidirectional(makeLayer(layer as LayerConfig, "Bidirectional") as RecurrentLayer<RecurrentOptions>, {
      merge: merge as BidirectionalMerge | undefined,
    }),
};
