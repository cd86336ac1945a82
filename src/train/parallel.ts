// One step computed by several: ranks that each take a share of the batch, or micro-batches whose sum has the same bits whoever computes them.
// What comes of it is what one process would have computed: the batch's mean loss, its gradients, and what layers keep.
import { noGrad } from "../autograd/grad.ts";
import { finite, flag, knownOptions, oneOf, positive, whole } from "../engine/checks.ts";
import { engine } from "../engine/engine.ts";
import { type Group, joinGroup } from "../engine/group.ts";
import { callAgain, outsideRecording } from "../engine/recording.ts";
import type { Model } from "../nn/model.ts";
import { add, div, mul } from "../ops/arithmetic.ts";
import { sum } from "../ops/broadcast.ts";
import { maximum } from "../ops/choice.ts";
import { clone } from "../ops/views.ts";
import { zeros } from "../tensor/create.ts";
import { keep, packed, scope, type Tensor, windowOf } from "../tensor/tensor.ts";
import { FixedSum } from "./fixed-sum.ts";
import { type HeadRun, observe } from "./forward.ts";
import { GradientExchange, PIECE_BYTES, type Wire } from "./gradient-exchange.ts";
import type { Head } from "./objective.ts";
import { cut, seedOfPart, shareOf } from "./shares.ts";
import { asFactor, type Prepared } from "./targets.ts";

/** How ranks train together; what is left out has its default. */
export interface DistributedOptions {
  /**
   * Statistics of batch normalisation: of each rank's own share of the batch ("own", the default), or of the whole batch ("synchronized": three small
   * exchanges a layer and step; the result is that of one process).
   */
  batchNormalization?: "own" | "synchronized";
  /** How gradients travel: as they are, or as bfloat16, half the bytes at three decimal digits. Default "float32". */
  gradients?: Wire;
  /** Bytes of gradients that are sent as one piece; default 1 MiB. */
  pieceBytes?: number;
  /** Seconds that ranks wait for one of them before the job ends with a message; default: the environment's NABLA_MPI_PATIENCE, else 300. */
  patience?: number;
}

/** The options of training that have to do with ranks. */
export interface ParallelOptions {
  /**
   * Train as one of the ranks that `mpirun` started, each on its share of every batch; alone where there is no other. All ranks make the same
   * calls with the same data. Default false.
   */
  distributed?: boolean | DistributedOptions;
  /**
   * Same bits for any number of ranks, this process alone included: every batch is computed in `microBatches` parts, and their gradients are added in
   * a fixed order. Batch normalisation takes each part's statistics. Default false.
   */
  deterministic?: boolean;
  /** Parts of a batch with `deterministic`; default 12, which 1, 2, 3 and 4 ranks share out evenly. Less for smaller batches. */
  microBatches?: number;
}

export const PARALLEL_OPTIONS = ["distributed", "deterministic", "microBatches"];
const DISTRIBUTED = ["batchNormalization", "gradients", "pieceBytes", "patience"];
const MICRO_BATCHES = 12;

export function checkParallel(owner: string, options: ParallelOptions): void {
  const { distributed, deterministic, microBatches } = options;
  if (deterministic !== undefined) flag(owner, "deterministic", deterministic);
  if (microBatches !== undefined) {
    whole(owner, "microBatches", microBatches, 1);
    if (deterministic !== true) throw new TypeError(`${owner}: microBatches goes with deterministic: true`);
  }
  if (distributed === undefined || typeof distributed === "boolean") return;
  const given = knownOptions(`${owner}: distributed`, distributed, DISTRIBUTED);
  const { batchNormalization, gradients, pieceBytes, patience } = given;
  const what = `${owner}: distributed`;
  if (batchNormalization !== undefined) oneOf(what, "batchNormalization", batchNormalization, ["own", "synchronized"]);
  if (gradients !== undefined) oneOf(what, "gradients", gradients, ["float32", "bfloat16"]);
  if (pieceBytes !== undefined) whole(what, "pieceBytes", pieceBytes, 64);
  if (patience !== undefined) positive(what, "patience", finite(what, "patience", patience));
  if (deterministic !== true) return;
  if (batchNormalization === "synchronized")
    throw new TypeError(
      `${what}: batchNormalization "synchronized" needs all ranks in one layer at a time, and with deterministic: true each micro-batch is normalised by itself; leave one out`,
    );
  if (gradients === "bfloat16")
    throw new TypeError(
      `${what}: gradients "bfloat16" round once a rank, so that their sum depends on the number of ranks; leave it out, or deterministic`,
    );
}

/** A batch of which any rows can be had. */
export interface Rows {
  /** Rows of the whole batch. */
  readonly count: number;
  /** Some of them. */
  take(start: number, stop: number): readonly Tensor[];
  /** Those that are here, for messages. */
  all(): readonly Tensor[];
  /** Their numbers in the prepared data; null where the tensors taken are all that was prepared. */
  numbers(start: number, stop: number): Int32Array | null;
}

/** Rows from `start` to before `stop` through the model and back: what is counted of them, the loss first. `watch` looks at the backward pass. */
export type PartRun = (start: number, stop: number, watch: <R>(body: () => R) => R) => Float64Array;

/** The smallest divisor: rows that count nothing have a loss of 0. */
const TINY = 1e-30;

/** No hook on backward. */
const plainly = <R>(body: () => R): R => body();

/** What this process does of every step. Null where it does all of it, as ever. */
export function parallelFor(owner: string, model: Model, options: ParallelOptions): Parallel | null {
  const { distributed = false, deterministic = false, microBatches = MICRO_BATCHES } = options;
  const own = typeof distributed === "object" ? distributed : {};
  const { patience } = own;
  const group = distributed === false ? null : joinGroup(patience === undefined ? {} : { patience });
  if (group === null && !deterministic) return null;
  if (model.isStateful) {
    throw new TypeError(
      `${owner}: a stateful model's rows go on from batch to batch, all in one process and one piece; leave distributed and deterministic out, or make the model without stateful`,
    );
  }
  return new Parallel(owner, model, group, own, deterministic ? microBatches : null);
}

export class Parallel {
  /** Whether statistics are taken over all ranks; for the model's context. */
  readonly normalisedTogether: Group | null;
  private readonly exchange: GradientExchange | null = null;
  private readonly fixed: FixedSum | null = null;
  /** What the running part counts of its batch, one number; then for each head the inverse of what its rows count together. */
  private portion: Tensor | undefined;
  private weightSums: Tensor | undefined;
  /** What layers keep by themselves, in one row. */
  private readonly kept: readonly Tensor[];
  private readonly keptRow: Tensor | null;
  /** As it was before the step. */
  private readonly keptBefore: readonly Tensor[];
  private aligned = false;

  constructor(
    private readonly owner: string,
    private readonly model: Model,
    readonly group: Group | null,
    options: DistributedOptions,
    /** Parts of a batch, where its sum is to have the same bits always. */
    private readonly microBatches: number | null,
  ) {
    const { block } = model;
    const { gradients = "float32", pieceBytes = PIECE_BYTES, batchNormalization = "own" } = options;
    if (gradients === "bfloat16" && block.dtype !== "float32") {
      throw new TypeError(`${owner}: gradients travel as bfloat16 for float32 models only, and this is ${block.dtype}`);
    }
    this.normalisedTogether = batchNormalization === "synchronized" ? group : null;
    this.kept = model.parameters.filter(({ isState }) => isState).map(({ tensor }) => tensor);
    const keptSize = this.kept.reduce((total, { size }) => total + size, 0);
    this.keptBefore = microBatches === null ? [] : this.kept.map((kept) => keep(scope(() => clone(kept))));
    this.keptRow = keptSize > 0 ? keep(scope(() => zeros([keptSize], block.dtype))) : null;
    if (microBatches !== null) this.fixed = new FixedSum(group, block.values.size + keptSize, block.dtype as "float32");
    else if (group !== null)
      this.exchange = new GradientExchange(
        group,
        block,
        gradients,
        Math.ceil(pieceBytes / (block.dtype === "float64" ? 8 : 4)),
      );
  }

  /** The rows of a batch that this process computes; where it computes none, the first, so that there is a batch. */
  rowsHere(rows: number): { start: number; stop: number } {
    const { group, microBatches } = this;
    const [size, rank] = [group?.size ?? 1, group?.rank ?? 0];
    if (microBatches === null) return shareOf(rows, size, rank);
    const leaves = Math.min(microBatches, rows);
    const start = cut(rows, leaves, cut(leaves, size, rank));
    const stop = cut(rows, leaves, cut(leaves, size, rank + 1));
    return stop > start ? { start, stop } : { start: 0, stop: 1 };
  }

  /** Whether gradients begin anew for every part. */
  get inParts(): boolean {
    return this.microBatches !== null;
  }

  /**
   * Before the first step: all ranks have the parameters of rank 0, and are found to do the same work.
   * @throws Error if they do not.
   */
  align(work: Readonly<Record<string, number>>): void {
    const { group, model } = this;
    if (this.aligned || group === null) return;
    this.aligned = true;
    const names = Object.keys(work);
    const mine = Float64Array.from(names, (name) => (Number.isFinite(work[name]) ? work[name] : -1));
    const all = group.gather(mine, "the beginning");
    names.forEach((name, i) => {
      const values = Array.from({ length: group.size }, (_, rank) => all[rank * names.length + i]);
      const other = values.findIndex((value) => value !== values[0]);
      if (other >= 0) {
        throw new Error(
          `${this.owner}: ranks do different work: ${name} is ${values[0]} on rank 0, ${values[other]} on rank ${other}; give all ranks the same model, data and options`,
        );
      }
    });
    const { generator } = model;
    const random = Float64Array.of(generator.state().seed, generator.state().counter);
    group.broadcast(model.block.values, "the parameters");
    model.block.values.storage.version += 1;
    for (const kept of this.kept) group.broadcast(kept, "what layers keep");
    const from = group.gather(random, "the beginning");
    generator.restore({ seed: from[0], counter: from[1] });
  }

  /** The parameters have been replaced on some rank, or on all: they are sent again before the next step. */
  realign(): void {
    this.aligned = false;
  }

  /** Gradients that are gathered for a later exchange become one rank's, so that it can save them for all; their sum stays what it was. */
  gatherOnFirst(): void {
    const { group, model } = this;
    if (group === null || this.inParts) return;
    group.startSum(model.block.gradients);
    group.finish("the gathered gradients");
    this.keepOnFirst();
  }

  /** The gathered gradients, which all ranks have alike, count on the first alone. */
  keepOnFirst(): void {
    if (this.group === null || this.inParts || this.group.rank === 0) return;
    engine().fill(this.model.block.gradients, 0);
  }

  /**
   * A step's forward and backward passes: afterwards the block holds the gradients of the whole batch, and layers keep what they would have kept. Gives
   * what is counted of all parts. `exchanges`: whether gradients are needed now, or gathered for a later step.
   */
  run(
    prepared: Prepared,
    heads: readonly Head[],
    rows: Rows,
    exchanges: boolean,
    part: PartRun,
    what: string,
  ): Float64Array {
    const { model } = this;
    const { generator } = model;
    const before = generator.state();
    this.portion ??= keep(scope(() => zeros([1 + heads.length], model.dtype as "float32")));
    const counted =
      this.fixed === null
        ? this.shared(rows, exchanges, part, what)
        : this.parts(this.fixed, prepared, heads, rows, part, what);
    // As many random numbers as rank 0 has drawn, or the first micro-batch.
    generator.restore({ seed: before.seed, counter: before.counter + counted[counted.length - 1] });
    return counted.subarray(0, -1);
  }

  /** Runs a part with random numbers of its own; with what it counts, how many it has drawn. */
  private drawing(part: number, weight: number, body: () => Float64Array): Float64Array {
    const { generator } = this.model;
    const { seed, counter } = generator.state();
    generator.restore({ seed: seedOfPart(seed, part), counter });
    this.setPortion(0, weight);
    const counts = body();
    const drawn = generator.state().counter - counter;
    generator.restore({ seed, counter });
    return Float64Array.of(...counts, part === 0 ? drawn : 0);
  }

  private setPortion(at: number, value: number): void {
    const { portion } = this;
    engine().fill(windowOf(portion!, [1], portion!.offset + at, null), value);
  }

  /** One share of the batch for each rank. */
  private shared(rows: Rows, exchanges: boolean, part: PartRun, what: string): Float64Array {
    const group = this.group!;
    const exchange = this.exchange!;
    const { start, stop, weight, counted } = shareOf(rows.count, group.size, group.rank);
    exchange.begin(exchanges);
    const counts = this.drawing(group.rank, weight, () => part(start, stop, (body) => exchange.watch(body)));
    // What another rank counts as well counts once; the loss is a share already.
    if (!counted) counts.fill(0, 1);
    this.gatherKept(weight);
    if (!exchanges && this.keptRow !== null) group.startSum(this.keptRow);
    exchange.finish(this.keptRow, what);
    group.finish(what);
    this.spreadKept(this.keptRow);
    group.sum(counts, what);
    return counts;
  }

  /** Micro-batches, each rank some of them. */
  private parts(
    fixed: FixedSum,
    prepared: Prepared,
    heads: readonly Head[],
    rows: Rows,
    part: PartRun,
    what: string,
  ): Float64Array {
    const { group, model } = this;
    const { block } = model;
    const leaves = Math.min(this.microBatches!, rows.count);
    const rangeOf = (leaf: number): [number, number] => [
      cut(rows.count, leaves, leaf),
      cut(rows.count, leaves, leaf + 1),
    ];
    const mine = { from: cut(leaves, group?.size ?? 1, group?.rank ?? 0), to: 0 };
    mine.to = cut(leaves, group?.size ?? 1, (group?.rank ?? 0) + 1);
    if (prepared.heads.some(({ weights }) => weights >= 0) || model.makesMasks) {
      this.weigh(prepared, heads, leaves, mine, (leaf) => rows.take(...rangeOf(leaf)), what);
    }
    const before = this.keptBefore;
    for (const [i, kept] of this.kept.entries()) engine().copy(kept, before[i]);
    const counts = new Map<number, Float64Array>();
    const sum = fixed.of(
      leaves,
      (leaf, row) => {
        for (const [i, kept] of this.kept.entries()) engine().copy(before[i], kept);
        const [start, stop] = rangeOf(leaf);
        const weight = (stop - start) / rows.count;
        counts.set(
          leaf,
          this.drawing(leaf, weight, () => part(start, stop, plainly)),
        );
        block.completeGradients();
        const { size } = block.gradients;
        engine().copy(block.gradients, windowOf(row, [size], row.offset, null));
        this.gatherKept(weight);
        if (this.keptRow !== null) {
          engine().copy(this.keptRow, windowOf(row, [this.keptRow.size], row.offset + size, null));
        }
      },
      what,
    );
    const { size } = block.gradients;
    engine().copy(windowOf(sum, [size], sum.offset, null), block.gradients);
    block.gradients.storage.version += 1;
    block.markComplete();
    if (this.keptRow !== null) this.spreadKept(windowOf(sum, [this.keptRow.size], sum.offset + size, null));
    return this.inOrder(leaves, mine, counts, what);
  }

  /** The counts of all micro-batches, added in their order. */
  private inOrder(
    leaves: number,
    mine: { from: number; to: number },
    counts: ReadonlyMap<number, Float64Array>,
    what: string,
  ): Float64Array {
    const { group } = this;
    const width = group === null ? counts.get(0)!.length : this.widthOf(counts, what);
    const all = new Float64Array(leaves * width);
    for (let leaf = mine.from; leaf < mine.to; leaf++) all.set(counts.get(leaf)!, leaf * width);
    // Each place is one rank's, so that adding moves and does not round.
    group?.sum(all, what);
    const total = new Float64Array(width);
    for (let leaf = 0; leaf < leaves; leaf++) for (let i = 0; i < width; i++) total[i] += all[leaf * width + i];
    return total;
  }

  private width: number | undefined;

  /** How many numbers are counted; a rank without a micro-batch has to be told. */
  private widthOf(counts: ReadonlyMap<number, Float64Array>, what: string): number {
    if (this.width === undefined) {
      const own = Float64Array.of(counts.get(0)?.length ?? 0);
      this.group!.sum(own, what);
      this.width = own[0];
    }
    return this.width;
  }

  private gatherKept(weight: number): void {
    const { keptRow } = this;
    if (keptRow === null) return;
    let at = keptRow.offset;
    for (const kept of this.kept) {
      engine().binaryScalar("mul", kept, weight, windowOf(keptRow, kept.shape, at, null), false);
      at += kept.size;
    }
  }

  private spreadKept(row: Tensor | null): void {
    if (row === null) return;
    let at = row.offset;
    for (const kept of this.kept) {
      engine().copy(windowOf(row, kept.shape, at, null), kept);
      kept.storage.version += 1;
      at += kept.size;
    }
  }

  /** What the rows of each head count in the whole batch, before any of it is differentiated. */
  private weigh(
    prepared: Prepared,
    heads: readonly Head[],
    leaves: number,
    mine: { from: number; to: number },
    take: (leaf: number) => readonly Tensor[],
    what: string,
  ): void {
    const { model, group } = this;
    const all = new Float64Array(leaves * heads.length);
    for (let leaf = mine.from; leaf < mine.to; leaf++) {
      scope(() =>
        noGrad(() => {
          const batch = take(leaf);
          const seen = model.makesMasks
            ? observe(model, heads, prepared, batch, false).map(({ weights }) => weights)
            : null;
          prepared.heads.forEach(({ weights, targets, lead }, k) => {
            const leading = batch[targets].shape.slice(0, lead);
            const given =
              seen !== null ? seen[k] : weights < 0 ? null : asFactor(batch[weights], lead, leading, model.dtype);
            if (given !== null) all[leaf * heads.length + k] = sum(given).item();
          });
        }),
      );
    }
    group?.sum(all, what);
    for (let k = 0; k < heads.length; k++) {
      let total = 0;
      for (let leaf = 0; leaf < leaves; leaf++) total += all[leaf * heads.length + k];
      this.setPortion(1 + k, 1 / Math.max(total, TINY));
    }
  }

  /**
   * The running part's share of the batch's loss: added over all parts they are the loss. A head's mean counts as its rows do in the whole batch; the
   * penalty as the part's rows.
   */
  lossOf(heads: readonly Head[], runs: readonly HeadRun[], penalty: Tensor | null): Tensor {
    const { portion } = this;
    const of = (at: number): Tensor => windowOf(portion!, [], portion!.offset + at, null);
    const sums = this.fixed === null && runs.some(({ total }) => total !== null) ? this.weightsOfAll(runs) : null;
    let loss: Tensor | null = null;
    for (let k = 0; k < heads.length; k++) {
      const { lossWeight } = heads[k];
      const { total } = runs[k];
      let share = of(0);
      if (total !== null) share = sums === null ? mul(total, of(1 + k)) : div(total, maximum(sums[k], TINY));
      const weighted = lossWeight === 1 ? runs[k].loss : mul(runs[k].loss, lossWeight);
      const own = mul(weighted, share);
      loss = loss === null ? own : add(loss, own);
    }
    return penalty === null ? loss! : add(loss!, mul(penalty, of(0)));
  }

  /** What the rows of each head count on all ranks together. */
  private weightsOfAll(runs: readonly HeadRun[]): Tensor[] {
    const group = this.group!;
    this.weightSums ??= outsideRecording(() => keep(scope(() => zeros([runs.length], this.model.dtype as "float32"))));
    const sums = this.weightSums;
    const of = (k: number): Tensor => windowOf(sums, [], sums.offset + k, null);
    runs.forEach(({ total }, k) => {
      if (total !== null) engine().copy(packed(total), of(k));
    });
    callAgain(() => {
      group.startSum(sums);
      group.finish("what the rows of a batch count");
    });
    return runs.map((_, k) => of(k));
  }
}

/** Whether one of the ranks says so, on all of them. */
export function agreed(group: Group | null, mine: boolean, what: string): boolean {
  if (group === null) return mine;
  const votes = Float64Array.of(Number(mine));
  group.sum(votes, what);
  return votes[0] > 0;
}
