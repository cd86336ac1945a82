// Where a learning curve leads: the error after training on n images, fitted and carried on beyond the sizes that were tried. Two families that say the
// same where there are data and different things where there are none.

/** The error as a function of the number of training images. */
export interface FittedCurve {
  at(n: number): number;
  /** The error with unlimited data. */
  readonly limit: number;
  /** Mean squared relative error over the points that were fitted. */
  readonly misfit: number;
}

/** a + b g(n) by least squares of the relative errors; a and b not below 0. */
function fitLine(
  sizes: readonly number[],
  errors: readonly number[],
  g: (n: number) => number,
  withFloor: boolean,
): FittedCurve {
  // Each point counts by its size relative to the error: x a + z b = 1 with x = 1/error, z = g/error.
  let [xx, xz, zz, x1, z1] = [0, 0, 0, 0, 0];
  sizes.forEach((n, i) => {
    const x = 1 / errors[i];
    const z = g(n) / errors[i];
    xx += x * x;
    xz += x * z;
    zz += z * z;
    x1 += x;
    z1 += z;
  });
  let a = withFloor ? (x1 * zz - z1 * xz) / (xx * zz - xz * xz) : 0;
  if (!(a > 0)) a = 0;
  const b = (z1 - a * xz) / zz;
  const at = (n: number) => a + b * g(n);
  const misfit = sizes.reduce((sum, n, i) => sum + (at(n) / errors[i] - 1) ** 2, 0) / sizes.length;
  return { at, limit: a, misfit };
}

/** Exponents that are tried. */
const EXPONENTS = Array.from({ length: 200 }, (_, i) => (i + 1) / 100);

/** The best b n^-c (no floor), or a + b n^-c with an error a that no amount of data takes away. */
export function fitPower(sizes: readonly number[], errors: readonly number[], withFloor: boolean): FittedCurve {
  check(sizes, errors, withFloor ? 3 : 2);
  let best: FittedCurve | undefined;
  for (const c of EXPONENTS) {
    const curve = fitLine(sizes, errors, (n) => n ** -c, withFloor);
    if (best === undefined || curve.misfit < best.misfit) best = curve;
  }
  return best!;
}

/** The straight line over the logarithm of n, as an eye draws it: error = a - b ln n. It has no limit: it goes below 0. */
export function fitLogarithm(sizes: readonly number[], errors: readonly number[]): FittedCurve {
  check(sizes, errors, 2);
  const x = sizes.map(Math.log);
  const mean = (list: readonly number[]) => list.reduce((sum, value) => sum + value, 0) / list.length;
  const [meanX, meanE] = [mean(x), mean(errors)];
  const slope =
    x.reduce((sum, value, i) => sum + (value - meanX) * (errors[i] - meanE), 0) /
    x.reduce((sum, value) => sum + (value - meanX) ** 2, 0);
  const at = (n: number) => meanE + slope * (Math.log(n) - meanX);
  return { at, limit: -Infinity, misfit: mean(sizes.map((n, i) => (at(n) / errors[i] - 1) ** 2)) };
}

function check(sizes: readonly number[], errors: readonly number[], least: number): void {
  if (sizes.length !== errors.length || sizes.length < least) {
    throw new RangeError(
      `a learning curve needs ${least} sizes and as many errors, got ${sizes.length} and ${errors.length}`,
    );
  }
  if (!errors.every((error) => error > 0)) throw new RangeError("a learning curve's errors must be above 0");
}
