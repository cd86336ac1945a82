// What holds of every layer: a row a layer and setting. Gradients equal differences; what is saved is loaded to the same bits; replayed
// steps have the bits of those that are not; a last batch may be short; frozen parameters stay; shared layers do; strange options are named.
import { describe, expect, test } from "vitest";
import { ROWS, type Row, SEQUENCE_ROWS } from "../../../test/layer-rows.ts";
import {
  type BaseLayer,
  Concatenate,
  expectGradients,
  Generator,
  input,
  Layer,
  type LayerConfig,
  loadModel,
  Model,
  MultiLayer,
  type OpenShape,
  type Parameter,
  random,
  registerLayer,
  type Symbolic,
  saveModel,
  scope,
  stopGradient,
  type Tensor,
  Trainer,
} from "../../node.ts";

/** y = factor x: gives layers without parameters something that learns before them. */
class Gain extends Layer {
  static override readonly repeatable = true;
  readonly type = "everyLayerGain";
  private factor: Parameter | undefined;
  build(inputShape: OpenShape): OpenShape {
    this.factor = this.declare("factor", inputShape as number[], { initialiser: "normal", decay: false });
    return inputShape;
  }
  call(x: Tensor): Tensor {
    return x.mul(this.factor!.tensor);
  }
  config(): LayerConfig {
    return { type: this.type };
  }
}
registerLayer("everyLayerGain", () => new Gain());

type Float = "float32" | "float64";

function applied(layer: BaseLayer, xs: readonly Symbolic[]): Symbolic {
  if (layer instanceof MultiLayer) return layer.apply(xs);
  return (layer as Layer).apply(xs[0]);
}

const normal = (shape: readonly number[], seed: number, dtype: Float = "float32"): Tensor =>
  random.normal([...shape], 0, 1, { dtype, generator: new Generator(seed) });

const batches = ({ shapes }: Row, n: number, dtype: Float = "float32"): Tensor[] =>
  shapes.map((shape, i) => normal([n, ...shape], 10 + i, dtype));

/** The layer by itself. */
function alone(row: Row, dtype: Float = "float32", more: object = {}): Model {
  const xs = row.shapes.map((shape) => input(shape));
  return new Model({ inputs: xs, outputs: applied(row.make(more), xs), seed: 3, dtype });
}

/** The layer behind parameters, all its inputs made from one of that size. */
function behindGains(row: Row, more: object = {}): Model {
  const shape = row.shapes[0];
  const x = input(shape);
  const xs = row.shapes.map((own) => new Gain().apply(own.join() === shape.join() ? x : new Cut(own).apply(x)));
  return new Model({ inputs: x, outputs: applied(row.make(more), xs), seed: 4 });
}

/** The first elements of a sample, in another shape. */
class Cut extends Layer {
  static override readonly repeatable = true;
  readonly type = "everyLayerCut";
  constructor(readonly shape: readonly number[]) {
    super();
  }
  build(): OpenShape {
    return this.shape;
  }
  call(x: Tensor): Tensor {
    const size = this.shape.reduce((a, b) => a * b, 1);
    const flat = x.reshape([x.shape[0], -1]);
    return flat
      .tile([1, Math.ceil(size / flat.shape[1])])
      .slice(0, size, 1, 1)
      .reshape([x.shape[0], ...this.shape]);
  }
  config(): LayerConfig {
    return { type: this.type, shape: this.shape };
  }
}
registerLayer("everyLayerCut", ({ shape }) => new Cut(shape as number[]));

function trained(model: Model, row: Row, replay: boolean, steps = 7): { bytes: Uint8Array; replaying: boolean } {
  const x = normal([10, ...row.shapes[0]], 21);
  const y = normal([10, ...(model.outputShape as number[])], 22);
  // Ten samples by four: the third batch of an epoch holds two.
  const trainer = new Trainer(
    model,
    { x, y },
    { loss: "meanSquaredError", optimizer: "momentum", learningRate: 0.01, batchSize: 4, replay },
  );
  for (let i = 0; i < steps; i++) trainer.takeStep();
  return { bytes: saveModel(model), replaying: trainer.replaying.active };
}

describe.each([...ROWS, ...SEQUENCE_ROWS].map((each) => [each.title, each] as const))("%s", (_, row) => {
  test("has the gradients that differences show, by inputs and parameters", () => {
    scope(() => {
      const model = alone(row, "float64");
      const xs = batches(row, 2, "float64");
      const weight = normal(model.call(xs).shape, 30, "float64");
      const value = (inputs: readonly Tensor[]): Tensor =>
        model
          .call(inputs, { training: row.random !== true })
          .mul(weight)
          .sum();
      // So small that no step goes over a kink.
      const options = { step: 1e-5 };
      expectGradients((...inputs) => value(inputs), xs, options);
      for (const parameter of model.parameters.filter(({ trainable }) => trainable)) {
        const before = parameter.tensor;
        const moved = (p: Tensor): Tensor => {
          parameter.place(p);
          const y = value(xs);
          parameter.place(before);
          return y;
        };
        // Away from where it starts: biases of 0 say little.
        const noise = normal(before.shape, 40, "float64").mul(0.1);
        expectGradients(moved, [stopGradient(before).add(noise)], options);
      }
    });
  });

  test("gives the shape that it says, the same for a sample alone and among others, in both float types", () => {
    scope(() => {
      const [narrow, wide] = [alone(row), alone(row, "float64")];
      const xs = batches(row, 5);
      const y = narrow.call(xs);
      expect(y.shape).toEqual([5, ...narrow.outputShape]);
      expect(y.dtype).toBe("float32");
      wide.setWeights(narrow.weights().map((w) => w.cast("float64")));
      const exact = wide.call(xs.map((x) => x.cast("float64")));
      expect(exact.dtype).toBe("float64");
      expect(exact.sub(y.cast("float64")).abs().max().item()).toBeLessThan(1e-4);
      const few = narrow.call(xs.map((x) => x.slice(0, 2)));
      expect(few.sub(y.slice(0, 2)).abs().max().item()).toBeLessThan(1e-5);
    });
  });

  test("is saved and loaded to the same bits, with name and settings", () => {
    const model = behindGains(row, { name: "it" });
    trained(model, row, true, 2);
    const again = loadModel(saveModel(model));
    expect(again.config()).toEqual(model.config());
    expect(again.layer("it").fullConfig()).toEqual(model.layer("it").fullConfig());
    expect(JSON.parse(JSON.stringify(model.config()))).toEqual(model.config());
    const x = normal([3, ...row.shapes[0]], 50);
    expect(again.call(x).dataSync()).toEqual(model.call(x).dataSync());
  });

  test("replayed steps have the same bits, short last batches included", () => {
    const [eager, replayed] = [false, true].map((replay) => trained(behindGains(row), row, replay));
    expect(eager.replaying).toBe(false);
    expect(replayed.replaying).toBe(true);
    expect(replayed.bytes).toEqual(eager.bytes);
  });

  test("keeps its parameters where it is not trainable", () => {
    const model = behindGains(row, { name: "it", trainable: false });
    const before = model.layer("it").parameters.map(({ tensor }) => tensor.toArray());
    const gains = model.parameters.filter(({ trainable }) => trainable);
    expect(gains).toHaveLength(row.shapes.length);
    const start = gains[0].tensor.toArray();
    trained(model, row, true, 3);
    expect(model.layer("it").parameters.map(({ tensor }) => tensor.toArray())).toEqual(before);
    expect(gains[0].tensor.toArray()).not.toEqual(start);
  });

  test("is shared between inputs", () => {
    const layer = row.make();
    const [one, two] = [0, 1].map(() => row.shapes.map((shape) => input(shape)));
    const model = new Model({
      inputs: [...one, ...two],
      outputs: new Concatenate().apply([applied(layer, one), applied(layer, two)]),
      seed: 3,
    });
    expect(layer.uses).toHaveLength(2);
    const xs = batches(row, 3);
    const others = xs.map((x) => x.mul(0.5));
    const single = alone(row);
    expect(model.parameters).toHaveLength(single.parameters.length);
    const y = model.call([...xs, ...others]);
    const half = y.shape.at(-1)! / 2;
    const expected = [single.call(xs), single.call(others)];
    expected.forEach((want, i) => {
      expect(
        y
          .slice(i * half, (i + 1) * half, 1, -1)
          .sub(want)
          .abs()
          .max()
          .item(),
      ).toBeLessThan(1e-6);
    });
  });

  test("names an option that there is not", () => {
    expect(() => row.make({ nonsense: 1 })).toThrow(/there is no option nonsense/);
  });
});
