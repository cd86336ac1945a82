// Captured steps: the bits of the steps themselves, and a reason where a step can't be replayed.
import { describe, expect, test } from "vitest";
import {
  Adam,
  backward,
  capture,
  clearGradients,
  Dense,
  Dropout,
  Generator,
  keep,
  Layer,
  type LayerConfig,
  memory,
  noGrad,
  random,
  Sequential,
  SGD,
  type Shape,
  scope,
  softmaxCrossEntropy,
  type Tensor,
  tensor,
  updateTensors,
  zeros,
} from "../node.ts";

const generator = new Generator(1);
const batches = keep(
  scope(() =>
    Array.from({ length: 12 }, () => ({
      x: random.normal([8, 4], 0, 1, { generator }),
      y: random.integers([8], 0, 3, { generator }),
    })),
  ),
);

type Step = (x: Tensor, y: Tensor) => Tensor;

function setup(): { model: Sequential; optimizer: Adam; step: Step } {
  const model = new Sequential([new Dense(6, { activation: "tanh" }), new Dropout(0.3), new Dense(3)], {
    inputShape: [4],
    seed: 2,
  });
  const optimizer = new Adam({ learningRate: 0.05, clipNorm: 1 });
  const step: Step = (x, y) => {
    const loss = softmaxCrossEntropy(model.logits(x, { training: true }), y);
    model.block.clearGradients();
    backward(loss);
    optimizer.step(model.block);
    return loss;
  };
  return { model, optimizer, step };
}

describe("the same bits", () => {
  test("forward, backward, clipping, dropout, and Adam with a rate that changes", () => {
    const [plain, other] = [setup(), setup()];
    const captured = capture(other.step);
    const losses: Tensor[] = [];
    batches.forEach(({ x, y }, i) => {
      for (const { optimizer } of [plain, other]) optimizer.learningRate = 0.05 / (i + 1);
      losses.push(captured(x, y));
      expect(losses[i].item()).toBe(plain.step(x, y).item());
      expect(other.model.block.values.dataSync()).toEqual(plain.model.block.values.dataSync());
      expect(other.model.block.gradients.dataSync()).toEqual(plain.model.block.gradients.dataSync());
    });
    expect(captured.obstacle).toBeNull();
    expect(captured.active).toBe(true);
    // What was returned is not written over by later calls.
    expect(new Set(losses.map((loss) => loss.item())).size).toBe(12);
  });

  test("gradients of slices, which are made among zeros", () => {
    const model = new Sequential([new Dense(3)], { inputShape: [2], seed: 1 });
    const step = (x: Tensor) => {
      const loss = model.call(x).slice(0, 2, 1, 1).square().sum();
      model.block.clearGradients();
      backward(loss);
      return loss;
    };
    const captured = capture(step);
    for (let i = 1; i < 7; i++) {
      const x = tensor([[i, 2]]);
      expect(captured(x).item()).toBe(step(x).item());
      const gradients = [...model.block.gradients.dataSync()];
      captured(x);
      expect([...model.block.gradients.dataSync()]).toEqual(gradients);
    }
    expect(captured.obstacle).toBeNull();
    expect(captured.active).toBe(true);
  });

  test("a model that answers without recording, beside one that learns", () => {
    const { model, step } = setup();
    const learn = capture(step);
    const answer = capture((x: Tensor) => model.call(x));
    batches.forEach(({ x, y }) => {
      const expected = scope(() => noGrad(() => model.call(x).dataSync()));
      expect(scope(() => noGrad(() => answer(x).dataSync()))).toEqual(expected);
      learn(x, y);
    });
    expect(answer.active).toBe(true);
    expect(answer.obstacle).toBeNull();
    // With recording the same function is another program, whose result is still part of a graph or a plain tensor as its call gives it.
    const x = batches[0].x;
    for (let i = 0; i < 5; i++) expect(answer(x).dataSync()).toEqual(scope(() => model.call(x).dataSync()));
    expect(scope(() => noGrad(() => answer(x).node))).toBeNull();
  });

  test("arguments of several shapes, and tensors outside a model", () => {
    const run = (wrap: (step: Step) => Step): unknown[] => {
      const w = tensor([[1], [2], [3], [4]]).requireGradient();
      const optimizer = new SGD({ learningRate: 0.01 });
      let calls = 0;
      const step = wrap((x, y) => {
        calls += 1;
        clearGradients([w]);
        const loss = x
          .matmul(w)
          .sub(y.reshape([-1, 1]))
          .square()
          .mean();
        backward(loss);
        updateTensors(optimizer, [w]);
        return loss;
      });
      const found: unknown[] = [];
      for (let round = 0; round < 2; round++) {
        for (const { x, y } of batches) {
          found.push(step(x, y).item(), step(x.slice(0, 3), y.slice(0, 3)).item(), w.toArray());
        }
      }
      return [found, calls];
    };
    const [[plain], [replayed, calls]] = [run((step) => step), run(capture)];
    expect(replayed).toEqual(plain);
    // Of each shape the first ones: until gradients have a place, then one as it is and two recorded.
    expect(calls).toBeLessThan(12);
  });

  test("gradients that add up over two calls", () => {
    const run = (wrap: (step: Step) => Step): unknown[] => {
      const { model } = setup();
      const optimizer = new SGD({ learningRate: 0.1 });
      const gather = wrap((x, y) => {
        const loss = softmaxCrossEntropy(model.logits(x), y);
        backward(loss);
        return loss;
      });
      return batches.map(({ x, y }, i) => {
        const loss = gather(x, y).item();
        if (i % 2 === 1) {
          optimizer.step(model.block);
          model.block.clearGradients();
        }
        return [loss, Array.from(model.block.values.dataSync())];
      });
    };
    expect(run(capture)).toEqual(run((step) => step));
  });

  test("a model that is frozen, or loses its place, in between", () => {
    const [plain, other] = [setup(), setup()];
    const captured = capture(other.step);
    batches.forEach(({ x, y }, i) => {
      if (i === 6) for (const { model } of [plain, other]) model.layer("0.dense").trainable = false;
      if (i === 9) for (const { model } of [plain, other]) model.layer("0.dense").trainable = true;
      expect(captured(x, y).item()).toBe(plain.step(x, y).item());
      expect(other.model.block.values.dataSync()).toEqual(plain.model.block.values.dataSync());
    });
    expect(captured.obstacle).toBeNull();
  });

  test("records and lists of results, without gradients", () => {
    const { model } = setup();
    const both = capture((x: Tensor) => ({ y: model.call(x), square: x.square() }));
    for (const { x } of batches) {
      const { y, square } = both(x);
      expect(y.dataSync()).toEqual(model.call(x).dataSync());
      expect(square.dataSync()).toEqual(x.square().dataSync());
    }
    expect(both.active).toBe(true);
  });
});

test("memory stays flat", () => {
  const { step } = setup();
  const captured = capture(step);
  const { x, y } = batches[0];
  for (let i = 0; i < 6; i++) scope(() => void captured(x, y).item());
  const { tensors, bytes } = memory();
  for (let i = 0; i < 500; i++) scope(() => void captured(x, y).item());
  expect(captured.active).toBe(true);
  expect(memory().tensors).toBeLessThanOrEqual(tensors);
  expect(memory().bytes).toBeLessThanOrEqual(bytes);
});

class Unsaid extends Layer {
  readonly type = "unsaid";
  build(inputShape: Shape): Shape {
    return inputShape;
  }
  call(x: Tensor): Tensor {
    return x.mul(2);
  }
  config(): LayerConfig {
    return { type: this.type };
  }
}

describe("what can't be replayed runs as it is, and says why", () => {
  let count = 0;
  let kept: Tensor | undefined;
  const tables = Array.from({ length: 20 }, (_, i) => tensor([i, i, i, i]));
  const own = new Sequential([new Unsaid()], { inputShape: [4] });
  test.each<[string, (x: Tensor) => Tensor, RegExp]>([
    ["looks at values", (x) => x.mul(x.sum().item() > 0 ? 1 : 2), /^it looks at values while it runs$/],
    [
      "a number that changes",
      (x) => x.mul(++count),
      /^it does not make the same calls every time: numbers that change .*\(in binaryScalar\)/,
    ],
    [
      "other tensors from outside",
      (x) => x.add(tables[++count % 20]),
      /^it uses other tensors from outside than the time before/,
    ],
    [
      "a tensor that is kept",
      (x) => {
        kept = keep(x.mul(2));
        return x.add(kept);
      },
      /^it keeps a tensor made by/,
    ],
    [
      "a layer that does not say that it may",
      (x) => own.call(x),
      /^layer 0\.unsaid does not say that it is repeatable$/,
    ],
    [
      "a number of more calls",
      (x) => (++count % 2 ? x.mul(2) : x.mul(2).add(1)),
      /^it does not make the same calls every time/,
    ],
  ])("%s", (_, step, reason) => {
    count = 0;
    const captured = capture(step);
    const found = batches.map(({ x }) => captured(x).toArray());
    count = 0;
    expect(found).toEqual(batches.map(({ x }) => step(x).toArray()));
    expect(captured.active).toBe(false);
    expect(captured.obstacle).toMatch(reason);
    kept = undefined;
  });

  test("errors are the step's own, also later", () => {
    const captured = capture((x: Tensor, y: Tensor) => softmaxCrossEntropy(x, y));
    const labels = zeros([8], "int32");
    for (const { x } of batches) captured(x, labels);
    expect(captured.active).toBe(true);
    expect(() => captured(batches[0].x, labels.add(9))).toThrow(
      "softmaxCrossEntropy: class index 9 at position 0 is not in 0 to 3",
    );
    expect(captured(batches[0].x, labels).item()).toBe(softmaxCrossEntropy(batches[0].x, labels).item());
    expect(() => captured([1] as unknown as Tensor, labels)).toThrow(/capture: argument 1: needs a tensor/);
    expect(() => capture(3 as never)).toThrow("capture: the step must be a function, got 3");
  });
});
