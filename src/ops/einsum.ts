// Einstein's summation: axes are named, a name that the result lacks is summed over. Operands are contracted two at a time, the cheapest pair
// first, each pair as one batched matrix product; everything is made of other operations, and so is its gradient.

import { text as checkText } from "../engine/checks.ts";
import { isFloat, promote } from "../engine/dtype.ts";
import { quote } from "../engine/quote.ts";
import { formatShape, sizeOf } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { mul } from "./arithmetic.ts";
import { sum } from "./broadcast.ts";
import { cast } from "./cast.ts";
import { checkTensor } from "./check.ts";
import { matmul } from "./linalg.ts";
import { slice } from "./slices.ts";
import { reshape, squeeze, transpose } from "./views.ts";

/** A tensor whose axes have labels, each once. */
interface Labelled {
  x: Tensor;
  labels: string[];
}

/** One operand's part of the equation: labels before and after the ellipsis, if there is one. */
interface Term {
  text: string;
  labels: string[];
  /** Place of the ellipsis among the labels, or -1. */
  ellipsis: number;
}

function parseTerm(equation: string, text: string): Term {
  const parts = text.split("...");
  if (parts.length > 2)
    throw new SyntaxError(`einsum: ${quote(text)} in ${quote(equation)} has more than one ellipsis`);
  for (const part of parts) {
    if (!/^[A-Za-z]*$/.test(part)) {
      throw new SyntaxError(
        `einsum: ${quote(text)} in ${quote(equation)} may hold letters and "..." only; write an equation like "ij,jk->ik"`,
      );
    }
  }
  return { text, labels: [...parts.join("")], ellipsis: parts.length === 2 ? parts[0].length : -1 };
}

function parseEquation(equation: string): { inputs: Term[]; output: Term | undefined } {
  const sides = equation.replaceAll(" ", "").split("->");
  if (sides.length > 2) throw new SyntaxError(`einsum: ${quote(equation)} has more than one arrow`);
  const inputs = sides[0].split(",").map((text) => parseTerm(equation, text));
  return { inputs, output: sides[1] === undefined ? undefined : parseTerm(equation, sides[1]) };
}

/** Labels of an operand's axes; those under the ellipsis are numbered from the last one: "1" is the last. */
function labelsOf(term: Term, x: Tensor, position: number): string[] {
  const covered = x.rank - term.labels.length;
  if (term.ellipsis < 0 ? covered !== 0 : covered < 0) {
    throw new RangeError(
      `einsum: "${term.text}" names ${term.labels.length} axes, but operand ${position} of shape ${formatShape(x.shape)} has ${x.rank}`,
    );
  }
  if (term.ellipsis < 0) return term.labels;
  const under = Array.from({ length: covered }, (_, i) => String(covered - i));
  return term.labels.toSpliced(term.ellipsis, 0, ...under);
}

function isNumbered(label: string): boolean {
  return label <= "9";
}

/** Length of every label. Under an ellipsis a length of 1 gives way to a longer one. */
function lengthsOf(operands: readonly Labelled[]): Map<string, number> {
  const lengths = new Map<string, number>();
  operands.forEach(({ x, labels }, position) => {
    labels.forEach((label, axis) => {
      const length = x.shape[axis];
      const known = lengths.get(label);
      if (known === undefined || (isNumbered(label) && known === 1)) lengths.set(label, length);
      else if (known !== length && !(isNumbered(label) && length === 1)) {
        const name = isNumbered(label) ? `axis ${label} from the end of the ellipsis` : `label ${label}`;
        throw new RangeError(
          `einsum: ${name} has length ${known} before, but ${length} in axis ${axis} of operand ${position} of shape ${formatShape(x.shape)}`,
        );
      }
    });
  });
  return lengths;
}

/** The result's labels: as given, or the ellipsis and then every label that occurs once, in alphabetical order. */
function outputLabels(equation: string, output: Term | undefined, operands: readonly Labelled[]): string[] {
  const all = operands.flatMap(({ labels }) => labels);
  const under = [...new Set(all.filter(isNumbered))].sort((a, b) => Number(b) - Number(a));
  if (output === undefined) {
    const once = all.filter((label) => !isNumbered(label) && all.indexOf(label) === all.lastIndexOf(label));
    return [...under, ...once.sort()];
  }
  output.labels.forEach((label, i) => {
    if (!all.includes(label)) {
      throw new RangeError(`einsum: label ${label} of the result in "${equation}" occurs in no operand`);
    }
    if (output.labels.indexOf(label) !== i) {
      throw new RangeError(`einsum: label ${label} occurs twice in the result of "${equation}"`);
    }
  });
  return output.ellipsis < 0 ? output.labels : output.labels.toSpliced(output.ellipsis, 0, ...under);
}

/** Takes the diagonal of axes that share a label, until each label stands once. */
function onDiagonals({ x, labels }: Labelled): Labelled {
  const second = labels.findIndex((label, axis) => labels.indexOf(label) < axis);
  if (second < 0) return { x, labels };
  const first = labels.indexOf(labels[second]);
  const others = labels.map((_, axis) => axis).filter((axis) => axis !== first && axis !== second);
  const n = x.shape[first];
  const lengths = others.map((axis) => x.shape[axis]);
  // Row-major, the diagonal of [n, n] is every (n + 1)-th of its n n elements.
  const square = reshape(transpose(x, [...others, first, second]), [...lengths, n * n]);
  return onDiagonals({
    x: slice(square, undefined, undefined, n + 1, -1),
    labels: [...others.map((axis) => labels[axis]), labels[first]!],
  });
}

/** Sums over the labels that nobody needs, and drops broadcast axes of length 1. */
function reduced({ x, labels }: Labelled, needed: ReadonlySet<string>, lengths: Map<string, number>): Labelled {
  const stretched = labels.flatMap((label, axis) => (x.shape[axis] === 1 && lengths.get(label) !== 1 ? [axis] : []));
  const narrow = squeeze(x, stretched);
  const left = labels.filter((_, axis) => !stretched.includes(axis));
  const free = left.flatMap((label, axis) => (needed.has(label) ? [] : [axis]));
  if (free.length === 0) return { x: narrow, labels: left };
  return { x: sum(narrow, free), labels: left.filter((label) => needed.has(label)) };
}

/** The axes in the order of the labels. */
function arranged({ x, labels }: Labelled, order: readonly string[]): Tensor {
  return order.every((label, i) => labels[i] === label)
    ? x
    : transpose(
        x,
        order.map((label) => labels.indexOf(label)),
      );
}

/** Axes gathered into groups, each of them one axis; a view where every group is one axis already. */
function grouped(operand: Labelled, groups: readonly (readonly string[])[], lengths: Map<string, number>): Tensor {
  const x = arranged(operand, groups.flat());
  if (groups.every((group) => group.length === 1)) return x;
  return reshape(
    x,
    groups.map((group) => sizeOf(group.map((label) => lengths.get(label)!))),
  );
}

/** Contracts two operands: labels of both that nobody else needs are summed over. */
function contract(a: Labelled, b: Labelled, needed: ReadonlySet<string>, lengths: Map<string, number>): Labelled {
  const shared = a.labels.filter((label) => b.labels.includes(label));
  const batch = shared.filter((label) => needed.has(label));
  const summed = shared.filter((label) => !needed.has(label));
  const rows = a.labels.filter((label) => !shared.includes(label));
  const columns = b.labels.filter((label) => !shared.includes(label));
  const labels = [...batch, ...rows, ...columns];
  const lengthsIn = (list: readonly string[]): number[] => list.map((label) => lengths.get(label)!);
  if (summed.length === 0) {
    const left = reshape(arranged(a, [...batch, ...rows]), [
      ...lengthsIn([...batch, ...rows]),
      ...columns.map(() => 1),
    ]);
    const right = reshape(arranged(b, [...batch, ...columns]), [
      ...lengthsIn(batch),
      ...rows.map(() => 1),
      ...lengthsIn(columns),
    ]);
    return { x: mul(left, right), labels };
  }
  const perBatch = batch.map((label) => [label]);
  const left = grouped(a, [...perBatch, rows, summed], lengths);
  const right = grouped(b, [...perBatch, summed, columns], lengths);
  return { x: reshape(matmul(left, right), lengthsIn(labels)), labels };
}

/** Elements of what contracting a and b would give. */
function costOf(a: Labelled, b: Labelled, needed: ReadonlySet<string>, lengths: Map<string, number>): number {
  const labels = new Set([...a.labels, ...b.labels]);
  return sizeOf([...labels].filter((label) => needed.has(label)).map((label) => lengths.get(label)!));
}

/** Labels that the result or an operand other than those at i and j has. */
function neededBeside(operands: readonly Labelled[], output: readonly string[], i: number, j: number): Set<string> {
  const needed = new Set(output);
  operands.forEach(({ labels }, position) => {
    if (position !== i && position !== j) for (const label of labels) needed.add(label);
  });
  return needed;
}

/**
 * Einstein's summation, as NumPy's: every axis of every operand has a letter; axes with the same letter run together, and those that the part after
 * "->" lacks are summed over. A letter twice in one operand takes the diagonal; "..." stands for axes that broadcast. Without "->" the result has the
 * letters that occur once, in alphabetical order. int32 and bool operands become float32. Gradients follow from the operations it is made of.
 *
 * @throws SyntaxError for an equation that can't be read; RangeError if a letter has two lengths, the result a letter that no operand has, or an
 * operand another number of axes than letters.
 * @example
 * ```ts
 * einsum("ij,jk->ik", tensor([[1, 2]]), tensor([[3], [4]])).item(); // 11
 * einsum("ii", tensor([[1, 2], [3, 4]])).item(); // 5
 * ```
 */
export function einsum(equation: string, ...operands: Tensor[]): Tensor {
  const { inputs, output } = parseEquation(checkText("einsum", "the equation", equation));
  if (inputs.length !== operands.length) {
    throw new RangeError(`einsum: ${quote(equation)} has ${inputs.length} operands, but ${operands.length} were given`);
  }
  for (const x of operands) checkTensor("einsum", x);
  const common = operands.map((x) => x.dtype).reduce(promote);
  const dtype = isFloat(common) ? common : "float32";
  const given = operands.map((x, i): Labelled => ({ x: cast(x, dtype), labels: labelsOf(inputs[i], x, i) }));
  const lengths = lengthsOf(given);
  const result = outputLabels(equation, output, given);

  let left = given.map(onDiagonals);
  left = left.map((operand, i) => reduced(operand, neededBeside(left, result, i, i), lengths));
  while (left.length > 1) {
    let best: { i: number; j: number; cost: number } | undefined;
    for (let i = 0; i < left.length; i++) {
      for (let j = i + 1; j < left.length; j++) {
        const cost = costOf(left[i], left[j], neededBeside(left, result, i, j), lengths);
        if (best === undefined || cost < best.cost) best = { i, j, cost };
      }
    }
    const { i, j } = best!;
    const joined = contract(left[i], left[j], neededBeside(left, result, i, j), lengths);
    left = [...left.filter((_, position) => position !== i && position !== j), joined];
  }
  return arranged(left[0], result);
}
