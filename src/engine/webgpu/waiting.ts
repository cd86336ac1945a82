// Products that wait for a moment: what is asked for next may be done in the same pass over their results. Backward, a layer asks for the gradient by its
// input, for that by its weights, for the sum over the batch, and then the layer before it for the slope of its activation; the sum goes with the
// second, the slope with the first. A reduction waits in the same way for a number that its results are multiplied by or the like, as a mean does. Whatever else
// is asked for lets all of them run before it, in their order. A convolution's gradient by its input waits as a reduction does, for a slope.
import type { TileSize } from "./kernels/matmul.ts";
import type { MatmulCall } from "./kernels/named.ts";

/** Words from one place to before another. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** What is done with each element of the product: out = op(c, other), or op(other, c). */
export interface Follower {
  readonly op: string;
  readonly first: boolean;
  readonly other: number;
  readonly out: number;
}

/** A product that has been asked for. */
export interface WaitingProduct {
  readonly call: Required<MatmulCall>;
  readonly size: TileSize;
  readonly reads: Range[];
  readonly writes: Range[];
  /** Where the sums of B's columns go; 0 if nobody wants them. */
  sums: number;
  follower: Follower | undefined;
}

/** What is done with each result of a reduction: out = op(result, number), or op(number, result). */
export interface Scaling {
  readonly op: string;
  readonly first: boolean;
  readonly number: number;
  readonly out: number;
}

/** What waits alone, `count` results at `out`: a reduction for a number, or a convolution for other elements. */
export type WaitingAlone = {
  readonly out: number;
  readonly count: number;
  readonly reads: readonly Range[];
} & (
  | { readonly takes: "number"; run(scaling: Scaling | undefined): void }
  | { readonly takes: "elements"; run(follower: Follower | undefined): void }
);

/** Operations of a result and a number that a reduction does along. */
const SCALINGS: ReadonlySet<string> = new Set(["add", "sub", "mul", "div"]);

/** Products that may wait together. */
const MOST = 4;

const overlap = (a: Range, b: Range): boolean => a.from < b.to && b.from < a.to;
const meet = (some: readonly Range[], others: readonly Range[]): boolean =>
  some.some((a) => others.some((b) => overlap(a, b)));

export const range = (from: number, count: number): Range => ({ from, to: from + count });

/** The words of a matrix of so many rows and columns; undefined where it runs backwards. */
export function matrixRange(at: number, rows: number, row: number, columns: number, column: number): Range | undefined {
  if (row < 0 || column < 0) return undefined;
  return range(at, (rows - 1) * row + (columns - 1) * column + 1);
}

export class Waiting {
  private products: WaitingProduct[] = [];
  /** While it waits, no product does. */
  private alone: WaitingAlone | undefined;

  /** `run` hands a product over to the device. */
  constructor(private readonly run: (product: WaitingProduct) => void) {}

  /** Lets all run. */
  settle(): void {
    const { products, alone } = this;
    this.alone = undefined;
    alone?.run(undefined);
    if (products.length === 0) return;
    this.products = [];
    for (const product of products) this.run(product);
  }

  /** Takes one more; those that it depends on run first. */
  add(product: WaitingProduct): void {
    if (this.alone !== undefined) this.settle();
    const { reads, writes } = product;
    const { products } = this;
    const depends = products.some((other) => meet(writes, other.reads) || meet([...reads, ...writes], other.writes));
    if (depends || products.length === MOST) this.settle();
    this.products.push(product);
  }

  /** Sums over the rows of x [rows, columns] along with the product that reads it as B; false if there is none. */
  sumInto(x: number, rows: number, columns: number, out: number): boolean {
    const found = this.products.find(
      ({ call: { b, bRow, bColumn, k, n }, sums }) =>
        sums === 0 && b === x && k === rows && n === columns && bRow === columns && bColumn === 1,
    );
    const written = range(out, columns);
    if (found === undefined || this.products.some((each) => meet([written], [...each.reads, ...each.writes]))) {
      return false;
    }
    found.sums = out;
    found.writes.push(written);
    return true;
  }

  /** out = op(x, y) of n elements, along with the product or the convolution that one of them is; false if none is. */
  follow(op: string, x: number, y: number, out: number, n: number): boolean {
    if (x === y) return false;
    const { alone } = this;
    if (alone?.takes === "elements" && alone.count === n && (alone.out === x || alone.out === y)) {
      const first = alone.out === x;
      const other = first ? y : x;
      const [result, read, written] = [range(alone.out, n), range(other, n), range(out, n)];
      if (meet([written], [...alone.reads, result]) || meet([read], [result])) return false;
      this.alone = undefined;
      alone.run({ op, first, other, out });
      return true;
    }
    const found = this.products.find(
      ({ call, follower }) => follower === undefined && call.m * call.n === n && (call.c === x || call.c === y),
    );
    if (found === undefined) return false;
    const first = found.call.c === x;
    const other = first ? y : x;
    const [read, written] = [range(other, n), range(out, n)];
    if (meet([written], [...found.reads, ...found.writes]) || meet([read], found.writes)) return false;
    const others = this.products.filter((each) => each !== found);
    if (others.some((each) => meet([written], [...each.reads, ...each.writes]) || meet([read], each.writes))) {
      // Those that wait together do not depend on each other: the others may run before it.
      this.products = [found];
      for (const each of others) this.run(each);
    }
    found.follower = { op, first, other, out };
    found.reads.push(read);
    found.writes.push(written);
    return true;
  }

  /** Takes what waits alone; what waits runs first. */
  hold(alone: WaitingAlone): void {
    this.settle();
    this.alone = alone;
  }

  /** out = op(x, number) of n elements, along with the reduction whose results x are; false if there is none. */
  scale(op: string, x: number, n: number, number: number, numberFirst: boolean, out: number): boolean {
    const { alone } = this;
    if (alone?.takes !== "number" || alone.out !== x || alone.count !== n || !SCALINGS.has(op)) return false;
    if (meet([range(out, n)], [...alone.reads, range(x, n)])) return false;
    this.alone = undefined;
    alone.run({ op, first: !numberFirst, number, out });
    return true;
  }
}
