// The perceptron and its learning rule, as the first part of the series builds it: a weighted sum, a step, and one small correction for every
// sample that is answered wrongly.

/** f of the series: 1 above zero, else 0. */
export function step(x: number): number {
  return x > 0 ? 1 : 0;
}

export class Perceptron {
  readonly activator: (x: number) => number;
  weights: number[];
  bias = 0;

  /** All parameters start at 0. */
  constructor(inputs: number, activator: (x: number) => number = step) {
    this.activator = activator;
    this.weights = new Array<number>(inputs).fill(0);
  }

  /** y = f(w x + b) */
  predict(input: readonly number[]): number {
    return this.activator(input.reduce((sum, x, i) => sum + x * this.weights[i], 0) + this.bias);
  }

  /** `iteration` passes over all samples. */
  train(inputs: readonly (readonly number[])[], labels: readonly number[], iteration: number, rate: number): void {
    for (let i = 0; i < iteration; i++) this.oneIteration(inputs, labels, rate);
  }

  oneIteration(inputs: readonly (readonly number[])[], labels: readonly number[], rate: number): void {
    inputs.forEach((input, i) => {
      this.updateWeights(input, this.predict(input), labels[i], rate);
    });
  }

  /** w += rate (t - y) x, b += rate (t - y) */
  private updateWeights(input: readonly number[], output: number, label: number, rate: number): void {
    const delta = label - output;
    this.weights = this.weights.map((w, i) => w + rate * delta * input[i]);
    this.bias += rate * delta;
  }

  /** As the series prints it. */
  toString(): string {
    return `weights\t:[${this.weights.map((w) => Number(w.toPrecision(12)))}]\nbias\t:${this.bias.toFixed(6)}\n`;
  }
}
