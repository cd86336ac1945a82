// The table of a forest's nodes, filled height by height: what the fused forms of the recursive layers have in common. Internal.
import { engine } from "../../engine/engine.ts";
import { tensor } from "../../tensor/create.ts";
import { isRecording, record } from "../../tensor/graph.ts";
import { empty, packed, type Tensor, windowOf } from "../../tensor/tensor.ts";
import { concat } from "../join.ts";
import { takeRows } from "../rows.ts";
import { slice } from "../slices.ts";
import { reshape } from "../views.ts";
import type { Forest } from "./forest.ts";

/** Rows `from` to `to` - 1 of a packed matrix, in place. */
export function rowsAt(x: Tensor, from: number, to: number): Tensor {
  const width = x.shape[1];
  return windowOf(x, [to - from, width], x.offset + from * width, null);
}

/** Elements `from` to `to` - 1 of a packed vector, in place. */
export function stretchOf(x: Tensor, from: number, to: number): Tensor {
  return windowOf(x, [to - from], x.offset + from, null);
}

/** A table of `width` numbers a node, with these leaves. */
export function tableOf(operation: string, forest: Forest, leaves: Tensor): Tensor {
  const width = leaves.shape[1];
  const table = empty(operation, [forest.leaves + forest.inner, width], leaves.dtype);
  if (leaves.size > 0) engine().copy(leaves, rowsAt(table, 0, forest.leaves));
  return table;
}

/** out[k] = table[rows[k]]. */
export function take(table: Tensor, rows: Tensor, out: Tensor): void {
  if (out.size > 0) engine().kernel("gatherRows", table.dtype, table, rows, out, rows.size, table.shape[1]);
}

/** table[rows[k]] += from[k]. */
export function putBack(from: Tensor, rows: Tensor, table: Tensor): void {
  if (from.size > 0) engine().kernel("scatterAddRows", table.dtype, rows, from, table, rows.size, table.shape[1]);
}

/** A copy that may be written to. */
export function copyOf(x: Tensor): Tensor {
  const y = empty("gradient", x.shape, x.dtype);
  if (x.size > 0) engine().copy(x, y);
  return y;
}

export function indices(rows: Int32Array): Tensor {
  return tensor(rows);
}

/** Attaches the fused gradient of a table; `rule` gives gradients in the order of `inputs`, where null operands are left out. */
export function recordTable(
  operation: string,
  table: Tensor,
  inputs: readonly (Tensor | null)[],
  rule: (dTable: Tensor) => readonly (Tensor | undefined)[],
): Tensor {
  const present = inputs.flatMap((x, i) => (x === null ? [] : [i]));
  const operands = present.map((i) => inputs[i]!);
  if (!isRecording() || operands.every((x) => x.node === null)) return table;
  record(operation, table, operands, (dy) => {
    const gradients = rule(packed(dy));
    return present.map((i) => (inputs[i]!.node ? gradients[i] : undefined));
  });
  table.node!.firstOrderOnly = `give ${operation} the option form: "composed", which can be differentiated any number of times`;
  return table;
}

/**
 * The table of ordinary operations: `cell` makes the rows of a height, [nodes, width], of its children, [nodes, arity * width]. A height's children
 * may stand at any height below: they are taken from each of these and put in order.
 */
export function composedTable(forest: Forest, leaves: Tensor, cell: (children: Tensor) => Tensor): Tensor {
  const { arity, childRows, levels } = forest;
  const width = leaves.shape[1];
  // Part 0 are the leaves; of a long chain they must not be cut from the whole at every height, for their gradient would be as large each time.
  const ofLeaves = leafParts(forest, leaves);
  const parts: Tensor[] = [leaves];
  const starts = [0, ...levels.map(({ from }) => from)];
  levels.forEach(({ from, to }, above) => {
    const rows = childRows.subarray((from - forest.leaves) * arity, (to - forest.leaves) * arity);
    const taken = new Map<number, { rows: number[]; wanted: number[] }>();
    rows.forEach((row, k) => {
      const part = partOf(starts, row);
      if (!taken.has(part)) taken.set(part, { rows: [], wanted: [] });
      taken.get(part)!.rows.push(row - starts[part]);
      taken.get(part)!.wanted.push(k);
    });
    const pieces = [...taken].map(([part, each]) =>
      part === 0
        ? ofLeaves[above]!
        : takeRows("gather", parts[part], indices(Int32Array.from(each.rows)), width, [each.rows.length, width]),
    );
    const wanted = [...taken.values()].flatMap((each) => each.wanted);
    parts.push(cell(reshape(inOrder(pieces, wanted), [to - from, arity * width])));
  });
  return parts.length === 1 ? leaves : concat(parts);
}

/** Which part a row belongs to. */
function partOf(starts: readonly number[], row: number): number {
  let [low, high] = [0, starts.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (starts[middle] <= row) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** For each height the leaves that are children there. */
function leafParts(forest: Forest, leaves: Tensor): (Tensor | null)[] {
  const { arity, childRows, levels } = forest;
  const wanted = levels.map(({ from, to }) =>
    childRows
      .subarray((from - forest.leaves) * arity, (to - forest.leaves) * arity)
      .filter((row) => row < forest.leaves),
  );
  const lengths = wanted.map(({ length }) => length);
  const all = new Int32Array(lengths.reduce((sum, length) => sum + length, 0));
  let at = 0;
  for (const rows of wanted) {
    all.set(rows, at);
    at += rows.length;
  }
  if (all.length === 0) return lengths.map(() => null);
  const width = leaves.shape[1];
  return cut(takeRows("gather", leaves, indices(all), width, [all.length, width]), lengths);
}

/**
 * The rows of x in parts of these lengths. Halved again and again: the gradient of a cut is as large as what it was cut from, and a chain of n
 * leaves, cut one by one, would make n of the whole.
 */
function cut(x: Tensor, lengths: readonly number[]): Tensor[] {
  if (lengths.length === 1) return [x];
  const middle = lengths.length >> 1;
  const [before, after] = [lengths.slice(0, middle), lengths.slice(middle)];
  const rows = before.reduce((sum, length) => sum + length, 0);
  return [...cut(slice(x, 0, rows), before), ...cut(slice(x, rows), after)];
}

/** The rows of all parts, row k of them at position wanted[k]. */
function inOrder(parts: readonly Tensor[], wanted: readonly number[]): Tensor {
  const rows = parts.length === 1 ? parts[0] : concat(parts);
  if (wanted.every((position, k) => position === k)) return rows;
  const from = new Int32Array(wanted.length);
  wanted.forEach((position, k) => {
    from[position] = k;
  });
  return takeRows("gather", rows, indices(from), rows.shape[1], rows.shape);
}
