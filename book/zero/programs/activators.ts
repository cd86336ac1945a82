// The activations that the fourth part adds. As in fc.ts the derivative takes the output.
import type { Activator } from "./fc.ts";

/** max(0, x): cheap, its slope does not shrink, and where it is 0 the neuron rests. */
export class ReluActivator implements Activator {
  forward(weightedInput: number): number {
    return Math.max(0, weightedInput);
  }

  backward(output: number): number {
    return output > 0 ? 1 : 0;
  }
}

/** f(x) = x: for inputs, for pooling, and for checking a layer without an activation. */
export class IdentityActivator implements Activator {
  forward(weightedInput: number): number {
    return weightedInput;
  }

  backward(): number {
    return 1;
  }
}
