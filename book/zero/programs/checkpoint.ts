// Saving a network and going on later, which the series advises and leaves to its reader. Training is in order and draws no random numbers,
// so the weights and the epoch are all there is to keep; JSON holds every float64 number exactly.
import { Random } from "../../random.ts";
import { Network } from "./fc.ts";

interface Checkpoint {
  readonly epoch: number;
  readonly sizes: readonly number[];
  readonly layers: readonly { readonly W: readonly number[]; readonly b: readonly number[] }[];
}

export function saveNetwork(network: Network, epoch: number): string {
  const layers = network.layers.map(({ W, b }) => ({ W: [...W.values], b: [...b.values] }));
  return JSON.stringify({ epoch, sizes: network.sizes, layers } satisfies Checkpoint);
}

/** @throws Error where the text is not what `saveNetwork` wrote. */
export function loadNetwork(text: string): { network: Network; epoch: number } {
  const { epoch, sizes, layers } = JSON.parse(text) as Partial<Checkpoint>;
  if (epoch === undefined || sizes === undefined || layers?.length !== sizes.length - 1) {
    throw new Error("loadNetwork: this is not a checkpoint; give the text that saveNetwork returned");
  }
  const network = new Network(sizes, new Random(0));
  network.layers.forEach((layer, i) => {
    const { W, b } = layers[i];
    if (W.length !== layer.W.values.length || b.length !== layer.b.values.length) {
      throw new Error(`loadNetwork: layer ${i + 1} does not have the sizes ${sizes[i]} and ${sizes[i + 1]}`);
    }
    layer.W.values.set(W);
    layer.b.values.set(b);
  });
  return { network, epoch };
}
