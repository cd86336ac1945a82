// One step of a long short-term memory for some rows, its product with the state done by a library and added to the
// gates' inputs already: what the native engine puts between two products. The same formulas as in recurrent.ts.
import { lanes, loadPart, storePart } from "./lanes";
import { sigmoid_v32, tanh_v32 } from "./math32";

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
      const i = sigmoid_v32(read(gates, left));
      const f = sigmoid_v32(read(gates + bytes, left));
      const g = tanh_v32(read(gates + 2 * bytes, left));
      const o = sigmoid_v32(read(gates + 3 * bytes, left));
      let c = f32x4.mul(i, g);
      if (cellBefore) {
        c = f32x4.add(f32x4.mul(f, read(cellBefore, left)), c);
        cellBefore += left >= 4 ? 16 : 4 * left;
      }
      const s = squash ? tanh_v32(c) : c;
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
