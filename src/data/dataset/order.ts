// The order of an epoch: a permutation that seed and epoch decide, so that any epoch's can be made again.
import { Generator, random } from "../../tensor/random.ts";
import { scope } from "../../tensor/tensor.ts";

/** Blocks of the random stream that an epoch has for itself: more than any permutation takes. */
const BLOCKS_AN_EPOCH = 2 ** 30;
/** Orders that are remembered: a pass that is prefetched or repeated looks at two. */
const REMEMBERED = 2;

/** The order of each epoch, 0 to n - 1 shuffled, by its number. */
export function orders(n: number, seed: number): (epoch: number) => Int32Array {
  const known = new Map<number, Int32Array>();
  return (epoch) => {
    let order = known.get(epoch);
    if (order === undefined) {
      const generator = new Generator(seed);
      generator.restore({ seed, counter: epoch * BLOCKS_AN_EPOCH });
      order = scope(() => random.permutation(n, { generator }).dataSync() as Int32Array);
      for (const old of known.keys()) if (known.size >= REMEMBERED) known.delete(old);
      known.set(epoch, order);
    }
    return order;
  };
}
