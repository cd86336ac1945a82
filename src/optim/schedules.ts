// The learning rate over time. A schedule is asked for the rate before each step and told the watched metric after each epoch; most are pure
// functions of time, those that react to the metric carry a little state, as JSON.

import {
  fields,
  finite,
  flag,
  knownOptions,
  list,
  notNegative,
  numeric,
  oneOf,
  positive,
  whole,
} from "../engine/checks.ts";
import { quote } from "../engine/quote.ts";
import { cosine, power, wholePower } from "./power.ts";

/** A schedule's memory as JSON. */
export interface ScheduleState {
  /** The schedule's name: "constant", "cosine", ... */
  type: string;
  /** Best metric so far; null before the first. */
  best?: number | null;
  /** Metrics in a row that were not better. */
  stalled?: number;
  /** How often the rate was reduced. */
  reductions?: number;
  /** State of the schedule inside this one. */
  inner?: ScheduleState;
}

/** The learning rate over time. The functions in `schedule` make them; `fit` takes one as its option `schedule`. */
export interface Schedule {
  /** The name of the function in `schedule` that made it. */
  readonly type: string;
  /** The learning rate for a step: `step` steps and `epoch` epochs were done before it, both from 0. */
  rate(step: number, epoch: number): number;
  /** Takes the metric of an epoch that has ended. NaN and infinities count as no improvement. */
  observe(metric: number): void;
  /** Whether the schedule asks for training to end. */
  readonly finished: boolean;
  /** For a schedule that reacts: whether it takes a larger metric (an accuracy) or a smaller one (a loss) for better. */
  readonly better?: "smaller" | "larger";
  /** Its memory as JSON. */
  state(): ScheduleState;
  /**
   * Goes back to a saved state.
   * @throws TypeError for the state of another type of schedule.
   */
  restore(state: ScheduleState): void;
}

/** What a schedule counts. */
export type ScheduleUnit = "step" | "epoch";

/** Throws unless `value` has what a schedule has. */
export function checkSchedule(owner: string, value: Schedule): Schedule {
  const { rate, observe } = fields(owner, "the schedule", value);
  if (typeof rate !== "function" || typeof observe !== "function") {
    throw new TypeError(`${owner}: a schedule is what schedule.cosine(...) and its like make, got ${quote(value)}`);
  }
  return value;
}

/** A schedule without memory, from its formula. `position` counts in the unit, from 0. */
function timed(type: string, unit: ScheduleUnit, formula: (position: number) => number): Schedule {
  return {
    type,
    rate: (step, epoch) => formula(timeOf(type, unit, step, epoch)),
    observe() {},
    finished: false,
    state: () => ({ type }),
    restore: (state) => checkType(type, state),
  };
}

function timeOf(type: string, unit: ScheduleUnit, step: number, epoch: number): number {
  return notNegative(`schedule.${type}`, unit, unit === "step" ? step : epoch);
}

function checkType(type: string, state: ScheduleState): void {
  if (state?.type !== type) {
    throw new TypeError(
      `schedule.${type}: can't be restored from the state of a schedule of type ${quote(state?.type)}`,
    );
  }
}

const UNITS: readonly ScheduleUnit[] = ["step", "epoch"];

function unitOf(type: string, unit: ScheduleUnit | undefined, fallback: ScheduleUnit): ScheduleUnit {
  return oneOf(`schedule.${type}`, "unit", unit ?? fallback, UNITS);
}

/**
 * The same rate always.
 * @throws RangeError if the rate is not a finite number above 0.
 * @example
 * ```ts
 * schedule.constant(0.1).rate(1000, 20); // 0.1
 * ```
 */
function constant(rate: number): Schedule {
  positive("schedule.constant", "rate", rate);
  return timed("constant", "step", () => rate);
}

/** What `schedule.stepwise` takes: either `every` or `at`. */
export interface StepwiseOptions {
  /** The rate is multiplied at every multiple of this many steps or epochs. */
  every?: number;
  /** The rate is multiplied at these times, ascending. */
  at?: readonly number[];
  /** What the rate is multiplied by, above 0; default 0.1. */
  factor?: number;
  /** Default "epoch". */
  unit?: ScheduleUnit;
}

/**
 * Falls in steps: rate factor^k, where k = floor(time / every), or the number of times in `at` that have come.
 * @throws RangeError, TypeError for settings that are not in their range, or misspelt.
 * @example
 * ```ts
 * schedule.stepwise(0.8, { every: 10, factor: 0.5 }).rate(0, 25); // 0.2
 * const twice = schedule.stepwise(0.25, { at: [20, 30] });
 * twice.rate(0, 19); // 0.25
 * twice.rate(0, 20); // 0.025
 * ```
 */
function stepwise(rate: number, options: StepwiseOptions): Schedule {
  const owner = "schedule.stepwise";
  knownOptions(owner, options, ["every", "at", "factor", "unit"]);
  positive(owner, "rate", rate);
  const factor = positive(owner, "factor", options.factor ?? 0.1);
  const unit = unitOf("stepwise", options.unit, "epoch");
  const { every, at } = options;
  if ((every === undefined) === (at === undefined)) {
    throw new TypeError(`${owner}: give either every (an interval) or at (a list of times)`);
  }
  if (at !== undefined) {
    list(owner, "at", at).forEach((time, i) => {
      whole(owner, `at[${i}]`, time, i === 0 ? 0 : at[i - 1] + 1);
    });
    return timed("stepwise", unit, (time) => rate * wholePower(factor, at.filter((each) => each <= time).length));
  }
  const interval = whole(owner, "every", every!, 1);
  return timed("stepwise", unit, (time) => rate * wholePower(factor, Math.floor(time / interval)));
}

/**
 * Falls by the same factor in each epoch (or step): rate factor^time.
 * @param options `factor`, above 0; `unit`: what time counts, default "epoch".
 * @throws RangeError, TypeError for settings that are not in their range, or misspelt.
 * @example
 * ```ts
 * schedule.exponential(0.8, { factor: 0.5 }).rate(0, 3); // 0.1
 * ```
 */
function exponential(rate: number, options: { factor: number; unit?: ScheduleUnit }): Schedule {
  const owner = "schedule.exponential";
  knownOptions(owner, options, ["factor", "unit"]);
  positive(owner, "rate", rate);
  const factor = positive(owner, "factor", options.factor);
  return timed("exponential", unitOf("exponential", options.unit, "epoch"), (time) => rate * power(factor, time));
}

/** What `schedule.cosine` takes. */
export interface CosineOptions {
  /** Time from the highest rate to the lowest. */
  length: number;
  /** The lowest rate; default 0. */
  minimum?: number;
  /** Starts again from the highest rate at the end of each length. Default: stays at the lowest. */
  restarts?: boolean;
  /** How much longer each length is than the one before; default 1. */
  lengthFactor?: number;
  /** Default "step". */
  unit?: ScheduleUnit;
}

/**
 * Half a cosine: minimum + (rate - minimum) (1 + cos(pi time / length)) / 2 (Loshchilov & Hutter 2017), with restarts if
 * wanted; otherwise it stays at the minimum once it is there.
 * @throws RangeError, TypeError for settings that are not in their range, or misspelt.
 * @example
 * ```ts
 * schedule.cosine(0.1, { length: 100 }).rate(50, 0); // 0.05
 * schedule.cosine(0.1, { length: 100, minimum: 0.02 }).rate(150, 0); // 0.02
 * schedule.cosine(0.1, { length: 100, restarts: true }).rate(150, 0); // 0.05
 * ```
 */
function cosineSchedule(rate: number, options: CosineOptions): Schedule {
  const owner = "schedule.cosine";
  knownOptions(owner, options, ["length", "minimum", "restarts", "lengthFactor", "unit"]);
  positive(owner, "rate", rate);
  const length = whole(owner, "length", options.length, 1);
  const minimum = notNegative(owner, "minimum", options.minimum ?? 0);
  const lengthFactor = finite(owner, "lengthFactor", options.lengthFactor ?? 1);
  if (lengthFactor < 1) throw new RangeError(`${owner}: lengthFactor must be at least 1, got ${quote(lengthFactor)}`);
  const restarts = flag(owner, "restarts", options.restarts ?? false);
  return timed("cosine", unitOf("cosine", options.unit, "step"), (time) => {
    let [start, now] = [0, length];
    if (restarts && lengthFactor === 1) start = time - (time % length);
    while (restarts && time >= start + now) {
      start += now;
      now *= lengthFactor;
    }
    const share = Math.min(1, (time - start) / now);
    return minimum + ((rate - minimum) * (1 + cosine(Math.PI * share))) / 2;
  });
}

/** What `schedule.polynomial` takes, and without `power` `schedule.linear`. */
export interface PolynomialOptions {
  /** Time from the first rate to the last. */
  length: number;
  /** The last rate; default 0. */
  end?: number;
  /** Above 0; default 1: a straight line. */
  power?: number;
  /** Default "step". */
  unit?: ScheduleUnit;
}

/**
 * Falls to `end` along a power: end + (rate - end) (1 - time / length)^power; after `length` it stays there.
 * @throws RangeError, TypeError for settings that are not in their range, or misspelt.
 * @example
 * ```ts
 * schedule.polynomial(0.1, { length: 100, power: 2 }).rate(50, 0); // 0.025
 * ```
 */
function polynomial(rate: number, options: PolynomialOptions): Schedule {
  const owner = "schedule.polynomial";
  knownOptions(owner, options, ["length", "end", "power", "unit"]);
  positive(owner, "rate", rate);
  const length = whole(owner, "length", options.length, 1);
  const end = notNegative(owner, "end", options.end ?? 0);
  const exponent = positive(owner, "power", options.power ?? 1);
  return timed(
    "polynomial",
    unitOf("polynomial", options.unit, "step"),
    (time) => end + (rate - end) * power(1 - Math.min(1, time / length), exponent),
  );
}

/**
 * A straight line from the rate to `end`, reached after `length`: `polynomial` with power 1.
 * @throws RangeError, TypeError for settings that are not in their range, or misspelt.
 * @example
 * ```ts
 * schedule.linear(0.1, { length: 100, end: 0.02 }).rate(50, 0); // 0.06
 * ```
 */
function linear(rate: number, options: Omit<PolynomialOptions, "power">): Schedule {
  knownOptions("schedule.linear", options, ["length", "end", "unit"]);
  return polynomial(rate, options);
}

/** What `schedule.oneCycle` takes. */
export interface OneCycleOptions {
  /** Time of the whole cycle, from 2 on. */
  length: number;
  /** Share of it in which the rate rises, above 0 and below 1; default 0.3. */
  rise?: number;
  /** The first rate is the highest divided by this, at least 1; default 25. */
  startDivisor?: number;
  /** The last rate is the first divided by this, at least 1; default 10,000. */
  endDivisor?: number;
  /** How the rate goes from one to the next: half a cosine (default) or a straight line. */
  curve?: "cosine" | "linear";
  /** Default "step". */
  unit?: ScheduleUnit;
}

/**
 * One cycle (Smith & Topin 2018, as PyTorch's OneCycleLR): from rate / startDivisor up to the rate, reached at
 * rise length - 1, and down to rate / (startDivisor endDivisor), reached at length - 1, where it stays.
 * @param rate the highest.
 * @throws RangeError, TypeError for settings that are not in their range, or misspelt.
 * @example
 * ```ts
 * const cycle = schedule.oneCycle(0.1, { length: 11, rise: 6 / 11, startDivisor: 10 });
 * cycle.rate(0, 0); // 0.01
 * cycle.rate(5, 0); // 0.1
 * cycle.rate(10, 0); // 0.000001
 * ```
 */
function oneCycle(rate: number, options: OneCycleOptions): Schedule {
  const owner = "schedule.oneCycle";
  knownOptions(owner, options, ["length", "rise", "startDivisor", "endDivisor", "curve", "unit"]);
  positive(owner, "rate", rate);
  const length = whole(owner, "length", options.length, 2);
  const rise = positive(owner, "rise", options.rise ?? 0.3);
  if (rise >= 1)
    throw new RangeError(
      `${owner}: rise is the share of the cycle in which the rate rises, below 1, got ${quote(rise)}`,
    );
  const [startDivisor, endDivisor] = [options.startDivisor ?? 25, options.endDivisor ?? 10_000];
  for (const [name, value] of Object.entries({ startDivisor, endDivisor })) {
    if (finite(owner, name, value) < 1)
      throw new RangeError(`${owner}: ${name} must be at least 1, got ${quote(value)}`);
  }
  const curve = oneOf(owner, "curve", options.curve ?? "cosine", ["cosine", "linear"]);
  const first = rate / startDivisor;
  const top = Math.max(0, rise * length - 1);
  const between = (from: number, to: number, share: number): number =>
    curve === "linear" ? from + (to - from) * share : to + ((from - to) / 2) * (1 + cosine(Math.PI * share));
  return timed("oneCycle", unitOf("oneCycle", options.unit, "step"), (time) => {
    if (time < top) return between(first, rate, time / top);
    return between(rate, first / endDivisor, Math.min(1, (time - top) / (length - 1 - top)));
  });
}

/**
 * Falls with the square root of time, after a rise in a straight line: rate min((time + 1) / n, sqrt(n / (time + 1))), the
 * highest, `rate`, being that of step n (Vaswani et al. 2017, section 5.3).
 * @param options `warmUp`: n, default 1: it falls at once; `unit`: what time counts, default "step".
 * @throws RangeError, TypeError for settings that are not in their range, or misspelt.
 * @example
 * ```ts
 * const rates = schedule.inverseSquareRoot(0.1, { warmUp: 4 });
 * [0, 3, 15].map((step) => rates.rate(step, 0)); // [0.025, 0.1, 0.05]
 * ```
 */
function inverseSquareRoot(rate: number, options: { warmUp?: number; unit?: ScheduleUnit } = {}): Schedule {
  const owner = "schedule.inverseSquareRoot";
  knownOptions(owner, options, ["warmUp", "unit"]);
  positive(owner, "rate", rate);
  const n = whole(owner, "warmUp", options.warmUp ?? 1, 1);
  return timed(
    "inverseSquareRoot",
    unitOf("inverseSquareRoot", options.unit, "step"),
    (time) => rate * Math.min((time + 1) / n, Math.sqrt(n / (time + 1))),
  );
}

/**
 * A formula of your own: the rate is formula(time). It should depend on the time alone: then a resumed run goes on as if it
 * had never stopped.
 * @param formula from the number of steps (or epochs) done before, from 0, to the rate, a finite number of at least 0.
 * @param options `unit`: what time counts, default "step".
 * @throws TypeError if the formula is no function; RangeError, when it is asked, for a rate that is negative or not finite.
 * @example
 * ```ts
 * schedule.custom((epoch) => 0.1 / (1 + epoch), { unit: "epoch" }).rate(0, 3); // 0.025
 * ```
 */
function custom(formula: (time: number) => number, options: { unit?: ScheduleUnit } = {}): Schedule {
  const owner = "schedule.custom";
  if (typeof formula !== "function") {
    throw new TypeError(
      `${owner}: needs a function from time to rate, got ${quote(formula)}; for a number use schedule.constant`,
    );
  }
  knownOptions(owner, options, ["unit"]);
  return timed("custom", unitOf("custom", options.unit, "step"), (time) =>
    notNegative(owner, `the rate at time ${time}`, formula(time)),
  );
}

/**
 * Rises in a straight line to the first rate of `after`, which then begins: after.rate (start + (1 - start) (time + 1) /
 * length) while time < length. The first rate is not 0 but the first step's share of the way.
 * @param length how many steps (or epochs) it rises; `after` counts its time from there.
 * @param options `start`: share of the rate to rise from, 0 to 1, default 0; `unit`: what `length` counts, default "step".
 * @throws RangeError, TypeError for settings that are not in their range, or misspelt.
 * @example
 * ```ts
 * const rising = schedule.warmUp(5, schedule.constant(0.1));
 * rising.rate(0, 0); // 0.02
 * rising.rate(4, 0); // 0.1
 * schedule.warmUp(5, schedule.linear(0.1, { length: 10 })).rate(10, 0); // 0.05
 * ```
 */
function warmUp(length: number, after: Schedule, options: { start?: number; unit?: ScheduleUnit } = {}): Schedule {
  const owner = "schedule.warmUp";
  knownOptions(owner, options, ["start", "unit"]);
  whole(owner, "length", length, 1);
  checkSchedule(owner, after);
  const unit = unitOf("warmUp", options.unit, "step");
  const start = notNegative(owner, "start", options.start ?? 0);
  if (start > 1) throw new RangeError(`${owner}: start is a share of the full rate, at most 1, got ${quote(start)}`);
  return {
    type: "warmUp",
    rate(step, epoch) {
      const time = timeOf("warmUp", unit, step, epoch);
      const rest = Math.max(0, time - length);
      const full = unit === "step" ? after.rate(rest, epoch) : after.rate(step, rest);
      return time >= length ? full : full * (start + ((1 - start) * (time + 1)) / length);
    },
    observe: (metric) => after.observe(metric),
    get finished() {
      return after.finished;
    },
    state: () => ({ type: "warmUp", inner: after.state() }),
    restore(state) {
      checkType("warmUp", state);
      after.restore(state.inner!);
    },
  };
}

/** What `schedule.onPlateau` and `schedule.halving` take. */
export interface PlateauOptions {
  /** Epochs in a row without improvement after which the rate is reduced; default 10. */
  patience?: number;
  /** What the rate is divided by, above 1; default 10, for `halving` 2. */
  divisor?: number;
  /** Whether a smaller metric is better (a loss; default) or a larger one (an accuracy; default for `halving`). */
  better?: "smaller" | "larger";
  /** The metric must be better than the best by more than this; default 0. */
  minimumChange?: number;
}

/** Rate / divisor^k, k one more each time the metric has not improved for `patience` epochs. */
class Plateau implements Schedule {
  readonly type: string;
  readonly better: "smaller" | "larger";
  private readonly start: number;
  private readonly patience: number;
  private readonly divisor: number;
  private readonly sign: 1 | -1;
  private readonly minimumChange: number;
  private readonly minimum: number;
  private readonly limit: number;
  private best: number | null = null;
  private stalled = 0;
  private reductions = 0;

  constructor(type: string, rate: number, options: Required<PlateauOptions> & { minimum: number; limit: number }) {
    const owner = `schedule.${type}`;
    this.type = type;
    this.start = positive(owner, "rate", rate);
    this.patience = whole(owner, "patience", options.patience, 1);
    this.divisor = positive(owner, "divisor", options.divisor);
    if (this.divisor <= 1) throw new RangeError(`${owner}: divisor must be above 1, got ${quote(this.divisor)}`);
    this.better = oneOf(owner, "better", options.better, ["smaller", "larger"]);
    this.sign = this.better === "larger" ? 1 : -1;
    this.minimumChange = notNegative(owner, "minimumChange", options.minimumChange);
    this.minimum = notNegative(owner, "minimum", options.minimum);
    this.limit = options.limit;
  }

  rate(): number {
    return Math.max(this.minimum, this.start / wholePower(this.divisor, this.reductions));
  }

  observe(metric: number): void {
    if (typeof metric !== "number") {
      throw new TypeError(`schedule.${this.type}: the metric must be a number, got ${quote(metric)}`);
    }
    const { best } = this;
    if (Number.isFinite(metric) && (best === null || this.sign * (metric - best) > this.minimumChange)) {
      this.best = metric;
      this.stalled = 0;
      return;
    }
    this.stalled += 1;
    if (this.stalled < this.patience || this.finished) return;
    this.stalled = 0;
    this.reductions += 1;
  }

  get finished(): boolean {
    return wholePower(this.divisor, this.reductions) >= this.limit;
  }

  state(): ScheduleState {
    const { type, best, stalled, reductions } = this;
    return { type, best, stalled, reductions };
  }

  restore(state: ScheduleState): void {
    checkType(this.type, state);
    const owner = `schedule.${this.type}: restore`;
    const stalled = whole(owner, "stalled", state.stalled!, 0);
    const reductions = whole(owner, "reductions", state.reductions!, 0);
    this.best = state.best === null ? null : finite(owner, "best", state.best!);
    this.stalled = stalled;
    this.reductions = reductions;
  }
}

const PLATEAU = ["patience", "divisor", "better", "minimumChange"];

/**
 * Divides the rate each time the metric has not improved for `patience` epochs: max(minimum, rate / divisor^k) after k
 * such times. Never ends training.
 * @param options as `PlateauOptions`; `minimum`: the lowest rate, default 0.
 * @throws RangeError, TypeError for settings that are not in their range, or misspelt.
 * @example
 * ```ts
 * const reducing = schedule.onPlateau(0.1, { patience: 2 });
 * for (const loss of [0.9, 0.8, 0.8, 0.9]) reducing.observe(loss);
 * reducing.rate(0, 0); // 0.01
 * ```
 */
function onPlateau(rate: number, options: PlateauOptions & { minimum?: number } = {}): Schedule {
  knownOptions("schedule.onPlateau", options, [...PLATEAU, "minimum"]);
  const { patience = 10, divisor = 10, better = "smaller", minimumChange = 0, minimum = 0 } = options;
  return new Plateau("onPlateau", rate, {
    ...{ patience, divisor, better, minimumChange, minimum },
    limit: Number.POSITIVE_INFINITY,
  });
}

/**
 * Nielsen's rule (section 3.5): halve the rate each time the validation accuracy has not improved for `patience` epochs,
 * and end training when it has dropped to 1 / limit of the first. His other rules: `{ limit: 1024 }`, and `{ divisor: 10,
 * limit: 1000 }`.
 * @param options as `PlateauOptions`; `limit`: above 1, default 128.
 * @throws RangeError, TypeError for settings that are not in their range, or misspelt.
 * @example
 * ```ts
 * const halving = schedule.halving(0.4, { patience: 1, limit: 4 });
 * for (const accuracy of [0.8, 0.8]) halving.observe(accuracy);
 * halving.rate(0, 0); // 0.2
 * halving.observe(0.7);
 * halving.finished; // true
 * ```
 */
function halving(rate: number, options: PlateauOptions & { limit?: number } = {}): Schedule {
  knownOptions("schedule.halving", options, [...PLATEAU, "limit"]);
  const { patience = 10, divisor = 2, better = "larger", minimumChange = 0, limit = 128 } = options;
  numeric("schedule.halving", "limit", limit);
  if (!(limit > 1)) throw new RangeError(`schedule.halving: limit must be above 1, got ${quote(limit)}`);
  return new Plateau("halving", rate, { patience, divisor, better, minimumChange, minimum: 0, limit });
}

/**
 * Learning-rate schedules: each function makes one from its first rate. Time counts steps or epochs from 0, as `unit`
 * says. `fit` and `Trainer` take a schedule as an option; in loops of your own, set `optimizer.learningRate` to
 * `rate(step, epoch)` before each step and tell `observe` the metric after each epoch.
 * @example
 * ```ts
 * const rates = schedule.warmUp(5, schedule.cosine(0.1, { length: 100 }));
 * rates.rate(4, 0); // 0.1
 * rates.rate(55, 0); // 0.05
 * ```
 * @namespace
 */
export const schedule = {
  /** @function */
  constant,
  /** @function */
  stepwise,
  /** @function */
  exponential,
  /** @function */
  cosine: cosineSchedule,
  /** @function */
  polynomial,
  /** @function */
  linear,
  /** @function */
  oneCycle,
  /** @function */
  inverseSquareRoot,
  /** @function */
  custom,
  /** @function */
  warmUp,
  /** @function */
  onPlateau,
  /** @function */
  halving,
};
