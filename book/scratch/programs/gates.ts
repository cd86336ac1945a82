// Logic gates as perceptrons whose weights are set by hand: first with a threshold, then with a bias, and XOR as a network of three.

/** 1 above the threshold theta, else 0: y = [w1 x1 + w2 x2 > theta]. */
export function thresholdGate(w1: number, w2: number, theta: number): (x1: number, x2: number) => number {
  return (x1, x2) => (w1 * x1 + w2 * x2 <= theta ? 0 : 1);
}

/** The same unit with b = -theta on the other side: y = [b + w1 x1 + w2 x2 > 0]. */
export function gate(w1: number, w2: number, b: number): (x1: number, x2: number) => number {
  return (x1, x2) => (b + w1 * x1 + w2 * x2 <= 0 ? 0 : 1);
}

export const AND = gate(0.5, 0.5, -0.7);
export const NAND = gate(-0.5, -0.5, 0.7);
export const OR = gate(0.5, 0.5, -0.2);

/** Two layers: no single unit can do it. */
export function XOR(x1: number, x2: number): number {
  const s1 = NAND(x1, x2);
  const s2 = OR(x1, x2);
  return AND(s1, s2);
}
