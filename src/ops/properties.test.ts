// Broadcasting, reductions, matrix products and shape operations against straightforward loops over random shapes and views, 1,000 cases a property.
import fc from "fast-check";
import { expect, test } from "vitest";
import * as nb from "../node.ts";
import { scope, type Tensor, tensor } from "../node.ts";

const RUNS = { numRuns: 1000 };

const lengths = (rank: number): fc.Arbitrary<number[]> =>
  fc.array(fc.integer({ min: 0, max: 4 }), { minLength: rank, maxLength: rank });
const anyShape = fc.integer({ min: 0, max: 4 }).chain(lengths);
const filled = (shape: readonly number[], seed: number): number[] =>
  Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => (((i + 1) * 7919 + seed * 104729) % 41) / 8 - 2.5);

/** All index tuples of a shape, row-major. */
function* indices(shape: readonly number[]): Generator<number[]> {
  if (shape.length === 0) {
    yield [];
    return;
  }
  for (let i = 0; i < shape[0]; i++) for (const rest of indices(shape.slice(1))) yield [i, ...rest];
}

function at(values: ArrayLike<number>, shape: readonly number[], index: readonly number[]): number {
  let position = 0;
  shape.forEach((length, axis) => {
    position = position * length + index[axis];
  });
  return values[position];
}

/** A tensor with these values, as itself or as a view that lies differently in memory. */
function laidOut(values: readonly number[], shape: readonly number[], how: number): Tensor {
  const plain = tensor(Float64Array.from(values), { shape: [...shape] });
  if (how === 1 && shape.length > 1) {
    // Written transposed, seen transposed back.
    const order = shape.map((_, i) => shape.length - 1 - i);
    return nb.transpose(nb.transpose(plain, order).clone(), order);
  }
  if (how === 2 && shape.length > 0) return nb.flip(nb.flip(plain, 0).clone(), 0);
  if (how === 3 && shape.length > 0) return nb.slice(nb.concat([plain, plain], 0), 0, shape[0]);
  return plain;
}

const layout = fc.integer({ min: 0, max: 3 });

/** A shape and one that broadcasts with it: some axes 1, some leading ones missing. */
const broadcastable = anyShape.chain((shape) =>
  fc.tuple(
    fc.constant(shape),
    fc.array(fc.boolean(), { minLength: shape.length, maxLength: shape.length }),
    fc.integer({ min: 0, max: shape.length }),
  ),
);

test("broadcast arithmetic equals loops", () => {
  const operations: Record<string, [(a: Tensor, b: Tensor) => Tensor, (a: number, b: number) => number]> = {
    add: [nb.add, (a, b) => a + b],
    sub: [nb.sub, (a, b) => a - b],
    mul: [nb.mul, (a, b) => a * b],
    div: [nb.div, (a, b) => a / b],
    maximum: [nb.maximum, Math.max],
    minimum: [nb.minimum, Math.min],
    less: [nb.less, (a, b) => Number(a < b)],
    equal: [nb.equal, (a, b) => Number(a === b)],
  };
  fc.assert(
    fc.property(
      broadcastable,
      fc.constantFrom(...Object.keys(operations)),
      layout,
      layout,
      fc.boolean(),
      ([shape, ones, missing], name, howA, howB, swap) => {
        scope(() => {
          const small = shape.map((length, i) => (ones[i] ? 1 : length)).slice(missing);
          const [a, b] = [filled(shape, 1), filled(small, 2)];
          const [f, g] = operations[name];
          const [x, y] = [laidOut(a, shape, howA), laidOut(b, small, howB)];
          const result = swap ? f(y, x) : f(x, y);
          expect(result.shape).toEqual(shape);
          const values = result.dataSync();
          let i = 0;
          for (const index of indices(shape)) {
            const u = at(a, shape, index);
            const v = at(
              b,
              small,
              index.slice(missing).map((position, axis) => (small[axis] === 1 ? 0 : position)),
            );
            expect(values[i++]).toBe(swap ? g(v, u) : g(u, v));
          }
        });
      },
    ),
    RUNS,
  );
});

test("reductions over any axes equal loops", () => {
  const operations: Record<
    string,
    [(x: Tensor, axes: number[], keep: boolean) => Tensor, (values: number[]) => number]
  > = {
    sum: [nb.sum, (v) => v.reduce((a, b) => a + b, 0)],
    prod: [nb.prod, (v) => v.reduce((a, b) => a * b, 1)],
    mean: [nb.mean, (v) => v.reduce((a, b) => a + b, 0) / v.length],
    max: [nb.max, (v) => Math.max(...v)],
    min: [nb.min, (v) => Math.min(...v)],
    variance: [
      nb.variance,
      (v) => v.reduce((a, b) => a + (b - v.reduce((c, d) => c + d, 0) / v.length) ** 2, 0) / v.length,
    ],
    norm: [nb.norm, (v) => Math.hypot(...v)],
    logSumExp: [nb.logSumExp, (v) => Math.log(v.reduce((a, b) => a + Math.exp(b), 0))],
    any: [nb.any, (v) => Number(v.some((x) => x !== 0))],
    all: [nb.all, (v) => Number(v.every((x) => x !== 0))],
  };
  fc.assert(
    fc.property(
      anyShape,
      fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
      fc.constantFrom(...Object.keys(operations)),
      layout,
      fc.boolean(),
      (shape, fold, name, how, keep) => {
        scope(() => {
          const axes = shape.flatMap((_, i) => (fold[i] ? [i] : []));
          const values = filled(shape, 3);
          const [f, g] = operations[name];
          const folded = axes.map((axis) => shape[axis]);
          const count = folded.reduce((a, b) => a * b, 1);
          const x = laidOut(values, shape, how);
          if (count === 0 && ["max", "min"].includes(name)) {
            expect(() => f(x, axes, keep)).toThrow(/no elements/);
            return;
          }
          const result = f(x, axes, keep);
          expect(result.shape).toEqual(
            keep ? shape.map((n, i) => (fold[i] ? 1 : n)) : shape.filter((_, i) => !fold[i]),
          );
          const got = result.dataSync();
          const kept = shape.flatMap((_, i) => (fold[i] ? [] : [i]));
          let i = 0;
          for (const outer of indices(kept.map((axis) => shape[axis]))) {
            const group = [...indices(folded)].map((inner) => {
              const index = new Array<number>(shape.length);
              kept.forEach((axis, k) => {
                index[axis] = outer[k];
              });
              axes.forEach((axis, k) => {
                index[axis] = inner[k];
              });
              return at(values, shape, index);
            });
            const expected = g(group);
            const value = got[i++];
            if (Number.isFinite(expected)) expect(value).toBeCloseTo(expected, 8);
            else expect(value).toBe(expected);
          }
        });
      },
    ),
    RUNS,
  );
});

test("argmax, argmin, cumsum, softmax along an axis equal loops", () => {
  const shapes = fc
    .integer({ min: 1, max: 4 })
    .chain((rank) => fc.array(fc.integer({ min: 1, max: 4 }), { minLength: rank, maxLength: rank }));
  fc.assert(
    fc.property(shapes, fc.integer({ min: 0, max: 3 }), layout, (shape, pick, how) => {
      scope(() => {
        const axis = pick % shape.length;
        const values = filled(shape, 4);
        const x = laidOut(values, shape, how);
        const [largest, smallest, running, soft] = [
          nb.argmax(x, axis),
          nb.argmin(x, axis),
          nb.cumsum(x, axis),
          nb.softmax(x, axis),
        ].map((y) => y.dataSync());
        const others = shape.toSpliced(axis, 1);
        let i = 0;
        for (const outer of indices(others)) {
          const line = Array.from({ length: shape[axis] }, (_, k) => at(values, shape, outer.toSpliced(axis, 0, k)));
          expect(largest[i]).toBe(line.indexOf(Math.max(...line)));
          expect(smallest[i]).toBe(line.indexOf(Math.min(...line)));
          const total = line.reduce((a, b) => a + Math.exp(b), 0);
          let sum = 0;
          line.forEach((value, k) => {
            sum += value;
            const index = outer.toSpliced(axis, 0, k);
            expect(at(running, shape, index)).toBeCloseTo(sum, 10);
            expect(at(soft, shape, index)).toBeCloseTo(Math.exp(value) / total, 10);
          });
          i += 1;
        }
      });
    }),
    RUNS,
  );
});

test("matrix products, batched and broadcast, of operands lying in any way, equal loops", () => {
  const size = fc.integer({ min: 0, max: 5 });
  const batch = fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 2 });
  fc.assert(
    fc.property(
      size,
      size,
      size,
      batch,
      fc.integer({ min: 0, max: 2 }),
      fc.integer({ min: 0, max: 2 }),
      layout,
      layout,
      (m, n, k, lead, cutA, cutB, howA, howB) => {
        scope(() => {
          const shapeA = [...lead.slice(Math.min(cutA, lead.length)), m, k];
          const shapeB = [...lead.slice(Math.min(cutB, lead.length)), k, n];
          const [a, b] = [filled(shapeA, 5), filled(shapeB, 6)];
          const result = nb.matmul(laidOut(a, shapeA, howA), laidOut(b, shapeB, howB));
          const outer = shapeA.length >= shapeB.length ? shapeA.slice(0, -2) : shapeB.slice(0, -2);
          expect(result.shape).toEqual([...outer, m, n]);
          const values = result.dataSync();
          let i = 0;
          for (const index of indices([...outer, m, n])) {
            const [row, column] = index.slice(-2);
            const leadOf = (shape: number[]): number[] => index.slice(0, -2).slice(outer.length - (shape.length - 2));
            let sum = 0;
            for (let p = 0; p < k; p++)
              sum += at(a, shapeA, [...leadOf(shapeA), row, p]) * at(b, shapeB, [...leadOf(shapeB), p, column]);
            expect(values[i++]).toBeCloseTo(sum, 8);
          }
        });
      },
    ),
    RUNS,
  );
});

test("reshape, transpose, slice, concat, pad and tile move elements where loops put them", () => {
  const shapes = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 });
  const bound = fc.option(fc.integer({ min: -6, max: 6 }), { nil: undefined });
  const steps = fc.integer({ min: -3, max: 3 }).filter((step) => step !== 0);
  fc.assert(
    fc.property(
      shapes,
      fc.integer({ min: 0, max: 2 }),
      bound,
      bound,
      steps,
      layout,
      (shape, pick, start, stop, step, how) => {
        scope(() => {
          const axis = pick % shape.length;
          const values = filled(shape, 7);
          const x = laidOut(values, shape, how);
          // Python's slice, by taking positions one by one.
          const n = shape[axis];
          const [from, to] = step > 0 ? [start ?? 0, stop ?? n] : [start ?? n - 1, stop ?? -n - 1];
          const clamp = (v: number): number =>
            v < 0 ? Math.max(v + n, step > 0 ? 0 : -1) : Math.min(v, step > 0 ? n : n - 1);
          const positions: number[] = [];
          for (let p = clamp(from); step > 0 ? p < clamp(to) : p > clamp(to); p += step) positions.push(p);
          const part = nb.slice(x, start, stop, step, axis);
          const partShape = shape.with(axis, positions.length);
          expect(part.shape).toEqual(partShape);
          const sliced = part.dataSync();
          for (const index of indices(partShape))
            expect(at(sliced, partShape, index)).toBe(at(values, shape, index.with(axis, positions[index[axis]])));

          const reversed = nb.transpose(x);
          const turned = reversed.dataSync();
          for (const index of indices(shape))
            expect(at(turned, reversed.shape, index.toReversed())).toBe(at(values, shape, index));

          expect([...nb.reshape(x, [-1]).dataSync()]).toEqual(values);

          const twice = nb.concat([x, part], axis);
          const joined = twice.dataSync();
          for (const index of indices(twice.shape)) {
            const inFirst = index[axis] < n;
            const expected = inFirst
              ? at(values, shape, index)
              : at(sliced, partShape, index.with(axis, index[axis] - n));
            expect(at(joined, twice.shape, index)).toBe(expected);
          }

          const padded = nb.pad(
            x,
            shape.map((_, i) => [i, 1] as const),
            "constant",
            9,
          );
          const around = padded.dataSync();
          for (const index of indices(padded.shape)) {
            const inner = index.map((position, i) => position - i);
            const inside = inner.every((position, i) => position >= 0 && position < shape[i]);
            expect(at(around, padded.shape, index)).toBe(inside ? at(values, shape, inner) : 9);
          }

          const tiled = nb.tile(
            x,
            shape.map((_, i) => i + 1),
          );
          const copies = tiled.dataSync();
          for (const index of indices(tiled.shape))
            expect(at(copies, tiled.shape, index)).toBe(
              at(
                values,
                shape,
                index.map((position, i) => position % shape[i]),
              ),
            );
        });
      },
    ),
    RUNS,
  );
});
