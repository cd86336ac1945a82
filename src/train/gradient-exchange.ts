// The gradients of all ranks become their sum, in pieces: a stretch of the block is on its way as soon as backward has written it, while the
// layers before it are still at work. All ranks begin the pieces in one order, that in which rank 0's first step completed them.
import { whenLeavesComplete } from "../autograd/backward.ts";
import { bytesOf } from "../engine/dtype.ts";
import { type ArrayView, engine } from "../engine/engine.ts";
import type { Group } from "../engine/group.ts";
import { callAgain } from "../engine/recording.ts";
import type { ParameterBlock } from "../nn/parameters.ts";
import { zeros } from "../tensor/create.ts";
import type { Node } from "../tensor/graph.ts";
import { keep, scope, type Tensor, windowOf } from "../tensor/tensor.ts";

/** Bytes of a piece, where nobody says. */
export const PIECE_BYTES = 1 << 20;

/** Numbers on their way: as they are, or as bfloat16, half the bytes. */
export type Wire = "float32" | "bfloat16";

/** A stretch of the block that is sent as one. */
interface Piece {
  readonly view: Tensor;
  /** Parameters that it holds a part of. */
  readonly leaves: number;
  /** Those that backward has not written yet. */
  waiting: number;
}

/** The parameters of a block: where each begins and ends. */
interface Place {
  readonly node: Node;
  readonly start: number;
  readonly stop: number;
}

/**
 * Cuts a block into pieces of about so many numbers, at the beginnings of parameters, and orders them by when backward completes them.
 * @param places of the parameters, ascending; @param order their numbers as backward completed them.
 * @returns for each piece, in the order in which they are begun, first and last parameter (not included).
 */
export function planPieces(
  places: readonly { start: number; stop: number }[],
  order: readonly number[],
  numbers: number,
): [from: number, to: number][] {
  const when = new Map(order.map((leaf, at) => [leaf, at]));
  const timeOf = (leaf: number): number => when.get(leaf) ?? order.length;
  const pieces: { from: number; to: number; ready: number }[] = [];
  // From the end of the block: later layers lie there, and are complete first.
  for (let to = places.length; to > 0; ) {
    let from = to;
    while (from > 0 && (from === to || places[to - 1].stop - places[from - 1].start <= numbers)) from -= 1;
    let ready = 0;
    for (let leaf = from; leaf < to; leaf++) ready = Math.max(ready, timeOf(leaf));
    pieces.push({ from, to, ready });
    to = from;
  }
  return pieces.sort((a, b) => a.ready - b.ready || b.from - a.from).map(({ from, to }) => [from, to]);
}

export class GradientExchange {
  private readonly places: readonly Place[];
  private readonly leafOf = new Map<Node, number>();
  private pieces: Piece[] | undefined;
  private piecesOf: number[][] = [];
  /** In the first step: parameters in the order in which backward completes them. */
  private order: number[] = [];
  private next = 0;
  private active = false;
  /** For bfloat16: what is sent, what comes, and the summed pieces. */
  private readonly wires = new Map<Tensor, WirePiece>();

  constructor(
    private readonly group: Group,
    private readonly block: ParameterBlock,
    private readonly wire: Wire,
    private readonly pieceNumbers: number,
  ) {
    const places: Place[] = [];
    for (const parameter of block.parameters) {
      const { node } = parameter.tensor;
      if (node?.slot == null) continue;
      const start = node.slot.tensor.offset - block.gradients.offset;
      places.push({ node, start, stop: start + parameter.size });
    }
    this.places = places.sort((a, b) => a.start - b.start);
    this.places.forEach(({ node }, leaf) => {
      this.leafOf.set(node, leaf);
    });
  }

  /** Before a step; `active`: whether its gradients are exchanged, or gathered for a later one. */
  begin(active: boolean): void {
    this.active = active;
    this.next = 0;
    this.order = [];
    for (const piece of this.pieces ?? []) piece.waiting = piece.leaves;
  }

  /** Runs a step, and begins pieces while its backward pass completes them; a recording of it does the same again. */
  watch<R>(body: () => R): R {
    return whenLeavesComplete((node) => {
      const leaf = this.leafOf.get(node);
      if (leaf !== undefined) callAgain(() => this.complete(leaf));
    }, body);
  }

  private complete(leaf: number): void {
    if (!this.active) return;
    const { pieces, piecesOf } = this;
    if (pieces === undefined) {
      this.order.push(leaf);
      return;
    }
    for (const piece of piecesOf[leaf]) pieces[piece].waiting -= 1;
    while (this.next < pieces.length && pieces[this.next].waiting === 0) this.start(pieces[this.next++]);
    this.group.progress();
  }

  /** After the step's backward: begins what is left, with `also` beside it, and waits for all. */
  finish(also: ArrayView | null, what: string): void {
    if (!this.active) return;
    this.block.completeGradients();
    const pieces = this.pieces ?? this.plan(what);
    while (this.next < pieces.length) this.start(pieces[this.next++]);
    if (also !== null) this.group.startSum(also);
    this.group.finish(what);
    if (this.wire === "bfloat16") {
      for (const { view } of pieces) this.wires.get(view)!.add();
      for (const { view } of pieces) this.wires.get(view)!.gather();
      this.group.finish(what);
      for (const { view } of pieces) this.wires.get(view)!.unpack();
    }
    this.block.gradients.storage.version += 1;
  }

  private plan(what: string): Piece[] {
    const { block, group, places } = this;
    const mine = new TextEncoder().encode(JSON.stringify(this.order));
    const order = JSON.parse(new TextDecoder().decode(group.broadcastBytes(mine, what))) as number[];
    const cuts = planPieces(places, order, this.pieceNumbers);
    this.piecesOf = places.map(() => []);
    this.pieces = cuts.map(([from, to], number) => {
      const start = places[from].start;
      const stop = to < places.length ? places[to].start : block.gradients.size;
      for (let leaf = from; leaf < to; leaf++) this.piecesOf[leaf].push(number);
      const view = windowOf(block.gradients, [stop - start], block.gradients.offset + start, null);
      if (this.wire === "bfloat16") this.wires.set(view, new WirePiece(group, view));
      return { view, leaves: to - from, waiting: to - from };
    });
    return this.pieces;
  }

  /** When each piece of a step was begun, where somebody (bench/distributed) puts an array here. */
  private readonly trace: { at: number; bytes: number }[] | undefined;

  private start({ view }: Piece): void {
    this.trace?.push({ at: performance.now(), bytes: view.size * bytesOf(view.dtype) });
    const wired = this.wires.get(view);
    if (wired === undefined) this.group.startSum(view);
    else wired.send();
  }
}

/** Bytes of a bfloat16. */
const WIDTH = 2;

/**
 * A piece that travels as bfloat16: each rank gets its slice of all ranks' numbers, adds them in float32 in the order of the ranks, and brings
 * the sum, rounded once more, to all. Every rank ends with the same bits.
 */
class WirePiece {
  /** Numbers of a slice. */
  private readonly slice: number;
  private readonly sent: Tensor;
  private readonly received: Tensor;
  private readonly sum: Tensor;
  private readonly result: Tensor;

  constructor(
    private readonly group: Group,
    private readonly view: Tensor,
  ) {
    const { size } = group;
    this.slice = Math.ceil(view.size / size / 16) * 16;
    const bytes = this.slice * size * WIDTH;
    [this.sent, this.received, this.result] = [0, 1, 2].map(() => keep(scope(() => zeros([bytes], "bool"))));
    this.sum = keep(scope(() => zeros([this.slice], "float32")));
  }

  private sliceOf(of: Tensor, rank: number): Tensor {
    const bytes = this.slice * WIDTH;
    return windowOf(of, [bytes], of.offset + rank * bytes, null);
  }

  send(): void {
    const { group, view, sent, received } = this;
    engine().kernel("toBfloat16", "float32", view, sent, view.size);
    for (let other = 0; other < group.size; other++) {
      if (other === group.rank) continue;
      group.startReceive(other, this.sliceOf(received, other));
      group.startSend(other, this.sliceOf(sent, other));
    }
  }

  add(): void {
    const { group, sum, slice, sent, received, result } = this;
    engine().fill(sum, 0);
    for (let rank = 0; rank < group.size; rank++) {
      const from = this.sliceOf(rank === group.rank ? sent : received, rank);
      engine().kernel("addBfloat16", "float32", from, sum, slice);
    }
    engine().kernel("toBfloat16", "float32", sum, this.sliceOf(result, group.rank), slice);
  }

  gather(): void {
    this.group.startGather(this.result);
  }

  unpack(): void {
    engine().fill(this.view, 0);
    engine().kernel("addBfloat16", "float32", this.result, this.view, this.view.size);
  }
}
