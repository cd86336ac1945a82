// Bidirectional and deep recurrent networks of part 5: layers that read forwards, layers that read backwards, and an output that sees both,
// o_t = g(V s_t + V' s'_t). Nothing is shared between the directions, and deep stacks meet nowhere but at the output.
import { Matrix } from "../../matrix.ts";
import type { Random } from "../../random.ts";
import type { Activator } from "./fc.ts";
import { RecurrentLayer } from "./rnn.ts";
import { addOuter, addTo, type TimeParameter, turnedDot } from "./through-time.ts";

/** Recurrent layers one above the other: layer i reads the states of layer i - 1. */
export class RecurrentStack {
  readonly layers: readonly RecurrentLayer[];

  constructor(layers: readonly RecurrentLayer[]) {
    this.layers = layers;
  }

  /** The top layer's states for a whole sequence. */
  run(xs: readonly Matrix[]): readonly Matrix[] {
    return this.layers.reduce((inputs: readonly Matrix[], layer) => {
      layer.resetState();
      for (const x of inputs) layer.forward(x);
      return layer.outputs;
    }, xs);
  }

  /** Takes dE/ds of the top layer at every step, and hands it down from layer to layer: equation 4. */
  backward(sensitivities: readonly Matrix[]): void {
    let above = sensitivities;
    for (let i = this.layers.length - 1; i >= 0; i--) {
      this.layers[i].backward(above);
      if (i > 0) above = this.layers[i].inputDeltas;
    }
  }

  /** dE/dx of every step. */
  get inputDeltas(): readonly Matrix[] {
    return this.layers[0].inputDeltas;
  }
}

export interface DeepOptions {
  /** Widths of the states, from the lowest layer up; one number is the plain bidirectional network. */
  readonly stateWidths: readonly number[];
  readonly inputWidth: number;
  readonly outputWidth: number;
  readonly activator: Activator;
  readonly outputActivator: Activator;
  readonly learningRate: number;
  readonly reach?: number;
}

export class BidirectionalNetwork {
  readonly forwards: RecurrentStack;
  readonly backwards: RecurrentStack;
  readonly outputActivator: Activator;
  readonly learningRate: number;
  readonly V: Matrix;
  readonly VPrime: Matrix;
  readonly VGradient: Matrix;
  readonly VPrimeGradient: Matrix;
  /** s_t and s'_t of the top layers, and o_t, for the steps 1 to T. */
  states: readonly Matrix[] = [];
  statesPrime: readonly Matrix[] = [];
  outputs: readonly Matrix[] = [];

  constructor(options: DeepOptions, random: Random) {
    const { stateWidths, inputWidth, outputWidth, activator, learningRate, reach = 1e-4 } = options;
    const stack = () =>
      new RecurrentStack(
        stateWidths.map(
          (width, i) =>
            new RecurrentLayer(stateWidths[i - 1] ?? inputWidth, width, activator, learningRate, random, reach),
        ),
      );
    const top = stateWidths[stateWidths.length - 1];
    const output = () => Matrix.fill(outputWidth, top, () => random.uniform(-reach, reach));
    [this.forwards, this.backwards] = [stack(), stack()];
    [this.V, this.VPrime] = [output(), output()];
    [this.VGradient, this.VPrimeGradient] = [new Matrix(outputWidth, top), new Matrix(outputWidth, top)];
    this.outputActivator = options.outputActivator;
    this.learningRate = learningRate;
  }

  /** o_1 to o_T: every one of them sees the whole sequence. */
  run(xs: readonly Matrix[]): readonly Matrix[] {
    this.states = this.forwards.run(xs);
    this.statesPrime = [...this.backwards.run([...xs].reverse())].reverse();
    this.outputs = this.states.map((state, t) => {
      const net = this.V.dot(state).plus(this.VPrime.dot(this.statesPrime[t]));
      return net.map((value) => this.outputActivator.forward(value));
    });
    return this.outputs;
  }

  /** Takes dE/do of every step. */
  backward(sensitivities: readonly Matrix[]): void {
    if (sensitivities.length !== this.outputs.length || this.outputs.length === 0) {
      throw new RangeError(
        `BidirectionalNetwork: ${sensitivities.length} sensitivities for ${this.outputs.length} outputs; run a sequence, then give one a step`,
      );
    }
    const deltas = sensitivities.map((sensitivity, t) =>
      sensitivity.times(this.outputs[t].map((output) => this.outputActivator.backward(output))),
    );
    this.VGradient.values.fill(0);
    this.VPrimeGradient.values.fill(0);
    deltas.forEach((delta, t) => {
      addOuter(this.VGradient, delta, this.states[t]);
      addOuter(this.VPrimeGradient, delta, this.statesPrime[t]);
    });
    this.forwards.backward(deltas.map((delta) => turnedDot(this.V, delta)));
    this.backwards.backward([...deltas].reverse().map((delta) => turnedDot(this.VPrime, delta)));
  }

  /** dE/dx of every step: what comes back through both directions. */
  get inputDeltas(): readonly Matrix[] {
    const prime = [...this.backwards.inputDeltas].reverse();
    return this.forwards.inputDeltas.map((delta, t) => delta.plus(prime[t]));
  }

  /** U, W of every layer, U', W' of every layer, then V and V': six matrices with one layer a direction. */
  get parameters(): readonly TimeParameter[] {
    const of = (stack: RecurrentStack, mark: string) =>
      stack.layers.flatMap(({ parameters }, i) =>
        parameters.map((parameter) => ({
          ...parameter,
          name: `${parameter.name}${mark}${stack.layers.length > 1 ? i + 1 : ""}`,
        })),
      );
    return [
      ...of(this.forwards, ""),
      ...of(this.backwards, "'"),
      { name: "V", values: this.V, gradient: this.VGradient },
      { name: "V'", values: this.VPrime, gradient: this.VPrimeGradient },
    ];
  }

  update(): void {
    for (const { values, gradient } of this.parameters) addTo(values, gradient.times(-this.learningRate));
  }
}
