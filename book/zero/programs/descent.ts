// Gradient descent and ascent on a function of one variable, with every point on the way.

/** x0, x1, ... by x - rate f'(x). */
export function descend(slope: (x: number) => number, start: number, rate: number, steps: number): number[] {
  const path = [start];
  for (let i = 0; i < steps; i++) path.push(path[i] - rate * slope(path[i]));
  return path;
}

/** x0, x1, ... by x + rate f'(x): towards a maximum. */
export function ascend(slope: (x: number) => number, start: number, rate: number, steps: number): number[] {
  return descend((x) => -slope(x), start, rate, steps);
}
