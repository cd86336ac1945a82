// Section 3.1, the cost: one neuron that learns to answer 0, under the quadratic cost and under cross-entropy, and why the one is slow where the
// other is fast.
import type { LineChart } from "nabla/plot";
import type { Both, Claim, Experiment, Value } from "../../experiment.ts";
import { EPOCH } from "../curves.ts";
import { type ToyRule, type ToyState, trainToy } from "../programs/toy-neuron.ts";

const read = ["book/nndl/programs/toy-neuron.ts", "book/nndl/chapter3/3.1-cost.ts"];
const COST: Both = { en: "cost", zh: "代价" };
const STARTS = {
  easy: { weight: 0.6, bias: 0.9, name: { en: "w = 0.6, b = 0.9", zh: "w = 0.6，b = 0.9" } },
  saturated: { weight: 2, bias: 2, name: { en: "w = b = 2", zh: "w = b = 2" } },
} as const;
type Start = keyof typeof STARTS;

function toy(start: Start, rule: ToyRule, eta: number): ToyState[] {
  return trainToy(STARTS[start].weight, STARTS[start].bias, rule, eta);
}

/** At epochs 50, 100, ..., 300, where the source prints them. */
function printed(states: readonly ToyState[], key: "output" | "weight" | "bias"): number[] {
  return states.filter(({ epoch }) => epoch > 0 && epoch % 50 === 0).map((state) => state[key]);
}

function costByEpoch(title: Both, curves: readonly { name: Both; states: readonly ToyState[] }[]): LineChart {
  return {
    kind: "line",
    title,
    xAxis: { label: EPOCH, min: 0, max: 300 },
    yAxis: { label: COST, min: 0 },
    series: curves.map(({ name, states }) => ({
      name,
      x: states.map(({ epoch }) => epoch),
      y: states.map(({ cost }) => cost),
    })),
  };
}

const digits: Both = {
  en: "two digits are printed, read off a running animation: the state may be an epoch or two further on",
  zh: "原书只给两位小数，且读自动画，读数时可能差一两个迭代期",
};

function printedClaim(measure: string, says: Both, reported: Value): Claim {
  return { measure, says, reported, accept: { within: 0.015 }, because: digits };
}

/** Epochs until the cost has lost a tenth of what it was. */
function flatEpochs(states: readonly ToyState[]): number {
  return states.find(({ cost }) => cost < 0.9 * states[0].cost)?.epoch ?? Number.POSITIVE_INFINITY;
}

const quadratic: Experiment = {
  id: "nndl/3.1-toy-quadratic",
  title: { en: "One neuron, quadratic cost: slow when badly wrong", zh: "单个神经元与二次代价：错得厉害时学得慢" },
  section: "3.1",
  kind: "experiment",
  settings: { eta: 0.15, epochs: 300, input: 1, target: 0 },
  read,
  async run() {
    const easy = toy("easy", "quadratic", 0.15);
    const saturated = toy("saturated", "quadratic", 0.15);
    const curve = (start: Start, states: ToyState[]) =>
      costByEpoch({ en: `Quadratic cost, ${STARTS[start].name.en}`, zh: `二次代价，${STARTS[start].name.zh}` }, [
        { name: { en: "quadratic cost", zh: "二次代价" }, states },
      ]);
    return {
      measured: {
        easyOutputs: printed(easy, "output"),
        easyWeights: printed(easy, "weight"),
        easyBiases: printed(easy, "bias"),
        saturatedOutputs: printed(saturated, "output"),
        saturatedWeights: printed(saturated, "weight"),
        flatEpochs: flatEpochs(saturated),
      },
      figures: [
        { name: "easy", chart: curve("easy", easy) },
        { name: "saturated", chart: curve("saturated", saturated) },
      ],
    };
  },
  about: {
    en: "A sigmoid neuron with one weight learns to answer 0 to the input 1, once from a start that is moderately wrong, once from one that is badly wrong. People learn fastest from bad mistakes; this neuron does not: its gradient has the factor σ'(z), which is nearly 0 where the neuron is saturated.",
    zh: "一个只有一个权重的 S 型神经元，要学会对输入 1 输出 0：一次从错得不多的起点出发，一次从错得厉害的起点出发。人从严重的错误中学得最快，这个神经元却相反：梯度里有因子 σ'(z)，神经元饱和时它几乎为 0。",
  },
  claims: [
    printedClaim(
      "easyOutputs",
      { en: "outputs from w = 0.6, b = 0.9, every 50 epochs", zh: "从 w = 0.6、b = 0.9 出发，每 50 个迭代期的输出" },
      [0.39, 0.21, 0.15, 0.12, 0.11, 0.09],
    ),
    printedClaim("easyWeights", { en: "its weights", zh: "权重" }, [-0.38, -0.81, -1.01, -1.13, -1.21, -1.28]),
    printedClaim("easyBiases", { en: "its biases", zh: "偏置" }, [-0.08, -0.51, -0.71, -0.83, -0.91, -0.98]),
    printedClaim(
      "saturatedOutputs",
      { en: "outputs from w = b = 2", zh: "从 w = b = 2 出发的输出" },
      [0.98, 0.96, 0.93, 0.8, 0.36, 0.21],
    ),
    printedClaim(
      "saturatedWeights",
      { en: "its weights, and its biases, which are the same", zh: "权重（偏置与之相同）" },
      [1.85, 1.65, 1.32, 0.66, -0.29, -0.68],
    ),
    {
      measure: "flatEpochs",
      says: {
        en: "for about 150 epochs it hardly learns: the cost has lost less than a tenth",
        zh: "大约 150 个迭代期内几乎没有学习：代价下降不到十分之一",
      },
      reported: 150,
      accept: { within: 20 },
      because: {
        en: "the text says about 150; a tenth is our reading of hardly",
        zh: "原文说约 150；以十分之一为界是我们的取法",
      },
    },
  ],
};

const crossEntropy: Experiment = {
  id: "nndl/3.1-toy-cross-entropy",
  title: { en: "One neuron, cross-entropy: fast when badly wrong", zh: "单个神经元与交叉熵：错得越厉害学得越快" },
  section: "3.1",
  kind: "experiment",
  settings: { eta: 0.005, epochs: 300, input: 1, target: 0 },
  read,
  async run() {
    const runs = Object.fromEntries(
      (["easy", "saturated"] as const).map((start) => [
        start,
        {
          demo: toy(start, "bookDemo", 0.005),
          real: toy(start, "crossEntropy", 0.005),
          quadratic: toy(start, "quadratic", 0.15),
        },
      ]),
    );
    const firstStep = (states: readonly ToyState[]) => states[0].weight - states[1].weight;
    const ratio = (rule: "real" | "quadratic") => firstStep(runs.saturated[rule]) / firstStep(runs.easy[rule]);
    const falls = runs.saturated.real.slice(1).map(({ cost }, i) => runs.saturated.real[i].cost - cost);
    const curve = (start: Start) =>
      costByEpoch({ en: `Cross-entropy, ${STARTS[start].name.en}`, zh: `交叉熵，${STARTS[start].name.zh}` }, [
        { name: { en: "gradient a - y (61)", zh: "梯度 a - y（61）" }, states: runs[start].real },
        { name: { en: "rule of the book's demo", zh: "书中演示的规则" }, states: runs[start].demo },
      ]);
    // A sixth of the quadratic cost's rate, as the book advises.
    const sixth = toy("saturated", "crossEntropy", 0.15 / 6);
    const half = (states: readonly ToyState[]) => states.find(({ output }) => output < 0.5)?.epoch ?? 0;
    return {
      measured: {
        demoEasyOutputs: printed(runs.easy.demo, "output"),
        demoEasyWeights: printed(runs.easy.demo, "weight"),
        demoEasyBiases: printed(runs.easy.demo, "bias"),
        demoSaturatedOutputs: printed(runs.saturated.demo, "output"),
        demoSaturatedWeights: printed(runs.saturated.demo, "weight"),
        firstStepRatio: ratio("real"),
        firstStepRatioQuadratic: ratio("quadratic"),
        steepestAtStart: falls.every((fall) => fall <= falls[0]),
        easyOutputs: printed(runs.easy.real, "output"),
        saturatedOutputs: printed(runs.saturated.real, "output"),
      },
      tables: [
        {
          title: { en: "Output of the neuron", zh: "神经元的输出" },
          columns: [
            EPOCH,
            ...(["easy", "saturated"] as const).flatMap((start) => [
              { en: `${STARTS[start].name.en}: gradient (61)`, zh: `${STARTS[start].name.zh}：梯度（61）` },
              { en: "book's demo", zh: "书中演示" },
            ]),
          ],
          rows: [50, 100, 150, 200, 250, 300].map((epoch) => [
            epoch,
            ...(["easy", "saturated"] as const).flatMap((start) => [
              runs[start].real[epoch].output.toFixed(2),
              runs[start].demo[epoch].output.toFixed(2),
            ]),
          ]),
        },
      ],
      figures: [
        { name: "easy", chart: curve("easy") },
        { name: "saturated", chart: curve("saturated") },
      ],
      notes: [
        {
          en: `With a sixth of the quadratic cost's rate, 0.025, the true gradient brings the output from 0.98 below 0.5 in ${half(sixth)} epochs; the quadratic cost at 0.15 takes ${half(runs.saturated.quadratic)}.`,
          zh: `取二次代价学习率的六分之一，即 0.025，真正的梯度用 ${half(sixth)} 个迭代期把输出从 0.98 降到 0.5 以下；二次代价（0.15）需要 ${half(runs.saturated.quadratic)} 个。`,
        },
      ],
    };
  },
  about: {
    en: "The same neuron and the same starts under cross-entropy, whose gradient a - y has no factor σ'(z). The curves printed in the book do not follow that gradient: they fit a rule in which the slope by the output, 1 / (1 - a), is taken for the slope by the weighted input. Both are run here; the rule of the book's demonstration is marked as such.",
    zh: "同样的神经元和起点，换成交叉熵，其梯度 a - y 不含因子 σ'(z)。书中印出的曲线并不服从这个梯度，而是把代价对输出的导数 1 / (1 - a) 当成了对带权输入的导数，漏掉了 σ'(z)。这里两者都运行，并把书中演示的规则单独标明。",
  },
  claims: [
    printedClaim(
      "demoEasyOutputs",
      {
        en: "printed outputs from w = 0.6, b = 0.9, by the demonstration's rule",
        zh: "书中从 w = 0.6、b = 0.9 出发的输出（按演示的规则）",
      },
      [0.5, 0.3, 0.18, 0.11, 0.07, 0.04],
    ),
    printedClaim(
      "demoEasyWeights",
      { en: "printed weights, by the demonstration's rule", zh: "书中的权重（按演示的规则）" },
      [-0.16, -0.58, -0.9, -1.2, -1.47, -1.73],
    ),
    printedClaim(
      "demoEasyBiases",
      { en: "printed biases, by the demonstration's rule", zh: "书中的偏置（按演示的规则）" },
      [0.14, -0.28, -0.6, -0.9, -1.17, -1.43],
    ),
    printedClaim(
      "demoSaturatedOutputs",
      {
        en: "printed outputs from w = b = 2, by the demonstration's rule",
        zh: "书中从 w = b = 2 出发的输出（按演示的规则）",
      },
      [0.59, 0.36, 0.22, 0.13, 0.08, 0.05],
    ),
    printedClaim(
      "demoSaturatedWeights",
      { en: "printed weights, by the demonstration's rule", zh: "书中的权重（按演示的规则）" },
      [0.17, -0.3, -0.65, -0.95, -1.23, -1.49],
    ),
    {
      measure: "firstStepRatio",
      says: {
        en: "the worse the start, the faster it learns: first step from w = b = 2 against that from 0.6, 0.9, true gradient",
        zh: "起点越差学得越快：两个起点第一步的步长之比（真正的梯度）",
      },
      accept: { atLeast: 1 },
      because: { en: "above 1 is faster", zh: "大于 1 即更快" },
    },
    {
      measure: "firstStepRatioQuadratic",
      says: { en: "with the quadratic cost the worse start learns slower", zh: "二次代价时较差的起点反而更慢" },
      accept: { atMost: 1 },
      because: { en: "below 1 is slower", zh: "小于 1 即更慢" },
    },
    {
      measure: "steepestAtStart",
      says: {
        en: "from w = b = 2 the cost falls steepest at the very beginning, true gradient",
        zh: "从 w = b = 2 出发，代价在最开始下降得最陡（真正的梯度）",
      },
      accept: { equals: true },
    },
  ],
};

export const experiments: readonly Experiment[] = [quadratic, crossEntropy];
