// When to stop training: rules that read the validation curves recorded so far, an epoch at a time, and nothing else. A rule that reads only
// curves can be tried afterwards on any training that ran long enough.

export interface Curves {
  /** Validation accuracy after each epoch. */
  readonly accuracy: readonly number[];
  /** Validation cost after each epoch. */
  readonly cost: readonly number[];
}

/** Whether to stop after epoch `epoch` (from 1). Looks at no later epoch. */
export type StopRule = (curves: Curves, epoch: number) => boolean;

/** The book's rule: the best accuracy so far is `n` epochs old. */
export function noImprovementIn(n: number): StopRule {
  return ({ accuracy }, epoch) => {
    let best = 0;
    for (let i = 1; i < epoch; i++) if (accuracy[i] > accuracy[best]) best = i;
    return epoch - 1 - best >= n;
  };
}

/** The straight line through the last `n` accuracies does not rise: noise is averaged, a lucky epoch counts for one of n only. */
export function notRisingOver(n: number): StopRule {
  return ({ accuracy }, epoch) => {
    if (epoch < n) return false;
    let slope = 0;
    for (let i = 0; i < n; i++) slope += (i - (n - 1) / 2) * accuracy[epoch - n + i];
    return slope <= 0;
  };
}

/** The cost is more than `percent` above its lowest value so far (the generalisation loss of Prechelt 1998). */
export function costAboveBest(percent: number): StopRule {
  return ({ cost }, epoch) => cost[epoch - 1] > (1 + percent / 100) * Math.min(...cost.slice(0, epoch));
}

export interface Stopped {
  /** The epoch after which the rule stops; null where the curves end before. */
  readonly epoch: number | null;
  /** The epoch whose parameters one keeps: the best accuracy up to there. */
  readonly bestEpoch: number;
  readonly bestAccuracy: number;
}

export function apply(rule: StopRule, curves: Curves): Stopped {
  const length = curves.accuracy.length;
  let epoch: number | null = null;
  for (let i = 1; i <= length && epoch === null; i++) if (rule(curves, i)) epoch = i;
  const seen = curves.accuracy.slice(0, epoch ?? length);
  const bestAccuracy = Math.max(...seen);
  return { epoch, bestEpoch: seen.indexOf(bestAccuracy) + 1, bestAccuracy };
}
