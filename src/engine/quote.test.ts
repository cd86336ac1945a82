// What errors say of a wrong value: its kind and beginning, in a line.
import { expect, test } from "vitest";
import { Activation, optimizerByName, Sequential, tensor } from "../index.ts";
import { quote } from "./quote.ts";

test("numbers, names and what else is short stand as a program writes them", () => {
  const values = [1, -0, Number.NaN, true, null, undefined, "relu", 12n, Symbol("s"), [1, [2, "a"]], {}, { axis: [1] }];
  expect(values.map(quote).join(" ")).toBe(
    '1 -0 NaN true null undefined "relu" 12n Symbol(s) [1, [2, "a"]] {} { axis: [1] }',
  );
});

test("objects are named by their kind", () => {
  function half(): void {}
  expect(quote(tensor([[1, 2, 3]]))).toBe("a tensor of shape (1, 3)");
  expect(quote([tensor(1)])).toBe("[a tensor of shape ()]");
  expect(quote(new Float32Array(3))).toBe("a Float32Array of 3");
  expect(quote(new DataView(new ArrayBuffer(8)))).toBe("a DataView of 8");
  expect(quote(new Activation("relu"))).toBe("an Activation");
  expect(quote(new Date(0))).toBe("a Date");
  expect(quote(Promise.resolve(1))).toBe("a promise; await it first");
  expect(quote(half)).toBe("a function half");
  expect(quote(Sequential)).toBe("the class Sequential");
});

test("a quotation is short whatever the value", () => {
  const cyclic: unknown[] = [];
  cyclic.push(cyclic, { cyclic });
  const wide = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`key${i}`, "v".repeat(100)]));
  const sparse: unknown[] = [];
  sparse.length = 2 ** 32 - 1;
  const values = ["x".repeat(1e6), cyclic, wide, sparse, 10n ** 5000n, Symbol("s".repeat(1e5)), { wide: [wide, wide] }];
  for (const value of values) expect(quote(value).length).toBeLessThanOrEqual(120);
  expect(quote("x".repeat(1e6))).toBe(`"${"x".repeat(60)}"... (1000000 characters)`);
});

test("a quotation runs nothing of the value and never throws", () => {
  const angry = new Proxy(
    {},
    {
      get: () => {
        throw new Error("get");
      },
      getPrototypeOf: () => {
        throw new Error("prototype");
      },
    },
  );
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  const withText = {
    toString: () => {
      throw new Error("toString");
    },
    toJSON: () => {
      throw new Error("toJSON");
    },
  };
  expect(quote(angry)).toBe("an object that can't be read");
  expect(quote(revoked.proxy)).toBe("an object that can't be read");
  expect(quote(withText)).toContain("toString: a function toString");
});

test("a tensor where a name belongs is named in a line, and no memory is written out", () => {
  const x = tensor([1]) as never;
  expect(() => new Activation(x)).toThrow(/^activation: unknown name a tensor of shape \(1,\); use one of linear, /);
  expect(() => tensor([1], { dtype: x })).toThrow(/^tensor: unknown dtype a tensor of shape \(1,\); use one of/);
  expect(() => optimizerByName(x)).toThrow(/optimizer: unknown name a tensor of shape \(1,\)/);
});
