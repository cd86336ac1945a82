// Pipelines give what was asked for and nothing twice, hold no more than a step needs, and go on where they stood.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { configureEngine } from "../../engine/configure.ts";
import { engine } from "../../engine/engine.ts";
import { arange, memory, ones, scope, type Tensor, tensor, zeros, zerosLike } from "../../index.ts";
import { Dataset } from "./dataset.ts";

configureEngine({ engine: "wasm" });
const numbers = (n: number): number[] => Array.from({ length: n }, (_, k) => k);
const wrong = (value: unknown): never => value as never;
/** Numbers one after the other, which no number reaches. */
const stream = (n: number): Dataset<number> =>
  Dataset.from(async function* () {
    for (let k = 0; k < n; k++) yield k;
  });

describe("sources", () => {
  test("rows of tensors, in objects and arrays", async () => {
    const x = tensor([
      [1, 2],
      [3, 4],
      [5, 6],
    ]);
    const y = tensor([7, 8, 9], "int32");
    const rows = await Dataset.fromTensors({ x, more: [y] }).toArray();
    expect(rows.map((row) => [row.x.toArray(), row.more[0].item()])).toEqual([
      [[1, 2], 7],
      [[3, 4], 8],
      [[5, 6], 9],
    ]);
    const turned = await Dataset.fromTensors(x.T).batch(2).toArray();
    expect(turned[0].toArray()).toEqual([
      [1, 3, 5],
      [2, 4, 6],
    ]);
  });

  test("tensors made in a scope are kept, those of an unequal number are refused", async () => {
    const data = scope(() => Dataset.fromTensors(arange(3)));
    expect((await data.toArray()).map((x) => x.item())).toEqual([0, 1, 2]);
    expect(() => Dataset.fromTensors({ x: ones([2, 3]), y: ones([3]) })).toThrow(
      "Dataset.fromTensors: (2, 3) and (3,) must hold the same number of samples along their first axis",
    );
    expect(() => Dataset.fromTensors({ x: ones([2]), y: wrong([1, 2]) })).toThrow(
      "Dataset.fromTensors: y[0] must be a tensor, got 1; wrap it in tensor(...)",
    );
    expect(() => Dataset.fromTensors(tensor(1))).toThrow("Dataset.fromTensors: the tensor is a scalar and has no rows");
    expect(() => Dataset.fromTensors({ x: 1 })).toThrow("needs a tensor, or an object or array of tensors");
  });

  test("arrays, sets, generators, functions that open them", async () => {
    expect(await Dataset.from([1, 2]).toArray()).toEqual([1, 2]);
    expect(await Dataset.from(new Set([1, 2])).toArray()).toEqual([1, 2]);
    expect(await Dataset.from((epoch: number) => [epoch, epoch + 1]).toArray()).toEqual([0, 1]);
    expect(await Dataset.from(async () => [5]).toArray()).toEqual([5]);
    const again = stream(2);
    expect([await again.toArray(), await again.toArray()]).toEqual([
      [0, 1],
      [0, 1],
    ]);
  });

  test("a generator that is used up is told, and so is what can't be iterated", async () => {
    const once = Dataset.from([1, 2].values());
    expect(await once.toArray()).toEqual([1, 2]);
    await expect(once.toArray()).rejects.toThrow("this iterator was used up by an earlier pass; give a function");
    expect(() => Dataset.from(wrong(class {}))).toThrow("Dataset.from: the source must be a function");
    expect(() => Dataset.from(wrong(5))).toThrow("Dataset.from: must be an array, something to iterate");
    expect(() => Dataset.from(wrong({ x: ones([2]) }))).toThrow("for rows of tensors use Dataset.fromTensors");
    await expect(Dataset.from(wrong(() => 5)).toArray()).rejects.toThrow("what the function returns: must be an array");
  });
});

describe("steps", () => {
  test("map and filter know where an element stands, and may wait", async () => {
    const data = stream(4).filter(async (n) => n !== 1);
    const seen = await data.map(async (n, { index, epoch, batched }) => [n, index, epoch, batched]).toArray();
    expect(seen).toEqual([
      [0, 0, 0, false],
      [2, 1, 0, false],
      [3, 2, 0, false],
    ]);
    expect(
      (
        await data
          .batch(2)
          .map((_, context) => context)
          .iterate({ epoch: 3 })
          .next()
      ).value,
    ).toEqual({
      epoch: 3,
      index: 0,
      samples: 2,
      batched: true,
    });
    await expect(
      Dataset.from([1])
        .filter(wrong(() => 1))
        .toArray(),
    ).rejects.toThrow("Dataset.filter: what the function returns must be true or false, got 1");
  });

  test("take, skip, repeat, concat, zip", async () => {
    for (const data of [Dataset.from(numbers(5)), stream(5)]) {
      expect(await data.take(2).toArray()).toEqual([0, 1]);
      expect(await data.take(9).toArray()).toEqual(numbers(5));
      expect(await data.skip(3).toArray()).toEqual([3, 4]);
      expect(await data.skip(9).toArray()).toEqual([]);
      expect(await data.skip(3).repeat(2).toArray()).toEqual([3, 4, 3, 4]);
      expect(await data.skip(3).repeat().take(5).toArray()).toEqual([3, 4, 3, 4, 3]);
      expect(await data.take(1).concat(data.skip(4), data.take(0)).toArray()).toEqual([0, 4]);
      expect(await Dataset.zip([data, data.skip(3)]).toArray()).toEqual([
        [0, 3],
        [1, 4],
      ]);
    }
    expect(await stream(0).repeat().toArray()).toEqual([]);
    expect(Dataset.from(numbers(5)).skip(1).repeat(3).batch(5).size).toBe(3);
    expect(Dataset.from(numbers(7)).batch(2, { dropLast: true }).size).toBe(3);
    expect(stream(3).size).toBeUndefined();
    await expect(Dataset.from([1]).repeat().toArray()).rejects.toThrow("the elements have no end");
  });

  test("shuffle: every element once, another order every epoch, the same for the same seed", async () => {
    for (const data of [Dataset.from(numbers(100)), stream(100)]) {
      const shuffled = data.shuffle(30, { seed: 4 });
      const [first, second] = [await shuffled.toArray(), await shuffled.toArray()];
      expect(first).not.toEqual(numbers(100));
      expect(second).not.toEqual(first);
      expect([...second].sort((a, b) => a - b)).toEqual(numbers(100));
      const again = data.shuffle(30, { seed: 4 });
      expect([await again.toArray(), await again.toArray()]).toEqual([first, second]);
      expect(await data.shuffle(30, { seed: 5 }).toArray()).not.toEqual(first);
    }
    const [pass] = [Dataset.from(numbers(50)).shuffle({ seed: 1 }).repeat(2)];
    const both = await pass.toArray();
    expect(both.slice(0, 50)).not.toEqual(both.slice(50));
    expect(() => stream(3).shuffle()).toThrow("say how many it holds, shuffle(1000)");
  });

  test("a buffer of n draws from the next n only", async () => {
    const drawn = await stream(200).shuffle(10, { seed: 1 }).toArray();
    drawn.forEach((value, k) => {
      expect(value).toBeLessThan(k + 10);
    });
    expect(await stream(20).shuffle(1).toArray()).toEqual(numbers(20));
  });

  test("prefetch runs ahead by so many and hands errors on in their place", async () => {
    let made = 0;
    const counted = stream(10).map((n) => {
      made += 1;
      if (n === 5) throw new Error("the sixth");
      return n;
    });
    const pass = counted.prefetch(2).iterate();
    expect((await pass.next()).value).toBe(0);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(made).toBe(3);
    for (const n of [1, 2, 3, 4]) expect((await pass.next()).value).toBe(n);
    await expect(pass.next()).rejects.toThrow("the sixth");
    expect(await pass.next()).toEqual({ done: true, value: undefined });
    expect(await stream(5).prefetch(20).toArray()).toEqual(numbers(5));
  });

  test("calls that do not wait are answered in their order", async () => {
    const pass = stream(4).prefetch(2).iterate();
    const results = await Promise.all([pass.next(), pass.next(), pass.next(), pass.next(), pass.next()]);
    expect(results.map(({ value }) => value)).toEqual([0, 1, 2, 3, undefined]);
  });

  test("leaving a loop closes what is behind it", async () => {
    let closed = 0;
    const data = Dataset.from(function* () {
      try {
        yield* numbers(10);
      } finally {
        closed += 1;
      }
    });
    for await (const n of data
      .map((n) => n)
      .shuffle(3)
      .batch(2)
      .prefetch(2))
      if (n) break;
    expect(closed).toBe(1);
    await data.take(2).toArray();
    expect(closed).toBe(2);
    await expect(data.map(() => Promise.reject(new Error("mine"))).toArray()).rejects.toThrow("mine");
    expect(closed).toBe(3);
  });
});

describe("batches", () => {
  test("numbers, vectors, typed arrays, tensors, text, objects, booleans", async () => {
    const elements = numbers(3).map((k) => ({
      number: k,
      vector: [k, k + 1],
      typed: Int32Array.of(k),
      tensor: ones([2]).mul(k),
      text: `${k}`,
      pair: [tensor(k), k > 0] as const,
    }));
    const [batch, last] = await Dataset.from(elements).batch(2).toArray();
    expect(batch.number.toArray()).toEqual([0, 1]);
    expect(batch.number.dtype).toBe("float32");
    expect(batch.vector.toArray()).toEqual([
      [0, 1],
      [1, 2],
    ]);
    expect(batch.typed.dtype).toBe("int32");
    expect(batch.tensor.toArray()).toEqual([
      [0, 0],
      [1, 1],
    ]);
    expect(batch.text).toEqual(["0", "1"]);
    expect(batch.pair[0].toArray()).toEqual([0, 1]);
    expect(batch.pair[1].toArray()).toEqual([false, true]);
    expect(last.vector.shape).toEqual([1, 2]);
    expect(await Dataset.from(elements).batch(2, { dropLast: true }).toArray()).toHaveLength(1);
  });

  test("rows of tensors are gathered to the same as one by one", async () => {
    const rows = Dataset.fromTensors({ x: arange(40).reshape([10, 4]), y: arange(10, undefined, 1, "int32") });
    const gathered = rows.shuffle({ seed: 3 }).skip(1).batch(4);
    const stacked = rows
      .shuffle({ seed: 3 })
      .skip(1)
      .map((row) => row)
      .batch(4);
    const values = async (data: typeof gathered) =>
      (await data.toArray()).map(({ x, y }) => [x.toArray(), y.toArray(), y.dtype]);
    expect(await values(gathered)).toEqual(await values(stacked));
  });

  test("what is unlike is named", async () => {
    const batchOf = (...elements: unknown[]) => Dataset.from(elements).batch(9).toArray();
    await expect(batchOf(ones([2]), ones([3]))).rejects.toThrow(
      "Dataset.batch: elements of shapes (2,) and (3,) can't lie in one batch (number 1 of the batch differs from number 0); for sequences of unequal length use paddedBatch or bucketByLength",
    );
    await expect(batchOf({ x: 1 }, { z: 1 })).rejects.toThrow("elements must be alike to lie in one batch");
    await expect(batchOf({ x: [1] }, { x: "a" })).rejects.toThrow('x must hold numbers, got "a"');
    await expect(batchOf(1, true)).rejects.toThrow("one is 1, another true");
    await expect(batchOf(ones([1]), tensor([1], "int32"))).rejects.toThrow("dtypes float32 and int32");
    const circle: unknown[] = [];
    circle.push(circle);
    await expect(batchOf(circle)).rejects.toThrow("nested deeper than 16");
  });

  test("paddedBatch fills up to the longest, or to a length", async () => {
    const data = Dataset.from([
      { x: [1, 2, 3], y: 0 },
      { x: [4], y: 1 },
    ]);
    const [batch] = await data.paddedBatch(2, { padding: { x: -1 }, lengthsOf: "x" }).toArray();
    expect(batch.x.toArray()).toEqual([
      [1, 2, 3],
      [4, -1, -1],
    ]);
    expect([batch.lengths?.toArray(), batch.lengths?.dtype]).toEqual([[3, 1], "int32"]);
    expect((await data.paddedBatch(2, { length: 5 }).toArray())[0].x.shape).toEqual([2, 5]);
    await expect(data.paddedBatch(2, { length: 2 }).toArray()).rejects.toThrow(
      "x of length 3 is longer than the length of 2",
    );
    await expect(data.paddedBatch(2, { lengthsOf: "z" }).toArray()).rejects.toThrow('lengthsOf is "z"');
    const vectors = Dataset.from([ones([2, 3]), ones([1, 3])]).paddedBatch(2);
    expect((await vectors.toArray())[0].sum([1, 2]).toArray()).toEqual([6, 3]);
  });

  test("bucketByLength puts like lengths together", async () => {
    const words = Dataset.from(["a", "bbb", "cc", "dddd", "eeeee", "f"]).map((word) => ({
      x: Array.from(word, (_, k) => k + 1),
    }));
    const batches = await words.bucketByLength({ boundaries: [2, 5], batchSize: [2, 3] }).toArray();
    expect(batches.map(({ x }) => x.shape)).toEqual([
      [2, 2],
      [3, 5],
      [1, 1],
    ]);
    const whole = await words.bucketByLength({ boundaries: [2, 5], batchSize: 2, dropLast: true }).toArray();
    expect(whole).toHaveLength(2);
    await expect(words.bucketByLength({ boundaries: [3], batchSize: 2 }).toArray()).rejects.toThrow(
      "element 3 of the pass has length 4; a length must be a whole number of at most 3, the last boundary",
    );
    expect(() => words.bucketByLength({ boundaries: [3, 3], batchSize: 2 })).toThrow("boundaries[1]");
    expect(() => words.bucketByLength({ boundaries: [3], batchSize: [1, 2] })).toThrow("one for all or one for each");
  });
});

describe("memory", () => {
  const batches = (): Dataset<{ x: Tensor; y: Tensor }> =>
    Dataset.fromTensors({ x: ones([4000, 256]), y: zeros([4000]) })
      .shuffle({ seed: 1 })
      .map(({ x, y }) => ({ x: x.mul(2).add(1), y }))
      .batch(4)
      .map(({ x, y }) => ({ x: x.sub(1), y }));

  test("1,000 batches leave nothing behind in forEach, wherever they are left", async () => {
    const data = batches();
    const before = memory().tensors;
    let seen = 0;
    await data.forEach(({ x }) => {
      expect(x.mul(3).shape).toEqual([4, 256]);
      seen += 1;
    });
    expect(seen).toBe(1000);
    expect(memory().tensors).toBe(before);
    await expect(
      data.prefetch(5).forEach(async ({ x }, k) => {
        x.add(1);
        await Promise.resolve();
        if (k === 10) throw new Error("enough");
      }),
    ).rejects.toThrow("enough");
    expect(memory().tensors).toBe(before);
    const failing = data.map(({ x }, { index }) => {
      if (index === 3) throw new Error("mine");
      return x.add(1);
    });
    await expect(failing.forEach(() => {})).rejects.toThrow("mine");
    await data
      .shuffle(3)
      .filter(({ x }) => x.sum().item() < 0)
      .forEach(() => {});
    expect(memory().tensors).toBe(before);
  });

  test("in for await, what nothing refers to any more is given back", async () => {
    const { reclaimable, bytes } = memory();
    let kept: Tensor | undefined;
    for await (const { x } of batches()) kept ??= x;
    const after = memory();
    // What is not reclaimable would never end.
    expect(after.bytes - after.reclaimable).toBe(bytes - reclaimable);
    expect(kept?.sum().item()).toBe(2 * 4 * 256);
    expect(kept?.storage.address).not.toBe(0);
  });

  test("views that an element shares with its result live as long as the result", async () => {
    const data = Dataset.from([1, 2])
      .map((n) => zeros([2]).add(n))
      .map((x) => ({ view: x.reshape([1, 2]), again: x }));
    const before = memory().tensors;
    await data.forEach(({ view, again }) => {
      expect(view.toArray()).toEqual([again.toArray()]);
    });
    expect(memory().tensors).toBe(before);
    expect(engine().read(zerosLike(ones([1])))).toEqual(Float32Array.of(0));
  });
});

describe("state and restore", () => {
  test("in the middle of any epoch, exactly the rest", async () => {
    const data = stream(20).shuffle(7, { seed: 2 }).batch(3);
    await data.toArray();
    const pass = data.iterate();
    await pass.next();
    await pass.next();
    const state = pass.state();
    expect(state).toEqual({ epoch: 1, taken: 2 });
    const left: unknown[] = [];
    for await (const batch of pass) left.push(batch.toArray());
    const restored: unknown[] = [];
    for await (const batch of data.restore(state)) restored.push(batch.toArray());
    expect(restored).toEqual(left);
    expect(left).toHaveLength(5);
    expect(data.iterate().state().epoch).toBe(2);
  });

  test("map is not called for what is passed over where elements are reached by number", async () => {
    const calls: number[] = [];
    const data = Dataset.from(numbers(100))
      .shuffle({ seed: 1 })
      .map((n) => {
        calls.push(n);
        return n;
      });
    const whole = await data.toArray();
    calls.length = 0;
    const rest: number[] = [];
    for await (const n of data.restore({ epoch: 0, taken: 98 })) rest.push(n);
    expect(rest).toEqual(whole.slice(98));
    expect(calls).toHaveLength(2);
  });

  test("a state that is none", () => {
    expect(() => Dataset.from([1]).restore(wrong({ epoch: -1, taken: 0 }))).toThrow("Dataset.restore: epoch must be");
    expect(() => Dataset.from([1]).restore(wrong(null))).toThrow("the state, { epoch, taken }, must be an object");
  });

  // Steps of numbers to numbers, in any order.
  type Step = (data: Dataset<number>) => Dataset<number>;
  const steps: readonly [string, Step][] = [
    ["map", (data) => data.map((n, { index, epoch }) => 3 * n + index + epoch)],
    ["async map", (data) => data.map(async (n) => n + 1)],
    ["filter", (data) => data.filter((n) => n % 3 !== 0)],
    ["shuffle", (data) => data.shuffle(4, { seed: 9 })],
    ["take", (data) => data.take(11)],
    ["skip", (data) => data.skip(2)],
    ["repeat", (data) => data.repeat(2)],
    ["endless", (data) => data.repeat().take(25)],
    ["concat", (data) => data.concat(data.take(3))],
    ["zip", (data) => Dataset.zip([data, data.skip(1)]).map(([a, b]) => a * 31 + b)],
    ["prefetch", (data) => data.prefetch(3)],
    ["batch", (data) => data.batch(3).map((batch) => batch.sum().item())],
    ["whole batches", (data) => data.batch(4, { dropLast: true }).map((batch) => batch.get(0).item())],
    [
      "buckets",
      (data) =>
        data
          .bucketByLength({ boundaries: [2, 5], batchSize: 3, length: (n) => (Math.abs(n) % 5) + 1 })
          .map((batch) => (batch as unknown as Tensor).sum().item()),
    ],
  ];

  test("property: any chain of steps goes on from anywhere", async () => {
    const chain = fc.array(fc.integer({ min: 0, max: steps.length - 1 }), { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(
        chain,
        fc.boolean(),
        fc.nat(14),
        fc.nat(2),
        fc.nat(60),
        async (which, asStream, n, epoch, cut) => {
          let data = asStream ? stream(n) : Dataset.from(numbers(n));
          for (const k of which) data = steps[k][1](data);
          const all: number[] = [];
          const pass = data.iterate({ epoch });
          const taken = cut % 9;
          let state = pass.state();
          for await (const value of pass) {
            all.push(value);
            if (all.length === taken) state = pass.state();
          }
          if (data.size !== undefined) expect(all).toHaveLength(data.size);
          const rest: number[] = [];
          for await (const value of data.restore(state)) rest.push(value);
          expect(rest).toEqual(all.slice(state.taken));
        },
      ),
      { numRuns: 300 },
    );
  });
});

test("wrong arguments are named", () => {
  const data = Dataset.from([1]);
  expect(() => data.batch(0)).toThrow("Dataset.batch: the size must be a whole number of at least 1, got 0");
  expect(() => data.batch(2, wrong({ dropRemainder: true }))).toThrow(
    "Dataset.batch: there is no option dropRemainder (here it is dropLast)",
  );
  expect(() => data.shuffle(wrong({ reshuffle: true }))).toThrow("there is no option reshuffle");
  expect(() => data.map(wrong(1))).toThrow("Dataset.map: the argument must be a function, got 1");
  expect(() => data.concat(wrong([2]))).toThrow("Dataset.concat: must be a Dataset, got [2]");
  expect(() => Dataset.zip(wrong(3))).toThrow("Dataset.zip: takes an object or array of datasets, got 3");
  expect(() => data.paddedBatch(2, { padding: wrong("x") })).toThrow("padding must be a number, or numbers by entry");
});
