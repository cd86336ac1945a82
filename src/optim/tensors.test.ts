import { describe, expect, it } from "vitest";
import { backward, GradientTape, grad, memory, scope, type Tensor, tensor, zeros } from "../node.ts";
import { Adam, clearGradients, Momentum, SGD, updateTensors } from "./index.ts";

describe("updateTensors", () => {
  it("a hand-written loop with requireGradient minimises (a - 3)^2 + (b + 1)^2", () => {
    const a = tensor([0, 1], "float64").requireGradient();
    const b = tensor(5, "float64").requireGradient();
    const optimizer = new SGD({ learningRate: 0.1 });
    for (let t = 0; t < 200; t++) {
      scope(() => {
        const [da, db] = [a.sub(3), b.add(1)];
        backward(da.mul(da).sum().add(db.mul(db)));
        updateTensors(optimizer, [a, b]);
        clearGradients([a, b]);
      });
    }
    for (const value of a.dataSync()) expect(value).toBeCloseTo(3, 10);
    expect(b.item()).toBeCloseTo(-1, 10);
    expect(a.gradient).toBeNull();
  });

  it("without clearGradients gradients add up, as backward says", () => {
    const a = tensor([0], "float64").requireGradient();
    for (let t = 0; t < 2; t++) backward(a.mul(1).sum());
    updateTensors(new SGD({ learningRate: 1 }), [a]);
    expect(a.item()).toBe(-2);
  });

  it("takes gradients from grad or a tape, in any layout, and leaves them as they are", () => {
    const w = tensor([[1, 2, 3]], "float64");
    const optimizer = new SGD({ learningRate: 1, clipNorm: 1 });
    const tall = tensor([[3], [0], [4]], "float64");
    updateTensors(optimizer, [w], [tall.transpose()]);
    expect(tall.toArray()).toEqual([[3], [0], [4]]);
    w.dataSync().forEach((value, i) => {
      expect(value).toBeCloseTo([0.4, 2, 2.2][i], 12);
    });
    const tape = new GradientTape();
    const loss = tape.record([w], () => w.mul(2).sum());
    updateTensors(new SGD({ learningRate: 1 }), [w], tape.gradient(loss, [w]));
    expect(w.dataSync()[1]).toBeCloseTo(0, 12);
    updateTensors(new SGD({ learningRate: 1 }), [w], [grad((x: Tensor) => x.sum())(w)]);
    expect(w.dataSync()[1]).toBeCloseTo(-1, 12);
  });

  it("clips by the norm of all gradients, and decays all tensors", () => {
    const [a, b] = [tensor([0], "float64"), tensor([10], "float64")];
    updateTensors(
      new SGD({ learningRate: 1, clipNorm: 1, weightDecay: 0.1 }),
      [a, b],
      [tensor([3], "float64"), tensor([4], "float64")],
    );
    expect(a.item()).toBeCloseTo(-0.6, 12);
    expect(b.item()).toBeCloseTo(10 - 0.8 - 1, 12);
  });

  it("momentum on x^2 / 20 + y^2 from (-7, 2) reaches the minimum; memory stays flat", () => {
    const p = tensor([-7, 2]);
    const curvature = tensor([0.1, 2]);
    const optimizer = new Momentum({ learningRate: 0.1 });
    const step = (): void => scope(() => updateTensors(optimizer, [p], [p.mul(curvature)]));
    step();
    const before = memory().bytes;
    for (let t = 0; t < 500; t++) step();
    expect(memory().bytes).toBe(before);
    for (const value of p.dataSync()) expect(Math.abs(value)).toBeLessThan(1e-4);
  });

  it("is saved and restored as any optimiser", () => {
    const run = (resume: boolean): number => {
      const p = tensor([1, 2]);
      let optimizer = new Adam();
      for (let t = 0; t < 6; t++) {
        if (resume && t === 3) {
          const next = new Adam();
          next.restore(optimizer.state(), optimizer.slots());
          optimizer = next;
        }
        updateTensors(optimizer, [p], [p.mul(2)]);
      }
      return p.dataSync()[0];
    };
    expect(run(true)).toBe(run(false));
  });

  it("refuses what it can't update, before anything has changed", () => {
    const w = tensor([1, 2]);
    const optimizer = new SGD();
    expect(() => updateTensors(optimizer, [])).toThrow("at least one tensor");
    expect(() => updateTensors(optimizer, [w])).toThrow("updateTensors: tensor 0 has no gradient; call");
    expect(() => updateTensors(optimizer, [w], [])).toThrow("0 gradients for 1 tensors");
    expect(() => updateTensors(optimizer, [w], [zeros([3])])).toThrow(
      "updateTensors: gradient 0 is float32 (3,), its tensor float32 (2,)",
    );
    expect(() => updateTensors(optimizer, [w], [zeros([2], "float64")])).toThrow("gradient 0 is float64");
    expect(() => updateTensors(optimizer, [w, w], [w, w])).toThrow("in the list twice, at 0 and 1");
    expect(() => updateTensors(optimizer, [tensor([1], "int32")], [w])).toThrow("only float32 and float64");
    expect(() => updateTensors(optimizer, [w, zeros([1], "float64")], [w, w])).toThrow("one optimiser for each dtype");
    expect(() => updateTensors(optimizer, [zeros([2, 3]).transpose()], [zeros([3, 2])])).toThrow("a view with gaps");
    const y = tensor([1]).requireGradient().add(1);
    expect(() => updateTensors(optimizer, [y], [y])).toThrow("is the result of add");
    expect(() => updateTensors(new SGD({ groups: [{ match: /w/ }] }), [w], [w])).toThrow("parameter groups need");
    updateTensors(optimizer, [w], [zeros([2])]);
    expect(() => updateTensors(optimizer, [zeros([2])], [zeros([2])])).toThrow("belongs to other parameters");
    expect(w.toArray()).toEqual([1, 2]);
  });
});
