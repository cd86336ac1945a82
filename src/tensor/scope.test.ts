// Nobody frees memory by hand: what scopes free, what they keep, and what happens to tensors made outside.
import { describe, expect, test } from "vitest";
import { nodePlatform } from "../engine/platform.node.ts";
import { setPlatform } from "../engine/platform.ts";
import {
  add,
  arange,
  backward,
  configureEngine,
  keep,
  memory,
  ones,
  scope,
  type Tensor,
  tensor,
  zeros,
} from "../node.ts";

// Little enough to run out of it quickly.
configureEngine({ maximumBytes: 900 * 2 ** 20 });

/** Lets finalisers run until memory is back at `tensors`, or a while has passed. */
async function settle(done: () => boolean): Promise<void> {
  const { setFlagsFromString } = await import("node:v8");
  const { runInNewContext } = await import("node:vm");
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  for (let i = 0; i < 50 && !done(); i++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

describe("scope", () => {
  test("frees what was made in it and returns a value", () => {
    const before = memory();
    const value = scope(() => ones([100]).add(1).sum().item());
    expect(value).toBe(200);
    expect(memory().tensors).toBe(before.tensors);
    expect(memory().bytes).toBe(before.bytes);
  });

  test("keeps what it returns: a tensor, or tensors in arrays, objects, maps and sets", () => {
    const result = scope(() => {
      const [a, b, c, d, e] = [1, 2, 3, 4, 5].map((value) => tensor([value]));
      return { a, list: [b, { c }], map: new Map([["d", d]]), set: new Set([e]) };
    });
    const { a, list, map, set } = result;
    expect(a.item()).toBe(1);
    expect((list[0] as Tensor).item()).toBe(2);
    expect((list[1] as { c: Tensor }).c.item()).toBe(3);
    expect(map.get("d")!.item()).toBe(4);
    expect([...set][0].item()).toBe(5);
  });

  test("a view that leaves takes its memory with it", () => {
    const part = scope(() => arange(10).slice(2, 4));
    expect(part.toArray()).toEqual([2, 3]);
  });

  test("what leaves an inner scope ends with the outer one", () => {
    let inner: Tensor | undefined;
    scope(() => {
      inner = scope(() => ones([3]));
      expect(inner.sum().item()).toBe(3);
    });
    expect(() => inner!.dataSync()).toThrow(/scope has ended/);
  });

  test("reading after the end says so and says how to keep the tensor", () => {
    const leaked: Tensor[] = [];
    scope(() => {
      leaked.push(add(tensor([1, 2]), 1));
    });
    expect(() => leaked[0].dataSync()).toThrow(
      "data: this tensor's scope has ended, and its memory with it (it was made by add). Return it from scope(() => ...), or call keep(tensor) inside the scope",
    );
    expect(() => leaked[0].add(1)).toThrow(/^add: this tensor's scope has ended/);
  });

  test("keep takes a tensor out of every scope", () => {
    const kept: Tensor[] = [];
    scope(() => {
      scope(() => {
        kept.push(keep(tensor([7])));
      });
    });
    expect(kept[0].item()).toBe(7);
  });

  test("frees everything when the function throws", () => {
    const before = memory().tensors;
    expect(() =>
      scope(() => {
        ones([5]);
        throw new Error("stop");
      }),
    ).toThrow("stop");
    expect(memory().tensors).toBe(before);
  });

  test("refuses an asynchronous function", () => {
    expect(() => scope(async () => ones([1]))).toThrow(/asynchronous/);
  });
});

describe("without a scope", () => {
  test("tensors are reclaimed when they become garbage", async () => {
    await settle(() => false);
    const before = memory().tensors;
    (() => {
      for (let i = 0; i < 1000; i++) zeros([10]);
    })();
    expect(memory().tensors).toBeGreaterThanOrEqual(before + 1000);
    await settle(() => memory().tensors <= before + 10);
    expect(memory().tensors).toBeLessThanOrEqual(before + 10);
  });

  test("a loop that forgets its scope but yields to the event loop stays below 640 MiB", async () => {
    let highest = 0;
    for (let i = 0; i < 2000; i++) {
      zeros([256, 1024]).add(1); // 2 MiB
      if (i % 20 === 0) await new Promise((resolve) => setImmediate(resolve));
      highest = Math.max(highest, memory().bytes);
    }
    expect(highest).toBeLessThan(640 * 2 ** 20);
  });
});

describe("without a scope, in a loop that never waits", () => {
  test("12,000 steps on 1 MiB stay below 300 MiB, where 900 are allowed", () => {
    const x = ones([1 << 18]);
    let y = x;
    let highest = 0;
    for (let i = 0; i < 12_000; i++) {
      y = x.add(i);
      highest = Math.max(highest, memory().bytes);
    }
    expect(highest).toBeLessThan(300 * 2 ** 20);
    expect(y.slice(0, 2).toArray()).toEqual([12_000, 12_000]);
  });

  test("400,000 small tensors are never all there", () => {
    const x = tensor([1]);
    let y = x;
    let most = 0;
    for (let i = 0; i < 400_000; i++) {
      y = x.add(i);
      most = Math.max(most, memory().tensors);
    }
    expect(most).toBeLessThan(270_000);
    expect(y.item()).toBe(400_000);
  });

  test("what is still referred to stays as it is", () => {
    const x = ones([1 << 18]);
    const held: Tensor[] = [];
    for (let i = 0; i < 2000; i++) {
      const y = x.add(i);
      if (i % 100 === 0) held.push(y.slice(7, 8));
    }
    expect(held.map((y) => y.item())).toEqual(Array.from({ length: 20 }, (_, i) => 100 * i + 1));
  });

  test("garbage makes room for an allocation that would fail", () => {
    (() =>
      ones([240, 2 ** 18])
        .sum()
        .item())();
    expect(
      ones([800, 2 ** 18])
        .slice(799)
        .sum()
        .item(),
    ).toBe(2 ** 18);
  });

  test("where garbage can't be collected on demand, the error says what to do, and a turn of the event loop helps", async () => {
    const before = memory().tensors;
    setPlatform({ ...nodePlatform, collector: () => null });
    try {
      const x = ones([1 << 20]);
      const loop = (): void => {
        for (let i = 0; i < 500; i++) x.add(i);
      };
      expect(loop).toThrow(
        /^zeros: out of memory|^add: out of memory: 4\.0 MiB .* scope\(\(\) => \.\.\.\).* the event loop has had a turn.* await new Promise/,
      );
      await settle(() => memory().tensors < before + 10);
      expect(loop).toThrow(RangeError);
    } finally {
      setPlatform(nodePlatform);
    }
    await settle(() => memory().tensors <= before + 2);
    expect(memory().tensors).toBeLessThanOrEqual(before + 2);
  });
});

describe("scopes inside each other", () => {
  const nest = (n: number): number => {
    if (n === 0) return 0;
    return scope(() => {
      tensor([n]).add(1);
      return nest(n - 1);
    });
  };

  test("2,000 are nothing special", () => {
    expect(nest(2000)).toBe(0);
    // The tensors of each leave it for the one around.
    const sum = (n: number): Tensor => (n === 0 ? tensor([0]) : scope(() => sum(n - 1).add(tensor([n]))));
    expect(sum(2000).item()).toBe(2_001_000);
  });

  test("as many as the stack does not hold are named, with what to do, and leave nothing", () => {
    nest(1);
    const before = memory();
    expect(() => nest(100_000)).toThrow(
      /^scope: the stack does not hold more than these \d{3,5} scopes inside each other\..*one scope around the whole recursion/,
    );
    expect(memory()).toMatchObject({ tensors: before.tensors, bytes: before.bytes });
    expect(nest(10)).toBe(0);
  });

  test("another recursion that fills the stack keeps its own error", () => {
    const endless = (): number => 1 + endless();
    expect(() => scope(endless)).toThrow(/call stack/);
  });
});

test("objects that make their own tensors are reclaimed with them", async () => {
  class Holder {
    readonly first = zeros([8192, 1024]); // 32 MiB
    readonly second: Tensor;
    constructor() {
      // Remembers where it was made, and with it who made it.
      this.second = this.first.add(1);
    }
  }
  await settle(() => false);
  const before = memory().tensors;
  for (let i = 0; i < 5; i++) new Holder();
  await settle(() => memory().tensors <= before);
  expect(memory().tensors).toBeLessThanOrEqual(before);
});

test("a hand-written loop of 100,000 steps keeps memory flat", () => {
  const w = tensor([0.5, -0.5]).requireGradient();
  const x = tensor([[1, 2]]);
  const step = (): void =>
    scope(() => {
      backward(x.mul(w).sum());
    });
  step();
  const before = memory();
  for (let i = 0; i < 100_000; i++) step();
  const after = memory();
  expect(after.tensors).toBe(before.tensors);
  expect(after.bytes).toBe(before.bytes);
  expect(after.heldBytes).toBe(before.heldBytes);
});

test("running out of memory names the largest live tensors and the way out", () => {
  expect(() =>
    scope(() => {
      const hold: Tensor[] = [];
      for (let i = 0; i < 64; i++) hold.push(zeros([1024, 4096]));
    }),
  ).toThrow(
    /out of memory: 16\.0 MiB for shape \(1024, 4096\).*smaller batches[\s\S]*16\.0 MiB {2}float32 \(1024, 4096\) made by zeros at .*scope\.test/,
  );
  // and the engine still works
  expect(ones([3]).sum().item()).toBe(3);
});
