// Shuffling: by number where elements are reached by number, which moves no data, else through a buffer from which one is drawn at a time.
import { philoxStream } from "../philox.ts";
import { end, type Held } from "./held.ts";
import { orders } from "./order.ts";
import { numbered, type Stage, skipByTaking } from "./stage.ts";

/** All elements in an order that seed and epoch decide. */
export function reordered<T>(stage: Stage<T>, seed: number): Stage<T> {
  const { size, batch } = stage;
  const at = stage.at!;
  const { gather } = stage;
  const orderOf = orders(size!, seed);
  return numbered(
    size!,
    batch,
    (index, epoch) => at(orderOf(epoch)[index], epoch),
    gather &&
      ((indices, epoch) => {
        const order = orderOf(epoch);
        return gather(
          indices.map((index) => order[index]),
          epoch,
        );
      }),
  );
}

/** Elements drawn from a buffer that is filled up as long as there are more. */
export function buffered<T>(stage: Stage<T>, buffer: number, seed: number): Stage<T> {
  return {
    size: stage.size,
    batch: stage.batch,
    open(epoch) {
      const flow = stage.open(epoch);
      const stream = philoxStream(seed);
      stream.seek(epoch, SHUFFLING);
      const held: Held<T>[] = [];
      let more = true;
      const next = async (): Promise<Held<T> | undefined> => {
        while (more && held.length < buffer) {
          const element = await flow.next();
          if (element === undefined) more = false;
          else held.push(element);
        }
        if (held.length === 0) return undefined;
        const drawn = stream.below(held.length);
        const element = held[drawn];
        const last = held.pop()!;
        if (drawn < held.length) held[drawn] = last;
        return element;
      };
      return {
        next,
        skip: (count) => skipByTaking({ next }, count),
        async close() {
          more = false;
          for (const element of held.splice(0)) end(element);
          await flow.close();
        },
      };
    },
  };
}

/** Which of a seed's random streams is for shuffling. */
const SHUFFLING = 0x73687566;
