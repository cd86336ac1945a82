// What a network3 has learnt as a text: the weights and biases of its layers, with their shapes, so that filters of another shape are refused.
import { Matrix } from "../../matrix.ts";
import type { Network } from "./network3.ts";
import { ConvPoolLayer, type Layer } from "./network3-layers.ts";

/** One layer in the file. */
interface Saved {
  /** [filters, maps, height, width], or [inputs, neurons]. */
  readonly shape: readonly number[];
  readonly w: readonly number[];
  readonly b: readonly number[];
}

function shapeOf(layer: Layer): readonly number[] {
  return layer instanceof ConvPoolLayer ? layer.filterShape : layer.w.shape;
}

/** All layers, the softmax last, as JSON. */
export function saveNetwork3(network: Network): string {
  const layers = network.layers.map(
    (layer): Saved => ({ shape: shapeOf(layer), w: [...layer.w.values], b: [...layer.b.values] }),
  );
  return JSON.stringify({ format: "network3", layers });
}

const written = (shape: readonly number[]) =>
  shape.length === 4 ? `${shape[0]} filters of ${shape.slice(1).join("x")}` : shape.join(" to ");

/**
 * Gives the network what the text holds. Nothing is changed unless all of it fits.
 * @throws Error for a text that is none of `saveNetwork3`, or of a network of other layers: it names the layer and both shapes.
 */
export function loadNetwork3(network: Network, text: string): void {
  let file: { format?: unknown; layers?: unknown };
  try {
    file = JSON.parse(text) ?? {};
  } catch (cause) {
    throw new Error(`loadNetwork3: the text is not JSON (${(cause as Error).message})`, { cause });
  }
  if (file.format !== "network3" || !Array.isArray(file.layers)) {
    throw new Error('loadNetwork3: the text holds no network3: format must be "network3", and layers a list');
  }
  const saved = file.layers as Partial<Saved>[];
  if (saved.length !== network.layers.length) {
    throw new Error(`loadNetwork3: the text holds ${saved.length} layers, the network has ${network.layers.length}`);
  }
  network.layers.forEach((layer, l) => {
    const { shape, w, b } = saved[l] ?? {};
    const wanted = shapeOf(layer);
    if (!Array.isArray(shape) || String(shape) !== String(wanted)) {
      throw new Error(
        `loadNetwork3: layer ${l} is saved as ${Array.isArray(shape) ? written(shape) : "no shape"}, the network has ${written(wanted)}; make a network of the saved shape`,
      );
    }
    for (const [name, list, { length }] of [
      ["weights", w, layer.w.values],
      ["biases", b, layer.b.values],
    ] as const) {
      if (!Array.isArray(list) || list.length !== length || !list.every(Number.isFinite)) {
        throw new Error(
          `loadNetwork3: layer ${l} needs ${length} ${name}, all finite numbers; the text holds ${Array.isArray(list) ? list.length : "none"}`,
        );
      }
    }
  });
  network.layers.forEach((layer, l) => {
    layer.w.values.set(saved[l].w!);
    layer.b.values.set(saved[l].b!);
  });
}

/** The filters of a convolutional layer, each a picture [height, width] of one of its maps. */
export function filtersOf(layer: ConvPoolLayer, map = 0): Matrix[] {
  const [filters, maps, height, width] = layer.filterShape;
  if (!Number.isInteger(map) || map < 0 || map >= maps) {
    throw new RangeError(`filtersOf: the layer looks at maps 0 to ${maps - 1}, got ${map}`);
  }
  const size = height * width;
  return Array.from({ length: filters }, (_, f) => {
    const start = (f * maps + map) * size;
    return new Matrix(height, width, layer.w.values.slice(start, start + size));
  });
}
