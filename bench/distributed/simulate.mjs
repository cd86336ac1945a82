// What training on many hosts would take: the schedule of a real step (when each piece of the gradients is complete) replayed on a model of a network.
//
// A message of n bytes takes alpha + n beta (Hockney, 1994). An all-reduce of n bytes over p ranks takes the least of what MPI libraries choose among
// (Thakur, Rabenseifner and Gropp, 2005, with gamma seconds a byte for adding):
//   recursive doubling  ceil(log2 p) (alpha + n (beta + gamma))
//   halving, doubling   2 ceil(log2 p) alpha + (p - 1) / p n (2 beta + gamma)
//   ring                2 (p - 1) alpha + (p - 1) / p n (2 beta + gamma)
// Numbers as bfloat16 go to their slice's rank and back: (p - 1) alpha + (p - 1) / p n (beta + gamma), then log2 p alpha + (p - 1) / p n beta, n halved.

/** Seconds of an all-reduce. */
export function allReduceSeconds(bytes, ranks, { alpha, beta, gamma = 0 }) {
  if (ranks === 1 || bytes === 0) return 0;
  const rounds = Math.ceil(Math.log2(ranks));
  const share = (ranks - 1) / ranks;
  const whole = share * bytes * (2 * beta + gamma);
  return Math.min(
    rounds * (alpha + bytes * (beta + gamma)),
    2 * rounds * alpha + whole,
    2 * (ranks - 1) * alpha + whole,
  );
}

/** Seconds of a piece of gradients of so many bytes in float32. */
export function pieceSeconds(bytes, ranks, network, wire = "float32") {
  if (wire === "float32") return allReduceSeconds(bytes, ranks, network);
  if (ranks === 1) return 0;
  const { alpha, beta, gamma = 0 } = network;
  const half = ((ranks - 1) / ranks) * (bytes / 2);
  // Slices to their ranks are under way at once; what a host sends goes through its one line.
  return Math.min(ranks - 1, 16) * alpha + half * (beta + gamma) + Math.ceil(Math.log2(ranks)) * alpha + half * beta;
}

/** By how much the slowest of several hosts is expected to lie above the mean, where their times spread by this share: spread sqrt(2 ln p). */
export const slowest = (ranks, spread) => 1 + (ranks > 1 ? spread * Math.sqrt(2 * Math.log(ranks)) : 0);

/**
 * Seconds of one step. `compute`: forward and backward of a rank's share; `update`: the optimiser's; `pieces`: in the order in which they are begun,
 * { bytes, ready: share of `compute` after which it is complete }; `overlap`: whether messages move while a rank computes; `accumulate`: shares
 * computed for one update.
 */
export function stepSeconds(
  ranks,
  { compute, update, pieces },
  network,
  { overlap = true, wire = "float32", accumulate = 1, spread = 0 } = {},
) {
  const own = compute * slowest(ranks, spread);
  const before = (accumulate - 1) * own;
  let free = 0;
  for (const { bytes, ready } of pieces) {
    const begin = Math.max(free, overlap ? ready * own : own);
    free = begin + pieceSeconds(bytes, ranks, network, wire);
  }
  // The step's figures: a few numbers.
  const figures = allReduceSeconds(64, ranks, network);
  return before + Math.max(own, free) + figures * accumulate + update;
}

/** Samples a second of `ranks` hosts against as many times one host's. */
export function efficiency(ranks, step, network, options = {}) {
  const { accumulate = 1 } = options;
  const one = accumulate * step.compute + step.update;
  return one / stepSeconds(ranks, step, network, options);
}

/** Networks by name: latency of a message, and seconds a byte. Latencies of TCP over Ethernet, and of RDMA at 100 Gbit/s. */
export const NETWORKS = {
  "10 Gbit/s": { alpha: 25e-6, beta: 8 / 10e9, gamma: 0.1e-9 },
  "25 Gbit/s": { alpha: 15e-6, beta: 8 / 25e9, gamma: 0.1e-9 },
  "100 Gbit/s": { alpha: 3e-6, beta: 8 / 100e9, gamma: 0.1e-9 },
};

/** alpha and beta of messages of measured sizes: { bytes, seconds } of all-reduces over `ranks`, by least squares on relative errors. */
export function fitNetwork(measured, ranks) {
  // On one machine, halving and doubling: seconds = 2 rounds alpha + 2 share bytes beta.
  const [a, b] = [2 * Math.ceil(Math.log2(ranks)), (2 * (ranks - 1)) / ranks];
  let [xx, xy, yy, xt, yt] = [0, 0, 0, 0, 0];
  for (const { bytes, seconds } of measured) {
    const [x, y] = [a / seconds, (b * bytes) / seconds];
    xx += x * x;
    xy += x * y;
    yy += y * y;
    xt += x;
    yt += y;
  }
  const determinant = xx * yy - xy * xy;
  return {
    alpha: Math.max(0, (xt * yy - yt * xy) / determinant),
    beta: Math.max(0, (yt * xx - xt * xy) / determinant),
  };
}
