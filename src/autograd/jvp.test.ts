// Forward products: the tangent is the derivative along a direction, exact, and can be differentiated again.
import { describe, expect, it } from "vitest";
import {
  conv2d,
  Generator,
  grad,
  jvp,
  linear,
  maxPool2d,
  random,
  softmax,
  type Tensor,
  tensor,
  vjp,
  zeros,
} from "../node.ts";

const draw = (shape: number[], seed: number): Tensor =>
  random.normal(shape, 0, 1, { dtype: "float64", generator: new Generator(seed) });

/** (f(x + h v) - f(x - h v)) / 2h. */
function difference(f: (...x: Tensor[]) => Tensor, xs: Tensor[], vs: Tensor[]): Tensor {
  const h = 1e-5;
  const moved = (by: number): Tensor => f(...xs.map((x, i) => x.add(vs[i].mul(by))));
  return moved(h)
    .sub(moved(-h))
    .div(2 * h);
}

const functions: [string, (...x: Tensor[]) => Tensor, number[][]][] = [
  ["elementwise", (x) => x.sin().mul(x.exp()).add(x.square().add(1).sqrt()), [[3, 4]]],
  ["activations", (x) => x.gelu().add(x.mish()).add(x.relu()).add(x.tanh()), [[5]]],
  [
    "softmax of a dense layer, by inputs, weights and bias",
    (x, w, b) => softmax(linear(x, w, b, "tanh")),
    [[4, 3], [3, 2], [2]],
  ],
  ["a scalar", (x) => x.logSumExp(), [[6]]],
  [
    "convolution and pooling",
    (x, w) => maxPool2d(conv2d(x, w), 2),
    [
      [2, 1, 6, 6],
      [3, 1, 3, 3],
    ],
  ],
  ["sorting, slices and reductions", (x) => x.sort().slice(1, 4).cumsum().div(x.norm()), [[6]]],
];

describe("jvp", () => {
  it.each(functions)("is the derivative along the direction: %s", (_, f, shapes) => {
    const xs = shapes.map((shape, i) => draw(shape, 10 + i));
    const vs = shapes.map((shape, i) => draw(shape, 20 + i));
    const [y, tangent] = jvp(f, xs, vs);
    expect(y.toArray()).toEqual(f(...xs).toArray());
    expect(tangent.shape).toEqual(y.shape);
    const expected = difference(f, xs, vs).dataSync();
    tangent.dataSync().forEach((value, i) => {
      expect(Math.abs(value - expected[i])).toBeLessThan(1e-7 * (1 + Math.abs(expected[i])));
    });
    // <u, J v> = <J^T u, v>.
    const u = draw([...y.shape], 30);
    const pulled = vjp(f, ...xs)[1](u).map((g, i) => g.mul(vs[i]).sum().item());
    expect(tangent.mul(u).sum().item()).toBeCloseTo(
      pulled.reduce((a, b) => a + b),
      9,
    );
  });

  it("is linear: no tangent gives 0, twice the tangent twice as much", () => {
    const [x, v] = [draw([4], 1), draw([4], 2)];
    const f = (z: Tensor): Tensor => z.exp().mul(z);
    expect(jvp(f, [x], [zeros([4], "float64")])[1].toArray()).toEqual([0, 0, 0, 0]);
    expect(jvp(f, [x], [v.mul(2)])[1].toArray()).toEqual(jvp(f, [x], [v])[1].mul(2).toArray());
    expect(jvp((_: Tensor) => tensor([1, 2]), [x], [v])[1].toArray()).toEqual([0, 0]);
  });

  it("composes with grad both ways: the Hessian times a vector, and the gradient of a tangent", () => {
    const cube = (z: Tensor): Tensor => z.mul(z).mul(z).sum();
    const [x, v] = [tensor([1, 2], "float64"), tensor([1, -1], "float64")];
    expect(jvp((z) => grad(cube)(z), [x], [v])[1].toArray()).toEqual([6, -12]);
    // d/dx of 3 x^2 v, summed.
    expect(grad((z: Tensor) => jvp((a: Tensor) => a.mul(a).mul(a), [z], [v])[1].sum())(x).toArray()).toEqual([6, -12]);
    // By the direction: 3 x^2.
    expect(grad((d: Tensor) => jvp((a: Tensor) => a.mul(a).mul(a), [x], [d])[1].sum())(v).toArray()).toEqual([3, 12]);
    const twice = jvp((z: Tensor) => jvp((a: Tensor) => a.mul(a).mul(a), [z], [v])[1], [x], [v])[1];
    expect(twice.toArray()).toEqual([6, 12]);
  });

  it("of watched tensors it can be differentiated; otherwise it leaves nothing recorded", () => {
    const x = tensor([3], "float64").requireGradient();
    expect(jvp((z: Tensor) => z.square(), [x], [tensor([1])])[1].tracked).toBe(true);
    expect(jvp((z: Tensor) => z.square(), [tensor([3])], [tensor([1])])[1].tracked).toBe(false);
  });

  it("asks for tangents that fit", () => {
    const f = (z: Tensor): Tensor => z;
    expect(() => jvp(f, [tensor([1])], [tensor([1, 2])])).toThrow(
      "jvp: tangent 0 must be a tensor of its argument's shape, got a tensor of shape (2,) for a tensor of shape (1,)",
    );
    expect(() => jvp(f, [tensor([1])], [] as unknown as [Tensor])).toThrow("as many tangents: jvp(f, [x], [v])");
    expect(() => jvp(f, tensor([1]) as unknown as [Tensor], [tensor([1])])).toThrow("jvp: needs an array of arguments");
    expect(() => jvp(f, [tensor([1], "int32")], [tensor([1])])).toThrow("int32 has no gradient");
  });
});
