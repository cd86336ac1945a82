// Momentum (section 3.6) on the plainest cost there is, C = curvature w^2 / 2: one weight, one velocity.

export interface Rolling {
  readonly w: number;
  readonly v: number;
}

/** v -> mu v - eta grad C (107), w -> w + v (108), for a gradient of curvature times w. */
export function momentumStep({ w, v }: Rolling, mu: number, eta: number, curvature = 1): Rolling {
  const velocity = mu * v - eta * (curvature * w);
  return { w: w + velocity, v: velocity };
}

/** Where the weight is, at the start and after each step; it starts at rest. */
export function rollWithMomentum(start: number, mu: number, eta: number, steps: number, curvature = 1): Rolling[] {
  const path: Rolling[] = [{ w: start, v: 0 }];
  for (let i = 0; i < steps; i++) path.push(momentumStep(path[i], mu, eta, curvature));
  return path;
}

/** Largest absolute root of r^2 - (1 + mu - eta curvature) r + mu = 0: by how much |w| changes a step in the long run. */
export function growthRate(mu: number, eta: number, curvature = 1): number {
  const half = (1 + mu - eta * curvature) / 2;
  const inside = half * half - mu;
  return inside < 0 ? Math.sqrt(mu) : Math.abs(half) + Math.sqrt(inside);
}
