// The strategy of section 3.5 as a program: find some signal on a reduced problem, bracket the learning rate by the training cost, set
// everything else by the validation accuracy. It knows nothing of networks: whoever calls it says how to train.

export interface Settings {
  readonly eta: number;
  readonly lambda: number;
  readonly batchSize: number;
}

/** What a short training shows. */
export interface Trial {
  /** Training cost before the first epoch and after each. */
  readonly cost: readonly number[];
  /** Validation accuracy after each epoch, 0 to 1. */
  readonly accuracy: readonly number[];
}

export type Train = (settings: Settings, epochs: number) => Promise<Trial>;

/** One trial of the strategy, and what it was made for. */
export interface Step {
  readonly rule: "threshold" | "refine" | "lambda" | "fine-tune";
  readonly settings: Settings;
  /** Whether the cost fell all the way, or the best validation accuracy. */
  readonly finding: boolean | number;
}

/** The cost falls from each epoch to the next. A cost that is not a number does not fall. */
export function decreases(cost: readonly number[]): boolean {
  return cost.every((value, i) => i === 0 || value < cost[i - 1]);
}

/** Powers of ten and their doubles and fivefolds without the noise of multiplying: 0.30000000000000004 becomes 0.3. */
function tidy(value: number): number {
  return Number(value.toPrecision(6));
}

/**
 * The largest learning rate at which the cost falls during the first epochs: from 0.01 up by factors of ten until it no longer falls, or down
 * until it does; then, between that power of ten and the next, 2 and 5 times it.
 */
export async function threshold(
  falls: (eta: number, refining: boolean) => Promise<boolean>,
  start = 0.01,
): Promise<number> {
  let eta = start;
  if (await falls(eta, false)) {
    while (eta < 1e4 && (await falls(tidy(10 * eta), false))) eta = tidy(10 * eta);
  } else {
    do {
      eta = tidy(eta / 10);
      if (eta < 1e-8)
        throw new Error("threshold: the cost falls for no learning rate down to 1e-8; look for a mistake");
    } while (!(await falls(eta, false)));
  }
  for (const factor of [5, 2]) if (await falls(tidy(factor * eta), true)) return tidy(factor * eta);
  return eta;
}

/** The standard error of an accuracy that was measured on so many images. */
export function standardError(accuracy: number, images: number): number {
  return Math.sqrt((accuracy * (1 - accuracy)) / images);
}

/**
 * The lambda with the best accuracy on `images` images: from 1.0 by factors of ten in the direction that improves, then 2 and 5 times more or
 * less. A gain within the standard error is none: otherwise chance alone leads the search astray where lambda hardly matters.
 */
export async function bestLambda(
  accuracyOf: (lambda: number, fine: boolean) => Promise<number>,
  images: number,
): Promise<number> {
  let best = { lambda: 1, score: await accuracyOf(1, false) };
  const attempt = async (lambda: number, fine: boolean): Promise<boolean> => {
    const found = await accuracyOf(lambda, fine);
    if (!(found > best.score + standardError(best.score, images))) return false;
    best = { lambda, score: found };
    return true;
  };
  for (const factor of [10, 0.1]) {
    let moved = false;
    while (best.lambda > 1e-6 && best.lambda < 1e6 && (await attempt(tidy(factor * best.lambda), false))) moved = true;
    if (moved) break;
  }
  const order = best.lambda;
  for (const factor of [2, 5, 0.5, 0.2]) await attempt(tidy(factor * order), true);
  return best.lambda;
}

export interface WalkOptions {
  readonly train: Train;
  readonly batchSize: number;
  /** How many images the validation accuracy is measured on. */
  readonly images: number;
  /** Epochs in which the cost has to fall. */
  readonly watch: number;
  /** Epochs after which validation accuracies are compared. */
  readonly epochs: number;
  readonly log?: (step: Step) => void;
}

export interface Walked {
  readonly settings: Settings;
  /** The thresholds of the learning rate without regularisation and with the lambda that was found. */
  readonly thresholds: readonly [number, number];
  readonly steps: readonly Step[];
}

/** First the learning rate with lambda 0, then lambda, then the learning rate again; always half the threshold. */
export async function walk({ train, batchSize, images, watch, epochs, log }: WalkOptions): Promise<Walked> {
  const steps: Step[] = [];
  const note = (step: Step): void => {
    steps.push(step);
    log?.(step);
  };
  const thresholdWith = (lambda: number): Promise<number> =>
    threshold(async (eta, refining) => {
      const settings = { eta, lambda, batchSize };
      const finding = decreases((await train(settings, watch)).cost);
      note({ rule: refining ? "refine" : "threshold", settings, finding });
      return finding;
    });
  const first = await thresholdWith(0);
  const lambda = await bestLambda(async (candidate, fine) => {
    const settings = { eta: first / 2, lambda: candidate, batchSize };
    const finding = Math.max(...(await train(settings, epochs)).accuracy);
    note({ rule: fine ? "fine-tune" : "lambda", settings, finding });
    return finding;
  }, images);
  const second = await thresholdWith(lambda);
  return { settings: { eta: second / 2, lambda, batchSize }, thresholds: [first, second], steps };
}

export interface Race {
  readonly batchSize: number;
  /** Seconds of training after each epoch, and the validation accuracy then. */
  readonly seconds: readonly number[];
  readonly accuracy: readonly number[];
}

/** Validation accuracy that a batch size had reached by then: that of the last epoch before. */
export function accuracyAfter(race: Race, seconds: number): number {
  let reached = 0;
  race.seconds.forEach((time, i) => {
    if (time <= seconds) reached = race.accuracy[i];
  });
  return reached;
}

/** The mini-batch size that is ahead when the time is up. */
export function fastest(races: readonly Race[], seconds: number): number {
  return races.reduce((best, race) => (accuracyAfter(race, seconds) > accuracyAfter(best, seconds) ? race : best))
    .batchSize;
}
