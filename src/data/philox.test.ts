import { describe, expect, it } from "vitest";
import { philox } from "../engine/philox.ts";
import { philoxStream } from "./philox.ts";

function block(key: [number, number], counter: [number, number, number, number]): string[] {
  const out = new Uint32Array(4);
  philox(out, ...key, ...counter);
  return Array.from(out, (word) => word.toString(16).padStart(8, "0"));
}

describe("Philox4x32-10 gives the known answers of Random123", () => {
  it("key 0, counter 0", () => {
    expect(block([0, 0], [0, 0, 0, 0])).toEqual(["6627e8d5", "e169c58d", "bc57ac4c", "9b00dbd8"]);
  });
  it("all bits set", () => {
    const f = 0xffffffff;
    expect(block([f, f], [f, f, f, f])).toEqual(["408f276d", "41c83b0e", "a20bc7c6", "6d5451fd"]);
  });
  it("the digits of pi", () => {
    expect(block([0xa4093822, 0x299f31d0], [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344])).toEqual([
      "d16cfe09",
      "94fdcceb",
      "5001e420",
      "24126ea1",
    ]);
  });
});

describe("a Philox stream", () => {
  it("gives the same numbers after seek, and others for another index, purpose or seed", () => {
    const stream = philoxStream(7);
    const take = (index: number, purpose: number, from = stream) => {
      from.seek(index, purpose);
      return Array.from({ length: 6 }, () => from.word());
    };
    const first = take(3, 0);
    expect(take(4, 0)).not.toEqual(first);
    expect(take(3, 1)).not.toEqual(first);
    expect(take(3, 0, philoxStream(8))).not.toEqual(first);
    expect(take(3, 0, philoxStream(7 + 2 ** 32))).not.toEqual(first);
    expect(take(3, 0)).toEqual(first);
  });

  it("bell has mean 0 and variance 1", () => {
    const stream = philoxStream(1);
    const values = Array.from({ length: 20000 }, () => stream.bell());
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    expect(Math.abs(mean)).toBeLessThan(0.03);
    expect(Math.abs(variance - 1)).toBeLessThan(0.03);
  });

  it.each([-1, 1.5, Number.NaN, 2 ** 53])("refuses the seed %d", (seed) => {
    expect(() => philoxStream(seed)).toThrow(`seed ${seed} is not usable`);
  });
});
