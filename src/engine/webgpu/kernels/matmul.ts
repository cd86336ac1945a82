// Products in tiles, C = A B: a workgroup computes a tile of C. It brings the tiles of A and B that belong to it into its own memory, sixteen
// columns of A at a time, and every thread keeps a square of C in registers. Where the elements of A and B come from, and where those of C go,
// are three functions: matrices with strides, or an image's windows (convolution.ts). Small products take small tiles, so that there are enough
// workgroups, and a long sum with few results is cut into parts.
import type { FusedActivation } from "../../engine.ts";
import { type KernelText, once } from "../shader.ts";
import type { Follower } from "../waiting.ts";
import { floatFormula } from "./elementwise.ts";

/** A way to cut C. */
interface Tiling {
  /** Threads along columns and rows. */
  readonly threads: number;
  /** Rows and columns of C that a thread computes. */
  readonly each: number;
  /** Columns of A in a step; 0 where every thread reads for itself. */
  readonly depth: number;
}

/** "direct": nothing is shared. What stands in for a graphics processor waits long where threads wait for each other, and has a cache. */
export type TileSize = "large" | "small" | "direct";

const TILINGS: Record<TileSize, Tiling> = {
  large: { threads: 16, each: 4, depth: 16 },
  small: { threads: 8, each: 2, depth: 16 },
  direct: { threads: 4, each: 4, depth: 0 },
};

/** Along which axis neighbours lie side by side. */
export type Runs = "rows" | "columns";

/** Rows and columns of a tile. */
export function sideOf(size: TileSize): number {
  return TILINGS[size].threads * TILINGS[size].each;
}

/** The tiling for a product: large where that leaves enough workgroups. */
export function tilingFor(software: boolean, m: number, n: number, batch: number): TileSize {
  if (software) return "direct";
  const side = sideOf("large");
  return Math.ceil(m / side) * Math.ceil(n / side) * batch >= 16 && Math.min(m, n) >= side / 2 ? "large" : "small";
}

/** Workgroups that are enough to keep a device busy, and the shortest part of a sum. */
const ENOUGH_GROUPS = 64;
const SHORTEST_PART = 256;

/** Into how many parts the sums of a product are cut. */
export function partsOfSum(size: TileSize, m: number, n: number, k: number, batch: number): number {
  if (size === "direct") return 1;
  const side = sideOf(size);
  const tiles = Math.ceil(m / side) * Math.ceil(n / side) * batch;
  return Math.max(1, Math.min(Math.floor(ENOUGH_GROUPS / tiles), Math.floor(k / SHORTEST_PART)));
}

/** Tiles of `layers` products, each of which is a workgroup's. */
export function tilesOf(size: TileSize, m: number, n: number, layers: number): number {
  const side = sideOf(size);
  return Math.ceil(m / side) * Math.ceil(n / side) * layers;
}

/** A value after an activation. */
export const ACTIVATIONS: Record<FusedActivation, string> = {
  none: "value",
  sigmoid: "logistic(value)",
  tanh: "hyperbolicTangent(value)",
  relu: "select(select(0.0, value, above(value, 0.0)), value, isNan(value))",
};

/** What is done with a result besides: nothing. */
export const NO_FOLLOWER: Follower = { op: "", first: true, other: 0, out: 0 };

/** Of a kernel's name. */
export function suffixOf(follower: string, first: boolean): string {
  return follower === "" ? "" : `_${follower}_${first ? "first" : "second"}`;
}

/** Lines that put op(result, other), or op(other, result), beside: `at` is the place in both arrays. */
export function followerText(follower: string, first: boolean, at: string): string {
  if (follower === "") return "";
  return `
  let ${first ? "x" : "y"} = result;
  let ${first ? "y" : "x"} = load(p.other + ${at});
  store(p.out + ${at}, ${floatFormula(follower)});`;
}

/** Unrolls lines over counts. */
function times(count: number, line: (i: number) => string): string {
  return Array.from({ length: count }, (_, i) => line(i)).join("\n");
}

/**
 * A product's kernel. Its numbers have m, n, k, `part`, the length of a part of the sum, and `layers`, how many products and parts there are. `functions` defines what a row of A has,
 * `leftOf(r, z)`, what a column has, `leftAt(k, z)`, and the element where they meet, `left(row, column)`; the same of a column of B, `rightOf(s, z)`, of a
 * row, `rightAt(k, z)`, and their element, `right(column, row)`, so that each is worked out once where it serves several; and
 * `finish(r, s, z, sum)`, z being the layer of the workgroup. `aRuns` and `bRuns`: along which axis neighbouring threads take
 * neighbours of A and B. Where sums are cut, z also counts the parts: `p.parts` of each product. With `finishSum`, a function `finishSum(s, sum)`, columns
 * of B are summed besides.
 */
export function tiledText(
  name: string,
  parameters: string,
  size: TileSize,
  aRuns: Runs,
  bRuns: Runs,
  functions: string,
  finishSum?: string,
): KernelText {
  const { threads, each, depth } = TILINGS[size];
  const side = threads * each;
  // Every row of tiles sums the columns of B, and the first of them keeps it: cheaper than to ask who is first at every step.
  const summed = finishSum === undefined ? 0 : each;
  const sums = `${times(each, (r) => times(each, (s) => `  var c${r}${s} = 0.0;`))}
${times(summed, (s) => `  var d${s} = 0.0;`)}`;
  const adds = `${times(each, (r) => times(each, (s) => `      c${r}${s} += a_${r} * b_${s};`))}
${times(summed, (s) => `      d${s} += b_${s};`)}`;
  const finishSums = (column: (s: number) => string): string =>
    finishSum === undefined
      ? ""
      : `
  if (row0 == 0u && lid.y == 0u) {
${times(each, (s) => `    if (${column(s)} < p.n) { finishSum(${column(s)}, d${s}); }`)}
  }`;
  // Tiles are counted through all layers: along no axis are they more than a device's workgroups.
  const begin = `
  let across = (p.n + ${side - 1}u) / ${side}u;
  let down = (p.m + ${side - 1}u) / ${side}u;
  let tile = wid.y * groups.x + wid.x;
  let z = tile / (across * down);
  if (z >= p.layers) { return; }
  let row0 = ((tile / across) % down) * ${side}u;
  let column0 = (tile % across) * ${side}u;
  let start = (z % p.parts) * p.part;
  let end = min(p.k, start + p.part);
${sums}`;
  if (size === "direct") {
    const row = (r: number): string => `row0 + lid.y * ${each}u + ${r}u`;
    const column = (s: number): string => `column0 + lid.x * ${each}u + ${s}u`;
    return {
      name: `${name}_direct`,
      parameters: `m n k part parts layers ${parameters}`,
      workgroup: [threads, threads],
      outside: `${functions}\n${finishSum ?? ""}`,
      body: `${begin}
  if (${row(0)} >= p.m || ${column(0)} >= p.n) { return; }
${times(each, (r) => `  let left${r} = leftOf(min(${row(r)}, p.m - 1u), z);`)}
${times(each, (s) => `  let right${s} = rightOf(min(${column(s)}, p.n - 1u), z);`)}
  for (var k = start; k < end; k += 1u) {
    let leftColumn = leftAt(k, z);
    let rightRow = rightAt(k, z);
${times(each, (r) => `    let a_${r} = left(left${r}, leftColumn);`)}
${times(each, (s) => `    let b_${s} = right(right${s}, rightRow);`)}
${adds}
  }
${times(each, (r) => times(each, (s) => `  if (${row(r)} < p.m && ${column(s)} < p.n) { finish(${row(r)}, ${column(s)}, z, c${r}${s}); }`))}${finishSums(column)}`,
    };
  }
  const all = threads * threads;
  const loads = (side * depth) / all;
  // A tile's element number e: across first where a row runs, down first where a column does.
  const across = (of: string): string => `let k = e % ${depth}u; let ${of} = e / ${depth}u;`;
  const down = (of: string): string => `let ${of} = e % ${side}u; let k = e / ${side}u;`;
  return {
    name: `${name}_${side}_${aRuns}_${bRuns}`,
    parameters: `m n k part parts layers ${parameters}`,
    workgroup: [threads, threads],
    outside: `
var<workgroup> aTile: array<f32, ${side * depth}>;
var<workgroup> bTile: array<f32, ${side * depth}>;
${functions}
${finishSum ?? ""}`,
    body: `${begin}
  let thread = lid.y * ${threads}u + lid.x;
  for (var k0 = start; k0 < end; k0 += ${depth}u) {
${times(
  loads,
  (i) => `    {
      let e = thread + ${i * all}u;
      {
        ${aRuns === "columns" ? across("r") : down("r")}
        var value = 0.0;
        if (row0 + r < p.m && k0 + k < end) { value = left(leftOf(row0 + r, z), leftAt(k0 + k, z)); }
        aTile[k * ${side}u + r] = value;
      }
      {
        ${bRuns === "columns" ? down("s") : across("s")}
        var value = 0.0;
        if (column0 + s < p.n && k0 + k < end) { value = right(rightOf(column0 + s, z), rightAt(k0 + k, z)); }
        bTile[k * ${side}u + s] = value;
      }
    }`,
)}
    workgroupBarrier();
    let steps = min(${depth}u, end - k0);
    for (var k = 0u; k < steps; k += 1u) {
${times(each, (r) => `      let a_${r} = aTile[k * ${side}u + lid.y * ${each}u + ${r}u];`)}
${times(each, (s) => `      let b_${s} = bTile[k * ${side}u + lid.x + ${s * threads}u];`)}
${adds}
    }
    workgroupBarrier();
  }
${times(each, (r) =>
  times(each, (s) => {
    const [row, column] = [`row0 + lid.y * ${each}u + ${r}u`, `column0 + lid.x + ${s * threads}u`];
    return `  if (${row} < p.m && ${column} < p.n) { finish(${row}, ${column}, z, c${r}${s}); }`;
  }),
)}${finishSums((s) => `column0 + lid.x + ${s * threads}u`)}`,
  };
}

/** sums[s] = the sum of B's column s. */
const SUMS = "fn finishSum(s: u32, sum: f32) { store(p.sums + s, sum); }";

/**
 * C = activation(A B + bias) of matrices with any strides, `batch` times; with `summed`, also the sums of B's columns. `follower` is an operation of C's
 * elements and others, C's first or second: its results are written beside.
 */
export const matmulText = once(
  (
    size: TileSize,
    activation: FusedActivation,
    aRuns: Runs,
    bRuns: Runs,
    summed: boolean,
    follower: string,
    first: boolean,
  ): KernelText =>
    tiledText(
      `matmul_${activation}${summed ? "_sums" : ""}${suffixOf(follower, first)}`,
      "a b c bias aRow:i32 aColumn:i32 bRow:i32 bColumn:i32 aBatch:i32 bBatch:i32 cRow cBatch accumulate sums other out",
      size,
      aRuns,
      bRuns,
      `
fn leftOf(r: u32, z: u32) -> i32 { return i32(p.a) + i32(z / p.parts) * p.aBatch + i32(r) * p.aRow; }
fn leftAt(k: u32, z: u32) -> i32 { return i32(k) * p.aColumn; }
fn left(row: i32, column: i32) -> f32 { return load(u32(row + column)); }
fn rightOf(s: u32, z: u32) -> i32 { return i32(p.b) + i32(z / p.parts) * p.bBatch + i32(s) * p.bColumn; }
fn rightAt(k: u32, z: u32) -> i32 { return i32(k) * p.bRow; }
fn right(column: i32, row: i32) -> f32 { return load(u32(column + row)); }
fn finish(r: u32, s: u32, z: u32, sum: f32) {
  let at = p.c + z * p.cBatch + r * p.cRow + s;
  var value = sum;
  if (p.accumulate != 0u) { value = load(at) + value; }
  if (p.bias != 0u) { value = value + load(p.bias + s); }
  let result = ${ACTIVATIONS[activation]};
  store(at, result);${followerText(follower, first, "r * p.n + s")}
}`,
      summed ? SUMS : undefined,
    ),
);

/** Adds the parts of sums together: C[batch, m, n] from [batch, parts, m n], then bias and activation. */
export const joinText = once(
  (activation: FusedActivation): KernelText => ({
    name: `matmulJoin_${activation}`,
    parameters: "x c bias n size columns parts cRow cBatch accumulate",
    body: `
  let i = (wid.y * groups.x + wid.x) * 64u + lid.x;
  if (i >= p.n) { return; }
  let at = (i / p.size) * p.parts * p.size + i % p.size;
  var value = 0.0;
  for (var part = 0u; part < p.parts; part += 1u) { value += load(p.x + at + part * p.size); }
  let r = (i % p.size) / p.columns;
  let s = i % p.columns;
  let to = p.c + (i / p.size) * p.cBatch + r * p.cRow + s;
  if (p.accumulate != 0u) { value = load(to) + value; }
  if (p.bias != 0u) { value = value + load(p.bias + s); }
  store(to, ${ACTIVATIONS[activation]});`,
  }),
);
