// Variances and deviations along an axis, and running sums whose past decays.
import { EACH, type KernelText } from "../shader.ts";
import { float, type NamedEntry } from "./named.ts";
import { spreadText } from "./reduce.ts";
import { groupsForRows, lanesFor } from "./rows.ts";

/** y[i] = x[i] + factor[i] y[i - 1] along n; y before the first is 0. */
const DECAYING: KernelText = {
  name: "decayingSum",
  parameters: "x factor out n count inner",
  body: `${EACH}
  let start = (i / p.inner) * p.count * p.inner + i % p.inner;
  var total = 0.0;
  for (var k = 0u; k < p.count; k += 1u) {
    let at = start + k * p.inner;
    if (k == 0u) { total = load(p.x + at); } else { total = load(p.x + at) + load(p.factor + at) * total; }
    store(p.out + at, total);
  }`,
};

function spread(op: string): NamedEntry {
  return float((calls, [x, mean, out, outer, n, inner, divisor]) => {
    const lanes = inner === 1 ? lanesFor(n) : 1;
    const rows = outer * inner;
    calls.groups(spreadText(op, lanes), [x, mean, out, rows, n, inner, divisor], groupsForRows(rows, lanes));
  });
}

export const STATISTICS: Readonly<Record<string, NamedEntry>> = {
  variance: spread("variance"),
  standardDeviation: spread("standardDeviation"),
  decayingSum: float((calls, [x, factor, out, outer, n, inner]) =>
    calls.each(DECAYING, [x, factor, out, outer * inner, n, inner], outer * inner),
  ),
};
