// A network that only answers gives what it gives otherwise, whatever stands between its convolutions: the library's layout is never seen.
import fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import { exportOnnx, importOnnx } from "../../io/onnx/index.node.ts";
import * as nb from "../../node.ts";
import { configureEngine } from "../configure.ts";
import { engine, setEngine } from "../engine.ts";
import { NativeEngine } from "./engine.ts";
import { missingReason, nativeLibraries } from "./library.ts";

const found = nativeLibraries();
const blocked = found?.float32.kind === "onednn" && process.arch === "x64";
const skipped = blocked ? "" : ` (skipped: ${found === null ? missingReason() : "no oneDNN"})`;

const SIDE = 10;

type Step =
  | { kind: "conv"; from: number; filters: number; size: 1 | 3; groups: 1 | 4; bias: boolean; relu: boolean }
  | { kind: "normalise" | "relu" | "sigmoid" | "pool" | "scale"; from: number }
  | { kind: "add" | "multiply" | "concatenate"; from: number; with: number };

const place = fc.nat(40);
const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("conv" as const),
      from: place,
      filters: fc.constantFrom(32, 64, 64, 20),
      size: fc.constantFrom(1 as const, 3 as const, 3 as const),
      groups: fc.constantFrom(1 as const, 1 as const, 1 as const, 4 as const),
      bias: fc.boolean(),
      relu: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        "normalise" as const,
        "relu" as const,
        "relu" as const,
        "sigmoid" as const,
        "pool" as const,
        "scale" as const,
      ),
      from: place,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom("add" as const, "add" as const, "multiply" as const, "concatenate" as const),
      from: place,
      with: place,
    }),
  },
);

/** A model of such steps. Each takes one of the values there are, more often the last; what doesn't fit the other operand is left out. */
function modelOf(list: readonly Step[], seed: number): nb.Model {
  const input = nb.input([64, SIDE, SIDE]);
  const values = [input];
  const generator = new nb.Generator(seed);
  const weights = nb.initialiser.truncatedNormal({ deviation: 0.05 });
  for (const step of list) {
    const from = step.from < 30 ? values.at(-1)! : values[step.from % values.length]!;
    if (step.kind === "conv") {
      const groups = from.shape[0]! % 4 === 0 ? step.groups : 1;
      const activation = step.relu ? "relu" : "linear";
      const options = { padding: "same", groups, weights, activation } as const;
      const bias = step.bias ? nb.initialiser.truncatedNormal({ deviation: 0.1 }) : null;
      values.push(new nb.Conv2D(step.filters, step.size, { ...options, bias }).apply(from));
    } else if (step.kind === "normalise") values.push(new nb.BatchNormalization().apply(from));
    else if (step.kind === "relu" || step.kind === "sigmoid") values.push(new nb.Activation(step.kind).apply(from));
    else if (step.kind === "pool") values.push(new nb.MaxPooling2D(3, { stride: 1, padding: 1 }).apply(from));
    else if (step.kind === "scale") values.push(new nb.Rescaling(0.5, { offset: 0.25 }).apply(from));
    else if ("with" in step) {
      const other = values[step.with % values.length]!;
      if (other.shape[0] !== from.shape[0]) continue;
      if (step.kind === "concatenate") values.push(new nb.Concatenate({ axis: 1 }).apply([from, other]));
      else values.push(new (step.kind === "add" ? nb.Add : nb.Multiply)().apply([from, other]));
    }
  }
  const outputs = values.length > 4 ? [values.at(-1)!, values.at(-3)!] : [values.at(-1)!];
  const model = new nb.Model({ inputs: input, outputs, seed });
  // Statistics of normalisation as after training.
  for (const parameter of model.parameters) {
    const { shape, name } = parameter;
    if (/variance/.test(name)) parameter.assign(nb.random.uniform(shape, 0.5, 2, { generator }));
    if (/mean|gamma|beta/.test(name)) parameter.assign(nb.random.normal(shape, 0.5, 0.5, { generator }));
  }
  return model;
}

/** What the model gives as it gives it where gradients may be asked for. */
function plainly(model: nb.Model, x: nb.Tensor): Float32Array[] {
  return nb.scope(() => Object.values(model.callAll(x)).map((y) => y.dataSync() as Float32Array));
}

function answered(model: nb.Model, x: nb.Tensor): Float32Array[] {
  return nb.scope(() => Object.values(nb.predictAll(model, x)).map((y) => y.dataSync() as Float32Array));
}

function largest(a: Float32Array, b: Float32Array): number {
  expect(a.length).toBe(b.length);
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!) / (1 + Math.abs(value))), 0);
}

/** Two blocks of a residual network, with a pooling between. */
function residual(filters = 64): nb.Model {
  const input = nb.input([filters, SIDE, SIDE]);
  let x = input;
  for (let i = 0; i < 2; i++) {
    const conv = (y: nb.Symbolic, size: number): nb.Symbolic =>
      new nb.BatchNormalization().apply(new nb.Conv2D(filters, size, { padding: "same", bias: null }).apply(y));
    const inner = conv(new nb.Activation("relu").apply(conv(x, 3)), 3);
    x = new nb.Activation("relu").apply(new nb.Add().apply([inner, i === 0 ? conv(x, 1) : x]));
    if (i === 0) x = new nb.MaxPooling2D(3, { stride: 1, padding: 1 }).apply(x);
  }
  return new nb.Model({ inputs: input, outputs: x, seed: 3 });
}

const picture = (n: number, seed = 5): nb.Tensor =>
  nb.random.normal([n, 64, SIDE, SIDE], 0, 1, { generator: new nb.Generator(seed) });

const inUse = (): number => (engine() as unknown as { arena: { bytesInUse: number } }).arena.bytesInUse;

function calls(model: nb.Model, x: nb.Tensor): Record<string, number> {
  const profiler = nb.startProfiling();
  answered(model, x);
  return Object.fromEntries(profiler.stop().operations.map(({ operation, calls }) => [operation, calls]));
}

describe.skipIf(!blocked)(`a network that only answers${skipped}`, () => {
  configureEngine({ engine: blocked ? "native" : "wasm", threads: 2 });

  test("keeps what its convolutions give in blocks, and does what follows them in the same pass", () => {
    const seen = calls(residual(), picture(2));
    expect(seen["convolutionInBlocks"]).toBe(5);
    // Into blocks at the beginning and after the pooling; into rows for the pooling and at the end.
    expect(seen).toMatchObject({ imagesIntoBlocks: 2, imagesIntoRows: 2, maxPool: 1 });
    for (const none of ["convolution", "channelAffine", "relu"]) expect(seen).not.toHaveProperty(none);
    // Those of epsilon to the variances, and no other.
    expect(seen["add"]).toBe(5);
  });

  test("gives what it gives otherwise, whatever stands between its convolutions", () => {
    let inBlocks = 0;
    fc.assert(
      fc.property(
        fc.array(steps, { minLength: 8, maxLength: 20 }),
        fc.constantFrom(1, 2, 5),
        fc.nat(1000),
        (list, n, seed) => {
          const before = inUse();
          nb.scope(() => {
            const model = modelOf(list, seed);
            const x = picture(n, seed);
            const expected = plainly(model, x);
            inBlocks += calls(model, x)["convolutionInBlocks"] ?? 0;
            answered(model, x).forEach((y, i) => {
              expect(largest(expected[i]!, y)).toBeLessThan(2e-4);
            });
          });
          expect(inUse()).toBeLessThanOrEqual(before + (8 << 20));
        },
      ),
      { numRuns: 150 },
    );
    expect(inBlocks).toBeGreaterThan(100);
  });

  test("same bits with one thread and with two, and every time; new weights count from the next answer on", () => {
    const results: Float32Array[] = [];
    for (const threads of [1, 2, 2]) {
      const own = NativeEngine.make({ threads });
      const before = engine();
      setEngine(own);
      onTestFinished(() => {
        setEngine(before);
        own.close();
      });
      const model = residual();
      const x = picture(3);
      const first = answered(model, x)[0]!;
      // The weights are kept in the library's layout from the second answer on.
      for (let i = 0; i < 3; i++) expect(answered(model, x)[0]).toEqual(first);
      results.push(first);
      const [kernel] = model.parameters.filter(({ shape }) => shape.length === 4);
      kernel!.assign(nb.mul(kernel!.tensor, 2));
      const changed = answered(model, x)[0]!;
      expect(largest(plainly(model, x)[0]!, changed)).toBeLessThan(2e-4);
      expect(largest(first, changed)).toBeGreaterThan(1e-3);
    }
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
  });

  test("what is no number stays so through rectification, normalisation and sums", () => {
    const model = residual();
    const x = picture(1);
    const values = x.dataSync().slice();
    values[3 * SIDE * SIDE + 7] = Number.NaN;
    const [expected, y] = [plainly, answered].map((run) => run(model, nb.tensor(values, { shape: x.shape }))[0]!);
    const missing = (list: Float32Array): number[] => [...list.keys()].filter((i) => Number.isNaN(list[i]));
    expect(missing(expected!).length).toBeGreaterThan(100);
    expect(missing(y!)).toEqual(missing(expected!));
  });

  test("a layer that keeps what it sees keeps its values, and one that throws leaves nothing behind", () => {
    let seen: nb.Tensor | undefined;
    let fail = false;
    const look = (x: nb.Tensor): nb.Tensor => {
      if (fail) throw new Error("not now");
      seen = nb.keep(x);
      return x;
    };
    const input = nb.input([64, SIDE, SIDE]);
    let y: nb.Symbolic = input;
    for (let i = 0; i < 6; i++) y = new nb.Conv2D(64, 3, { padding: "same", activation: "relu" }).apply(y);
    y = new nb.Lambda(look).apply(y);
    const model = new nb.Model({
      inputs: input,
      outputs: new nb.Conv2D(32, 1).apply(y),
      seed: 1,
    });
    const x = picture(2);
    const expected = plainly(model, x);
    const kept = seen!.dataSync();
    expect(largest(expected[0]!, answered(model, x)[0]!)).toBeLessThan(2e-4);
    expect(largest(kept as Float32Array, seen!.dataSync() as Float32Array)).toBeLessThan(2e-4);
    answered(model, x);
    seen = undefined;
    const [on, before] = [engine(), inUse()];
    fail = true;
    expect(() => answered(model, x)).toThrow("not now");
    expect(engine()).toBe(on);
    expect(inUse()).toBe(before);
    fail = false;
    expect(largest(expected[0]!, answered(model, x)[0]!)).toBeLessThan(2e-4);
  });

  test("weights that end while their convolution waits have done their work", () => {
    const weights = nb.random.normal([64, 64, 3, 3], 0, 0.03, { generator: new nb.Generator(2) });
    const input = nb.input([64, SIDE, SIDE]);
    let y: nb.Symbolic = input;
    for (let i = 0; i < 10; i++) {
      const own = (x: nb.Tensor): nb.Tensor => nb.conv2d(x, nb.mul(weights, 1 + i / 10), null, { padding: 1 });
      y = new nb.Lambda(own).apply(y);
    }
    const model = new nb.Model({ inputs: input, outputs: y });
    const x = picture(2);
    expect(calls(model, x)["convolutionInBlocks"]).toBe(10);
    expect(largest(plainly(model, x)[0]!, answered(model, x)[0]!)).toBeLessThan(2e-4);
  });

  test("from a file of ONNX too", () => {
    const model = residual();
    const x = picture(2);
    const expected = plainly(model, x)[0]!;
    const read = importOnnx(exportOnnx(model));
    expect(calls(read, x)["convolutionInBlocks"]).toBe(5);
    expect(largest(expected, answered(read, x)[0]!)).toBeLessThan(2e-4);
  });

  test("a captured call too, to the same bits, with other inputs and other weights", () => {
    const few = nb.input([64, SIDE, SIDE]);
    const two = new nb.Conv2D(32, 1).apply(new nb.Conv2D(64, 3, { padding: "same", activation: "relu" }).apply(few));
    for (const model of [residual(), new nb.Model({ inputs: few, outputs: two, seed: 4 })]) {
      const ask = nb.capture((x: nb.Tensor) => model.call(x));
      const captured = (x: nb.Tensor): Float32Array =>
        nb.scope(() => nb.noGrad(() => ask(x).dataSync() as Float32Array));
      for (let i = 0; i < 12; i++) {
        const x = picture(2, i);
        if (i === 9) {
          const [kernel] = model.parameters.filter(({ shape }) => shape.length === 4);
          kernel!.assign(nb.mul(kernel!.tensor, 1.5));
        }
        expect(captured(x)).toEqual(answered(model, x)[0]);
        expect(largest(plainly(model, x)[0]!, captured(x))).toBeLessThan(2e-4);
      }
      expect(ask.active).toBe(true);
      // Asked once, recorded twice as it would be with gradients, and run again three times.
      const profiler = nb.startProfiling();
      for (let i = 0; i < 6; i++) captured(picture(2));
      const seen = Object.fromEntries(profiler.stop().operations.map(({ operation, calls }) => [operation, calls]));
      expect(seen["convolutionInBlocks"]).toBe(2 * seen["convolution"]!);
    }
  });

  test("more shapes than are kept: all are forgotten, also those that a convolution waits with", () => {
    const native = engine() as NativeEngine;
    const convolutions = (native as unknown as { convolutions: { blocked: { known: Map<string, unknown> } } })
      .convolutions.blocked;
    const model = residual();
    const expected = plainly(model, picture(2))[0]!;
    for (let i = convolutions.known.size; i < 260; i++) convolutions.known.set(`filled ${i}`, null);
    expect(largest(expected, answered(model, picture(2))[0]!)).toBeLessThan(2e-4);
    expect(convolutions.known.size).toBeLessThan(100);
  });
});
