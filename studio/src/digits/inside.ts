// What goes on in a network at a picture.
import { scope } from "nabla";
import { filters, layerOutputs, saliency } from "nabla/inspect";
import { batchOf, entryOf } from "./entries.ts";

/** What a layer gives for a picture: maps, or one number a unit. */
export interface LayerView {
  readonly layer: string;
  readonly type: string;
  readonly kind: "maps" | "units";
  readonly height: number;
  readonly width: number;
  /** Of all maps or units. */
  readonly count: number;
  /** The first so many maps; of units one map with all of them. */
  readonly maps: readonly Float32Array[];
}

export type SaliencyMethod = "gradient" | "gradientTimesInput" | "smooth" | "integrated";

export interface Inside {
  readonly layers: readonly LayerView[];
  readonly saliency: Float32Array;
  /** The class that the saliency is of: the one that is answered. */
  readonly digit: number;
  readonly filters: {
    readonly layer: string;
    readonly height: number;
    readonly width: number;
    readonly maps: readonly Float32Array[];
  };
}

const SHOWN = 40;
const PASSING = new Set(["reshape", "flatten", "dropout"]);

/** What goes on in a network at a picture. */
export function inside(id: string, pixels: Float32Array, method: SaliencyMethod): Inside {
  const { model } = entryOf(id);
  return scope(() => {
    const x = batchOf(model, pixels, 1);
    const layers = layerOutputs(model, x)
      .filter(({ type }) => !PASSING.has(type))
      .map(({ layer, type, output }): LayerView => {
        const values = Float32Array.from(output.dataSync() as Float32Array);
        const [, count, height = 1, width = 1] = output.shape;
        if (output.rank < 4) {
          const units = values.length;
          return { layer, type, kind: "units", height: 1, width: units, count: units, maps: [values] };
        }
        const size = height * width;
        const maps = Array.from({ length: Math.min(SHOWN, count) }, (_, c) => values.slice(c * size, (c + 1) * size));
        return { layer, type, kind: "maps", height, width, count, maps };
      });
    const outputs = layers.at(-1)!.maps[0];
    const digit = outputs.indexOf(Math.max(...outputs));
    const map = saliency(model, x, { target: digit, method });
    const { layer, height, width, filters: all } = filters(model);
    return {
      layers,
      saliency: Float32Array.from(map.dataSync() as Float32Array),
      digit,
      filters: { layer, height, width, maps: all.slice(0, SHOWN).map((filter) => Float32Array.from(filter)) },
    };
  });
}
