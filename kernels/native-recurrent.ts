// One step of a recurrent layer for some rows, its products with the state done by a library: what the native engine puts between two products. The same
// formulas as in recurrent.ts.
import { gateSigmoid, gateTanh } from "./gates32";
import { lanes, loadPart, storePart } from "./lanes";
import {
  gruGatesRow, gruResetRowGradient, gruStateRow, gruStateRowGradient, rnnRow, rnnRowGradient,
} from "./recurrent-rows";

// @ts-ignore: decorator
@inline
function read(pointer: usize, count: i32): v128 {
  return count >= 4 ? v128.load(pointer) : loadPart<f32>(pointer, count);
}

// @ts-ignore: decorator
@inline
function write(pointer: usize, value: v128, count: i32): void {
  if (count >= 4) v128.store(pointer, value);
  else storePart<f32>(pointer, value, count);
}

/** dy y (1 - y). */
// @ts-ignore: decorator
@inline
function throughSigmoid(dy: v128, y: v128): v128 {
  return f32x4.mul(f32x4.mul(dy, y), f32x4.sub(f32x4.splat(1), y));
}

/** dy (1 - y^2). */
// @ts-ignore: decorator
@inline
function throughTanh(dy: v128, y: v128): v128 {
  return f32x4.mul(dy, f32x4.sub(f32x4.splat(1), f32x4.mul(y, y)));
}

/** h = f(z) for rows that follow each other, in the place of z; `variant` is the nonlinearity as in recurrent.ts. */
export function rnnStep_f32(variant: i32, elements: i32, state: usize): void {
  rnnRow<f32>(variant, state, 0, elements);
}

/** dz from dy and `carry`, the gradient by the state, which counts if it is `known`. */
export function rnnStepGradient_f32(
  variant: i32, elements: i32, state: usize, dy: usize, carry: usize, known: i32, dz: usize,
): void {
  rnnRowGradient<f32>(variant, state, dy, carry, known != 0, dz, elements);
}

/**
 * c = f cellBefore + i g, h = o tanh(c), or o c without `squash`; the gates i, f, g, o replace their inputs in
 * gates [rows, 4 size]; the others are [rows, size]. cellBefore 0: zeros. `seen` gets what o multiplies.
 */
export function lstmStep_f32(
  rows: i32, size: i32, gates: usize, cellBefore: usize, cell: usize, state: usize, seen: usize, squash: i32,
): void {
  const bytes = <usize>size * 4;
  for (; rows > 0; --rows) {
    for (let left = size; left > 0; left -= lanes<f32>()) {
      const i = gateSigmoid(read(gates, left));
      const f = gateSigmoid(read(gates + bytes, left));
      const g = gateTanh(read(gates + 2 * bytes, left));
      const o = gateSigmoid(read(gates + 3 * bytes, left));
      let c = f32x4.mul(i, g);
      if (cellBefore) {
        c = f32x4.add(f32x4.mul(f, read(cellBefore, left)), c);
        cellBefore += left >= 4 ? 16 : 4 * left;
      }
      const s = squash ? gateTanh(c) : c;
      write(gates, i, left);
      write(gates + bytes, f, left);
      write(gates + 2 * bytes, g, left);
      write(gates + 3 * bytes, o, left);
      write(cell, c, left);
      write(seen, s, left);
      write(state, f32x4.mul(o, s), left);
      const step: usize = left >= 4 ? 16 : 4 * left;
      gates += step;
      cell += step;
      seen += step;
      state += step;
    }
    gates += 3 * bytes;
  }
}

/**
 * The gates' gradients dz [rows, 4 size] from dy and what the step after gave: `carry`, the gradient by the state (0:
 * none), and carryCell, that by the cell, which is replaced by the one for the step before (0 at first if `fresh`).
 */
export function lstmStepGradient_f32(
  rows: i32, size: i32, gates: usize, cellBefore: usize, seen: usize, dy: usize, carry: usize, carryCell: usize,
  fresh: i32, dz: usize, squash: i32,
): void {
  const bytes = <usize>size * 4;
  for (; rows > 0; --rows) {
    for (let left = size; left > 0; left -= lanes<f32>()) {
      const step: usize = left >= 4 ? 16 : 4 * left;
      const i = read(gates, left);
      const f = read(gates + bytes, left);
      const g = read(gates + 2 * bytes, left);
      const o = read(gates + 3 * bytes, left);
      const s = read(seen, left);
      let dh = read(dy, left);
      if (carry) {
        dh = f32x4.add(dh, read(carry, left));
        carry += step;
      }
      const dSeen = f32x4.mul(dh, o);
      let dc = squash ? throughTanh(dSeen, s) : dSeen;
      if (!fresh) dc = f32x4.add(read(carryCell, left), dc);
      let before = f32x4.splat(0);
      if (cellBefore) {
        before = read(cellBefore, left);
        cellBefore += step;
      }
      write(dz, throughSigmoid(f32x4.mul(dc, g), i), left);
      write(dz + bytes, throughSigmoid(f32x4.mul(dc, before), f), left);
      write(dz + 2 * bytes, throughTanh(f32x4.mul(dc, i), g), left);
      write(dz + 3 * bytes, throughSigmoid(f32x4.mul(dh, s), o), left);
      write(carryCell, f32x4.mul(dc, f), left);
      gates += step;
      seen += step;
      dy += step;
      carryCell += step;
      dz += step;
    }
    gates += 3 * bytes;
    dz += 3 * bytes;
  }
}

// ---- Gated recurrent units. Gates are [rows, 3 size], their gradients [rows, 4 size], the others [rows, size]; `variant` as in recurrent.ts. A state
// before, a bias or a product of address 0 is zeros.

/** The reset and update gates in the place of their inputs, the product with the state among them; `reset` gets r h, unless it is 0. */
export function gruGates_f32(
  rows: i32, size: i32, gates: usize, bias: usize, stateBefore: usize, reset: usize,
): void {
  const bytes = <usize>size * 4;
  for (; rows > 0; --rows) {
    gruGatesRow<f32>(gates, 0, bytes, bias, stateBefore, reset, size);
    gates += 3 * bytes;
    if (stateBefore) stateBefore += bytes;
    if (reset) reset += bytes;
  }
}

/** The candidate and the new state; `product` is what the reset gate multiplies, where it comes after the product with the state. */
export function gruState_f32(
  variant: i32, rows: i32, size: i32, gates: usize, product: usize, bias: usize, stateBefore: usize, state: usize,
  kept: usize,
): void {
  const bytes = <usize>size * 4;
  if (bias) bias += 2 * bytes;
  for (; rows > 0; --rows) {
    gruStateRow<f32>(variant, gates, product, bytes, bias, stateBefore, state, kept, size);
    gates += 3 * bytes;
    if (product) product += bytes;
    if (stateBefore) stateBefore += bytes;
    state += bytes;
    kept += bytes;
  }
}

/** The gates' gradients dz from dy and `carry`, which counts if it is `known` and is replaced by what goes past the gates. */
export function gruStateGradient_f32(
  variant: i32, rows: i32, size: i32, gates: usize, stateBefore: usize, kept: usize, dy: usize, carry: usize,
  known: i32, dz: usize,
): void {
  const bytes = <usize>size * 4;
  for (; rows > 0; --rows) {
    gruStateRowGradient<f32>(variant, gates, bytes, stateBefore, kept, dy, carry, known != 0, dz, size);
    gates += 3 * bytes;
    if (stateBefore) stateBefore += bytes;
    kept += bytes;
    dy += bytes;
    carry += bytes;
    dz += 4 * bytes;
  }
}

/** Where reset comes before the product: the gradient of r h stands in the first block of dz; that of r goes to the second, that of h to `carry`. */
export function gruResetGradient_f32(
  rows: i32, size: i32, gates: usize, stateBefore: usize, carry: usize, dz: usize,
): void {
  const bytes = <usize>size * 4;
  for (; rows > 0; --rows) {
    gruResetRowGradient<f32>(gates, stateBefore, dz, carry, dz + bytes, size);
    gates += 3 * bytes;
    if (stateBefore) stateBefore += bytes;
    carry += bytes;
    dz += 4 * bytes;
  }
}
