// Whole sequences through a recurrent layer, and back. A step is a product of the states with the state weights, added to the gates' inputs where
// they stand, and one kernel over the batch's states; an RNN without a mask is the product alone, its nonlinearity at its end. Arrays are
// time-major: [steps, batch, ...]. A row that the mask leaves out keeps its state.
import type { FusedActivation } from "../../engine.ts";
import { EACH, type KernelText, once } from "../shader.ts";
import { ACTIVATIONS } from "./matmul.ts";
import { COPY_WORDS, FILL } from "./movement.ts";
import { type Calls, float, type NamedEntry } from "./named.ts";

const NAMES: readonly FusedActivation[] = ["none", "sigmoid", "tanh", "relu"];

/** The row of the batch and the unit that a thread has, and whether the mask leaves the row out. */
const UNIT = `${EACH}
  let row = i / p.size;
  let unit = i % p.size;
  let leftOut = p.mask != 0u && mem[p.mask + row] == 0u;`;

/** An element of an operand that may be absent: zeros then. */
const orZero = (operand: string): string => `select(0.0, load(p.${operand} + i), p.${operand} != 0u)`;

// ---- Forward

/** The states of an RNN from their inputs, in their place. */
const rnnText = once(
  (activation: FusedActivation): KernelText => ({
    name: `rnnStep_${activation}`,
    parameters: "h before mask n size",
    body: `${UNIT}
  let value = load(p.h + i);
  store(p.h + i, select(${ACTIVATIONS[activation]}, ${orZero("before")}, leftOut));`,
  }),
);

const LSTM: KernelText = {
  name: "lstmStep",
  parameters: "z h hBefore c cBefore seen mask n size squash",
  body: `${UNIT}
  let before = ${orZero("cBefore")};
  if (leftOut) {
    store(p.h + i, ${orZero("hBefore")});
    store(p.c + i, before);
    return;
  }
  let at = p.z + row * 4u * p.size + unit;
  let input = logistic(load(at));
  let kept = logistic(load(at + p.size));
  let candidate = hyperbolicTangent(load(at + 2u * p.size));
  let output = logistic(load(at + 3u * p.size));
  let cell = kept * before + input * candidate;
  var seen = cell;
  if (p.squash != 0u) { seen = hyperbolicTangent(cell); }
  store(at, input);
  store(at + p.size, kept);
  store(at + 2u * p.size, candidate);
  store(at + 3u * p.size, output);
  store(p.c + i, cell);
  store(p.seen + i, seen);
  store(p.h + i, output * seen);`,
};

/** The gates of a GRU, and r h where the reset comes before the candidate's product. */
const GRU_GATES: KernelText = {
  name: "gruGates",
  parameters: "z hBefore kept mask n size resetBefore",
  body: `${UNIT}
  if (leftOut) { store(p.kept + i, 0.0); return; }
  let at = p.z + row * 3u * p.size + unit;
  let reset = logistic(load(at));
  store(at, reset);
  store(at + p.size, logistic(load(at + p.size)));
  if (p.resetBefore != 0u) { store(p.kept + i, reset * ${orZero("hBefore")}); }`,
};

const GRU_STATE: KernelText = {
  name: "gruState",
  parameters: "z product bias hBefore h kept mask n size variant",
  body: `${UNIT}
  let before = ${orZero("hBefore")};
  if (leftOut) { store(p.h + i, before); return; }
  let at = p.z + row * 3u * p.size + unit;
  var fromState = ${orZero("product")};
  if (p.bias != 0u) { fromState = fromState + load(p.bias + unit); }
  if ((p.variant & 1u) == 0u) {
    store(p.kept + i, fromState);
    fromState = fromState * load(at);
  }
  let candidate = hyperbolicTangent(load(at + 2u * p.size) + fromState);
  let update = load(at + p.size);
  let difference = update * (before - candidate);
  store(at + 2u * p.size, candidate);
  store(p.h + i, select(candidate + difference, before - difference, (p.variant & 2u) != 0u));`,
};

// ---- Backward: `carry` is the gradient that a step hands to the one before

const SLOPES = `
fn throughSigmoid(d: f32, y: f32) -> f32 { return (d * y) * (1.0 - y); }
fn throughTanh(d: f32, y: f32) -> f32 { return d * (1.0 - y * y); }`;

const RNN_SLOPES: Record<FusedActivation, string> = {
  none: "dh",
  sigmoid: "throughSigmoid(dh, y)",
  tanh: "throughTanh(dh, y)",
  relu: "select(dh, 0.0, notBelow(0.0, y))",
};

const rnnGradientText = once(
  (activation: FusedActivation): KernelText => ({
    name: `rnnGradient_${activation}`,
    parameters: "h dy carry dz mask n size",
    outside: SLOPES,
    body: `${UNIT}
  let dh = load(p.dy + i) + load(p.carry + i);
  if (leftOut) { store(p.dz + i, 0.0); store(p.carry + i, dh); return; }
  let y = load(p.h + i);
  store(p.dz + i, ${RNN_SLOPES[activation]});
  store(p.carry + i, 0.0);`,
  }),
);

const LSTM_GRADIENT: KernelText = {
  name: "lstmGradient",
  parameters: "z cBefore seen dy carry carryCell dz mask n size squash",
  outside: SLOPES,
  body: `${UNIT}
  let dh = load(p.dy + i) + load(p.carry + i);
  let to = p.dz + row * 4u * p.size + unit;
  if (leftOut) {
    for (var gate = 0u; gate < 4u; gate += 1u) { store(to + gate * p.size, 0.0); }
    store(p.carry + i, dh);
    return;
  }
  let at = p.z + row * 4u * p.size + unit;
  let input = load(at);
  let kept = load(at + p.size);
  let candidate = load(at + 2u * p.size);
  let output = load(at + 3u * p.size);
  let seen = load(p.seen + i);
  let dSeen = dh * output;
  let dc = load(p.carryCell + i) + select(dSeen, throughTanh(dSeen, seen), p.squash != 0u);
  store(to, throughSigmoid(dc * candidate, input));
  store(to + p.size, throughSigmoid(dc * ${orZero("cBefore")}, kept));
  store(to + 2u * p.size, throughTanh(dc * input, candidate));
  store(to + 3u * p.size, throughSigmoid(dh * seen, output));
  store(p.carryCell + i, dc * kept);
  store(p.carry + i, 0.0);`,
};

/** Blocks of a row of dz: the candidate as the state sees it, reset, update, the candidate as the input sees it. */
const GRU_GRADIENT: KernelText = {
  name: "gruGradient",
  parameters: "z hBefore kept dy carry dz mask n size variant",
  outside: SLOPES,
  body: `${UNIT}
  let dh = load(p.dy + i) + load(p.carry + i);
  let to = p.dz + row * 4u * p.size + unit;
  if (leftOut) {
    for (var gate = 0u; gate < 4u; gate += 1u) { store(to + gate * p.size, 0.0); }
    store(p.carry + i, dh);
    return;
  }
  let at = p.z + row * 3u * p.size + unit;
  let reset = load(at);
  let update = load(at + p.size);
  let candidate = load(at + 2u * p.size);
  let difference = dh * (${orZero("hBefore")} - candidate);
  let upper = dh * update;
  let lower = dh - upper;
  let writes = (p.variant & 2u) != 0u;
  let dCandidate = throughTanh(select(lower, upper, writes), candidate);
  store(to + 2u * p.size, throughSigmoid(select(difference, -difference, writes), update));
  store(to + 3u * p.size, dCandidate);
  if ((p.variant & 1u) == 0u) {
    store(to, dCandidate * reset);
    store(to + p.size, throughSigmoid(dCandidate * load(p.kept + i), reset));
  }
  store(p.carry + i, select(upper, lower, writes));`,
};

/** Where the reset comes before the product: from the gradient of r h to those of the reset gate and of the state. */
const GRU_RESET_GRADIENT: KernelText = {
  name: "gruResetGradient",
  parameters: "z hBefore product carry dz mask n size",
  outside: SLOPES,
  body: `${UNIT}
  if (leftOut) { return; }
  let reset = load(p.z + row * 3u * p.size + unit);
  let dReset = load(p.product + i);
  store(p.dz + row * 4u * p.size + p.size + unit, throughSigmoid(dReset * ${orZero("hBefore")}, reset));
  store(p.carry + i, load(p.carry + i) + dReset * reset);`,
};

// ---- Sequences

/** A layer's place in time: where step s lies, and where the step before it. */
class Walk {
  readonly each: number;

  constructor(
    readonly steps: number,
    readonly batch: number,
    readonly size: number,
    readonly reverse: boolean,
    readonly mask: number,
  ) {
    this.each = batch * size;
  }

  /** The place in time of the s-th step, and of the one before it; -1 before the first. */
  at(s: number): { t: number; before: number; mask: number } {
    const t = this.reverse ? this.steps - 1 - s : s;
    const before = s === 0 ? -1 : this.reverse ? t + 1 : t - 1;
    return { t, before, mask: this.mask === 0 ? 0 : this.mask + t * this.batch };
  }

  /** An operand's block before a step: of the first, what was given for it. */
  block(operand: number, before: number, first: number): number {
    return before < 0 ? first : operand + before * this.each;
  }
}

/** target [batch, columns] += h W^T, if there is an h. */
function addProduct(
  calls: Calls,
  walk: Walk,
  h: number,
  weights: number,
  target: number,
  columns: number,
  targetRow: number,
): void {
  if (h === 0) return;
  const { batch, size } = walk;
  calls.product({
    ...{ a: h, aRow: size, aColumn: 1, b: weights, bRow: 1, bColumn: size, c: target, cRow: targetRow },
    ...{ m: batch, n: columns, k: size, accumulate: true },
  });
}

/** carry [batch, size] (+)= dz W; dz has rows of `row` elements. */
function backProduct(
  calls: Calls,
  walk: Walk,
  dz: number,
  row: number,
  weights: number,
  depth: number,
  carry: number,
  accumulate: boolean,
): void {
  const { batch, size } = walk;
  calls.product({
    ...{ a: dz, aRow: row, aColumn: 1, b: weights, bRow: size, bColumn: 1, c: carry },
    ...{ m: batch, n: size, k: depth, accumulate },
  });
}

function clear(calls: Calls, at: number, n: number): void {
  calls.each(FILL, [at, n, 0], n);
}

/** Whether no gradient passes from step s to the one before. */
function isCut(truncate: number, s: number): boolean {
  return truncate > 0 && s > 0 && s % truncate === 0;
}

export const RECURRENT: Readonly<Record<string, NamedEntry>> = {
  rnnForward: float((calls, [weights, h0, mask, states, , steps, batch, size, reverse, variant]) => {
    const walk = new Walk(steps, batch, size, reverse !== 0, mask);
    const activation = NAMES[variant];
    for (let s = 0; s < steps; s++) {
      const now = walk.at(s);
      const h = states + now.t * walk.each;
      const before = walk.block(states, now.before, h0);
      if (mask === 0 && before !== 0) {
        calls.product({
          ...{ a: before, aRow: size, aColumn: 1, b: weights, bRow: 1, bColumn: size, c: h },
          ...{ m: batch, n: size, k: size, accumulate: true, activation },
        });
        continue;
      }
      addProduct(calls, walk, before, weights, h, size, size);
      calls.each(rnnText(activation), [h, before, now.mask, walk.each, size], walk.each);
    }
  }),
  rnnBackward: float((calls, values) => {
    const [weights, , mask, states, dy, dz, dh0, , steps, batch, size, reverse, variant, truncate] = values;
    const walk = new Walk(steps, batch, size, reverse !== 0, mask);
    const { each } = walk;
    const carry = dh0;
    clear(calls, carry, each);
    for (let s = steps - 1; s >= 0; s--) {
      const now = walk.at(s);
      const at = now.t * each;
      const operands = [states + at, dy + at, carry, dz + at, now.mask, each, size];
      calls.each(rnnGradientText(NAMES[variant]), operands, each);
      backProduct(calls, walk, dz + at, size, weights, size, carry, true);
      if (isCut(truncate, s)) clear(calls, carry, each);
    }
  }),
  lstmForward: float((calls, values) => {
    const [z, weights, h0, c0, mask, states, cells, seen, , steps, batch, size, reverse, squash] = values;
    const walk = new Walk(steps, batch, size, reverse !== 0, mask);
    const { each } = walk;
    let last = c0;
    for (let s = 0; s < steps; s++) {
      const now = walk.at(s);
      const [hBefore, cBefore] = [walk.block(states, now.before, h0), walk.block(cells, now.before, c0)];
      const gates = z + now.t * 4 * each;
      addProduct(calls, walk, hBefore, weights, gates, 4 * size, 4 * size);
      last = cells + now.t * each;
      const at = now.t * each;
      const operands = [gates, states + at, hBefore, last, cBefore, seen + at, now.mask, each, size, squash];
      calls.each(LSTM, operands, each);
    }
    const to = states + steps * each;
    if (last === 0) clear(calls, to, each);
    else calls.each(COPY_WORDS, [last, to, each], each);
  }),
  lstmBackward: float((calls, values) => {
    const [z, weights, , c0, mask, , cells, seen, dy, dz, dh0, dc0, , ...rest] = values;
    const [steps, batch, size, reverse, squash, truncate] = rest;
    const walk = new Walk(steps, batch, size, reverse !== 0, mask);
    const { each } = walk;
    const [carry, carryCell] = [dh0, dc0];
    clear(calls, carry, each);
    calls.each(COPY_WORDS, [dy + steps * each, carryCell, each], each);
    for (let s = steps - 1; s >= 0; s--) {
      const now = walk.at(s);
      const at = now.t * each;
      const cBefore = walk.block(cells, now.before, c0);
      const saved = [z + 4 * at, cBefore, seen + at, dy + at];
      calls.each(LSTM_GRADIENT, [...saved, carry, carryCell, dz + 4 * at, now.mask, each, size, squash], each);
      backProduct(calls, walk, dz + 4 * at, 4 * size, weights, 4 * size, carry, true);
      if (!isCut(truncate, s)) continue;
      clear(calls, carry, each);
      clear(calls, carryCell, each);
    }
  }),
  gruForward: float((calls, values) => {
    const [z, weights, bias, h0, mask, states, kept, , steps, batch, size, reverse, variant] = values;
    const walk = new Walk(steps, batch, size, reverse !== 0, mask);
    const { each } = walk;
    const resetBefore = (variant & 1) !== 0;
    const product = calls.scratch(each);
    for (let s = 0; s < steps; s++) {
      const now = walk.at(s);
      const at = now.t * each;
      const before = walk.block(states, now.before, h0);
      const gates = z + 3 * at;
      addProduct(calls, walk, before, weights, gates, 2 * size, 3 * size);
      if (bias !== 0) calls.each(GRU_BIAS, [gates, bias, 2 * each, size], 2 * each);
      calls.each(GRU_GATES, [gates, before, kept + at, now.mask, each, size, resetBefore ? 1 : 0], each);
      const from = resetBefore ? kept + at : before;
      if (from !== 0) {
        calls.product({
          ...{ a: from, aRow: size, aColumn: 1, b: weights + 2 * size * size, bRow: 1, bColumn: size },
          ...{ c: product, m: batch, n: size, k: size },
        });
      }
      const own = [gates, from === 0 ? 0 : product, bias === 0 ? 0 : bias + 2 * size];
      calls.each(GRU_STATE, [...own, before, states + at, kept + at, now.mask, each, size, variant], each);
    }
  }),
  gruBackward: float((calls, values) => {
    const [z, weights, h0, mask, states, kept, dy, dz, dh0, , ...rest] = values;
    const [steps, batch, size, reverse, variant, truncate] = rest;
    const walk = new Walk(steps, batch, size, reverse !== 0, mask);
    const { each } = walk;
    const carry = dh0;
    const candidateWeights = weights + 2 * size * size;
    const product = calls.scratch(each);
    clear(calls, carry, each);
    for (let s = steps - 1; s >= 0; s--) {
      const now = walk.at(s);
      const at = now.t * each;
      const before = walk.block(states, now.before, h0);
      const d = dz + 4 * at;
      calls.each(GRU_GRADIENT, [z + 3 * at, before, kept + at, dy + at, carry, d, now.mask, each, size, variant], each);
      if (variant & 1) {
        backProduct(calls, walk, d + 3 * size, 4 * size, candidateWeights, size, product, false);
        calls.each(GRU_RESET_GRADIENT, [z + 3 * at, before, product, carry, d, now.mask, each, size], each);
      } else backProduct(calls, walk, d, 4 * size, candidateWeights, size, carry, true);
      backProduct(calls, walk, d + size, 4 * size, weights, 2 * size, carry, true);
      if (isCut(truncate, s)) clear(calls, carry, each);
    }
  }),
};

/** Adds the state's bias to the gates of reset and update. */
const GRU_BIAS: KernelText = {
  name: "gruBias",
  parameters: "z bias n size",
  body: `${EACH}
  let row = i / (2u * p.size);
  let unit = i % (2u * p.size);
  let at = p.z + row * 3u * p.size + unit;
  store(at, load(at) + load(p.bias + unit));`,
};
