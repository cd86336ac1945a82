// Whole sequences through a recurrent layer, and back. The products with the inputs are done before, for all steps at
// once; what is left depends on the step before, but not on other rows of the batch: a thread takes some rows through
// all steps without waiting for anybody. A step is one product with the packed state weights and one pass over gates.
// Arrays are time-major: [steps, batch, ...]. A row that the mask leaves out keeps its state.
import { lanes, loadPart, setWord, storePart, word } from "./lanes";
import { sigmoid_v32, tanh_v32 } from "./math32";
import { sigmoid_v64, tanh_v64 } from "./math64";
import { packPanels, packRows, panelBytes, panelCount, productOfRows, TILE_ROWS } from "./panels";
import { parallelFor, scratch, TASK_ARGUMENTS } from "./parallel";

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

// The nonlinearities of an RNN.
const SIGMOID = 1;
const TANH = 2;
const RELU = 3;

// ---- Vectors of either float type

// @ts-ignore: decorator
@inline
function read<T>(pointer: usize, count: i32): v128 {
  return count == lanes<T>() ? v128.load(pointer) : loadPart<T>(pointer, count);
}

// @ts-ignore: decorator
@inline
function write<T>(pointer: usize, value: v128, count: i32): void {
  if (count == lanes<T>()) v128.store(pointer, value);
  else storePart<T>(pointer, value, count);
}

// @ts-ignore: decorator
@inline
function one<T>(): v128 {
  return v128.splat<T>(<T>1);
}

// @ts-ignore: decorator
@inline
function sigmoid<T>(x: v128): v128 {
  return sizeof<T>() == 4 ? sigmoid_v32(x) : sigmoid_v64(x);
}

// @ts-ignore: decorator
@inline
function tanh<T>(x: v128): v128 {
  return sizeof<T>() == 4 ? tanh_v32(x) : tanh_v64(x);
}

/** dy y (1 - y). */
// @ts-ignore: decorator
@inline
function throughSigmoid<T>(dy: v128, y: v128): v128 {
  return v128.mul<T>(v128.mul<T>(dy, y), v128.sub<T>(one<T>(), y));
}

/** dy (1 - y^2). */
// @ts-ignore: decorator
@inline
function throughTanh<T>(dy: v128, y: v128): v128 {
  return v128.mul<T>(dy, v128.sub<T>(one<T>(), v128.mul<T>(y, y)));
}

// @ts-ignore: decorator
@inline
function addInto<T>(target: usize, source: usize, n: i32): void {
  for (; n > 0; n -= lanes<T>()) {
    const count = min(n, lanes<T>());
    write<T>(target, v128.add<T>(read<T>(target, count), read<T>(source, count)), count);
    target += 16;
    source += 16;
  }
}

// ---- One row of one step. `x` and `product` add up to the gates' inputs; `bytes` is the length of a block.

/** h = f(x + product), in the place of x. */
// @ts-ignore: decorator
@inline
function rnnRow<T>(variant: i32, x: usize, product: usize, n: i32): void {
  for (; n > 0; n -= lanes<T>()) {
    const count = min(n, lanes<T>());
    const z = v128.add<T>(read<T>(x, count), v128.load(product));
    let h = z;
    if (variant == SIGMOID) h = sigmoid<T>(z);
    else if (variant == TANH) h = tanh<T>(z);
    else if (variant == RELU) h = v128.max<T>(z, v128.splat<T>(<T>0));
    write<T>(x, h, count);
    x += 16;
    product += 16;
  }
}

// @ts-ignore: decorator
@inline
function rnnRowGradient<T>(variant: i32, h: usize, dy: usize, carry: usize, dz: usize, n: i32): void {
  for (; n > 0; n -= lanes<T>()) {
    const count = min(n, lanes<T>());
    const y = read<T>(h, count);
    const dh = v128.add<T>(read<T>(dy, count), v128.load(carry));
    let g = dh;
    if (variant == SIGMOID) g = throughSigmoid<T>(dh, y);
    else if (variant == TANH) g = throughTanh<T>(dh, y);
    else if (variant == RELU) g = v128.and(dh, v128.gt<T>(y, v128.splat<T>(<T>0)));
    write<T>(dz, g, count);
    v128.store(carry, v128.splat<T>(<T>0));
    h += 16;
    dy += 16;
    carry += 16;
    dz += 16;
  }
}

/** c = f cPrevious + i g, h = o tanh(c); the gates i, f, g, o replace their inputs. */
// @ts-ignore: decorator
@inline
function lstmRow<T>(
  squash: i32, x: usize, product: usize, bytes: usize, cPrevious: usize, h: usize, c: usize, s: usize, n: i32,
): void {
  for (; n > 0; n -= lanes<T>()) {
    const count = min(n, lanes<T>());
    const i = sigmoid<T>(v128.add<T>(read<T>(x, count), v128.load(product)));
    const f = sigmoid<T>(v128.add<T>(read<T>(x + bytes, count), v128.load(product + bytes)));
    const g = tanh<T>(v128.add<T>(read<T>(x + 2 * bytes, count), v128.load(product + 2 * bytes)));
    const o = sigmoid<T>(v128.add<T>(read<T>(x + 3 * bytes, count), v128.load(product + 3 * bytes)));
    const cell = v128.add<T>(v128.mul<T>(f, read<T>(cPrevious, count)), v128.mul<T>(i, g));
    const seen = squash ? tanh<T>(cell) : cell;
    write<T>(x, i, count);
    write<T>(x + bytes, f, count);
    write<T>(x + 2 * bytes, g, count);
    write<T>(x + 3 * bytes, o, count);
    write<T>(c, cell, count);
    write<T>(s, seen, count);
    write<T>(h, v128.mul<T>(o, seen), count);
    x += 16;
    product += 16;
    cPrevious += 16;
    h += 16;
    c += 16;
    s += 16;
  }
}

// @ts-ignore: decorator
@inline
function lstmRowGradient<T>(
  squash: i32, gates: usize, bytes: usize, cPrevious: usize, s: usize, dy: usize, carry: usize, carryCell: usize,
  dz: usize, n: i32,
): void {
  for (; n > 0; n -= lanes<T>()) {
    const count = min(n, lanes<T>());
    const i = read<T>(gates, count);
    const f = read<T>(gates + bytes, count);
    const g = read<T>(gates + 2 * bytes, count);
    const o = read<T>(gates + 3 * bytes, count);
    const seen = read<T>(s, count);
    const dh = v128.add<T>(read<T>(dy, count), v128.load(carry));
    const dSeen = v128.mul<T>(dh, o);
    const dc = v128.add<T>(v128.load(carryCell), squash ? throughTanh<T>(dSeen, seen) : dSeen);
    write<T>(dz, throughSigmoid<T>(v128.mul<T>(dc, g), i), count);
    write<T>(dz + bytes, throughSigmoid<T>(v128.mul<T>(dc, read<T>(cPrevious, count)), f), count);
    write<T>(dz + 2 * bytes, throughTanh<T>(v128.mul<T>(dc, i), g), count);
    write<T>(dz + 3 * bytes, throughSigmoid<T>(v128.mul<T>(dh, seen), o), count);
    v128.store(carryCell, v128.mul<T>(dc, f));
    v128.store(carry, v128.splat<T>(<T>0));
    gates += 16;
    cPrevious += 16;
    s += 16;
    dy += 16;
    carry += 16;
    carryCell += 16;
    dz += 16;
  }
}

/** The reset and update gates, in the place of their inputs; `reset` gets r h if it is not 0. */
// @ts-ignore: decorator
@inline
function gruGatesRow<T>(x: usize, product: usize, bytes: usize, bias: usize, h: usize, reset: usize, n: i32): void {
  for (; n > 0; n -= lanes<T>()) {
    const count = min(n, lanes<T>());
    let zr = v128.add<T>(read<T>(x, count), v128.load(product));
    let zu = v128.add<T>(read<T>(x + bytes, count), v128.load(product + bytes));
    if (bias) {
      zr = v128.add<T>(zr, read<T>(bias, count));
      zu = v128.add<T>(zu, read<T>(bias + bytes, count));
      bias += 16;
    }
    const r = sigmoid<T>(zr);
    write<T>(x, r, count);
    write<T>(x + bytes, sigmoid<T>(zu), count);
    if (reset) {
      write<T>(reset, v128.mul<T>(r, read<T>(h, count)), count);
      reset += 16;
    }
    x += 16;
    product += 16;
    h += 16;
  }
}

/** The candidate n and the new state. `kept` gets the state's part of n's input if the reset gate comes after it. */
// @ts-ignore: decorator
@inline
function gruStateRow<T>(
  variant: i32, gates: usize, product: usize, bytes: usize, bias: usize, hPrevious: usize, h: usize, kept: usize,
  n: i32,
): void {
  for (; n > 0; n -= lanes<T>()) {
    const count = min(n, lanes<T>());
    let fromState = v128.load(product);
    if (bias) {
      fromState = v128.add<T>(fromState, read<T>(bias, count));
      bias += 16;
    }
    if (!(variant & 1)) {
      write<T>(kept, fromState, count);
      fromState = v128.mul<T>(fromState, read<T>(gates, count));
    }
    const candidate = tanh<T>(v128.add<T>(read<T>(gates + 2 * bytes, count), fromState));
    const z = read<T>(gates + bytes, count);
    const before = read<T>(hPrevious, count);
    const difference = v128.mul<T>(z, v128.sub<T>(before, candidate));
    write<T>(gates + 2 * bytes, candidate, count);
    write<T>(h, variant & 2 ? v128.sub<T>(before, difference) : v128.add<T>(candidate, difference), count);
    gates += 16;
    product += 16;
    hPrevious += 16;
    h += 16;
    kept += 16;
  }
}

/** Gradients of the update gate and the candidate; of the reset gate too if it comes after the product. */
// @ts-ignore: decorator
@inline
function gruStateRowGradient<T>(
  variant: i32, gates: usize, bytes: usize, hPrevious: usize, kept: usize, dy: usize, carry: usize, dz: usize, n: i32,
): void {
  for (; n > 0; n -= lanes<T>()) {
    const count = min(n, lanes<T>());
    const r = read<T>(gates, count);
    const z = read<T>(gates + bytes, count);
    const candidate = read<T>(gates + 2 * bytes, count);
    const dh = v128.add<T>(read<T>(dy, count), v128.load(carry));
    const difference = v128.mul<T>(dh, v128.sub<T>(read<T>(hPrevious, count), candidate));
    const upper = v128.mul<T>(dh, z);
    const lower = v128.sub<T>(dh, upper);
    const writes = (variant & 2) != 0;
    const dCandidate = throughTanh<T>(writes ? upper : lower, candidate);
    write<T>(dz + 2 * bytes, throughSigmoid<T>(writes ? v128.neg<T>(difference) : difference, z), count);
    write<T>(dz + 3 * bytes, dCandidate, count);
    if (!(variant & 1)) {
      write<T>(dz, v128.mul<T>(dCandidate, r), count);
      write<T>(dz + bytes, throughSigmoid<T>(v128.mul<T>(dCandidate, read<T>(kept, count)), r), count);
    }
    v128.store(carry, writes ? lower : upper);
    gates += 16;
    hPrevious += 16;
    kept += 16;
    dy += 16;
    carry += 16;
    dz += 16;
  }
}

/** Where reset comes before the product: from the gradient of r h to those of the reset gate and of the state. */
// @ts-ignore: decorator
@inline
function gruResetRowGradient<T>(gates: usize, hPrevious: usize, product: usize, carry: usize, dr: usize, n: i32): void {
  for (; n > 0; n -= lanes<T>()) {
    const count = min(n, lanes<T>());
    const r = read<T>(gates, count);
    const dReset = v128.load(product);
    write<T>(dr, throughSigmoid<T>(v128.mul<T>(dReset, read<T>(hPrevious, count)), r), count);
    v128.store(carry, v128.add<T>(v128.load(carry), v128.mul<T>(dReset, r)));
    gates += 16;
    hPrevious += 16;
    product += 16;
    carry += 16;
    dr += 16;
  }
}

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
      packRows<T>(h, hStep, rows, size, interleaved);
      productOfRows<T>(
        interleaved, panels, panelBytes<T>(size), panelCount<T>(columns), size, product, productBytes,
      );
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
        if (variant & 1) packRows<T>(extra, bytes, rows, size, interleaved);
        productOfRows<T>(
          interleaved, candidatePanels, panelBytes<T>(size), panelCount<T>(size), size, candidateProduct,
          candidateBytes,
        );
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
          rnnRowGradient<T>(variant, states + (first + i) * bytes, dy, toState, dzNow, size);
        } else if (cell == LSTM) {
          lstmRowGradient<T>(
            variant, gatesNow, bytes, c + i * cStep, extra + i * bytes, dy, toState, carryCell + i * stepBytes,
            dzNow, size,
          );
        } else {
          gruStateRowGradient<T>(
            variant, gatesNow, bytes, h + i * hStep, extra + i * bytes, dy, toState, dzNow, size,
          );
        }
      }
      if (cell == GRU) {
        const candidate = variant & 1 ? dz + 3 * bytes : dz;
        packRows<T>(candidate, gradientBytes, rows, size, interleaved);
        productOfRows<T>(
          interleaved, candidatePanels, panelBytes<T>(size), panelCount<T>(size), size, product, stepBytes,
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
      productOfRows<T>(interleaved, panels, panelBytes<T>(depth), panelCount<T>(size), depth, product, stepBytes);
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
  const second = packForward<T>(cell, weights, size, panels);
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
