// The activations of chapter 5, each with its derivative, as functions of one number.

export interface Activation {
  readonly f: (x: number) => number;
  /** f'(x); at a corner the value from the left. */
  readonly derivative: (x: number) => number;
}

/** f(x) = k x + c */
export function linear(k = 1, c = 0): Activation {
  return { f: (x) => k * x + c, derivative: () => k };
}

/** 1 above zero, else 0. Its derivative is 0 wherever there is one: nothing can be learnt through it. */
export const step: Activation = { f: (x) => (x > 0 ? 1 : 0), derivative: () => 0 };

const logistic = (x: number) => 1 / (1 + Math.exp(-x));

/** 1 / (1 + e^-x) */
export const sigmoid: Activation = {
  f: logistic,
  derivative: (x) => logistic(x) * (1 - logistic(x)),
};

export const tanh: Activation = { f: Math.tanh, derivative: (x) => 1 - Math.tanh(x) ** 2 };

/** scale e^(-x^2): the text prints it with a scale. */
export function gaussian(scale = 1): Activation {
  const f = (x: number) => scale * Math.exp(-x * x);
  return { f, derivative: (x) => -2 * x * f(x) };
}

/** max(0, x) */
export const relu: Activation = { f: (x) => Math.max(0, x), derivative: (x) => (x > 0 ? 1 : 0) };

/** x above zero, `slope` x below: a unit that is off can come back. */
export function leakyRelu(slope = 0.01): Activation {
  return { f: (x) => (x > 0 ? x : slope * x), derivative: (x) => (x > 0 ? 1 : slope) };
}
