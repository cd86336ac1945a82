// The clamped LSTM against its formulas: c_t = f c_(t-1) + i c~_t, with the gates as they were set.
import { describe, expect, it } from "vitest";
import { logit, readClamped } from "./clamped-lstm.ts";
import { handedBack } from "./handed-back.ts";

const cells = ({ layer }: ReturnType<typeof readClamped>) => layer.cList.slice(1).map(({ values }) => values[0]);

describe("an LSTM with its gates held", () => {
  const closed = { f: 1, i: 1, iElsewhere: 0, o: 1, oElsewhere: 0 };

  it("f = 1, i = 0 keeps the cell exactly, over a hundred words; the output shows it only where it is asked for", () => {
    const read = readClamped(closed, 100);
    const c = cells(read);
    expect(c.slice(0, read.country).every((value) => value === 0)).toBe(true);
    expect(c[read.country]).toBe(Math.tanh(1));
    expect(new Set(c.slice(read.country)).size).toBe(1);
    const h = read.layer.hList.slice(1).map(({ values }) => values[0]);
    expect(h[read.asked]).toBeCloseTo(Math.tanh(Math.tanh(1)), 15);
    expect(h.slice(0, -1).every((value) => value === 0)).toBe(true);
  });

  it("f = 0.9 leaves 0.9^n of it", () => {
    const read = readClamped({ ...closed, f: 0.9 }, 10);
    expect(cells(read)[read.asked]).toBeCloseTo(Math.tanh(1) * 0.9 ** 13, 12);
  });

  it("f = 0 leaves nothing; i = 0 at the country takes nothing in", () => {
    expect(cells(readClamped({ ...closed, f: 0 }, 5)).at(-1)).toBe(0);
    expect(cells(readClamped({ ...closed, i: 0 }, 5)).every((value) => value === 0)).toBe(true);
  });

  it("an input gate that leaks lets other words in", () => {
    const read = readClamped({ ...closed, iElsewhere: 0.2 }, 10);
    expect(new Set(cells(read)).size).toBe(read.words.length);
  });

  it("gates stand between 0 and 1", () => {
    expect(logit(0.5)).toBe(0);
    expect(() => readClamped({ ...closed, f: 1.5 }, 5)).toThrow("logit: a gate stands between 0 and 1, got 1.5");
  });
});

describe("what is handed back", () => {
  it("begins with all of it; open forget gates hand back more than half open ones and the plain layer", () => {
    const { rnn, lstm, halfOpen, gru } = handedBack(3, 8, 24);
    for (const shares of [rnn, lstm, halfOpen, gru]) {
      expect(shares).toHaveLength(24);
      expect(shares[0]).toBe(1);
    }
    expect(lstm[20]).toBeGreaterThan(100 * halfOpen[20]);
    expect(lstm[20]).toBeGreaterThan(rnn[20]);
    // Nothing is lost through a cell whose gate is open.
    expect(handedBack(3, 8, 24, 1e6).lstm[23]).toBeGreaterThan(lstm[23]);
  });
});
