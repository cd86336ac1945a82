import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { scope, zeros } from "../node.ts";
import { Arena, roundToClass } from "./arena.ts";
import { engine } from "./engine.ts";

test("a size class wastes at most a quarter and is a multiple of 64", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 31 }), (bytes) => {
      const size = roundToClass(bytes);
      expect(size).toBeGreaterThanOrEqual(bytes);
      expect(size % 64).toBe(0);
      if (bytes > 256) expect(size).toBeLessThanOrEqual(bytes * 1.25);
    }),
  );
});

test("blocks never overlap, are aligned, and come back after release", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 5000 }), fc.boolean()), { maxLength: 200 }), (requests) => {
      const arena = new Arena(100, 1 << 20, () => 0);
      const live: { address: number; bytes: number }[] = [];
      for (const [bytes, release] of requests) {
        const address = arena.allocate(bytes);
        expect(address % 64).toBe(0);
        expect(address).toBeGreaterThanOrEqual(100);
        for (const other of live) {
          expect(address + bytes <= other.address || other.address + other.bytes <= address).toBe(true);
        }
        live.push({ address, bytes });
        if (release) {
          const [freed] = live.splice(Math.floor(live.length / 2), 1);
          arena.release(freed.address, freed.bytes);
        }
      }
      for (const block of live) arena.release(block.address, block.bytes);
      expect(arena.bytesInUse).toBe(0);
      expect(arena.blocksInUse).toBe(0);
    }),
  );
});

test("a step that frees what it took reaches no further memory in the next step", () => {
  const arena = new Arena(64, 1 << 24, () => 0);
  const step = (): void => {
    const sizes = [10, 100, 4000, 70_000, 4000];
    const addresses = sizes.map((bytes) => arena.allocate(bytes));
    addresses.forEach((address, i) => {
      arena.release(address, sizes[i]);
    });
  };
  step();
  const reached = arena.reachedBytes;
  for (let i = 0; i < 1000; i++) step();
  expect(arena.reachedBytes).toBe(reached);
});

test("where memory can't grow, freed neighbours are joined for a larger block", () => {
  const arena = new Arena(64, 64 + 64 * 1024, () => 0);
  const small = Array.from({ length: 64 }, () => arena.allocate(1024));
  expect(arena.allocate(1024)).toBe(0);
  for (const address of small) arena.release(address, 1024);
  expect(arena.allocate(40_000)).toBeGreaterThan(0);
});

test("memory grows when nothing fits, and says 0 when it can't", () => {
  let length = 1024;
  const arena = new Arena(64, length, (bytes) => {
    if (bytes > 8192) return 0;
    length = bytes;
    return length;
  });
  expect(arena.allocate(4096)).toBeGreaterThan(0);
  expect(length).toBeGreaterThan(4096);
  expect(arena.allocate(1 << 20)).toBe(0);
});

test("what was made and freed is no obstacle to a larger block: memory grows from where the joined blocks begin", () => {
  const GIB = 2 ** 30;
  const arena = new Arena(64, 1 << 20, (bytes) => (bytes <= 4 * GIB ? bytes : 0));
  const first = Array.from({ length: 1024 }, () => arena.allocate(2 ** 20));
  for (const address of first) arena.release(address, 2 ** 20);
  const large = arena.allocate(Math.floor(3.2 * GIB));
  expect(large).toBe(64);
  arena.release(large, Math.floor(3.2 * GIB));
  // Its class would end above 4 GiB.
  expect(roundToClass(3.9 * GIB)).toBe(4 * GIB);
  expect(arena.allocate(Math.floor(3.9 * GIB))).toBe(64);
});

/** What a request occupied: from its address to there. */
interface Block {
  address: number;
  bytes: number;
  end: number;
}

test("a request fails only where no stretch between the live blocks holds it, whatever was made and freed before", () => {
  const [base, most] = [128, 64 * 1024];
  const size = fc.oneof(fc.integer({ min: 0, max: 2000 }), fc.integer({ min: 0, max: most }));
  const request = fc.record({ bytes: size, freed: fc.double({ min: 0, max: 1, noNaN: true }), frees: fc.nat(3) });
  let refused = 0;
  fc.assert(
    fc.property(fc.array(request, { minLength: 20, maxLength: 150 }), (requests) => {
      const arena = new Arena(base, 4096, (bytes) => (bytes <= most ? bytes : 0));
      const live: Block[] = [];
      for (const { bytes, freed, frees } of requests) {
        const before = arena.bytesInUse;
        const address = arena.allocate(bytes);
        live.sort((a, b) => a.address - b.address);
        if (address === 0) {
          refused += 1;
          const starts = [base, ...live.map(({ end }) => end)];
          const ends = [...live.map((block) => block.address), most];
          const longest = Math.max(...starts.map((start, i) => ends[i] - start));
          expect(longest).toBeLessThan(Math.max(64, Math.ceil(bytes / 64) * 64));
          expect(arena.bytesInUse).toBe(before);
        } else {
          const block = { address, bytes, end: address + arena.bytesInUse - before };
          expect(address % 64).toBe(0);
          expect(block.end - address).toBeGreaterThanOrEqual(bytes);
          expect(address >= base && block.end <= most).toBe(true);
          expect(live.some((other) => address < other.end && other.address < block.end)).toBe(false);
          live.push(block);
        }
        for (let i = 0; i < frees && live.length > 0; i++) {
          const [block] = live.splice(Math.floor(freed * (live.length - 1)), 1);
          arena.release(block.address, block.bytes);
        }
        expect(arena.blocksInUse).toBe(live.length);
        expect(arena.bytesInUse).toBe(live.reduce((sum, block) => sum + block.end - block.address, 0));
      }
    }),
  );
  expect(refused).toBeGreaterThan(100);
});

test.each([Number.NaN, -1, 0.5, 1e3 + 0.5, Number.POSITIVE_INFINITY, -(2 ** 40), "8" as never, undefined as never])(
  "a size of %s is refused before anything changes",
  (bytes) => {
    const arena = new Arena(64, 1 << 20, () => 0);
    const first = arena.allocate(100);
    expect(() => arena.allocate(bytes)).toThrow(RangeError);
    expect(() => arena.release(first, bytes)).toThrow(RangeError);
    expect([arena.bytesInUse, arena.blocksInUse, arena.reachedBytes]).toEqual([128, 1, 192]);
    expect(arena.allocate(100)).toBe(192);
  },
);

test("a size larger than any memory is no mistake, there is just no room", () => {
  const arena = new Arena(64, 1 << 20, () => 0);
  for (const bytes of [2 ** 31, 2 ** 32, 2 ** 53, 1e20]) expect(arena.allocate(bytes)).toBe(0);
  expect(arena.allocate(64)).toBe(64);
});

describe("memory that was never used", () => {
  test("is told of the block handed out last, and of no block twice", () => {
    const arena = new Arena(64, 4096, () => 0);
    const first = arena.allocate(1000);
    expect(arena.pristine).toBe(first);
    arena.release(first, 1000);
    expect(arena.allocate(1000)).toBe(first);
    expect(arena.pristine).toBe(0);
    const second = arena.allocate(64);
    expect([second > first, arena.pristine]).toEqual([true, second]);
  });

  test("not where joined blocks have lowered what is in use", () => {
    const arena = new Arena(64, 64 + 2048, () => 0);
    const blocks = [arena.allocate(1024), arena.allocate(1024)];
    for (const address of blocks) arena.release(address, 1024);
    expect(arena.allocate(2048)).toBe(blocks[0]);
    expect(arena.pristine).toBe(0);
  });
});

test("zeros are zeros, on memory that was used and on memory that was not", () => {
  for (let round = 0; round < 3; round++) {
    scope(() => {
      for (const size of [3, 1000, 100_000]) {
        const x = zeros([size]);
        expect(x.dataSync().every((value) => value === 0)).toBe(true);
        engine().fill(x, 1);
      }
    });
  }
});
