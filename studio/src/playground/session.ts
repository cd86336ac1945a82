// A network that learns in the playground: the framework's own layers, trainer and optimisers, with a history that one can go back in, and an
// account of what was done, from which the same training can be written down as a program. Runs in the worker.
import {
  type ActivationName,
  backward,
  Dense,
  type InitialiserName,
  NonFiniteLossError,
  type Optimizer,
  type OptimizerName,
  optimizerByName,
  Sequential,
  scope,
  softmaxCrossEntropy,
  type Tensor,
  Trainer,
  type TrainerState,
  tensor,
} from "nabla";
import { sameButRate } from "./account.ts";
import { FEATURE_FUNCTIONS, type Feature } from "./features.ts";
import { EDGE, type Point } from "./points.ts";

/** What a network is; another one begins anew. */
export interface NetworkSettings {
  readonly points: readonly Point[];
  /** 1: the labels are values to learn. */
  readonly classes: number;
  /** Per cent of the points that are learnt from; the others are for the test. */
  readonly split: number;
  readonly features: readonly Feature[];
  readonly layers: readonly number[];
  readonly activation: ActivationName;
  readonly initialiser: InitialiserName | "default";
  readonly seed: number;
}

/** What may be changed while it runs. */
export interface TrainingSettings {
  readonly optimizer: OptimizerName;
  readonly learningRate: number;
  readonly momentum: number;
  readonly l1: number;
  readonly l2: number;
  readonly batchSize: number;
}

/** An entry of the account. */
export type Deed =
  | { readonly kind: "settings"; readonly settings: TrainingSettings }
  | { readonly kind: "steps"; readonly count: number }
  | {
      readonly kind: "weight";
      readonly layer: number;
      readonly from: number | "bias";
      readonly to: number;
      readonly value: number;
    };

export interface LayerNumbers {
  /** [in, out], row by row. */
  readonly weights: Float32Array;
  readonly bias: Float32Array;
  readonly inputs: number;
  readonly units: number;
}

export interface Frame {
  readonly step: number;
  readonly epoch: number;
  readonly trainLoss: number;
  readonly testLoss: number;
  /** Share of right answers; NaN for values. */
  readonly trainAccuracy: number;
  readonly testAccuracy: number;
  readonly layers: readonly LayerNumbers[];
  /** Euclidean norm of the training loss's gradient by the weights and biases of each layer. */
  readonly gradients: readonly number[];
  /** Responses of the units of each hidden layer over the plane, unit after unit, `unitSide` squared each. */
  readonly units: readonly Float32Array[];
  /** The network's answer over the plane: the value; the probability of class 1 minus that of class 0; or class + confidence. */
  readonly answer: Float32Array;
  /** Steps a second since the last frame; 0 standing still. */
  readonly pace: number;
  /** Numbers grew beyond all bounds, and the run stands. */
  readonly blown?: { readonly step: number; readonly largest: number; readonly goodStep: number };
  /** Curves, when they have changed by more than their last point. */
  readonly curves?: Curves;
  /** What was done from the first step to here. */
  readonly deeds: readonly Deed[];
}

export interface Curves {
  readonly steps: readonly number[];
  readonly train: readonly number[];
  readonly test: readonly number[];
  /** For each layer. */
  readonly gradients: readonly (readonly number[])[];
}

interface Moment {
  readonly step: number;
  readonly state: TrainerState;
  readonly tensors: Readonly<Record<string, { readonly shape: readonly number[]; readonly data: Float32Array }>>;
  readonly settings: TrainingSettings;
  readonly deeds: readonly Deed[];
  readonly trainLoss: number;
  readonly testLoss: number;
  readonly gradients: readonly number[];
}

export const UNIT_SIDE = 24;
export const ANSWER_SIDE = 72;
/** Units of a layer whose responses are drawn. */
export const SHOWN_UNITS = 16;
const MOST_MOMENTS = 400;
/** However large the network is. */
const LEAST_MOMENTS = 8;
/** Milliseconds of one long stretch of training after which a moment is kept on the way. */
const BETWEEN = 100;
/** Steps between two looks at the clock. */
const TOGETHER = 50;
const MOST_BYTES = 64 * 2 ** 20;

export class Session {
  readonly network: NetworkSettings;
  private training: TrainingSettings;
  private readonly model: Sequential;
  private readonly dense: Dense[];
  private trainer: Trainer;
  private optimizer: Optimizer;
  private readonly x: Tensor;
  private readonly y: Tensor;
  private readonly testX: Tensor | undefined;
  private readonly testY: Tensor | undefined;
  private readonly unitGrid: Tensor;
  private readonly answerGrid: Tensor;
  private step = 0;
  private deeds: Deed[] = [];
  private moments: Moment[] = [];
  private curvesChanged = true;
  private blown: Frame["blown"];
  private paceSteps = 0;
  private paceSince = 0;

  /** @throws RangeError where there is nothing to learn from */
  constructor(network: NetworkSettings, training: TrainingSettings) {
    const { points, split } = network;
    const count = Math.max(1, Math.round((points.length * split) / 100));
    if (points.length === 0) throw new RangeError("there are no points to learn from");
    this.network = network;
    this.training = training;
    const [train, test] = [points.slice(0, count), points.slice(count)];
    this.x = this.inputsOf(train);
    this.y = this.targetsOf(train);
    if (test.length > 0) {
      this.testX = this.inputsOf(test);
      this.testY = this.targetsOf(test);
    }
    this.unitGrid = this.inputsOf(plane(UNIT_SIDE));
    this.answerGrid = this.inputsOf(plane(ANSWER_SIDE));
    this.dense = denseLayers(network);
    this.model = new Sequential(this.dense, { inputShape: [network.features.length], seed: network.seed });
    this.optimizer = makeOptimizer(training);
    this.trainer = this.makeTrainer();
    this.deeds = [{ kind: "settings", settings: training }];
    this.remember();
  }

  private get values(): boolean {
    return this.network.classes === 1;
  }

  private inputsOf(points: readonly { readonly x: number; readonly y: number }[]): Tensor {
    const functions = this.network.features.map((feature) => FEATURE_FUNCTIONS[feature]);
    const data = Float32Array.from(points.flatMap(({ x, y }) => functions.map((f) => f(x, y))));
    return tensor(data, { shape: [points.length, functions.length] });
  }

  private targetsOf(points: readonly Point[]): Tensor {
    const labels = points.map(({ label }) => label);
    return this.values
      ? tensor(Float32Array.from(labels), { shape: [labels.length, 1] })
      : tensor(Int32Array.from(labels), { shape: [labels.length] });
  }

  private makeTrainer(): Trainer {
    return new Trainer(
      this.model,
      { x: this.x, y: this.y },
      {
        loss: this.values ? "meanSquaredError" : "softmaxCrossEntropy",
        optimizer: this.optimizer,
        batchSize: Math.min(this.training.batchSize, this.x.shape[0]),
        seed: this.network.seed,
      },
    );
  }

  /** Trains for so many steps, or so many milliseconds, whatever ends first. */
  advance(steps: number, milliseconds: number): void {
    if (this.blown) return;
    this.forgetLater();
    const begin = performance.now();
    const before = this.step;
    const { iterations } = this.optimizer;
    let kept = begin;
    let noted = before;
    const note = (): void => {
      this.note(this.step - noted);
      noted = this.step;
    };
    try {
      while (this.step - before < steps) {
        const count = Math.min(TOGETHER, steps - (this.step - before));
        this.trainer.takeSteps(count);
        this.step += count;
        const now = performance.now();
        if (now - begin > milliseconds) break;
        if (now - kept > BETWEEN) {
          note();
          this.remember();
          kept = now;
        }
      }
    } catch (error) {
      if (!(error instanceof NonFiniteLossError)) throw error;
      this.step = before + this.optimizer.iterations - iterations;
      this.blow();
    } finally {
      note();
      this.paceSteps += this.step - before;
      if (this.step > before) this.remember();
    }
  }

  private note(count: number): void {
    if (count === 0) return;
    const last = this.deeds.at(-1);
    const done = { kind: "steps", count: (last?.kind === "steps" ? last.count : 0) + count } as const;
    this.deeds = [...(last?.kind === "steps" ? this.deeds.slice(0, -1) : this.deeds), done];
  }

  /** The last moment whose loss was no worse than three times the best before it. */
  private lastGood(): Moment {
    let best = Number.POSITIVE_INFINITY;
    let good = this.moments[0];
    for (const moment of this.moments) {
      if (!Number.isFinite(moment.trainLoss)) continue;
      if (moment.trainLoss <= 3 * best) good = moment;
      best = Math.min(best, moment.trainLoss);
    }
    return good;
  }

  private blow(): void {
    const largest = this.model.parameters.reduce(
      (most, { tensor: values }) =>
        (values.dataSync() as Float32Array).reduce((m, value) => Math.max(m, Math.abs(value)), most),
      0,
    );
    this.blown = { step: this.step, largest, goodStep: this.lastGood().step };
  }

  /** Keeps where the run stands. */
  private remember(): void {
    const { trainLoss, gradients } = this.trainFigures();
    const { loss: testLoss } = this.testFigures();
    const tensors = Object.fromEntries(
      Object.entries(this.trainer.tensors()).map(([name, values]) => [
        name,
        { shape: [...values.shape], data: Float32Array.from(values.dataSync() as Float32Array) },
      ]),
    );
    const { step, training: settings, deeds } = this;
    this.curvesChanged = true;
    this.moments.push({ step, state: this.trainer.state(), tensors, settings, deeds, trainLoss, testLoss, gradients });
    const bytes = Object.values(tensors).reduce((sum, { data }) => sum + data.byteLength, 0);
    const most = Math.max(LEAST_MOMENTS, Math.min(MOST_MOMENTS, Math.floor(MOST_BYTES / Math.max(1, bytes))));
    if (this.moments.length > most) {
      // Every second one goes; the first and the last stay.
      const { length } = this.moments;
      this.moments = this.moments.filter((_, i) => i % 2 === 0 || i === length - 1);
    }
  }

  /** What was kept of the steps after this one: another way begins here. */
  private forgetLater(): void {
    if ((this.moments.at(-1)?.step ?? 0) <= this.step) return;
    this.moments = this.moments.filter(({ step }) => step <= this.step);
    this.curvesChanged = true;
  }

  /** To the kept moment at or before a step; what came after it is forgotten only when the run goes on from there. */
  goTo(step: number): void {
    this.restore(this.moments.findLast((kept) => kept.step <= step) ?? this.moments[0]);
  }

  private restore(moment: Moment): void {
    this.training = moment.settings;
    this.optimizer = makeOptimizer(moment.settings);
    this.trainer = this.makeTrainer();
    scope(() => {
      const tensors = Object.fromEntries(
        Object.entries(moment.tensors).map(([name, { shape, data }]) => [name, tensor(data, { shape: [...shape] })]),
      );
      this.trainer.restore(moment.state, tensors);
    });
    this.step = moment.step;
    this.deeds = [...moment.deeds];
    this.blown = undefined;
    this.curvesChanged = true;
  }

  goToLastGood(): void {
    this.goTo(this.lastGood().step);
  }

  /** Another learning rate, penalty, optimiser or batch size, from the next step on. What an optimiser remembers stays, where it is the same one. */
  change(settings: TrainingSettings): void {
    const before = this.training;
    if (JSON.stringify(settings) === JSON.stringify(before)) return;
    this.forgetLater();
    this.training = settings;
    const rateOnly = sameButRate(settings, before);
    if (rateOnly) this.optimizer.learningRate = settings.learningRate;
    else {
      const [slots, { iterations }] = [this.optimizer.slots(), this.optimizer.state()];
      const kept = Object.entries(slots).map(([name, values]) => [name, values.clone()] as const);
      this.optimizer = makeOptimizer(settings);
      if (settings.optimizer === before.optimizer && iterations > 0) {
        this.optimizer.restore({ ...this.optimizer.state(), iterations }, Object.fromEntries(kept));
      }
      // The order of an epoch begins anew with the trainer.
      this.trainer = this.makeTrainer();
    }
    const deed = { kind: "settings", settings } as const;
    const last = this.deeds.at(-1);
    if (this.deeds.length === 1) {
      // Nothing was done with the others.
      this.deeds = [deed];
      this.moments = [];
      this.remember();
    } else if (rateOnly && last?.kind === "settings") this.deeds = [...this.deeds.slice(0, -1), deed];
    else this.deeds = [...this.deeds, deed];
  }

  setWeight(layer: number, from: number | "bias", to: number, value: number): void {
    this.forgetLater();
    const [weights, bias] = this.dense[layer].parameters.map((parameter) => parameter.tensor);
    const target = from === "bias" ? bias : weights;
    const data = Float32Array.from(target.dataSync() as Float32Array);
    data[from === "bias" ? to : from * bias.size + to] = value;
    scope(() => {
      this.model.setWeights(
        this.model.parameters.map((parameter) =>
          parameter.tensor === target ? tensor(data, { shape: [...target.shape] }) : parameter.tensor,
        ),
      );
    });
    const last = this.deeds.at(-1);
    const again = last?.kind === "weight" && last.layer === layer && last.from === from && last.to === to;
    this.deeds = [...(again ? this.deeds.slice(0, -1) : this.deeds), { kind: "weight", layer, from, to, value }];
    this.remember();
  }

  /** Whether there is such a weight. */
  private has(layer: number, from: number | "bias", to: number): boolean {
    const [inputs = 0, units = 0] = this.dense[layer]?.parameters[0].tensor.shape ?? [];
    return to < units && (from === "bias" || from < inputs);
  }

  /** Does again what was done before, a stretch of so many milliseconds at a time. What is not for this network is left out. */
  *again(deeds: readonly Deed[], milliseconds: number): Generator<void, void> {
    for (const deed of deeds) {
      if (deed.kind === "settings") this.change(deed.settings);
      else if (deed.kind === "weight") {
        if (this.has(deed.layer, deed.from, deed.to)) this.setWeight(deed.layer, deed.from, deed.to, deed.value);
      } else {
        const end = this.step + deed.count;
        while (this.step < end && !this.blown) {
          this.advance(end - this.step, milliseconds);
          yield;
        }
      }
    }
  }

  /** To the kept moment that the same was done up to, if there is one. */
  goBackTo(deeds: readonly Deed[]): boolean {
    const wanted = JSON.stringify(deeds);
    const moment = this.moments.find((kept) => JSON.stringify(kept.deeds) === wanted);
    if (moment) this.restore(moment);
    return moment !== undefined;
  }

  private lossOf(x: Tensor, y: Tensor): Tensor {
    if (this.values) return this.model.call(x).sub(y).square().mean();
    return softmaxCrossEntropy(this.model.logits(x), y);
  }

  private trainFigures(): { trainLoss: number; gradients: number[] } {
    return scope(() => {
      const loss = this.lossOf(this.x, this.y);
      const trainLoss = loss.item();
      backward(loss);
      const gradients = this.dense.map(({ parameters }) =>
        Math.sqrt(
          parameters.reduce(
            (sum, { tensor: p }) => sum + ((p.gradient?.square().sum().item() as number | undefined) ?? 0),
            0,
          ),
        ),
      );
      this.model.block.clearGradients();
      return { trainLoss, gradients };
    });
  }

  private testFigures(): { loss: number; accuracy: number } {
    const { testX, testY } = this;
    if (testX === undefined || testY === undefined) return { loss: Number.NaN, accuracy: Number.NaN };
    return scope(() => ({ loss: this.lossOf(testX, testY).item(), accuracy: this.accuracyOf(testX, testY) }));
  }

  private accuracyOf(x: Tensor, y: Tensor): number {
    if (this.values) return Number.NaN;
    return scope(() => this.model.logits(x).argmax(1).equal(y).cast("float32").mean().item());
  }

  frame(): Frame {
    const now = performance.now();
    const pace = this.paceSince > 0 && this.paceSteps > 0 ? (1000 * this.paceSteps) / (now - this.paceSince) : 0;
    this.paceSteps = 0;
    this.paceSince = now;
    const { trainLoss, gradients } = this.trainFigures();
    const test = this.testFigures();
    const curves = this.curvesChanged ? this.curves() : undefined;
    this.curvesChanged = false;
    return {
      step: this.step,
      epoch: this.step / this.trainer.stepsPerEpoch,
      trainLoss,
      testLoss: test.loss,
      trainAccuracy: this.accuracyOf(this.x, this.y),
      testAccuracy: test.accuracy,
      layers: this.numbers(),
      gradients,
      units: this.responses(),
      answer: this.answer(),
      pace,
      deeds: this.deeds,
      ...(this.blown && { blown: this.blown }),
      ...(curves && { curves }),
    };
  }

  private curves(): Curves {
    return {
      steps: this.moments.map(({ step }) => step),
      train: this.moments.map(({ trainLoss }) => trainLoss),
      test: this.moments.map(({ testLoss }) => testLoss),
      gradients: this.dense.map((_, layer) => this.moments.map(({ gradients }) => gradients[layer])),
    };
  }

  numbers(): LayerNumbers[] {
    return this.dense.map(({ parameters: [weights, bias] }) => ({
      weights: Float32Array.from(weights.tensor.dataSync() as Float32Array),
      bias: Float32Array.from(bias.tensor.dataSync() as Float32Array),
      inputs: weights.tensor.shape[0],
      units: weights.tensor.shape[1],
    }));
  }

  private responses(): Float32Array[] {
    return scope(() => {
      let x = this.unitGrid;
      return this.dense.slice(0, -1).map((layer) => {
        x = layer.call(x);
        const shown = Math.min(SHOWN_UNITS, x.shape[1]);
        // Unit after unit.
        return Float32Array.from(x.get(":", `0:${shown}`).transpose().dataSync() as Float32Array);
      });
    });
  }

  private answer(): Float32Array {
    return scope(() => {
      const outputs = this.model.call(this.answerGrid).dataSync() as Float32Array;
      const { classes } = this.network;
      if (classes === 1) return Float32Array.from(outputs);
      return Float32Array.from({ length: ANSWER_SIDE ** 2 }, (_, i) => {
        if (classes === 2) return outputs[2 * i + 1] - outputs[2 * i];
        let best = 0;
        for (let c = 1; c < classes; c++) if (outputs[classes * i + c] > outputs[classes * i + best]) best = c;
        // A confidence of 1 would be the next class.
        return best + Math.min(0.999, outputs[classes * i + best]);
      });
    });
  }

  /** What was done from the first step to here. */
  account(): { network: NetworkSettings; deeds: readonly Deed[]; trainLoss: number } {
    return { network: this.network, deeds: this.deeds, trainLoss: this.trainFigures().trainLoss };
  }
}

/** The centres of a grid over the plane, row by row from the top. */
function plane(side: number): { x: number; y: number }[] {
  return Array.from({ length: side * side }, (_, i) => ({
    x: -EDGE + (2 * EDGE * ((i % side) + 0.5)) / side,
    y: EDGE - (2 * EDGE * (Math.floor(i / side) + 0.5)) / side,
  }));
}

function denseLayers({ layers, activation, initialiser, classes }: NetworkSettings): Dense[] {
  const weights = initialiser === "default" ? {} : { weights: initialiser };
  return [
    ...layers.map((units) => new Dense(units, { activation, ...weights })),
    new Dense(classes, { activation: classes === 1 ? "linear" : "softmax", ...weights }),
  ];
}

export function makeOptimizer({ optimizer, learningRate, momentum, l1, l2 }: TrainingSettings): Optimizer {
  const own = optimizer === "momentum" || optimizer === "nesterov" ? { momentum } : {};
  return optimizerByName(optimizer, { learningRate, weightDecay: l2, l1, ...own });
}
