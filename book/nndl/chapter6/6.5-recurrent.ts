// Section 6.5: recurrent networks that read programs. The book tells of one that evaluates print(398345+42508) character by character.
import type { Experiment } from "../../experiment.ts";
import { Seq2Seq } from "../../python/framework/encoder-decoder.ts";
import type { Pair } from "../../python/framework/sequence-tasks.ts";
import { Random } from "../../random.ts";

/** `print(3+14)` and what it prints, for different pairs of numbers below `most`. */
function programs(count: number, most: number, without: ReadonlySet<string>, random: Random): Pair[] {
  const found = new Map<string, string>();
  while (found.size < count) {
    const [a, b] = [random.below(most), random.below(most)];
    const source = `print(${a}+${b})`;
    if (!without.has(source)) found.set(source, `${a + b}`);
  }
  return [...found].map(([source, target]) => ({ source, target }));
}

const execution: Experiment = {
  id: "nndl/6.5-programs",
  title: { en: "A network that runs print(a+b)", zh: "执行 print(a+b) 的网络" },
  section: "6.5",
  kind: "experiment",
  settings: { units: 64, numbers: "0 to 19", programs: 300, epochs: 30, rate: 0.01 },
  read: ["book/python/framework/encoder-decoder.ts", "book/nndl/chapter6/6.5-recurrent.ts"],
  async run({ seed }) {
    const random = new Random(seed);
    const [most, count, tested, epochs, units] = [20, 300, 80, 30, 64];
    const test = programs(tested, most, new Set(), random);
    const training = programs(count, most, new Set(test.map(({ source }) => source)), random);
    const characters = "print()+0123456789";
    const model = new Seq2Seq({ characters, units, attention: true, seed });
    const { curve } = await model.train(training, test, { epochs, learningRate: 0.01, seed });
    const written = model.write(
      test.map(({ source }) => source),
      5,
    );
    const off = written.map((text, i) => Math.abs(Number(text) - Number(test[i].target)));
    const always = Math.max(
      ...[...new Set(test.map(({ target }) => target))].map(
        (target) => test.filter((pair) => pair.target === target).length / test.length,
      ),
    );
    return {
      measured: {
        arithmetic: 398345 + 42508,
        right: curve[curve.length - 1],
        near: off.filter((by) => by <= 2).length / off.length,
        always,
        length: written.filter((text, i) => text.length === test[i].target.length).length / test.length,
      },
      figures: [
        {
          name: "accuracy",
          chart: {
            kind: "line",
            title: { en: "New programs whose output is right to the last character", zh: "输出一字不差的新程序" },
            xAxis: { label: { en: "epochs", zh: "轮数" } },
            yAxis: { format: "percent", min: 0, max: 1 },
            series: [{ name: { en: "new programs", zh: "新程序" }, y: curve }],
          },
        },
      ],
      tables: [
        {
          title: { en: "The first of the new programs", zh: "前几个新程序" },
          columns: [
            { en: "program", zh: "程序" },
            { en: "the network prints", zh: "网络输出" },
            { en: "right", zh: "正确" },
          ],
          rows: test.slice(0, 8).map(({ source, target }, i) => [source, written[i], target]),
        },
      ],
    };
  },
  about: {
    en: "The book tells of a network that reads a program character by character and predicts its output: print(398345+42508). Here at a small size: programs with one addition, read by an encoder, the output written by a decoder; some pairs of numbers are kept for the test. The network has no idea of numbers; it learns what characters follow what. Learning to add to 99 percent takes more sums and passes than this.",
    zh: "书中提到一个逐字符读入程序并预测其输出的网络：print(398345+42508)。这里做小规模的：只含一次加法的程序，由编码器读入，由解码器写出结果；一部分数对留作测试。网络并不知道什么是数，它学的是什么字符跟在什么之后。要把加法学到 99%，需要比这里更多的算式与轮数。",
  },
  claims: [
    {
      measure: "arithmetic",
      says: { en: "what print(398345+42508) prints", zh: "print(398345+42508) 的输出" },
      expected: 440853,
      accept: { equals: 440853 },
    },
    {
      measure: "right",
      says: { en: "new programs whose output is right to the last character", zh: "输出一字不差的新程序的比例" },
      accept: { between: [0.05, 0.9] },
      because: {
        en: "0.13 to 0.41 over eight seeds; the most frequent answer would have 0.06 to 0.09",
        zh: "八个种子为 0.13 到 0.41；总给最常见的答案为 0.06 到 0.09",
      },
    },
    {
      measure: "near",
      says: { en: "outputs that are off by at most 2", zh: "误差不超过 2 的比例" },
      accept: { between: [0.5, 1] },
      because: {
        en: "0.74 to 0.96 over eight seeds",
        zh: "八个种子为 0.74 到 0.96",
      },
    },
    {
      measure: "length",
      says: { en: "outputs of the right length", zh: "长度正确的比例" },
      accept: { between: [0.8, 1] },
      because: {
        en: "0.93 to 0.99 over eight seeds",
        zh: "八个种子为 0.93 到 0.99",
      },
    },
    {
      measure: "always",
      says: { en: "always the most frequent answer would be right for", zh: "总给出最常见的答案，正确率为" },
      accept: { between: [0.02, 0.14] },
      because: {
        en: "0.06 to 0.09 over eight seeds: the sums near 19 are the most frequent",
        zh: "八个种子为 0.06 到 0.09：接近 19 的和最常见",
      },
    },
  ],
};

export const experiments: readonly Experiment[] = [execution];
