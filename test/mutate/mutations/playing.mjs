// Section 6.5: tic-tac-toe by hand, whose counts and whose Q-learning are checked to the last game.
const program = "book/nndl/programs/tic-tac-toe.ts";

/** @type {import("../mutations.d.mts").Mutation[]} */
export const mutations = [
  {
    id: "playing-draw-is-a-win",
    file: program,
    from: "const target = won === null ? -this.most(after) : won === 0 ? 0 : 1;",
    to: "const target = won === null ? -this.most(after) : 1;",
    why: "Q-learning takes a draw for a win",
    experiments: ["nndl/6.5-tic-tac-toe"],
  },
  {
    id: "playing-same-side",
    file: program,
    from: "const target = won === null ? -this.most(after) : won === 0 ? 0 : 1;",
    to: "const target = won === null ? this.most(after) : won === 0 ? 0 : 1;",
    why: "what is good for the opponent is taken for good",
    experiments: ["nndl/6.5-tic-tac-toe"],
  },
  {
    id: "playing-a-diagonal-forgotten",
    file: program,
    from: "  [2, 4, 6],\n];",
    to: "];",
    why: "one of the eight lines does not win",
    experiments: ["nndl/6.5-tic-tac-toe"],
  },
  {
    id: "playing-a-symmetry-forgotten",
    file: program,
    from: "  [8, 5, 2, 7, 4, 1, 6, 3, 0],\n];",
    to: "];",
    why: "boards mirrored along a diagonal count as different",
    experiments: ["nndl/6.5-tic-tac-toe"],
  },
  {
    id: "playing-minimax-of-one-side",
    file: program,
    from: "value = Math.max(value, -minimax(play(board, cell), known));",
    to: "value = Math.max(value, minimax(play(board, cell), known));",
    why: "minimax without the change of sides",
    experiments: ["nndl/6.5-tic-tac-toe"],
  },
  {
    id: "playing-any-minimax-move",
    file: program,
    from: "const chosen = best[behind.indexOf(Math.max(...behind))];",
    to: "const chosen = best[behind.indexOf(Math.min(...behind))];",
    why: "of the moves that lose nothing the one that wins least",
    experiments: ["nndl/6.5-tic-tac-toe"],
  },
];
