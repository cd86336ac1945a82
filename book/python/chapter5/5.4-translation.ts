// Section 5.4: from one sequence to another. A B C D is read to its end mark, then X Y Z is written.
import type { Experiment, RunContext } from "../../experiment.ts";
import { Random } from "../../random.ts";
import { Seq2Seq } from "../framework/encoder-decoder.ts";
import { type Pair, sources, taskOf, translate } from "../framework/sequence-tasks.ts";

const read = [
  "book/python/framework/encoder-decoder.ts",
  "book/python/framework/sequence-tasks.ts",
  "book/python/chapter5/5.4-translation.ts",
];

interface Learnt {
  readonly curve: number[];
  readonly model: Seq2Seq;
  readonly free: number;
  readonly forced: number;
}

interface Plan {
  readonly characters: string;
  readonly units: number;
  readonly attention: boolean;
  readonly epochs: number;
  readonly learningRate: number;
  readonly seed: number;
}

async function learn(pairs: readonly Pair[], test: readonly Pair[], plan: Plan): Promise<Learnt> {
  const model = new Seq2Seq(plan);
  const { curve } = await model.train(pairs, test, plan);
  return { curve, model, free: curve[curve.length - 1], forced: model.forcedAccuracy(test) };
}

const translation: Experiment = {
  id: "python/5.4-translation",
  title: { en: "A B C D in, X Y Z out", zh: "读入 A B C D，写出 X Y Z" },
  section: "5.4",
  kind: "experiment",
  settings: { units: 32, sources: 1000, epochs: 8, rate: 0.01, "clipped to": 1 },
  read,
  async run({ seed }) {
    const random = new Random(seed);
    // The text's own source is never trained on.
    const { characters, letters, training, test, units, epochs } = taskOf("translation", random);
    const plan = { characters, units, attention: true, epochs, learningRate: 0.01, seed };
    const learnt = await learn(training, test, plan);
    const untrained = new Seq2Seq(plan);
    const written = learnt.model.write(
      test.map(({ source }) => source),
      7,
    );
    const long = sources(letters, 100, [9, 9], [], random).map((source) => ({
      source,
      target: translate(source),
    }));
    return {
      measured: {
        answer: learnt.model.write(["ABCD"], 7)[0],
        free: learnt.free,
        forced: learnt.forced,
        untrained: untrained.accuracy(test),
        longer: learnt.model.accuracy(long),
      },
      figures: [
        {
          name: "accuracy",
          chart: {
            kind: "line",
            title: { en: "New sources translated without a mistake", zh: "新的源序列全部译对的比例" },
            xAxis: { label: { en: "epochs", zh: "轮数" } },
            yAxis: { format: "percent", min: 0, max: 1 },
            series: [{ name: { en: "free running", zh: "自由生成" }, y: learnt.curve, style: "line-points" }],
          },
        },
      ],
      tables: [
        {
          title: { en: "The first of the new sources", zh: "前几个新的源序列" },
          columns: [
            { en: "read", zh: "读入" },
            { en: "written", zh: "写出" },
            { en: "right", zh: "正确" },
          ],
          rows: test.slice(0, 8).map(({ source, target }, i) => [`${source}_`, written[i], target]),
        },
      ],
    };
  },
  about: {
    en: "Machine translation as the text sketches it: the source is read to its end mark, nothing comes out meanwhile; then every input is the output before, until the end mark is written. A little language takes the place of two large ones: A, B, C are X, Y, Z, D is not said. The encoder's last state is where the decoder begins, and attention lets it look back at the encoder's states. The text's own A B C D is not among the sources that it learns from.",
    zh: "教材勾画的机器翻译：先把源序列读到结束标记，其间没有输出；然后每一步的输入是上一步的输出，直到写出结束标记。这里用一种小语言代替两种真正的语言：A、B、C 译为 X、Y、Z，D 不译。解码器从编码器的最后状态开始，注意力让它回看编码器的各个状态。教材的 A B C D 不在训练用的源序列之中。",
  },
  claims: [
    {
      measure: "answer",
      says: { en: "A B C D, never seen before, becomes", zh: "从未见过的 A B C D 译为" },
      reported: "XYZ",
      accept: { equals: "XYZ" },
    },
    {
      measure: "free",
      says: {
        en: "new sources translated without a mistake, free running",
        zh: "自由生成时，新的源序列全部译对的比例",
      },
      accept: { between: [0.5, 1] },
      because: {
        en: "0.705 to 1 over eight seeds, median 0.97",
        zh: "八个种子为 0.705 到 1，中位数 0.97",
      },
    },
    {
      measure: "forced",
      says: {
        en: "and with the right outputs shown (teacher forcing)",
        zh: "每一步都给出正确的前文时（teacher forcing）",
      },
      accept: { between: [0.5, 1] },
      because: {
        en: "the same as free running in each of eight seeds",
        zh: "八个种子都与自由生成相同",
      },
    },
    {
      measure: "untrained",
      says: { en: "before it has learnt", zh: "训练之前" },
      accept: { between: [0, 0.05] },
      because: { en: "one target in a few hundred is empty, and may be hit", zh: "几百个目标中有一个为空，可能碰上" },
    },
  ],
};

/** Runs of digits to be written again, or backwards. */
async function digits(kind: "copy" | "reverse", attention: boolean, context: RunContext): Promise<Learnt> {
  const { seed } = context;
  const { characters, training, test, units, epochs } = taskOf(kind, new Random(seed));
  const learnt = await learn(training, test, { characters, units, attention, epochs, learningRate: 0.01, seed });
  context.log(`${kind}, attention ${attention}: ${learnt.free.toFixed(3)}`);
  return learnt;
}

const reverse: Experiment = {
  id: "python/5.4-reverse",
  title: { en: "Copying and reversing, with and without attention", zh: "复述与倒写：有注意力与没有注意力" },
  section: "5.4",
  kind: "experiment",
  settings: { units: 48, digits: "2 to 5", runs: 1500, epochs: 10, rate: 0.01 },
  read,
  async run(context) {
    const copied = await digits("copy", true, context);
    const withAttention = await digits("reverse", true, context);
    const without = await digits("reverse", false, context);
    const all = [copied, withAttention, without];
    return {
      measured: {
        copied: copied.free,
        attention: withAttention.free,
        without: without.free,
        // Where every prediction is right with the right outputs shown, free running makes the same ones.
        disagreement: Math.max(...all.map(({ free, forced }) => Math.abs(free - forced))),
        example: withAttention.model.write(["31415"], 6)[0],
      },
      figures: [
        {
          name: "accuracy",
          chart: {
            kind: "line",
            title: { en: "New runs of digits written without a mistake", zh: "新的数字串全部写对的比例" },
            xAxis: { label: { en: "epochs", zh: "轮数" } },
            yAxis: { format: "percent", min: 0, max: 1 },
            series: [
              { name: { en: "copied, attention", zh: "复述，有注意力" }, y: copied.curve },
              { name: { en: "reversed, attention", zh: "倒写，有注意力" }, y: withAttention.curve },
              {
                name: { en: "reversed, the last state alone", zh: "倒写，只有最后状态" },
                y: without.curve,
                style: "dashed",
              },
            ],
          },
        },
      ],
    };
  },
  about: {
    en: "Digits are read and written again, or backwards. Without attention all of a source has to fit into the encoder's last state; with it the decoder looks at the states it needs. A target counts if every character and the end mark are right. Teacher forcing shows the right characters so far; free running shows the decoder's own: where all predictions are right the two are one, so that their shares of faultless targets are equal.",
    zh: "读入一串数字，再照写，或倒着写。没有注意力时，整个源序列都要装进编码器的最后状态；有注意力时，解码器去看它需要的那些状态。每个字符和结束标记都对才算对。teacher forcing 给出正确的前文，自由生成用解码器自己写的：每步都对时两者是一回事，所以两者全对的比例相等。",
  },
  claims: [
    {
      measure: "copied",
      says: { en: "copied: share of new runs without a mistake", zh: "复述：新数字串全对的比例" },
      accept: { between: [0.7, 1] },
      because: {
        en: "1 with seeds 1 and 2",
        zh: "种子 1 与 2 均为 1",
      },
    },
    {
      measure: "attention",
      says: { en: "reversed, with attention", zh: "倒写，有注意力" },
      accept: { between: [0.7, 1] },
      because: {
        en: "1 with seeds 1 and 2",
        zh: "种子 1 与 2 均为 1",
      },
    },
    {
      measure: "without",
      says: { en: "reversed, the last state alone", zh: "倒写，只有最后状态" },
      accept: { between: [0.2, 1] },
      because: {
        en: "0.885 with seed 1",
        zh: "种子 1 为 0.885",
      },
    },
    {
      measure: "disagreement",
      says: {
        en: "free running and teacher forcing: difference of their shares",
        zh: "自由生成与 teacher forcing：全对比例之差",
      },
      accept: { equals: 0 },
    },
  ],
};

export const experiments: readonly Experiment[] = [translation, reverse];
