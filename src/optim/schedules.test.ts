import fc from "fast-check";
import { describe, expect, it } from "vitest";
import "../node.ts";
import { cosine, power, wholePower } from "./power.ts";
import { type Schedule, type ScheduleState, schedule } from "./schedules.ts";

const throughJson = (state: ScheduleState): ScheduleState => JSON.parse(JSON.stringify(state)) as ScheduleState;

describe("schedules that only know the time", () => {
  it("constant", () => {
    expect(schedule.constant(0.3).rate(1000, 5)).toBe(0.3);
  });

  it("stepwise: 0.25 for 20 epochs, then 0.025 (Nielsen, section 3.5)", () => {
    const s = schedule.stepwise(0.25, { at: [20] });
    expect([0, 19, 20, 30].map((epoch) => s.rate(0, epoch))).toEqual([0.25, 0.25, 0.025, 0.025]);
    const every = schedule.stepwise(1, { every: 10, factor: 0.5, unit: "step" });
    expect([0, 9, 10, 25].map((step) => every.rate(step, 0))).toEqual([1, 1, 0.5, 0.25]);
  });

  it("exponential: rate factor^epoch, also between whole epochs", () => {
    const s = schedule.exponential(2, { factor: 0.5 });
    expect([0, 1, 3].map((epoch) => s.rate(99, epoch))).toEqual([2, 1, 0.25]);
    expect(s.rate(0, 0.5)).toBeCloseTo(Math.SQRT2, 14);
  });

  it("cosine: minimum + (rate - minimum) (1 + cos(pi t / length)) / 2, and stays there", () => {
    const s = schedule.cosine(1, { length: 4, minimum: 0.2 });
    const wanted = [0, 1, 2, 3, 4].map((t) => 0.2 + (0.8 * (1 + Math.cos((Math.PI * t) / 4))) / 2);
    wanted.forEach((value, t) => {
      expect(s.rate(t, 0)).toBeCloseTo(value, 14);
    });
    expect(s.rate(9, 0)).toBe(s.rate(4, 0));
  });

  it("cosine with restarts: again from the top after 4, then after 8, then after 16", () => {
    const even = schedule.cosine(1, { length: 4, restarts: true });
    expect(even.rate(4, 0)).toBe(1);
    expect(even.rate(4_000_002, 0)).toBeCloseTo(0.5, 14);
    const s = schedule.cosine(1, { length: 4, restarts: true, lengthFactor: 2 });
    for (const top of [0, 4, 12, 28]) expect(s.rate(top, 0)).toBe(1);
    for (const middle of [2, 8, 20]) expect(s.rate(middle, 0)).toBeCloseTo(0.5, 14);
  });

  it("polynomial and linear", () => {
    const s = schedule.polynomial(1, { length: 10, end: 0.1, power: 2 });
    expect(s.rate(5, 0)).toBeCloseTo(0.1 + 0.9 * 0.25, 14);
    expect(s.rate(50, 0)).toBe(0.1);
    expect(schedule.polynomial(1, { length: 10, power: 0.5 }).rate(5, 0)).toBeCloseTo(Math.SQRT1_2, 14);
    const line = schedule.linear(1, { length: 4, unit: "epoch" });
    expect([0, 1, 2, 3, 4, 5].map((epoch) => line.rate(77, epoch))).toEqual([1, 0.75, 0.5, 0.25, 0, 0]);
  });

  it("warm-up: 1/n, 2/n, ... 1 of the rate, then the inner schedule from its beginning", () => {
    const s = schedule.warmUp(4, schedule.linear(1, { length: 10 }));
    expect([0, 1, 2, 3].map((step) => s.rate(step, 0))).toEqual([0.25, 0.5, 0.75, 1]);
    expect([4, 5, 14].map((step) => s.rate(step, 0))).toEqual([1, 0.9, 0]);
    expect(schedule.warmUp(2, schedule.constant(1), { start: 0.5, unit: "epoch" }).rate(9, 0)).toBe(0.75);
  });

  it("one cycle, cosine and linear, as PyTorch's OneCycleLR gives it, and stays at the last rate", () => {
    const cosineRates = [
      0.02, 0.26, 0.5, 0.475242316007, 0.405872826975, 0.305631010968, 0.194370989032, 0.0941291730251, 0.0247596839933,
      2e-6, 2e-6,
    ];
    const s = schedule.oneCycle(0.5, { length: 10 });
    cosineRates.forEach((rate, step) => {
      expect(s.rate(step, 0)).toBeCloseTo(rate, 11);
    });
    const linear = schedule.oneCycle(0.5, {
      ...{ length: 8, rise: 0.5, startDivisor: 10, endDivisor: 100, curve: "linear", unit: "epoch" },
    });
    [0.05, 0.2, 0.35, 0.5, 0.375125, 0.25025, 0.125375, 0.0005, 0.0005].forEach((rate, epoch) => {
      expect(linear.rate(99, epoch)).toBeCloseTo(rate, 12);
    });
  });

  it("inverse square root: rate min((t + 1) / n, sqrt(n / (t + 1)))", () => {
    const s = schedule.inverseSquareRoot(0.8, { warmUp: 4 });
    expect([0, 1, 3, 15, 63].map((step) => s.rate(step, 0))).toEqual([0.2, 0.4, 0.8, 0.4, 0.2]);
    expect(schedule.inverseSquareRoot(1, { unit: "epoch" }).rate(9, 3)).toBe(0.5);
  });

  it("a formula of one's own, in steps or epochs, which may not give an impossible rate", () => {
    expect(schedule.custom((step) => 1 / (1 + step)).rate(3, 99)).toBe(0.25);
    expect(schedule.custom((epoch) => epoch, { unit: "epoch" }).rate(3, 99)).toBe(99);
    expect(() => schedule.custom(() => Number.NaN).rate(7, 0)).toThrow(
      "schedule.custom: the rate at time 7 must be a finite number of at least 0, got NaN",
    );
    expect(() => schedule.custom(0.1 as unknown as () => number)).toThrow(
      "schedule.custom: needs a function from time to rate, got 0.1; for a number use schedule.constant",
    );
  });

  it("rates are finite, not negative and at most the first one, at any time", () => {
    const makers: ((rate: number, length: number) => Schedule)[] = [
      (rate, length) => schedule.stepwise(rate, { every: length, factor: 0.5 }),
      (rate) => schedule.exponential(rate, { factor: 0.9 }),
      (rate, length) => schedule.cosine(rate, { length, restarts: true, lengthFactor: 1.5 }),
      (rate, length) => schedule.polynomial(rate, { length, power: 0.9 }),
      (rate, length) => schedule.oneCycle(rate, { length: length + 1, rise: 0.01 }),
      (rate, length) => schedule.oneCycle(rate, { length: length + 1, rise: 0.99 }),
      (rate, length) => schedule.inverseSquareRoot(rate, { warmUp: length }),
      (rate, length) => schedule.warmUp(length, schedule.cosine(rate, { length })),
    ];
    fc.assert(
      fc.property(
        fc.constantFrom(...makers),
        fc.double({ min: 1e-6, max: 10, noNaN: true }),
        fc.integer({ min: 1, max: 100 }),
        fc.nat(100_000),
        (make, rate, length, step) => {
          const value = make(rate, length).rate(step, Math.floor(step / 10));
          expect(value).toBeGreaterThanOrEqual(0);
          expect(value).toBeLessThanOrEqual(rate * (1 + 1e-12));
        },
      ),
      { numRuns: 500 },
    );
  });

  it("restore: pure schedules have nothing to remember, but know their type", () => {
    const s = schedule.cosine(1, { length: 4 });
    s.observe(1);
    s.restore(throughJson(s.state()));
    expect(s.finished).toBe(false);
    expect(() => s.restore(schedule.constant(1).state())).toThrow(
      'schedule.cosine: can\'t be restored from the state of a schedule of type "constant"',
    );
  });
});

describe("schedules that watch a metric", () => {
  it("onPlateau divides when the cost has not improved for `patience` epochs, down to the minimum", () => {
    const s = schedule.onPlateau(1, { patience: 2, divisor: 10, minimum: 0.005 });
    const seen = [5, 4, 4, 4, 3, 3, Number.NaN, 3, 3, 3, 3].map((cost) => {
      s.observe(cost);
      return s.rate(0, 0);
    });
    expect(seen).toEqual([1, 1, 1, 0.1, 0.1, 0.1, 0.01, 0.01, 0.005, 0.005, 0.005]);
    expect(s.finished).toBe(false);
  });

  it("minimumChange: improving by less does not count", () => {
    const s = schedule.onPlateau(1, { patience: 1, minimumChange: 0.5 });
    for (const cost of [5, 4.6, 4.4]) s.observe(cost);
    expect(s.rate(0, 0)).toBe(0.1);
  });

  it("halving: no improvement in 10 epochs halves; training ends at 1/128 of the start (Nielsen, section 3.5)", () => {
    const s = schedule.halving(0.5);
    s.observe(0.9);
    let epochs = 0;
    const rates = new Set<number>();
    while (!s.finished) {
      rates.add(s.rate(0, epochs));
      s.observe(0.9);
      epochs += 1;
    }
    expect(epochs).toBe(70);
    expect([...rates]).toEqual([1, 2, 4, 8, 16, 32, 64].map((divisor) => 0.5 / divisor));
    expect(s.rate(0, epochs)).toBe(0.5 / 128);
    s.observe(0.1);
    expect(s.rate(0, epochs)).toBe(0.5 / 128);
  });

  it("the other rules of section 3.5: halving to 1/1024, dividing by 10 to 1/1000", () => {
    for (const [options, reductions] of [
      [{ limit: 1024, patience: 1 }, 10],
      [{ divisor: 10, limit: 1000, patience: 1 }, 3],
      [{ divisor: 10, limit: 1024, patience: 1 }, 4],
    ] as const) {
      const s = schedule.halving(1, options);
      s.observe(1);
      let count = 0;
      for (; !s.finished; count++) s.observe(1);
      expect(count).toBe(reductions);
    }
  });

  it("resumes from JSON as if it had never stopped, inside a warm-up too", () => {
    const make = (): Schedule => schedule.warmUp(3, schedule.halving(1, { patience: 2, better: "smaller" }));
    const metrics = [5, 6, 4, Number.POSITIVE_INFINITY, 4, 4, 4, 4, 3, 9, 9, 9];
    fc.assert(
      fc.property(fc.integer({ min: 0, max: metrics.length }), (at) => {
        const whole = make();
        let split = make();
        metrics.forEach((metric, epoch) => {
          if (epoch === at) {
            const resumed = make();
            resumed.restore(throughJson(split.state()));
            split = resumed;
          }
          whole.observe(metric);
          split.observe(metric);
          expect(split.rate(epoch, epoch)).toBe(whole.rate(epoch, epoch));
          expect(split.finished).toBe(whole.finished);
        });
      }),
    );
  });
});

describe("bad settings", () => {
  it("names the schedule, the setting and the value", () => {
    expect(() => schedule.constant(0)).toThrow("schedule.constant: rate must be a finite number above 0, got 0");
    expect(() => schedule.stepwise(1, {})).toThrow("schedule.stepwise: give either every");
    expect(() => schedule.stepwise(1, { at: [5, 5] })).toThrow("at[1] must be a whole number of at least 6, got 5");
    expect(() => schedule.stepwise(1, { every: 0 })).toThrow("every must be a whole number of at least 1, got 0");
    expect(() => schedule.exponential(1, { factor: Number.NaN })).toThrow("schedule.exponential: factor");
    expect(() => schedule.cosine(1, { length: 2.5 })).toThrow("schedule.cosine: length must be a whole number");
    expect(() => schedule.cosine(1, { length: 2, lengthFactor: 0.5 })).toThrow("lengthFactor must be at least 1");
    expect(() => schedule.cosine(1, { length: 2, unit: "day" as "step" })).toThrow("unit must be one of step, epoch");
    expect(() => schedule.linear(1, { length: 2, power: 2 } as { length: number })).toThrow("there is no option power");
    expect(() => schedule.polynomial(1, { length: 2, end: -1 })).toThrow("schedule.polynomial: end");
    expect(() => schedule.oneCycle(1, { length: 1 })).toThrow(
      "schedule.oneCycle: length must be a whole number of at least 2",
    );
    expect(() => schedule.oneCycle(1, { length: 9, rise: 1 })).toThrow("rise is the share of the cycle");
    expect(() => schedule.oneCycle(1, { length: 9, endDivisor: 0.5 })).toThrow(
      "endDivisor must be at least 1, got 0.5",
    );
    expect(() => schedule.inverseSquareRoot(1, { warmUp: 0 })).toThrow(
      "schedule.inverseSquareRoot: warmUp must be a whole",
    );
    expect(() => schedule.inverseSquareRoot(1, { warmup: 9 } as object)).toThrow("there is no option warmup");
    expect(() => schedule.warmUp(0, schedule.constant(1))).toThrow("schedule.warmUp: length");
    expect(() => schedule.warmUp(1, schedule.constant(1), { start: 2 })).toThrow("start is a share");
    expect(() => schedule.onPlateau(1, { patience: 0 })).toThrow("schedule.onPlateau: patience");
    expect(() => schedule.onPlateau(1, { divisor: 1 })).toThrow("schedule.onPlateau: divisor must be above 1");
    expect(() => schedule.halving(1, { limit: 1 })).toThrow("schedule.halving: limit must be above 1, got 1");
    expect(() => schedule.halving(1, { better: "higher" as "larger" })).toThrow("better must be one of");
    expect(() => schedule.halving(1).observe("0.9" as unknown as number)).toThrow("the metric must be a number");
    expect(() => schedule.cosine(1, { length: 2 }).rate(Number.NaN, 0)).toThrow("schedule.cosine: step");
    expect(() => schedule.halving(1).restore({ type: "halving" })).toThrow("schedule.halving: restore: stalled");
  });
});

describe("powers and cosines of single numbers", () => {
  it("agree with Math to rounding", () => {
    fc.assert(
      fc.property(fc.double({ min: 0.1, max: 2, noNaN: true }), fc.nat(200), (base, n) => {
        expect(wholePower(base, n) / base ** n).toBeCloseTo(1, 12);
      }),
    );
    expect(wholePower(0.5, 0)).toBe(1);
    for (const x of [0, 0.1, 1, Math.PI / 2, 3, Math.PI]) expect(cosine(x)).toBeCloseTo(Math.cos(x), 14);
    for (const x of [0, 0.3, 1]) expect(power(x, 0.9)).toBeCloseTo(x ** 0.9, 14);
  });
});
