// The bowl of section 1.5: a cost C = v1^2 + v2^2 / 2 + v1 v2 / 2 over two variables, and a ball that goes down it by steps of -eta times the gradient.

export type Place = readonly [number, number];

export function bowlCost([a, b]: Place): number {
  return a * a + (b * b) / 2 + (a * b) / 2;
}

export function bowlGradient([a, b]: Place): Place {
  return [2 * a + b / 2, b + a / 2];
}

/** v -> v - eta grad C (8), (11); all places on the way, the start among them. */
export function rollDown(start: Place, eta: number, steps: number): Place[] {
  const path: Place[] = [start];
  for (let i = 0; i < steps; i++) {
    const [a, b] = path[i];
    const [slopeA, slopeB] = bowlGradient(path[i]);
    path.push([a - eta * slopeA, b - eta * slopeB]);
  }
  return path;
}
