// Whole sequences through a recurrent layer, and back. The products with the inputs are done before, for all steps at
// once; what is left depends on the step before, but not on other rows of the batch: a thread takes some rows through
// all steps without waiting for anybody. A step is one product with the packed state weights and one pass over gates.
// Arrays are time-major: [steps, batch, ...]. A row that the mask leaves out keeps its state.
import { setWord, word } from "./lanes";
import { packPanels, packRows, panelBytes, panelCount, productOfRows, TILE_ROWS } from "./panels";
import { parallelFor, scratch, TASK_ARGUMENTS } from "./parallel";
import {
  addInto, gruGatesRow, gruResetRowGradient, gruStateRow, gruStateRowGradient, lstmRow, lstmRowGradient, rnnRow,
  rnnRowGradient,
} from "./recurrent-rows";

const RNN = 0;
const LSTM = 1;
const GRU = 2;

// Words of the task's arguments.
const GATES = 0;
const STATES = 1;
const CELLS = 2;
/** LSTM: the cells as the output gate sees them. GRU: what the reset gate multiplies, or its product. */
const EXTRA = 3;
const FIRST_STATE = 4;
const FIRST_CELL = 5;
const MASK = 6;
const STATE_BIAS = 7;
/** State weights; for a GRU those of the reset and update gates. */
const PANELS = 8;
/** GRU: state weights of the candidate. */
const CANDIDATE_PANELS = 9;
const STEPS = 10;
const BATCH = 11;
const SIZE = 12;
const REVERSE = 13;
/** RNN: the nonlinearity. LSTM: whether tanh follows the cell. GRU: bit 0 reset before, bit 1 update writes. */
const VARIANT = 14;
/** Gradients pass from a step to the one before, except at multiples of this number; 0: always. */
const TRUNCATE = 15;
const STATE_GRADIENT = 16;
const GATE_GRADIENT = 17;
const FIRST_STATE_GRADIENT = 18;
const FIRST_CELL_GRADIENT = 19;

// ---- Sequences

// @ts-ignore: decorator
@inline
function gateCount(cell: i32): i32 {
  return cell == RNN ? 1 : cell == LSTM ? 4 : 3;
}

// @ts-ignore: decorator
@inline
function leftOut(mask: usize, row: i32): bool {
  return mask != 0 && load<u8>(mask + row) == 0;
}

/** Rows start to end - 1 of the batch through all steps. */
// @ts-ignore: decorator
@inline
function forward<T>(cell: i32, args: usize, start: i32, end: i32): void {
  const steps = word(args, STEPS);
  const batch = word(args, BATCH);
  const size = word(args, SIZE);
  const reverse = word(args, REVERSE);
  const variant = word(args, VARIANT);
  const mask = <usize>word(args, MASK);
  const states = <usize>word(args, STATES);
  const cells = <usize>word(args, CELLS);
  const bias = <usize>word(args, STATE_BIAS);
  const panels = <usize>word(args, PANELS);
  const candidatePanels = <usize>word(args, CANDIDATE_PANELS);
  const bytes = size * sizeof<T>();
  const gateBytes = gateCount(cell) * bytes;
  const columns = cell == GRU ? 2 * size : gateCount(cell) * size;
  const productBytes = 32 * panelCount<T>(columns);
  const candidateBytes = 32 * panelCount<T>(size);
  const interleaved = scratch;
  const product = interleaved + TILE_ROWS * bytes;
  const candidateProduct = product + TILE_ROWS * productBytes;
  const zeros = candidateProduct + TILE_ROWS * candidateBytes;
  memory.fill(zeros, 0, bytes);

  for (let row = start; row < end; row += TILE_ROWS) {
    const rows = min(TILE_ROWS, end - row);
    // Without a first state, all rows of the state before are one row of zeros.
    let h = zeros;
    let c = zeros;
    let hStep = 0;
    let cStep = 0;
    if (word(args, FIRST_STATE)) {
      h = word(args, FIRST_STATE) + row * bytes;
      hStep = bytes;
    }
    if (cell == LSTM && word(args, FIRST_CELL)) {
      c = word(args, FIRST_CELL) + row * bytes;
      cStep = bytes;
    }
    for (let s = 0; s < steps; s++) {
      const first = (reverse ? steps - 1 - s : s) * batch + row;
      const state = states + first * bytes;
      const gates = word(args, GATES) + first * gateBytes;
      const extra = word(args, EXTRA) + first * bytes;
      // Before the first step there may be no state: what it is multiplied by is not packed then, if that is all.
      const none = hStep == 0;
      if (none) {
        memory.fill(product, 0, rows * productBytes);
      } else {
        packRows<T>(h, hStep, rows, size, interleaved);
        productOfRows<T>(
          interleaved, panels, panelBytes<T>(size), panelCount<T>(columns), size, product, productBytes, rows,
        );
      }
      if (cell == GRU) {
        for (let i = 0; i < rows; i++) {
          if (leftOut(mask, first + i)) {
            memory.fill(extra + i * bytes, 0, bytes);
            continue;
          }
          const reset = variant & 1 ? extra + i * bytes : 0;
          const x = gates + i * gateBytes;
          gruGatesRow<T>(x, product + i * productBytes, bytes, bias, h + i * hStep, reset, size);
        }
        if (none) {
          memory.fill(candidateProduct, 0, rows * candidateBytes);
        } else {
          if (variant & 1) packRows<T>(extra, bytes, rows, size, interleaved);
          productOfRows<T>(
            interleaved, candidatePanels, panelBytes<T>(size), panelCount<T>(size), size, candidateProduct,
            candidateBytes, rows,
          );
        }
      }
      for (let i = 0; i < rows; i++) {
        const hBefore = h + i * hStep;
        const cBefore = c + i * cStep;
        const hNow = state + i * bytes;
        const cNow = cells + (first + i) * bytes;
        const x = gates + i * gateBytes;
        if (leftOut(mask, first + i)) {
          memory.copy(hNow, hBefore, bytes);
          if (cell == LSTM) memory.copy(cNow, cBefore, bytes);
        } else if (cell == RNN) {
          rnnRow<T>(variant, hNow, product + i * productBytes, size);
        } else if (cell == LSTM) {
          lstmRow<T>(variant, x, product + i * productBytes, bytes, cBefore, hNow, cNow, extra + i * bytes, size);
        } else {
          gruStateRow<T>(
            variant, x, candidateProduct + i * candidateBytes, bytes, bias ? bias + 2 * bytes : 0, hBefore, hNow,
            extra + i * bytes, size,
          );
        }
      }
      h = state;
      hStep = bytes;
      c = cells + first * bytes;
      cStep = bytes;
    }
    // The last cell stands behind the states of all steps.
    if (cell == LSTM) {
      for (let i = 0; i < rows; i++) memory.copy(states + (steps * batch + row + i) * bytes, c + i * cStep, bytes);
    }
  }
}

/** Rows start to end - 1 of the batch back through all steps. */
// @ts-ignore: decorator
@inline
function backward<T>(cell: i32, args: usize, start: i32, end: i32): void {
  const steps = word(args, STEPS);
  const batch = word(args, BATCH);
  const size = word(args, SIZE);
  const reverse = word(args, REVERSE);
  const variant = word(args, VARIANT);
  const truncate = word(args, TRUNCATE);
  const mask = <usize>word(args, MASK);
  const states = <usize>word(args, STATES);
  const cells = <usize>word(args, CELLS);
  const stateGradient = <usize>word(args, STATE_GRADIENT);
  const panels = <usize>word(args, PANELS);
  const candidatePanels = <usize>word(args, CANDIDATE_PANELS);
  const bytes = size * sizeof<T>();
  const gateBytes = gateCount(cell) * bytes;
  // A GRU's gradients: candidate as the state sees it, reset, update, candidate as the input sees it.
  const gradientBytes = cell == GRU ? 4 * bytes : gateBytes;
  const depth = cell == GRU ? 2 * size : gateCount(cell) * size;
  const stepBytes = 32 * panelCount<T>(size);
  const interleaved = scratch;
  const product = interleaved + TILE_ROWS * depth * sizeof<T>();
  const carry = product + TILE_ROWS * stepBytes;
  const carryCell = carry + TILE_ROWS * stepBytes;
  const zeros = carryCell + TILE_ROWS * stepBytes;
  memory.fill(zeros, 0, bytes);

  for (let row = start; row < end; row += TILE_ROWS) {
    const rows = min(TILE_ROWS, end - row);
    memory.fill(carry, 0, TILE_ROWS * stepBytes);
    if (cell == LSTM) {
      for (let i = 0; i < rows; i++) {
        memory.copy(carryCell + i * stepBytes, stateGradient + (steps * batch + row + i) * bytes, bytes);
      }
    }
    for (let s = steps - 1; s >= 0; s--) {
      const t = reverse ? steps - 1 - s : s;
      const first = t * batch + row;
      const before = (reverse ? t + 1 : t - 1) * batch + row;
      let h = states + before * bytes;
      let c = cells + before * bytes;
      let hStep = bytes;
      let cStep = bytes;
      if (s == 0) {
        hStep = word(args, FIRST_STATE) ? bytes : 0;
        cStep = word(args, FIRST_CELL) ? bytes : 0;
        h = hStep ? <usize>word(args, FIRST_STATE) + row * bytes : zeros;
        c = cStep ? <usize>word(args, FIRST_CELL) + row * bytes : zeros;
      }
      const gates = word(args, GATES) + first * gateBytes;
      const extra = word(args, EXTRA) + first * bytes;
      const dz = word(args, GATE_GRADIENT) + first * gradientBytes;
      for (let i = 0; i < rows; i++) {
        const dy = stateGradient + (first + i) * bytes;
        const toState = carry + i * stepBytes;
        const dzNow = dz + i * gradientBytes;
        const gatesNow = gates + i * gateBytes;
        if (leftOut(mask, first + i)) {
          memory.fill(dzNow, 0, gradientBytes);
          addInto<T>(toState, dy, size);
        } else if (cell == RNN) {
          rnnRowGradient<T>(variant, states + (first + i) * bytes, dy, toState, true, dzNow, size);
        } else if (cell == LSTM) {
          lstmRowGradient<T>(
            variant, gatesNow, bytes, c + i * cStep, extra + i * bytes, dy, toState, carryCell + i * stepBytes,
            dzNow, size,
          );
        } else {
          gruStateRowGradient<T>(
            variant, gatesNow, bytes, h + i * hStep, extra + i * bytes, dy, toState, true, dzNow, size,
          );
        }
      }
      if (cell == GRU) {
        const candidate = variant & 1 ? dz + 3 * bytes : dz;
        packRows<T>(candidate, gradientBytes, rows, size, interleaved);
        productOfRows<T>(
          interleaved, candidatePanels, panelBytes<T>(size), panelCount<T>(size), size, product, stepBytes, rows,
        );
        for (let i = 0; i < rows; i++) {
          if (leftOut(mask, first + i)) continue;
          const toState = carry + i * stepBytes;
          const dr = dz + i * gradientBytes + bytes;
          const fromCandidate = product + i * stepBytes;
          if (variant & 1) {
            gruResetRowGradient<T>(gates + i * gateBytes, h + i * hStep, fromCandidate, toState, dr, size);
          } else {
            addInto<T>(toState, fromCandidate, size);
          }
        }
      }
      packRows<T>(cell == GRU ? dz + bytes : dz, gradientBytes, rows, depth, interleaved);
      productOfRows<T>(
        interleaved, panels, panelBytes<T>(depth), panelCount<T>(size), depth, product, stepBytes, rows,
      );
      for (let i = 0; i < rows; i++) {
        if (!leftOut(mask, first + i)) addInto<T>(carry + i * stepBytes, product + i * stepBytes, size);
      }
      if (truncate > 0 && s > 0 && s % truncate == 0) {
        memory.fill(carry, 0, TILE_ROWS * stepBytes);
        memory.fill(carryCell, 0, TILE_ROWS * stepBytes);
      }
    }
    for (let i = 0; i < rows; i++) {
      const at = (row + i) * bytes;
      memory.copy(word(args, FIRST_STATE_GRADIENT) + at, carry + i * stepBytes, bytes);
      if (cell == LSTM) memory.copy(word(args, FIRST_CELL_GRADIENT) + at, carryCell + i * stepBytes, bytes);
    }
  }
}

function rnnForward32(args: usize, start: i32, end: i32): void {
  forward<f32>(RNN, args, start, end);
}
function rnnForward64(args: usize, start: i32, end: i32): void {
  forward<f64>(RNN, args, start, end);
}
function lstmForward32(args: usize, start: i32, end: i32): void {
  forward<f32>(LSTM, args, start, end);
}
function lstmForward64(args: usize, start: i32, end: i32): void {
  forward<f64>(LSTM, args, start, end);
}
function gruForward32(args: usize, start: i32, end: i32): void {
  forward<f32>(GRU, args, start, end);
}
function gruForward64(args: usize, start: i32, end: i32): void {
  forward<f64>(GRU, args, start, end);
}
function rnnBackward32(args: usize, start: i32, end: i32): void {
  backward<f32>(RNN, args, start, end);
}
function rnnBackward64(args: usize, start: i32, end: i32): void {
  backward<f64>(RNN, args, start, end);
}
function lstmBackward32(args: usize, start: i32, end: i32): void {
  backward<f32>(LSTM, args, start, end);
}
function lstmBackward64(args: usize, start: i32, end: i32): void {
  backward<f64>(LSTM, args, start, end);
}
function gruBackward32(args: usize, start: i32, end: i32): void {
  backward<f32>(GRU, args, start, end);
}
function gruBackward64(args: usize, start: i32, end: i32): void {
  backward<f64>(GRU, args, start, end);
}

// ---- The state weights [gates * size, size], packed. `panels` has room for both of their parts in whole panels.

/** For h W^T, as the forward pass needs it. */
// @ts-ignore: decorator
@inline
function packForward<T>(cell: i32, weights: usize, size: i32, panels: usize): usize {
  const columns = cell == GRU ? 2 * size : gateCount(cell) * size;
  packPanels<T>(weights, size, columns, 1, size, panels);
  const second = panels + panelCount<T>(columns) * panelBytes<T>(size);
  if (cell == GRU) packPanels<T>(weights + columns * size * sizeof<T>(), size, size, 1, size, second);
  return second;
}

/** For dz W, as the backward pass needs it. */
// @ts-ignore: decorator
@inline
function packBackward<T>(cell: i32, weights: usize, size: i32, panels: usize): usize {
  const depth = cell == GRU ? 2 * size : gateCount(cell) * size;
  packPanels<T>(weights, depth, size, size, 1, panels);
  const second = panels + panelCount<T>(size) * panelBytes<T>(depth);
  if (cell == GRU) packPanels<T>(weights + depth * size * sizeof<T>(), size, size, size, 1, second);
  return second;
}

/** Rows that a thread takes at once. */
const GRAIN = 4;

// @ts-ignore: decorator
@inline
function runForward<T>(
  cell: i32, gates: usize, weights: usize, bias: usize, h0: usize, c0: usize, mask: usize, states: usize, cells: usize,
  extra: usize, panels: usize, steps: i32, batch: i32, size: i32, reverse: i32, variant: i32,
): void {
  let second: usize = 0;
  if (steps > 1 || h0 != 0) second = packForward<T>(cell, weights, size, panels);
  setWord(GATES, gates);
  setWord(STATES, states);
  setWord(CELLS, cells);
  setWord(EXTRA, extra);
  setWord(FIRST_STATE, h0);
  setWord(FIRST_CELL, c0);
  setWord(MASK, mask);
  setWord(STATE_BIAS, bias);
  setWord(PANELS, panels);
  setWord(CANDIDATE_PANELS, second);
  setWord(STEPS, steps);
  setWord(BATCH, batch);
  setWord(SIZE, size);
  setWord(REVERSE, reverse);
  setWord(VARIANT, variant);
  if (sizeof<T>() == 4) {
    if (cell == RNN) parallelFor(rnnForward32, TASK_ARGUMENTS, batch, GRAIN);
    else if (cell == LSTM) parallelFor(lstmForward32, TASK_ARGUMENTS, batch, GRAIN);
    else parallelFor(gruForward32, TASK_ARGUMENTS, batch, GRAIN);
  } else {
    if (cell == RNN) parallelFor(rnnForward64, TASK_ARGUMENTS, batch, GRAIN);
    else if (cell == LSTM) parallelFor(lstmForward64, TASK_ARGUMENTS, batch, GRAIN);
    else parallelFor(gruForward64, TASK_ARGUMENTS, batch, GRAIN);
  }
}

// @ts-ignore: decorator
@inline
function runBackward<T>(
  cell: i32, gates: usize, weights: usize, h0: usize, c0: usize, mask: usize, states: usize, cells: usize, extra: usize,
  stateGradient: usize, gateGradient: usize, dh0: usize, dc0: usize, panels: usize,
  steps: i32, batch: i32, size: i32, reverse: i32, variant: i32, truncate: i32,
): void {
  const second = packBackward<T>(cell, weights, size, panels);
  setWord(GATES, gates);
  setWord(STATES, states);
  setWord(CELLS, cells);
  setWord(EXTRA, extra);
  setWord(FIRST_STATE, h0);
  setWord(FIRST_CELL, c0);
  setWord(MASK, mask);
  setWord(PANELS, panels);
  setWord(CANDIDATE_PANELS, second);
  setWord(STEPS, steps);
  setWord(BATCH, batch);
  setWord(SIZE, size);
  setWord(REVERSE, reverse);
  setWord(VARIANT, variant);
  setWord(TRUNCATE, truncate);
  setWord(STATE_GRADIENT, stateGradient);
  setWord(GATE_GRADIENT, gateGradient);
  setWord(FIRST_STATE_GRADIENT, dh0);
  setWord(FIRST_CELL_GRADIENT, dc0);
  if (sizeof<T>() == 4) {
    if (cell == RNN) parallelFor(rnnBackward32, TASK_ARGUMENTS, batch, GRAIN);
    else if (cell == LSTM) parallelFor(lstmBackward32, TASK_ARGUMENTS, batch, GRAIN);
    else parallelFor(gruBackward32, TASK_ARGUMENTS, batch, GRAIN);
  } else {
    if (cell == RNN) parallelFor(rnnBackward64, TASK_ARGUMENTS, batch, GRAIN);
    else if (cell == LSTM) parallelFor(lstmBackward64, TASK_ARGUMENTS, batch, GRAIN);
    else parallelFor(gruBackward64, TASK_ARGUMENTS, batch, GRAIN);
  }
}

// ---- Exports. An RNN's gate inputs stand in `states` and become them; `variant` is its nonlinearity (0: none).

export function rnnForward_f32(
  weights: usize, h0: usize, mask: usize, states: usize, panels: usize,
  steps: i32, batch: i32, size: i32, reverse: i32, variant: i32,
): void {
  runForward<f32>(RNN, states, weights, 0, h0, 0, mask, states, 0, 0, panels, steps, batch, size, reverse, variant);
}
export function rnnForward_f64(
  weights: usize, h0: usize, mask: usize, states: usize, panels: usize,
  steps: i32, batch: i32, size: i32, reverse: i32, variant: i32,
): void {
  runForward<f64>(RNN, states, weights, 0, h0, 0, mask, states, 0, 0, panels, steps, batch, size, reverse, variant);
}
export function rnnBackward_f32(
  weights: usize, h0: usize, mask: usize, states: usize, stateGradient: usize, gateGradient: usize, dh0: usize,
  panels: usize, steps: i32, batch: i32, size: i32, reverse: i32, variant: i32, truncate: i32,
): void {
  runBackward<f32>(
    RNN, 0, weights, h0, 0, mask, states, 0, 0, stateGradient, gateGradient, dh0, 0, panels,
    steps, batch, size, reverse, variant, truncate,
  );
}
export function rnnBackward_f64(
  weights: usize, h0: usize, mask: usize, states: usize, stateGradient: usize, gateGradient: usize, dh0: usize,
  panels: usize, steps: i32, batch: i32, size: i32, reverse: i32, variant: i32, truncate: i32,
): void {
  runBackward<f64>(
    RNN, 0, weights, h0, 0, mask, states, 0, 0, stateGradient, gateGradient, dh0, 0, panels,
    steps, batch, size, reverse, variant, truncate,
  );
}

/** `states` has steps + 1 blocks [batch, size], the last one for the last cell; `seen`: tanh of the cells, or they. */
export function lstmForward_f32(
  gates: usize, weights: usize, h0: usize, c0: usize, mask: usize, states: usize, cells: usize, seen: usize,
  panels: usize, steps: i32, batch: i32, size: i32, reverse: i32, variant: i32,
): void {
  runForward<f32>(
    LSTM, gates, weights, 0, h0, c0, mask, states, cells, seen, panels, steps, batch, size, reverse, variant,
  );
}
export function lstmForward_f64(
  gates: usize, weights: usize, h0: usize, c0: usize, mask: usize, states: usize, cells: usize, seen: usize,
  panels: usize, steps: i32, batch: i32, size: i32, reverse: i32, variant: i32,
): void {
  runForward<f64>(
    LSTM, gates, weights, 0, h0, c0, mask, states, cells, seen, panels, steps, batch, size, reverse, variant,
  );
}
export function lstmBackward_f32(
  gates: usize, weights: usize, h0: usize, c0: usize, mask: usize, states: usize, cells: usize, seen: usize,
  stateGradient: usize, gateGradient: usize, dh0: usize, dc0: usize, panels: usize,
  steps: i32, batch: i32, size: i32, reverse: i32, variant: i32, truncate: i32,
): void {
  runBackward<f32>(
    LSTM, gates, weights, h0, c0, mask, states, cells, seen, stateGradient, gateGradient, dh0, dc0, panels,
    steps, batch, size, reverse, variant, truncate,
  );
}
export function lstmBackward_f64(
  gates: usize, weights: usize, h0: usize, c0: usize, mask: usize, states: usize, cells: usize, seen: usize,
  stateGradient: usize, gateGradient: usize, dh0: usize, dc0: usize, panels: usize,
  steps: i32, batch: i32, size: i32, reverse: i32, variant: i32, truncate: i32,
): void {
  runBackward<f64>(
    LSTM, gates, weights, h0, c0, mask, states, cells, seen, stateGradient, gateGradient, dh0, dc0, panels,
    steps, batch, size, reverse, variant, truncate,
  );
}

/** `kept` [steps, batch, size]: r h where reset comes before the product, else the product that r multiplies. */
export function gruForward_f32(
  gates: usize, weights: usize, bias: usize, h0: usize, mask: usize, states: usize, kept: usize, panels: usize,
  steps: i32, batch: i32, size: i32, reverse: i32, variant: i32,
): void {
  runForward<f32>(
    GRU, gates, weights, bias, h0, 0, mask, states, 0, kept, panels, steps, batch, size, reverse, variant,
  );
}
export function gruForward_f64(
  gates: usize, weights: usize, bias: usize, h0: usize, mask: usize, states: usize, kept: usize, panels: usize,
  steps: i32, batch: i32, size: i32, reverse: i32, variant: i32,
): void {
  runForward<f64>(
    GRU, gates, weights, bias, h0, 0, mask, states, 0, kept, panels, steps, batch, size, reverse, variant,
  );
}
export function gruBackward_f32(
  gates: usize, weights: usize, h0: usize, mask: usize, states: usize, kept: usize, stateGradient: usize,
  gateGradient: usize, dh0: usize, panels: usize,
  steps: i32, batch: i32, size: i32, reverse: i32, variant: i32, truncate: i32,
): void {
  runBackward<f32>(
    GRU, gates, weights, h0, 0, mask, states, 0, kept, stateGradient, gateGradient, dh0, 0, panels,
    steps, batch, size, reverse, variant, truncate,
  );
}
export function gruBackward_f64(
  gates: usize, weights: usize, h0: usize, mask: usize, states: usize, kept: usize, stateGradient: usize,
  gateGradient: usize, dh0: usize, panels: usize,
  steps: i32, batch: i32, size: i32, reverse: i32, variant: i32, truncate: i32,
): void {
  runBackward<f64>(
    GRU, gates, weights, h0, 0, mask, states, 0, kept, stateGradient, gateGradient, dh0, 0, panels,
    steps, batch, size, reverse, variant, truncate,
  );
}
