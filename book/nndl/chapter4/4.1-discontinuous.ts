// Section 4.1: a function with a jump, which a network approaches but never has.
import type { Experiment } from "../../experiment.ts";
import { deviation, logit, middles, OneHiddenLayer, overlappingBumps } from "../programs/universality.ts";

const read = ["book/nndl/programs/universality.ts", "book/nndl/chapter4/4.1-discontinuous.ts"];

export const xs = Array.from({ length: 601 }, (_, i) => i / 600);

export const discontinuous: Experiment = {
  id: "nndl/4.1-discontinuous",
  title: { en: "A function with a jump", zh: "有间断的函数" },
  section: "4.1",
  kind: "construction",
  settings: { f: "0.3 below 1/3, 0.7 above", w: "20 N" },
  read,
  async run() {
    const f = (x: number) => (x < 1 / 3 ? 0.3 : 0.7);
    const fine = middles(12_000).map((x) => [x]);
    // The ends of [0, 1] are no jump of f: the first and last bump reach beyond them.
    const networks = [10, 40, 160].map((n) => new OneHiddenLayer(overlappingBumps((x) => logit(f(x)), n, 20 * n, 1)));
    const errors = networks.map((network) =>
      deviation(
        fine,
        (x) => network.output(x),
        ([x]) => f(x),
      ),
    );
    return {
      measured: {
        atJump: errors.map(({ largest }) => largest),
        meanFalls: errors.slice(1).map(({ mean }, i) => mean / errors[i].mean),
      },
      figures: [
        {
          name: "jump",
          chart: {
            kind: "line",
            title: { en: "Near a jump, 20, 80 and 320 neurons", zh: "间断附近，20、80 与 320 个神经元" },
            xAxis: { label: "x", min: 0.2, max: 0.5 },
            yAxis: { label: { en: "output", zh: "输出" } },
            series: [
              { name: "f(x)", x: [0.2, 1 / 3, 1 / 3, 0.5], y: [0.3, 0.3, 0.7, 0.7] },
              ...networks.map((network, i) => {
                const x = xs.map((at) => 0.2 + 0.3 * at);
                return { name: `N = ${[10, 40, 160][i]}`, x, y: x.map((at) => network.output([at])) };
              }),
            ],
          },
        },
      ],
    };
  },
  about: {
    en: "The first of the book's caveats: approximation, not exact computation; the second: continuous functions. Networks of sigmoids are continuous, so at a jump one of the two sides is missed by half the jump, however many neurons there are. Away from the jump the approximation is as good as ever.",
    zh: "书中的两点说明：一，是逼近而非精确计算；二，针对连续函数。sigmoid 网络本身是连续的，所以在间断处总有一侧要差半个跳跃，不论有多少神经元。离开间断处，逼近照样很好。",
  },
  claims: [
    {
      measure: "atJump",
      says: {
        en: "at the jump the largest error stays at least half of it (0.2), for N = 10, 40, 160",
        zh: "间断处的最大误差始终不小于跳跃的一半（0.2），N = 10、40、160",
      },
      accept: { atLeast: 0.19 },
      because: {
        en: "half of 0.4, less what a grid of 12,000 points may miss",
        zh: "0.4 的一半，减去 12,000 个点的网格可能漏掉的",
      },
    },
    {
      measure: "meanFalls",
      says: { en: "the mean error still falls: each over the one before", zh: "平均误差仍然下降：每个与前一个之比" },
      accept: { atMost: 0.6 },
      because: {
        en: "what is wrong is one bump of width 1/N, and N grows fourfold",
        zh: "出错的只有一个宽 1/N 的凸块，而 N 每次增为四倍",
      },
    },
  ],
};

export const experiments: readonly Experiment[] = [discontinuous];
