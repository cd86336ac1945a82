// Part 5: the recurrent layer, its backpropagation through time, and the gradient check.
import type { Experiment } from "../../experiment.ts";
import { Matrix } from "../../matrix.ts";
import { Random } from "../../random.ts";
import { largestDifference, rnnForm } from "../framework/same-recurrent.ts";
import { IdentityActivator } from "../programs/activators.ts";
import { TanhActivator } from "../programs/fc.ts";
import type { CheckedGradient } from "../programs/gradient-check.ts";
import { dataSet, RecurrentLayer } from "../programs/rnn.ts";
import { PrintedRecurrentLayer } from "../programs/rnn-as-printed.ts";
import { gradientCheck, readSequence, relativeError } from "../programs/through-time.ts";

const identity = new IdentityActivator();
const rounding = {
  en: "float64 rounding of sums of about ten products",
  zh: "约十个乘积之和的 float64 舍入",
};

/** The layer of the worked example: 3 inputs, 2 states. */
function worked<Layer extends RecurrentLayer>(layer: Layer): Layer {
  layer.U.values.set([0.1, -0.2, 0.3, 0.4, 0.5, -0.6]);
  layer.W.values.set([0.7, -0.8, 0.9, 0.2]);
  readSequence(layer, dataSet(3));
  layer.backward(Matrix.column([1, 1]));
  return layer;
}

const unrolled: Experiment = {
  id: "zero/5-layer",
  title: { en: "A recurrent layer, unrolled and trained through time", zh: "循环层：按时间展开，沿时间反向传播" },
  section: "5",
  kind: "construction",
  settings: { inputs: 3, states: 2, steps: 3, activation: "identity, tanh" },
  read: [
    "book/zero/programs/rnn.ts",
    "book/zero/programs/rnn-as-printed.ts",
    "book/zero/programs/through-time.ts",
    "book/zero/chapter5/5-recurrent.ts",
  ],
  async run({ seed }) {
    const random = new Random(seed);
    const layer = worked(new RecurrentLayer(3, 2, identity, 1e-3, random));
    const curved = worked(new RecurrentLayer(3, 2, new TanhActivator(), 1e-3, random));
    const printed = worked(new PrintedRecurrentLayer(3, 2, identity, 1e-3, random));
    const other = new RecurrentLayer(4, 3, new TanhActivator(), 1e-3, random, 0.8);
    const xs = Array.from({ length: 8 }, () => Matrix.fill(4, 1, () => random.uniform(-1, 1)));
    const W = layer.W.toRows();
    const steps = ["1", "2", "3"];
    return {
      measured: {
        states: layer.outputs.flatMap(({ values }) => [...values]),
        WGradient: [...layer.WGradient.values],
        UGradient: [...layer.UGradient.values],
        tanhError: curved.outputs[2].sum(),
        tanhWGradient: [...curved.WGradient.values],
        WGradientAsPrinted: [...printed.WGradient.values],
        parameters: layer.parameterCount,
        framework: Math.max(
          largestDifference(other, rnnForm(other, "tanh"), xs, "last"),
          largestDifference(other, rnnForm(other, "tanh"), xs, "every"),
        ),
      },
      figures: [
        {
          name: "unrolled",
          chart: {
            kind: "network",
            title: { en: "The loop unrolled: the same W at every step", zh: "循环展开：每一步用的是同一个 W" },
            layers: [
              { name: "s0", units: 2, labels: ["0", "0"] },
              ...layer.outputs.map((state, t) => ({
                name: `s${t + 1}`,
                units: 2,
                note: `+ U x${t + 1}`,
                labels: [...state.values].map((value) => `${Number(value.toPrecision(3))}`),
                weights: W,
              })),
            ],
          },
          width: 760,
          height: 300,
        },
        {
          name: "deltas",
          chart: {
            kind: "heat-map",
            title: { en: "States forwards, deltas backwards", zh: "状态向前，误差项向后" },
            rows: ["s (1)", "s (2)", "δ (1)", "δ (2)"],
            columns: steps,
            xAxis: { label: { en: "step", zh: "时刻" } },
            values: [layer.outputs, layer.deltaList.slice(1)].flatMap((list) =>
              [0, 1].map((unit) => list.map(({ values }) => values[unit])),
            ),
            colours: "diverging",
            numbers: true,
          },
          height: 320,
        },
      ],
    };
  },
  about: {
    en: "A recurrent layer sees its own last state beside the input. Unrolled it is a deep network with one W at every depth; its error travels back step by step, and the gradient of W is the sum over the steps. The text's own check has two steps, where only one of them counts; here are three, worked out, with the gradient of U that the text leaves to its readers. The framework's layer gives the same numbers.",
    zh: "循环层除输入外还看到自己上一时刻的状态。按时间展开，它是一个每层都用同一个 W 的深层网络；误差逐步传回，W 的梯度是各时刻之和。原文的检查只有两个时刻，其中只有一个起作用；这里算三个时刻，并补上原文留作练习的 U 的梯度。框架的循环层给出同样的数。",
  },
  claims: [
    {
      measure: "states",
      says: { en: "s1, s2, s3 of the worked example", zh: "算例的 s1、s2、s3" },
      expected: [0.6, -0.4, 1.54, 0.36, 1.79, 1.658],
      accept: { within: 1e-12 },
      because: rounding,
    },
    {
      measure: "WGradient",
      says: { en: "dE/dW, E the sum of s3", zh: "E 为 s3 之和时的 dE/dW" },
      expected: [2.5, -0.28, 1.18, 0.6],
      accept: { within: 1e-12 },
      because: rounding,
    },
    {
      measure: "UGradient",
      says: { en: "dE/dU, the text's exercise", zh: "dE/dU，原文的练习" },
      expected: [6.78, 9.96, 13.14, 0.4, -0.6, -1.6],
      accept: { within: 1e-12 },
      because: rounding,
    },
    {
      measure: "tanhError",
      says: { en: "E with tanh in the place of the identity", zh: "激活函数换成 tanh 时的 E" },
      expected: 1.673543013574687,
      accept: { within: 1e-12 },
      because: rounding,
    },
    {
      measure: "tanhWGradient",
      says: { en: "and its dE/dW", zh: "及其 dE/dW" },
      expected: [0.2469243902083928, 0.030247287326937065, 0.2902182960274051, 0.1467283400980114],
      accept: { within: 1e-12 },
      because: rounding,
    },
    {
      measure: "WGradientAsPrinted",
      says: {
        en: "as printed: dE/dW of the identity, wrong in every number",
        zh: "按原文程序：恒等激活时的 dE/dW，四个数全错",
      },
      expected: [2.7184, -0.1456, 0.40312, 1.39792],
      accept: { within: 1e-12 },
      because: rounding,
    },
    {
      measure: "parameters",
      says: { en: "RecurrentLayer(3, 2): n m + n n parameters", zh: "RecurrentLayer(3, 2)：n m + n n 个参数" },
      accept: { equals: 10 },
    },
    {
      measure: "framework",
      says: {
        en: "by hand and the framework's rnn, eight steps, tanh: largest difference of outputs and gradients",
        zh: "手写与框架的 rnn，八个时刻，tanh：输出与梯度的最大差",
      },
      accept: { atMost: 1e-13 },
      because: {
        en: "the same sums in another order; 4e-16 to 2e-15 over ten seeds",
        zh: "同样的和，次序不同；十个种子为 4e-16 到 2e-15",
      },
    },
  ],
};

/** Relative error of dE/dW over the whole matrix. */
const errorOfW = (checked: Map<string, CheckedGradient[]>) => relativeError(checked.get("W")!);

const check: Experiment = {
  id: "zero/5-gradient-check",
  title: { en: "The gradient check, and why it passed", zh: "梯度检查，以及它为何通过" },
  section: "5",
  kind: "experiment",
  settings: { inputs: 3, states: 2, activation: "identity", epsilon: 0.001, steps: "2; 3 to 6" },
  read: [
    "book/zero/programs/rnn.ts",
    "book/zero/programs/rnn-as-printed.ts",
    "book/zero/programs/through-time.ts",
    "book/zero/chapter5/5-recurrent.ts",
  ],
  async run({ seed }) {
    const text = new RecurrentLayer(3, 2, identity, 1e-3, new Random(seed));
    const pairs = gradientCheck(text, dataSet(2), "last", 1e-3).get("W")!;
    const printedText = new PrintedRecurrentLayer(3, 2, identity, 1e-3, new Random(seed));
    const printedPairs = gradientCheck(printedText, dataSet(2), "last", 1e-3).get("W")!;
    const difference = (list: CheckedGradient[]) =>
      Math.max(...list.map(({ expected, actual }) => Math.abs(expected - actual)));
    const steps = [2, 3, 4, 5, 6];
    // Weights of another size than the text's, with which one sees what happens.
    const form = (Kind: typeof RecurrentLayer) => new Kind(3, 2, identity, 1e-3, new Random(seed), 0.5);
    const errors = (Kind: typeof RecurrentLayer) =>
      steps.map((times) => errorOfW(gradientCheck(form(Kind), dataSet(times), "last", 1e-5)));
    const [listed, mended] = [errors(PrintedRecurrentLayer), errors(RecurrentLayer)];
    const curved = new RecurrentLayer(3, 2, new TanhActivator(), 1e-3, new Random(seed), 0.5);
    const everywhere = [...gradientCheck(curved, dataSet(6), "every", 1e-5).values()].map(relativeError);
    return {
      measured: {
        textDifference: difference(pairs),
        printedDifference: difference(printedPairs),
        checked: pairs.length,
        printedTwo: listed[0],
        printedThree: listed[1],
        mended: Math.max(...mended),
        everyLoss: Math.max(...everywhere),
      },
      figures: [
        {
          name: "errors",
          chart: {
            kind: "line",
            title: { en: "How wrong dE/dW is, by the number of steps", zh: "dE/dW 的相对误差与时刻数" },
            xAxis: { label: { en: "steps", zh: "时刻数" } },
            yAxis: { label: { en: "relative error", zh: "相对误差" }, scale: "log" },
            series: [
              { name: { en: "as printed", zh: "按原文" }, x: steps, y: listed, style: "line-points" },
              { name: { en: "mended", zh: "改正后" }, x: steps, y: mended, style: "line-points" },
            ],
          },
        },
      ],
      tables: [
        {
          title: { en: "The text's check, mended program", zh: "原文的检查，改正后的程序" },
          columns: ["", "expected", "actual"],
          rows: pairs.map(({ expected, actual }, i) => [
            `weights(${Math.floor(i / 2)},${i % 2})`,
            expected.toFixed(6),
            actual.toFixed(6),
          ]),
        },
      ],
      notes: [
        {
          en: "Why two steps hide it: the delta of step 1 is the only one that calc_delta_k makes, and it meets s0 = 0, so it counts for nothing.",
          zh: "两个时刻为何看不出来：calc_delta_k 只算出时刻 1 的误差项，而它乘的是 s0 = 0，对梯度毫无影响。",
        },
      ],
    };
  },
  about: {
    en: "The text's check: two steps, the identity, E the sum of the last state, every weight of W moved by 0.001. It passes, also for the listed program, though that one multiplies by the raw state of the step after instead of the derivative, and overwrites the state with its derivative. From three steps on it shows. The mended layer is checked over two to six steps, with tanh, an error at every step, all weights and inputs.",
    zh: "原文的检查：两个时刻，恒等激活，E 为最后状态之和，把 W 的每个权重移动 0.001。它通过了，原文所列的程序也通过了，尽管那个程序乘的是后一时刻的状态而不是导数，还把状态改写成了它的导数。三个时刻起就能看出错误。改正后的层用两到六个时刻检查，也用 tanh、每个时刻都有误差、全部权重与输入。",
  },
  claims: [
    {
      measure: "checked",
      says: { en: "weights that the text checks", zh: "原文检查的权重个数" },
      accept: { equals: 4 },
    },
    {
      measure: "textDifference",
      says: {
        en: "two steps: expected and actual agree, largest difference",
        zh: "两个时刻：expected 与 actual 一致，最大差",
      },
      accept: { atMost: 1e-15 },
      because: {
        en: "E is quadratic in W and central differences are exact for it: rounding of 1e-3 divided by 0.002 is left, at most 4e-17 over ten seeds",
        zh: "E 是 W 的二次函数，中心差分对它是精确的，只剩舍入：约 1e-3 的数除以 0.002，十个种子最大 4e-17",
      },
    },
    {
      measure: "printedDifference",
      says: { en: "and as printed it passes, too", zh: "按原文的程序也通过" },
      accept: { atMost: 1e-15 },
      because: { en: "the same rounding", zh: "同样的舍入" },
    },
    {
      measure: "printedTwo",
      says: {
        en: "as printed, weights up to 0.5, two steps: relative error",
        zh: "按原文，权重在 ±0.5 内，两个时刻：相对误差",
      },
      accept: { atMost: 1e-8 },
      because: { en: "differences of 1e-5 leave 1e-10", zh: "步长 1e-5 的差分留下约 1e-10" },
    },
    {
      measure: "printedThree",
      says: { en: "three steps: wrong", zh: "三个时刻：错" },
      accept: { atLeast: 0.1 },
      because: {
        en: "0.58 to 6.0 over ten seeds; a right gradient leaves 1e-10",
        zh: "十个种子为 0.58 到 6.0；正确的梯度只差 1e-10",
      },
    },
    {
      measure: "mended",
      says: { en: "mended, two to six steps: largest relative error", zh: "改正后，两到六个时刻：最大相对误差" },
      accept: { atMost: 1e-8 },
      because: { en: "differences of 1e-5 leave 1e-10", zh: "步长 1e-5 的差分留下约 1e-10" },
    },
    {
      measure: "everyLoss",
      says: {
        en: "tanh, six steps, an error at every step, over U, W and the inputs",
        zh: "tanh，六个时刻，每个时刻都有误差，U、W 与输入",
      },
      accept: { atMost: 1e-6 },
      because: {
        en: "1e-10 to 3e-9 over ten seeds, the rounding of differences beside small gradients of saturated states",
        zh: "十个种子为 1e-10 到 3e-9：状态饱和时梯度小，差分的舍入显得大",
      },
    },
  ],
};

export const experiments: readonly Experiment[] = [unrolled, check];
