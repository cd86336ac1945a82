// Numbers as bfloat16: the upper 16 bits of a float32, rounded to the nearest, ties to even.
import fc from "fast-check";
import { expect, test } from "vitest";
import { engine } from "../engine/engine.ts";
import { tensor, zeros } from "../node.ts";

function packedOf(values: number[]): number[] {
  const out = zeros([2 * values.length], "bool");
  engine().kernel("toBfloat16", "float32", tensor(values), out, values.length);
  const bytes = Uint8Array.from(engine().window(out));
  return [...new Uint16Array(bytes.buffer)];
}

function roundTrip(values: number[]): number[] {
  const wire = zeros([2 * values.length], "bool");
  engine().kernel("toBfloat16", "float32", tensor(values), wire, values.length);
  const out = zeros([values.length]);
  engine().kernel("addBfloat16", "float32", wire, out, values.length);
  return [...(out.dataSync() as Float32Array)];
}

test("bits by the format: 1 is 3f80, -2 is c000, 1/3 is 3eab, ties go to the even neighbour", () => {
  expect(packedOf([1, -2, 1 / 3, 0, 1e38 * 4])).toEqual([0x3f80, 0xc000, 0x3eab, 0, 0x7f80]);
  // Half way between 1 and 1 + 2^-7, and between that and 1 + 2^-6.
  expect(packedOf([1 + 2 ** -8, 1 + 3 * 2 ** -8])).toEqual([0x3f80, 0x3f82]);
  expect(roundTrip([Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN])).toEqual([
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    Number.NaN,
  ]);
});

test("property: off by at most a part in 256, and again the same", () => {
  fc.assert(
    fc.property(
      fc.array(fc.float({ noNaN: true, min: Math.fround(-1e30), max: Math.fround(1e30) }), { minLength: 1 }),
      (values) => {
        const once = roundTrip(values);
        once.forEach((value, i) => {
          expect(Math.abs(value - values[i])).toBeLessThanOrEqual(Math.abs(values[i]) / 256 + 2 ** -133);
        });
        expect(roundTrip(once)).toEqual(once.map((value) => value + 0));
      },
    ),
  );
});

test("what comes is added in float32", () => {
  const wire = zeros([4], "bool");
  engine().kernel("toBfloat16", "float32", tensor([1, 2]), wire, 2);
  const sum = tensor([0.001, 3]);
  engine().kernel("addBfloat16", "float32", wire, sum, 2);
  expect([...(sum.dataSync() as Float32Array)]).toEqual([Math.fround(1.001), 5]);
});
