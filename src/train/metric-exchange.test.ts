import fc from "fast-check";
import { expect, test } from "vitest";
import { scope, tensor } from "../node.ts";
import { decodeInput, encodeInput } from "./metric-exchange.ts";

const bits = (values: ArrayBufferView): number[] => [
  ...new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
];

test("a batch comes out as it went in, whatever its shapes, dtypes and numbers", () => {
  const lengths = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 3 });
  const dtype = fc.constantFrom("float32" as const, "float64" as const, "int32" as const);
  const values = fc.infiniteStream(fc.double());
  const classes = fc.option(fc.array(fc.integer({ min: -3, max: 2 ** 31 - 1 }), { maxLength: 9 }), { nil: null });
  fc.assert(
    fc.property(
      lengths,
      dtype,
      lengths,
      dtype,
      values,
      classes,
      (shape, kind, shapeOfTargets, kindOfTargets, of, given) => {
        scope(() => {
          const make = (shape: number[], dtype: "float32" | "float64" | "int32") => {
            const size = shape.reduce((product, n) => product * n, 1);
            return tensor(
              Float64Array.from({ length: size }, () => of.next().value),
              { dtype, shape },
            );
          };
          const input = {
            outputs: make(shape, kind),
            targets: make(shapeOfTargets, kindOfTargets),
            classes: given === null ? null : Int32Array.from(given),
          };
          // Behind other bytes, as it arrives.
          const sent = encodeInput(input);
          const arrived = new Uint8Array(sent.length + 8);
          arrived.set(sent, 8);
          const back = decodeInput(arrived.subarray(8));
          expect(back.classes).toEqual(input.classes);
          for (const name of ["outputs", "targets"] as const) {
            expect([back[name].shape, back[name].dtype]).toEqual([input[name].shape, input[name].dtype]);
            expect(bits(back[name].dataSync())).toEqual(bits(input[name].dataSync()));
          }
        });
      },
    ),
  );
});
