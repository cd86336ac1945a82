// The toy of section 3.1: one sigmoid neuron with one weight and one bias learns to answer 0 to the input 1. With the quadratic cost it learns
// slowly while it is badly wrong; with cross-entropy it learns fastest then.

/**
 * "quadratic": (a - y)^2 / 2, gradient (a - y) sigma'(z) (55). "crossEntropy": gradient a - y (61).
 * "bookDemo": the rule that the book's printed cross-entropy curves follow: the slope of the cost by the output,
 * 1 / (1 - a), taken for the slope by the weighted input, sigma' left out. It is not gradient descent on anything.
 */
export type ToyRule = "quadratic" | "crossEntropy" | "bookDemo";

export interface ToyState {
  readonly epoch: number;
  readonly weight: number;
  readonly bias: number;
  readonly output: number;
  readonly cost: number;
}

const INPUT = 1;
const TARGET = 0;

export class ToyNeuron {
  weight: number;
  bias: number;
  readonly rule: ToyRule;

  constructor(weight: number, bias: number, rule: ToyRule) {
    this.weight = weight;
    this.bias = bias;
    this.rule = rule;
  }

  get output(): number {
    return 1 / (1 + Math.exp(-(this.weight * INPUT + this.bias)));
  }

  get cost(): number {
    const a = this.output;
    if (this.rule === "quadratic") return (TARGET - a) ** 2 / 2;
    return -TARGET * Math.log(a) - (1 - TARGET) * Math.log(1 - a);
  }

  /** Slope of the cost by the weighted input z, which is also that by the bias. */
  get slope(): number {
    const a = this.output;
    if (this.rule === "quadratic") return (a - TARGET) * a * (1 - a);
    return this.rule === "crossEntropy" ? a - TARGET : 1 / (1 - a);
  }

  step(eta: number): void {
    const slope = this.slope;
    this.weight -= eta * slope * INPUT;
    this.bias -= eta * slope;
  }

  state(epoch: number): ToyState {
    return { epoch, weight: this.weight, bias: this.bias, output: this.output, cost: this.cost };
  }
}

/** States before the first epoch and after each. */
export function trainToy(weight: number, bias: number, rule: ToyRule, eta: number, epochs = 300): ToyState[] {
  const neuron = new ToyNeuron(weight, bias, rule);
  const states = [neuron.state(0)];
  for (let epoch = 1; epoch <= epochs; epoch++) {
    neuron.step(eta);
    states.push(neuron.state(epoch));
  }
  return states;
}
