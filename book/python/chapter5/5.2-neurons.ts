// Section 5.2, one neuron: the kinds of learning, Hebb's rule, the delta rule.
import type { Experiment } from "../../experiment.ts";
import { Matrix } from "../../matrix.ts";
import { Random } from "../../random.ts";
import { delta, hebb, oja, reinforce, weightedSum } from "../programs/learning-rules.ts";
import { leastSquares } from "../programs/least-squares.ts";

const rules = ["book/python/programs/learning-rules.ts", "book/python/chapter5/5.2-neurons.ts"];

/** Points stretched along (2, 1), around 0. */
function cloud(count: number, random: Random): number[][] {
  const [c, s] = [2 / Math.sqrt(5), 1 / Math.sqrt(5)];
  return Array.from({ length: count }, () => {
    const [along, across] = [random.normal(0, 1.5), random.normal(0, 0.4)];
    return [c * along - s * across, s * along + c * across];
  });
}

/** Direction of the largest variance: the leading eigenvector of the 2x2 second moments, of length 1. */
function principalDirection(points: readonly (readonly number[])[]): number[] {
  const moment = (i: number, j: number) => points.reduce((sum, p) => sum + p[i] * p[j], 0) / points.length;
  const [a, b, d] = [moment(0, 0), moment(0, 1), moment(1, 1)];
  const angle = Math.atan2(2 * b, a - d) / 2;
  return [Math.cos(angle), Math.sin(angle)];
}

function cosine(a: readonly number[], b: readonly number[]): number {
  return Math.abs(weightedSum(a, b)) / (Math.hypot(...a) * Math.hypot(...b));
}

const hebbian: Experiment = {
  id: "python/5.2-hebb",
  title: { en: "Hebb's rule: learning without a teacher", zh: "Hebb 规则：没有教师的学习" },
  section: "5.2",
  kind: "experiment",
  settings: { points: 400, passes: 10, eta: 0.005 },
  read: rules,
  async run({ seed }) {
    const random = new Random(seed);
    const points = cloud(400, random);
    const direction = principalDirection(points);
    const start = [0.1, -0.1];
    const [plain, held] = [[...start], [...start]];
    const lengths = { plain: [Math.hypot(...start)], held: [Math.hypot(...start)] };
    for (let pass = 0; pass < 10; pass++) {
      for (const x of points) {
        hebb(plain, x, 0.005);
        oja(held, x, 0.005);
      }
      lengths.plain.push(Math.hypot(...plain));
      lengths.held.push(Math.hypot(...held));
    }
    const arrow = (w: readonly number[], size: number) => {
      const scale = size / Math.hypot(...w);
      return { x: [-scale * w[0], scale * w[0]], y: [-scale * w[1], scale * w[1]], style: "line" as const };
    };
    const passes = lengths.plain.map((_, i) => i);
    return {
      measured: {
        alignment: cosine(plain, direction),
        growth: lengths.plain.at(-1)! / lengths.plain[0],
        ojaLength: lengths.held.at(-1)!,
      },
      figures: [
        {
          name: "direction",
          chart: {
            kind: "scatter",
            title: { en: "The direction that Hebb's rule finds", zh: "Hebb 规则找到的方向" },
            xAxis: { label: "x1", min: -5, max: 5 },
            yAxis: { label: "x2", min: -5, max: 5 },
            series: [
              { name: { en: "inputs", zh: "输入" }, x: points.map(([x]) => x), y: points.map(([, y]) => y) },
              { name: { en: "weights, to scale of the plot", zh: "权重方向（按图缩放）" }, ...arrow(plain, 5) },
            ],
          },
          width: 560,
          height: 560,
        },
        {
          name: "length",
          chart: {
            kind: "line",
            title: { en: "Length of the weights", zh: "权重的长度" },
            xAxis: { label: { en: "pass", zh: "轮次" } },
            yAxis: { label: { en: "length", zh: "长度" }, scale: "log" },
            series: [
              { name: "Hebb", x: passes, y: lengths.plain },
              { name: "Oja", x: passes, y: lengths.held },
            ],
          },
        },
      ],
    };
  },
  about: {
    en: "A linear neuron sees 400 points stretched along one direction, and strengthens each weight by the product of its input and its own output. Nobody tells it what to answer; it finds the direction of the largest variance. Its weights grow without bound, which Oja's variant repairs.",
    zh: "线性神经元看到 400 个沿某一方向拉长的点，每个权重按输入与自身输出的乘积增强。没有人告诉它该回答什么，它自己找到方差最大的方向。权重会无限增长，Oja 的变体修正了这一点。",
  },
  claims: [
    {
      measure: "alignment",
      says: {
        en: "the weights turn to the principal direction of the data: cosine between the two",
        zh: "权重转向数据的主方向：两者夹角的余弦",
      },
      expected: 1,
      accept: { atLeast: 0.999 },
      because: {
        en: "growth along the principal direction outruns the other by the factor e^(eta n (l1 - l2)), far above 1000 here",
        zh: "沿主方向的增长以 e^(eta n (l1 - l2)) 倍超过另一方向，此处远大于 1000",
      },
    },
    {
      measure: "growth",
      says: {
        en: "and grow without bound: length after the passes over length before",
        zh: "并且无限增长：训练后与训练前的长度之比",
      },
      accept: { atLeast: 1e6 },
      because: {
        en: "exponential growth, so any bound would be passed by more passes",
        zh: "指数增长，任何界限都会在更多轮次后被超过",
      },
    },
    {
      measure: "ojaLength",
      says: { en: "Oja's variant comes to rest at length 1", zh: "Oja 变体停在长度 1" },
      expected: 1,
      accept: { within: 0.05 },
      because: {
        en: "a constant eta keeps the length jittering by about eta times the variance of y squared",
        zh: "eta 恒定，长度会以约 eta 乘 y 方差的幅度抖动",
      },
    },
  ],
};

const deltaRule: Experiment = {
  id: "python/5.2-delta",
  title: { en: "The delta rule: learning from a teacher", zh: "delta 规则：有教师的学习" },
  section: "5.2",
  kind: "experiment",
  settings: { samples: 200, passes: 50, eta: 0.01 },
  read: rules,
  async run({ seed }) {
    const random = new Random(seed);
    const x = Array.from({ length: 200 }, () => [1, random.uniform(-1, 1), random.uniform(-1, 1)]);
    const d = x.map((row) => weightedSum([0.5, 2, -1], row) + random.normal(0, 0.3));
    const error = (w: readonly number[]) => x.reduce((sum, row, i) => sum + (d[i] - weightedSum(w, row)) ** 2, 0) / 200;
    const best = [...leastSquares(Matrix.from(x), Matrix.column(d)).values];
    const w = [0, 0, 0];
    const errors = [error(w)];
    for (let pass = 0; pass < 50; pass++) {
      x.forEach((row, i) => {
        delta(w, row, d[i], 0.01);
      });
      errors.push(error(w));
    }
    return {
      measured: {
        distance: Math.hypot(...w.map((value, j) => value - best[j])),
        excess: error(w) / error(best) - 1,
        weights: w,
        leastSquares: best,
      },
      figures: [
        {
          name: "error",
          chart: {
            kind: "line",
            title: { en: "Squared error of a linear neuron", zh: "线性神经元的平方误差" },
            xAxis: { label: { en: "pass", zh: "轮次" } },
            yAxis: { label: { en: "mean squared error", zh: "均方误差" }, min: 0 },
            series: [{ name: { en: "delta rule", zh: "delta 规则" }, x: errors.map((_, i) => i), y: errors }],
            marks: [{ axis: "y", at: error(best), label: { en: "least squares", zh: "最小二乘" } }],
          },
        },
      ],
    };
  },
  about: {
    en: "A linear neuron corrects its weights by eta (d - y) x after every sample: a step down the squared error. On noisy data of a linear law it must come to the least-squares solution, which is computed directly beside it.",
    zh: "线性神经元在每个样本之后按 eta (d - y) x 修正权重：沿平方误差下降一步。对带噪声的线性数据，它应到达最小二乘解；这里同时直接计算后者以作比较。",
  },
  claims: [
    {
      measure: "distance",
      says: {
        en: "it comes to the least-squares solution: distance of the weights",
        zh: "它到达最小二乘解：权重之间的距离",
      },
      expected: 0,
      accept: { atMost: 0.05 },
      because: {
        en: "a constant eta leaves a jitter of about noise times the root of eta / 2 for each weight: 0.3 x 0.07 = 0.02",
        zh: "eta 恒定，每个权重留有约 噪声 x sqrt(eta / 2) 的抖动：0.3 x 0.07 = 0.02",
      },
    },
    {
      measure: "excess",
      says: { en: "error above the smallest possible, as a share of it", zh: "误差超出最小可能值的比例" },
      accept: { atMost: 0.02 },
      because: { en: "the jitter squared over the noise's variance", zh: "抖动平方与噪声方差之比" },
    },
  ],
};

/** A constant eta lets the boundary jitter from sample to sample; the mean over the second half of training does not. */
function meanOfSecondHalf(curve: readonly number[]): number {
  const half = curve.slice(Math.floor(curve.length / 2));
  return half.reduce((sum, value) => sum + value, 0) / half.length;
}

const kinds: Experiment = {
  id: "python/5.2-kinds",
  title: { en: "Supervised, unsupervised, reinforcement", zh: "有监督、无监督、强化学习" },
  section: "5.2",
  kind: "experiment",
  settings: { samples: 2000, eta: 0.05 },
  read: rules,
  async run({ seed }) {
    const random = new Random(seed);
    const draw = () => [random.normal(), random.normal()];
    const right = (x: readonly number[]) => (x[0] + x[1] > 0 ? 1 : 0);
    const fresh = Array.from({ length: 2000 }, draw);
    const share = (w: readonly number[]) =>
      fresh.filter((x) => (weightedSum(w, x) > 0 ? 1 : 0) === right(x)).length / fresh.length;
    const [taught, rewarded, alone] = [
      [0.1, -0.1],
      [0.1, -0.1],
      [0.1, -0.1],
    ];
    const curves: { taught: number[]; rewarded: number[] } = { taught: [share(taught)], rewarded: [share(rewarded)] };
    const structured = cloud(2000, random);
    for (let i = 0; i < 2000; i++) {
      const x = draw();
      delta(taught, x, 2 * right(x) - 1, 0.05);
      reinforce(rewarded, x, (action) => (action === right(x) ? 1 : -1), 0.05, random);
      oja(alone, structured[i], 0.005);
      if ((i + 1) % 50 === 0) {
        curves.taught.push(share(taught));
        curves.rewarded.push(share(rewarded));
      }
    }
    const at = curves.taught.map((_, i) => 50 * i);
    return {
      measured: {
        supervised: meanOfSecondHalf(curves.taught),
        reinforced: meanOfSecondHalf(curves.rewarded),
        unsupervised: cosine(alone, principalDirection(structured)),
      },
      figures: [
        {
          name: "kinds",
          chart: {
            kind: "line",
            title: { en: "One neuron, taught and rewarded", zh: "同一神经元：教师与奖赏" },
            xAxis: { label: { en: "samples seen", zh: "已见样本数" } },
            yAxis: { label: { en: "right on fresh points", zh: "新点上的正确率" }, format: "percent" },
            series: [
              { name: { en: "supervised (delta rule)", zh: "有监督（delta 规则）" }, x: at, y: curves.taught },
              { name: { en: "reinforcement", zh: "强化学习" }, x: at, y: curves.rewarded },
            ],
          },
        },
      ],
    };
  },
  about: {
    en: "The same neuron with two inputs, in the three situations that the text names. A teacher gives the right answer; nobody says anything; or there is only a reward of 1 or -1 for the action taken. The task for teacher and reward is the same: to fire where x1 + x2 > 0.",
    zh: "同一个双输入神经元，处于教材所说的三种情形：教师给出正确答案；没有任何反馈；或者只对所采取的动作给予 1 或 -1 的奖赏。有教师与有奖赏时任务相同：x1 + x2 > 0 时激活。",
  },
  claims: [
    {
      measure: "supervised",
      says: {
        en: "with a teacher: share right on fresh points, mean over the second half of training",
        zh: "有教师：新点上的正确率，取后半段训练的平均",
      },
      accept: { atLeast: 0.94 },
      because: {
        en: "a linear law; what is missing is the boundary's jitter under a constant eta: 96.2 to 97.3% in six seeds",
        zh: "规律是线性的；所缺的是 eta 恒定时分界线的抖动：六个种子为 96.2% 到 97.3%",
      },
    },
    {
      measure: "reinforced",
      says: { en: "with a reward alone it is learnt as well", zh: "只有奖赏也能学会" },
      accept: { atLeast: 0.9 },
      because: {
        en: "an action says less than an answer, so that more jitter would not surprise; six seeds gave 98.0 to 99.6%",
        zh: "一个动作的信息少于一个答案，抖动更大也不意外；六个种子为 98.0% 到 99.6%",
      },
    },
    {
      measure: "unsupervised",
      says: {
        en: "without either it learns the inputs' own structure: cosine with their principal direction",
        zh: "两者都没有时，它学到输入自身的结构：与主方向夹角的余弦",
      },
      accept: { atLeast: 0.99 },
      because: {
        en: "Oja's rule with a constant eta jitters about the direction",
        zh: "eta 恒定的 Oja 规则会在主方向附近抖动",
      },
    },
  ],
};

export const experiments: readonly Experiment[] = [kinds, hebbian, deltaRule];
