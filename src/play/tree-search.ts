// Tree search guided by a network, as in AlphaGo Zero (Silver and others 2017): each simulation goes down the tree to where it has not been, by
//
//   argmax over moves of Q + c P sqrt(N) / (1 + n),
//
// asks the network there, and carries the value back up. Many trees, one a game, are searched side by side: every round asks for one position of each.
import { philoxStream } from "../data/philox.ts";
import { knownOptions, list, notNegative, whole } from "../engine/checks.ts";
import type { BoardGame } from "./board-game.ts";
import type { Player } from "./players.ts";
import { checkNetwork, type PolicyValueNetwork } from "./policy-value.ts";

/** Where search has been: a position, and for each of its moves what is known. */
export interface SearchNode<Position> {
  readonly position: Position;
  /** For who is to move, where the game is over. */
  readonly final: number | null;
  /** Allowed moves. */
  readonly moves: readonly number[];
  /** P: what the network thinks of each move. */
  priors: number[];
  /** n: how often each was tried. */
  readonly visits: number[];
  /** Sum of the values behind each, for who is to move here. */
  readonly totals: number[];
  readonly children: (SearchNode<Position> | null)[];
  /** Sum of `visits`. */
  count: number;
  /** What the network thinks the position is worth to who is to move. */
  value: number;
}

function nodeOf<Position>(game: BoardGame<Position>, position: Position): SearchNode<Position> {
  const result = game.result(position);
  const moves = game.legalMoves(position);
  const k = moves.length;
  return {
    position,
    final: result === null ? null : game.toMove(position) === 0 ? result : -result,
    moves,
    priors: [],
    visits: new Array<number>(k).fill(0),
    totals: new Array<number>(k).fill(0),
    children: new Array<null>(k).fill(null),
    count: 0,
    value: 0,
  };
}

/** The tree of one game: it is kept from move to move. */
export class SearchTree<Position> {
  root: SearchNode<Position>;
  /** P of the root with noise in it; null: without. */
  noisy: number[] | null = null;
  private readonly game: BoardGame<Position>;
  private readonly path: SearchNode<Position>[] = [];
  private readonly taken: number[] = [];

  constructor(game: BoardGame<Position>, position: Position) {
    this.game = game;
    this.root = nodeOf(game, position);
  }

  /** Goes on to the position after a move, and keeps what is known of it. */
  advance(move: number): void {
    const { root, game } = this;
    const next = root.children[root.moves.indexOf(move)];
    this.root = next ?? nodeOf(game, game.play(root.position, move));
    this.noisy = null;
  }

  /** Goes down to a position that the network has not been asked for, or to an end of the game, of which it takes account by itself. */
  descend(exploration: number): SearchNode<Position> | null {
    const { path, taken, game } = this;
    path.length = 0;
    taken.length = 0;
    let node = this.root;
    while (node.final === null && node.priors.length > 0) {
      const priors = node === this.root && this.noisy !== null ? this.noisy : node.priors;
      const i = choose(node, priors, exploration);
      path.push(node);
      taken.push(i);
      let child = node.children[i];
      if (child === null) {
        child = nodeOf(game, game.play(node.position, node.moves[i]));
        node.children[i] = child;
      }
      node = child;
    }
    if (node.final === null) return node;
    this.climb(node.final);
    return null;
  }

  /** Carries a value, for who is to move at the bottom, up the path. */
  climb(value: number): void {
    const { path, taken } = this;
    let worth = value;
    for (let k = path.length - 1; k >= 0; k--) {
      worth = -worth;
      const node = path[k];
      node.visits[taken[k]] += 1;
      node.totals[taken[k]] += worth;
      node.count += 1;
    }
  }
}

/** A move that has not been tried counts as a draw. */
function choose<Position>(node: SearchNode<Position>, priors: readonly number[], exploration: number): number {
  const { visits, totals } = node;
  const factor = exploration * Math.sqrt(node.count + 1);
  let best = 0;
  let most = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < priors.length; i++) {
    const n = visits[i];
    const score = (n > 0 ? totals[i] / n : 0) + (factor * priors[i]) / (1 + n);
    if (score > most) {
      most = score;
      best = i;
    }
  }
  return best;
}

/** Brings the root of every tree to `simulations` visits; the network is asked for a position of each tree at a time. */
export function searchTrees<Position>(
  trees: readonly SearchTree<Position>[],
  network: PolicyValueNetwork<Position>,
  simulations: number,
  exploration: number,
  /** Called once for every root whose priors are known, before it is searched. */
  onRoot?: (tree: SearchTree<Position>) => void,
): void {
  const { moves } = network.game;
  const ask = (open: readonly SearchTree<Position>[], nodes: readonly SearchNode<Position>[]): void => {
    const { policies, values } = network.evaluate(nodes.map(({ position }) => position));
    nodes.forEach((node, i) => {
      node.priors = node.moves.map((move) => policies[i * moves + move]);
      node.value = values[i];
      open[i].climb(values[i]);
    });
  };
  const fresh = trees.filter(({ root }) => root.final === null && root.priors.length === 0);
  for (const tree of fresh) tree.descend(exploration);
  if (fresh.length > 0)
    ask(
      fresh,
      fresh.map(({ root }) => root),
    );
  if (onRoot) for (const tree of trees) onRoot(tree);
  for (;;) {
    const open: SearchTree<Position>[] = [];
    const nodes: SearchNode<Position>[] = [];
    for (const tree of trees) {
      if (tree.root.final !== null) continue;
      // Ends of the game need no network: they are gone through until there is something to ask.
      while (tree.root.count < simulations) {
        const node = tree.descend(exploration);
        if (node === null) continue;
        open.push(tree);
        nodes.push(node);
        break;
      }
    }
    if (nodes.length === 0) return;
    ask(open, nodes);
  }
}

/** What search takes. */
export interface SearchOptions {
  /** Simulations a move; default 100. */
  simulations?: number;
  /** c: how much moves that were tried little, and that the network likes, are preferred; default 1.5. */
  exploration?: number;
}

/** What `searchPlayer` takes. */
export interface SearchPlayerOptions extends SearchOptions {
  /** Decides between moves that were tried equally often; default 0. */
  seed?: number;
}

/**
 * Plays the move that search tries most often.
 * @throws TypeError for what is no network, or for an unknown option; RangeError for numbers that are none.
 * @example
 * ```ts
 * const game = ticTacToe();
 * let position = game.start();
 * for (const move of [4, 1, 0, 2]) position = game.play(position, move);
 * searchPlayer(new PolicyValueNetwork(game), { simulations: 200 })([position]); // [8]
 * ```
 */
export function searchPlayer<Position>(
  network: PolicyValueNetwork<Position>,
  options: SearchPlayerOptions = {},
): Player<Position> {
  const owner = "searchPlayer";
  checkNetwork(owner, network);
  const {
    simulations = 100,
    exploration = 1.5,
    seed = 0,
  } = knownOptions(owner, options, ["simulations", "exploration", "seed"]);
  whole(owner, "simulations", simulations, 1);
  notNegative(owner, "exploration", exploration);
  const draws = philoxStream(whole(owner, "seed", seed, 0));
  return (positions) => {
    const trees = list("a player", "positions", positions).map((position) => new SearchTree(network.game, position));
    searchTrees(trees, network, simulations, exploration);
    return trees.map(({ root }) => {
      const most = Math.max(...root.visits);
      const best = root.moves.filter((_, i) => root.visits[i] === most);
      return best[best.length === 1 ? 0 : draws.below(best.length)];
    });
  };
}
