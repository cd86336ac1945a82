// Recurrent layers with their products by the library, in place of the kernels of the same names. Rows of a batch do not meet, so a part takes some
// rows through all steps: products with the state, and kernels for the gates between them, step by step.
import type { Host } from "./host.ts";
import { type RunPart, TASK, type Thread } from "./thread.ts";

/** Words of the task, addresses first. */
export const RECURRENT = {
  kinds: TASK.kinds,
  kind: TASK.kind,
  error: TASK.error,
  gates: 2,
  /** Forward: their transpose, or as they are: see `turned`. */
  weights: 3,
  firstState: 4,
  firstCell: 5,
  states: 6,
  cells: 7,
  /** LSTM: what the output gate multiplies. GRU: r h, or what r multiplies. */
  kept: 8,
  stateGradient: 9,
  gateGradient: 10,
  firstStateGradient: 11,
  firstCellGradient: 12,
  steps: 13,
  batch: 14,
  size: 15,
  reverse: 16,
  /** RNN: the nonlinearity. LSTM: whether tanh follows the cell. GRU: 1 reset before the product, 2 the update gate writes. */
  variant: 17,
  truncate: 18,
  /** Rows of a part. */
  rows: 19,
  /** Forward: whether the weights are their transpose. */
  turned: 20,
  /** GRU: of the state's part of the gates. */
  bias: 21,
} as const;

export function recurrentParts({ calls, task, kernels }: Thread, word: typeof RECURRENT): RunPart {
  const multiply = calls.float32;

  const rnnForward = (row: number, rows: number): void => {
    const [steps, batch, size, variant] = [task[word.steps]!, task[word.batch]!, task[word.size]!, task[word.variant]!];
    const [weights, reverse] = [task[word.weights]!, task[word.reverse]!];
    const [asTheyAre, apart] = task[word.turned] ? [0, size] : [1, size];
    const bytes = 4 * size;
    let h = task[word.firstState] && task[word.firstState]! + row * bytes;
    for (let s = 0; s < steps; s++) {
      const state = task[word.states]! + ((reverse ? steps - 1 - s : s) * batch + row) * bytes;
      if (h) {
        const error = multiply(0, asTheyAre, rows, size, size, h, size, weights, apart, 1, state, size);
        if (error !== 0) task[word.error] = error;
      }
      kernels.rnnStep_f32(variant, rows * size, state);
      h = state;
    }
  };

  const rnnBackward = (row: number, rows: number): void => {
    const [steps, batch, size, variant] = [task[word.steps]!, task[word.batch]!, task[word.size]!, task[word.variant]!];
    const [weights, reverse, truncate] = [task[word.weights]!, task[word.reverse]!, task[word.truncate]!];
    const bytes = 4 * size;
    const carry = task[word.firstStateGradient]! + row * bytes;
    let known = false;
    for (let s = steps - 1; s >= 0; s--) {
      const first = ((reverse ? steps - 1 - s : s) * batch + row) * bytes;
      const [state, dy, dz] = [task[word.states]!, task[word.stateGradient]!, task[word.gateGradient]!];
      kernels.rnnStepGradient_f32(variant, rows * size, state + first, dy + first, carry, known ? 1 : 0, dz + first);
      known = !(truncate > 0 && s > 0 && s % truncate === 0);
      if (!known) continue;
      const error = multiply(0, 0, rows, size, size, dz + first, size, weights, size, 0, carry, size);
      if (error !== 0) task[word.error] = error;
    }
  };

  const lstmForward = (row: number, rows: number): void => {
    const [steps, batch, size, squash] = [task[word.steps]!, task[word.batch]!, task[word.size]!, task[word.variant]!];
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
      kernels.lstmStep_f32(rows, size, z, c!, cell, state, task[word.kept]! + first * bytes, squash);
      h = state;
      c = cell;
    }
  };

  const lstmBackward = (row: number, rows: number): void => {
    const [steps, batch, size, squash] = [task[word.steps]!, task[word.batch]!, task[word.size]!, task[word.variant]!];
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
        task[word.kept]! + first * bytes,
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

  const gruForward = (row: number, rows: number): void => {
    const [steps, batch, size, variant] = [task[word.steps]!, task[word.batch]!, task[word.size]!, task[word.variant]!];
    const [gates, weights, bias, reverse] = [
      task[word.gates]!,
      task[word.weights]!,
      task[word.bias]!,
      task[word.reverse]!,
    ];
    const [asTheyAre, apart] = task[word.turned] ? [0, 3 * size] : [1, size];
    const bytes = 4 * size;
    const ofCandidate = weights + 2 * (asTheyAre ? size * bytes : bytes);
    const before = (variant & 1) !== 0;
    const product = (
      from: number,
      by: number,
      columns: number,
      accumulate: number,
      to: number,
      toApart: number,
    ): void => {
      const error = multiply(0, asTheyAre, rows, columns, size, from, size, by, apart, accumulate, to, toApart);
      if (error !== 0) task[word.error] = error;
    };
    let h = task[word.firstState] && task[word.firstState]! + row * bytes;
    for (let s = 0; s < steps; s++) {
      const first = (reverse ? steps - 1 - s : s) * batch + row;
      const z = gates + first * 3 * bytes;
      const kept = task[word.kept]! + first * bytes;
      const state = task[word.states]! + first * bytes;
      if (h) {
        product(h, weights, 2 * size, 1, z, 3 * size);
        if (!before) product(h, ofCandidate, size, 0, kept, size);
      }
      kernels.gruGates_f32(rows, size, z, bias, h!, before ? kept : 0);
      if (h && before) product(kept, ofCandidate, size, 1, z + 2 * bytes, 3 * size);
      kernels.gruState_f32(variant, rows, size, z, h && !before ? kept : 0, bias, h!, state, kept);
      h = state;
    }
  };

  const gruBackward = (row: number, rows: number): void => {
    const [steps, batch, size, variant] = [task[word.steps]!, task[word.batch]!, task[word.size]!, task[word.variant]!];
    const [weights, reverse, truncate] = [task[word.weights]!, task[word.reverse]!, task[word.truncate]!];
    const bytes = 4 * size;
    const ofCandidate = weights + 2 * size * bytes;
    const before = (variant & 1) !== 0;
    const carry = task[word.firstStateGradient]! + row * bytes;
    const product = (
      from: number,
      depth: number,
      by: number,
      accumulate: number,
      to: number,
      toApart: number,
    ): void => {
      const error = multiply(0, 0, rows, size, depth, from, 4 * size, by, size, accumulate, to, toApart);
      if (error !== 0) task[word.error] = error;
    };
    let known = false;
    for (let s = steps - 1; s >= 0; s--) {
      const t = reverse ? steps - 1 - s : s;
      const first = t * batch + row;
      let h = task[word.states]! + ((reverse ? t + 1 : t - 1) * batch + row) * bytes;
      if (s === 0) h = task[word.firstState] === 0 ? 0 : task[word.firstState]! + row * bytes;
      const z = task[word.gates]! + first * 3 * bytes;
      const kept = task[word.kept]! + first * bytes;
      const dy = task[word.stateGradient]! + first * bytes;
      const dz = task[word.gateGradient]! + first * 4 * bytes;
      kernels.gruStateGradient_f32(variant, rows, size, z, h, kept, dy, carry, known ? 1 : 0, dz);
      if (before) {
        // The first block is free here: the gradient of r h.
        product(dz + 3 * bytes, size, ofCandidate, 0, dz, 4 * size);
        kernels.gruResetGradient_f32(rows, size, z, h, carry, dz);
      }
      known = !(truncate > 0 && s > 0 && s % truncate === 0);
      if (!known) continue;
      if (!before) product(dz, size, ofCandidate, 1, carry, size);
      product(dz + bytes, 2 * size, weights, 1, carry, size);
    }
  };

  return (part) => {
    const row = part * task[word.rows]!;
    const rows = Math.min(task[word.rows]!, task[word.batch]! - row);
    switch (task[word.kind]) {
      case word.kinds.rnnForward:
        return rnnForward(row, rows);
      case word.kinds.rnnBackward:
        return rnnBackward(row, rows);
      case word.kinds.lstmForward:
        return lstmForward(row, rows);
      case word.kinds.lstmBackward:
        return lstmBackward(row, rows);
      case word.kinds.gruForward:
        return gruForward(row, rows);
      default:
        return gruBackward(row, rows);
    }
  };
}

/** Multiply-adds of a part's step from which the library is faster than the kernel. */
const SMALLEST_STEP = 65536;
/** Rows of a part, and parts of a large batch: the weights come from the second cache for every step of a part, whatever its rows. */
const [FEWEST_ROWS, MOST_ROWS, WANTED_PARTS] = [16, 32, 16];
/** Steps from which products with the weights' transpose gain what it takes to make it. */
const FEWEST_TO_TURN = 3;

/** What a kernel's arguments are: addresses first, in this order, then steps, batch, size, direction, variant, and going back where to cut. */
const OPERANDS = {
  rnnForward: ["weights", "firstState", "mask", "states", "panels"],
  rnnBackward: [
    ...(["weights", "firstState", "mask", "states", "stateGradient", "gateGradient", "firstStateGradient"] as const),
    "panels",
  ],
  lstmForward: ["gates", "weights", "firstState", "firstCell", "mask", "states", "cells", "kept", "panels"],
  lstmBackward: [
    ...(["gates", "weights", "firstState", "firstCell", "mask", "states", "cells", "kept", "stateGradient"] as const),
    ...(["gateGradient", "firstStateGradient", "firstCellGradient", "panels"] as const),
  ],
  gruForward: ["gates", "weights", "bias", "firstState", "mask", "states", "kept", "panels"],
  gruBackward: [
    ...(["gates", "weights", "firstState", "mask", "states", "kept", "stateGradient", "gateGradient"] as const),
    ...(["firstStateGradient", "panels"] as const),
  ],
} as const;

const GATES = {
  rnnForward: 1,
  rnnBackward: 1,
  lstmForward: 4,
  lstmBackward: 4,
  gruForward: 3,
  gruBackward: 3,
} as const;

/** Kernels whose work the library can do. */
export type RecurrentKernel = keyof typeof OPERANDS;

export function isRecurrentKernel(name: string): name is RecurrentKernel {
  return Object.hasOwn(OPERANDS, name);
}

type Operand = (typeof OPERANDS)[RecurrentKernel][number];

/** Where each operand stands among a kernel's arguments: found once, for a text is written a step at a time. */
const PLACES = Object.fromEntries(
  Object.entries(OPERANDS).map(([name, operands]) => [
    name,
    Object.fromEntries(operands.map((operand, i) => [operand, i])),
  ]),
) as Record<RecurrentKernel, Partial<Record<Operand, number>>>;

/** Runs what the kernel of that name would; false if the kernel has to. `values` are its arguments, operands as addresses. */
export function runRecurrent(
  host: Host,
  name: RecurrentKernel,
  values: readonly number[],
  smallest = SMALLEST_STEP,
): boolean {
  const names: readonly Operand[] = OPERANDS[name];
  const places = PLACES[name];
  const at = (operand: Operand): number => values[places[operand]!]!;
  const [steps, batch, size, reverse, variant, truncate = 0] = values.slice(names.length) as [
    ...[number, number, number, number, number, number | undefined],
  ];
  const backward = "stateGradient" in places;
  const gateCount = GATES[name];
  const rows = Math.min(MOST_ROWS, Math.max(FEWEST_ROWS, Math.ceil(batch / WANTED_PARTS)));
  const work = Math.min(rows, batch) * size * gateCount * size;
  if (at("mask") !== 0 || steps === 0 || batch === 0 || work < smallest) return false;
  // One step without a state before it has no product.
  if (!backward && steps === 1 && at("firstState") === 0) return false;
  const { task } = host;
  const blockBytes = 4 * batch * size;
  if (name === "lstmBackward") {
    host.copy(at("stateGradient") + steps * blockBytes, at("firstCellGradient"), blockBytes);
  }
  const turned = !backward && steps >= FEWEST_TO_TURN;
  // A kernel of its own: it writes to where the task is.
  if (turned) host.transpose(at("weights"), gateCount * size, size, at("panels"));
  for (const operand of names) {
    if (operand !== "mask" && operand !== "panels") task[RECURRENT[operand]] = at(operand);
  }
  if (turned) task[RECURRENT.weights] = at("panels");
  task[TASK.kind] = TASK.kinds[name];
  task[TASK.error] = 0;
  task[RECURRENT.turned] = turned ? 1 : 0;
  task[RECURRENT.steps] = steps;
  task[RECURRENT.batch] = batch;
  task[RECURRENT.size] = size;
  task[RECURRENT.reverse] = reverse;
  task[RECURRENT.variant] = variant;
  task[RECURRENT.truncate] = truncate;
  task[RECURRENT.rows] = rows;
  host.fork(Math.ceil(batch / rows));
  if (task[TASK.error] !== 0) throw new Error(`${name}: the library failed with error ${task[TASK.error]}`);
  if (name === "lstmForward") {
    // The last cell stands behind the states of all steps.
    const last = reverse ? 0 : steps - 1;
    host.copy(at("cells") + last * blockBytes, at("states") + steps * blockBytes, blockBytes);
  }
  return true;
}
