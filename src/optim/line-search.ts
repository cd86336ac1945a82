// How far to go along a descent direction: far enough that the slope has become small, not so far that the value has stopped falling in
// proportion (the strong Wolfe conditions; Nocedal & Wright 2006, section 3.5). The step is first widened until it brackets such a point, then
// narrowed by cubic interpolation.

/** A point with the function's value and gradient there. */
export interface Point {
  x: Float64Array;
  value: number;
  gradient: Float64Array;
}

export function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

/** x + step d */
export function along(x: Float64Array, step: number, d: Float64Array): Float64Array {
  return x.map((value, i) => value + step * d[i]);
}

interface Trial {
  step: number;
  value: number;
  slope: number;
  point: Point;
}

/** Share of the first slope's promise that the value must keep. */
const DECREASE = 1e-4;
const TRIALS = 50;

/**
 * @param evaluate value and gradient at a point; a value that is not finite means "too far".
 * @param direction with a negative slope.
 * @param curvature share of the first slope that may be left: 0.9 for Newton-like directions, 0.01 for conjugate gradients.
 * @returns where it ended and the step taken, or undefined where no step lowers the value.
 */
export function lineSearch(
  evaluate: (x: Float64Array) => Point,
  from: Point,
  direction: Float64Array,
  firstStep: number,
  curvature: number,
): { point: Point; step: number } | undefined {
  const slope = dot(from.gradient, direction);
  // Differences below this may be rounding; there the slopes decide (as in Hager & Zhang 2005).
  const noise = 1e-10 * Math.abs(from.value);
  let low: Trial = { step: 0, value: from.value, slope, point: from };
  let before = low;
  let high: Trial | undefined;
  let step = firstStep;
  for (let i = 0; i < TRIALS; i++) {
    const point = evaluate(along(from.x, step, direction));
    const now: Trial = { step, value: point.value, slope: dot(point.gradient, direction), point };
    const falls = now.value <= from.value + DECREASE * step * slope + noise && now.value <= low.value + noise;
    if (!falls || !Number.isFinite(now.value) || !Number.isFinite(now.slope)) {
      high = now;
    } else {
      if (Math.abs(now.slope) <= -curvature * slope) return now;
      if (now.slope * ((high?.step ?? Number.POSITIVE_INFINITY) - low.step) >= 0) high = low;
      before = low;
      low = now;
    }
    step = high === undefined ? wider(before, low) : between(low, high, noise);
    if (step === low.step || step === high?.step) break;
  }
  return low.value < from.value ? low : undefined;
}

/** Beyond both: where the slope's straight line reaches 0, at least twice and at most ten times as far. */
function wider(before: Trial, now: Trial): number {
  const zero = now.step - (now.slope * (now.step - before.step)) / (now.slope - before.slope);
  const [least, most] = [1.5 * now.step, 10 * now.step];
  return zero >= least ? Math.min(zero, most) : zero > now.step ? least : most;
}

/** The minimum of the cubic through both values and slopes, kept off the ends; where the values tell nothing, the zero between the slopes. */
function between(low: Trial, high: Trial, noise: number): number {
  const width = high.step - low.step;
  if (!Number.isFinite(high.value) || !Number.isFinite(high.slope)) return low.step + width / 10;
  let share: number;
  if (Math.abs(high.value - low.value) <= noise) {
    share = low.slope / (low.slope - high.slope);
  } else {
    const bend = low.slope + high.slope - (3 * (high.value - low.value)) / width;
    const radical = Math.sign(width) * Math.sqrt(bend * bend - low.slope * high.slope);
    share = 1 - (high.slope + radical - bend) / (high.slope - low.slope + 2 * radical);
  }
  return low.step + (share >= 0 && share <= 1 ? Math.min(0.95, Math.max(0.05, share)) : 0.5) * width;
}
