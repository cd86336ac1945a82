// Sections 5.4 and 5.5: the printed numbers and their gradients, the LSTM of nodes, its demonstration, and the framework beside it.
import { backward, concat, lstm, rnn, scope, stack, type Tensor, tensor } from "nabla";
import { describe, expect, it } from "vitest";
import { Random } from "../../random.ts";
import { demonstration, LstmNetwork, LstmParam, NODE_GATES, type NodeOutput, ToyLossLayer } from "./lstm-nodes.ts";
import { RecurrentExample } from "./recurrent-example.ts";

function near(values: ArrayLike<number>, expected: readonly number[], digits = 14): void {
  expect(values.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) expect(values[i]).toBeCloseTo(expected[i], digits);
}

describe("the example of 5.4", () => {
  it("z, states and outputs", () => {
    const [one, two] = new RecurrentExample().run([1, 2]);
    near(one.z.values, [0.6, 0.5]);
    near(one.state.values, [0.5370495669980352, 0.46211715726000974]);
    expect(one.output).toBeCloseTo(1.5612838815180548, 14);
    near(two.z.values, [1.2923401038778066, 1.3922567763036109]);
    near(two.state.values, [0.8597381843462615, 0.8836664119437349]);
    expect(two.output).toBeCloseTo(2.727071008233731, 14);
  });

  it("gradients of o2, and of o1 + o2", () => {
    const example = new RecurrentExample();
    example.run([1, 2]);
    const last = example.gradients([0, 1]);
    near(last.wState.values, [0.1400895161644918, 0.23537128775688826, 0.12054337802324674, 0.2025308595011657]);
    near(last.wInput.values, [0.6026342921182493, 1.0759479608714]);
    near(last.b.values, [0.3417840377412555, 0.637680616066429]);
    near(last.wOut.values, [0.8597381843462615, 0.8836664119437349]);
    const both = example.gradients([1, 1]);
    near(both.wInput.values, [1.314212054705472, 2.648843426803255]);
    near(both.b.values, [1.0533618003284784, 2.210576081998284]);
    near(both.wOut.values, [1.3967877513442968, 1.3457835692037445]);
    expect(both.bOut).toBe(2);
  });

  it("8 weights in the state, 3 in the output: (n + x) n + n", () => {
    const example = new RecurrentExample();
    expect([example.stateParameters, example.outputParameters]).toEqual([8, 3]);
  });

  it("equals the framework's rnn over five steps", () => {
    const example = new RecurrentExample();
    const inputs = [1, 2, -1, 0.5, 3];
    example.run(inputs);
    const byHand = example.gradients([1, 1, 1, 1, 1]);
    scope(() => {
      const leaf = (rows: number[][]) => tensor(rows, "float64").requireGradient();
      // The framework's weights have a row a state.
      const [U, W, b] = [
        leaf([[0.5], [0.6]]),
        leaf([
          [0.1, 0.3],
          [0.2, 0.4],
        ]),
        leaf([[0.1, -0.1]]),
      ];
      const x = tensor(
        inputs.map((value) => [[value]]),
        "float64",
      );
      const { outputs } = rnn(x, null, { inputWeights: U, stateWeights: W, inputBias: b.flatten() });
      backward(outputs.matmul(tensor([[1], [2]], "float64")).sum());
      near(byHand.wState.transposed.values, W.gradient!.flatten().toArray() as number[], 13);
      near(byHand.wInput.values, U.gradient!.flatten().toArray() as number[], 13);
      near(byHand.b.values, b.gradient!.flatten().toArray() as number[], 13);
    });
  });
});

function run(network: LstmNetwork, xs: readonly number[][], labels: readonly number[]): number {
  network.xListClear();
  for (const x of xs) network.xListAdd(x);
  for (const gate of NODE_GATES) {
    network.param.wDiff[gate].values.fill(0);
    network.param.bDiff[gate].values.fill(0);
  }
  return network.yListIs(labels, new ToyLossLayer());
}

describe("the LSTM of 5.5", () => {
  it("weights of 0.5, x = 1: s and h as printed (h = s o), and with tanh", () => {
    const outputs: [NodeOutput, number[], number[]][] = [
      [
        "cell",
        [0.28764913664496794, 0.5256708418296898, 0.7340632153385898],
        [0.17904988921681764, 0.3381409958407423, 0.4854323317141844],
      ],
      [
        "tanh",
        [0.28764913664496794, 0.5241157233866811, 0.7230616145300965],
        [0.17426971865610508, 0.3090589306416473, 0.40719065514408254],
      ],
    ];
    for (const [output, cells, hs] of outputs) {
      const param = new LstmParam(1, 1, new Random(1), { output });
      for (const gate of NODE_GATES) {
        param.w[gate].values.fill(0.5);
        param.b[gate].values.fill(0);
      }
      const network = new LstmNetwork(param);
      for (let t = 0; t < 3; t++) network.xListAdd([1]);
      near(
        network.nodeList.map(({ s }) => s[0]),
        cells,
      );
      near(
        network.nodeList.map(({ h }) => h[0]),
        hs,
      );
    }
  });

  it.each(["cell", "tanh"] as const)("output %s: every gradient checks over five steps", (output) => {
    const random = new Random(3);
    const param = new LstmParam(3, 2, random, { output });
    for (const gate of NODE_GATES) param.w[gate].values.set(param.w[gate].values.map((w) => 7 * w));
    const network = new LstmNetwork(param);
    const xs = Array.from({ length: 5 }, () => [random.uniform(-1, 1), random.uniform(-1, 1)]);
    const labels = xs.map(() => random.uniform(-1, 1));
    run(network, xs, labels);
    const dx = network.nodeList.map(({ bottomDiffX }) => [...bottomDiffX]);
    const gradients = NODE_GATES.map((gate) => [param.wDiff[gate].values.slice(), param.bDiff[gate].values.slice()]);
    const slope = (values: Float64Array | number[], i: number) => {
      const kept = values[i];
      values[i] = kept + 1e-5;
      const above = run(network, xs, labels);
      values[i] = kept - 1e-5;
      const below = run(network, xs, labels);
      values[i] = kept;
      return (above - below) / 2e-5;
    };
    NODE_GATES.forEach((gate, g) => {
      for (const [k, values] of [param.w[gate].values, param.b[gate].values].entries()) {
        for (let i = 0; i < values.length; i++) expect(slope(values, i)).toBeCloseTo(gradients[g][k][i], 8);
      }
    });
    xs.forEach((x, t) => {
      for (let i = 0; i < 2; i++) expect(slope(x, i)).toBeCloseTo(dx[t][i], 8);
    });
  });

  it.each(["cell", "tanh"] as const)("output %s: equals the framework's lstm", (output) => {
    const random = new Random(5);
    const param = new LstmParam(4, 3, random, { output });
    const network = new LstmNetwork(param);
    const xs = Array.from({ length: 6 }, () => [1, 2, 3].map(() => random.uniform(-1, 1)));
    const labels = xs.map(() => random.uniform(-1, 1));
    const loss = run(network, xs, labels);
    scope(() => {
      const leaves: Record<string, Tensor> = {};
      for (const gate of NODE_GATES) {
        leaves[gate] = tensor(param.w[gate].values, { shape: [4, 7], dtype: "float64" }).requireGradient();
        leaves[`${gate}b`] = tensor(param.b[gate].values, { shape: [4], dtype: "float64" }).requireGradient();
      }
      const order = ["i", "f", "g", "o"] as const;
      const all = concat(order.map((gate) => leaves[gate]));
      const parameters = {
        inputWeights: all.get(":", "0:3"),
        stateWeights: all.get(":", "3:7"),
        inputBias: concat(order.map((gate) => leaves[`${gate}b`])),
      };
      const x = stack(xs.map((row) => tensor([row], "float64")));
      const cellActivation = output === "tanh" ? "tanh" : "none";
      const { outputs } = lstm(x, null, null, parameters, { cellActivation });
      const error = outputs.get(":", 0, 0).sub(tensor(labels, "float64")).square().sum();
      backward(error);
      expect(error.item()).toBeCloseTo(loss, 13);
      for (const gate of NODE_GATES) {
        near(param.wDiff[gate].values, leaves[gate].gradient!.flatten().toArray() as number[], 13);
        near(param.bDiff[gate].values, leaves[`${gate}b`].gradient!.toArray() as number[], 13);
      }
    });
  });

  it("the loss looks at the first number alone", () => {
    const layer = new ToyLossLayer();
    expect(layer.loss([0.5, 9], 0.2)).toBeCloseTo(0.09, 15);
    expect([...layer.bottomDiff([0.5, 9], 0.2)]).toEqual([0.6, 0]);
  });

  it("the demonstration's network has 60,400 parameters", () => {
    expect(new LstmParam(100, 50, new Random(1)).parameterCount).toBe(60_400);
  });

  it("learns -0.5, 0.2, 0.1, -0.5 to below 1e-3, in a smaller form", () => {
    const { losses } = demonstration(new Random(1), { memCellCount: 20, xDim: 50, iterations: 150 });
    expect(losses[0]).toBeGreaterThan(0.3);
    expect(losses.at(-1)).toBeLessThan(1e-3);
  });

  it("the demonstration in full, four seeds: below 1e-3 by iteration 58, after 100 at most 5.6e-5, with tanh 2.6e-4", () => {
    for (const seed of [1, 2, 3, 4]) {
      const { losses } = demonstration(new Random(seed));
      expect(losses.length).toBe(100);
      const below = losses.findIndex((loss) => loss < 1e-3);
      expect(below).toBeGreaterThan(0);
      expect(below).toBeLessThanOrEqual(58);
      expect(losses[99]).toBeLessThan(5.6e-5);
      expect(demonstration(new Random(seed), { output: "tanh" }).losses[99]).toBeLessThan(2.6e-4);
    }
  });

  it("says what is wrong with its lists", () => {
    const network = new LstmNetwork(new LstmParam(2, 3, new Random(1)));
    expect(() => network.yListIs([], new ToyLossLayer())).toThrow("0 labels for 0 inputs");
    expect(() => network.xListAdd([1])).toThrow("the input must have 3 numbers, got 1");
    network.xListAdd([1, 2, 3]);
    expect(() => network.yListIs([1, 2], new ToyLossLayer())).toThrow("2 labels for 1 inputs");
  });
});
