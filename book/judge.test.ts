import { describe, expect, test } from "vitest";
import type { Claim, Experiment, Outcome } from "./experiment.ts";
import { judge, liesIn } from "./judge.ts";
import { runExperiment } from "./run.ts";

const both = (text: string) => ({ en: text, zh: text });

function experiment(claims: readonly Claim[], run: Experiment["run"]): Experiment {
  const [title, about] = [both("t"), both("a")];
  return { id: "test/1", title, section: "1", kind: "experiment", about, read: [], claims, run };
}

describe("a band", () => {
  test.each([
    [{ within: 0.1 }, 0.95, 1, true],
    [{ within: 0.1 }, 0.8, 1, false],
    [{ within: 0.1 }, [1, 2.05], [1, 2], true],
    [{ within: 0.1 }, [1, 2.2], [1, 2], false],
    [{ within: 0.1 }, [1], [1, 2], false],
    [{ within: 0.1 }, 1, undefined, false],
    [{ within: 0.1 }, Number.NaN, 1, false],
    [{ atLeast: 2 }, 2, undefined, true],
    [{ atLeast: 2 }, [3, 1], undefined, false],
    [{ atLeast: 2 }, Number.NaN, undefined, false],
    [{ atMost: 2 }, 2, undefined, true],
    [{ atMost: 2 }, 2.1, undefined, false],
    [{ between: [1, 2] as const }, 1.5, undefined, true],
    [{ between: [1, 2] as const }, 2.5, undefined, false],
    [{ between: [1, 2] as const }, "1.5", undefined, false],
    [{ equals: true }, true, undefined, true],
    [{ equals: true }, false, undefined, false],
    [{ equals: [1, 0] }, [1, 0], undefined, true],
    [{ equals: [1, 0] }, [1], undefined, false],
    [{ equals: "a" }, "a", undefined, true],
  ])("%j takes %j beside %j: %j", (band, measured, reported, expected) => {
    expect(liesIn(band, measured, reported)).toBe(expected);
  });

  test("a measure that is missing lies in none", () => {
    for (const band of [{ within: 9 }, { atLeast: -9 }, { equals: 0 }]) expect(liesIn(band, undefined, 0)).toBe(false);
  });
});

describe("a verdict", () => {
  const claims: Claim[] = [
    { measure: "a", says: both("a"), reported: 1, accept: { within: 0.5 } },
    { measure: "b", says: both("b"), accept: { quick: null, full: { atLeast: 10 } } },
  ];
  const outcome: Outcome = { measured: { a: 1.2, b: 3 } };
  const subject = experiment(claims, async () => outcome);

  test("is not decided where the form can't tell of a claim", () => {
    expect(judge(subject, outcome, "quick").verdict).toBe("not decided");
    expect(judge(subject, outcome, "quick").claims.map(({ holds }) => holds)).toEqual([true, null]);
  });

  test("differs when one claim does not hold", () => {
    expect(judge(subject, outcome, "full").verdict).toBe("differs");
    const wrong: Outcome = { measured: { a: 3, b: 3 } };
    expect(judge(subject, wrong, "quick").verdict).toBe("differs");
  });

  test("is reproduced when all claims hold, and shown when there is none", () => {
    expect(judge(subject, { measured: { a: 1.2, b: 10 } }, "full").verdict).toBe("reproduced");
    expect(
      judge(
        experiment([], async () => outcome),
        outcome,
        "full",
      ).verdict,
    ).toBe("shown");
  });

  test("a known difference explains its own claim, within its own band, and no other", () => {
    const known: Claim = {
      ...{ measure: "a", says: both("a"), reported: 1, accept: { within: 0.5 } },
      differs: { accept: { quick: null, full: { between: [2, 3] } }, cause: both("why") },
    };
    const both2 = experiment([known, { measure: "b", says: both("b"), accept: { atLeast: 0 } }], async () => outcome);
    const explained = (measured: Outcome["measured"], form: "quick" | "full") =>
      judge(both2, { measured }, form).claims.map((judged) => judged.explained);
    expect(explained({ a: 2.5, b: 1 }, "full")).toEqual([true, false]);
    expect(explained({ a: 3.5, b: -1 }, "full")).toEqual([false, false]);
    expect(explained({ a: 2.5, b: 1 }, "quick")).toEqual([false, false]);
    expect(explained({ a: 1, b: 1 }, "full")).toEqual([false, false]);
    expect(judge(both2, { measured: { a: 2.5, b: 1 } }, "full").verdict).toBe("differs");
  });
});

describe("a run", () => {
  test("knows its form and seeds", async () => {
    const seen: unknown[] = [];
    const subject = experiment([], async ({ form, seed, seeds, pick }) => {
      seen.push(form, seed, seeds(3), seeds(5, 2), pick({ quick: "q", full: "f" }));
      return { measured: {} };
    });
    await runExperiment(subject, { form: "full", seed: 7 });
    await runExperiment(subject, { form: "quick", seed: 7 });
    expect(seen).toEqual(["full", 7, [7, 8, 9], [7, 8, 9, 10, 11], "f", "quick", 7, [7], [7, 8], "q"]);
  });

  test("that throws has failed, with its error", async () => {
    const subject = experiment([], async () => {
      throw new RangeError("no such number");
    });
    const result = await runExperiment(subject);
    expect(result.verdict).toBe("failed");
    expect(result.error?.message).toBe("no such number");
    expect(result.outcome).toBeNull();
  });
});
