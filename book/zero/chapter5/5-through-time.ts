// Part 5: gradients on their way back through time, their bound, and the threshold that keeps them from exploding.
import { Dense, fit, NonFiniteLossError, Sequential, SimpleRNN, tensor } from "nabla";
import type { Experiment } from "../../experiment.ts";
import { Matrix } from "../../matrix.ts";
import { Random } from "../../random.ts";
import { IdentityActivator } from "../programs/activators.ts";
import { type Activator, SigmoidActivator, TanhActivator } from "../programs/fc.ts";
import {
  bound,
  clipByNorm,
  clipByValue,
  gradientNorm,
  orthogonal,
  spectralNorm,
} from "../programs/through-time-bounds.ts";
import { chain, trainChain, wayBack } from "../programs/way-back.ts";

const WIDTH = 10;

const vanishing: Experiment = {
  id: "zero/5-vanishing",
  title: { en: "Gradients vanish or explode on their way back", zh: "梯度在传回的路上消失或爆炸" },
  section: "5",
  kind: "experiment",
  settings: { states: WIDTH, steps: 101, "W stretches by": "0.9, 1, 1.1; random 1" },
  read: [
    "book/zero/programs/through-time-bounds.ts",
    "book/zero/programs/way-back.ts",
    "book/zero/programs/rnn.ts",
    "book/zero/chapter5/5-through-time.ts",
  ],
  async run({ seed }) {
    const random = new Random(seed);
    const steps = 101;
    const rotation = orthogonal(WIDTH, random);
    const back = Array.from({ length: steps }, (_, i) => i);
    const linear = [0.9, 1, 1.1].map((factor) =>
      wayBack(new IdentityActivator(), 1, rotation.times(factor), steps, random),
    );
    const [tanh, sigmoid] = [
      wayBack(new TanhActivator(), 1, rotation.times(1.1), steps, random),
      wayBack(new SigmoidActivator(), 0.25, rotation, steps, random),
    ];
    let exceeded = 0;
    let tightest = 0;
    for (let i = 0; i < 30; i++) {
      const scale = random.uniform(0.1, 0.6);
      const W = Matrix.fill(WIDTH, WIDTH, () => random.normal() * scale);
      const [activator, betaF] = [
        [new TanhActivator(), 1],
        [new SigmoidActivator(), 0.25],
        [new IdentityActivator(), 1],
      ][i % 3] as [Activator, number];
      const { lengths, bounds } = wayBack(activator, betaF, W, 20, random);
      lengths.forEach((length, k) => {
        if (k === 0 || length === 0) return;
        if (length > bounds[k] * (1 + 1e-9)) exceeded += 1;
        tightest = Math.max(tightest, length / bounds[k]);
      });
    }
    const factor = ({ lengths }: { lengths: number[] }) => lengths[100] / lengths[0];
    const named = (name: string, { lengths }: { lengths: number[] }) => ({
      name,
      x: back,
      y: lengths.map((d) => d / lengths[0]),
    });
    return {
      measured: {
        powers: [bound(1, 0.25, 3), bound(1.1, 1, 100), bound(0.9, 1, 100)],
        rotated: linear.map(factor),
        stretch: spectralNorm(rotation.times(1.1)),
        tanhAfter100: factor(tanh),
        sigmoidAfter10: sigmoid.lengths[10] / sigmoid.lengths[0],
        exceeded,
        tightest,
      },
      figures: [
        {
          name: "lengths",
          chart: {
            kind: "line",
            title: { en: "What is left of delta after so many steps back", zh: "传回若干步之后 δ 还剩多少" },
            xAxis: { label: { en: "steps back", zh: "往回的步数" } },
            yAxis: { label: "|δ(t-k)| / |δ(t)|", scale: "log", min: 1e-12 },
            series: [
              named("f = x, βW = 1.1", linear[2]),
              named("f = x, βW = 1", linear[1]),
              named("f = x, βW = 0.9", linear[0]),
              named("tanh, βW = 1.1", tanh),
              {
                ...named("sigmoid, βW = 1", sigmoid),
                y: sigmoid.lengths.map((d) => (d / sigmoid.lengths[0] < 1e-12 ? null : d / sigmoid.lengths[0])),
              },
              {
                name: { en: "bound 0.25^k", zh: "界 0.25^k" },
                x: back.slice(0, 20),
                y: back.slice(0, 20).map((k) => bound(1, 0.25, k)),
                style: "dashed",
              },
            ],
          },
        },
      ],
    };
  },
  about: {
    en: "Each step back multiplies the error by W and by the slope of the activation, so |delta_k| is at most |delta_t| (betaW betaF)^(t-k): betaW is the most that W stretches, betaF the largest slope. A rotation times 1.1 reaches that bound to the last digit; with 0.9 in its place next to nothing arrives after a hundred steps. Thirty random networks stay below their bounds. Sigmoid cells lose three quarters or more a step.",
    zh: "每往回一步，误差乘以 W 与激活函数的斜率，所以 |delta_k| 至多为 |delta_t| (betaW betaF)^(t-k)：betaW 是 W 最大的拉伸，betaF 是最大的斜率。旋转矩阵乘以 1.1 恰好达到这个界；换成 0.9，一百步之后几乎什么也不剩。三十个随机网络都在各自的界之内。sigmoid 每步至少损失四分之三。",
  },
  claims: [
    {
      measure: "powers",
      says: { en: "0.25^3, 1.1^100 and 0.9^100", zh: "0.25^3、1.1^100 与 0.9^100" },
      expected: [0.015625, 13780.6123398222, 0.0000265613988875875],
      accept: { within: 1e-8 },
      because: { en: "a hundred factors in float64", zh: "float64 中一百个因子" },
    },
    {
      measure: "rotated",
      says: {
        en: "identity, rotation times 0.9, 1 and 1.1: the factor after a hundred steps back",
        zh: "恒等激活，旋转矩阵乘以 0.9、1、1.1：往回一百步的倍数",
      },
      expected: [0.0000265613988875875, 1, 13780.6123398222],
      accept: { within: 1e-6 },
      because: {
        en: "a hundred products of 10x10 in float64; 1e-9 at most over ten seeds",
        zh: "float64 中一百次 10x10 的乘积；十个种子至多 1e-9",
      },
    },
    {
      measure: "exceeded",
      says: {
        en: "|delta_k| <= |delta_t| (betaW betaF)^(t-k): places among 30 random networks where it does not hold",
        zh: "|delta_k| <= |delta_t| (betaW betaF)^(t-k)：30 个随机网络中不成立的位置数",
      },
      accept: { equals: 0 },
    },
    {
      measure: "tightest",
      says: { en: "and the nearest that one comes to its bound", zh: "最接近其界的一处" },
      accept: { between: [0.5, 1] },
      because: {
        en: "0.69 to 0.89 over ten seeds; above 1 the bound would not hold",
        zh: "十个种子为 0.69 到 0.89；大于 1 则界不成立",
      },
    },
    {
      measure: "tanhAfter100",
      says: {
        en: "tanh, rotation times 1.1: slopes below 1 hold it back, left after a hundred steps",
        zh: "tanh，旋转乘以 1.1：斜率小于 1 使它减小，一百步之后剩下",
      },
      accept: { between: [3e-5, 0.6] },
      because: {
        en: "3e-4 to 0.06 over ten seeds, far below the 13,780 of the identity; it hangs on how often the states saturate, hence a power of ten to either side",
        zh: "十个种子为 3e-4 到 0.06，远低于恒等激活的 13,780；它取决于状态饱和的频繁程度，故两侧各放宽约十倍",
      },
    },
    {
      measure: "sigmoidAfter10",
      says: {
        en: "sigmoid, a rotation: left after ten steps (at most 0.25^10 = 9.5e-7)",
        zh: "sigmoid，旋转：十步之后剩下（至多 0.25^10 = 9.5e-7）",
      },
      accept: { between: [1.9e-7, 9.5367431640625e-7] },
      because: {
        en: "3.9e-7 to 6.8e-7 over ten seeds; the bound is above, and half the least below",
        zh: "十个种子为 3.9e-7 到 6.8e-7；上限是界本身，下限约为最小值的一半",
      },
    },
  ],
};

const clipping: Experiment = {
  id: "zero/5-clipping",
  title: { en: "A threshold against explosions", zh: "用阈值防止梯度爆炸" },
  section: "5",
  kind: "experiment",
  settings: { units: 1, steps: 30, w: 1.2, rate: 0.01, threshold: 1, updates: 300 },
  read: [
    "book/zero/programs/through-time-bounds.ts",
    "book/zero/programs/way-back.ts",
    "book/zero/programs/rnn.ts",
    "book/zero/chapter5/5-through-time.ts",
  ],
  async run({ seed }) {
    const random = new Random(seed);
    const w = random.uniform(1.15, 1.25);
    const plain = trainChain(chain(w, 0.01), 300, "none");
    const byNorm = trainChain(chain(w, 0.01), 300, { norm: 1 });
    const byValue = trainChain(chain(w, 0.01), 300, { value: 1 });
    const direction = (clip: (gradients: Matrix[], threshold: number) => unknown) => {
      const gradients = [0, 1, 2].map(() => Matrix.fill(4, 4, () => random.normal(0, 3)));
      const flat = () => Matrix.column(gradients.flatMap(({ values }) => [...values]));
      const before = flat();
      clip(gradients, 1);
      return {
        cosine: before.transposed.dot(flat()).values[0] / before.norm() / flat().norm(),
        length: gradientNorm(gradients),
      };
    };
    const [norm, value] = [direction(clipByNorm), direction(clipByValue)];
    // The framework's own report of the same thing: a linear recurrent network with a rate far too high.
    const model = new Sequential(
      [
        new SimpleRNN(4, {
          activation: "linear",
          stateWeights: (context) =>
            tensor(
              Array.from({ length: 16 }, (_, i) => (i % 5 === 0 ? 3 : 0)),
              { shape: context.shape, dtype: context.dtype },
            ),
        }),
        new Dense(1),
      ],
      { inputShape: [60, 1], seed },
    );
    const x = tensor(
      Array.from({ length: 60 * 8 }, () => random.normal()),
      { shape: [8, 60, 1] },
    );
    const y = tensor(
      Array.from({ length: 8 }, () => random.normal()),
      { shape: [8, 1] },
    );
    const problem = await fit(
      model,
      { x, y },
      { loss: "meanSquaredError", optimizer: "sgd", learningRate: 1, epochs: 5, batchSize: 8 },
    ).catch((error: unknown) => error);
    const seen = (errors: number[]) => errors.map((error) => (error > 0 && error < 1e12 ? error : null));
    return {
      measured: {
        exploded: plain.exploded,
        byNorm: byNorm.errors.at(-1)!,
        byValue: byValue.errors.at(-1)!,
        survived: byNorm.exploded + byValue.exploded,
        normLength: norm.length,
        normCosine: norm.cosine,
        valueCosine: value.cosine,
        reported: problem instanceof NonFiniteLossError,
      },
      figures: [
        {
          name: "errors",
          chart: {
            kind: "line",
            title: { en: "Error by update, with and without a threshold", zh: "误差与更新次数：有阈值与无阈值" },
            xAxis: { label: { en: "updates", zh: "更新次数" }, scale: "log" },
            yAxis: { label: "E", scale: "log" },
            series: [
              { name: { en: "none (explodes)", zh: "无（爆炸）" }, y: seen(plain.errors), style: "line-points" },
              { name: { en: "norm at most 1", zh: "范数至多 1" }, y: seen(byNorm.errors) },
              { name: { en: "each number at most 1", zh: "每个数至多 1" }, y: seen(byValue.errors), style: "dashed" },
            ],
          },
        },
      ],
      notes: [
        { en: `By hand: ${plain.message}.`, zh: `手写程序的报错：${plain.message}。` },
        { en: `The framework: ${(problem as Error).message}`, zh: `框架的报错：${(problem as Error).message}` },
      ],
    };
  },
  about: {
    en: "One linear unit has to end at 0.5 thirty steps after its only input. With w = 1.2 the slope of the error is in the thousands; one step throws w far out, and a few later the gradient is no number: the text's symptom, here an error that names the step. With a threshold on the gradient the same run learns. Scaling the whole gradient keeps its direction, cutting each number does not.",
    zh: "一个线性单元要在唯一的输入之后三十步停在 0.5。w = 1.2 时误差的斜率成千上万，一步就把 w 抛得很远，几步之后梯度成为 NaN：这正是原文所说的症状，这里则是一条指明是哪一步的错误。给梯度设了阈值，同样的训练就能学会。整体缩放不改变梯度的方向，逐个截断则会改变。",
  },
  claims: [
    {
      measure: "exploded",
      says: {
        en: "without a threshold: the update whose gradient is NaN or infinite",
        zh: "没有阈值：梯度成为 NaN 或无穷的那次更新",
      },
      accept: { between: [2, 5] },
      because: {
        en: "the third in each of ten seeds, w from 1.15 to 1.25",
        zh: "w 在 1.15 到 1.25 之间，十个种子都是第三次",
      },
    },
    {
      measure: "byNorm",
      says: { en: "norm at most 1: E after 300 updates", zh: "范数至多 1：300 次更新之后的 E" },
      accept: { between: [0.0001, 0.02] },
      because: {
        en: "0.0018 to 0.0034 over ten seeds, steps of at most 0.01 to and fro; E began at 1,000 to 200,000",
        zh: "十个种子为 0.0018 到 0.0034，每步至多 0.01，来回摆动；E 最初为一千到二十万",
      },
    },
    {
      measure: "byValue",
      says: { en: "each number at most 1: the same", zh: "每个数至多 1：同上" },
      accept: { between: [0.0001, 0.02] },
      because: {
        en: "0.0019 to 0.0034 over ten seeds",
        zh: "十个种子为 0.0019 到 0.0034",
      },
    },
    {
      measure: "survived",
      says: { en: "explosions with a threshold", zh: "有阈值时的爆炸次数" },
      accept: { equals: 0 },
    },
    {
      measure: "normLength",
      says: { en: "48 numbers clipped by the norm: their length", zh: "48 个数按范数截断之后的长度" },
      expected: 1,
      accept: { within: 1e-12 },
      because: { en: "one rounding", zh: "一次舍入" },
    },
    {
      measure: "normCosine",
      says: { en: "and the cosine with what they were", zh: "与截断之前的夹角余弦" },
      expected: 1,
      accept: { within: 1e-12 },
      because: { en: "one rounding", zh: "一次舍入" },
    },
    {
      measure: "valueCosine",
      says: { en: "clipped number by number: the cosine", zh: "逐个截断：夹角余弦" },
      accept: { between: [0.7, 0.99] },
      because: {
        en: "0.85 to 0.92 over ten seeds",
        zh: "十个种子为 0.85 到 0.92",
      },
    },
    {
      measure: "reported",
      says: {
        en: "the framework reports a loss that is no number as an explosion",
        zh: "损失成为 NaN 时框架报告训练爆炸",
      },
      accept: { equals: true },
    },
  ],
};

export const experiments: readonly Experiment[] = [vanishing, clipping];
