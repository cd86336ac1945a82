import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { printCases } from "../../test/tensor/print-cases.ts";
import type { DType } from "../engine/dtype.ts";
import { scope, tensor, zeros } from "../index.ts";
import { formatArray, getPrintOptions, type PrintOptions, setPrintOptions } from "./print.ts";

const defaults = getPrintOptions();
afterEach(() => setPrintOptions(defaults));

const special: Record<string, number> = { nan: Number.NaN, inf: Number.POSITIVE_INFINITY, "-inf": -Infinity };

function elements(text: string, size: number): number[] {
  const written: string | (number | string)[] = JSON.parse(text);
  if (typeof written !== "string") return written.map((value) => (typeof value === "string" ? special[value] : value));
  const step = Number(written.split(" ")[1]);
  return Array.from({ length: size }, (_, i) => i * step);
}

describe("formatArray equals NumPy", () => {
  const cases = printCases
    .slice(1)
    .split(/^# /m)
    .slice(1)
    .map((text) => ({ head: text.slice(0, text.indexOf("\n")), body: text.slice(text.indexOf("\n") + 1, -1) }));

  it("in a few hundred cases", () => expect(cases.length).toBeGreaterThan(300));

  it.each(cases)("$head", ({ head, body }) => {
    const [dtype, shapeText, optionsText, valuesText] = head.split(" | ");
    const [str, repr] = body.split("\n~\n");
    const shape: number[] = JSON.parse(shapeText);
    const size = shape.reduce((product, length) => product * length, 1);
    const values = elements(valuesText, size);
    const options: Partial<PrintOptions> = JSON.parse(optionsText);
    expect(formatArray(values, shape, dtype as DType, options, "str")).toBe(str);
    expect(formatArray(values, shape, dtype as DType, options, "repr")).toBe(repr);
  });
});

describe("formatArray", () => {
  it("writes a matrix in columns", () => {
    expect(formatArray([1, 2.5, -3, 4], [2, 2], "float32")).toBe("[[ 1.   2.5]\n [-3.   4. ]]");
  });

  it("shows the digits that tell a float32 from its float32 neighbours", () => {
    const third = new Float32Array([0.1, 1 / 3]);
    expect(formatArray(third, [2], "float32")).toBe("[0.1        0.33333334]");
    expect(formatArray(third, [2], "float64", { precision: 17 })).toBe("[0.10000000149011612 0.3333333432674408 ]");
  });

  it("rounds a plain number to float32 first", () => {
    expect(formatArray([1e-4], [1], "float32")).toBe(formatArray(new Float32Array([1e-4]), [1], "float32"));
    expect(formatArray([1e39], [], "float32")).toBe("inf");
  });

  it("turns to exponents from 1e8, below 1e-4, and above a ratio of 1000", () => {
    expect(formatArray([1e8], [1], "float64")).toBe("[1.e+08]");
    expect(formatArray([9e-5], [1], "float64")).toBe("[9.e-05]");
    expect(formatArray([1, 1000], [2], "float64")).toBe("[   1. 1000.]");
    expect(formatArray([1, 1001], [2], "float64")).toBe("[1.000e+00 1.001e+03]");
  });

  it("writes a scalar with all its digits, as repr of a 0-d array does not", () => {
    expect(formatArray([1 / 3], [], "float64")).toBe("0.3333333333333333");
    expect(formatArray([1 / 3], [], "float64", {}, "repr")).toBe("tensor(0.33333333, dtype=float64)");
  });

  it("names the dtype unless it is float32 or bool", () => {
    expect(formatArray([1], [1], "float32", {}, "repr")).toBe("tensor([1.])");
    expect(formatArray([1], [1], "bool", {}, "repr")).toBe("tensor([ True])");
    expect(formatArray([1], [1], "int32", {}, "repr")).toBe("tensor([1], dtype=int32)");
    expect(formatArray([], [0, 3], "float64", {}, "repr")).toBe("tensor([], shape=(0, 3), dtype=float64)");
  });

  it("reads only what a summary shows", () => {
    const read = new Set<number>();
    const side = 1000;
    const values = new Proxy({ length: side * side } as ArrayLike<number>, {
      get: (_, index) => {
        read.add(Number(index));
        return Number(index);
      },
    });
    formatArray(values, [side, side], "float32");
    const near = [0, 1, 2, side - 3, side - 2, side - 1];
    expect([...read]).toEqual(near.flatMap((row) => near.map((column) => row * side + column)));
  });

  it("writes a lone float64 with the shortest digits that read back, as JavaScript does", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const text = formatArray([value], [], "float64");
        expect(Number(text)).toBe(value);
        const digits = (written: string) =>
          written
            .replace(/e.*/, "")
            .replace(/\D/g, "")
            .replace(/^0+|0+$/g, "");
        expect(digits(text)).toBe(digits(String(value)));
      }),
    );
  });

  it("writes a lone float32 so that it reads back", () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(Math.fround(Number(formatArray([value], [], "float32")))).toBe(value);
      }),
    );
  });
});

describe("print options", () => {
  it("start as NumPy's", () => {
    expect(getPrintOptions()).toEqual({
      precision: 8,
      threshold: 1000,
      edgeItems: 3,
      lineWidth: 75,
      suppress: false,
      sign: "-",
      floatMode: "maxprec",
    });
  });

  it("hold from setPrintOptions on, and give way to those of a call", () => {
    setPrintOptions({ precision: 2, sign: undefined });
    expect(formatArray([1 / 3], [1], "float32")).toBe("[0.33]");
    expect(formatArray([1 / 3], [1], "float32", { precision: 4 })).toBe("[0.3333]");
    expect(getPrintOptions()).toEqual({ ...defaults, precision: 2 });
  });

  it("are returned as a copy", () => {
    getPrintOptions().precision = 1;
    expect(getPrintOptions().precision).toBe(8);
  });

  it.each([
    [{ precision: 2.5 }, "setPrintOptions: precision is 2.5; it must be an integer >= 0"],
    [{ threshold: Number.NaN }, "setPrintOptions: threshold is NaN; it must be a number >= 0"],
    [{ edgeItems: 0 }, "setPrintOptions: edgeItems is 0; it must be an integer >= 1"],
    [{ lineWidth: -1 }, "setPrintOptions: lineWidth is -1; it must be an integer >= 1 or Infinity"],
    [{ sign: "*" }, 'setPrintOptions: sign is "*"; it must be one of "-", "+", " "'],
    [{ floatMode: "short" }, 'setPrintOptions: floatMode is "short"; it must be one of "maxprec", '],
    [{ suppress: 1 }, "setPrintOptions: suppress is 1; it must be one of true, false"],
    [
      { linewidth: 80 },
      "setPrintOptions: there is no option linewidth (did you mean lineWidth?); the options are precision, threshold, ",
    ],
  ])("refuse %j and stay as they are", (options, message) => {
    expect(() => setPrintOptions(options as Partial<PrintOptions>)).toThrow(message);
    expect(getPrintOptions()).toEqual(defaults);
  });
});

it("JSON.stringify writes a tensor's values, as toArray gives them, wherever it stands", () => {
  const x = tensor([
    [1, 2.5],
    [Number.NaN, -3],
  ]);
  expect(JSON.stringify({ x, flags: tensor([true, false]), one: tensor(7) })).toBe(
    '{"x":[[1,2.5],[null,-3]],"flags":[true,false],"one":7}',
  );
  expect(JSON.stringify(zeros([2, 0]))).toBe("[[],[]]");
});

it("toArray refuses what no JavaScript array holds, and says what does", () => {
  const refused = "toArray: the arrays of shape (134217729,) have 134217729 elements, and JavaScript holds 134217728";
  scope(() => {
    const x = zeros([2 ** 27 + 1], "bool");
    expect(() => x.toArray()).toThrow(refused);
    expect(() => JSON.stringify({ x })).toThrow(refused);
    expect(x.slice(0, 2).toArray()).toEqual([false, false]);
    expect(() => zeros([1e9, 0]).toArray()).toThrow("have 1000000000 elements");
  });
});
