// Section 4.5: bumps whose failures overlap, and how half-weight copies mend them.
import type { Experiment } from "../../experiment.ts";
import { deviation, f113, logit, middles, OneHiddenLayer, overlappingBumps } from "../programs/universality.ts";
import { towers } from "../programs/universality-towers.ts";
import { xs } from "./4.1-discontinuous.ts";

const read = ["book/nndl/programs/universality.ts", "book/nndl/chapter4/4.5-overlap.ts"];

const unit = { label: "x", min: 0, max: 1 };

const target = (x: number) => logit(f113(x));

const points = middles(2000).map((x) => [x]);

export const overlap: Experiment = {
  id: "nndl/4.5-overlap",
  title: { en: "Overlapping families of bumps", zh: "相互错开的凸块族" },
  section: "4.5",
  kind: "experiment",
  settings: { M: "1, 2, 4", "towers a side": 4, h: 10, w: 200 },
  read: [...read, "book/nndl/programs/universality-towers.ts"],
  async run() {
    const families = [1, 2, 4];
    const flat = families.map((m) => towers(() => 1, 4, 10, 200, m));
    const corner = [0.5, 0.5];
    const rows = Array.from({ length: 401 }, (_, i) => 0.3 + (0.4 * i) / 400);
    const inner = points.filter(([x]) => x > 0.05 && x < 0.95);
    const lines = [1, 2].map((m) => new OneHiddenLayer(overlappingBumps(target, 40, 1000, m)));
    const largest = lines.map(
      (network) =>
        deviation(
          inner,
          (x) => network.weightedSum(x),
          ([x]) => target(x),
        ).largest,
    );
    const [alone, both] = [1, 2].map((m) => new OneHiddenLayer(overlappingBumps(target, 10, 1000, m)));
    return {
      measured: {
        atCorner: flat.map((network) => 1 - network.weightedSum(corner)),
        oneInput: largest[1] / largest[0],
      },
      figures: [
        {
          name: "corner",
          chart: {
            kind: "line",
            title: {
              en: "Across a corner where four towers meet; the target is 1",
              zh: "穿过四座塔交会的角；目标为 1",
            },
            xAxis: { label: { en: "x = y along the diagonal", zh: "沿对角线 x = y" } },
            yAxis: { label: { en: "weighted sum", zh: "加权和" }, min: 0 },
            series: flat.map((network, i) => ({
              name: `M = ${families[i]}`,
              x: rows,
              y: rows.map((at) => network.weightedSum([at, at])),
            })),
          },
        },
        {
          name: "one-input",
          chart: {
            kind: "line",
            title: { en: "Ten bumps, and two families shifted by half a bump", zh: "十个凸块，以及错开半个凸块的两族" },
            xAxis: unit,
            yAxis: { label: { en: "weighted sum", zh: "加权和" } },
            series: [
              { name: "σ⁻¹(f(x))", x: xs, y: xs.map(target) },
              { name: "M = 1", x: xs, y: xs.map((x) => alone.weightedSum([x])) },
              { name: "M = 2", x: xs, y: xs.map((x) => both.weightedSum([x])) },
            ],
          },
        },
      ],
    };
  },
  about: {
    en: "Steps are not perfectly sharp: near each there is a window in which the construction fails. Instead of narrowing it, take M families of bumps, each for σ⁻¹(f)/M and each shifted by 1/M of a bump: at every point at most one of them fails, and its share of the error is 1/M. Over one input sigmoid steps fail gently; over two, where four towers meet, none of them is up, and the sum falls to nothing.",
    zh: "阶跃并非完全陡峭：每个阶跃附近都有一个窗口，在其中构造失效。与其缩小窗口，不如取 M 族凸块，每族逼近 σ⁻¹(f)/M，依次错开 1/M 个凸块：任一点至多只有一族失效，误差只占 1/M。一个输入时 sigmoid 阶跃的失效很平缓；两个输入时，四座塔交会之处没有一座立起来，总和落到零。",
  },
  claims: [
    {
      measure: "atCorner",
      says: {
        en: "where four towers meet, the error is 1/M of the height, M = 1, 2, 4",
        zh: "四座塔交会处的误差为高度的 1/M，M = 1、2、4",
      },
      expected: [1, 0.5, 0.25],
      accept: { within: 0.06 },
      because: {
        en: "four towers at σ(-h/2) are left, 0.03, and those that stand reach σ(h/2) only, 0.993",
        zh: "四座塔各剩 σ(-h/2)，共 0.03；立着的塔也只到 σ(h/2) = 0.993",
      },
    },
    {
      measure: "oneInput",
      says: {
        en: "over one input: largest error of the weighted sum with M = 2 over that with M = 1, 40 bumps",
        zh: "一个输入、40 个凸块：M = 2 与 M = 1 时加权和最大误差之比",
      },
      accept: { atMost: 0.75 },
      because: {
        en: "half for a function that is nearly straight within a bump; (113) bends a little",
        zh: "函数在凸块内接近直线时为一半；(113) 略有弯曲",
      },
    },
  ],
};

export const experiments: readonly Experiment[] = [overlap];
