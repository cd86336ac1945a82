// Section 3.2: step, sigmoid and ReLU.
import { tensor } from "nabla";
import type { LineChart } from "nabla/plot";
import type { Experiment } from "../../experiment.ts";
import { Matrix } from "../../matrix.ts";
import { relu, sigmoid, stepFunction } from "../programs/activations.ts";
import { PRINTED_DIGITS } from "../texts.ts";

export const list = (matrix: Matrix): number[] => [...matrix.values];

const activations: Experiment = {
  id: "scratch/3.2-activations",
  title: { en: "Step, sigmoid and ReLU", zh: "阶跃函数、sigmoid 与 ReLU" },
  section: "3.2",
  kind: "figure",
  read: ["book/scratch/programs/activations.ts", "book/scratch/chapter3/3.2-activations.ts"],
  async run() {
    const x = Matrix.row(Array.from({ length: 1001 }, (_, i) => (i - 500) / 100));
    const some = Matrix.row([0.3, 0.7, 1.1]);
    const few = Matrix.row([-1, 0, 1, 2]);
    const chart = (title: LineChart["title"], series: LineChart["series"], top: number): LineChart => ({
      kind: "line",
      title,
      xAxis: { label: "x", min: -5, max: 5 },
      yAxis: { label: "y", min: -0.1, max: top },
      series,
    });
    return {
      measured: {
        sigmoid: list(sigmoid(some)),
        sigmoidOnFramework: Array.from(tensor([0.3, 0.7, 1.1], "float64").sigmoid().dataSync()),
        steps: list(stepFunction(few)),
        relu: list(relu(few)),
      },
      figures: [
        {
          name: "step-sigmoid",
          chart: chart(
            { en: "Step against sigmoid", zh: "阶跃函数与 sigmoid" },
            [
              { name: "sigmoid", x: list(x), y: list(sigmoid(x)) },
              { name: { en: "step", zh: "阶跃函数" }, x: list(x), y: list(stepFunction(x)), style: "dashed" },
            ],
            1.1,
          ),
        },
        {
          name: "relu",
          chart: chart("ReLU", [{ name: "ReLU", x: list(x), y: list(relu(x)) }], 5.1),
        },
      ],
    };
  },
  about: {
    en: "The perceptron's step and the neuron's sigmoid side by side: both go from 0 to 1, but only one has a slope to learn from. ReLU passes on what is positive.",
    zh: "感知机的阶跃函数与神经元的 sigmoid：两者都从 0 变到 1，但只有后者有可用于学习的斜率。ReLU 只让正数通过。",
  },
  claims: [
    {
      measure: "sigmoid",
      says: { en: "sigmoid of 0.3, 0.7, 1.1", zh: "0.3、0.7、1.1 的 sigmoid" },
      reported: [0.57444252, 0.66818777, 0.75026011],
      accept: { within: 5e-9 },
      because: PRINTED_DIGITS,
    },
    {
      measure: "sigmoidOnFramework",
      says: { en: "the same on the framework", zh: "框架上的同样结果" },
      reported: [0.57444252, 0.66818777, 0.75026011],
      accept: { within: 5e-9 },
      because: PRINTED_DIGITS,
    },
    {
      measure: "steps",
      says: { en: "step of -1, 0, 1, 2", zh: "-1、0、1、2 的阶跃函数值" },
      accept: { equals: [0, 0, 1, 1] },
    },
    {
      measure: "relu",
      says: { en: "ReLU of -1, 0, 1, 2", zh: "-1、0、1、2 的 ReLU" },
      accept: { equals: [0, 0, 1, 2] },
    },
  ],
};

export const experiments: readonly Experiment[] = [activations];
