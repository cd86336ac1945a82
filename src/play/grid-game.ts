// Tic-tac-toe and Connect-Four: two sides set stones on a grid in turn, and so many in a row win. In Connect-Four a stone falls to the lowest free cell.
import { fields, knownOptions, list, whole } from "../engine/checks.ts";
import { quote } from "../engine/quote.ts";
import type { BoardGame, Result, Side, Symmetry } from "./board-game.ts";
import { checkRoom } from "./environment.ts";

/** A position of a game on a grid. */
export interface GridPosition {
  /** Row after row from the top: 0 empty, 1 a stone of the side that began, 2 one of the other. */
  readonly cells: Int8Array;
  /** How many stones there are. */
  readonly stones: number;
  /** See `BoardGame.result`. */
  readonly result: Result | null;
}

/** Rows and columns of the four directions of a line. */
const DIRECTIONS = [
  [0, 1],
  [1, 0],
  [1, 1],
  [1, -1],
] as const;

interface GridRules {
  readonly name: string;
  readonly height: number;
  readonly width: number;
  readonly inARow: number;
  /** Whether stones fall: a move is a column, else a cell. */
  readonly falling: boolean;
}

class GridGame implements BoardGame<GridPosition> {
  readonly name: string;
  readonly height: number;
  readonly width: number;
  readonly moves: number;
  readonly symmetries: readonly Symmetry[];
  private readonly inARow: number;
  private readonly falling: boolean;

  constructor({ name, height, width, inARow, falling }: GridRules) {
    this.name = name;
    this.height = height;
    this.width = width;
    this.inARow = inARow;
    this.falling = falling;
    this.moves = falling ? width : height * width;
    this.symmetries = symmetriesOf(height, width, falling);
  }

  start(): GridPosition {
    return { cells: new Int8Array(this.height * this.width), stones: 0, result: null };
  }

  toMove(position: GridPosition): Side {
    const { stones } = this.checked(position);
    return (stones & 1) as Side;
  }

  legalMoves(position: GridPosition): readonly number[] {
    const { cells, result } = this.checked(position);
    const found: number[] = [];
    // What falls needs room at the top.
    if (result === null) for (let move = 0; move < this.moves; move++) if (cells[move] === 0) found.push(move);
    return found;
  }

  play(position: GridPosition, move: number): GridPosition {
    const { cells, stones, result } = this.checked(position);
    if (result !== null) {
      throw new Error(`${this.name}: the game is over, so no move can be made; legalMoves(position) is empty`);
    }
    const what = this.falling ? "column" : "cell";
    if (!Number.isInteger(move) || move < 0 || move >= this.moves) {
      throw new RangeError(`${this.name}: a move is a ${what} from 0 to ${this.moves - 1}, got ${quote(move)}`);
    }
    if (cells[move] !== 0) {
      const free = this.legalMoves(position).join(", ");
      throw new RangeError(`${this.name}: ${what} ${move} is ${this.falling ? "full" : "taken"}; free are ${free}`);
    }
    let cell = move;
    if (this.falling) while (cell + this.width < cells.length && cells[cell + this.width] === 0) cell += this.width;
    const next = cells.slice();
    const stone = (stones & 1) + 1;
    next[cell] = stone;
    return {
      cells: next,
      stones: stones + 1,
      result: hasLine(this, this.inARow, next, cell, stone)
        ? stone === 1
          ? 1
          : -1
        : stones + 1 === next.length
          ? 0
          : null,
    };
  }

  private checked(position: GridPosition): GridPosition {
    const { cells } = fields(this.name, "the position", position);
    if (cells instanceof Int8Array && cells.length === this.height * this.width) return position;
    throw new TypeError(
      `${this.name}: a position has ${this.height} x ${this.width} cells; start() gives the first, play(position, move) the next`,
    );
  }

  result(position: GridPosition): Result | null {
    return this.checked(position).result;
  }

  key(position: GridPosition): string {
    return String.fromCharCode(...this.checked(position).cells);
  }

  turn(position: GridPosition, symmetry: Symmetry): GridPosition {
    const { cells, stones, result } = this.checked(position);
    list(`${this.name}.turn`, "the symmetry's cells", fields(`${this.name}.turn`, "the symmetry", symmetry).cells);
    return { cells: Int8Array.from(symmetry.cells, (cell) => cells[cell]), stones, result };
  }

  encode(position: GridPosition, into: Float32Array, at: number): void {
    const { cells, stones } = this.checked(position);
    const size = cells.length;
    checkRoom(`${this.name}.encode`, into, at, 2 * size);
    const own = (stones & 1) + 1;
    for (let i = 0; i < size; i++) {
      into[at + i] = cells[i] === own ? 1 : 0;
      into[at + size + i] = cells[i] === 3 - own ? 1 : 0;
    }
  }

  show(position: GridPosition): string {
    const { cells } = this.checked(position);
    const lines = Array.from({ length: this.height }, (_, row) =>
      Array.from(cells.subarray(row * this.width, (row + 1) * this.width), (cell) => ".XO"[cell]).join(""),
    );
    return lines.join("\n");
  }
}

/** Stones that fall leave the mirror alone; a square board has eight symmetries, another four. */
function symmetriesOf(height: number, width: number, falling: boolean): Symmetry[] {
  const table = (from: (row: number, column: number) => readonly [number, number]): number[] =>
    Array.from({ length: height * width }, (_, cell) => {
      const [row, column] = from(Math.floor(cell / width), cell % width);
      return row * width + column;
    });
  const [bottom, right] = [height - 1, width - 1];
  const mirror = (r: number, c: number) => [r, right - c] as const;
  if (falling) {
    const columns = Array.from({ length: width }, (_, column) => column);
    return [
      { cells: table((r, c) => [r, c]), moves: columns },
      { cells: table(mirror), moves: columns.map((column) => right - column) },
    ];
  }
  const maps: ((r: number, c: number) => readonly [number, number])[] = [
    (r, c) => [r, c],
    mirror,
    (r, c) => [bottom - r, c],
    (r, c) => [bottom - r, right - c],
  ];
  if (height === width) {
    maps.push(
      (r, c) => [c, r],
      (r, c) => [c, right - r],
      (r, c) => [bottom - c, r],
      (r, c) => [bottom - c, right - r],
    );
  }
  return maps.map(table).map((cells) => ({ cells, moves: cells }));
}

/**
 * Tic-tac-toe: three by three cells, three in a row win. Move k sets a stone on cell k, counted by rows from the top left.
 * @example
 * ```ts
 * const game = ticTacToe();
 * let position = game.start();
 * for (const move of [4, 0, 2, 1, 6]) position = game.play(position, move);
 * game.show(position); // "OOX\n.X.\nX.."
 * game.result(position); // 1
 * ```
 */
export function ticTacToe(): BoardGame<GridPosition> {
  return new GridGame({ name: "tic-tac-toe", height: 3, width: 3, inARow: 3, falling: false });
}

/** What `connectFour` takes. */
export interface ConnectFourOptions {
  /** Default 6. */
  rows?: number;
  /** Default 7. */
  columns?: number;
  /** Stones in a row that win; default 4. */
  inARow?: number;
}

/**
 * Connect-Four: a stone falls to the lowest free cell of its column, four in a row win, upright, level or slanting. Move k is column k. The board has six rows
 * and seven columns, or as many as wanted.
 * @throws RangeError for numbers that are not whole, a board of more than 100 cells, or one on which nobody could win; TypeError for an unknown option.
 * @example
 * ```ts
 * const game = connectFour({ rows: 4, columns: 5, inARow: 3 });
 * let position = game.start();
 * for (const move of [2, 2, 1, 1, 3]) position = game.play(position, move);
 * game.show(position); // ".....\n.....\n.OO..\n.XXX."
 * game.result(position); // 1
 * ```
 */
export function connectFour(options: ConnectFourOptions = {}): BoardGame<GridPosition> {
  const { rows = 6, columns = 7, inARow = 4 } = knownOptions("connectFour", options, ["rows", "columns", "inARow"]);
  whole("connectFour", "rows", rows, 1);
  whole("connectFour", "columns", columns, 1);
  whole("connectFour", "inARow", inARow, 2);
  if (rows * columns > 100) {
    throw new RangeError(`connectFour: a board has at most 100 cells, got ${rows} x ${columns}`);
  }
  if (inARow > Math.max(rows, columns)) {
    throw new RangeError(`connectFour: ${inARow} in a row do not fit on ${rows} x ${columns} cells`);
  }
  return new GridGame({ name: "connect-four", height: rows, width: columns, inARow, falling: true });
}

/** Whether the stone on a cell is part of a line. */
function hasLine({ width, height }: GridGame, inARow: number, cells: Int8Array, cell: number, stone: number): boolean {
  const [row, column] = [Math.floor(cell / width), cell % width];
  for (const [down, right] of DIRECTIONS) {
    let length = 1;
    for (let sign = -1; sign <= 1; sign += 2) {
      let [r, c] = [row + sign * down, column + sign * right];
      while (r >= 0 && r < height && c >= 0 && c < width && cells[r * width + c] === stone) {
        length += 1;
        r += sign * down;
        c += sign * right;
      }
    }
    if (length >= inARow) return true;
  }
  return false;
}
