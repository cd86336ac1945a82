// The sweep's judge: it must tell an error of ours from the language's own, and a poisoned engine from a whole one.
import { expect, test } from "vitest";
import * as nabla from "../../src/node.ts";
import { complaintAbout, complaintOf, fingerprint, pulse } from "./calls/judge.mjs";

const errorOf = (body: () => unknown): Error => {
  try {
    body();
  } catch (error) {
    return error as Error;
  }
  throw new Error("no error");
};

test("errors of the language are raw, those of the library are not", () => {
  const x = undefined as unknown as { y: { z: number }; f(): void };
  const list = 5 as unknown as number[];
  const raw = [
    () => x.y.z,
    () => [...list],
    () => new Array(-1),
    () => structuredClone(() => 1),
    () => `${Symbol() as unknown as string}`,
  ];
  for (const body of raw) expect(complaintAbout(errorOf(body))).toMatch(/^(raw|names no operation): /);
  const ours = [() => nabla.sum([1] as never), () => nabla.zeros([-1]), () => new nabla.Dense(0)];
  for (const body of ours) expect(complaintAbout(errorOf(body))).toBeUndefined();
});

test("a trap and an endless message are complaints", () => {
  const bytes = Uint8Array.of(
    0,
    97,
    115,
    109,
    1,
    0,
    0,
    0,
    1,
    4,
    1,
    96,
    0,
    0,
    3,
    2,
    1,
    0,
    7,
    5,
    1,
    1,
    102,
    0,
    0,
    10,
    5,
    1,
    3,
    0,
    0,
    11,
  );
  const { f } = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports as { f(): void };
  expect(complaintAbout(errorOf(f))).toMatch(/^a trap: RuntimeError: unreachable/);
  expect(complaintAbout(new Error(`sum: ${"x".repeat(1e5)}`))).toBe(
    `a message of 100005 characters: sum: ${"x".repeat(95)}`,
  );
});

test("a tensor whose parts contradict each other is named", () => {
  const bent = (change: object): unknown => [Object.assign(nabla.tensor([1, 2, 3]), change)];
  expect(complaintOf(bent({}), nabla.Tensor)).toBeUndefined();
  expect(complaintOf(bent({ shape: [Number.NaN] }), nabla.Tensor)).toBe("0: a tensor of shape [NaN]");
  expect(complaintOf(bent({ size: 4 }), nabla.Tensor)).toBe("0: shape [3] with size 4");
  expect(complaintOf(bent({ offset: 1e6 }), nabla.Tensor)).toMatch(/^0: elements 1000000 to 1000002 of \d+ bytes$/);
});

test("the engine's pulse and its known computation are the same each time", () => {
  expect(pulse(nabla)).toBeUndefined();
  expect(fingerprint(nabla)).toBe(fingerprint(nabla));
  expect(nabla.noGrad(() => pulse(nabla))).toBe("operations are no longer recorded");
  expect(nabla.scope(() => pulse(nabla))).toBe("a scope was left open");
});
