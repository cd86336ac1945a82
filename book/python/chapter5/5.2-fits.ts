// Section 5.2, overfitting and underfitting: the figure of three fits, and the remedies that the text names, each measured.
import type { Experiment } from "../../experiment.ts";
import { Random } from "../../random.ts";
import { noisyPoints, type Points, Polynomial, truth } from "../programs/polynomial.ts";

const read = ["book/python/programs/polynomial.ts", "book/python/chapter5/5.2-fits.ts"];
const NOISE = 0.25;
const DRAWS = 50;

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

/** Mean squared distance from the curve behind the points, over [0, 1]: what is left of the error without the noise of the test points. */
function distanceFromTruth(model: Polynomial): number {
  const x = Array.from({ length: 201 }, (_, i) => i / 200);
  return model.at(x).reduce((sum, y, i) => sum + (y - truth(x[i])) ** 2, 0) / x.length;
}

/** Fresh points at which the error of a fit is measured, between the outermost of its own. */
function freshFor(points: Points, random: Random): Points {
  return noisyPoints(500, random, NOISE, [points.x[0], points.x.at(-1)!]);
}

const threeFits: Experiment = {
  id: "python/5.2-fits",
  title: { en: "Too stiff, right, too supple", zh: "欠拟合、合适、过拟合" },
  section: "5.2",
  kind: "figure",
  settings: { points: 20, degrees: "1, 3, 15", noise: NOISE, draws: DRAWS },
  read,
  async run({ seed }) {
    const random = new Random(seed);
    const degrees = Array.from({ length: 16 }, (_, degree) => degree);
    const draws = Array.from({ length: DRAWS }, () => {
      const points = noisyPoints(20, random, NOISE);
      const fresh = freshFor(points, random);
      return degrees.map((degree) => {
        const model = Polynomial.fit(points, degree);
        return { training: model.error(points), fresh: model.error(fresh) };
      });
    });
    const training = degrees.map((degree) => median(draws.map((draw) => draw[degree].training)));
    const fresh = degrees.map((degree) => median(draws.map((draw) => draw[degree].fresh)));
    const least = Math.min(...fresh);
    const points = noisyPoints(20, new Random(seed), NOISE);
    const x = Array.from({ length: 300 }, (_, i) => points.x[0] + ((points.x[19] - points.x[0]) * i) / 299);
    const fitOf = (degree: number) => Polynomial.fit(points, degree).at(x);
    return {
      measured: {
        trainingFalls: training.every((error, i) => i === 0 || error <= training[i - 1]),
        bestDegree: fresh.indexOf(least),
        ends: [fresh[1] / least, fresh[15] / least],
      },
      figures: [
        {
          name: "three-fits",
          chart: {
            kind: "line",
            title: { en: "Three fits to 20 points", zh: "对 20 个点的三种拟合" },
            xAxis: { label: "x", min: 0, max: 1 },
            yAxis: { label: "y", min: -2, max: 2 },
            series: [
              { name: { en: "points", zh: "样本点" }, x: points.x, y: points.y, style: "points", colour: 0 },
              { name: { en: "degree 1", zh: "1 次" }, x, y: fitOf(1), colour: 1 },
              { name: { en: "degree 3", zh: "3 次" }, x, y: fitOf(3), colour: 2 },
              { name: { en: "degree 15", zh: "15 次" }, x, y: fitOf(15), colour: 3 },
            ],
          },
        },
        {
          name: "errors",
          chart: {
            kind: "line",
            title: { en: "Error by degree, median of 50 draws", zh: "误差与次数，50 次抽样的中位数" },
            xAxis: { label: { en: "degree", zh: "次数" } },
            yAxis: { label: { en: "mean squared error", zh: "均方误差" }, scale: "log" },
            series: [
              { name: { en: "on the points", zh: "训练点" }, x: degrees, y: training, style: "line-points" },
              { name: { en: "on fresh points", zh: "新点" }, x: degrees, y: fresh, style: "line-points" },
            ],
            marks: [{ axis: "y", at: NOISE ** 2, label: { en: "noise", zh: "噪声" } }],
          },
        },
      ],
    };
  },
  about: {
    en: "The section's figure of three fits, with the errors behind it: polynomials of degree 1, 3 and 15 through 20 noisy points of a sine, and for all degrees up to 15 the error on the points themselves and on fresh ones, medians over 50 draws. Too few terms leave both large, too many only the second.",
    zh: "本节三种拟合的图，以及图背后的误差：用 1、3、15 次多项式拟合正弦的 20 个带噪声的点；并对 15 次以内的所有次数给出训练点与新点的误差，取 50 次抽样的中位数。项太少，两者都大；项太多，只有后者大。",
  },
  claims: [
    {
      measure: "trainingFalls",
      says: {
        en: "with more terms the error on the points themselves only falls",
        zh: "项数增加，训练点上的误差只降不升",
      },
      accept: { equals: true },
    },
    {
      measure: "bestDegree",
      says: {
        en: "the error on fresh points is smallest in between: at this degree",
        zh: "新点上的误差在中间最小：所在的次数",
      },
      accept: { between: [3, 7] },
      because: {
        en: "one wave of a sine needs degree 3, and its next term is at 5; even terms add nothing",
        zh: "正弦的一个周期至少需要 3 次，下一项在 5 次；偶次项没有贡献",
      },
    },
    {
      measure: "ends",
      says: {
        en: "and larger at both ends: errors of degree 1 and 15 over the smallest",
        zh: "两端都更大：1 次与 15 次的误差与最小值之比",
      },
      accept: { atLeast: 1.5 },
      because: { en: "medians over 50 draws; the text shows the shape only", zh: "50 次抽样的中位数；教材只给出形状" },
    },
  ],
};

const LAMBDAS = Array.from({ length: 16 }, (_, i) => 10 ** (-8 + (2 * i) / 3));

const regularisation: Experiment = {
  id: "python/5.2-regularisation",
  title: { en: "Remedy: regularisation", zh: "对策：正则化" },
  section: "5.2",
  kind: "experiment",
  settings: { points: 20, degree: 15, draws: 25 },
  read,
  async run({ seed }) {
    const random = new Random(seed);
    const draws = Array.from({ length: 25 }, () => {
      const points = noisyPoints(20, random, NOISE);
      const fresh = freshFor(points, random);
      const errors = (degree: number, lambda: number) => {
        const model = Polynomial.fit(points, degree, lambda);
        return { training: model.error(points), fresh: model.error(fresh) };
      };
      return {
        plain: errors(15, 0).fresh,
        cubic: errors(3, 0).fresh,
        ridge: LAMBDAS.map((lambda) => errors(15, lambda)),
      };
    });
    const fresh = LAMBDAS.map((_, i) => median(draws.map(({ ridge }) => ridge[i].fresh)));
    const training = LAMBDAS.map((_, i) => median(draws.map(({ ridge }) => ridge[i].training)));
    const plain = median(draws.map((draw) => draw.plain));
    const best = fresh.indexOf(Math.min(...fresh));
    return {
      measured: {
        gain: plain / fresh[best],
        bestInside: best > 0 && best < LAMBDAS.length - 1,
        bestLambda: LAMBDAS[best],
        againstCubic: fresh[best] / median(draws.map(({ cubic }) => cubic)),
      },
      figures: [
        {
          name: "lambda",
          chart: {
            kind: "line",
            title: { en: "Degree 15 by the weight of the penalty", zh: "15 次多项式与惩罚权重" },
            xAxis: { label: "lambda", scale: "log" },
            yAxis: { label: { en: "mean squared error", zh: "均方误差" }, scale: "log" },
            series: [
              { name: { en: "on the points", zh: "训练点" }, x: LAMBDAS, y: training },
              { name: { en: "on fresh points", zh: "新点" }, x: LAMBDAS, y: fresh },
            ],
            marks: [{ axis: "y", at: plain, label: { en: "fresh, without penalty", zh: "新点，无惩罚" } }],
          },
        },
      ],
    };
  },
  about: {
    en: "The polynomial of degree 15 through 20 points again, now with lambda |w|^2 added to its squared error, lambda from 1e-8 to 100. Too small a lambda changes nothing, too large a one flattens the curve; in between almost all of the overfitting is gone.",
    zh: "仍用 15 次多项式拟合 20 个点，在平方误差上加 lambda |w|^2，lambda 从 1e-8 到 100。太小不起作用，太大把曲线压平；居中时，过拟合几乎完全消失。",
  },
  claims: [
    {
      measure: "gain",
      says: {
        en: "regularisation mends overfitting: error without over the error with the best lambda",
        zh: "正则化可缓解过拟合：不加时的误差与最佳 lambda 时之比",
      },
      accept: { atLeast: 1.5 },
      because: {
        en: "medians over 25 draws; the text names the remedy without a size",
        zh: "25 次抽样的中位数；教材只提出对策，未给出大小",
      },
    },
    {
      measure: "bestInside",
      says: {
        en: "there is a right amount: the best lambda is neither the smallest nor the largest",
        zh: "有一个合适的量：最佳 lambda 既非最小也非最大",
      },
      accept: { equals: true },
    },
  ],
};

const COUNTS = [20, 30, 50, 100, 200, 500, 1000, 2000];

const moreData: Experiment = {
  id: "python/5.2-more-data",
  title: { en: "Remedy: more data", zh: "对策：更多数据" },
  section: "5.2",
  kind: "experiment",
  settings: { points: COUNTS.join(", "), degrees: "1, 15", draws: 20 },
  read,
  async run({ seed }) {
    const random = new Random(seed);
    const errorsOf = (degree: number) =>
      COUNTS.map((count) =>
        median(
          Array.from({ length: 20 }, () => {
            const points = noisyPoints(count, random, NOISE);
            return Polynomial.fit(points, degree).error(freshFor(points, random));
          }),
        ),
      );
    const [line, high] = [errorsOf(1), errorsOf(15)];
    return {
      measured: {
        highAtEnd: high.at(-1)! / NOISE ** 2,
        lineGain: line.at(-1)! / line[0],
        highAtStart: high[0] / NOISE ** 2,
      },
      figures: [
        {
          name: "points",
          chart: {
            kind: "line",
            title: { en: "Error on fresh points by the number of points", zh: "新点误差与样本数" },
            xAxis: { label: { en: "training points", zh: "训练点数" }, scale: "log" },
            yAxis: { label: { en: "mean squared error", zh: "均方误差" }, scale: "log" },
            series: [
              { name: { en: "degree 1", zh: "1 次" }, x: COUNTS, y: line, style: "line-points" },
              { name: { en: "degree 15", zh: "15 次" }, x: COUNTS, y: high, style: "line-points" },
            ],
            marks: [{ axis: "y", at: NOISE ** 2, label: { en: "noise", zh: "噪声" } }],
          },
        },
      ],
    };
  },
  about: {
    en: "Degree 15 and degree 1, with 20 to 2,000 points. What overfits is cured by data: degree 15 comes down to the noise. What underfits is not: the line stays where it is, however many points there are.",
    zh: "15 次与 1 次多项式，样本点从 20 到 2,000 个。过拟合可以靠数据治好：15 次的误差降到噪声水平。欠拟合则不能：无论多少点，直线的误差都停在原处。",
  },
  claims: [
    {
      measure: "highAtEnd",
      says: { en: "degree 15 with 2,000 points: error over the noise", zh: "15 次、2,000 个点：误差与噪声之比" },
      expected: 1,
      accept: { within: 0.1 },
      because: {
        en: "16 terms on 2,000 points add 0.8%; the median of 20 draws of 500 test points varies by 2%",
        zh: "2,000 个点上的 16 项增加 0.8%；20 次抽样、每次 500 个测试点的中位数波动约 2%",
      },
    },
    {
      measure: "lineGain",
      says: {
        en: "a line gains nothing from a hundred times the data: error at 2,000 points over that at 20",
        zh: "数据增加百倍，直线也没有改善：2,000 点与 20 点的误差之比",
      },
      accept: { between: [0.75, 1.25] },
      because: {
        en: "two terms on 20 points add a tenth of the error, which more data take away; more points also reach further to both ends, where the line is worst",
        zh: "20 个点上的两项约增加一成误差，更多数据可以去掉；但点多时也更靠近两端，而直线在两端最差",
      },
    },
  ],
};

const FOLDS = 5;

/** Mean squared error at points left out in turn: each fold is predicted by a fit to the others. */
export function crossValidate({ x, y }: Points, degree: number, order: readonly number[]): number {
  let sum = 0;
  for (let fold = 0; fold < FOLDS; fold++) {
    const pick = (inside: boolean): Points => {
      const indices = order.filter((_, position) => (position % FOLDS === fold) === inside);
      return { x: indices.map((i) => x[i]), y: indices.map((i) => y[i]) };
    };
    const held = pick(true);
    sum += Polynomial.fit(pick(false), degree).error(held) * held.x.length;
  }
  return sum / x.length;
}

const crossValidation: Experiment = {
  id: "python/5.2-cross-validation",
  title: { en: "Remedy: cross-validation", zh: "对策：交叉验证" },
  section: "5.2",
  kind: "experiment",
  settings: { points: 30, folds: FOLDS, degrees: "0-12", draws: DRAWS },
  read,
  async run({ seed }) {
    const random = new Random(seed);
    const degrees = Array.from({ length: 13 }, (_, degree) => degree);
    const smallest = (values: readonly number[]) => values.indexOf(Math.min(...values));
    const draws = Array.from({ length: DRAWS }, () => {
      const points = noisyPoints(30, random, NOISE);
      const order = random.shuffle(Array.from({ length: 30 }, (_, i) => i));
      const fits = degrees.map((degree) => Polynomial.fit(points, degree));
      const crossErrors = degrees.map((degree) => crossValidate(points, degree, order));
      const trainingErrors = fits.map((model) => model.error(points));
      const distances = fits.map(distanceFromTruth);
      return {
        cross: smallest(crossErrors),
        training: smallest(trainingErrors),
        best: smallest(distances),
        distances,
        crossErrors,
        trainingErrors,
      };
    });
    const distance = (of: "cross" | "training" | "best") => median(draws.map((draw) => draw.distances[draw[of]]));
    const shares = (of: "cross" | "training" | "best") =>
      degrees.map((degree) => draws.filter((draw) => draw[of] === degree).length);
    return {
      measured: {
        trainingChoice: median(draws.map(({ training }) => training)),
        crossChoice: median(draws.map(({ cross }) => cross)),
        gain: distance("training") / distance("cross"),
        againstBest: distance("cross") / distance("best"),
      },
      figures: [
        {
          name: "choices",
          chart: {
            kind: "bar",
            title: { en: "Degrees chosen in 50 draws", zh: "50 次抽样中选出的次数" },
            categories: degrees.map(String),
            xAxis: { label: { en: "degree", zh: "次数" } },
            yAxis: { label: { en: "draws", zh: "抽样次数" } },
            series: [
              { name: { en: "cross-validation", zh: "交叉验证" }, values: shares("cross") },
              { name: { en: "training error", zh: "训练误差" }, values: shares("training") },
              { name: { en: "nearest to the curve", zh: "最接近真实曲线" }, values: shares("best") },
            ],
          },
        },
      ],
    };
  },
  about: {
    en: "The degree has to be chosen without fresh points. The error on the points themselves always asks for the highest. Five-fold cross-validation leaves each fifth out in turn and asks how well it is predicted. Both choose among degrees 0 to 12 on 50 draws of 30 points, and are judged by the distance from the curve behind.",
    zh: "选择次数时没有新点可用。训练误差总是要求最高次。五折交叉验证轮流留出五分之一，看它被预测得多好。在 50 次抽样（每次 30 个点）上，两种方法都在 0 到 12 次之间选择，并以与真实曲线的距离评判。",
  },
  claims: [
    {
      measure: "trainingChoice",
      says: {
        en: "the error on the points chooses the highest degree: median choice",
        zh: "训练误差总选最高次：选择的中位数",
      },
      expected: 12,
      accept: { equals: 12 },
    },
    {
      measure: "crossChoice",
      says: {
        en: "cross-validation chooses a degree that fits: median choice",
        zh: "交叉验证选到合适的次数：选择的中位数",
      },
      accept: { between: [3, 7] },
      because: {
        en: "degree 3 is the least that follows the sine, 5 its next term; chance lets some draws ask for one or two more",
        zh: "3 次是能跟上正弦的最低次，5 次是其下一项；偶然性会让一些抽样多要一两次",
      },
    },
    {
      measure: "gain",
      says: {
        en: "distance from the curve: choice by training error over choice by cross-validation, medians",
        zh: "与真实曲线的距离：按训练误差选与按交叉验证选之比（中位数）",
      },
      accept: { atLeast: 1.5 },
      because: { en: "13 free terms on 30 points against about 5", zh: "30 个点上 13 个自由项对约 5 个" },
    },
  ],
};

export const experiments: readonly Experiment[] = [threeFits, regularisation, moreData, crossValidation];
