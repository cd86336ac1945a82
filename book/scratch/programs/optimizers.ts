// The optimisers of the source: one method each, `update`, which changes the parameters in place.
import { Matrix } from "../../matrix.ts";

export type Params = Record<string, Matrix>;

export interface Optimizer {
  update(params: Params, grads: Params): void;
}

/** Calls `f` for the number `i` of every parameter. */
function each(params: Params, f: (key: string, values: Float64Array, i: number) => void): void {
  for (const [key, { values }] of Object.entries(params)) for (let i = 0; i < values.length; i++) f(key, values, i);
}

function zerosLike(params: Params): Params {
  return Object.fromEntries(Object.entries(params).map(([key, { rows, columns }]) => [key, new Matrix(rows, columns)]));
}

/** p -= lr g */
export class SGD implements Optimizer {
  readonly lr: number;

  constructor(lr = 0.01) {
    this.lr = lr;
  }

  update(params: Params, grads: Params): void {
    each(params, (key, values, i) => {
      values[i] -= this.lr * grads[key].values[i];
    });
  }
}

/** v = momentum v - lr g, p += v */
export class Momentum implements Optimizer {
  readonly lr: number;
  readonly momentum: number;
  private v: Params | undefined;

  constructor(lr = 0.01, momentum = 0.9) {
    this.lr = lr;
    this.momentum = momentum;
  }

  update(params: Params, grads: Params): void {
    const v = (this.v ??= zerosLike(params));
    each(params, (key, values, i) => {
      const velocity = v[key].values;
      velocity[i] = this.momentum * velocity[i] - this.lr * grads[key].values[i];
      values[i] += velocity[i];
    });
  }
}

/**
 * Nesterov's gradient, written for the parameters one step ahead: p += momentum^2 v - (1 + momentum) lr g, then
 * v = momentum v - lr g. v is the velocity before the update; with the new one in its place the step is another.
 */
export class Nesterov implements Optimizer {
  readonly lr: number;
  readonly momentum: number;
  private v: Params | undefined;

  constructor(lr = 0.01, momentum = 0.9) {
    this.lr = lr;
    this.momentum = momentum;
  }

  update(params: Params, grads: Params): void {
    const { lr, momentum } = this;
    const v = (this.v ??= zerosLike(params));
    each(params, (key, values, i) => {
      const velocity = v[key].values;
      const g = grads[key].values[i];
      values[i] += momentum * momentum * velocity[i] - (1 + momentum) * lr * g;
      velocity[i] = momentum * velocity[i] - lr * g;
    });
  }
}

/** h += g g, p -= lr g / (sqrt(h) + 1e-7) */
export class AdaGrad implements Optimizer {
  readonly lr: number;
  private h: Params | undefined;

  constructor(lr = 0.01) {
    this.lr = lr;
  }

  update(params: Params, grads: Params): void {
    const h = (this.h ??= zerosLike(params));
    each(params, (key, values, i) => {
      const g = grads[key].values[i];
      h[key].values[i] += g * g;
      values[i] -= (this.lr * g) / (Math.sqrt(h[key].values[i]) + 1e-7);
    });
  }
}

/** h = decay h + (1 - decay) g g, p -= lr g / (sqrt(h) + 1e-7): AdaGrad that forgets. */
export class RMSProp implements Optimizer {
  readonly lr: number;
  readonly decayRate: number;
  private h: Params | undefined;

  constructor(lr = 0.01, decayRate = 0.99) {
    this.lr = lr;
    this.decayRate = decayRate;
  }

  update(params: Params, grads: Params): void {
    const h = (this.h ??= zerosLike(params));
    each(params, (key, values, i) => {
      const g = grads[key].values[i];
      h[key].values[i] = this.decayRate * h[key].values[i] + (1 - this.decayRate) * g * g;
      values[i] -= (this.lr * g) / (Math.sqrt(h[key].values[i]) + 1e-7);
    });
  }
}

/**
 * Adam with both bias corrections in the learning rate: p -= lr_t m / (sqrt(v) + 1e-7), lr_t = lr sqrt(1 - beta2^t) /
 * (1 - beta1^t). Kingma and Ba's epsilon stands beside the corrected root, this one beside the root as it is.
 */
export class Adam implements Optimizer {
  readonly lr: number;
  readonly beta1: number;
  readonly beta2: number;
  private iter = 0;
  private m: Params | undefined;
  private v: Params | undefined;

  constructor(lr = 0.001, beta1 = 0.9, beta2 = 0.999) {
    this.lr = lr;
    this.beta1 = beta1;
    this.beta2 = beta2;
  }

  update(params: Params, grads: Params): void {
    const m = (this.m ??= zerosLike(params));
    const v = (this.v ??= zerosLike(params));
    this.iter += 1;
    const lr = (this.lr * Math.sqrt(1 - this.beta2 ** this.iter)) / (1 - this.beta1 ** this.iter);
    each(params, (key, values, i) => {
      const g = grads[key].values[i];
      m[key].values[i] += (1 - this.beta1) * (g - m[key].values[i]);
      v[key].values[i] += (1 - this.beta2) * (g * g - v[key].values[i]);
      values[i] -= (lr * m[key].values[i]) / (Math.sqrt(v[key].values[i]) + 1e-7);
    });
  }
}
