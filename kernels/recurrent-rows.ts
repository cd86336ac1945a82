// One row of one step of a recurrent layer, forward and back, for the simple layer, LSTM and GRU.
// What a native library's products stand between uses them too (native-recurrent.ts): there products are in the gates' inputs already, and rows
// follow each other without room between them.
import { gateSigmoid, gateTanh } from "./gates32";
import { lanes, loadPart, storePart } from "./lanes";
import { sigmoid_v64, tanh_v64 } from "./math64";

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
  return sizeof<T>() == 4 ? gateSigmoid(x) : sigmoid_v64(x);
}

// @ts-ignore: decorator
@inline
function tanh<T>(x: v128): v128 {
  return sizeof<T>() == 4 ? gateTanh(x) : tanh_v64(x);
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
export function addInto<T>(target: usize, source: usize, n: i32): void {
  for (; n > 0; n -= lanes<T>()) {
    const count = min(n, lanes<T>());
    write<T>(target, v128.add<T>(read<T>(target, count), read<T>(source, count)), count);
    target += 16;
    source += 16;
  }
}

// ---- One row of one step, each a function of its own: sequences and native-recurrent.ts share them. `x` and `product` add up to the gates' inputs, x
// alone if `product` is 0; `bytes` is the length of a block. A state before of 0 is zeros; a carried gradient counts if it is `known`.

/** The vector at x, and what stands at `product`, if there is one. */
// @ts-ignore: decorator
@inline
function gateInput<T>(x: usize, product: usize, count: i32): v128 {
  const own = read<T>(x, count);
  return product ? v128.add<T>(own, v128.load(product)) : own;
}

// @ts-ignore: decorator
@inline
function stateBefore<T>(h: usize, count: i32): v128 {
  return h ? read<T>(h, count) : v128.splat<T>(<T>0);
}

/** h = f(x + product), in the place of x. */
export function rnnRow<T>(variant: i32, x: usize, product: usize, n: i32): void {
  for (; n > 0; n -= lanes<T>()) {
    const count = min(n, lanes<T>());
    const z = gateInput<T>(x, product, count);
    let h = z;
    if (variant == SIGMOID) h = sigmoid<T>(z);
    else if (variant == TANH) h = tanh<T>(z);
    else if (variant == RELU) h = v128.max<T>(z, v128.splat<T>(<T>0));
    write<T>(x, h, count);
    x += 16;
    if (product) product += 16;
  }
}

export function rnnRowGradient<T>(
  variant: i32, h: usize, dy: usize, carry: usize, known: bool, dz: usize, n: i32,
): void {
  for (; n > 0; n -= lanes<T>()) {
    const count = min(n, lanes<T>());
    const y = read<T>(h, count);
    let dh = read<T>(dy, count);
    if (known) dh = v128.add<T>(dh, read<T>(carry, count));
    let g = dh;
    if (variant == SIGMOID) g = throughSigmoid<T>(dh, y);
    else if (variant == TANH) g = throughTanh<T>(dh, y);
    else if (variant == RELU) g = v128.andnot(dh, v128.le<T>(y, v128.splat<T>(<T>0)));
    write<T>(dz, g, count);
    write<T>(carry, v128.splat<T>(<T>0), count);
    h += 16;
    dy += 16;
    carry += 16;
    dz += 16;
  }
}

/** c = f cPrevious + i g, h = o tanh(c); the gates i, f, g, o replace their inputs. */
// @ts-ignore: decorator
@inline
export function lstmRow<T>(
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
export function lstmRowGradient<T>(
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
export function gruGatesRow<T>(x: usize, product: usize, bytes: usize, bias: usize, h: usize, reset: usize, n: i32): void {
  for (; n > 0; n -= lanes<T>()) {
    const count = min(n, lanes<T>());
    let zr = gateInput<T>(x, product, count);
    let zu = gateInput<T>(x + bytes, product ? product + bytes : 0, count);
    if (bias) {
      zr = v128.add<T>(zr, read<T>(bias, count));
      zu = v128.add<T>(zu, read<T>(bias + bytes, count));
      bias += 16;
    }
    const r = sigmoid<T>(zr);
    write<T>(x, r, count);
    write<T>(x + bytes, sigmoid<T>(zu), count);
    if (reset) {
      write<T>(reset, v128.mul<T>(r, stateBefore<T>(h, count)), count);
      reset += 16;
    }
    x += 16;
    if (product) product += 16;
    if (h) h += 16;
  }
}

/**
 * The candidate n and the new state. `product` is the state's part of n's input, where it is not in the input already; `kept` gets it, with the
 * bias, if the reset gate comes after it.
 */
export function gruStateRow<T>(
  variant: i32, gates: usize, product: usize, bytes: usize, bias: usize, hPrevious: usize, h: usize, kept: usize,
  n: i32,
): void {
  for (; n > 0; n -= lanes<T>()) {
    const count = min(n, lanes<T>());
    let fromState = product ? read<T>(product, count) : v128.splat<T>(<T>0);
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
    const before = stateBefore<T>(hPrevious, count);
    const difference = v128.mul<T>(z, v128.sub<T>(before, candidate));
    write<T>(gates + 2 * bytes, candidate, count);
    write<T>(h, variant & 2 ? v128.sub<T>(before, difference) : v128.add<T>(candidate, difference), count);
    gates += 16;
    if (product) product += 16;
    if (hPrevious) hPrevious += 16;
    h += 16;
    kept += 16;
  }
}

/** Gradients of the update gate and the candidate; of the reset gate too if it comes after the product. */
export function gruStateRowGradient<T>(
  variant: i32, gates: usize, bytes: usize, hPrevious: usize, kept: usize, dy: usize, carry: usize, known: bool,
  dz: usize, n: i32,
): void {
  for (; n > 0; n -= lanes<T>()) {
    const count = min(n, lanes<T>());
    const r = read<T>(gates, count);
    const z = read<T>(gates + bytes, count);
    const candidate = read<T>(gates + 2 * bytes, count);
    let dh = read<T>(dy, count);
    if (known) dh = v128.add<T>(dh, read<T>(carry, count));
    const difference = v128.mul<T>(dh, v128.sub<T>(stateBefore<T>(hPrevious, count), candidate));
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
    write<T>(carry, writes ? lower : upper, count);
    gates += 16;
    if (hPrevious) hPrevious += 16;
    kept += 16;
    dy += 16;
    carry += 16;
    dz += 16;
  }
}

/** Where reset comes before the product: from the gradient of r h to those of the reset gate and of the state. */
export function gruResetRowGradient<T>(gates: usize, hPrevious: usize, product: usize, carry: usize, dr: usize, n: i32): void {
  for (; n > 0; n -= lanes<T>()) {
    const count = min(n, lanes<T>());
    const r = read<T>(gates, count);
    const dReset = read<T>(product, count);
    write<T>(dr, throughSigmoid<T>(v128.mul<T>(dReset, stateBefore<T>(hPrevious, count)), r), count);
    write<T>(carry, v128.add<T>(read<T>(carry, count), v128.mul<T>(dReset, r)), count);
    gates += 16;
    if (hPrevious) hPrevious += 16;
    product += 16;
    carry += 16;
    dr += 16;
  }
}
