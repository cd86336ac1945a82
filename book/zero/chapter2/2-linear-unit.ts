// Part 2, the linear unit: the perceptron's rule becomes gradient descent, and finds the best answer where there is no exact one.
import type { Experiment } from "../../experiment.ts";
import { LinearUnit, leastSquares } from "../programs/linear-unit.ts";
import { Perceptron } from "../programs/perceptron.ts";
import { SALARIES, YEARS } from "../programs/salaries.ts";

const read = ["book/zero/programs/linear-unit.ts", "book/zero/chapter2/2-linear-unit.ts"];

const salary: Experiment = {
  id: "zero/2-salary",
  title: { en: "A linear unit predicts salaries", zh: "线性单元预测工资" },
  section: "2",
  kind: "experiment",
  settings: { iterations: 10, rate: 0.01 },
  read,
  async run() {
    const inputs = YEARS.map((years) => [years]);
    const given = new LinearUnit(1);
    given.weights = [1000];
    given.bias = 500;
    const unit = new LinearUnit(1);
    const errors = [unit.error(inputs, SALARIES)];
    for (let pass = 0; pass < 10; pass++) {
      unit.oneIteration(inputs, SALARIES, 0.01);
      errors.push(unit.error(inputs, SALARIES));
    }
    const best = leastSquares(YEARS, SALARIES);
    const optimum = new LinearUnit(1);
    optimum.weights = [best.slope];
    optimum.bias = best.intercept;
    const least = optimum.error(inputs, SALARIES);
    const longer = new LinearUnit(1);
    longer.train(inputs, SALARIES, 10_000, 0.01);
    const ends = [0, 12];
    return {
      measured: {
        given: given.predict([5]),
        weight: unit.weights[0],
        bias: unit.bias,
        predictions: [3.4, 15, 1.5, 6.3].map((years) => unit.predict([years])),
        leastSquares: [best.slope, best.intercept],
        errorAboveBest: errors[10] / least - 1,
      },
      figures: [
        {
          name: "line",
          chart: {
            kind: "scatter",
            title: { en: "Salary by years of work", zh: "月薪与工作年限" },
            xAxis: { label: { en: "years", zh: "年限" }, min: 0, max: 12 },
            yAxis: { label: { en: "monthly salary", zh: "月薪" } },
            series: [
              { name: { en: "five people", zh: "五个人" }, x: YEARS, y: SALARIES },
              {
                name: { en: "linear unit, 10 passes", zh: "线性单元，10 轮" },
                x: ends,
                y: ends.map((years) => unit.predict([years])),
                style: "line",
              },
              {
                name: { en: "least squares", zh: "最小二乘" },
                x: ends,
                y: ends.map((years) => optimum.predict([years])),
                style: "dashed",
              },
            ],
          },
        },
        {
          name: "error",
          chart: {
            kind: "line",
            title: { en: "Squared error E after every pass", zh: "每轮之后的平方误差 E" },
            xAxis: { label: { en: "pass", zh: "轮" } },
            yAxis: { label: { en: "E, millions", zh: "E（百万）" }, scale: "log" },
            series: [
              {
                name: { en: "linear unit", zh: "线性单元" },
                x: errors.map((_, i) => i),
                y: errors.map((error) => error / 1e6),
                style: "line-points",
              },
              {
                name: { en: "least possible", zh: "最小可能值" },
                x: [0, 10],
                y: [least / 1e6, least / 1e6],
                style: "dashed",
              },
            ],
          },
        },
      ],
      notes: [
        {
          en: `After 10,000 passes of the same rule: w = ${longer.weights[0].toFixed(2)}, b = ${longer.bias.toFixed(2)}. With a constant rate stochastic descent comes to rest in a cycle beside the optimum, not in it.`,
          zh: `同一规则迭代 10,000 轮后：w = ${longer.weights[0].toFixed(2)}，b = ${longer.bias.toFixed(2)}。学习率固定时，随机梯度下降停在最优点旁边的一个循环上，而不是最优点本身。`,
        },
      ],
    };
  },
  about: {
    en: "Five invented people, years of work and monthly salary; ten passes of the perceptron's own rule with f(x) = x. The text prints its results in a picture that is lost; the numbers here were recomputed from its program and inputs. They are not yet the least-squares line, which is drawn beside them: ten passes leave the bias far from its place.",
    zh: "五个虚构的人，给出工作年限与月薪；用感知器的规则（取 f(x) = x）训练十轮。原文的结果印在一张已丢失的图片里，这里的数值按原文的程序和数据重新算得。它们还不是最小二乘直线（图中一并画出）：十轮之后偏置离最优值还很远。",
  },
  claims: [
    {
      measure: "given",
      says: { en: "w = 1000, b = 500: h(5)", zh: "w = 1000，b = 500 时的 h(5)" },
      reported: 5500,
      accept: { equals: 5500 },
    },
    {
      measure: "weight",
      says: { en: "the weight after ten passes", zh: "十轮之后的权重" },
      expected: 1124.0634970262222,
      accept: { within: 1e-9 },
      because: {
        en: "float64, the order of additions may differ in the last digits",
        zh: "float64，加法次序不同时末几位可能有别",
      },
    },
    {
      measure: "bias",
      says: { en: "the bias after ten passes", zh: "十轮之后的偏置" },
      expected: 85.485289,
      accept: { within: 5e-7 },
      because: { en: "printed with six decimals", zh: "原程序打印六位小数" },
    },
    {
      measure: "predictions",
      says: { en: "salaries for 3.4, 15, 1.5 and 6.3 years", zh: "3.4、15、1.5、6.3 年对应的月薪" },
      expected: [3907.3, 16946.44, 1771.58, 7167.09],
      accept: { within: 0.005 },
      because: { en: "printed with two decimals", zh: "原程序打印两位小数" },
    },
    {
      measure: "leastSquares",
      says: {
        en: "slope and intercept of the least-squares line, for reference",
        zh: "作为参照的最小二乘直线：斜率与截距",
      },
      expected: [1095.4258675, -304.8422713],
      accept: { within: 1e-6 },
      because: { en: "given with seven decimals", zh: "参考值给出七位小数" },
    },
    {
      measure: "errorAboveBest",
      says: {
        en: "ten passes are not the optimum: E exceeds its least value by so much",
        zh: "十轮还不是最优：E 比最小值高出的比例",
      },
      accept: { atLeast: 0.01 },
      because: { en: "a hundredth: clearly more than rounding", zh: "取百分之一：显然超出舍入误差" },
    },
  ],
};

const inseparable: Experiment = {
  id: "zero/2-inseparable",
  title: { en: "Where no line separates, the linear unit still settles", zh: "线性不可分时，线性单元仍然收敛" },
  section: "2",
  kind: "experiment",
  settings: { "steps of batch descent": 2000, rate: 0.1 },
  read,
  async run() {
    const inputs = [
      [1, 1],
      [0, 0],
      [1, 0],
      [0, 1],
    ];
    const labels = [0, 0, 1, 1];
    const linear = new LinearUnit(2);
    const perceptron = new Perceptron(2);
    const curves = { linear: [0], perceptron: [0] };
    let perceptronMoved = 0;
    for (let pass = 0; pass < 2000; pass++) {
      linear.oneBatchStep(inputs, labels, 0.1);
      // Within a pass the corrections may cancel out, so every sample is looked at.
      let moved = false;
      inputs.forEach((input, i) => {
        const before = String(perceptron);
        perceptron.oneIteration([input], [labels[i]], 0.1);
        moved ||= String(perceptron) !== before;
        curves.perceptron.push(perceptron.bias);
      });
      if (pass >= 1900 && moved) perceptronMoved += 1;
      curves.linear.push(linear.bias);
    }
    return {
      measured: { best: [...linear.weights, linear.bias], perceptronMoved },
      figures: [
        {
          name: "bias",
          chart: {
            kind: "line",
            title: { en: "The bias on XOR, pass by pass", zh: "学习 XOR 时偏置逐轮的变化" },
            xAxis: { label: { en: "pass", zh: "轮" } },
            yAxis: { label: "b" },
            series: [
              {
                name: { en: "linear unit, batch descent", zh: "线性单元，批量下降" },
                x: curves.linear.slice(0, 31).map((_, pass) => pass),
                y: curves.linear.slice(0, 31),
              },
              {
                name: { en: "perceptron", zh: "感知器" },
                x: curves.perceptron.slice(0, 121).map((_, sample) => sample / 4),
                y: curves.perceptron.slice(0, 121),
              },
            ],
          },
        },
      ],
    };
  },
  about: {
    en: "The reason for the linear unit: on data that no line separates the perceptron's weights never come to rest, while descent on the squared error ends in the best approximation. On XOR that is the constant 1/2.",
    zh: "引入线性单元的理由：数据线性不可分时，感知器的权重永远停不下来；而沿平方误差下降会停在最佳逼近处。对 XOR 来说，最佳逼近是常数 1/2。",
  },
  claims: [
    {
      measure: "best",
      says: {
        en: "the linear unit converges to the best approximation: w1, w2, b",
        zh: "线性单元收敛到最佳逼近：w1、w2、b",
      },
      expected: [0, 0, 0.5],
      accept: { within: 1e-9 },
      because: {
        en: "the least-squares answer of XOR, computed by hand; 2000 steps leave less than rounding",
        zh: "XOR 的最小二乘解可以手算；2000 步之后只剩舍入误差",
      },
    },
    {
      measure: "perceptronMoved",
      says: {
        en: "the perceptron may not converge: passes of the last hundred in which its weights still moved",
        zh: "感知器可能不收敛：最后一百轮中权重仍在变动的轮数",
      },
      accept: { equals: 100 },
    },
  ],
};

const units: Experiment = {
  id: "zero/2-activations",
  title: { en: "Perceptron and linear unit", zh: "感知器与线性单元" },
  section: "2",
  kind: "figure",
  read,
  async run() {
    const [x, y, rate, start] = [[0.3, -0.7], 0, 0.1, [0.5, -0.2, 0.1]];
    const startAt = <U extends Perceptron>(unit: U, [w1, w2, b]: readonly number[]): U => {
      unit.weights = [w1, w2];
      unit.bias = b;
      return unit;
    };
    /** How one update on the sample moves w1, w2 and b. */
    const moveOf = (unit: Perceptron): number[] => {
      startAt(unit, start).oneIteration([x], [y], rate);
      return [...unit.weights, unit.bias].map((value, i) => value - start[i]);
    };
    const sum = start[0] * x[0] + start[1] * x[1] + start[2];
    const [step, linear] = [moveOf(new Perceptron(2)), moveOf(new LinearUnit(2))];
    // The rule by the formula, with what each of them must answer here.
    const rule = (answer: number) => [...x, 1].map((input) => rate * (y - answer) * input);
    const off = [step.map((move, i) => move - rule(1)[i]), linear.map((move, i) => move - rule(sum)[i])].flat();
    const errorAt = (parameters: number[]) => startAt(new LinearUnit(2), parameters).error([x], [y]);
    const slopes = start.map((_, i) => {
      const moved = (by: number) => errorAt(start.map((value, j) => (j === i ? value + by : value)));
      return (moved(1e-4) - moved(-1e-4)) / 2e-4;
    });
    const z = [-2, 0, 0, 2];
    return {
      measured: {
        sameRule: Math.max(...off.map(Math.abs)),
        descends: Math.max(...linear.map((move, i) => Math.abs(move + rate * slopes[i]))),
      },
      figures: [
        {
          name: "activations",
          chart: {
            kind: "line",
            title: { en: "f of the perceptron and of the linear unit", zh: "感知器与线性单元的 f" },
            xAxis: { label: "z" },
            yAxis: { label: "f(z)" },
            series: [
              { name: { en: "perceptron: step", zh: "感知器：阶跃" }, x: z, y: [0, 0, 1, 1] },
              { name: { en: "linear unit: f(z) = z", zh: "线性单元：f(z) = z" }, x: z, y: z },
            ],
          },
        },
      ],
    };
  },
  about: {
    en: "The two share the model and the rule w += rate (y - h) x; only f differs: a step for a class, the identity for a quantity.",
    zh: "两者的模型与规则 w += rate (y - h) x 完全相同，只有 f 不同：感知器用阶跃函数做分类，线性单元用恒等函数做回归。",
  },
  claims: [
    {
      measure: "sameRule",
      says: {
        en: "both move w1, w2 and b by rate (y - h) x, the perceptron with h = 1, the linear unit with h = w x + b: largest difference",
        zh: "两者的 w1、w2、b 都移动 rate (y - h) x，感知器 h = 1，线性单元 h = w x + b：最大差",
      },
      expected: 0,
      accept: { within: 1e-15 },
      because: { en: "float64 rounding", zh: "float64 舍入" },
    },
    {
      measure: "descends",
      says: {
        en: "and for the linear unit that is a step down the slope of E: largest difference",
        zh: "而对线性单元来说，这正是沿 E 的斜率向下走一步：最大差",
      },
      expected: 0,
      accept: { within: 1e-12 },
      because: {
        en: "E is a parabola, for which central differences are exact but for rounding",
        zh: "E 是抛物线，中心差分除舍入外是精确的",
      },
    },
  ],
};

export const experiments: readonly Experiment[] = [salary, inseparable, units];
