// Running ahead: what comes next is made while the caller waits for something else, such as a file to be read.
import { end, type Held } from "./held.ts";
import type { Stage } from "./stage.ts";

/** Keeps up to `count` elements ready, made one after the other in the background. */
export function prefetched<T>(stage: Stage<T>, count: number): Stage<T> {
  const { size, batch, at, gather } = stage;
  const share: Stage<T>["share"] = stage.share && ((pick) => prefetched(stage.share!(pick), count));
  return {
    ...{ size, batch, at, gather, share },
    open(epoch) {
      const flow = stage.open(epoch);
      const ready: Promise<Held<T> | undefined>[] = [];
      // Each waits for the one before: a flow is asked one thing at a time.
      let last: Promise<unknown> = Promise.resolve();
      let over = false;
      const fill = (): void => {
        while (!over && ready.length < count) {
          const element = last.then(() => (over ? undefined : flow.next()));
          last = element.catch(() => {
            over = true;
          });
          ready.push(element);
        }
      };
      return {
        async next() {
          fill();
          const element = await ready.shift();
          if (element === undefined) over = true;
          fill();
          return element;
        },
        async skip(wanted) {
          let passed = 0;
          for (; passed < wanted && ready.length > 0; passed++) {
            const element = await ready.shift();
            if (element === undefined) return passed;
            end(element);
          }
          return passed + (await flow.skip(wanted - passed));
        },
        async close() {
          over = true;
          await last;
          for (const made of await Promise.allSettled(ready.splice(0))) {
            if (made.status === "fulfilled" && made.value !== undefined) end(made.value);
          }
          await flow.close();
        },
      };
    },
  };
}
