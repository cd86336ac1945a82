// The unsupervised layers once more, on the framework's tensors: for MNIST. Samples are rows here, as everywhere in Nabla; a test shows that
// each step is the one that autoencoder.ts, rbm.ts and deep-belief-network.ts take by hand.
import {
  binaryCrossEntropyWithLogits,
  type DType,
  type Generator,
  keep,
  linear,
  random,
  SGD,
  scope,
  sigmoid,
  type Tensor,
  updateTensors,
  valueAndGrad,
  zeros,
} from "nabla";

/** A layer upward: weights [inputs, outputs] and bias [outputs]. */
export interface TensorLayer {
  readonly weights: Tensor;
  readonly bias: Tensor;
}

/** Something that turns rows of one length into rows of another and learns to without labels. */
export interface UnsupervisedLayer {
  /** Rows [n, visible] to [n, hidden]. */
  encode(x: Tensor): Tensor;
  /** One step on a batch [n, visible]. */
  learn(x: Tensor, rate: number): void;
  readonly upward: TensorLayer;
}

/** Moves `tensors` by rate times `changes`, in place. */
function ascend(optimizer: SGD, tensors: readonly Tensor[], changes: readonly Tensor[], rate: number): void {
  optimizer.learningRate = rate;
  updateTensors(
    optimizer,
    tensors,
    changes.map((change) => change.neg()),
  );
}

function uniform(shape: readonly number[], generator: Generator, like: Tensor): Tensor {
  return random.uniform([...shape], 0, 1, { generator, dtype: like.dtype });
}

function draw(probabilities: Tensor, generator: Generator): Tensor {
  return uniform(probabilities.shape, generator, probabilities).less(probabilities).cast(probabilities.dtype);
}

export class TensorRbm implements UnsupervisedLayer {
  readonly weights: Tensor;
  readonly visibleBias: Tensor;
  readonly hiddenBias: Tensor;
  private readonly generator: Generator;
  private readonly optimizer = new SGD();

  constructor(visible: number, hidden: number, generator: Generator, dtype: DType = "float32") {
    this.generator = generator;
    this.weights = keep(scope(() => random.normal([visible, hidden], 0, 0.01, { generator, dtype })));
    this.visibleBias = keep(scope(() => zeros([visible], dtype)));
    this.hiddenBias = keep(scope(() => zeros([hidden], dtype)));
  }

  get upward(): TensorLayer {
    return { weights: this.weights, bias: this.hiddenBias };
  }

  encode(v: Tensor): Tensor {
    return linear(v, this.weights, this.hiddenBias, "sigmoid");
  }

  decode(h: Tensor): Tensor {
    return linear(h, this.weights.T, this.visibleBias, "sigmoid");
  }

  learn(v: Tensor, rate: number): void {
    scope(() => this.contrastiveDivergence(v, rate, uniform([v.shape[0], this.hiddenBias.size], this.generator, v)));
  }

  /** CD-1, see `Rbm.contrastiveDivergence`; uniform [n, hidden]. */
  contrastiveDivergence(v: Tensor, rate: number, numbers: Tensor): void {
    scope(() => {
      const up = this.encode(v);
      const reconstruction = this.decode(numbers.less(up).cast(v.dtype));
      const again = this.encode(reconstruction);
      const changes = [
        v.T.matmul(up).sub(reconstruction.T.matmul(again)),
        v.sub(reconstruction).sum(0),
        up.sub(again).sum(0),
      ];
      ascend(this.optimizer, [this.weights, this.visibleBias, this.hiddenBias], changes, rate / v.shape[0]);
    });
  }

  /** F(v), one number a row: p(v) is proportional to e^-F. */
  freeEnergy(v: Tensor): Tensor {
    return scope(() => {
      const above = linear(v, this.weights, this.hiddenBias).softplus().sum(1);
      return above.add(v.matmul(this.visibleBias)).neg();
    });
  }

  /** Visible probabilities after `steps` times up and down. */
  gibbs(v: Tensor, steps: number): Tensor {
    return scope(() => {
      let state = v;
      let probabilities = v;
      for (let i = 0; i < steps; i++) {
        [state, probabilities] = scope(() => {
          const below = this.decode(draw(this.encode(state), this.generator));
          return [draw(below, this.generator), below];
        });
      }
      return probabilities;
    });
  }
}

export class TensorAutoencoder implements UnsupervisedLayer {
  readonly encoder: TensorLayer;
  readonly decoder: TensorLayer;
  private readonly optimizer = new SGD();

  constructor(visible: number, hidden: number, generator: Generator, dtype: DType = "float32") {
    const deviation = Math.sqrt(2 / (visible + hidden));
    const layer = (inputs: number, outputs: number): TensorLayer =>
      keep(
        scope(() => ({
          weights: random.normal([inputs, outputs], 0, deviation, { generator, dtype }),
          bias: zeros([outputs], dtype),
        })),
      );
    this.encoder = layer(visible, hidden);
    this.decoder = layer(hidden, visible);
  }

  get upward(): TensorLayer {
    return this.encoder;
  }

  private get variables(): Tensor[] {
    return [this.encoder.weights, this.encoder.bias, this.decoder.weights, this.decoder.bias];
  }

  encode(v: Tensor): Tensor {
    return linear(v, this.encoder.weights, this.encoder.bias, "sigmoid");
  }

  decode(h: Tensor): Tensor {
    return linear(h, this.decoder.weights, this.decoder.bias, "sigmoid");
  }

  learn(v: Tensor, rate: number): void {
    scope(() => {
      const [, gradients] = valueAndGrad((w: Tensor, b: Tensor, back: Tensor, c: Tensor) =>
        binaryCrossEntropyWithLogits(linear(linear(v, w, b, "sigmoid"), back, c), v, { reduction: "rows" }),
      )(...(this.variables as [Tensor, Tensor, Tensor, Tensor]));
      this.optimizer.learningRate = rate;
      updateTensors(this.optimizer, this.variables, gradients);
    });
  }
}

export interface GreedyOptions {
  readonly epochs: number;
  readonly batchSize: number;
  readonly rate: number;
  readonly generator: Generator;
  /** After each epoch of each layer, counted from 1. */
  readonly onEpoch?: (layer: number, epoch: number) => void;
}

/** Each layer learns what the one below makes of x [n, visible]; batches are drawn anew in every epoch. */
export function pretrain(layers: readonly UnsupervisedLayer[], x: Tensor, options: GreedyOptions): void {
  const { epochs, batchSize, rate, generator } = options;
  let input = x;
  layers.forEach((layer, at) => {
    for (let epoch = 1; epoch <= epochs; epoch++) {
      eachBatch(input, batchSize, generator, (batch) => layer.learn(batch, rate));
      options.onEpoch?.(at + 1, epoch);
    }
    input = keep(scope(() => layer.encode(input)));
  });
}

/** Calls `visit` with batches of the rows of x in random order. */
export function eachBatch(x: Tensor, size: number, generator: Generator, visit: (batch: Tensor) => void): void {
  scope(() => {
    const order = random.permutation(x.shape[0], { generator });
    for (let from = 0; from + size <= x.shape[0]; from += size) {
      scope(() => visit(x.gather(order.slice(from, from + size))));
    }
  });
}

/** A direction of a link between two layers. */
interface Direction extends TensorLayer {
  readonly optimizer: SGD;
}

/** See `DeepBeliefNetwork`: wake and sleep on machines that have been stacked. */
export class TensorDeepBeliefNetwork {
  readonly machines: readonly TensorRbm[];
  readonly recognition: Direction[] = [];
  readonly generative: Direction[] = [];
  private readonly generator: Generator;

  constructor(machines: readonly TensorRbm[], generator: Generator) {
    this.machines = machines;
    this.generator = generator;
    for (const { weights, hiddenBias, visibleBias } of machines.slice(0, -1)) {
      const copy = (w: Tensor, b: Tensor): Direction => ({
        ...keep(scope(() => ({ weights: w.clone(), bias: b.clone() }))),
        optimizer: new SGD(),
      });
      this.recognition.push(copy(weights, hiddenBias));
      this.generative.push(copy(weights.T, visibleBias));
    }
  }

  private get top(): TensorRbm {
    return this.machines.at(-1)!;
  }

  get upward(): TensorLayer[] {
    return [...this.recognition, this.top.upward];
  }

  wakeSleep(v: Tensor, rate: number): void {
    scope(() => {
      const awake = [v];
      for (const way of this.recognition) awake.push(draw(run(way, awake.at(-1)!), this.generator));
      this.generative.forEach((way, i) => {
        teach(way, awake[i + 1], awake[i], rate);
      });
      const highest = awake.at(-1)!;
      const dream = draw(this.top.decode(draw(this.top.encode(highest), this.generator)), this.generator);
      this.top.learn(highest, rate);
      const asleep = [dream];
      for (const way of [...this.generative].reverse()) asleep.unshift(draw(run(way, asleep[0]), this.generator));
      this.recognition.forEach((way, i) => {
        teach(way, asleep[i], asleep[i + 1], rate);
      });
    });
  }

  /** Probabilities of the data after `steps` in the top machine and one pass down; start [n, units below the top machine]. */
  generate(start: Tensor, steps: number): Tensor {
    return scope(() => {
      let state = this.top.gibbs(start, steps);
      for (const way of [...this.generative].reverse()) state = run(way, draw(state, this.generator));
      return state;
    });
  }
}

function run({ weights, bias }: TensorLayer, x: Tensor): Tensor {
  return sigmoid(linear(x, weights, bias));
}

function teach(way: Direction, x: Tensor, target: Tensor, rate: number): void {
  scope(() => {
    const difference = target.sub(run(way, x));
    ascend(way.optimizer, [way.weights, way.bias], [x.T.matmul(difference), difference.sum(0)], rate / x.shape[0]);
  });
}
