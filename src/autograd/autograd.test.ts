// What gradients mean, checked on functions whose derivatives one can write down, and on the errors that guard them.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  backward,
  checkGradients,
  checkpoint,
  concat,
  customGradient,
  expectGradients,
  GradientTape,
  grad,
  hessian,
  hessianVectorProduct,
  jacobian,
  keep,
  lstm,
  noGrad,
  numericalGradient,
  scope,
  stopGradient,
  type Tensor,
  tensor,
  valueAndGrad,
  vjp,
  zeros,
} from "../node.ts";

const f64 = (values: number[] | number[][] | number): Tensor => tensor(values, "float64");

describe("grad", () => {
  test("d(x^2)/dx = 2x", () => {
    expect(grad((x) => x.mul(x).sum())(tensor([1, -2, 3])).toArray()).toEqual([2, -4, 6]);
  });

  test("several arguments, and a choice of them", () => {
    const f = (a: Tensor, b: Tensor): Tensor => a.mul(b).sum();
    const [da, db] = grad(f)(tensor([1, 2]), tensor([3, 4]));
    expect([da.toArray(), db.toArray()]).toEqual([
      [3, 4],
      [1, 2],
    ]);
    const only = grad(f, { arguments: [1] })(tensor([1, 2]), tensor([3, 4]));
    expect(only.map((g) => g.toArray())).toEqual([[1, 2]]);
  });

  test("an argument that is not used has gradient 0", () => {
    const [, unused] = grad((a: Tensor, _b: Tensor) => a.sum())(tensor([1]), tensor([5, 6]));
    expect(unused.toArray()).toEqual([0, 0]);
  });

  test("a value used twice gets both contributions", () => {
    expect(grad((x) => x.mul(3).add(x.mul(x)).sum())(tensor([2])).item()).toBe(7);
  });

  test("gradients of gradients: d3(x^4)/dx3 = 24x", () => {
    const f = (x: Tensor): Tensor => x.mul(x).mul(x).mul(x).sum();
    const third = grad((x) => grad((y) => grad(f)(y).sum())(x).sum());
    expect(third(f64([2])).item()).toBe(48);
  });

  test("a captured variable can be differentiated through a gradient when asked for", () => {
    const w = f64([3]).requireGradient();
    const slope = grad((x: Tensor) => x.mul(x).mul(w).sum(), { differentiable: true })(f64([2]));
    backward(slope.sum());
    expect(w.gradient!.item()).toBe(4);
  });

  test("a result that is no scalar is refused", () => {
    expect(() => grad((x) => x.mul(2))(tensor([1, 2]))).toThrow(/grad: the result has shape \(2,\), not one element/);
  });

  test("integers have no gradient", () => {
    expect(() => grad((x) => x.sum())(tensor([1], "int32"))).toThrow(/int32 has no gradient/);
  });

  test("stopGradient and noGrad stop it", () => {
    expect(grad((x) => x.mul(stopGradient(x)).sum())(tensor([3])).item()).toBe(3);
    expect(grad((x) => x.add(noGrad(() => x.mul(x))).sum())(tensor([3])).item()).toBe(1);
  });

  test("broadcast operands get the sum over what was repeated", () => {
    const [da, db] = grad((a: Tensor, b: Tensor) => a.mul(b).sum())(tensor([[1], [2]]), tensor([[10, 20, 30]]));
    expect(da.toArray()).toEqual([[60], [60]]);
    expect(db.toArray()).toEqual([[3, 3, 3]]);
  });
});

describe("valueAndGrad, vjp, jacobian, hessian", () => {
  test("value and gradients in one pass", () => {
    const [value, [gradient]] = valueAndGrad((x: Tensor) => x.square().sum())(tensor([3, 4]));
    expect(value.item()).toBe(25);
    expect(value.tracked).toBe(false);
    expect(gradient.toArray()).toEqual([6, 8]);
  });

  test("the pull-back can be used more than once", () => {
    const [y, pullBack] = vjp((x: Tensor) => x.square(), tensor([1, 2, 3]));
    expect(y.toArray()).toEqual([1, 4, 9]);
    expect(pullBack(tensor([1, 0, 0]))[0].toArray()).toEqual([2, 0, 0]);
    expect(pullBack(tensor([0, 1, 1]))[0].toArray()).toEqual([0, 4, 6]);
  });

  test("Jacobian of (xy, x + y)", () => {
    const f = (v: Tensor): Tensor => {
      const [x, y] = v.split(2);
      return noConcat(x.mul(y), x.add(y));
    };
    const noConcat = (a: Tensor, b: Tensor): Tensor => a.mul(f64([1, 0])).add(b.mul(f64([0, 1])));
    expect(jacobian(f, f64([3, 5])).toArray()).toEqual([
      [5, 3],
      [1, 1],
    ]);
  });

  test("Hessian of Rosenbrock's function at (1, 1): [[802, -400], [-400, 200]]", () => {
    const f = (v: Tensor): Tensor => {
      const [x, y] = v.split(2);
      return y.sub(x.square()).square().mul(100).add(x.mul(-1).add(1).square()).sum();
    };
    const h = hessian(f, f64([1, 1])).toArray() as number[][];
    expect(h).toEqual([
      [802, -400],
      [-400, 200],
    ]);
    expect(hessianVectorProduct(f, f64([1, 1]), f64([1, 2])).toArray()).toEqual([2, 0]);
  });
});

describe("backward", () => {
  test("collects in .gradient, and adds up over calls", () => {
    const w = tensor([2]).requireGradient();
    expect(w.gradient).toBeNull();
    backward(w.mul(3).sum());
    expect(w.gradient!.item()).toBe(3);
    backward(w.mul(w).sum());
    expect(w.gradient!.item()).toBe(7);
  });

  test("survives the scope it ran in", () => {
    const w = tensor([2]).requireGradient();
    scope(() => backward(w.mul(3).sum()));
    expect(w.gradient!.item()).toBe(3);
  });

  test("from any shape with a gradient to start from", () => {
    const x = tensor([1, 2]).requireGradient();
    backward(x.mul(x), tensor([1, 10]));
    expect(x.gradient!.toArray()).toEqual([2, 40]);
    expect(() => backward(x.mul(x), tensor([1]))).toThrow(/must be equal/);
  });

  test("says what is missing", () => {
    expect(() => backward(tensor([1]).sum())).toThrow(/nothing was recorded.*requireGradient/);
    expect(() => tensor([1], "bool").requireGradient()).toThrow(/bool has no gradient/);
  });
});

test("GradientTape: the gradient of what was recorded, by what was watched", () => {
  const w = tensor([2]);
  const b = tensor([1]);
  const tape = new GradientTape();
  const loss = tape.record([w, b], () => w.mul(w).add(b).sum());
  expect(tape.gradient(loss, [w, b]).map((g) => g.item())).toEqual([4, 1]);
  expect(() => tape.gradient(loss, [tensor([1])])).toThrow(/not watched/);
});

describe("own rules", () => {
  test("customGradient replaces the rule", () => {
    const straightThrough = customGradient((x: Tensor) => [x.round(), (dy) => [dy]]);
    expect(straightThrough(tensor([0.4])).item()).toBe(0);
    expect(grad((x) => straightThrough(x).mul(3).sum())(tensor([0.4])).item()).toBe(3);
  });

  test("a wrong number of gradients is named", () => {
    const wrong = customGradient((x: Tensor) => [x.mul(1), () => []]);
    expect(() => grad((x) => wrong(x).sum())(tensor([1]))).toThrow(/gave 0 gradients for 1 inputs/);
  });

  test("checkpoint gives the same gradients with less memory", () => {
    const stretch = (x: Tensor): Tensor => {
      let y = x;
      for (let i = 0; i < 20; i++) y = y.sin();
      return y;
    };
    const plain = grad((x) => stretch(stretch(x)).sum());
    const saved = grad((x) => checkpoint(stretch, checkpoint(stretch, x)).sum());
    const x = f64([0.3, 1.1]);
    expect(saved(x).toArray()).toEqual(plain(x).toArray());
    // And gradients of gradients.
    const [second, expected] = [saved, plain].map((f) => grad((z) => f(z).sum())(x).toArray() as number[]);
    second.forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i], 12);
    });
  });

  test("checkpoint around an operation whose gradient has none: stretches of a fused LSTM", () => {
    const [x, W, R] = [
      tensor(Array.from({ length: 12 }, (_, t) => [[Math.sin(t), Math.cos(t)]])),
      tensor(Array.from({ length: 8 }, (_, i) => [Math.sin(i), Math.cos(2 * i)])),
      tensor(Array.from({ length: 8 }, (_, i) => [Math.sin(3 * i), Math.cos(i)])),
    ];
    const plain = grad((W: Tensor, R: Tensor) =>
      lstm(x, null, null, { inputWeights: W, stateWeights: R }).outputs.square().sum(),
    );
    const stretch = (xs: Tensor, h: Tensor, c: Tensor, W: Tensor, R: Tensor): Tensor => {
      const { outputs, cell } = lstm(xs, h, c, { inputWeights: W, stateWeights: R });
      return concat([outputs, cell.reshape([1, 1, 2])]);
    };
    const saved = grad((W: Tensor, R: Tensor) => {
      let [h, c, total] = [zeros([1, 2]), zeros([1, 2]), zeros([])];
      for (let t = 0; t < 12; t += 4) {
        const part = checkpoint(stretch, x.slice(t, t + 4), h, c, W, R);
        [h, c] = [part.get(3), part.get(4)];
        total = total.add(part.slice(0, 4).square().sum());
      }
      return total;
    });
    const [expected, found] = [plain(W, R), saved(W, R)];
    found.forEach((gradient, i) => {
      expect(gradient.sub(expected[i]).abs().max().item()).toBeLessThan(1e-5);
    });
  });
});

describe("the gradient check itself", () => {
  test("passes a right gradient and names the worst entry of a wrong one", () => {
    expect(checkGradients((x) => x.sin().mul(x.exp()).sum(), [tensor([0.3, -1])]).passed).toBe(true);
    const wrong = customGradient((x: Tensor) => [
      x.mul(x),
      (dy) => [
        dy.mul(
          tensor(
            [
              [0, 0],
              [1, 0],
            ],
            "float64",
          ),
        ),
      ],
    ]);
    expect(() =>
      expectGradients(
        (x) => wrong(x).sum(),
        [
          tensor([
            [0, 0],
            [0.5, 3],
          ]),
        ],
      ),
    ).toThrow(/argument 0 of shape \(2, 2\), entry \[1, 1\]: backpropagation gives 0, differences give (6|5\.99999)/);
  });

  test("numerical gradient of x^2/20 + y^2 at (-7, 2)", () => {
    const f = (v: Tensor): Tensor =>
      v
        .square()
        .mul(tensor([1 / 20, 1], "float64"))
        .sum();
    const [g] = numericalGradient(f, [f64([-7, 2])]);
    expect(g.toArray()).toEqual([expect.closeTo(-0.7, 8), expect.closeTo(4, 8)]);
  });
});

test("property: the gradient of a random composition equals differences", () => {
  const steps: Record<string, (x: Tensor) => Tensor> = {
    sin: (x) => x.sin(),
    tanh: (x) => x.tanh(),
    sigmoid: (x) => x.sigmoid(),
    square: (x) => x.square().mul(0.5),
    softplus: (x) => x.softplus(),
    softmax: (x) => x.softmax(),
    centre: (x) => x.sub(x.mean(1, true)),
    product: (x) => x.matmul(x.T).matmul(x).mul(0.1),
    flip: (x) => x.flip(0).add(x),
    cumsum: (x) => x.cumsum(1),
  };
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...Object.keys(steps)), { minLength: 1, maxLength: 5 }),
      fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 6, maxLength: 6 }),
      (names, values) => {
        const f = (x: Tensor): Tensor => names.reduce((y, name) => steps[name](y), x).sum();
        expectGradients(f, [tensor(values, { dtype: "float64", shape: [2, 3] })], { tolerance: 1e-6 });
      },
    ),
    { numRuns: 100 },
  );
});

test("writing to a tensor that a recorded operation used makes backward refuse", () => {
  const w = tensor([2]).requireGradient();
  const y = keep(w.mul(w).sum());
  w.storage.version += 1;
  expect(() => backward(y)).toThrow(/overwritten after mul used it/);
});
