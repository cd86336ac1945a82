// Rows chosen by number: gather, scatter, one-hot rows, and the check of such numbers, whose answer waits for the next read. What adds up into
// the same row does so in the order of the indices, so that sums are the same in every run. An index out of range reads 0 and writes nothing: when
// the check is told, no other tensor has changed.
import type { DType } from "../../dtype.ts";
import { FAULT_COUNT } from "../queue.ts";
import { EACH, type KernelText, once } from "../shader.ts";
import { LOAD, STORE } from "./elementwise.ts";
import type { NamedEntry } from "./named.ts";

const GATHER: KernelText = {
  name: "gatherRows",
  parameters: "x indices out n width limit",
  body: `${EACH}
  let row = mem[p.indices + i / p.width];
  var word = 0u;
  if (row < p.limit) { word = mem[p.x + row * p.width + i % p.width]; }
  mem[p.out + i] = word;`,
};

const SCATTER: KernelText = {
  name: "scatterRows",
  parameters: "indices values out count n limit",
  body: `${EACH}
  for (var k = 0u; k < p.count; k += 1u) {
    let row = mem[p.indices + k];
    if (row < p.limit) { mem[p.out + row * p.n + i] = mem[p.values + k * p.n + i]; }
  }`,
};

const scatterAddText = once(
  (dtype: DType): KernelText => ({
    name: `scatterAddRows_${dtype}`,
    parameters: "indices values out count n limit",
    body: `${EACH}
  for (var k = 0u; k < p.count; k += 1u) {
    let row = mem[p.indices + k];
    if (row >= p.limit) { continue; }
    let at = p.out + row * p.n + i;
    ${STORE[dtype]}(at, ${LOAD[dtype]}(at) + ${LOAD[dtype]}(p.values + k * p.n + i));
  }`,
  }),
);

const ONE_HOT: KernelText = {
  name: "oneHot",
  parameters: "indices out n depth one",
  body: `${EACH}
  mem[p.out + i] = select(0u, p.one, mem[p.indices + i / p.depth] == i % p.depth);`,
};

const CHECK: KernelText = {
  name: "checkIndices",
  parameters: "indices n limit slot",
  body: `${EACH}
  let value = mem[p.indices + i];
  if (value >= p.limit) {
    atomicAdd(&faults[${FAULT_COUNT}u], 1u);
    if (atomicMin(&faults[2u * p.slot], i) > i) { atomicStore(&faults[2u * p.slot + 1u], value); }
  }`,
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
    run: (calls, values, _, sizes) => calls.each(SCATTER, [...values, sizes[2] / values[4]], values[4]),
  },
  scatterAddRows: {
    dtypes: ["float32", "int32"],
    writes: [2],
    run: (calls, values, dtype, sizes) =>
      calls.each(scatterAddText(dtype), [...values, sizes[2] / values[4]], values[4]),
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
    run: (calls, [indices, count, limit]) => calls.each(CHECK, [indices, count, limit, calls.check(limit)], count),
  },
};
