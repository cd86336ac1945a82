// network2.py by hand: the network of chapter 1 with the cross-entropy cost, L2 regularisation and better starting weights, and monitors that
// return four lists. What the text only describes or sets as problems stands beside it, switched off unless asked for: L1, momentum, dropout,
// other neurons, softmax with log-likelihood, and a hook after every epoch for early stopping and learning-rate schedules.
import { Matrix } from "../../matrix.ts";
import { Random } from "../../random.ts";
import { COSTS, type Cost, CrossEntropyCost } from "./costs.ts";
import { NEURONS, type Neuron, type NeuronName } from "./neurons.ts";

/** An image as a column, and the desired output as a column. */
export type TrainingPair = readonly [x: Matrix, y: Matrix];
/** An image as a column, and its digit. */
export type EvaluationPair = readonly [x: Matrix, y: number];

export interface NetworkOptions {
  /** Default cross-entropy. */
  readonly cost?: Cost;
  /** Hidden neurons; default sigmoid. */
  readonly hidden?: NeuronName;
  /** Output neurons; default those that the cost is made for. */
  readonly output?: NeuronName;
  /** Share of the hidden neurons that every mini-batch leaves out; default 0. */
  readonly dropout?: number;
  readonly random?: Random;
}

export interface Monitors {
  readonly evaluationCost: number[];
  readonly evaluationAccuracy: number[];
  readonly trainingCost: number[];
  readonly trainingAccuracy: number[];
}

export interface SgdOptions {
  readonly lmbda?: number;
  readonly evaluationData?: readonly EvaluationPair[];
  readonly monitorEvaluationCost?: boolean;
  readonly monitorEvaluationAccuracy?: boolean;
  readonly monitorTrainingCost?: boolean;
  readonly monitorTrainingAccuracy?: boolean;
  /** Lambda of L1: cost + l1 / n sum |w|. */
  readonly l1?: number;
  /** mu of (107): the share of its velocity that a weight keeps. */
  readonly momentum?: number;
  /** Default true; false keeps the order of the data. */
  readonly shuffle?: boolean;
  /** Where the lines go that network2 prints; default nowhere. */
  readonly print?: (line: string) => void;
  /** After every epoch (from 0): may end training, or give another learning rate. */
  readonly onEpoch?: (epoch: number, monitors: Monitors, eta: number) => { stop?: boolean; eta?: number } | undefined;
}

/** What `save` writes: the book's four keys; the others only where they differ from the book's network. */
export interface SavedNetwork {
  readonly sizes: number[];
  readonly weights: number[][][];
  readonly biases: number[][][];
  readonly cost: string;
  readonly hidden?: NeuronName;
  readonly output?: NeuronName;
  readonly dropout?: number;
}

export class Network {
  readonly numLayers: number;
  readonly sizes: readonly number[];
  readonly cost: Cost;
  readonly hidden: Neuron;
  readonly output: Neuron;
  readonly dropout: number;
  biases: Matrix[] = [];
  weights: Matrix[] = [];
  private readonly random: Random;
  private velocities: { weights: Matrix[]; biases: Matrix[] };

  constructor(sizes: readonly number[], options: NetworkOptions = {}) {
    this.numLayers = sizes.length;
    this.sizes = [...sizes];
    this.cost = options.cost ?? CrossEntropyCost;
    this.hidden = NEURONS[options.hidden ?? "sigmoid"];
    this.output = NEURONS[options.output ?? this.cost.output];
    this.dropout = options.dropout ?? 0;
    this.random = options.random ?? new Random(0);
    if (this.cost.name !== "QuadraticCost" && this.output.name !== this.cost.output) {
      throw new Error(`Network: ${this.cost.name} belongs to ${this.cost.output} outputs, not to ${this.output.name}`);
    }
    this.defaultWeightInitializer();
    this.velocities = this.atRest();
  }

  /** Weights N(0, 1 / inputs), biases N(0, 1): a neuron's weighted input stays of order 1. */
  defaultWeightInitializer(): void {
    this.initialise((inputs) => 1 / Math.sqrt(inputs));
  }

  /** All N(0, 1), as in chapter 1. */
  largeWeightInitializer(): void {
    this.initialise(() => 1);
  }

  private initialise(deviationOf: (inputs: number) => number): void {
    const layers = this.sizes.slice(1);
    this.biases = layers.map((units) => Matrix.fill(units, 1, () => this.random.normal()));
    this.weights = layers.map((units, l) => {
      const inputs = this.sizes[l];
      return Matrix.fill(units, inputs, () => this.random.normal(0, deviationOf(inputs)));
    });
  }

  private atRest(): { weights: Matrix[]; biases: Matrix[] } {
    const zero = ({ rows, columns }: Matrix) => new Matrix(rows, columns);
    return { weights: this.weights.map(zero), biases: this.biases.map(zero) };
  }

  private neuronOf(layer: number): Neuron {
    return layer === this.weights.length - 1 ? this.output : this.hidden;
  }

  /** The network's output. After training with dropout all hidden neurons take part, at their share. */
  feedforward(input: Matrix): Matrix {
    let a = input;
    this.weights.forEach((w, l) => {
      if (l > 0 && this.dropout > 0) a = a.times(1 - this.dropout);
      a = this.neuronOf(l).fn(w.dot(a).plus(this.biases[l]));
    });
    return a;
  }

  /** Mini-batch stochastic gradient descent; returns what was monitored, an element an epoch. */
  SGD(
    data: readonly TrainingPair[],
    epochs: number,
    miniBatchSize: number,
    eta: number,
    options: SgdOptions = {},
  ): Monitors {
    const { lmbda = 0, evaluationData, print = () => {}, shuffle = true } = options;
    const trainingData = [...data];
    const n = trainingData.length;
    const monitors: Monitors = { evaluationCost: [], evaluationAccuracy: [], trainingCost: [], trainingAccuracy: [] };
    this.velocities = this.atRest();
    let rate = eta;
    for (let epoch = 0; epoch < epochs; epoch++) {
      if (shuffle) this.random.shuffle(trainingData);
      for (let k = 0; k < n; k += miniBatchSize) {
        this.updateMiniBatch(trainingData.slice(k, k + miniBatchSize), rate, lmbda, n, options);
      }
      print(`Epoch ${epoch} training complete`);
      if (options.monitorTrainingCost) {
        monitors.trainingCost.push(this.totalCost(trainingData, lmbda));
        print(`Cost on training data: ${monitors.trainingCost.at(-1)}`);
      }
      if (options.monitorTrainingAccuracy) {
        monitors.trainingAccuracy.push(this.accuracy(trainingData));
        print(`Accuracy on training data: ${monitors.trainingAccuracy.at(-1)} / ${n}`);
      }
      if (options.monitorEvaluationCost && evaluationData) {
        monitors.evaluationCost.push(this.totalCost(evaluationData, lmbda));
        print(`Cost on evaluation data: ${monitors.evaluationCost.at(-1)}`);
      }
      if (options.monitorEvaluationAccuracy && evaluationData) {
        monitors.evaluationAccuracy.push(this.accuracy(evaluationData));
        print(`Accuracy on evaluation data: ${monitors.evaluationAccuracy.at(-1)} / ${evaluationData.length}`);
      }
      const answer = options.onEpoch?.(epoch, monitors, rate);
      rate = answer?.eta ?? rate;
      if (answer?.stop) break;
    }
    return monitors;
  }

  /**
   * One step. Without extensions: w = (1 - eta lambda / n) w - (eta / m) sum of gradients (93), b without the decay (94).
   * L1 takes eta l1 / n sgn(w) off as well; momentum turns the step into v = mu v - step, w = w + v.
   */
  updateMiniBatch(
    miniBatch: readonly TrainingPair[],
    eta: number,
    lmbda: number,
    n: number,
    { l1 = 0, momentum = 0 }: { readonly l1?: number; readonly momentum?: number } = {},
  ): void {
    const m = miniBatch.length;
    const masks = this.dropout > 0 ? this.drawMasks() : undefined;
    let nablaB = this.biases.map((b) => new Matrix(b.rows, 1));
    let nablaW = this.weights.map((w) => new Matrix(w.rows, w.columns));
    for (const [x, y] of miniBatch) {
      const { nablaB: deltaB, nablaW: deltaW } = this.backprop(x, y, masks);
      nablaB = nablaB.map((nb, l) => nb.plus(deltaB[l]));
      nablaW = nablaW.map((nw, l) => nw.plus(deltaW[l]));
    }
    const v = this.velocities;
    this.weights = this.weights.map((w, l) => {
      const gradient = nablaW[l].zip(w, (nw, weight) => nw / m + (lmbda / n) * weight + (l1 / n) * Math.sign(weight));
      v.weights[l] = v.weights[l].zip(gradient, (speed, g) => momentum * speed - eta * g);
      return w.plus(v.weights[l]);
    });
    this.biases = this.biases.map((b, l) => {
      v.biases[l] = v.biases[l].zip(nablaB[l], (speed, nb) => momentum * speed - (eta / m) * nb);
      return b.plus(v.biases[l]);
    });
  }

  /** Which hidden neurons take part in a mini-batch: 1 or 0 each, a random `dropout` of every layer left out. */
  private drawMasks(): Matrix[] {
    return this.sizes.slice(1, -1).map((units) => {
      const out = Math.round(units * this.dropout);
      const order = this.random.shuffle(Array.from({ length: units }, (_, j) => j));
      return Matrix.fill(units, 1, (j) => (order[j] < out ? 0 : 1));
    });
  }

  /** Gradients of one sample's cost by every bias and weight. */
  backprop(x: Matrix, y: Matrix, masks?: readonly Matrix[]): { nablaB: Matrix[]; nablaW: Matrix[] } {
    const last = this.weights.length - 1;
    const activations = [x];
    const zs: Matrix[] = [];
    this.weights.forEach((w, l) => {
      const z = w.dot(activations[l]).plus(this.biases[l]);
      const a = this.neuronOf(l).fn(z);
      zs.push(z);
      activations.push(masks && l < last ? a.times(masks[l]) : a);
    });
    const nablaB: Matrix[] = [];
    const nablaW: Matrix[] = [];
    let delta = this.cost.delta(zs[last], activations[last + 1], y, this.output);
    for (let l = last; l >= 0; l--) {
      if (l < last) {
        delta = this.weights[l + 1].transposed.dot(delta).times(this.hidden.prime(zs[l]));
        if (masks) delta = delta.times(masks[l]);
      }
      nablaB[l] = delta;
      nablaW[l] = delta.dot(Matrix.row(activations[l].values));
    }
    return { nablaB, nablaW };
  }

  /**
   * How many are right. network2 is told by `convert` whether desired outputs are columns or digits, with opposite
   * senses here and in `total_cost`; here the data say it themselves.
   */
  accuracy(data: readonly (TrainingPair | EvaluationPair)[]): number {
    return data.filter(([x, y]) => this.feedforward(x).argmax() === (typeof y === "number" ? y : y.argmax())).length;
  }

  /**
   * Mean cost, and lambda / 2n times the sum of squared weights. n is the size of `data`, as in network2: on sets of
   * different sizes the penalty weighs differently.
   */
  totalCost(data: readonly (TrainingPair | EvaluationPair)[], lmbda: number): number {
    let cost = 0;
    for (const [x, y] of data) {
      const desired = typeof y === "number" ? vectorizedResult(y, this.sizes.at(-1)) : y;
      cost += this.cost.fn(this.feedforward(x), desired) / data.length;
    }
    return cost + 0.5 * (lmbda / data.length) * this.weights.reduce((sum, w) => sum + w.norm() ** 2, 0);
  }

  /** For JSON. */
  save(): SavedNetwork {
    return {
      sizes: [...this.sizes],
      weights: this.weights.map((w) => w.toRows()),
      biases: this.biases.map((b) => b.toRows()),
      cost: this.cost.name,
      ...(this.hidden.name !== "sigmoid" && { hidden: this.hidden.name }),
      ...(this.output.name !== this.cost.output && { output: this.output.name }),
      ...(this.dropout > 0 && { dropout: this.dropout }),
    };
  }
}

/** The network that `save` described. @throws Error for a cost that it does not know. */
export function load({ sizes, weights, biases, cost, ...options }: SavedNetwork): Network {
  const found = COSTS.find(({ name }) => name === cost);
  if (found === undefined)
    throw new Error(`load: unknown cost ${cost}; known: ${COSTS.map(({ name }) => name).join(", ")}`);
  const net = new Network(sizes, { ...options, cost: found });
  net.weights = weights.map((rows) => Matrix.from(rows));
  net.biases = biases.map((rows) => Matrix.from(rows));
  return net;
}

/** Digit j as ten numbers: 1 at j, else 0. */
export function vectorizedResult(j: number, classes = 10): Matrix {
  return Matrix.fill(classes, 1, (i) => (i === j ? 1 : 0));
}
