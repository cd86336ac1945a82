// Training as the third part's script does it: epochs in order, an evaluation every few of them, and the end as soon as the error grows.

/** Either network of this folder. */
export interface Trainable {
  predict(sample: ArrayLike<number>): ArrayLike<number>;
  train(labels: readonly ArrayLike<number>[], dataSet: readonly ArrayLike<number>[], rate: number, epoch: number): void;
}

export interface LabelledSet {
  readonly samples: readonly ArrayLike<number>[];
  readonly labels: readonly ArrayLike<number>[];
}

/** The class of an output: the place of its largest number. */
export function getResult(vector: ArrayLike<number>): number {
  let [best, value] = [0, vector[0]];
  for (let i = 1; i < vector.length; i++) if (vector[i] > value) [best, value] = [i, vector[i]];
  return best;
}

/** Share of samples whose class is wrong. */
export function evaluate(network: Trainable, { samples, labels }: LabelledSet): number {
  const wrong = samples.filter((sample, i) => getResult(network.predict(sample)) !== getResult(labels[i]));
  return wrong.length / samples.length;
}

export interface TrainingOptions {
  readonly rate: number;
  /** Epochs between two evaluations. */
  readonly every: number;
  /** The series has no limit. */
  readonly mostEpochs: number;
}

/**
 * The error ratio at each evaluation; stops at the first that is larger than the one before. The series watches its test
 * set here, which makes the last figure a little too good; give it a validation set and that is mended.
 */
export function trainAndEvaluate(
  network: Trainable,
  training: LabelledSet,
  watched: LabelledSet,
  { rate, every, mostEpochs }: TrainingOptions,
): { epoch: number; errorRatio: number }[] {
  const history: { epoch: number; errorRatio: number }[] = [];
  let lastErrorRatio = 1;
  for (let epoch = 1; epoch <= mostEpochs; epoch++) {
    network.train(training.labels, training.samples, rate, 1);
    if (epoch % every !== 0) continue;
    const errorRatio = evaluate(network, watched);
    history.push({ epoch, errorRatio });
    if (errorRatio > lastErrorRatio) break;
    lastErrorRatio = errorRatio;
  }
  return history;
}
