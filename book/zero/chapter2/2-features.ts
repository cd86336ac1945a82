// Part 2, the vector of features: words among them, coded by places and, for comparison, by numbers.
import type { Experiment } from "../../experiment.ts";
import { Random } from "../../random.ts";
import { Category, encode, encodeAsNumbers, type Person } from "../programs/features.ts";
import { LinearUnit } from "../programs/linear-unit.ts";

const INDUSTRIES = new Category("industry", ["teaching", "IT", "catering", "banking"]);
const COMPANIES = new Category("company", ["Baidu", "a start-up", "a state firm"]);
/** What a year, a grade, an industry and a company are worth a month, in thousands, in the rule that people are drawn by. */
const RULE = {
  base: 3,
  years: 0.4,
  grade: 0.8,
  industry: { teaching: 0, IT: 5, catering: -1, banking: 3 } as Record<string, number>,
  company: { Baidu: 2, "a start-up": -1, "a state firm": 0.5 } as Record<string, number>,
};
const NOISE = 0.5;

function draw(random: Random, count: number): { people: Person[]; salaries: number[] } {
  const people = Array.from({ length: count }, () => ({
    years: random.below(15),
    industry: INDUSTRIES.words[random.below(INDUSTRIES.words.length)],
    company: COMPANIES.words[random.below(COMPANIES.words.length)],
    grade: `T${1 + random.below(9)}`,
  }));
  const salaries = people.map(({ years, industry, company, grade }) => {
    const known = RULE.base + RULE.years * years + RULE.grade * Number(grade.slice(1));
    return known + RULE.industry[industry] + RULE.company[company] + random.normal(0, NOISE);
  });
  return { people, salaries };
}

/** Root of the mean squared error. */
function missOf(unit: LinearUnit, inputs: readonly number[][], salaries: readonly number[]): number {
  return Math.sqrt((2 * unit.error(inputs, salaries)) / inputs.length);
}

const features: Experiment = {
  id: "zero/2-features",
  title: { en: "A person as a vector: years, industry, company, grade", zh: "把人写成向量：年限、行业、公司、职级" },
  section: "2",
  kind: "construction",
  settings: { people: 200, rate: "0.01 / 200", "steps of batch descent": 20_000 },
  read: ["book/zero/programs/features.ts", "book/zero/programs/linear-unit.ts", "book/zero/chapter2/2-features.ts"],
  async run({ seed }) {
    const random = new Random(seed);
    const [known, fresh] = [draw(random, 200), draw(random, 1000)];
    const [byPlaces, byNumbers] = [encode, encodeAsNumbers].map((code) => {
      const [inputs, others] = [known, fresh].map(({ people }) =>
        people.map((one) => code(one, INDUSTRIES, COMPANIES)),
      );
      const unit = new LinearUnit(inputs[0].length);
      for (let step = 0; step < 20_000; step++) unit.oneBatchStep(inputs, known.salaries, 0.01 / inputs.length);
      return { unit, miss: missOf(unit, others, fresh.salaries) };
    });
    const vector = encode({ years: 5, industry: "IT", company: "Baidu", grade: "T6" }, INDUSTRIES, COMPANIES);
    const [, ...weights] = byPlaces.unit.weights;
    const industryWeights = weights.slice(0, INDUSTRIES.words.length);
    // Only differences within a category are settled: what all its places share could as well be in the bias.
    const worth = industryWeights.map((weight) => weight - industryWeights[0]);
    return {
      measured: {
        vector,
        worth: worth.slice(1),
        missByPlaces: byPlaces.miss,
        numbersAreWorse: byNumbers.miss / byPlaces.miss,
        salary: byPlaces.unit.predict(vector),
      },
      figures: [
        {
          name: "industries",
          chart: {
            kind: "bar",
            title: { en: "What an industry is worth, against teaching", zh: "各行业相对教育业的月薪差" },
            yAxis: { label: { en: "thousands a month", zh: "千元/月" } },
            categories: INDUSTRIES.words,
            series: [
              { name: { en: "rule", zh: "规则" }, values: INDUSTRIES.words.map((word) => RULE.industry[word]) },
              { name: { en: "learnt by places", zh: "按位编码学到的" }, values: worth },
              {
                name: { en: "learnt by numbers", zh: "按数字编码学到的" },
                values: INDUSTRIES.words.map((_, i) => i * byNumbers.unit.weights[1]),
              },
            ],
          },
        },
      ],
    };
  },
  about: {
    en: "The text's hypothesis takes (5, IT, Baidu, T6) and multiplies it by weights; words must become numbers first. 200 invented people are paid by a known rule with noise. A linear unit that sees a place for each industry and company finds the rule; one that sees their numbers has to give the third industry twice the step of the second, and can't.",
    zh: "原文的假设函数接受 (5, IT, 百度, T6) 并乘以权重，那么词语得先变成数字。200 个虚构的人按一条已知的规则（加噪声）领工资。给每个行业、每家公司一个位置，线性单元就能找回规则；若只给编号，第三个行业的差额必须是第二个的两倍，规则就无从表达。",
  },
  claims: [
    {
      measure: "vector",
      says: {
        en: "(5, IT, Baidu, T6) as numbers: years, four industries, three companies, grade",
        zh: "(5, IT, 百度, T6) 的编码：年限、四个行业、三家公司、职级",
      },
      expected: [5, 0, 1, 0, 0, 1, 0, 0, 6],
      accept: { equals: [5, 0, 1, 0, 0, 1, 0, 0, 6] },
    },
    {
      measure: "worth",
      says: {
        en: "weights of IT, catering and banking above that of teaching, against the rule's 5, -1 and 3",
        zh: "IT、餐饮、银行的权重减去教育的权重；规则中为 5、-1、3",
      },
      expected: [5, -1, 3],
      accept: { within: 0.5 },
      because: {
        en: "50 people an industry, noise of 0.5: a standard error of 0.1 for a difference",
        zh: "每个行业约 50 人，噪声 0.5：差值的标准误为 0.1",
      },
    },
    {
      measure: "missByPlaces",
      says: {
        en: "on fresh people it misses by little more than the noise of 0.5",
        zh: "在新的人身上，误差只比噪声 0.5 略大",
      },
      expected: 0.5,
      accept: { within: 0.06 },
      because: {
        en: "1,000 fresh people: a standard error of 0.011; nine weights from 200 people add two hundredths at most",
        zh: "1,000 个新人：标准误 0.011；由 200 人得到九个权重，至多再增加百分之二左右",
      },
    },
    {
      measure: "numbersAreWorse",
      says: { en: "numbers for words: the error is larger by the factor", zh: "以编号代替词语：误差增大的倍数" },
      accept: { between: [4, 6.5] },
      because: {
        en: "the part of the rule that one number can't tell is fixed by the rule; people vary",
        zh: "单个编号表达不了的部分由规则决定；人员有随机波动",
      },
    },
  ],
};

export const experiments: readonly Experiment[] = [features];
