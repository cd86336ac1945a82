// What recurrent layers have in common: sequences in and out, one layer or several, first and last states, state that goes on from call to call,
// dropout. The operations run along the first axis, so batches are turned on the way in and out; between the layers nothing is.
import { flag, knownOptions, list, oneOf, share, whole } from "../../engine/checks.ts";
import { mul } from "../../ops/arithmetic.ts";
import { get } from "../../ops/indexing.ts";
import { stack } from "../../ops/join.ts";
import type { Direction, RecurrentParameters, SequenceOptions } from "../../ops/recurrent/setup.ts";
import { clone, swapAxes } from "../../ops/views.ts";
import { checkTensor, checkTensors } from "../../tensor/check.ts";
import { zeros } from "../../tensor/create.ts";
import { withRecording } from "../../tensor/graph.ts";
import { type Generator, random } from "../../tensor/random.ts";
import { formatShape } from "../../tensor/shape.ts";
import { scope, type Tensor } from "../../tensor/tensor.ts";
import { type BaseLayer, type CallContext, LAYER_OPTIONS, type LayerConfig, type LayerOptions } from "../base-layer.ts";
import type { Constraint } from "../constraints.ts";
import { checkInitialiser, type Initialiser } from "../initialisers.ts";
import { checkContext } from "../layer.ts";
import { among, type Check, either, is, type LayerKind, optional } from "../layer-kind.ts";
import { MultiLayer } from "../multi-layer.ts";
import type { Parameter } from "../parameters.ts";
import type { Penalty } from "../penalties.ts";
import { checkOpenShape, checkRank, fixedLength, formatOpen, type OpenShape } from "../shapes.ts";

/** What all recurrent layers take beside the number of units. */
export interface RecurrentOptions extends LayerOptions {
  /** Layers one above the other, each reading the states of the one below; default 1. */
  layers?: number;
  /** true: the states after every step, [n, time, units]; false (default): the state after the last, [n, units]. */
  returnSequences?: boolean;
  /** true: further outputs, the states that each layer ends with, [n, units] each. Default false. */
  returnState?: boolean;
  /** "backward" reads sequences from their end; outputs stand at the steps that they belong to. Default "forward". */
  direction?: Direction;
  /**
   * true: a batch begins in the states in which the one before ended, sample by sample, until `resetStates()`. For sequences that are cut in
   * pieces; needs `batchSize`. Default false: every batch begins with zeros.
   */
  stateful?: boolean;
  /** Number of samples of every batch of a stateful layer. */
  batchSize?: number;
  /**
   * Share of the features of each layer's inputs that are 0 while training, the same ones at all steps of a sequence (Gal and Ghahramani
   * 2016), the others divided by 1 - dropout; default 0.
   */
  dropout?: number;
  /** The same for the state, wherever weights are applied to it; default 0. While training the layer then runs step by step, several times slower. */
  recurrentDropout?: number;
  /** Share of the states that are 0 on their way from one layer to the next while training, step by step; default 0. */
  layerDropout?: number;
  /** Of the weights of the inputs; default "xavierUniform". */
  weights?: Initialiser;
  /** Of the weights of the state; default "orthogonal". */
  stateWeights?: Initialiser;
  /** Default zeros; null leaves biases out. */
  bias?: Initialiser | null;
  /** On the weights of the inputs, added to the loss. */
  kernelPenalty?: Penalty;
  /** On the weights of the state. */
  recurrentPenalty?: Penalty;
  /** What the weights of the inputs into a unit's gate are brought back to after every step. */
  kernelConstraint?: Constraint;
  /** What the weights of the state into a unit's gate are brought back to. */
  recurrentConstraint?: Constraint;
  /** Gradients do not pass from step n to the one before where n is a multiple of this number; default: they always do. */
  truncate?: number;
  /** "composed" is made of ordinary operations; default "fused", several times as fast. Gradients of gradients have both. */
  form?: "fused" | "composed";
}

const FORMS = ["fused", "composed"] as const;
const DIRECTIONS: readonly Direction[] = ["forward", "backward"];

/** The names of `RecurrentOptions`. */
export const RECURRENT_OPTIONS = [
  ...["layers", "returnSequences", "returnState", "direction", "stateful", "batchSize"],
  ...["dropout", "recurrentDropout", "layerDropout", "weights", "stateWeights", "bias"],
  ...["kernelPenalty", "recurrentPenalty", "kernelConstraint", "recurrentConstraint"],
  ...["truncate", "form", ...LAYER_OPTIONS],
];

/** A cell's size, and what its states are called. */
export interface CellShape {
  /** Blocks of rows of its weights. */
  readonly gates: number;
  /** Names of what goes from step to step: "state", and an LSTM's "cell". */
  readonly states: readonly string[];
}

/** The parameters of one of the layers. */
interface CellParameters {
  readonly inputWeights: Parameter;
  readonly stateWeights: Parameter;
  readonly bias: Parameter | undefined;
  readonly stateBias: Parameter | undefined;
}

/** What a cell gives for a sequence: the states of all steps, [time, n, units], and what it ends with, [n, units] each. */
export interface CellResult {
  readonly outputs: Tensor;
  readonly states: readonly Tensor[];
}

/**
 * A recurrent layer: `SimpleRNN`, `LSTM` and `GRU` say how one step is made, the rest is here.
 *
 * Inputs: x [n, time, features], and optionally first states, [n, units] each, in the order in which `returnState` gives the last
 * ones. Where a mask comes with x, the steps it leaves out do not count: the state passes them by, and outputs there are 0.
 * @example
 * ```ts
 * const layers: RecurrentLayer[] = [new SimpleRNN(4), new LSTM(4), new GRU(4)];
 * layers.map((layer) => new Sequential([layer], { inputShape: [null, 2] }).parameterCount); // [28, 112, 96]
 * new GRU(1) instanceof RecurrentLayer; // true
 * ```
 */
export abstract class RecurrentLayer<Options extends RecurrentOptions = RecurrentOptions> extends MultiLayer {
  readonly layers: number;
  readonly returnSequences: boolean;
  readonly returnState: boolean;
  readonly direction: Direction;
  readonly stateful: boolean;
  private readonly built: CellParameters[] = [];
  private kept: readonly Parameter[] = [];

  protected constructor(
    readonly units: number,
    protected readonly options: Options,
    private readonly shape: CellShape,
    own: readonly string[],
  ) {
    super(options);
    const owner = new.target.name;
    knownOptions(owner, options, RECURRENT_OPTIONS, own);
    whole(owner, "units", units, 1);
    this.layers = whole(owner, "layers", options.layers ?? 1, 1);
    this.returnSequences = flag(owner, "returnSequences", options.returnSequences ?? false);
    this.returnState = flag(owner, "returnState", options.returnState ?? false);
    this.direction = oneOf(owner, "direction", options.direction ?? "forward", DIRECTIONS);
    this.stateful = flag(owner, "stateful", options.stateful ?? false);
    for (const rate of ["dropout", "recurrentDropout", "layerDropout"] as const) share(owner, rate, options[rate] ?? 0);
    for (const part of ["weights", "stateWeights", "bias"] as const) {
      const initialiser = options[part];
      if (initialiser !== undefined && initialiser !== null) checkInitialiser(initialiser);
    }
    oneOf(owner, "form", options.form ?? "fused", FORMS);
    if (options.truncate !== undefined) whole(owner, "truncate", options.truncate, 1);
    if (options.batchSize !== undefined) whole(owner, "batchSize", options.batchSize, 1);
    if (this.stateful && options.batchSize === undefined) {
      throw new TypeError(
        `${owner}: a stateful layer keeps a state for each sample of a batch; say how many there are, { stateful: true, batchSize: 32 }`,
      );
    }
    if (!this.stateful && options.batchSize !== undefined) {
      throw new TypeError(
        `${owner}: batchSize is for stateful layers, and this one is not; others take batches of any size`,
      );
    }
  }

  /** How one layer runs through a sequence, x [time, n, features]. */
  protected abstract run(
    x: Tensor,
    first: readonly Tensor[] | null,
    parameters: RecurrentParameters,
    options: SequenceOptions,
  ): CellResult;

  /**
   * A layer of the same kind and settings but for those given: for `Bidirectional`, the one that reads the other way.
   * @internal
   */
  abstract twin(options: RecurrentOptions): RecurrentLayer<Options>;

  /** How its bias starts. */
  protected biasInitialiser(): Initialiser {
    return this.options.bias ?? "zeros";
  }

  /** Whether the state has a bias of its own. */
  protected get hasStateBias(): boolean {
    return false;
  }

  /** Number of states that it begins and ends with: those of each layer. @internal */
  get stateCount(): number {
    return this.layers * this.shape.states.length;
  }

  build(inputShapes: readonly OpenShape[]): readonly OpenShape[] {
    const [x, ...first] = list(this.name, "the inputs' shapes", inputShapes);
    if (x === undefined) throw new RangeError(`${this.name}: needs an input`);
    checkRank(this.name, checkOpenShape(this.name, x), 2, "[time, features]");
    this.checkCount(first.length);
    for (const state of first) {
      if (state.length === 1 && state[0] === this.units) continue;
      throw new RangeError(
        `${this.name}: a first state must have shape ${formatOpen([this.units])} without the batch axis, got ${formatOpen(state)}`,
      );
    }
    let width = fixedLength(this.name, x, 1, "features");
    for (let i = 0; i < this.layers; i++) {
      this.built[i] = this.declareLayer(this.layers === 1 ? "" : `layer${i + 1}.`, width);
      width = this.units;
    }
    if (this.stateful) {
      const shape = [this.layers, this.options.batchSize!, this.units];
      this.kept = this.shape.states.map((name) =>
        this.declare(name, shape, { initialiser: "zeros", decay: false, trainable: false }),
      );
    }
    const y: OpenShape = this.returnSequences ? [x[0], this.units] : [this.units];
    return this.returnState ? [y, ...new Array<OpenShape>(this.stateCount).fill([this.units])] : [y];
  }

  private declareLayer(prefix: string, width: number): CellParameters {
    const { options, units } = this;
    const rows = this.shape.gates * units;
    const inputWeights = this.declare(`${prefix}weights`, [rows, width], {
      ...{ initialiser: options.weights ?? "xavierUniform", decay: true, transposed: true },
      ...{ penalty: options.kernelPenalty, constraint: options.kernelConstraint },
    });
    const stateWeights = this.declare(`${prefix}stateWeights`, [rows, units], {
      ...{ initialiser: options.stateWeights ?? "orthogonal", decay: true, transposed: true },
      ...{ penalty: options.recurrentPenalty, constraint: options.recurrentConstraint },
    });
    if (options.bias === null) return { inputWeights, stateWeights, bias: undefined, stateBias: undefined };
    const biasOptions = { decay: false, fans: { fanIn: 1, fanOut: units } };
    const bias = this.declare(`${prefix}bias`, [rows], { initialiser: this.biasInitialiser(), ...biasOptions });
    const stateBias = this.hasStateBias
      ? this.declare(`${prefix}stateBias`, [rows], { initialiser: options.bias ?? "zeros", ...biasOptions })
      : undefined;
    return { inputWeights, stateWeights, bias, stateBias };
  }

  private checkCount(given: number): void {
    if (given === 0) return;
    const { stateCount, layers } = this;
    const { states } = this.shape;
    if (this.stateful) {
      throw new RangeError(
        `${this.name}: is stateful, so it begins in the states in which the last batch ended; leave the first states out, or stateful`,
      );
    }
    if (given === stateCount) return;
    const each = layers === 1 ? "" : ` for each of its ${layers} layers`;
    throw new RangeError(
      `${this.name}: takes x alone, or x and first states: ${states.join(", ")}${each}; got ${given} beside x, needs ${stateCount}`,
    );
  }

  call(xs: readonly Tensor[], context: CallContext): readonly Tensor[] {
    const { training, generator } = checkContext(this.type, context);
    checkTensors(this.name, "the inputs", xs);
    const [x, ...given] = xs;
    if (this.built.length === 0) throw new Error(`${this.type}: the layer is not built; put it in a model`);
    checkTensor(this.name, x);
    if (x.rank !== 3) {
      throw new RangeError(`${this.name}: x must be [n, time, features], got shape ${formatShape(x.shape)}`);
    }
    this.checkCount(given.length);
    const { memory } = context;
    const first = memory?.get(this) ?? (this.stateful && memory === undefined ? this.keptStates(x.shape[0]) : given);
    const mask = context.masks?.[0];
    const options: SequenceOptions = {
      direction: this.direction,
      ...(mask && { mask: swapAxes(mask, 0, 1) }),
      ...(this.options.truncate !== undefined && { truncate: this.options.truncate }),
      ...(this.options.form !== undefined && { form: this.options.form }),
    };
    const { dropout = 0, recurrentDropout = 0, layerDropout = 0 } = this.options;
    const [n, perLayer] = [x.shape[0], this.shape.states.length];
    let sequence = swapAxes(x, 0, 1);
    let last: readonly Tensor[] = [];
    const ends: Tensor[] = [];
    for (let i = 0; i < this.layers; i++) {
      if (training) {
        if (i > 0) sequence = thinned(sequence, sequence.shape, layerDropout, generator);
        sequence = thinned(sequence, [n, sequence.shape[2]], dropout, generator);
        if (recurrentDropout > 0) {
          options.stateFactors = kept([n, this.units], recurrentDropout, x, generator);
        }
      }
      const own = first.length === 0 ? null : first.slice(i * perLayer, (i + 1) * perLayer);
      const { outputs, states } = this.run(sequence, own, tensorsOf(this.built[i]), options);
      sequence = outputs;
      last = states;
      ends.push(...states);
    }
    if (memory !== undefined) memory.set(this, ends);
    else if (this.stateful) this.keepStates(ends);
    const y = this.returnSequences ? swapAxes(sequence, 0, 1) : last[0];
    return this.returnState ? [y, ...ends] : [y];
  }

  /** Copies of the states in which the last batch ended, layer by layer: they are overwritten before gradients are asked for. */
  private keptStates(n: number): readonly Tensor[] {
    const { batchSize } = this.options;
    if (n !== batchSize) {
      throw new RangeError(
        `${this.name}: is stateful for batches of ${batchSize} samples, got ${n}: every sample goes on where the one in its place ended, so ` +
          "batches must be of that size (give it to fit, evaluate and predict as batchSize, and a number of samples that it divides); " +
          "for another size make the model again with another batchSize",
      );
    }
    return Array.from({ length: this.layers }, (_, i) => this.kept.map(({ tensor }) => clone(get(tensor, i)))).flat();
  }

  /** Takes note of the states for the next batch, layer by layer. */
  private keepStates(ends: readonly Tensor[]): void {
    const perLayer = this.kept.length;
    scope(() =>
      withRecording(false, () => {
        this.kept.forEach((parameter, k) => {
          parameter.assign(stack(ends.filter((_, i) => i % perLayer === k)));
        });
      }),
    );
  }

  override get isStateful(): boolean {
    return this.stateful;
  }

  override resetStates(): void {
    scope(() => {
      for (const parameter of this.kept) {
        if (parameter.isBuilt) parameter.assign(zeros(parameter.shape, parameter.tensor.dtype));
      }
    });
  }

  /** See `BaseLayer`. @internal */
  override isStepwise(inputs: number): boolean {
    return inputs === 1 && this.direction === "forward" && this.returnSequences;
  }

  /** See `BaseLayer`. @internal */
  override get readsTimeFirst(): boolean {
    return true;
  }

  config(): LayerConfig {
    const config: LayerConfig = { type: this.type, units: this.units };
    for (const [name, value] of Object.entries(this.options)) {
      if ((LAYER_OPTIONS as readonly string[]).includes(name) || value === undefined || typeof value === "function")
        continue;
      config[name] = name === "bias" && value === null ? false : value;
    }
    return config;
  }
}

function tensorsOf({ inputWeights, stateWeights, bias, stateBias }: CellParameters): RecurrentParameters {
  return {
    inputWeights: inputWeights.tensor,
    stateWeights: stateWeights.tensor,
    inputBias: bias?.tensor,
    stateBias: stateBias?.tensor,
  };
}

/** 0 with the probability `rate`, else 1 / (1 - rate), in x's dtype. */
function kept(shape: readonly number[], rate: number, { dtype }: Tensor, generator: Generator): Tensor {
  return random.bernoulli(shape, 1 - rate, { dtype, generator, value: 1 / (1 - rate) });
}

function thinned(x: Tensor, shape: readonly number[], rate: number, generator: Generator): Tensor {
  return rate === 0 ? x : mul(x, kept(shape, rate, x, generator));
}

/** The options of a configuration: what `config()` made of them, undone. */
export function recurrentOptions<O extends RecurrentOptions>({ type: _, units: __, bias, ...options }: LayerConfig): O {
  return { ...options, ...(bias !== undefined && { bias: bias === false ? null : bias }) } as O;
}

/** A kind of recurrent layer, with the settings that all have and `own`. */
export function recurrentKind(
  type: string,
  own: Readonly<Record<string, Check>>,
  make: (units: number, config: LayerConfig) => BaseLayer,
): LayerKind {
  const settings: Record<string, Check> = {
    ...{ layers: is.count, returnSequences: is.flag, returnState: is.flag, direction: among(...DIRECTIONS) },
    ...{ stateful: is.flag, batchSize: is.count, dropout: is.share, recurrentDropout: is.share },
    ...{ layerDropout: is.share, weights: is.initialiser, stateWeights: is.initialiser },
    ...{ bias: either(among(false as never), is.initialiser), kernelPenalty: is.penalty, recurrentPenalty: is.penalty },
    ...{ kernelConstraint: is.constraint, recurrentConstraint: is.constraint, truncate: is.count },
    ...{ form: among(...FORMS), ...own },
  };
  return {
    type,
    settings: {
      units: is.count,
      ...Object.fromEntries(Object.entries(settings).map(([name, check]) => [name, optional(check)])),
    },
    make: (config) => make(config["units"] as number, config),
  };
}
