// Chapter 4, which activations the construction works for: any with two different limits, ReLUs by another way, linear neurons never.
import type { Experiment } from "../../experiment.ts";
import { Matrix } from "../../matrix.ts";
import { Random } from "../../random.ts";
import {
  bumps,
  bumpsOf,
  deviation,
  f113,
  logit,
  middles,
  OneHiddenLayer,
  order,
  polygon,
  relu,
  sigmoid,
  stepOfRelus,
  wiggly,
} from "../programs/universality.ts";

const read = ["book/nndl/programs/universality.ts", "book/nndl/chapter4/4.4-activations.ts"];
const xs = Array.from({ length: 601 }, (_, i) => i / 600);
const unit = { label: "x", min: 0, max: 1 };
const target = (x: number) => logit(f113(x));
const points = middles(2000).map((x) => [x]);
const outputError = (network: OneHiddenLayer) =>
  deviation(
    points,
    (x) => network.output(x),
    ([x]) => f113(x),
  ).mean;

export const generalActivation: Experiment = {
  id: "nndl/4.4-activations",
  title: { en: "Other activations", zh: "其他激活函数" },
  section: "4.4",
  kind: "experiment",
  settings: { w: "6, 25, 50, 100", b: -3, bumps: 80, "w of the bumps": 10_000 },
  read,
  async run() {
    const widths = [6, 25, 50, 100];
    const wide = Array.from({ length: 2001 }, (_, i) => -1 + i / 1000);
    const distances = widths.map((w) => {
      const gaps = wide.map((x) => Math.abs(wiggly(w * x - 3) - (x < 3 / w ? -0.5 : 2)));
      return gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
    });
    const kinds = [
      { name: "sigmoid", s: sigmoid, limits: { low: 0, high: 1 } },
      { name: { en: "wiggly", zh: "有起伏" }, s: wiggly, limits: { low: -0.5, high: 2 } },
      { name: "tanh", s: Math.tanh, limits: { low: -1, high: 1 } },
      { name: "arctan", s: Math.atan, limits: { low: -Math.PI / 2, high: Math.PI / 2 } },
    ];
    const errors = kinds.map(({ s, limits }) => {
      const { neurons, outputBias } = bumpsOf(target, 80, 10_000, limits);
      return outputError(new OneHiddenLayer(neurons, s, outputBias));
    });
    return {
      measured: { becomesStep: distances.slice(1).map((distance, i) => distance / distances[i]), errors },
      figures: [
        {
          name: "generic",
          chart: {
            kind: "line",
            title: { en: "A generic activation: limits -0.5 and 2", zh: "一个一般的激活函数：极限为 -0.5 与 2" },
            xAxis: { label: "z" },
            yAxis: { label: "s(z)" },
            series: [{ name: "s", x: wide.map((x) => 10 * x), y: wide.map((x) => wiggly(10 * x)) }],
          },
        },
        {
          name: "steps",
          chart: {
            kind: "line",
            title: { en: "s(wx - 3) becomes a step", zh: "s(wx - 3) 变成阶跃" },
            xAxis: { label: "x", min: -1, max: 1 },
            yAxis: { label: "s(wx + b)" },
            series: widths.map((w) => ({ name: `w = ${w}`, x: wide, y: wide.map((x) => wiggly(w * x - 3)) })),
          },
        },
      ],
      tables: [
        {
          title: { en: "Mean error with 80 bumps (160 neurons)", zh: "80 个凸块（160 个神经元）的平均误差" },
          columns: [
            { en: "activation", zh: "激活函数" },
            { en: "mean error", zh: "平均误差" },
          ],
          rows: kinds.map(({ name }, i) => [typeof name === "string" ? name : name.en, Number(errors[i].toFixed(5))]),
        },
      ],
    };
  },
  about: {
    en: "The construction needs one thing from an activation s(z): limits at both ends that differ. Then s(wx + b) becomes a step for large w, of the height of their difference, whatever happens between. The book's weights 6, 25, 50, 100 with b = -3 on an activation with wiggles; then 80 bumps from it, from tanh and from the arctangent.",
    zh: "这个构造对激活函数 s(z) 只有一个要求：两端的极限存在且不相等。那么 w 很大时 s(wx + b) 就成为阶跃，高度为两个极限之差，中间如何起伏并不要紧。这里用书中的权重 6、25、50、100 与 b = -3 作用于一个有起伏的激活函数，再分别用它、tanh 和反正切搭 80 个凸块。",
  },
  claims: [
    {
      measure: "becomesStep",
      says: {
        en: "s(wx - 3) comes nearer to a step as w grows: mean distance over -1 to 1, each over the one before",
        zh: "w 增大时 s(wx - 3) 趋近阶跃：在 -1 到 1 上的平均距离，每个与前一个之比",
      },
      accept: { atMost: 0.6 },
      because: {
        en: "the transition shrinks like 1/w: 6/25 = 0.24, 25/50 and 50/100 = 0.5",
        zh: "过渡区按 1/w 收缩：6/25 = 0.24，25/50 与 50/100 = 0.5",
      },
    },
    {
      measure: "errors",
      says: {
        en: "sigmoid, wiggly, tanh, arctan: mean error with 80 bumps",
        zh: "sigmoid、有起伏者、tanh、反正切：80 个凸块的平均误差",
      },
      accept: { atMost: 0.02 },
      because: {
        en: "the staircase of 80 true steps has 0.006; how an activation rounds them changes it a little, and three times as much is allowed",
        zh: "80 个真正阶跃的台阶误差为 0.006；各激活函数把台阶磨圆的方式略有影响，这里放宽到三倍",
      },
    },
  ],
};

export const rectifiers: Experiment = {
  id: "nndl/4.4-relu",
  title: { en: "Rectified linear units", zh: "修正线性单元" },
  section: "4.4",
  kind: "exercise",
  settings: { N: "10 to 320" },
  read,
  async run() {
    const ramp = new OneHiddenLayer(stepOfRelus(0.4, 1000), relu);
    const counts = [10, 20, 40, 80, 160, 320];
    const polygons = counts.map((n) => {
      const { neurons, outputBias } = polygon(target, n);
      return new OneHiddenLayer(neurons, relu, outputBias);
    });
    const errors = polygons.map(outputError);
    const sigmoids = counts.map((n) => outputError(new OneHiddenLayer(bumps(target, n / 2, 1000))));
    return {
      measured: {
        limitFails: [relu(10), relu(1000)],
        step: [0.39, 0.4, 0.401, 0.41].map((x) => ramp.weightedSum([x])),
        order: order(counts.slice(1), errors.slice(1)),
      },
      figures: [
        {
          name: "polygon",
          chart: {
            kind: "line",
            title: { en: "Ten and forty ReLUs", zh: "十个与四十个 ReLU" },
            xAxis: unit,
            yAxis: { label: { en: "output", zh: "输出" }, min: 0, max: 1 },
            series: [
              { name: "f(x)", x: xs, y: xs.map(f113) },
              { name: "N = 10", x: xs, y: xs.map((x) => polygons[0].output([x])) },
              { name: "N = 40", x: xs, y: xs.map((x) => polygons[2].output([x])) },
            ],
          },
        },
        {
          name: "error",
          chart: {
            kind: "line",
            title: { en: "Mean error by the number of hidden neurons", zh: "平均误差与隐藏神经元数" },
            xAxis: { label: { en: "hidden neurons", zh: "隐藏神经元数" }, scale: "log" },
            yAxis: { label: { en: "mean error", zh: "平均误差" }, scale: "log" },
            series: [
              { name: { en: "ReLU polygon", zh: "ReLU 折线" }, x: counts, y: errors, style: "line-points" },
              { name: { en: "sigmoid bumps", zh: "sigmoid 凸块" }, x: counts, y: sigmoids, style: "line-points" },
            ],
          },
        },
      ],
    };
  },
  about: {
    en: "max(0, z) has no limit for large z, so the argument above fails for it, and the book asks for a construction of one's own. Two ReLUs make a ramp from 0 to 1, which is a step for large w, and everything else follows. Better still: N ReLUs draw the polygon through N + 1 points of the function, whose error falls with 1/N².",
    zh: "max(0, z) 在 z 很大时没有极限，上面的论证不适用，书中请读者另找构造。两个 ReLU 可以组成从 0 到 1 的斜坡，w 大时就是阶跃，其余照旧。更好的办法是：N 个 ReLU 画出过函数上 N + 1 个点的折线，误差按 1/N² 下降。",
  },
  claims: [
    {
      measure: "limitFails",
      says: {
        en: "one ReLU has no limit: max(0, wx) at x = 1 for w = 10 and 1000",
        zh: "单个 ReLU 没有极限：w = 10 与 1000 时 max(0, wx) 在 x = 1 处的值",
      },
      expected: [10, 1000],
      accept: { equals: [10, 1000] },
    },
    {
      measure: "step",
      says: {
        en: "two make a step at 0.4: values at 0.39, 0.4, 0.401, 0.41",
        zh: "两个组成位于 0.4 的阶跃：0.39、0.4、0.401、0.41 处的值",
      },
      expected: [0, 0, 1, 1],
      accept: { within: 1e-9 },
      because: { en: "float64 rounding of w x - w s", zh: "w x - w s 的 float64 舍入" },
    },
    {
      measure: "order",
      says: {
        en: "the polygon's error is of order 1/N²: the power of N from 20 on",
        zh: "折线的误差为 1/N² 阶：从 N = 20 起 N 的幂次",
      },
      expected: -2,
      accept: { within: 0.15 },
      because: { en: "a cosine of 50x still bends within a piece of 1/20", zh: "cos 50x 在 1/20 长的一段内仍有弯曲" },
    },
  ],
};

export const linearNeurons: Experiment = {
  id: "nndl/4.4-linear",
  title: { en: "Linear neurons are not universal", zh: "线性神经元不是万能的" },
  section: "4.4",
  kind: "exercise",
  settings: { networks: "1-8-1, 1-50-50-1, 1-20-20-20-20-1" },
  read,
  async run({ seed }) {
    const random = new Random(seed);
    const bends = [
      [1, 8, 1],
      [1, 50, 50, 1],
      [1, 20, 20, 20, 20, 1],
    ].map((sizes) => {
      const layers = sizes.slice(1).map((rows, i) => ({
        W: Matrix.fill(rows, sizes[i], () => random.normal()),
        b: Matrix.fill(rows, 1, () => random.normal()),
      }));
      const output = (x: number) => layers.reduce((a, { W, b }) => W.dot(a).plus(b), Matrix.column([x])).at(0, 0);
      const [y0, y1] = [output(0), output(1)];
      return (
        Math.max(...xs.map((x) => Math.abs(output(x) - y0 - (y1 - y0) * x))) / Math.max(Math.abs(y0), Math.abs(y1))
      );
    });
    const x = middles(2000);
    const y = x.map(f113);
    const mean = (list: readonly number[]) => list.reduce((sum, value) => sum + value, 0) / list.length;
    const [meanX, meanY] = [mean(x), mean(y)];
    const slope = mean(x.map((at, i) => (at - meanX) * (y[i] - meanY))) / mean(x.map((at) => (at - meanX) ** 2));
    const line = (at: number) => meanY + slope * (at - meanX);
    return {
      measured: {
        bend: Math.max(...bends),
        bestMeanSquare: Math.sqrt(mean(x.map((at, i) => (y[i] - line(at)) ** 2))),
      },
      figures: [
        {
          name: "line",
          chart: {
            kind: "line",
            title: { en: "The best that linear neurons can do", zh: "线性神经元所能做到的最好结果" },
            xAxis: unit,
            yAxis: { label: "y", min: 0, max: 1 },
            series: [
              { name: "f(x)", x: xs, y: xs.map(f113) },
              {
                name: { en: "any number of linear neurons", zh: "任意多个线性神经元" },
                x: [0, 1],
                y: [line(0), line(1)],
              },
            ],
          },
        },
      ],
    };
  },
  about: {
    en: "With s(z) = z every layer is a linear map, and so are all of them together: wx + b, whatever the number of neurons and layers. Shown on random networks, which are checked for being straight, and by the best straight line, whose error is the least that any such network has.",
    zh: "s(z) = z 时每一层都是线性映射，合在一起仍是 wx + b，与神经元数和层数无关。这里用随机网络验证其输出是直线，并给出最佳直线的误差——这是此类网络所能达到的最小误差。",
  },
  claims: [
    {
      measure: "bend",
      says: {
        en: "the output is a straight line: largest distance from the chord, over the size of the output",
        zh: "输出是直线：与弦的最大距离与输出大小之比",
      },
      accept: { atMost: 1e-12 },
      because: { en: "float64 rounding", zh: "float64 舍入" },
    },
    {
      measure: "bestMeanSquare",
      says: {
        en: "so its error has a floor: root mean square of f minus the best line",
        zh: "所以误差有下限：f 减去最佳直线的均方根",
      },
      accept: { atLeast: 0.05 },
      because: {
        en: "f of (113) is far from straight; 40 sigmoids come below 0.05",
        zh: "(113) 的 f 远非直线；40 个 sigmoid 就能低于 0.05",
      },
    },
  ],
};

export const experiments: readonly Experiment[] = [generalActivation, rectifiers, linearNeurons];
