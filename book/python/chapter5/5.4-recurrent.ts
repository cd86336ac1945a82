// Section 5.4: the recurrent network in numbers.
import type { Experiment } from "../../experiment.ts";
import { RecurrentExample } from "../programs/recurrent-example.ts";

const printed = { en: "printed with eight decimals", zh: "教材保留八位小数" };
const rounding = { en: "the last bits of float64", zh: "float64 的最后几位" };

const example: Experiment = {
  id: "python/5.4-example",
  title: { en: "Two steps of a recurrent network, in numbers", zh: "循环神经网络两步的数值演算" },
  section: "5.4",
  kind: "construction",
  settings: { inputs: "1, 2", states: 2, activation: "tanh" },
  read: ["book/python/programs/recurrent-example.ts", "book/python/chapter5/5.4-recurrent.ts"],
  async run() {
    const network = new RecurrentExample();
    const [one, two] = network.run([1, 2]);
    const [last, both] = [network.gradients([0, 1]), network.gradients([1, 1])];
    return {
      measured: {
        z1: [...one.z.values],
        s1: [...one.state.values],
        o1: one.output,
        z2: [...two.z.values],
        s2: [...two.state.values],
        o2: two.output,
        wState: [...last.wState.values],
        wInput: [...last.wInput.values],
        b: [...last.b.values],
        wOut: [...last.wOut.values],
        both: [...both.wInput.values, ...both.b.values, ...both.wOut.values, both.bOut],
        parameters: [network.stateParameters, network.outputParameters],
      },
      figures: [
        {
          name: "unrolled",
          chart: {
            kind: "network",
            title: { en: "Two steps: the state goes on, with the same weights", zh: "两步：状态往下传，权重相同" },
            layers: [
              { name: "s0", units: 2, labels: ["0", "0"] },
              ...[one, two].map(({ state, output }, t) => ({
                name: `s${t + 1}`,
                units: 2,
                note: `x = ${t + 1}, o = ${output.toFixed(3)}`,
                labels: [...state.values].map((value) => value.toFixed(2)),
                weights: network.wState.transposed.toRows(),
              })),
            ],
          },
          width: 680,
          height: 280,
        },
      ],
    };
  },
  about: {
    en: "The text walks through two steps of a recurrent network with two states and weights that it writes down. Here are its numbers, digit by digit, and what it leaves out: the gradients through time, of the last output and of both.",
    zh: "教材用写明的权重把两个状态的循环网络走了两步。这里逐位重现这些数，并补上它略去的部分：沿时间的梯度，最后一个输出的，以及两个输出之和的。",
  },
  claims: [
    {
      measure: "z1",
      says: { en: "before the activation, x = 1", zh: "激活之前，x = 1" },
      reported: [0.6, 0.5],
      accept: { within: 1e-14 },
      because: rounding,
    },
    {
      measure: "s1",
      says: { en: "state", zh: "状态" },
      reported: [0.53704957, 0.46211716],
      accept: { within: 5e-9 },
      because: printed,
    },
    {
      measure: "o1",
      says: { en: "output", zh: "输出" },
      reported: 1.56128388,
      accept: { within: 5e-9 },
      because: printed,
    },
    {
      measure: "z2",
      says: { en: "before the activation, x = 2", zh: "激活之前，x = 2" },
      reported: [1.2923401, 1.39225678],
      accept: { within: 5e-9 },
      because: printed,
    },
    {
      measure: "s2",
      says: { en: "state", zh: "状态" },
      reported: [0.85973818, 0.88366641],
      accept: { within: 5e-9 },
      because: printed,
    },
    {
      measure: "o2",
      says: { en: "output", zh: "输出" },
      reported: 2.72707101,
      accept: { within: 5e-9 },
      because: printed,
    },
    {
      measure: "wState",
      says: { en: "do2/dw_state", zh: "do2/dw_state" },
      expected: [0.1400895161644918, 0.23537128775688826, 0.12054337802324674, 0.2025308595011657],
      accept: { within: 1e-14 },
      because: rounding,
    },
    {
      measure: "wInput",
      says: { en: "do2/dw_input", zh: "do2/dw_input" },
      expected: [0.6026342921182493, 1.0759479608714],
      accept: { within: 1e-14 },
      because: rounding,
    },
    {
      measure: "b",
      says: { en: "do2/db", zh: "do2/db" },
      expected: [0.3417840377412555, 0.637680616066429],
      accept: { within: 1e-14 },
      because: rounding,
    },
    {
      measure: "wOut",
      says: { en: "do2/dw_out is s2", zh: "do2/dw_out 就是 s2" },
      expected: [0.8597381843462615, 0.8836664119437349],
      accept: { within: 1e-14 },
      because: rounding,
    },
    {
      measure: "both",
      says: { en: "of o1 + o2: by w_input, b, w_out and b_out", zh: "o1 + o2 对 w_input、b、w_out、b_out 的梯度" },
      expected: [
        1.314212054705472, 2.648843426803255, 1.0533618003284784, 2.210576081998284, 1.3967877513442968,
        1.3457835692037445, 2,
      ],
      accept: { within: 1e-14 },
      because: rounding,
    },
    {
      measure: "parameters",
      says: { en: "weights: (n + x) n + n = 8, and 3 for the output", zh: "权重数：(n + x) n + n = 8，输出 3" },
      accept: { equals: [8, 3] },
    },
  ],
};

export const experiments: readonly Experiment[] = [example];
