// Softmax along rows of contiguous [rows, n], its logarithm, and the losses that are fused with it. With the row's largest element m, softmax is
// e^(x - m) / s and s = sum of e^(x - m): nothing overflows. A row with NaN or +inf, or with -inf only, comes out as NaN, as on the CPU.
import { EACH, type KernelText, once } from "../shader.ts";
import { float, type NamedEntry } from "./named.ts";
import { groupsForRows, lanesFor, rowKernel } from "./rows.ts";

/** Largest element and sum of exponentials of the row at `x0`; NaN is passed over in the first, as it shows in the second. */
const SUM = `
  var most = negated(infinity());
  for (var k = lane; k < p.n; k += LANES) { let x = load(x0 + k); most = select(most, x, above(x, most)); }
  most = together_larger(most, lane);
  var sum = 0.0;
  for (var k = lane; k < p.n; k += LANES) { sum += shifted(load(x0 + k), most); }
  sum = together_add(sum, lane);`;

/** e^(x - m): NaN where both are the same infinity. */
const SHIFTED = `fn shifted(x: f32, most: f32) -> f32 {
  if (isInf(x) && isInf(most) && isNegative(x) == isNegative(most)) { return nan(); }
  return exponential(x - most);
}`;

const softmaxText = once((log: boolean, lanes: 1 | 64): KernelText => {
  const value = log ? "(load(x0 + k) - most) - logarithm(sum)" : "quotient(shifted(load(x0 + k), most), sum)";
  const body = `
  let x0 = p.x + row * p.n;${SUM}
  for (var k = lane; k < p.n; k += LANES) { store(p.out + row * p.n + k, ${value}); }`;
  return rowKernel(log ? "logSoftmax" : "softmax", "x out rows n", lanes, ["larger", "add"], body, SHIFTED);
});

const gradientText = once((log: boolean, lanes: 1 | 64): KernelText => {
  const part = log ? "load(p.dy + at + k)" : "load(p.y + at + k) * load(p.dy + at + k)";
  const value = log
    ? "load(p.dy + at + k) - exponential(load(p.y + at + k)) * sum"
    : "load(p.y + at + k) * (load(p.dy + at + k) - sum)";
  const body = `
  let at = row * p.n;
  var sum = 0.0;
  for (var k = lane; k < p.n; k += LANES) { sum += ${part}; }
  sum = together_add(sum, lane);
  for (var k = lane; k < p.n; k += LANES) { store(p.out + at + k, ${value}); }`;
  return rowKernel(log ? "logSoftmaxGradient" : "softmaxGradient", "y dy out rows n", lanes, ["add"], body);
});

/** losses[r] = -ln softmax(logits)[r, label]; the loss is NaN for a label outside the row. */
const crossEntropyText = once((lanes: 1 | 64): KernelText => {
  const body = `
  let x0 = p.x + row * p.n;
  let label = mem[p.labels + row];
  let inside = label < p.n;${SUM}
  let own = load(x0 + select(0u, label, inside)) - most;
  if (lane == 0u) { store(p.losses + row, select(nan(), logarithm(sum) - own, inside)); }
  if (p.gradient == 0u) { return; }
  for (var k = lane; k < p.n; k += LANES) {
    let share = quotient(shifted(load(x0 + k), most), sum);
    store(p.gradient + row * p.n + k, select(share, share - 1.0, k == label));
  }`;
  const parameters = "x labels losses gradient rows n";
  return rowKernel("softmaxCrossEntropy", parameters, lanes, ["larger", "add"], body, SHIFTED);
});

/** losses[r] = -sum of t ln softmax(x) = (sum of t) ln s - sum of t (x - m). */
const softCrossEntropyText = once((lanes: 1 | 64): KernelText => {
  const body = `
  let x0 = p.x + row * p.n;
  let t0 = p.targets + row * p.n;${SUM}
  var weight = 0.0;
  var own = 0.0;
  for (var k = lane; k < p.n; k += LANES) {
    let t = load(t0 + k);
    weight += t;
    own += t * (load(x0 + k) - most);
  }
  weight = together_add(weight, lane);
  own = together_add(own, lane);
  if (lane == 0u) { store(p.losses + row, weight * logarithm(sum) - own); }
  if (p.gradient == 0u) { return; }
  for (var k = lane; k < p.n; k += LANES) {
    store(p.gradient + row * p.n + k, shifted(load(x0 + k), most) * quotient(weight, sum) - load(t0 + k));
  }`;
  const parameters = "x targets losses gradient rows n";
  return rowKernel("softmaxCrossEntropySoft", parameters, lanes, ["larger", "add"], body, SHIFTED);
});

/** max(z, 0) - z t + ln(1 + e^-|z|). */
const BINARY: KernelText = {
  name: "binaryCrossEntropyWithLogits",
  parameters: "z t out n",
  body: `${EACH}
  let z = load(p.z + i);
  let t = load(p.t + i);
  let ramp = select(select(0.0, z, above(z, 0.0)), z, isNan(z));
  store(p.out + i, (ramp - z * t) + logOnePlus(exponential(negated(magnitude(z)))));`,
};

type RowText = (lanes: 1 | 64) => KernelText;

/** An entry for a kernel of rows whose last numbers are rows and n. */
function rows(text: RowText, writes: readonly number[]): NamedEntry {
  return float((calls, values) => {
    const [count, n] = values.slice(-2) as [number, number];
    if (count === 0) return;
    const lanes = lanesFor(n);
    calls.groups(text(lanes), values, groupsForRows(count, lanes));
  }, writes);
}

export const SOFTMAX: Readonly<Record<string, NamedEntry>> = {
  softmax: rows((lanes) => softmaxText(false, lanes), [1]),
  logSoftmax: rows((lanes) => softmaxText(true, lanes), [1]),
  softmaxGradient: rows((lanes) => gradientText(false, lanes), [2]),
  logSoftmaxGradient: rows((lanes) => gradientText(true, lanes), [2]),
  softmaxCrossEntropy: rows(crossEntropyText, [2, 3]),
  softmaxCrossEntropySoft: rows(softCrossEntropyText, [2, 3]),
  binaryCrossEntropyWithLogits: float((calls, values) => calls.each(BINARY, values, values[3]), [2]),
};
