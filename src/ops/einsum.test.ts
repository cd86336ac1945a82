// Einstein's summation against its definition in loops, known products, and gradients against differences.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import * as nb from "../node.ts";
import { einsum, sum, type Tensor, tensor, zeros } from "../node.ts";

function random(...shape: number[]): Tensor {
  return nb.random.normal(shape, 0, 1, { dtype: "float64", generator: new nb.Generator(shape.length + 1) });
}

/** Sum over all assignments of the labels, as the definition has it. */
function byLoops(
  inputs: readonly string[],
  output: string,
  lengths: Record<string, number>,
  operands: readonly Tensor[],
): number[] {
  const labels = [...new Set([...output, ...inputs.join("")])];
  const data = operands.map((x) => x.dataSync());
  const result = new Array<number>([...output].reduce((size, label) => size * lengths[label], 1)).fill(0);
  const at: Record<string, number> = {};
  const offset = (term: string): number => [...term].reduce((flat, label) => flat * lengths[label] + at[label], 0);
  const visit = (depth: number): void => {
    if (depth === labels.length) {
      result[offset(output)] += inputs.reduce((product, term, i) => product * data[i][offset(term)], 1);
      return;
    }
    for (let i = 0; i < lengths[labels[depth]]; i++) {
      at[labels[depth]] = i;
      visit(depth + 1);
    }
  };
  visit(0);
  return result;
}

const label = fc.constantFrom(..."ijkl");
const term = fc.array(label, { maxLength: 3 }).map((labels) => labels.join(""));

describe("einsum", () => {
  test("any equation of up to four operands is the sum over all labels", () => {
    fc.assert(
      fc.property(
        fc.array(term, { minLength: 1, maxLength: 4 }),
        fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 4, maxLength: 4 }),
        fc.nat(1000),
        (inputs, sizes, seed) => {
          nb.scope(() => {
            const lengths = Object.fromEntries([..."ijkl"].map((name, i) => [name, sizes[i]]));
            const generator = new nb.Generator(seed);
            const operands = inputs.map((labels) =>
              nb.random.normal(
                [...labels].map((name) => lengths[name]),
                0,
                1,
                { dtype: "float64", generator },
              ),
            );
            const used = [...new Set(inputs.join(""))];
            const output = used
              .filter((_, i) => (seed >> i) % 2 === 0)
              .sort((a, b) => ((seed >> 5) % 2 ? 1 : -1) * (a < b ? -1 : 1));
            const y = einsum(`${inputs.join(",")}->${output.join("")}`, ...operands);
            expect(y.shape).toEqual(output.map((name) => lengths[name]));
            const expected = byLoops(inputs, output.join(""), lengths, operands);
            y.dataSync().forEach((value, i) => {
              expect(value).toBeCloseTo(expected[i], 9);
            });
          });
        },
      ),
      { numRuns: 1000 },
    );
  });

  const a = random(2, 3);
  const b = random(3, 4);

  test.each<[string, Tensor[], () => Tensor]>([
    ["ij,jk->ik", [a, b], () => a.matmul(b)],
    ["ij,jk", [a, b], () => a.matmul(b)],
    ["ij->ji", [a], () => a.T],
    ["ji", [a], () => a.T],
    ["ij->", [a], () => sum(a)],
    ["ij->j", [a], () => sum(a, 0)],
    ["i,j->ij", [a.get(0), b.get(0)], () => nb.outer(a.get(0), b.get(0))],
    ["i,i", [a.get(0), a.get(1)], () => a.get(0).dot(a.get(1))],
    ["ij,ij->ij", [a, a], () => a.mul(a)],
    ["bij,bjk->bik", [random(5, 2, 3), random(5, 3, 4)], () => random(5, 2, 3).matmul(random(5, 3, 4))],
    ["...ij,...jk->...ik", [random(5, 2, 3), b], () => random(5, 2, 3).matmul(b)],
    ["...ij,...jk", [random(4, 1, 2, 3), random(5, 3, 2)], () => random(4, 1, 2, 3).matmul(random(5, 3, 2))],
    ["...i->i...", [a], () => a.T],
    ["...,...", [a, tensor(2, "float64")], () => a.mul(2)],
    ["ij, jk -> ik", [a, b], () => a.matmul(b)],
    ["ii->i", [a.T.matmul(a)], () => nb.diagonal(a.T.matmul(a))],
    ["ii", [a.T.matmul(a)], () => nb.trace(a.T.matmul(a))],
  ])("%s", (equation, operands, expected) => {
    const y = einsum(equation, ...operands);
    expect(y.shape).toEqual(expected().shape);
    const values = expected().dataSync();
    y.dataSync().forEach((value, i) => {
      expect(value).toBeCloseTo(values[i], 12);
    });
  });

  test("a long chain is contracted pair by pair: 2 x 100000 x 2 never becomes 100000 x 100000", () => {
    const wide = nb.ones([2, 100_000]);
    expect(einsum("ij,jk,kl,lm->im", wide, wide.T, wide, wide.T).get(0, 0).item()).toBe(2e10);
  });

  test.each([
    ["ij,jk->ik", [a, b]],
    ["ij,jk,kl->il", [a, b, random(4, 2)]],
    ["iij,jk->ik", [random(2, 2, 3), b]],
    ["...ij,j->...i", [random(2, 2, 3), random(3)]],
    ["ij,kj->", [a, random(2, 3)]],
    ["bi,bj,bij->b", [a, random(2, 2), random(2, 3, 2)]],
  ] as [string, Tensor[]][])("gradients of %s, and theirs", (equation, operands) => {
    const loss = (...x: Tensor[]): Tensor =>
      sum(
        einsum(equation, ...x)
          .pow(3)
          .mul(0.1),
      );
    nb.expectGradients(loss, operands);
    const [first, ...rest] = operands;
    nb.expectGradients(
      (x: Tensor) =>
        sum(
          nb
            .grad((z: Tensor) => loss(z, ...rest))(x)
            .square(),
        ),
      [first],
    );
  });

  test("int32 operands give float32, empty axes give zeros", () => {
    expect(einsum("i,i", tensor([1, 2], "int32"), tensor([3, 4], "int32")).dtype).toBe("float32");
    expect(einsum("ij,jk->ik", zeros([2, 0]), zeros([0, 2])).toArray()).toEqual([
      [0, 0],
      [0, 0],
    ]);
  });

  test("mistakes are named", () => {
    expect(() => einsum("ij,jk->ik", a, a)).toThrow(
      "einsum: label j has length 3 before, but 2 in axis 0 of operand 1 of shape (2, 3)",
    );
    expect(() => einsum("ij->iz", a)).toThrow('label z of the result in "ij->iz" occurs in no operand');
    expect(() => einsum("ij->ii", a)).toThrow("label i occurs twice in the result");
    expect(() => einsum("ijk->i", a)).toThrow('"ijk" names 3 axes, but operand 0 of shape (2, 3) has 2');
    expect(() => einsum("i->i", a)).toThrow("names 1 axes");
    expect(() => einsum("ij,jk->ik", a)).toThrow("has 2 operands, but 1 were given");
    expect(() => einsum("i2->i", a)).toThrow('may hold letters and "..." only');
    expect(() => einsum("i->j->k", a)).toThrow("more than one arrow");
    expect(() => einsum("...i...->i", a)).toThrow("more than one ellipsis");
    expect(() => einsum("ii->i", a)).toThrow("label i has length 2 before, but 3");
    expect(() => einsum("...ij,...ij->", random(2, 2, 3), random(3, 2, 3))).toThrow(
      "axis 1 from the end of the ellipsis",
    );
  });
});
