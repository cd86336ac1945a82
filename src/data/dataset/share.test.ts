// Batches of which one of several processes needs only its rows: the others are not made.
import { expect, test } from "vitest";
import { Dataset } from "../../node.ts";
import { rowsOfRank } from "../shares.ts";

const part = (size: number, rank: number) => (rows: number) => rowsOfRank(rows, size, rank);

async function takenBy(data: Dataset<{ n: unknown }>, size: number, rank: number): Promise<unknown[]> {
  const shared = data.inPart(part(size, rank))!;
  const pass = shared.iterate({ epoch: 0 });
  const found: unknown[] = [];
  for (let held = await pass.take(); held !== undefined; held = await pass.take()) {
    found.push([(held.value.n as { toArray(): number[] }).toArray(), held.share]);
  }
  return found;
}

test("elements that are reached by number are made by the rank alone that trains on them", async () => {
  const made: number[] = [];
  const data = Dataset.from([0, 1, 2, 3, 4, 5, 6])
    .map((n) => {
      made.push(n);
      return { n };
    })
    .batch(5)
    .prefetch(1);
  expect(await takenBy(data, 2, 0)).toEqual([
    [[0, 1, 2], { start: 0, rows: 5 }],
    [[5], { start: 0, rows: 2 }],
  ]);
  expect(made.splice(0)).toEqual([0, 1, 2, 5]);
  expect(await takenBy(data, 2, 1)).toEqual([
    [[3, 4], { start: 3, rows: 5 }],
    [[6], { start: 1, rows: 2 }],
  ]);
  expect(made).toEqual([3, 4, 6]);
});

test("a stream is read by all, and made into a batch in part; what is left out is freed", async () => {
  const data = Dataset.from(function* () {
    for (let n = 0; n < 7; n++) yield { n };
  }).batch(4);
  expect(await takenBy(data, 2, 1)).toEqual([
    [[2, 3], { start: 2, rows: 4 }],
    [[6], { start: 2, rows: 3 }],
  ]);
});

test("the shares of all ranks are the batches, in their shuffled order", async () => {
  const data = Dataset.from([...Array(23).keys()])
    .shuffle({ seed: 4 })
    .map((n) => ({ n }))
    .batch(6);
  const whole: number[][] = [];
  for await (const { n } of data.iterate({ epoch: 0 })) whole.push(n.toArray() as number[]);
  const shares = await Promise.all([0, 1, 2].map((rank) => takenBy(data, 3, rank)));
  const joined = whole.map((_, i) => shares.flatMap((share) => (share[i] as [number[]])[0]));
  expect(joined).toEqual(whole);
});

test("what follows on batches sees them whole: they are not made in part", () => {
  const batches = Dataset.from([1, 2, 3]).batch(2);
  expect(batches.map((n) => n).inPart(part(2, 0))).toBeUndefined();
  expect(batches.batch(2).inPart(part(2, 0))).toBeUndefined();
});
