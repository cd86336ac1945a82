// Normalisation over a batch, over rows and over neighbouring channels, with their gradients; affine maps and sums by channel. What belongs to a
// channel of [outer, channels, inner] is a workgroup's, in two passes for mean and variance.
import { EACH, type KernelText, once } from "../shader.ts";
import { float, type NamedEntry } from "./named.ts";
import { groupsForRows, lanesFor, rowKernel } from "./rows.ts";

/** Place of element k of the channel `row`. */
const CHANNEL = `
fn place(channel: u32, k: u32) -> u32 { return ((k / p.inner) * p.rows + channel) * p.inner + k % p.inner; }`;

const batchText = once(
  (lanes: 1 | 64): KernelText =>
    rowKernel(
      "batchNorm",
      "x gamma beta y mean variance rows inner n epsilon:f32",
      lanes,
      ["add"],
      `
  var sum = 0.0;
  for (var k = lane; k < p.n; k += LANES) { sum += load(p.x + place(row, k)); }
  let mean = together_add(sum, lane) / f32(p.n);
  sum = 0.0;
  for (var k = lane; k < p.n; k += LANES) { let away = load(p.x + place(row, k)) - mean; sum += away * away; }
  let variance = together_add(sum, lane) / f32(p.n);
  if (lane == 0u) { store(p.mean + row, mean); store(p.variance + row, variance); }
  let scale = quotient(load(p.gamma + row), root(variance + p.epsilon));
  let shift = load(p.beta + row);
  for (var k = lane; k < p.n; k += LANES) {
    let at = place(row, k);
    store(p.y + at, (load(p.x + at) - mean) * scale + shift);
  }`,
      CHANNEL,
    ),
);

const batchGradientText = once(
  (lanes: 1 | 64): KernelText =>
    rowKernel(
      "batchNormGradient",
      "x dy mean variance gamma dx dgamma dbeta rows inner n epsilon:f32",
      lanes,
      ["add"],
      `
  let mean = load(p.mean + row);
  let inverse = quotient(1.0, root(load(p.variance + row) + p.epsilon));
  var sum = 0.0;
  var products = 0.0;
  for (var k = lane; k < p.n; k += LANES) {
    let at = place(row, k);
    let d = load(p.dy + at);
    sum += d;
    products += (load(p.x + at) - mean) * d;
  }
  sum = together_add(sum, lane);
  products = together_add(products, lane) * inverse;
  if (lane == 0u) { store(p.dgamma + row, products); store(p.dbeta + row, sum); }
  if (p.dx == 0u) { return; }
  let scale = load(p.gamma + row) * inverse;
  let slope = -scale * inverse * products / f32(p.n);
  let shift = -scale * sum / f32(p.n);
  for (var k = lane; k < p.n; k += LANES) {
    let at = place(row, k);
    store(p.dx + at, load(p.dy + at) * scale + (load(p.x + at) - mean) * slope + shift);
  }`,
      CHANNEL,
    ),
);

const channelSumText = once(
  (lanes: 1 | 64): KernelText =>
    rowKernel(
      "channelSum",
      "x y rows inner n accumulate",
      lanes,
      ["add"],
      `
  var sum = 0.0;
  for (var k = lane; k < p.n; k += LANES) { sum += load(p.x + place(row, k)); }
  sum = together_add(sum, lane);
  if (lane == 0u) { store(p.y + row, select(sum, load(p.y + row) + sum, p.accumulate != 0u)); }`,
      CHANNEL,
    ),
);

const AFFINE: KernelText = {
  name: "channelAffine",
  parameters: "x centre scale shift y n channels inner",
  body: `${EACH}
  let channel = (i / p.inner) % p.channels;
  var value = load(p.x + i);
  if (p.centre != 0u) { value = value - load(p.centre + channel); }
  if (p.scale != 0u) { value = value * load(p.scale + channel); }
  if (p.shift != 0u) { value = value + load(p.shift + channel); }
  store(p.y + i, value);`,
};

const layerText = once(
  (lanes: 1 | 64): KernelText =>
    rowKernel(
      "layerNorm",
      "x gamma beta y mean inverse rows n epsilon:f32",
      lanes,
      ["add"],
      `
  let at = row * p.n;
  var sum = 0.0;
  for (var k = lane; k < p.n; k += LANES) { sum += load(p.x + at + k); }
  let mean = together_add(sum, lane) / f32(p.n);
  sum = 0.0;
  for (var k = lane; k < p.n; k += LANES) { let away = load(p.x + at + k) - mean; sum += away * away; }
  let inverse = quotient(1.0, root(together_add(sum, lane) / f32(p.n) + p.epsilon));
  if (lane == 0u && p.mean != 0u) { store(p.mean + row, mean); store(p.inverse + row, inverse); }
  for (var k = lane; k < p.n; k += LANES) {
    store(p.y + at + k, ((load(p.x + at + k) - mean) * inverse) * load(p.gamma + k) + load(p.beta + k));
  }`,
    ),
);

const layerGradientText = once(
  (lanes: 1 | 64): KernelText =>
    rowKernel(
      "layerNormGradient",
      "x dy mean inverse gamma dx rows n",
      lanes,
      ["add"],
      `
  let at = row * p.n;
  let mean = load(p.mean + row);
  let inverse = load(p.inverse + row);
  var sum = 0.0;
  var products = 0.0;
  for (var k = lane; k < p.n; k += LANES) {
    let g = load(p.dy + at + k) * load(p.gamma + k);
    sum += g;
    products += (load(p.x + at + k) - mean) * g;
  }
  sum = together_add(sum, lane) / f32(p.n);
  products = together_add(products, lane) * inverse / f32(p.n);
  for (var k = lane; k < p.n; k += LANES) {
    let z = (load(p.x + at + k) - mean) * inverse;
    store(p.dx + at + k, inverse * (load(p.dy + at + k) * load(p.gamma + k) - sum - z * products));
  }`,
    ),
);

/** dgamma = sum of dy z and dbeta = sum of dy over the rows: a column is a row of this kernel. */
const layerParametersText = once(
  (lanes: 1 | 64): KernelText =>
    rowKernel(
      "layerNormParameters",
      "x dy mean inverse dgamma dbeta rows n",
      lanes,
      ["add"],
      `
  var sum = 0.0;
  var products = 0.0;
  for (var k = lane; k < p.n; k += LANES) {
    let d = load(p.dy + k * p.rows + row);
    sum += d;
    products += d * ((load(p.x + k * p.rows + row) - load(p.mean + k)) * load(p.inverse + k));
  }
  sum = together_add(sum, lane);
  products = together_add(products, lane);
  if (lane == 0u) { store(p.dgamma + row, products); store(p.dbeta + row, sum); }`,
    ),
);

/** bias + alpha (sum of squares over the window of a channel). */
const DENOMINATOR = `
fn denominator(x0: u32, channel: u32) -> f32 {
  let first = max(0, i32(channel) - i32(p.size >> 1u));
  let last = min(i32(p.channels) - 1, i32(channel) + i32((p.size - 1u) >> 1u));
  var sum = 0.0;
  for (var c = first; c <= last; c += 1) { let value = load(x0 + u32(c) * p.inner); sum += value * value; }
  return p.bias + p.alpha * sum;
}`;
const RESPONSE = "n channels inner size alpha:f32 exponent:f32 bias:f32";

const RESPONSE_FORWARD: KernelText = {
  name: "localResponse",
  parameters: `x y ${RESPONSE}`,
  outside: DENOMINATOR,
  body: `${EACH}
  let channel = (i / p.inner) % p.channels;
  store(p.y + i, load(p.x + i) * power(denominator(p.x + i - channel * p.inner, channel), -p.exponent));`,
};

const RESPONSE_GRADIENT: KernelText = {
  name: "localResponseGradient",
  parameters: `x dy dx ${RESPONSE}`,
  outside: DENOMINATOR,
  body: `${EACH}
  let channel = (i / p.inner) % p.channels;
  let first = max(0, i32(channel) - i32((p.size - 1u) >> 1u));
  let last = min(i32(p.channels) - 1, i32(channel) + i32(p.size >> 1u));
  let base = i - channel * p.inner;
  var sum = 0.0;
  var own = 0.0;
  for (var c = first; c <= last; c += 1) {
    let at = base + u32(c) * p.inner;
    let d = denominator(p.x + base, u32(c));
    let product = load(p.dy + at) * power(d, -p.exponent);
    sum += quotient(product * load(p.x + at), d);
    if (u32(c) == channel) { own = product; }
  }
  store(p.dx + i, own + load(p.x + i) * (-2.0 * p.alpha * p.exponent) * sum);`,
};

export const NORMALISATION: Readonly<Record<string, NamedEntry>> = {
  batchNorm: float((calls, [x, gamma, beta, y, mean, variance, outer, channels, inner, epsilon]) => {
    const lanes = lanesFor(outer * inner);
    const values = [x, gamma, beta, y, mean, variance, channels, inner, outer * inner, epsilon];
    calls.groups(batchText(lanes), values, groupsForRows(channels, lanes));
  }),
  batchNormGradient: float(
    (calls, [x, dy, mean, variance, gamma, dx, dgamma, dbeta, outer, channels, inner, epsilon]) => {
      const lanes = lanesFor(outer * inner);
      const operands = [x, dy, mean, variance, gamma, dx, dgamma, dbeta];
      const values = [...operands, channels, inner, outer * inner, epsilon];
      calls.groups(batchGradientText(lanes), values, groupsForRows(channels, lanes));
    },
  ),
  channelSum: float((calls, [x, y, outer, channels, inner, accumulate]) => {
    const lanes = lanesFor(outer * inner);
    calls.groups(
      channelSumText(lanes),
      [x, y, channels, inner, outer * inner, accumulate],
      groupsForRows(channels, lanes),
    );
  }),
  channelAffine: float((calls, [x, centre, scale, shift, y, outer, channels, inner]) => {
    const n = outer * channels * inner;
    calls.each(AFFINE, [x, centre, scale, shift, y, n, channels, inner], n);
  }),
  layerNorm: float((calls, values) => {
    const [rows, n] = values.slice(6) as [number, number];
    const lanes = lanesFor(n);
    calls.groups(layerText(lanes), values, groupsForRows(rows, lanes));
  }),
  layerNormGradient: float((calls, [x, dy, mean, inverse, gamma, dx, dgamma, dbeta, rows, n]) => {
    const lanes = lanesFor(n);
    if (dx !== 0)
      calls.groups(layerGradientText(lanes), [x, dy, mean, inverse, gamma, dx, rows, n], groupsForRows(rows, lanes));
    const down = lanesFor(rows);
    const values = [x, dy, mean, inverse, dgamma, dbeta, n, rows];
    calls.groups(layerParametersText(down), values, groupsForRows(n, down));
  }),
  localResponse: float((calls, [x, y, batch, channels, inner, ...rest]) => {
    const n = batch * channels * inner;
    calls.each(RESPONSE_FORWARD, [x, y, n, channels, inner, ...rest], n);
  }),
  localResponseGradient: float((calls, [x, dy, dx, batch, channels, inner, ...rest]) => {
    const n = batch * channels * inner;
    calls.each(RESPONSE_GRADIENT, [x, dy, dx, n, channels, inner, ...rest], n);
  }),
};
