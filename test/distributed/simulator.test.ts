// The simulator of bench/distributed: its formulas by hand, and that it replays a schedule.
import { describe, expect, test } from "vitest";
// @ts-expect-error: a script without types
import * as simulator from "../../bench/distributed/simulate.mjs";

const { allReduceSeconds, efficiency, fitNetwork, NETWORKS, pieceSeconds, slowest, stepSeconds } = simulator;
/** 10 microseconds a message, 1 GB/s. */
const network = { alpha: 1e-5, beta: 1e-9 };

describe("an all-reduce", () => {
  test("of few bytes over 8 ranks: three rounds of doubling", () => {
    expect(allReduceSeconds(100, 8, network)).toBeCloseTo(3 * (1e-5 + 100e-9), 12);
  });
  test("of many: 2 log2 p latencies, and 2 (p - 1) / p times the bytes", () => {
    expect(allReduceSeconds(8e6, 8, network)).toBeCloseTo(2 * 3 * 1e-5 + 2 * (7 / 8) * 8e-3, 12);
    // Adding takes time, too.
    expect(allReduceSeconds(8e6, 8, { ...network, gamma: 1e-10 })).toBeCloseTo(6e-5 + (7 / 8) * 8e6 * 2.1e-9, 12);
  });
  test("of one rank, or of nothing, takes no time", () => {
    expect([allReduceSeconds(1e6, 1, network), allReduceSeconds(0, 8, network)]).toEqual([0, 0]);
  });
  test("as bfloat16 is half the bytes, and nearly half the time where bytes count", () => {
    const ratio = pieceSeconds(64e6, 8, network, "bfloat16") / pieceSeconds(64e6, 8, network);
    expect(ratio).toBeGreaterThan(0.5);
    expect(ratio).toBeLessThan(0.51);
  });
});

describe("a step", () => {
  const free = { alpha: 0, beta: 1e-9 };
  /** Two ranks: a piece of n bytes takes n nanoseconds. */
  const pieces = [
    { bytes: 4e6, ready: 0.5 },
    { bytes: 2e6, ready: 1 },
  ];
  const step = { compute: 0.01, update: 0.001, pieces };
  test("the first piece goes beside backward, the second behind it", () => {
    // 4 ms from 5 ms on, 2 ms from 10 ms on; 64 bytes of figures.
    expect(stepSeconds(2, step, free)).toBeCloseTo(0.01 + 0.002 + 64e-9 + 0.001, 9);
  });
  test("where nothing overlaps both wait for its end", () => {
    expect(stepSeconds(2, step, free, { overlap: false })).toBeCloseTo(0.01 + 0.006 + 64e-9 + 0.001, 9);
  });
  test("pieces wait for each other on the line", () => {
    const slow = { alpha: 0, beta: 3e-9 };
    // 12 ms from 5 ms on, then 6 ms.
    expect(stepSeconds(2, step, slow)).toBeCloseTo(0.005 + 0.018 + 3 * 64e-9 + 0.001, 9);
  });
  test("one rank: computing and updating alone, and the efficiency is 1", () => {
    expect(stepSeconds(1, step, free)).toBeCloseTo(0.011, 12);
    expect(efficiency(1, step, free)).toBeCloseTo(1, 12);
  });
  test("accumulated batches send once", () => {
    const once = stepSeconds(2, step, free, { overlap: false });
    expect(stepSeconds(2, step, free, { overlap: false, accumulate: 3 })).toBeCloseTo(once + 0.02 + 2 * 64e-9, 9);
    expect(efficiency(2, step, free, { accumulate: 3 })).toBeGreaterThan(efficiency(2, step, free));
  });
  test("more hosts are never more efficient, and the slowest of them counts", () => {
    let before = 1;
    for (const hosts of [2, 4, 8, 16, 64, 256, 1024]) {
      const now = efficiency(hosts, step, NETWORKS["10 Gbit/s"], { spread: 0.01 });
      expect(now).toBeLessThan(before);
      before = now;
    }
    expect(slowest(64, 0.01)).toBeCloseTo(1 + 0.01 * Math.sqrt(2 * Math.log(64)), 12);
  });
});

test("latency and bandwidth are found again in all-reduces that follow them", () => {
  const sizes = [256, 4096, 65536, 1 << 20, 4 << 20];
  const measured = sizes.map((bytes) => ({ bytes, seconds: 2 * 2 * 3e-6 + 2 * (2 / 3) * bytes * 2e-10 }));
  const { alpha, beta } = fitNetwork(measured, 3);
  expect(alpha).toBeCloseTo(3e-6, 10);
  expect(beta).toBeCloseTo(2e-10, 14);
});
