// Rows chosen by number: gather, scatter, one-hot rows, and the check of such numbers, whose answer waits for the next read. What adds up into
// the same row does so in the order of the indices, so that sums are the same in every run. An index out of range reads 0 and writes nothing: when
// the check is told, no other tensor has changed.
import type { DType } from "../../dtype.ts";
import { EACH, type KernelText, once, WORKGROUP } from "../shader.ts";
import { LOAD, STORE } from "./elementwise.ts";
import type { Calls, NamedEntry } from "./named.ts";

const GATHER: KernelText = {
  name: "gatherRows",
  parameters: "x indices out n width limit",
  body: `${EACH}
  let row = mem[p.indices + i / p.width];
  var word = 0u;
  if (row < p.limit) { word = mem[p.x + row * p.width + i % p.width]; }
  mem[p.out + i] = word;`,
};

/** Threads that a scatter has at least, if there are as many elements to write to. */
const SCATTERING = 1024;

/**
 * A column's threads share its rows out, so that they are enough where columns are few: each looks at all indices, and writes to its own rows only.
 * `line` writes to `at` what stands at `source`.
 */
function scatterText(name: string, line: string): KernelText {
  return {
    name,
    parameters: "indices values out count width limit n shares",
    body: `${EACH}
  let column = i % p.width;
  let share = i / p.width;
  for (var k = 0u; k < p.count; k += 1u) {
    let row = mem[p.indices + k];
    if (row >= p.limit || row % p.shares != share) { continue; }
    let at = p.out + row * p.width + column;
    let source = p.values + k * p.width + column;
    ${line}
  }`,
  };
}

const SCATTER = scatterText("scatterRows", "mem[at] = mem[source];");

const scatterAddText = once(
  (dtype: DType): KernelText =>
    scatterText(`scatterAddRows_${dtype}`, `${STORE[dtype]}(at, ${LOAD[dtype]}(at) + ${LOAD[dtype]}(source));`),
);

function scatter(calls: Calls, text: KernelText, values: readonly number[], size: number): void {
  const [indices, from, out, count, width] = values;
  if (width === 0 || count === 0 || size === 0) return;
  const limit = size / width;
  const shares = Math.max(1, Math.min(limit, Math.ceil(SCATTERING / width)));
  const threads = width * shares;
  calls.each(text, [indices, from, out, count, width, limit, threads, shares], threads);
}

const ONE_HOT: KernelText = {
  name: "oneHot",
  parameters: "indices out n depth one",
  body: `${EACH}
  mem[p.out + i] = select(0u, p.one, mem[p.indices + i / p.depth] == i % p.depth);`,
};

/** One workgroup looks at all, so that it is the first one that is told, whoever comes first. */
const CHECK: KernelText = {
  name: "checkIndices",
  parameters: "indices n limit",
  outside: `var<workgroup> found: array<u32, ${WORKGROUP}>;`,
  body: `
  var first = p.n;
  for (var k = lid.x; k < p.n; k += ${WORKGROUP}u) {
    if (mem[p.indices + k] >= p.limit) { first = k; break; }
  }
  found[lid.x] = first;
  workgroupBarrier();
  if (lid.x != 0u) { return; }
  for (var lane = 1u; lane < ${WORKGROUP}u; lane += 1u) { first = min(first, found[lane]); }
  if (first == p.n || faults[0] != 0u) { return; }
  faults[0] = 1u;
  faults[1] = first;
  faults[2] = mem[p.indices + first];
  faults[3] = p.limit;`,
};

const EVERY: readonly DType[] = ["float32", "int32", "bool"];
const ONE_FLOAT = 0x3f800000;

export const INDEXING: Readonly<Record<string, NamedEntry>> = {
  gatherRows: {
    dtypes: EVERY,
    writes: [2],
    run: (calls, [x, indices, out, count, width], _, [rows]) =>
      calls.each(GATHER, [x, indices, out, count * width, width, rows / width], count * width),
  },
  scatterRows: {
    dtypes: EVERY,
    writes: [2],
    run: (calls, values, _, sizes) => scatter(calls, SCATTER, values, sizes[2]),
  },
  scatterAddRows: {
    dtypes: ["float32", "int32"],
    writes: [2],
    run: (calls, values, dtype, sizes) => scatter(calls, scatterAddText(dtype), values, sizes[2]),
  },
  oneHot: {
    dtypes: EVERY,
    writes: [1],
    run: (calls, [indices, out, count, depth], dtype) =>
      calls.each(ONE_HOT, [indices, out, count * depth, depth, dtype === "float32" ? ONE_FLOAT : 1], count * depth),
  },
  checkIndices: {
    dtypes: ["int32"],
    writes: [],
    run(calls, [indices, count, limit]) {
      calls.check();
      calls.groups(CHECK, [indices, count, limit], count === 0 ? 0 : 1);
    },
  },
};
