// Recording what a function asks of the engine, and asking it again.
import { describe, expect, test } from "vitest";
import { Generator, keep, matmul, memory, random, scope, startProfiling, type Tensor, tensor, zeros } from "../node.ts";
import { concat, oneHot, softmaxCrossEntropy, where } from "../ops/index.ts";
import { engine } from "./engine.ts";
import { type Program, Recording } from "./recording.ts";

/** Records a function of tensors in a scope of its own, as the trainer does. */
function record(body: () => Tensor): { program: Program | null; result: Tensor; obstacle: string | undefined } {
  const recording = new Recording();
  let result: Tensor | undefined;
  scope(() => {
    result = recording.run(body);
  });
  const program = recording.finish([result!]);
  return { program, result: result!, obstacle: recording.obstacle };
}

const values = (x: Tensor): number[] => Array.from(x.dataSync());

describe("a program", () => {
  test("computes on the values that its operands have then", () => {
    const x = keep(tensor([1, 2, 3]));
    const w = keep(
      tensor(
        [
          [1, 0, 2],
          [0, 1, 0],
          [1, 1, 1],
        ].flat(),
      ).reshape([3, 3]),
    );
    const f = (): Tensor =>
      matmul(x.reshape([1, 3]), w)
        .square()
        .add(1)
        .sum();
    const { program, result } = record(f);
    engine().write(x, Float32Array.of(-1, 0.5, 4));
    expect(program!.run()).toBe(true);
    expect(result.item()).toBe(scope(f).item());
    engine().write(w, new Float32Array(9).fill(2));
    program!.run();
    expect(result.item()).toBe(scope(f).item());
  });

  test("makes every kind of call again", () => {
    const x = keep(random.uniform([4, 6], 0.5, 1, { generator: new Generator(1) }));
    const labels = keep(tensor([0, 5, 2, 1], "int32"));
    const f = (): Tensor => {
      const moved = concat([x.T.add(0).T.slice(1, 3), x]);
      const chosen = where(x.greater(0.7), x, 1);
      const cast = x.cast("float64").cast("float32").variance(0).sum();
      const more = [chosen.mean(), cast, softmaxCrossEntropy(x, labels), oneHot(labels, 6).mul(x).sum(), tensor(2)];
      return more.reduce((sum, one) => sum.add(one), moved.max().sub(x.log().sum()).mul(zeros([]).add(3)));
    };
    const { program, result, obstacle } = record(f);
    expect(obstacle).toBeUndefined();
    for (const seed of [2, 3]) {
      engine().copy(random.uniform([4, 6], 0.5, 1, { generator: new Generator(seed) }), x);
      expect(program!.run()).toBe(true);
      expect(result.item()).toBe(scope(f).item());
    }
  });

  test("keeps what lives only inside in little memory, and gives it back", () => {
    const x = keep(zeros([1000]));
    const before = memory();
    const { program, result } = record(() => {
      let y = x.add(1);
      for (let i = 0; i < 50; i++) y = y.mul(1.5).sub(0.25);
      return y.sum();
    });
    expect(program!.length).toBe(102);
    expect(program!.bytes).toBeLessThanOrEqual(2 * 4032 + 64);
    expect(memory().bytes - before.bytes).toBe(program!.bytes);
    expect(program!.run()).toBe(true);
    expect(Number.isFinite(result.item())).toBe(true);
  });

  test("draws new random numbers every time, those that the function would have drawn", () => {
    const x = keep(zeros([8]));
    const drawn = new Generator(7);
    const { program, result } = record(() => x.add(random.normal([8], 0, 1, { generator: drawn })));
    const again = new Generator(7);
    random.normal([8], 0, 1, { generator: again });
    for (let i = 0; i < 3; i++) {
      program!.run();
      expect(values(result)).toEqual(values(random.normal([8], 0, 1, { generator: again })));
    }
    expect(drawn.state()).toEqual(again.state());
  });

  test("stops where a check answers otherwise than when it was recorded", () => {
    const labels = keep(tensor([0, 1], "int32"));
    const z = keep(tensor([1, 2, 3, 4]).reshape([2, 2]));
    const { program } = record(() => softmaxCrossEntropy(z, labels));
    expect(program!.run()).toBe(true);
    engine().write(labels, Int32Array.of(0, 2));
    expect(program!.run()).toBe(false);
  });

  test("counts its writes to what is outside", () => {
    const x = keep(zeros([4]));
    const { program } = record(() => {
      const y = x.add(1);
      engine().copy(y, x);
      x.storage.version += 1;
      return y;
    });
    const before = x.storage.version;
    program!.run();
    expect(x.storage.version).toBe(before + 1);
    expect(values(x)).toEqual([2, 2, 2, 2]);
  });

  test("is the same under a profiler, which sees its kernels", () => {
    const x = keep(tensor([1, 2]));
    const profiler = startProfiling();
    const { program } = record(() => x.exp().sum());
    program!.run();
    profiler.stop();
    expect(profiler.operations.map(({ operation, calls }) => [operation, calls]).sort()).toEqual([
      ["exp", 2],
      ["sum", 2],
    ]);
    expect(program!.engine).not.toBe(engine());
  });
});

describe("what can't be a program", () => {
  const x = keep(tensor([1, 2, 3]));

  test.each([
    ["item()", () => x.mul(x.sum().item())],
    ["dataSync()", () => x.mul(x.dataSync()[0]!)],
    ["data()", () => x.mul(Number(x.data() instanceof Promise))],
  ])("looks at values: %s", (_, body) => {
    const { program, obstacle } = record(body);
    expect(program).toBeNull();
    expect(obstacle).toBe("it looks at values while it runs");
  });

  test("draws random numbers outside kernels", () => {
    const { program, obstacle } = record(() => {
      const [seed] = new Generator(1).take(1);
      return x.add(seed);
    });
    expect(program).toBeNull();
    expect(obstacle).toMatch(/^it draws random numbers/);
  });

  test("a shape that follows from values makes a program that stops when it changes", () => {
    const y = keep(tensor([1, 2, 3]));
    const { program } = record(() => y.get(y.greater(1)).sum());
    expect(program!.run()).toBe(true);
    engine().write(y, Float32Array.of(0, 0, 3));
    expect(program!.run()).toBe(false);
  });

  test("keeps a tensor", () => {
    const { program, obstacle } = record(() => keep(x.add(1)).sum());
    expect(program).toBeNull();
    expect(obstacle).toBe("it keeps a tensor made by add");
  });

  test("a dry recording makes no call, and its program all of them", () => {
    const [x, labels] = [keep(tensor([[1, 2, 3]])), keep(tensor([2], "int32"))];
    const body = (): Tensor =>
      concat([x, x.mul(2)])
        .sum(0)
        .add(softmaxCrossEntropy(x, labels));
    const expected = scope(() => values(body()));
    const recording = new Recording({ dry: true });
    let result: Tensor | undefined;
    scope(() => {
      result = recording.runDry(body);
      expect(result!.storage.address).toBeLessThan(0);
    });
    const program = recording.finish([result!])!;
    expect(program.run()).toBe(true);
    expect(values(result!)).toEqual(expected);
    // A check that the list took for granted.
    labels.set(0, 3);
    expect(program.run()).toBe(false);
  });

  test("a dry recording of what looks at values ends there, and says so", () => {
    const x = keep(tensor([1, 2]));
    const recording = new Recording({ dry: true });
    let after = false;
    scope(() => {
      const result = recording.runDry(() => {
        const y = x.add(x.sum().item());
        after = true;
        return y;
      });
      expect(result).toBeUndefined();
    });
    expect(after).toBe(false);
    expect(recording.obstacle).toBe("it looks at values while it runs");
    expect(values(x.add(1))).toEqual([2, 3]);
  });

  test("a recording inside a recording", () => {
    const recording = new Recording();
    scope(() => {
      expect(() => recording.run(() => new Recording().run(() => 1))).toThrow("one recording can't run inside another");
    });
    expect(engine().status().engine).toBeTypeOf("string");
  });

  test("an error inside leaves the engine as it was", () => {
    const before = engine();
    expect(() =>
      record(() => {
        throw new Error("mine");
      }),
    ).toThrow("mine");
    expect(engine()).toBe(before);
  });
});
