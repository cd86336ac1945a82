// Chapter 4, many inputs: steps, bumps, a cross and a tower over two inputs, many towers for any function, towers over m inputs, and several
// outputs.
import type { SurfaceChart } from "nabla/plot";
import type { Experiment } from "../../experiment.ts";
import {
  bumps,
  deviation,
  type HiddenNeuron,
  logit,
  middles,
  OneHiddenLayer,
  order,
} from "../programs/universality.ts";
import { bumpAlong, hills, stepAlong, Tower, towers } from "../programs/universality-towers.ts";

const read = ["book/nndl/programs/universality-towers.ts", "book/nndl/chapter4/4.3-many-inputs.ts"];
// Middles of 48 parts: none of them lies on the edge of a tower, where the sum of towers has a notch too narrow to draw.
const ticks = middles(48);

/** A surface over the unit square. */
export function surface(title: SurfaceChart["title"], f: (x: number, y: number) => number): SurfaceChart {
  return {
    kind: "surface",
    title,
    xAxis: { label: "x", min: 0, max: 1 },
    yAxis: { label: "y", min: 0, max: 1 },
    x: ticks,
    y: ticks,
    z: ticks.map((y) => ticks.map((x) => f(x, y))),
  };
}

/** One point in each of `count` equal parts of [0, 1], beside the middle, where edges of towers would be met too often. */
function besideMiddles(count: number): number[] {
  return Array.from({ length: count }, (_, i) => (i + 0.4) / count);
}

/** The points of a grid of `count` by `count` cells. */
export function grid(count: number): [number, number][] {
  return besideMiddles(count).flatMap((x) => besideMiddles(count).map((y): [number, number] => [x, y]));
}

const sumOf = (neurons: readonly HiddenNeuron[]) => {
  const network = new OneHiddenLayer(neurons);
  return (x: number, y: number) => network.weightedSum([x, y]);
};

export const surfaces: Experiment = {
  id: "nndl/4.3-tower",
  title: { en: "From a step to a tower, over two inputs", zh: "两个输入：从阶跃到塔" },
  section: "4.3",
  kind: "construction",
  settings: { w: 1000, h: 10, bias: -15, s: "0.30, 0.70" },
  read,
  async run() {
    const h = 10;
    const side = [0.3, 0.7] as const;
    const along = stepAlong(2, 0, 0.5, 1000);
    const tower = new Tower([side, side], h, 1000);
    const places = [
      [0.5, 0.5],
      [0.5, 0.1],
      [0.1, 0.1],
    ];
    return {
      measured: {
        weightsOfStep: along.weights,
        cross: places.map((at) => tower.sum(at)),
        bias: tower.bias,
        tower: places.map((at) => tower.output(at)),
      },
      figures: [
        { name: "step", chart: surface({ en: "A step along x", zh: "沿 x 的阶跃" }, sumOf([along])) },
        {
          name: "bump-x",
          chart: surface(
            { en: "A bump along x: two neurons", zh: "沿 x 的凸块：两个神经元" },
            sumOf(bumpAlong(2, 0, side, h, 1000)),
          ),
        },
        {
          name: "bump-y",
          chart: surface({ en: "A bump along y", zh: "沿 y 的凸块" }, sumOf(bumpAlong(2, 1, side, h, 1000))),
        },
        {
          name: "cross",
          chart: surface(
            { en: "Their sum: a cross, h on the arms, 2h in the middle", zh: "两者之和：十字，臂高 h，中间高 2h" },
            (x, y) => tower.sum([x, y]),
          ),
        },
        {
          name: "tower",
          chart: surface({ en: "Behind a threshold of 3h/2: a tower", zh: "经过阈值 3h/2：一座塔" }, (x, y) =>
            tower.output([x, y]),
          ),
        },
        {
          name: "low-h",
          chart: surface({ en: "The same with h = 3: the arms come through", zh: "h = 3 时：臂没有完全去掉" }, (x, y) =>
            new Tower([side, side], 3, 1000).output([x, y]),
          ),
          caption: {
            en: "The threshold works the better the larger h is: the arms have σ(-h/2).",
            zh: "h 越大阈值越有效：臂上的值为 σ(-h/2)。",
          },
        },
      ],
    };
  },
  about: {
    en: "A weight of 0 for y makes a step along x. Two of them are a wall along y, two walls a cross of height h with 2h where they meet, and a neuron with the threshold 3h/2 lets only the middle through: a tower. This takes two hidden layers.",
    zh: "让 y 的权重为 0，就得到沿 x 的阶跃。两个阶跃组成一道沿 y 的墙，两道墙组成高 h 的十字，交会处高 2h；再用阈值为 3h/2 的神经元只让中间通过，就得到一座塔。这需要两个隐藏层。",
  },
  claims: [
    {
      measure: "weightsOfStep",
      says: { en: "a step along x at 0.5: weights of x and y", zh: "沿 x 的阶跃：x 与 y 的权重" },
      reported: [1000, 0],
      accept: { equals: [1000, 0] },
    },
    {
      measure: "cross",
      says: { en: "the cross: centre, arm, corner (2h, h, 0)", zh: "十字：中心、臂、角（2h、h、0）" },
      reported: [20, 10, 0],
      accept: { within: 1e-9 },
      because: { en: "σ(±200) is 0 or 1 to all digits", zh: "σ(±200) 与 0、1 无异" },
    },
    {
      measure: "bias",
      says: { en: "b = -3h/2", zh: "b = -3h/2" },
      reported: -15,
      accept: { equals: -15 },
    },
    {
      measure: "tower",
      says: { en: "the tower: centre, arm and corner", zh: "塔：中心、臂、角" },
      expected: [1, 0, 0],
      accept: { within: 0.01 },
      because: {
        en: "σ(h/2) = 0.993 with h = 10; a larger h comes nearer to 1",
        zh: "h = 10 时 σ(h/2) = 0.993；h 越大越接近 1",
      },
    },
  ],
};

const aim = (x: number, y: number) => logit(hills(x, y));

export const manyTowers: Experiment = {
  id: "nndl/4.3-many-towers",
  title: { en: "Many towers for a function of two inputs", zh: "用许多塔逼近二元函数" },
  section: "4.3",
  kind: "experiment",
  settings: { w: 1000, h: 10, f: "0.5 + 0.35 sin(2πx) cos(πy)" },
  read,
  async run({ pick }) {
    const counts = pick({ quick: [2, 4, 8, 16], full: [2, 4, 8, 16, 32] });
    // A number of points that no number of towers divides, so that they lie in all places of a tower.
    const points = grid(37);
    const networks = counts.map((n) => towers(aim, n, 10, 1000));
    const means = networks.map(
      (network) =>
        deviation(
          points,
          (at) => network.output(at),
          ([x, y]) => hills(x, y),
        ).mean,
    );
    return {
      measured: {
        alwaysFalls: means.every((error, i) => i === 0 || error < means[i - 1]),
        order: order(counts, means),
      },
      figures: [
        { name: "target", chart: surface({ en: "The function", zh: "目标函数" }, hills) },
        {
          name: "towers",
          chart: surface({ en: "8 by 8 towers: 320 neurons", zh: "8×8 座塔：320 个神经元" }, (x, y) =>
            networks[2].output([x, y]),
          ),
          caption: {
            en: "Along the towers' edges and at their corners there are notches, too narrow to be drawn here; section 4.5 fills them.",
            zh: "塔的边缘与交角处有缺口，窄得在此图中画不出来；4.5 节将其填补。",
          },
        },
        {
          name: "error",
          chart: {
            kind: "line",
            title: { en: "Mean error by the number of towers", zh: "平均误差与塔的数目" },
            xAxis: { label: { en: "towers", zh: "塔数" }, scale: "log" },
            yAxis: { label: { en: "mean error", zh: "平均误差" }, scale: "log" },
            series: [{ name: { en: "mean", zh: "平均" }, x: counts.map((n) => n * n), y: means, style: "line-points" }],
          },
        },
      ],
    };
  },
  about: {
    en: "N by N towers, each as high as σ⁻¹(f) at its middle, behind a sigmoid output. The error is taken for growing N; one tower has five neurons. The book draws a function without its formula, so a smooth one is taken here.",
    zh: "N×N 座塔，每座的高度取其中点处的 σ⁻¹(f)，之后是 sigmoid 输出。随 N 增大测量误差；一座塔有五个神经元。书中只画了函数而没有公式，这里取一个光滑函数。",
  },
  claims: [
    {
      measure: "alwaysFalls",
      says: {
        en: "more towers approximate better: every doubling of N lowers the mean error",
        zh: "塔越多逼近越好：N 每次加倍平均误差都下降",
      },
      accept: { equals: true },
    },
    {
      measure: "order",
      says: {
        en: "towers of width 1/N have errors of order 1/N: the power of N",
        zh: "宽 1/N 的塔误差为 1/N 阶：N 的幂次",
      },
      accept: { between: [-1.3, -0.8] },
      because: {
        en: "-1 for a smooth function; edges and corners change it a little",
        zh: "光滑函数为 -1；边与角略有影响",
      },
    },
  ],
};

export const manyInputs: Experiment = {
  id: "nndl/4.3-many-inputs",
  title: { en: "Towers over m inputs", zh: "m 个输入上的塔" },
  section: "4.3",
  kind: "construction",
  settings: { h: "10; 30 for the function of three inputs", w: 1000, m: "1 to 6" },
  read,
  async run() {
    const all = [1, 2, 3, 4, 5, 6].map((m) => new Tower(new Array<[number, number]>(m).fill([0.3, 0.7]), 10, 1000));
    const centre = (m: number) => new Array<number>(m).fill(0.5);
    const f = (at: readonly number[]) => 0.5 + 0.3 * Math.sin(3 * at[0]) * at[1] * Math.cos(2 * at[2]);
    const line = besideMiddles(7);
    const points = line.flatMap((x) => line.flatMap((y) => line.map((z) => [x, y, z])));
    const errorOf = (n: number, h: number) => {
      const cells = middles(n).flatMap((x) => middles(n).flatMap((y) => middles(n).map((z) => [x, y, z])));
      const list = cells.map((middle) => ({
        tower: new Tower(
          middle.map((at) => [at - 0.5 / n, at + 0.5 / n] as const),
          h,
          1000,
        ),
        height: f(middle),
      }));
      const sum = (at: readonly number[]) =>
        list.reduce((total, { tower, height }) => total + height * tower.output(at), 0);
      return deviation(points, sum, f).mean;
    };
    const [coarse, fine, leakyCoarse, leakyFine] = [
      [4, 30],
      [8, 30],
      [4, 10],
      [8, 10],
    ].map(([n, h]) => errorOf(n, h));
    return {
      measured: {
        biasOfThree: all[2].bias,
        neurons: all.map(({ first }) => first.length),
        inside: all.map((tower, i) => tower.output(centre(i + 1))),
        outside: all.map((tower, i) => tower.output([0.1, ...centre(i)])),
        threeInputsImprove: fine / coarse,
        threeInputsLeak: leakyFine / leakyCoarse,
      },
      notes: [
        {
          en: `Mean error over three inputs: ${coarse.toFixed(4)} with 64 towers, ${fine.toFixed(4)} with 512; with h = 10, ${leakyCoarse.toFixed(4)} and ${leakyFine.toFixed(4)}. The number of towers grows as N to the power of the inputs: the theorem promises that there are enough, not that they are few.`,
          zh: `三个输入时的平均误差：64 座塔 ${coarse.toFixed(4)}，512 座塔 ${fine.toFixed(4)}；h = 10 时为 ${leakyCoarse.toFixed(4)} 与 ${leakyFine.toFixed(4)}。塔的数目随输入个数呈指数增长：定理只保证足够多就行，并不保证不多。`,
        },
      ],
    };
  },
  about: {
    en: "A tower over m inputs takes 2m neurons in the first layer and the bias (-m + 1/2)h in the second. Inside, m bumps add up to mh and pass by h/2; where one input lies outside, (m - 1)h fails by h/2, whatever m is. With three inputs a function is approximated as well.",
    zh: "m 个输入上的塔，第一层需要 2m 个神经元，第二层偏置为 (-m + 1/2)h。塔内 m 个凸块之和为 mh，高出阈值 h/2；只要有一个输入在外，(m - 1)h 就低于阈值 h/2，与 m 无关。另外也对三个输入的函数作了逼近。",
  },
  claims: [
    {
      measure: "biasOfThree",
      says: { en: "m = 3: the bias is -5h/2", zh: "m = 3：偏置为 -5h/2" },
      reported: -25,
      accept: { equals: -25 },
    },
    {
      measure: "neurons",
      says: { en: "2m neurons in the first layer, m = 1 to 6", zh: "第一层 2m 个神经元，m = 1 到 6" },
      expected: [2, 4, 6, 8, 10, 12],
      accept: { equals: [2, 4, 6, 8, 10, 12] },
    },
    {
      measure: "inside",
      says: { en: "inside, m = 1 to 6", zh: "塔内，m = 1 到 6" },
      expected: [1, 1, 1, 1, 1, 1],
      accept: { within: 0.01 },
      because: { en: "σ(h/2) = 0.993", zh: "σ(h/2) = 0.993" },
    },
    {
      measure: "outside",
      says: { en: "with one input outside, m = 1 to 6", zh: "有一个输入在外，m = 1 到 6" },
      expected: [0, 0, 0, 0, 0, 0],
      accept: { within: 0.01 },
      because: { en: "σ(-h/2) = 0.007", zh: "σ(-h/2) = 0.007" },
    },
    {
      measure: "threeInputsImprove",
      says: {
        en: "a function of three inputs, h = 30: mean error with 8³ towers over that with 4³",
        zh: "三个输入的函数，h = 30：8³ 座塔与 4³ 座塔的平均误差之比",
      },
      accept: { atMost: 0.65 },
      because: {
        en: "order 1/N halves it; corners and edges leave a little more",
        zh: "1/N 阶应减半；边与角处略有剩余",
      },
    },
    {
      measure: "threeInputsLeak",
      says: {
        en: "h must be large: with h = 10 the same ratio is above 1, for the arms of 21 towers leak into every point",
        zh: "h 必须足够大：h = 10 时同一比值大于 1，因为每一点都漏入 21 座塔的臂",
      },
      accept: { atLeast: 1 },
      because: {
        en: "21 times σ(-h/2) = 0.0067 make 0.14 of the height, against 9 times and 0.06 with 4³ towers",
        zh: "21 × σ(-h/2) = 21 × 0.0067，占高度的 0.14；4³ 座塔时为 9 倍，占 0.06",
      },
    },
  ],
};

export const twoOutputs: Experiment = {
  id: "nndl/4.3-several-outputs",
  title: { en: "A function with two outputs", zh: "有两个输出的函数" },
  section: "4.3",
  kind: "construction",
  settings: { "bumps an output": 40, w: 1000 },
  read: [...read, "book/nndl/programs/universality.ts"],
  async run() {
    const circle = [
      (x: number) => 0.5 + 0.3 * Math.cos(2 * Math.PI * x),
      (x: number) => 0.5 + 0.3 * Math.sin(2 * Math.PI * x),
    ];
    const networks = circle.map((f) => new OneHiddenLayer(bumps((x) => logit(f(x)), 40, 1000)));
    const points = middles(1000);
    const distances = points.map((x) => Math.hypot(...circle.map((f, i) => networks[i].output([x]) - f(x))));
    return {
      measured: { meanError: distances.reduce((sum, distance) => sum + distance, 0) / distances.length },
      figures: [
        {
          name: "circle",
          chart: {
            kind: "scatter",
            title: { en: "Two networks, one for each coordinate", zh: "两个网络，各管一个坐标" },
            xAxis: { label: { en: "first output", zh: "第一个输出" }, min: 0.1, max: 0.9 },
            yAxis: { label: { en: "second output", zh: "第二个输出" }, min: 0.1, max: 0.9 },
            series: [
              {
                name: { en: "function", zh: "函数" },
                x: points.map(circle[0]),
                y: points.map(circle[1]),
                style: "line",
              },
              {
                name: { en: "networks", zh: "网络" },
                x: middles(40).map((x) => networks[0].output([x])),
                y: middles(40).map((x) => networks[1].output([x])),
              },
            ],
          },
          width: 520,
          height: 520,
        },
      ],
    };
  },
  about: {
    en: "A function with several outputs is several functions: one network for each, side by side. Here the two coordinates of a point that runs around a circle as x goes from 0 to 1.",
    zh: "有多个输出的函数就是多个函数：每个分量用一个网络，并排放置。这里是 x 从 0 到 1 时沿圆周运动的点的两个坐标。",
  },
  claims: [
    {
      measure: "meanError",
      says: {
        en: "both components are approximated: mean distance from the circle's points",
        zh: "两个分量都被逼近：与圆上对应点的平均距离",
      },
      accept: { atMost: 0.025 },
      because: {
        en: "a bump is 1/40 wide and the point moves by 2π 0.3 / 40 = 0.047 meanwhile, on average a quarter of that away",
        zh: "凸块宽 1/40，点在其间移动 2π×0.3/40 = 0.047，平均偏离其四分之一",
      },
    },
  ],
};

export const experiments: readonly Experiment[] = [surfaces, manyTowers, manyInputs, twoOutputs];
