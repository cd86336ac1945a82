// Long short-term memories with their products by the library, in place of the kernels of the same names. Rows of a batch do not meet, so a part
// takes some rows through all steps: a product with the state, then a kernel for the gates, step by step.
import type { Host } from "./host.ts";
import { type RunPart, TASK, type Thread } from "./thread.ts";

/** Words of the task, addresses first. */
export const LSTM = {
  forward: TASK.kinds.lstmForward,
  kind: TASK.kind,
  error: TASK.error,
  gates: 2,
  /** Forward: their transpose, or as they are: see `turned`. */
  weights: 3,
  firstState: 4,
  firstCell: 5,
  states: 6,
  cells: 7,
  seen: 8,
  stateGradient: 9,
  gateGradient: 10,
  firstStateGradient: 11,
  firstCellGradient: 12,
  steps: 13,
  batch: 14,
  size: 15,
  reverse: 16,
  squash: 17,
  truncate: 18,
  /** Rows of a part. */
  rows: 19,
  /** Forward: whether the weights are their transpose. */
  turned: 20,
} as const;

export function lstmParts({ calls, task, kernels }: Thread, word: typeof LSTM): RunPart {
  const multiply = calls.float32;

  const forward = (row: number, rows: number): void => {
    const [steps, batch, size, squash] = [task[word.steps]!, task[word.batch]!, task[word.size]!, task[word.squash]!];
    const [gates, weights, reverse] = [task[word.gates]!, task[word.weights]!, task[word.reverse]!];
    const [asTheyAre, apart] = task[word.turned] ? [0, 4 * size] : [1, size];
    const bytes = 4 * size;
    let h = task[word.firstState] && task[word.firstState]! + row * bytes;
    let c = task[word.firstCell] && task[word.firstCell]! + row * bytes;
    let first = row;
    for (let s = 0; s < steps; s++) {
      first = (reverse ? steps - 1 - s : s) * batch + row;
      const z = gates + first * 4 * bytes;
      if (h) {
        const error = multiply(0, asTheyAre, rows, 4 * size, size, h, size, weights, apart, 1, z, 4 * size);
        if (error !== 0) task[word.error] = error;
      }
      const state = task[word.states]! + first * bytes;
      const cell = task[word.cells]! + first * bytes;
      kernels.lstmStep_f32(rows, size, z, c!, cell, state, task[word.seen]! + first * bytes, squash);
      h = state;
      c = cell;
    }
  };

  const backward = (row: number, rows: number): void => {
    const [steps, batch, size, squash] = [task[word.steps]!, task[word.batch]!, task[word.size]!, task[word.squash]!];
    const [weights, reverse, truncate] = [task[word.weights]!, task[word.reverse]!, task[word.truncate]!];
    const bytes = 4 * size;
    const carry = task[word.firstStateGradient]! + row * bytes;
    const carryCell = task[word.firstCellGradient]! + row * bytes;
    let known = false;
    let fresh = 0;
    for (let s = steps - 1; s >= 0; s--) {
      const t = reverse ? steps - 1 - s : s;
      const first = t * batch + row;
      const before = (reverse ? t + 1 : t - 1) * batch + row;
      const dz = task[word.gateGradient]! + first * 4 * bytes;
      let c = task[word.cells]! + before * bytes;
      if (s === 0) c = task[word.firstCell] === 0 ? 0 : task[word.firstCell]! + row * bytes;
      kernels.lstmStepGradient_f32(
        rows,
        size,
        task[word.gates]! + first * 4 * bytes,
        c,
        task[word.seen]! + first * bytes,
        task[word.stateGradient]! + first * bytes,
        known ? carry : 0,
        carryCell,
        fresh,
        dz,
        squash,
      );
      known = !(truncate > 0 && s > 0 && s % truncate === 0);
      fresh = known ? 0 : 1;
      if (!known) continue;
      const error = multiply(0, 0, rows, size, 4 * size, dz, 4 * size, weights, size, 0, carry, size);
      if (error !== 0) task[word.error] = error;
    }
  };

  return (part) => {
    const row = part * task[word.rows]!;
    const rows = Math.min(task[word.rows]!, task[word.batch]! - row);
    if (task[word.kind] === word.forward) forward(row, rows);
    else backward(row, rows);
  };
}

/** Multiply-adds of a part's step from which the library is faster than the kernel. */
const SMALLEST_STEP = 65536;
/** Steps from which products with the weights' transpose gain what it takes to make it. */
const FEWEST_TO_TURN = 3;

type Numbers = readonly number[];

/** Runs what the kernel of that name would; false if the kernel has to. `values` are its arguments, operands as addresses. */
export function runLstm(host: Host, name: "lstmForward" | "lstmBackward", values: Numbers, smallest?: number): boolean {
  const backward = name === "lstmBackward";
  const [gates, weights, firstState, firstCell, mask, states, cells, seen] = values as [
    ...[number, number, number, number, number, number, number, number],
  ];
  const [steps, batch, size, reverse, squash] = values.slice(backward ? 13 : 9) as [
    ...[number, number, number, number, number],
  ];
  const rows = Math.min(32, Math.max(8, Math.ceil(batch / 16)));
  const work = Math.min(rows, batch) * size * 4 * size;
  if (mask !== 0 || steps === 0 || batch === 0 || work < (smallest ?? SMALLEST_STEP)) return false;
  // One step without a state before it has no product.
  if (!backward && steps === 1 && firstState === 0) return false;
  const { task } = host;
  const blockBytes = 4 * batch * size;
  const put = (index: number, value: number): void => {
    task[index] = value;
  };
  if (backward) {
    const [dy, dz, dh0, dc0] = values.slice(8) as [number, number, number, number];
    host.copy(dy + steps * blockBytes, dc0, blockBytes);
    put(LSTM.weights, weights);
    put(LSTM.stateGradient, dy);
    put(LSTM.gateGradient, dz);
    put(LSTM.firstStateGradient, dh0);
    put(LSTM.firstCellGradient, dc0);
    put(LSTM.truncate, values[18]!);
  } else {
    const turned = steps >= FEWEST_TO_TURN;
    // A kernel of its own: it writes to where the task is.
    const panels = values[8]!;
    if (turned) host.transpose(weights, 4 * size, size, panels);
    put(LSTM.weights, turned ? panels : weights);
    put(LSTM.turned, turned ? 1 : 0);
  }
  put(TASK.kind, backward ? TASK.kinds.lstmBackward : TASK.kinds.lstmForward);
  put(TASK.error, 0);
  put(LSTM.gates, gates);
  put(LSTM.firstState, firstState);
  put(LSTM.firstCell, firstCell);
  put(LSTM.states, states);
  put(LSTM.cells, cells);
  put(LSTM.seen, seen);
  put(LSTM.steps, steps);
  put(LSTM.batch, batch);
  put(LSTM.size, size);
  put(LSTM.reverse, reverse);
  put(LSTM.squash, squash);
  put(LSTM.rows, rows);
  host.fork(Math.ceil(batch / rows));
  if (task[TASK.error] !== 0) throw new Error(`lstm: the library failed with error ${task[TASK.error]}`);
  if (!backward) {
    // The last cell stands behind the states of all steps.
    const last = reverse ? 0 : steps - 1;
    host.copy(cells + last * blockBytes, states + steps * blockBytes, blockBytes);
  }
  return true;
}
