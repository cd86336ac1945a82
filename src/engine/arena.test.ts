import fc from "fast-check";
import { expect, test } from "vitest";
import { Arena, roundToClass } from "./arena.ts";

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
