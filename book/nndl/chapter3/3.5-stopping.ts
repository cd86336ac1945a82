// Section 3.5: when to stop, when to lower the learning rate, and how large a mini-batch should be.
import { evaluate, schedule } from "nabla";
import type { Experiment } from "../../experiment.ts";
import { first, toSamples } from "../../mnist.ts";
import { curvesByEpoch, EPOCH, median, percent, VALIDATION_ACCURACY } from "../curves.ts";
import { type StudyOptions, study } from "../framework/study.ts";
import { apply, type Curves, costAboveBest, noImprovementIn, notRisingOver } from "../programs/stopping.ts";
import { accuracyAfter, fastest, type Race } from "../programs/strategy.ts";

const RULES = [
  { name: { en: "no improvement in 10", zh: "10 个迭代期无提升" }, rule: noImprovementIn(10) },
  { name: { en: "no improvement in 20", zh: "20 个迭代期无提升" }, rule: noImprovementIn(20) },
  { name: { en: "no improvement in 50", zh: "50 个迭代期无提升" }, rule: noImprovementIn(50) },
  { name: { en: "not rising over 10", zh: "10 个迭代期内不再上升" }, rule: notRisingOver(10) },
  { name: { en: "not rising over 20", zh: "20 个迭代期内不再上升" }, rule: notRisingOver(20) },
  { name: { en: "cost 5% above its best", zh: "代价高出最低值 5%" }, rule: costAboveBest(5) },
] as const;

export const earlyStoppingRules: Experiment = {
  id: "nndl/3.5-early-stopping",
  title: { en: "When to stop: no improvement in n, and other rules", zh: "何时停止：n 个迭代期无提升，及其他规则" },
  section: "3.5, exercises",
  kind: "exercise",
  settings: { hidden: 30, eta: 0.5, batchSize: 10, lambda: 5 },
  read: ["book/nndl/programs/stopping.ts", "book/nndl/chapter3/3.5-stopping.ts"],
  needs: ["mnist"],
  async run(context) {
    const { training, validation } = await context.mnist();
    const n = context.pick({ quick: 1000, full: 50_000 });
    const epochs = context.pick({ quick: 150, full: 80 });
    const watched = context.pick({ quick: first(validation, 1000), full: validation });
    const curves: Curves[] = [];
    for (const seed of context.seeds(2, 2)) {
      const run = await study({
        ...{ sizes: [784, 30, 10], cost: "crossEntropy", weights: "scaled", batchSize: 10 },
        ...{ training: first(training, n), epochs, eta: 0.5, lambda: (5 * n) / 50_000, seed },
        monitor: { validation: watched },
      });
      curves.push({ accuracy: run.accuracy["validation"], cost: run.cost["validation"] });
      context.log(`seed ${seed}: best ${percent(Math.max(...run.accuracy["validation"]))}%`);
    }
    const ends = RULES.map(({ rule }) => curves.map((each) => apply(rule, each)));
    const best = curves.map(({ accuracy }) => Math.max(...accuracy));
    const lift = (best[0] - Math.min(...curves[0].accuracy.slice(3))) / 20;
    // How old the best accuracy is, by the curve itself, where a rule of patience stops.
    const waited = [10, 20, 50].map((_, rule) =>
      curves.flatMap(({ accuracy }, run) => {
        const { epoch } = ends[rule][run];
        if (epoch === null) return [];
        const seen = accuracy.slice(0, epoch);
        return [epoch - 1 - seen.indexOf(Math.max(...seen))];
      }),
    );
    const gap = (rule: number): number =>
      median(curves.map((_, run) => 100 * (best[run] - ends[rule][run].bestAccuracy)));
    return {
      measured: {
        waitedFor10: waited[0],
        waits: waited.every((each, rule) => each.every((epochsOld) => epochsOld === [10, 20, 50][rule])),
        lostBy10: gap(0),
        gainOf50: gap(0) - gap(2),
        lostByEachRule: RULES.map((_, rule) => Number(gap(rule).toFixed(3))),
      },
      figures: [
        {
          name: "rules",
          caption: {
            en: "A mark stands above the epoch at which its rule stops; its height means nothing. A rule without one goes on to the end.",
            zh: "标记所在的横坐标是该规则停止的迭代期，高度没有含义；没有标记的规则一直没有停。",
          },
          chart: {
            kind: "line",
            title: { en: "Where each rule stops (first seed)", zh: "各条规则停在哪里（第一个种子）" },
            xAxis: { label: EPOCH },
            yAxis: { label: VALIDATION_ACCURACY, format: "percent" },
            series: [
              {
                name: VALIDATION_ACCURACY,
                x: curves[0].accuracy.map((_, i) => i + 1).slice(3),
                y: curves[0].accuracy.slice(3),
              },
              // Each on a line of its own above the curve.
              ...RULES.flatMap(({ name }, rule) => {
                const { epoch } = ends[rule][0];
                if (epoch === null) return [];
                return [{ name, x: [epoch], y: [best[0] + (1 + rule) * lift], style: "points" as const }];
              }),
            ],
          },
        },
      ],
      tables: [
        {
          title: {
            en: "Epoch of the end, and the best accuracy until then in percent",
            zh: "停止的迭代期，以及到那时的最好准确率（百分数）",
          },
          columns: [
            { en: "seed", zh: "种子" },
            ...RULES.map(({ name }) => name),
            { en: `all ${epochs} epochs`, zh: `全部 ${epochs} 个迭代期` },
          ],
          rows: curves.map((_, run) => [
            context.seed + run,
            ...ends.map((each) => `${each[run].epoch ?? "–"}: ${percent(each[run].bestAccuracy)}`),
            percent(best[run]),
          ]),
        },
      ],
    };
  },
  about: {
    en: "The book stops when the validation accuracy has not improved for n epochs, and asks for another rule to compare with it. Two others are tried: the straight line through the last n accuracies does not rise; the validation cost is 5% above its lowest value. One long training per seed is recorded, and each rule is then asked where it would have stopped, so that all see the same curves.",
    zh: "书中的规则是：验证集准确率 n 个迭代期没有提升就停止，并要求读者另想一条规则来比较。这里试两条：最近 n 个准确率的拟合直线不再上升；验证集代价比最低值高出 5%。每个种子只训练一次长的，把曲线记下来，再问每条规则会停在哪里，这样所有规则看到的曲线完全相同。",
  },
  claims: [
    {
      measure: "waitedFor10",
      says: {
        en: "no improvement in 10 ends each training, when its best epoch is 10 epochs old",
        zh: "“10 个迭代期无提升”使每次训练都停下，此时最好的迭代期恰在 10 个迭代期之前",
      },
      expected: [10, 10],
      accept: { equals: [10, 10] },
    },
    {
      measure: "waits",
      says: {
        en: "so do the rules with 20 and 50, where a training is long enough for them",
        zh: "耐心为 20 和 50 的规则也是如此（只要训练足够长）",
      },
      accept: { equals: true },
    },
    {
      measure: "lostBy10",
      says: {
        en: "what no improvement in 10 gives away against the best of the whole training, in points",
        zh: "“10 个迭代期无提升”比整段训练的最好值少多少个百分点",
      },
      accept: { quick: { atMost: 2 }, full: { atMost: 0.6 } },
      because: {
        en: "where it stops is a matter of one epoch: seed 1 gives 0.47 points away, seed 2 0.06; the quick form has 1,000 images for validation and varies more",
        zh: "停在哪里往往取决于某一个迭代期：种子 1 少 0.47 个百分点，种子 2 少 0.06；快速形式只有 1,000 张验证图像，波动更大",
      },
    },
    {
      measure: "gainOf50",
      says: {
        en: "what a patience of 50 gains over one of 10, in points: little",
        zh: "耐心为 50 比为 10 多得多少个百分点：很少",
      },
      // In the quick form nothing improves any more after a patience of 10: the gain is 0.
      accept: { quick: null, full: { between: [0.01, 0.6] } },
      because: { en: "as above", zh: "理由同上" },
    },
  ],
};

export const halvingSchedule: Experiment = {
  id: "nndl/3.5-halving",
  title: { en: "Halving the learning rate when accuracy stalls", zh: "准确率停滞时把学习率减半" },
  section: "3.5, exercises",
  kind: "exercise",
  settings: { hidden: 30, eta: 0.5, batchSize: 10, lambda: 5, patience: 10 },
  read: ["book/nndl/chapter3/3.5-stopping.ts", "src/optim/schedules.ts"],
  needs: ["mnist"],
  async run(context) {
    const { training, validation } = await context.mnist();
    const n = context.pick({ quick: 1000, full: 50_000 });
    const watched = context.pick({ quick: first(validation, 1000), full: validation });
    const common: Omit<StudyOptions, "epochs"> = {
      ...{ sizes: [784, 30, 10], cost: "crossEntropy", weights: "scaled", batchSize: 10, eta: 0.5 },
      ...{
        training: first(training, n),
        lambda: (5 * n) / 50_000,
        seed: context.seed,
        monitor: { validation: watched },
      },
    };
    const rule = schedule.halving(common.eta, { patience: 10, limit: 1024 });
    const rates: number[] = [];
    let end128: number | undefined;
    const halved = await study({
      ...common,
      epochs: 400,
      onEpoch: ({ optimizer, accuracy, epochs }) => {
        rates.push(optimizer.learningRate);
        rule.observe(accuracy["validation"][epochs.length - 1]);
        optimizer.learningRate = rule.rate(0, 0);
        if (optimizer.learningRate <= common.eta / 128) end128 ??= epochs.length;
        return rule.finished;
      },
    });
    const length = halved.epochs.length;
    context.log(`1/128 after ${end128} epochs, 1/1024 after ${length}`);
    const constant = await study({ ...common, epochs: end128 ?? length });
    const accuracy = halved.accuracy["validation"];
    const lastTen = (curve: readonly number[], end: number): number =>
      curve.slice(end - 10, end).reduce((sum, value) => sum + value, 0) / 10;
    const [at128, at1024, kept] = [
      lastTen(accuracy, end128 ?? length),
      lastTen(accuracy, length),
      lastTen(constant.accuracy["validation"], constant.epochs.length),
    ];
    const rateAfter = (epoch: number): number => (epoch < rates.length ? rates[epoch] : rule.rate(0, 0)) / common.eta;
    return {
      measured: {
        lastRate128: rateAfter(end128 ?? length),
        lastRate1024: rateAfter(length),
        epochs128: end128 ?? 0,
        epochs1024: length,
        gain: 100 * (at128 - kept),
        gainOf1024: 100 * (at1024 - at128),
        best: [percent(Math.max(...accuracy)), percent(Math.max(...constant.accuracy["validation"]))],
      },
      figures: [
        {
          name: "accuracy",
          chart: curvesByEpoch(
            { en: "A rate that is halved, and one that is kept", zh: "减半的学习率与不变的学习率" },
            [
              {
                name: { en: "halved after 10 without improvement", zh: "10 个迭代期无提升则减半" },
                epochs: halved.epochs,
                values: accuracy,
              },
              { name: { en: "kept", zh: "不变" }, epochs: constant.epochs, values: constant.accuracy["validation"] },
            ],
            {
              y: { label: VALIDATION_ACCURACY, format: "percent" },
              from: 3,
              marks: [{ axis: "x", at: end128 ?? length, label: "1/128" }],
            },
          ),
        },
        {
          name: "rate",
          chart: curvesByEpoch(
            { en: "The learning rate of the first", zh: "前者的学习率" },
            [{ name: "η", epochs: halved.epochs, values: rates }],
            { y: { label: { en: "learning rate", zh: "学习率" }, scale: "log" } },
          ),
        },
      ],
    };
  },
  about: {
    en: "Hold the learning rate until the validation accuracy has not improved in ten epochs, then halve it, and end when it has fallen to 1/128 of the first. The text also names 1/1024. Both come from one training that goes on to 1/1024: nothing before 1/128 depends on where the end is. A third training with the same number of epochs keeps its rate.",
    zh: "学习率保持不变，直到验证集准确率十个迭代期没有提升，然后减半；降到最初的 1/128 时结束。正文还提到 1/1024。两者取自同一次训练：它一直训练到 1/1024，而 1/128 之前发生的事与终点无关。另有一次训练用同样多的迭代期，但学习率不变。",
  },
  claims: [
    {
      measure: "lastRate128",
      says: {
        en: "the rate at which the first form ends, as a share of the first rate",
        zh: "第一种形式结束时学习率与最初之比",
      },
      reported: 1 / 128,
      accept: { equals: 1 / 128 },
    },
    {
      measure: "lastRate1024",
      says: { en: "the same for the second form", zh: "第二种形式的同一比值" },
      reported: 1 / 1024,
      accept: { equals: 1 / 1024 },
    },
    {
      measure: "gain",
      says: {
        en: "points that the schedule gains over a constant rate, mean of the last ten epochs",
        zh: "与固定学习率相比，最后十个迭代期的平均准确率高多少个百分点",
      },
      accept: { quick: { atLeast: -1 }, full: { atLeast: 0.1 } },
      because: {
        en: "a lower rate averages out the noise of mini-batches, which is some tenths of a point here; on the 1,000 images of the quick form the network has fitted everything long before",
        zh: "降低学习率能平均掉小批量的噪声，这里约为零点几个百分点；快速形式只有 1,000 张图像，网络早已全部拟合",
      },
    },
    {
      measure: "gainOf1024",
      says: { en: "points that 1/1024 gains over 1/128: next to none", zh: "1/1024 比 1/128 多得的百分点：几乎没有" },
      accept: { quick: { between: [-0.5, 0.5] }, full: { between: [-0.1, 0.15] } },
      because: { en: "below 1/128 of the rate the weights hardly move", zh: "学习率低于最初的 1/128 后权重几乎不动" },
    },
  ],
};

const BATCH_SIZES = [1, 10, 100, 1000] as const;

export const chooseBatch: Experiment = {
  id: "nndl/3.5-batch-size",
  title: { en: "The mini-batch size, by accuracy against seconds", zh: "小批量的大小：看准确率随秒数的变化" },
  section: "3.5",
  kind: "experiment",
  settings: { hidden: 30, etaPerTen: 0.5, lambda: 5 },
  read: ["book/nndl/programs/strategy.ts", "book/nndl/chapter3/3.5-stopping.ts"],
  needs: ["mnist"],
  async run(context) {
    const { training, validation } = await context.mnist();
    const n = context.pick({ quick: 5_000, full: 50_000 });
    const epochs = context.pick({ quick: 4, full: 10 });
    const budget = context.pick({ quick: 0.8, full: 6 });
    const set = first(training, n);
    const watched = toSamples(first(validation, context.pick({ quick: 2_000, full: 10_000 })));
    const common: Omit<StudyOptions, "epochs" | "eta"> = {
      ...{ sizes: [784, 30, 10], cost: "crossEntropy", weights: "scaled", training: set },
      ...{ lambda: (5 * n) / 50_000, seed: context.seed },
    };
    // Until the time is up, and for at least `least` epochs; the clock stands still during the evaluation.
    const race = async (batchSize: number, eta: number, least: number, limit: number): Promise<Race> => {
      const seconds: number[] = [];
      const accuracy: number[] = [];
      let [start, spent] = [performance.now(), 0];
      await study({
        ...common,
        ...{ batchSize, eta, epochs: 400 },
        onEpoch: ({ model }) => {
          spent += (performance.now() - start) / 1000;
          seconds.push(spent);
          accuracy.push(evaluate(model, watched, { loss: "crossEntropy" }).accuracy);
          start = performance.now();
          return spent >= limit && seconds.length >= least;
        },
      });
      return { batchSize, seconds, accuracy };
    };
    const races: Race[] = [];
    for (const size of BATCH_SIZES) {
      // Scaled with the size as far as gradient descent on this cost stays stable.
      races.push(await race(size, Math.min(0.05 * size, 5), size === 10 ? epochs : 1, budget));
      context.log(
        `size ${size}: ${races.at(-1)?.seconds.length} epochs, ${races.at(-1)?.seconds.at(-1)?.toFixed(2)} s`,
      );
    }
    const kept = await race(1000, 0.5, epochs, 0);
    const secondsPerUpdate = ({ batchSize, seconds }: Race): number =>
      (seconds[seconds.length - 1] / seconds.length) * (batchSize / n);
    const time = Math.min(...races.map(({ seconds }) => seconds[seconds.length - 1]));
    const atTen = races[1].accuracy[epochs - 1];
    return {
      measured: {
        costOf100: secondsPerUpdate(races[2]) / secondsPerUpdate(races[0]),
        largeIsBehind: kept.accuracy[epochs - 1] < atTen,
        fastest: fastest(races, time),
        accuracyAtThatTime: races.map((each) => percent(accuracyAfter(each, time))),
        keptRateAccuracies: [percent(atTen), percent(kept.accuracy[epochs - 1])],
      },
      figures: [
        {
          name: "seconds",
          chart: {
            kind: "line",
            title: {
              en: "Accuracy against time, learning rate scaled with the size",
              zh: "准确率随时间的变化，学习率随大小放大",
            },
            xAxis: { label: { en: "seconds", zh: "秒" }, min: 0 },
            yAxis: { label: VALIDATION_ACCURACY, format: "percent" },
            series: races.map(({ batchSize, seconds, accuracy }) => ({
              name: { en: `mini-batch of ${batchSize}`, zh: `小批量 ${batchSize}` },
              x: seconds,
              y: accuracy,
              style: "line-points" as const,
            })),
          },
        },
      ],
    };
  },
  about: {
    en: "With a learning rate scaled by the size, an update on 100 samples does the work of 100 updates on one, and costs less than 100 times as much because a matrix product is cheaper than its rows. What counts is the validation accuracy against the seconds that passed. The costs are those of this machine and its load, so no claim depends on which size wins.",
    zh: "学习率随小批量的大小一起放大时，在 100 个样本上更新一次，顶得上在单个样本上更新 100 次；由于矩阵乘法比逐行计算便宜，代价却不到 100 倍。要看的是验证集准确率随所用秒数的变化。这里的时间取决于机器及其负载，因此没有哪条断言依赖于哪个大小胜出。",
  },
  claims: [
    {
      measure: "costOf100",
      clock: true,
      says: {
        en: "an update on 100 samples costs less than 50 times one on a single sample",
        zh: "100 个样本的一次更新，代价不到单个样本的 50 倍",
      },
      reported: 50,
      accept: { between: [1, 50] },
      because: {
        en: "the book only supposes about 50; here the fixed cost of an update weighs more",
        zh: "书中只是设想约 50 倍；这里每次更新的固定开销占得更多",
      },
    },
    {
      measure: "largeIsBehind",
      says: {
        en: "with too large a mini-batch the weights are not updated often enough: after the same number of epochs, with the rate kept, 1000 is behind 10",
        zh: "小批量太大，权重更新得不够频繁：学习率不变、迭代期数相同时，1000 落后于 10",
      },
      accept: { equals: true },
    },
  ],
};

export const experiments: readonly Experiment[] = [earlyStoppingRules, halvingSchedule, chooseBatch];
