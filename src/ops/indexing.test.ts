// Indexing against NumPy's rules written out in loops, the array examples of "Deep Learning from Scratch", and gradients against differences.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { describeGolden } from "../../test/golden.ts";
import { goldenRunners } from "../../test/golden-runners.ts";
import * as nb from "../node.ts";
import { arange, type Index, newAxis, sum, type Tensor, tensor, zeros } from "../node.ts";

describeGolden("index", goldenRunners.index);

describe("arrays as the notes on Deep Learning from Scratch use them", () => {
  test("creation from nested lists: shape, ndim, size, dtype", () => {
    const a = tensor([
      [1, 2],
      [3, 4],
    ]);
    expect(a.shape).toEqual([2, 2]);
    expect(a.ndim).toBe(2);
    expect(a.size).toBe(4);
    expect(a.dtype).toBe("float32");
    expect(String(a)).toBe("[[1. 2.]\n [3. 4.]]");
  });

  test("element by element: + - * /", () => {
    const x = tensor([1, 2, 3]);
    const y = tensor([2, 4, 6]);
    expect(x.add(y).toArray()).toEqual([3, 6, 9]);
    expect(x.sub(y).toArray()).toEqual([-1, -2, -3]);
    expect(x.mul(y).toArray()).toEqual([2, 8, 18]);
    expect(x.div(y).toArray()).toEqual([0.5, 0.5, 0.5]);
    expect(x.div(2).toArray()).toEqual([0.5, 1, 1.5]);
  });

  test("[[1,2],[3,4]] * [10,20] = [[10,40],[30,80]], and * 10", () => {
    const a = tensor([
      [1, 2],
      [3, 4],
    ]);
    expect(a.mul(tensor([10, 20])).toArray()).toEqual([
      [10, 40],
      [30, 80],
    ]);
    expect(a.mul(10).toArray()).toEqual([
      [10, 20],
      [30, 40],
    ]);
  });

  const X = tensor(
    [
      [51, 55],
      [14, 19],
      [0, 4],
    ],
    "int32",
  );

  test("X[0], X[0][1]", () => {
    expect(X.get(0).toArray()).toEqual([51, 55]);
    expect(X.get(0).get(1).item()).toBe(55);
    expect(X.get(0, 1).item()).toBe(55);
  });

  test("iteration over rows", () => {
    expect([...X].map((row) => row.toArray())).toEqual([
      [51, 55],
      [14, 19],
      [0, 4],
    ]);
  });

  test("flatten, and X[[0,2,4]] of it", () => {
    const flat = X.flatten();
    expect(flat.toArray()).toEqual([51, 55, 14, 19, 0, 4]);
    expect(flat.get([0, 2, 4]).toArray()).toEqual([51, 14, 0]);
  });

  test("X > 15, X[X > 15]", () => {
    const flat = X.flatten();
    expect(flat.greater(15).toArray()).toEqual([true, true, false, true, false, false]);
    expect(flat.get(flat.greater(15)).toArray()).toEqual([51, 55, 19]);
    expect(X.get(X.greater(15)).toArray()).toEqual([51, 55, 19]);
  });

  test("dot of vectors and matrices", () => {
    expect(
      tensor([1, 2])
        .dot(tensor([3, 4]))
        .item(),
    ).toBe(11);
    const a = tensor([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    const b = tensor([
      [1, 2],
      [3, 4],
      [5, 6],
    ]);
    expect(a.dot(b).toArray()).toEqual([
      [22, 28],
      [49, 64],
    ]);
    expect(b.dot(tensor([7, 8])).toArray()).toEqual([23, 53, 83]);
    expect(
      tensor([1, 2])
        .dot(
          tensor([
            [1, 3, 5],
            [2, 4, 6],
          ]),
        )
        .toArray(),
    ).toEqual([5, 11, 17]);
  });

  test("a shape error names both shapes", () => {
    expect(() => zeros([2, 3]).dot(zeros([2, 2]))).toThrow(
      "shapes (2,3) and (2,2) not aligned: 3 (dim 1) != 2 (dim 0)",
    );
  });

  test("arange, zeros_like, max, sum, argmax, reshape, transpose", () => {
    expect(arange(0, 6, 0.1).size).toBe(60);
    expect(nb.zerosLike(X).toArray()).toEqual([
      [0, 0],
      [0, 0],
      [0, 0],
    ]);
    expect(X.max().item()).toBe(55);
    expect(X.sum().item()).toBe(143);
    expect(X.argmax(1).toArray()).toEqual([1, 1, 1]);
    expect(X.reshape([2, 3]).toArray()).toEqual([
      [51, 55, 14],
      [19, 0, 4],
    ]);
    expect(X.T.toArray()).toEqual([
      [51, 14, 0],
      [55, 19, 4],
    ]);
  });
});

// NumPy's rules in loops

/** An index in a form that the loops understand, beside the one that is passed. */
interface Choice {
  passed: Index;
  kind: "integer" | "slice" | "newAxis" | "ellipsis" | "positions" | "mask";
  /** Positions along the axes taken: for "integer" and "slice" of one axis, for arrays one list an axis. */
  lists: number[][];
  /** Shape of an index array. */
  shape: number[];
  axes: number;
}

interface Selection {
  shape: number[];
  /** Flat position in x of each element of the result, row-major. */
  from: number[];
}

function size(shape: readonly number[]): number {
  return shape.reduce((a, b) => a * b, 1);
}

function unravel(flat: number, shape: readonly number[]): number[] {
  const at: number[] = [];
  for (let axis = shape.length - 1, rest = flat; axis >= 0; axis--) {
    at[axis] = rest % shape[axis];
    rest = Math.floor(rest / shape[axis]);
  }
  return at;
}

/** What x[choices] selects, by the definition in NumPy's manual; undefined where the arrays do not broadcast. */
function select(shape: readonly number[], choices: readonly Choice[]): Selection | undefined {
  const taken = choices.reduce((count, choice) => count + choice.axes, 0);
  const ellipsis: Choice = { passed: "...", kind: "ellipsis", lists: [], shape: [], axes: 0 };
  const all = choices.some((choice) => choice.kind === "ellipsis") ? choices : [...choices, ellipsis];
  const full = (axis: number): Choice => {
    const list = Array.from({ length: shape[axis] }, (_, i) => i);
    return { passed: ":", kind: "slice", lists: [list], shape: [], axes: 1 };
  };
  // The ellipsis, written out; its place still separates arrays when it stands for no axis.
  const flat: Choice[] = [];
  let axis = 0;
  for (const choice of all) {
    flat.push(choice);
    axis += choice.axes;
    if (choice.kind !== "ellipsis") continue;
    for (let i = 0; i < shape.length - taken; i++) flat.push(full(axis++));
  }
  const isArray = (choice: Choice): boolean => choice.kind === "positions" || choice.kind === "mask";
  const hasArrays = flat.some(isArray);
  let common: number[] = [];
  for (const choice of flat.filter(isArray)) {
    const rank = Math.max(common.length, choice.shape.length);
    const pad = (list: number[]): number[] => [...new Array<number>(rank - list.length).fill(1), ...list];
    const [p, q] = [pad(common), pad(choice.shape)];
    if (p.some((length, i) => length !== q[i] && length !== 1 && q[i] !== 1)) return undefined;
    common = p.map((length, i) => (length === 1 ? q[i] : length));
  }
  const groups = flat.map((choice) => isArray(choice) || (hasArrays && choice.kind === "integer"));
  const runs = groups.filter((grouped, i) => grouped && !groups[i - 1]).length;
  // The result's axes: those of the arrays once, at the first array or in front, and one for each slice and new axis.
  const result: { length: number; choice?: Choice }[] = [];
  let arraysAt = runs > 1 ? 0 : -1;
  flat.forEach((choice, i) => {
    if (groups[i] && arraysAt < 0) arraysAt = result.length;
    if (choice.kind === "slice") result.push({ length: choice.lists[0].length, choice });
    if (choice.kind === "newAxis") result.push({ length: 1 });
  });
  if (hasArrays) result.splice(arraysAt, 0, ...common.map((length) => ({ length })));
  const resultShape = result.map((entry) => entry.length);
  const from = Array.from({ length: size(resultShape) }, (_, position) => {
    const at = unravel(position, resultShape);
    const inArrays = hasArrays ? at.slice(arraysAt, arraysAt + common.length) : [];
    const source: number[] = [];
    for (const choice of flat) {
      if (choice.kind === "integer") source.push(choice.lists[0][0]);
      if (choice.kind === "slice") source.push(choice.lists[0][at[result.findIndex((r) => r.choice === choice)]]);
      if (!isArray(choice)) continue;
      const own = inArrays.slice(common.length - choice.shape.length).map((p, i) => (choice.shape[i] === 1 ? 0 : p));
      const entry = own.reduce((place, p, i) => place * choice.shape[i] + p, 0);
      source.push(...choice.lists.map((list) => list[entry]));
    }
    return source.reduce((place, p, i) => place * shape[i] + p, 0);
  });
  return { shape: resultShape, from };
}

/** Python's range of a slice. */
function sliced(length: number, start: number | undefined, stop: number | undefined, step: number): number[] {
  const list: number[] = [];
  const wrap = (bound: number): number => (bound < 0 ? bound + length : bound);
  let from = start === undefined ? (step > 0 ? 0 : length - 1) : wrap(start);
  const to = stop === undefined ? (step > 0 ? length : -1) : Math.max(wrap(stop), -1);
  from = step > 0 ? Math.max(from, 0) : Math.min(from, length - 1);
  for (let i = from; step > 0 ? i < Math.min(to, length) : i > to; i += step) if (i >= 0) list.push(i);
  return list;
}

const bound = fc.option(fc.integer({ min: -6, max: 6 }), { nil: undefined });

function choiceFor(lengths: readonly number[], arrayShape: readonly number[]): fc.Arbitrary<Choice> {
  const [length] = lengths;
  const total = size(arrayShape);
  const position = fc.integer({ min: -length, max: Math.max(length - 1, 0) });
  const array = fc.array(position, { minLength: total, maxLength: total });
  const wrap = (i: number): number => (i < 0 ? i + length : i);
  const maskRank = fc.integer({ min: 1, max: Math.min(2, lengths.length) });
  const arrays =
    length === 0 && total > 0
      ? []
      : [
          array.map((list): Choice => {
            const passed = tensor(Int32Array.from(list), { shape: arrayShape });
            return { passed, kind: "positions", lists: [list.map(wrap)], shape: [...arrayShape], axes: 1 };
          }),
        ];
  const integers =
    length === 0
      ? []
      : [
          position.map((i): Choice => {
            return { passed: i, kind: "integer", lists: [[wrap(i)]], shape: [], axes: 1 };
          }),
        ];
  return fc.oneof(
    ...integers,
    ...arrays,
    fc.tuple(bound, bound, fc.constantFrom(1, 2, 3, -1, -2)).map(([start, stop, step]): Choice => {
      const passed = step === 1 ? `${start ?? ""}:${stop ?? ""}` : { start, stop, step };
      return { passed, kind: "slice", lists: [sliced(length, start, stop, step)], shape: [], axes: 1 };
    }),
    maskRank.chain((rank) => {
      const covered = lengths.slice(0, rank);
      const n = size(covered);
      return fc.array(fc.boolean(), { minLength: n, maxLength: n }).map((truths): Choice => {
        const hits = truths.flatMap((truth, i) => (truth ? [unravel(i, covered)] : []));
        const lists = covered.map((_, axis) => hits.map((at) => at[axis]));
        const passed = tensor(Uint8Array.from(truths, Number), { dtype: "bool", shape: covered });
        return { passed, kind: "mask", lists, shape: [hits.length], axes: rank };
      });
    }),
  );
}

/** Indices for a shape: some of its axes from the front, an ellipsis perhaps, axes from the back, new axes in between. */
function choicesFor(shape: readonly number[]): fc.Arbitrary<Choice[]> {
  const newAxisChoice: Choice = { passed: newAxis, kind: "newAxis", lists: [], shape: [], axes: 0 };
  const ellipsisChoice: Choice = { passed: nb.ellipsis, kind: "ellipsis", lists: [], shape: [], axes: 0 };
  const fill = (from: number, to: number, arrayShape: readonly number[]): fc.Arbitrary<Choice[]> => {
    if (from >= to) return fc.constantFrom([], [], [newAxisChoice]);
    return fc
      .tuple(choiceFor(shape.slice(from, to), arrayShape), fc.nat(9))
      .chain(([choice, dice]) =>
        fill(from + choice.axes, to, arrayShape).map((rest) =>
          dice === 0 ? [newAxisChoice, choice, ...rest] : [choice, ...rest],
        ),
      );
  };
  return fc
    .tuple(fc.nat(shape.length), fc.nat(shape.length), fc.boolean(), fc.constantFrom([2], [3], [2, 2], [1], [], [0]))
    .chain(([a, b, withEllipsis, arrayShape]) => {
      const [first, second] = a <= b ? [a, b] : [b, a];
      if (!withEllipsis) return fill(0, second, arrayShape);
      return fc
        .tuple(fill(0, first, arrayShape), fill(second, shape.length, arrayShape))
        .map(([front, back]) => [...front, ellipsisChoice, ...back]);
    });
}

const indexed = fc
  .array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 4 })
  .chain((shape) => fc.tuple(fc.constant(shape), choicesFor(shape), fc.boolean()));

/** 0, 1, 2 and so on in the shape; the strided one is a transposed view. */
function counting(shape: readonly number[], strided: boolean): Tensor {
  const x = arange(0, size(shape), 1, "int32").reshape(shape);
  return strided ? x.T.clone().T : x;
}

describe("NumPy's indexing", () => {
  test("reading: integers, slices, new axes, ellipsis, arrays and masks, in any mixture", () => {
    fc.assert(
      fc.property(indexed, ([shape, choices, strided]) => {
        nb.scope(() => {
          const x = counting(shape, strided);
          const indices = choices.map((choice) => choice.passed);
          const expected = select(shape, choices);
          if (expected === undefined) {
            expect(() => x.get(...indices)).toThrow("can't be broadcast together");
            return;
          }
          if (expected.shape.length > 8) {
            expect(() => x.get(...indices)).toThrow("more than 8 axes");
            return;
          }
          const y = x.get(...indices);
          expect(y.shape).toEqual(expected.shape);
          expect([...y.dataSync()]).toEqual(expected.from);
          const isView = choices.every((choice) => !["positions", "mask"].includes(choice.kind));
          expect(y.storage === x.storage).toBe(isView);
        });
      }),
      { numRuns: 1000 },
    );
  });

  test("writing: the same selections, a number or an array that broadcasts; the last value stays", () => {
    fc.assert(
      fc.property(indexed, fc.boolean(), ([shape, choices, strided], single) => {
        nb.scope(() => {
          const selection = select(shape, choices);
          if (selection === undefined || selection.shape.length > 8) return;
          const x = counting(shape, strided);
          const expected = [...x.dataSync()];
          const values = selection.from.map((_, i) => (single ? -1 : -1 - i));
          selection.from.forEach((position, i) => {
            expected[position] = values[i];
          });
          x.set(
            choices.map((choice) => choice.passed),
            single ? -1 : tensor(Int32Array.from(values), { shape: selection.shape }),
          );
          expect([...x.dataSync()]).toEqual(expected);
        });
      }),
      { numRuns: 1000 },
    );
  });

  test("gradients: dy in its place, repeated positions add up", () => {
    fc.assert(
      fc.property(indexed, ([shape, choices]) => {
        nb.scope(() => {
          const selection = select(shape, choices);
          if (selection === undefined || selection.shape.length > 8) return;
          const x = zeros(shape, "float64").requireGradient();
          const y = x.get(...choices.map((choice) => choice.passed));
          const dy = Float64Array.from(selection.from, (_, i) => i + 1);
          nb.backward(y, tensor(dy, { shape: selection.shape }));
          const expected = new Float64Array(x.size);
          selection.from.forEach((position, i) => {
            expected[position] += dy[i];
          });
          expect(x.gradient!.dataSync()).toEqual(expected);
        });
      }),
      { numRuns: 300 },
    );
  });

  test.each<[string, Index[]]>([
    ["a view", [{ start: 1 }, newAxis, -1]],
    ["positions that repeat", [":", [0, 2, 0]]],
    ["a mask", [[true, false, true]]],
    ["arrays apart", [[0, 1], newAxis, [2, 2]]],
  ])("gradients of gradients: %s", (_, indices) => {
    const x = tensor([
      [0.1, 0.2, 0.3],
      [0.4, 0.5, 0.6],
      [0.7, 0.8, 0.9],
    ]);
    const cubes = (z: Tensor): Tensor => sum(z.get(...indices).pow(3));
    nb.expectGradients(cubes, [x]);
    nb.expectGradients((z: Tensor) => sum(nb.grad(cubes)(z).square()), [x]);
  });
});

describe("reading", () => {
  const x = arange(0, 24, 1, "int32").reshape([2, 3, 4]);

  test("strings, as Python writes slices", () => {
    expect(x.get("...", "::-1").get(0, 0).toArray()).toEqual([3, 2, 1, 0]);
    expect(x.get(0, 1, "1:3").toArray()).toEqual([5, 6]);
    expect(x.get(" -1 : ", 0, ":2").toArray()).toEqual([[12, 13]]);
    expect(x.get("1:").shape).toEqual([1, 3, 4]);
    expect(() => x.get("1-3")).toThrow('get: "1-3" is no index');
    expect(() => x.get("1:2:3:4")).toThrow("is no index");
  });

  test("no index is the whole, a view", () => {
    expect(x.get().shape).toEqual([2, 3, 4]);
    expect(x.get().storage).toBe(x.storage);
  });

  test("an array is positions", () => {
    expect(x.get([0, 1]).shape).toEqual([2, 3, 4]);
    expect(x.get([1]).shape).toEqual([1, 3, 4]);
    expect(x.get(...[0, 1]).shape).toEqual([4]);
  });

  test("a range as an object, each part of which may be left out, is the string, and slice along the first axis", () => {
    for (const [range, text] of [
      [{ start: 1 }, "1:"],
      [{ stop: -1 }, ":-1"],
      [{ step: -1 }, "::-1"],
      [{}, ":"],
    ] as const) {
      const { start, stop, step } = { start: undefined, stop: undefined, step: undefined, ...range };
      expect(x.get(range).toArray()).toEqual(x.get(text).toArray());
      expect(x.slice(start, stop, step).toArray()).toEqual(x.get(text).toArray());
    }
  });

  test("a range with other names, and what is none, are told what there is", () => {
    const get = (index: object) => () => x.get(index as Index);
    expect(get({ start: 1, end: 2 })).toThrow(
      "get: a range: there is no option end (here it is stop); the options are start, stop, step",
    );
    expect(get({ from: 1, by: 2 })).toThrow("no option from (here it is start)");
    expect(get(new Date(0))).toThrow(
      'get: a Date is no index; use a whole number, "start:stop", { start, stop, step }, null, "...", or an array',
    );
  });

  test("a truth value is a new axis, taken or not", () => {
    expect(x.get(true).shape).toEqual([1, 2, 3, 4]);
    expect(x.get(false).shape).toEqual([0, 2, 3, 4]);
  });

  test("errors name axis, position and length", () => {
    expect(() => x.get(0, 3)).toThrow("get: index 3 is out of range for axis 1 with length 3; indices go from -3 to 2");
    expect(() => x.get("...", -5)).toThrow("index -5 is out of range for axis 2 with length 4");
    expect(() => x.get(":", [0, 7])).toThrow("index 7 is out of range for axis 1 with length 3");
    expect(() => x.get(":", [0, -4])).toThrow("index -4 is out of range for axis 1 with length 3");
    expect(() => zeros([0]).get(0)).toThrow("axis 0 with length 0; the axis is empty");
    expect(() => x.get(0, 0, 0, 0)).toThrow("4 indices are too many for shape (2, 3, 4) with 3 axes");
    expect(() => x.get("...", 0, "...")).toThrow('only one "..."');
    expect(() => x.get(0.5)).toThrow("index 0.5 for axis 0 is not a whole number");
    expect(() => x.get([0.5])).toThrow("whole numbers or booleans, got 0.5");
    expect(() => x.get([0, true])).toThrow("not both");
    expect(() => x.get(tensor([0, 1]))).toThrow("an index tensor must be int32 or bool, got float32");
    expect(() => x.get([true, false, true])).toThrow("a mask of shape (3,) does not fit (2,)");
    expect(() => x.get(":", { start: 0, stop: 2, step: 0 })).toThrow("step must not be 0");
    expect(() => x.get(undefined as unknown as number)).toThrow("undefined is no index");
    expect(() => x.get([0, 1], [0, 1, 2])).toThrow("can't be broadcast together");
  });
});

describe("writing", () => {
  test("is seen by every view, and by the tensor that is viewed", () => {
    const x = zeros([3, 2]);
    const row = x.get(1);
    x.set([1, 0], 5);
    expect(row.toArray()).toEqual([5, 0]);
    row.set([":"], [7, 8]);
    expect(x.toArray()).toEqual([
      [0, 0],
      [7, 8],
      [0, 0],
    ]);
  });

  test("x[1:] = x[:-1] reads before it writes", () => {
    const x = arange(4);
    x.set("1:", x.get(":-1"));
    expect(x.toArray()).toEqual([0, 0, 1, 2]);
  });

  test("casts the value to the tensor's dtype", () => {
    expect(zeros([2], "int32").set([0], 2.7).toArray()).toEqual([2, 0]);
    expect(tensor([false, false]).set([1], true).toArray()).toEqual([false, true]);
  });

  test("a mask alone, and elementwise", () => {
    const x = tensor([-1, 2, -3]);
    expect(x.set(x.less(0), 0).toArray()).toEqual([0, 2, 0]);
  });

  test("refuses what would go wrong unseen", () => {
    const w = tensor([1, 2]).requireGradient();
    expect(() => w.set([0], 5)).toThrow("write inside noGrad");
    nb.noGrad(() => w.set([0], 5));
    expect(w.toArray()).toEqual([5, 2]);
    const y = w.mul(2);
    expect(() => y.set([0], 5)).toThrow("result of mul");
    expect(() => nb.noGrad(() => y.set([0], 5))).toThrow("clone()");
    expect(() => zeros([2]).set([0], sum(w))).toThrow("set: gradients do not pass through a write");
    expect(() => zeros([2, 1]).broadcastTo([2, 3]).set([0], 1)).toThrow("repeats the same elements");
    expect(() => zeros([2, 2]).set([0], [1, 2, 3])).toThrow(
      "a value of shape (3,) can't be broadcast to the selected shape (2,)",
    );
  });

  test("after an operation used the values, its gradient says so", () => {
    const x = tensor([1, 2]).requireGradient();
    const y = x.mul(x);
    nb.noGrad(() => x.set([0], 9));
    expect(() => nb.backward(y.sum())).toThrow("overwritten");
  });
});

describe("gathering and scattering", () => {
  const x = tensor([
    [1, 2, 3],
    [4, 5, 6],
  ]);

  test("gather along an axis, in the shape of the indices", () => {
    expect(nb.gather(x, [[1, 0]]).shape).toEqual([1, 2, 3]);
    expect(x.gather([2, -3], 1).toArray()).toEqual([
      [3, 1],
      [6, 4],
    ]);
    expect(x.gather(1, -1).toArray()).toEqual([2, 5]);
    expect(() => x.gather([3], 1)).toThrow("gather: index 3 is out of range for axis 1 with length 3");
    expect(() => x.gather(tensor([0]))).toThrow("indices must be int32");
  });

  test("scatterAdd undoes gather: positions that repeat add up", () => {
    expect(nb.scatterAdd(x, [0, 0], tensor([[10], [20]])).toArray()).toEqual([
      [31, 32, 33],
      [4, 5, 6],
    ]);
    expect(nb.scatterAdd(zeros([2], "int32"), [1, 1], tensor([3, 4], "int32")).toArray()).toEqual([0, 7]);
    expect(() => nb.scatterAdd(x, [0], tensor([[1, 2]]))).toThrow("updates of shape (1, 2) can't be broadcast");
  });

  test("takeAlongAxis: y[i, j] = x[i, indices[i, j]]", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 }),
        fc.nat(2),
        fc.integer({ min: 0, max: 4 }),
        fc.nat(1000),
        (shape, axisSeed, count, seed) => {
          nb.scope(() => {
            const axis = axisSeed % shape.length;
            const z = arange(0, size(shape), 1, "float64").reshape(shape);
            const taken = shape.with(axis, count);
            const generator = new nb.Generator(seed);
            const indices = nb.random.integers(taken, -shape[axis], shape[axis], { generator });
            const y = nb.takeAlongAxis(z, indices, axis);
            expect(y.shape).toEqual(taken);
            const at = indices.dataSync();
            const expected = Array.from(at, (i, position) => {
              const place = unravel(position, taken);
              place[axis] = i < 0 ? i + shape[axis] : i;
              return place.reduce((flat, p, j) => flat * shape[j] + p, 0);
            });
            expect([...y.dataSync()]).toEqual(expected);
          });
        },
      ),
      { numRuns: 300 },
    );
  });

  test("takeAlongAxis broadcasts beside the axis", () => {
    expect(nb.takeAlongAxis(x, [[2, 0]], 1).toArray()).toEqual([
      [3, 1],
      [6, 4],
    ]);
    expect(() => nb.takeAlongAxis(x, [0], 1)).toThrow("must have as many axes");
  });

  test("embedding takes rows, and no negative ones", () => {
    expect(nb.embedding(x, [[1], [0]]).shape).toEqual([2, 1, 3]);
    expect(() => nb.embedding(x, [2])).toThrow("embedding: index 2 at position 0 is not in 0 to 1");
    expect(() => nb.embedding(x, [-1])).toThrow("embedding: index -1");
    expect(() => nb.embedding(zeros([2]), [0])).toThrow("weights must be a matrix");
    expect(nb.embedding(x, zeros([0], "int32")).shape).toEqual([0, 3]);
  });

  test("embedding adds its gradient to what was collected before", () => {
    const w = zeros([3, 2]).requireGradient();
    const loss = (): Tensor => sum(nb.embedding(w, [2, 0, 2]));
    nb.backward(loss());
    nb.backward(loss());
    expect(w.gradient!.toArray()).toEqual([
      [2, 2],
      [0, 0],
      [4, 4],
    ]);
  });

  test.each<[string, (z: Tensor) => Tensor]>([
    ["gather", (z) => nb.gather(z, [1, 1, 0])],
    ["gather along axis 1", (z) => nb.gather(z, [[2, 2]], 1)],
    ["takeAlongAxis", (z) => nb.takeAlongAxis(z, [[0], [2]], 1)],
    ["scatterAdd into", (z) => nb.scatterAdd(z, [1, 1], tensor([[1], [2]], "float64")).square()],
    ["scatterAdd of", (z) => nb.scatterAdd(nb.ones([3, 3], "float64"), [2, 2], z).square()],
    ["embedding", (z) => nb.embedding(z, [1, 1, 0])],
    ["maskedSelect", (z) => nb.maskedSelect(z, tensor([[true, false, true]]))],
  ])("gradient of %s, and the gradient of that", (_, f) => {
    const loss = (z: Tensor): Tensor => sum(f(z).pow(3));
    nb.expectGradients(loss, [x.mul(0.1)]);
    nb.expectGradients((z: Tensor) => sum(nb.grad(loss)(z).square()), [x.mul(0.1)]);
  });

  test("maskedSelect and nonZero: the elements, and where they are", () => {
    const even = x.remainder(2).equal(0);
    expect(nb.maskedSelect(x, even).toArray()).toEqual([2, 4, 6]);
    const [rows, columns] = nb.nonZero(even);
    expect(rows.toArray()).toEqual([0, 1, 1]);
    expect(columns.toArray()).toEqual([1, 0, 2]);
    expect(x.get(...nb.nonZero(even)).toArray()).toEqual([2, 4, 6]);
    expect(() => nb.nonZero(tensor(1))).toThrow("scalar");
    expect(() => nb.maskedSelect(x, x)).toThrow("the mask must be bool");
    expect(nb.maskedSelect(zeros([0]), tensor([], "bool")).shape).toEqual([0]);
  });

  test("iterating a scalar throws at once", () => {
    expect(() => nb.iterate(tensor(1))).toThrow("a scalar has no axis to iterate over");
    expect(() => [...tensor(1)]).toThrow("scalar");
    expect([...zeros([0, 2])]).toEqual([]);
  });

  test("large gathers are the same as small ones", () => {
    const table = arange(0, 3000 * 65).reshape([3000, 65]);
    const rows = nb.random.integers([5000], 0, 3000, { generator: new nb.Generator(1) });
    const y = nb.gather(table, rows).dataSync();
    const numbers = rows.dataSync();
    expect(numbers.every((row, i) => y[i * 65 + 64] === row * 65 + 64)).toBe(true);
    expect(nb.gather(table, rows).get(":", [3, 64]).get(-1).toArray()).toEqual([
      numbers[4999] * 65 + 3,
      numbers[4999] * 65 + 64,
    ]);
  });
});
