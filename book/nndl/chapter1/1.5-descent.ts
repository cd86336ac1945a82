// Chapter 1, section 1.5: gradient descent on functions of one and two variables, the best direction, and estimates of a gradient from few examples.
import type { Experiment } from "../../experiment.ts";
import { Matrix } from "../../matrix.ts";
import { first, type Mnist, part } from "../../mnist.ts";
import { Random } from "../../random.ts";
import { accuracyChart, train } from "../framework/first-networks.ts";
import { bowlCost, rollDown } from "../programs/bowl.ts";
import { quadraticCost } from "../programs/finite-differences.ts";
import { type Nabla, Network, toExamples } from "../programs/network.ts";

const read = ["book/nndl/chapter1/1.5-descent.ts"];

/** v -> v - eta C'(v), from v; all places on the way. */
export function descend(slope: (v: number) => number, v: number, eta: number, steps: number): number[] {
  const places = [v];
  for (let i = 0; i < steps; i++) places.push(places[i] - eta * slope(places[i]));
  return places;
}

const oneVariable: Experiment = {
  id: "nndl/1.5-one-variable",
  title: { en: "Gradient descent in one variable", zh: "一元函数的梯度下降" },
  section: "1.5",
  kind: "exercise",
  settings: { C: "v^2", start: 2, eta: "0.1, 0.45, 0.9, 1.05" },
  read,
  async run() {
    const etas = [0.1, 0.45, 0.9, 1.05];
    const walks = etas.map((eta) => descend((v) => 2 * v, 2, eta, 6));
    const costs = walks.map((walk) => walk.map((v) => v * v));
    const falls = costs.every((cost, i) => cost.slice(1).every((c, k) => (etas[i] < 1 ? c < cost[k] : c > cost[k])));
    const curve = Array.from({ length: 121 }, (_, i) => -3 + i / 20);
    return {
      measured: { factors: walks.map((walk) => walk[1] / walk[0]), falls },
      figures: [
        {
          name: "walks",
          chart: {
            kind: "line",
            title: { en: "Descent on C = v² from v = 2", zh: "在 C = v² 上从 v = 2 出发的下降" },
            xAxis: { label: "v", min: -3, max: 3 },
            yAxis: { label: "C", min: 0, max: 9 },
            series: [
              { name: "C = v²", x: curve, y: curve.map((v) => v * v) },
              ...[0, 2].map((i) => ({
                name: `η = ${etas[i]}`,
                x: walks[i],
                y: costs[i],
                style: "line-points" as const,
              })),
            ],
          },
        },
        {
          name: "places",
          chart: {
            kind: "line",
            title: { en: "v after each step, at four learning rates", zh: "四种学习率下每一步之后的 v" },
            xAxis: { label: { en: "step", zh: "步" }, min: 0, max: 6 },
            yAxis: { label: "v", min: -4, max: 4 },
            series: walks.map((walk, i) => ({
              name: `η = ${etas[i]}`,
              x: walk.map((_, step) => step),
              y: walk,
              style: "line-points" as const,
            })),
          },
        },
      ],
    };
  },
  about: {
    en: "What gradient descent means when C depends on one number: walk against the slope, the further the steeper. On C = v² each step multiplies v by 1 − 2η, so a small rate creeps, η near 1/2 arrives at once, above 1/2 it jumps across, and above 1 it climbs.",
    zh: "C 只依赖一个数时梯度下降的含义：逆着斜率走，越陡走得越远。对 C = v²，每一步把 v 乘以 1 − 2η：学习率小则慢慢爬，η 接近 1/2 时一步到位，超过 1/2 会跳到对面，超过 1 则越走越高。",
  },
  claims: [
    {
      measure: "factors",
      says: {
        en: "v after a step, over v before it, for the four rates: 1 − 2η",
        zh: "四个学习率下一步之后与之前 v 的比：1 − 2η",
      },
      expected: [0.8, 0.1, -0.8, -1.1],
      accept: { within: 1e-9 },
      because: { en: "rounding of float64", zh: "float64 的舍入" },
    },
    {
      measure: "falls",
      says: {
        en: "the cost falls at every step below η = 1, and rises at every step above",
        zh: "η < 1 时每一步代价都下降，η > 1 时每一步都上升",
      },
      accept: { equals: true },
    },
  ],
};

const bowl: Experiment = {
  id: "nndl/1.5-bowl",
  title: { en: "A ball rolling down a bowl", zh: "沿碗滚下的小球" },
  section: "1.5",
  kind: "figure",
  settings: { start: "(-1.6, 1.8)", eta: 0.25, steps: 25 },
  read: ["book/nndl/programs/bowl.ts", ...read],
  async run() {
    const path = rollDown([-1.6, 1.8], 0.25, 25);
    const axis = Array.from({ length: 41 }, (_, i) => -2 + i / 10);
    const z = axis.map((b) => axis.map((a) => bowlCost([a, b])));
    return {
      measured: {
        alwaysDown: path.slice(1).every((place, i) => bowlCost(place) < bowlCost(path[i])),
        distance: Math.hypot(...path.at(-1)!),
      },
      figures: [
        {
          name: "surface",
          chart: {
            kind: "surface",
            title: { en: "The cost as a bowl", zh: "像碗一样的代价" },
            xAxis: { label: "v1" },
            yAxis: { label: "v2" },
            zAxis: { label: "C" },
            x: axis,
            y: axis,
            z,
          },
        },
        {
          name: "path",
          chart: {
            kind: "contour",
            title: { en: "The same from above, with the steps −η∇C", zh: "从上方看，以及各步 −η∇C" },
            xAxis: { label: "v1" },
            yAxis: { label: "v2" },
            x: axis,
            y: axis,
            z,
            paths: [
              {
                name: { en: "gradient descent, η = 0.25", zh: "梯度下降，η = 0.25" },
                x: path.map(([a]) => a),
                y: path.map(([, b]) => b),
                style: "line-points",
              },
            ],
          },
          width: 560,
          height: 480,
        },
      ],
    };
  },
  about: {
    en: "The picture behind the algorithm: a cost over two variables, and steps −η∇C that lead to the bottom. The bowl is C = v₁² + v₂²/2 + v₁v₂/2.",
    zh: "算法背后的图景：两个变量上的代价，以及一步步走向谷底的 −η∇C。这里的碗是 C = v₁² + v₂²/2 + v₁v₂/2。",
  },
  claims: [
    {
      measure: "alwaysDown",
      says: { en: "every step goes down", zh: "每一步都向下" },
      accept: { equals: true },
    },
    {
      measure: "distance",
      says: { en: "it ends at the bottom: distance after 25 steps", zh: "终点在谷底：25 步之后的距离" },
      accept: { atMost: 0.02 },
      because: {
        en: "The flattest direction has curvature 0.79, so each step leaves at least 1 − 0.25 · 0.79 = 0.80 of it: 2.4 · 0.80^25 = 0.01.",
        zh: "最平缓方向的曲率为 0.79，每一步剩下 1 − 0.25 · 0.79 = 0.80：2.4 · 0.80^25 = 0.01。",
      },
    },
  ],
};

/** Length of a move: so short that the curvature of C hardly counts. */
const EPSILON = 1e-5;

const direction: Experiment = {
  id: "nndl/1.5-best-direction",
  title: { en: "No direction is better than −∇C", zh: "没有比 −∇C 更好的方向" },
  section: "1.5",
  kind: "exercise",
  settings: { network: "[3, 2, 2]", moves: 10_000, epsilon: EPSILON },
  read,
  async run({ seed }) {
    const random = new Random(seed);
    const network = new Network([3, 2, 2], random);
    const x = Matrix.fill(3, 1, () => random.normal());
    const y = Matrix.fill(2, 1, () => random.uniform());
    const gradient = flat(network.backprop(x, y));
    const length = norm(gradient);
    const numbers = [...network.biases, ...network.weights].map(({ values }) => values);
    const costAfter = (move: readonly number[]) => {
      const before = numbers.map((values) => values.slice());
      let at = 0;
      for (const values of numbers) for (let i = 0; i < values.length; i++) values[i] += move[at++];
      const cost = quadraticCost(network.feedforward(x), y);
      numbers.forEach((values, k) => {
        values.set(before[k]);
      });
      return cost;
    };
    const here = quadraticCost(network.feedforward(x), y);
    // How far C falls along a direction, over the most that the inequality allows.
    const shareOf = (direction: readonly number[]) => {
      const scale = EPSILON / norm(direction);
      return (here - costAfter(direction.map((value) => value * scale))) / (EPSILON * length);
    };
    const shares = Array.from({ length: 10_000 }, () => shareOf(gradient.map(() => random.normal())));
    return {
      measured: {
        best: shareOf(gradient.map((g) => -g)),
        bestRandom: shares.reduce((best, share) => Math.max(best, share), -1),
      },
      figures: [
        {
          name: "moves",
          chart: {
            kind: "histogram",
            title: { en: "Random moves against the best one", zh: "随机移动与最好的移动" },
            xAxis: {
              label: { en: "decrease of C, as a share of ε‖∇C‖", zh: "C 的下降，与 ε‖∇C‖ 之比" },
              min: -1,
              max: 1,
            },
            yAxis: { label: { en: "moves", zh: "移动个数" } },
            series: [{ name: { en: "random moves", zh: "随机移动" }, values: shares }],
            bins: 40,
            marks: [{ axis: "x", at: 1, label: "−∇C" }],
          },
        },
      ],
    };
  },
  about: {
    en: "Among all moves of length ε, which lowers ∇C·Δv most? By the Cauchy–Schwarz inequality Δv = −η∇C with η = ε/‖∇C‖, and it lowers C by ε‖∇C‖. Here a small network is moved along −∇C and in ten thousand random directions, equally far, and its cost is computed anew each time.",
    zh: "在所有长度为 ε 的移动中，哪一个使 ∇C·Δv 下降最多？由柯西–施瓦茨不等式，是 Δv = −η∇C，其中 η = ε/‖∇C‖，此时 C 下降 ε‖∇C‖。这里让一个小网络沿 −∇C 以及一万个随机方向移动同样的距离，每次重新计算代价。",
  },
  claims: [
    {
      measure: "best",
      says: { en: "change of C along −∇C, over −ε‖∇C‖", zh: "沿 −∇C 方向 C 的变化与 −ε‖∇C‖ 之比" },
      expected: 1,
      accept: { within: 0.001 },
      because: {
        en: "Equation (9) holds for small moves: over 10⁻⁵ the curvature of C adds a ten-thousandth.",
        zh: "公式 (9) 对小的移动成立：移动 10⁻⁵ 时，C 的弯曲约带来万分之一。",
      },
    },
    {
      measure: "bestRandom",
      says: {
        en: "the best of the random moves stays below it, as a share",
        zh: "随机移动中最好的一个仍不及它，所占比例",
      },
      accept: { between: [0.7, 0.95] },
      because: {
        en: "The inequality forbids 1; in 14 dimensions the best of 10,000 random directions comes to 0.81 to 0.85 in ten seeds.",
        zh: "不等式不允许达到 1；在 14 维中，一万个随机方向里最好的在十个种子下为 0.81 至 0.85。",
      },
    },
  ],
};

const estimates: Experiment = {
  id: "nndl/1.5-online",
  title: { en: "Online learning against batches of 20", zh: "在线学习与大小为 20 的小批量" },
  section: "1.5",
  kind: "exercise",
  settings: { network: "[784, 30, 10]", "eta / m": 0.3, m: "1, 20" },
  read: ["book/nndl/programs/network.ts", "book/nndl/chapter1/1.5-descent.ts"],
  needs: ["mnist"],
  async run(context) {
    const data = await context.mnist();
    const gradients = gradientErrors(data, context.seed);
    const training = context.pick({ quick: first(data.training, 4000), full: data.training });
    const epochs = context.pick({ quick: 2, full: 5 });
    const lesson = { sizes: [784, 30, 10], epochs, seed: context.seed, training, test: data.test };
    const online = await train({ ...lesson, eta: 0.3, batchSize: 1 });
    const batches = await train({ ...lesson, eta: 6, batchSize: 20 });
    return {
      measured: {
        cheaper: data.bytes.train.labels.length / 10,
        ...gradients,
        online: online.percent,
        batches: batches.percent,
      },
      figures: [
        {
          name: "accuracy",
          chart: accuracyChart({ en: "Batches of 1 and of 20, η/m = 0.3", zh: "大小为 1 与 20 的小批量，η/m = 0.3" }, [
            { name: { en: "m = 1, η = 0.3", zh: "m = 1，η = 0.3" }, percent: online.percent },
            { name: { en: "m = 20, η = 6", zh: "m = 20，η = 6" }, percent: batches.percent },
          ]),
        },
      ],
    };
  },
  about: {
    en: "Stochastic gradient descent estimates ∇C from m examples instead of all n, for m/n of the cost. Online learning takes m = 1: most steps from the same images, but each follows an estimate whose error is √20 times that of 20 examples. Measured: that ratio; and test accuracy by epoch with the same η/m, so that both move equally far for an image.",
    zh: "随机梯度下降用 m 个样本而非全部 n 个来估计 ∇C，花费为 m/n。在线学习取 m = 1：同样的图像走的步数最多，但每一步所依据的估计，误差是 20 个样本时的 √20 倍。这里测量这个比值；并在 η/m 相同（每张图像移动同样距离）时比较各迭代期的测试准确率。",
  },
  claims: [
    {
      measure: "cheaper",
      says: {
        en: "with n = 60,000 and m = 10 an estimate is cheaper by this factor",
        zh: "n = 60,000、m = 10 时一次估计便宜的倍数",
      },
      reported: 6000,
      accept: { equals: 6000 },
    },
    {
      measure: "meanIsGradient",
      says: {
        en: "the estimates of all batches average to ∇C: largest relative difference",
        zh: "所有小批量的估计平均起来就是 ∇C：最大相对差",
      },
      accept: { atMost: 1e-12 },
      because: { en: "rounding of float64", zh: "float64 的舍入" },
    },
    {
      measure: "errorRatio",
      says: {
        en: "error of an estimate from 1 example over one from 20: √20 = 4.47",
        zh: "1 个样本与 20 个样本的估计误差之比：√20 = 4.47",
      },
      expected: 4.47,
      accept: { within: 0.5 },
      because: {
        en: "Measured on 1,000 examples and 50 batches; the root mean square of 50 draws scatters by about a tenth.",
        zh: "在 1,000 个样本、50 个小批量上测量；50 次抽样的均方根约有十分之一的波动。",
      },
    },
  ],
};

/** How far estimates from 1 and from 20 examples are from the gradient of 1,000, at a random network. */
function gradientErrors({ training }: Mnist, seed: number): { meanIsGradient: number; errorRatio: number } {
  const network = new Network([784, 30, 10], new Random(seed));
  // Out of 784 weights a neuron, the gradient of the output layer alone is enough, and cheap to keep a thousand times.
  const each = toExamples(part(training, 0, 1000)).map(({ x, y }) => {
    const { biases, weights } = network.backprop(x, y);
    return [...biases[1].values, ...weights[1].values];
  });
  const mean = (list: readonly number[][]) =>
    list[0].map((_, k) => list.reduce((sum, g) => sum + g[k], 0) / list.length);
  const distance = (a: readonly number[], b: readonly number[]) => norm(a.map((value, k) => value - b[k]));
  const whole = mean(each);
  const twenties = Array.from({ length: 50 }, (_, i) => mean(each.slice(20 * i, 20 * i + 20)));
  const rms = (list: readonly number[][]) =>
    Math.sqrt(list.reduce((sum, g) => sum + distance(g, whole) ** 2, 0) / list.length);
  return { meanIsGradient: distance(mean(twenties), whole) / norm(whole), errorRatio: rms(each) / rms(twenties) };
}

function flat({ biases, weights }: Nabla): number[] {
  return [...biases, ...weights].flatMap(({ values }) => [...values]);
}

function norm(values: readonly number[]): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
}

export const experiments: readonly Experiment[] = [oneVariable, bowl, direction, estimates];
