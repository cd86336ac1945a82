// The deep belief network by hand (Hinton, Osindero and Teh 2006): restricted Boltzmann machines stacked greedily, then wake and sleep with
// separate weights upward (recognition) and downward (generative), the topmost machine staying a machine. Samples are columns.
import type { Matrix } from "../../matrix.ts";
import type { Random } from "../../random.ts";
import { sigmoid } from "./activations.ts";
import { columnsOf, type LayerStart, type PretrainOptions } from "./autoencoder.ts";
import { Rbm, sample, uniformLike } from "./rbm.ts";

/** Two directions between two neighbouring layers. */
interface Link {
  /** Upward: [above, below] and a column. */
  recognition: { w: Matrix; b: Matrix };
  /** Downward: [below, above] and a column. */
  generative: { w: Matrix; b: Matrix };
}

interface Direction {
  w: Matrix;
  b: Matrix;
}

function probabilities({ w, b }: Direction, x: Matrix): Matrix {
  return w.dot(x).plus(b).map(sigmoid.f);
}

/** Delta rule for a layer that should give `target` from `x`: w += rate (target - p) x^T / m. */
function teach(direction: Direction, x: Matrix, target: Matrix, rate: number): void {
  const difference = target.minus(probabilities(direction, x));
  const change = rate / x.columns;
  direction.w = direction.w.plus(difference.dot(x.transposed).times(change));
  direction.b = direction.b.plus(difference.sums("rows").times(change));
}

export class DeepBeliefNetwork {
  readonly machines: Rbm[];
  /** All but the topmost machine, once `untie` has been called: from the bottom up. */
  links: Link[] = [];

  /** `sizes`: visible units, then those of each hidden layer. */
  constructor(sizes: readonly number[], random: Random) {
    this.machines = sizes.slice(1).map((hidden, i) => new Rbm(sizes[i], hidden, random));
  }

  /** Greedy: each machine learns what the one below makes of the data, and is not touched again. */
  pretrain(v: Matrix, { epochs, batchSize, rate }: PretrainOptions, random: Random): void {
    let input = v;
    for (const machine of this.machines) {
      for (let epoch = 0; epoch < epochs; epoch++) {
        for (let from = 0; from < input.columns; from += batchSize) {
          const batch = columnsOf(input, from, from + batchSize);
          machine.contrastiveDivergence(batch, rate, uniformLike(machine.hidden(batch), random));
        }
      }
      input = machine.hidden(input);
    }
    this.untie();
  }

  /** From here on up and down have weights of their own; they start as the machine's, transposed for the way down. */
  untie(): void {
    this.links = this.machines.slice(0, -1).map(({ w, visibleBias, hiddenBias }) => ({
      recognition: { w, b: hiddenBias },
      generative: { w: w.transposed, b: visibleBias },
    }));
  }

  /**
   * One step of wake-sleep. Awake, the data drive the units upward, and the generative weights learn to make what was seen below from what was
   * found above. The top machine takes a step of contrastive divergence. Asleep, its state drives the units downward, and the recognition
   * weights learn to find above what has made what is below.
   */
  wakeSleep(v: Matrix, rate: number, random: Random): void {
    const draw = (p: Matrix) => sample(p, uniformLike(p, random));
    const awake = [v];
    for (const { recognition } of this.links) awake.push(draw(probabilities(recognition, awake.at(-1)!)));
    this.links.forEach(({ generative }, i) => {
      teach(generative, awake[i + 1], awake[i], rate);
    });

    const top = this.machines.at(-1)!;
    const highest = awake.at(-1)!;
    const above = draw(top.hidden(highest));
    const dream = draw(top.visible(above));
    top.contrastiveDivergence(highest, rate, uniformLike(above, random));

    const asleep = [dream];
    for (const { generative } of [...this.links].reverse()) asleep.unshift(draw(probabilities(generative, asleep[0])));
    this.links.forEach(({ recognition }, i) => {
      teach(recognition, asleep[i], asleep[i + 1], rate);
    });
  }

  /** Up through all layers: probabilities of the topmost units. */
  encode(v: Matrix): Matrix {
    return this.upward().reduce((h, layer) => probabilities(layer, h), v);
  }

  /** What a network for classes starts from: the recognition weights, and the top machine's. */
  upward(): LayerStart[] {
    const top = this.machines.at(-1)!;
    return [...this.links.map(({ recognition }) => recognition), { w: top.w, b: top.hiddenBias }];
  }

  /** Lets the top machine go up and down `steps` times from a start [its visible units, m], then one pass down: probabilities of the data. */
  generate(start: Matrix, steps: number, random: Random): Matrix {
    let state = this.machines.at(-1)!.gibbs(start, steps, random);
    for (const { generative } of [...this.links].reverse()) {
      state = probabilities(generative, sample(state, uniformLike(state, random)));
    }
    return state;
  }
}
