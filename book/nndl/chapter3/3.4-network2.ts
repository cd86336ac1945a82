// Section 3.4, network2 itself: the program by hand against the framework on real digits, saving and loading, the question about delta, and the
// problem on L1 regularisation.
import { Dense, fit, Sequential, SGD, scope, tensor } from "nabla";
import type { Experiment } from "../../experiment.ts";
import { Matrix } from "../../matrix.ts";
import { type DigitSet, first, imageAt, toSamples } from "../../mnist.ts";
import { Random } from "../../random.ts";
import { type Curve, curvesByEpoch, percent, VALIDATION_ACCURACY } from "../curves.ts";
import { type Study, study } from "../framework/study.ts";
import { CrossEntropyCost } from "../programs/costs.ts";
import { load, Network, type SavedNetwork, vectorizedResult } from "../programs/network2.ts";
import { NEURONS } from "../programs/neurons.ts";

const read = ["book/nndl/programs/network2.ts", "book/nndl/chapter3/3.4-network2.ts"];

const trainingPairs = (set: DigitSet) =>
  Array.from(
    { length: set.count },
    (_, i) => [Matrix.column(imageAt(set, i)), vectorizedResult(set.labels[i])] as const,
  );
const evaluationPairs = (set: DigitSet) =>
  Array.from({ length: set.count }, (_, i) => [Matrix.column(imageAt(set, i)), set.labels[i]] as const);

/** The framework's network with the weights of the one by hand, in float64. */
function sameNetwork(net: Network): Sequential {
  const layers = net.sizes.slice(1).map((units) => new Dense(units, { activation: "sigmoid" }));
  const model = new Sequential(layers, { inputShape: [net.sizes[0]], dtype: "float64" });
  scope(() => {
    net.weights.forEach((w, l) => {
      model.parameters[2 * l].assign(tensor(w.transposed.toRows(), "float64"));
      model.parameters[2 * l + 1].assign(tensor([...net.biases[l].values], "float64"));
    });
  });
  return model;
}

/** Largest difference between any weight or bias here and there. */
function largestDifference(net: Network, model: Sequential): number {
  let most = 0;
  net.weights.forEach((w, l) => {
    const [weights, bias] = [model.parameters[2 * l], model.parameters[2 * l + 1]].map(({ tensor: t }) => t.dataSync());
    w.transposed.values.forEach((value, i) => {
      most = Math.max(most, Math.abs(value - Number(weights[i])));
    });
    net.biases[l].values.forEach((value, i) => {
      most = Math.max(most, Math.abs(value - Number(bias[i])));
    });
  });
  return most;
}

const byHand: Experiment = {
  id: "nndl/3.4-network2",
  title: { en: "network2 by hand, and the same on the framework", zh: "手写的 network2 与框架上的同一网络" },
  section: "3.4",
  kind: "construction",
  settings: { hidden: 30, batchSize: 10, eta: 0.5, lambdaOverN: 1e-4 },
  read,
  needs: ["mnist"],
  async run(context) {
    const data = await context.mnist();
    const training = first(data.training, context.pick({ quick: 1000, full: 3000 }));
    const epochs = context.pick({ quick: 3, full: 8 });
    const lmbda = training.count / 10_000;
    const net = new Network([784, 30, 10], { random: new Random(context.seed) });
    const model = sameNetwork(net);
    const evaluationData = evaluationPairs(first(data.validation, 1000));
    const monitors = net.SGD(trainingPairs(training), epochs, 10, 0.5, {
      lmbda,
      evaluationData,
      monitorEvaluationCost: true,
      monitorEvaluationAccuracy: true,
      monitorTrainingCost: true,
      monitorTrainingAccuracy: true,
      shuffle: false,
      print: context.log,
    });
    await fit(model, toSamples(training), {
      epochs,
      batchSize: 10,
      loss: "crossEntropy",
      optimizer: new SGD({ learningRate: 0.5, weightDecay: lmbda / training.count }),
      shuffle: false,
    });
    const saved = JSON.stringify(net.save());
    const again = load(JSON.parse(saved) as SavedNetwork);
    return {
      measured: {
        largestDifference: largestDifference(net, model),
        evaluationAccuracy: (monitors.evaluationAccuracy.at(-1) ?? 0) / 10,
        trainingCostFell: (monitors.trainingCost.at(-1) ?? 0) / monitors.trainingCost[0],
        savedIsSame: evaluationData
          .slice(0, 100)
          .every(([x]) => again.feedforward(x).values.every((value, i) => value === net.feedforward(x).values[i])),
        keys: Object.keys(JSON.parse(saved) as object).join(", "),
        trainingAccuracy: monitors.trainingAccuracy,
        trainingCost: monitors.trainingCost,
        evaluationCost: monitors.evaluationCost,
      },
    };
  },
  about: {
    en: "network2 as a plain program trains on real digits with L2 and all four monitors; the framework starts from the same weights, sees the same mini-batches and must end at the same weights. Then the network is saved as JSON and read back. Full: 3,000 images, 8 epochs. Quick: 1,000 images, 3 epochs.",
    zh: "手写的 network2 在真实数字上训练，带 L2 和全部四项监控；框架从相同的权重出发，使用相同的小批量，最终必须得到相同的权重。之后把网络存成 JSON 再读回来。完整形式：3,000 幅图像、8 个迭代期。快速形式：1,000 幅图像、3 个迭代期。",
  },
  claims: [
    {
      measure: "largestDifference",
      says: {
        en: "by hand and framework end at the same weights (float64): largest difference",
        zh: "手写与框架得到相同的权重（float64）：最大差",
      },
      accept: { atMost: 1e-9 },
      because: { en: "sums in another order, over hundreds of steps", zh: "求和次序不同，累积数百步" },
    },
    {
      measure: "evaluationAccuracy",
      says: {
        en: "accuracy of the network by hand on 1,000 validation images, per cent",
        zh: "手写网络在 1,000 幅验证图像上的准确率（%）",
      },
      accept: { quick: { atLeast: 75 }, full: { atLeast: 85 } },
      because: {
        en: "few images and few epochs: nndl/3.2-more-data has 88 to 93 per cent at such sizes after many more",
        zh: "图像和迭代期都少：nndl/3.2-more-data 在这样的大小训练更久可达 88% 至 93%",
      },
    },
    {
      measure: "trainingCostFell",
      says: { en: "the monitored training cost fell: last over first", zh: "监控到的训练代价下降：最后与最初之比" },
      accept: { atMost: 0.9 },
      because: { en: "a fall by a tenth at least", zh: "至少下降十分之一" },
    },
    {
      measure: "savedIsSame",
      says: { en: "saved and loaded, the network gives the same outputs", zh: "保存再读取后，网络输出不变" },
      accept: { equals: true },
    },
    {
      measure: "keys",
      says: { en: "keys of the saved file", zh: "保存文件的键" },
      reported: "sizes, weights, biases, cost",
      accept: { equals: "sizes, weights, biases, cost" },
    },
  ],
};

const delta: Experiment = {
  id: "nndl/3.4-delta",
  title: { en: "Why network2 asks the cost for delta", zh: "network2 为什么向代价函数要 delta" },
  section: "3.4",
  kind: "exercise",
  read: ["book/nndl/programs/costs.ts", "book/nndl/chapter3/3.4-network2.ts"],
  async run() {
    const column = (value: number) => Matrix.column([value]);
    const zs = Array.from({ length: 1601 }, (_, i) => i - 800);
    const outputOf = (z: number) => NEURONS.sigmoid.fn(column(z));
    const product = (z: number) => {
      const a = outputOf(z).values[0];
      return (a / (a * (1 - a))) * NEURONS.sigmoid.prime(column(z)).values[0];
    };
    const deltaOf = (z: number, target: number) =>
      CrossEntropyCost.delta(column(z), outputOf(z), column(target), NEURONS.sigmoid).values[0];
    const costOf = (z: number, target: number) => CrossEntropyCost.fn(outputOf(z), column(target));
    // What delta claims to be: the slope of the cost by z. Beyond 15 the cost itself drowns in rounding.
    const off = zs
      .filter((z) => Math.abs(z) <= 15)
      .flatMap((z) =>
        [0, 1].map((target) =>
          Math.abs((costOf(z + 1e-4, target) - costOf(z - 1e-4, target)) / 2e-4 - deltaOf(z, target)),
        ),
      );
    const wrongTarget = (z: number) => (z > 0 ? 0 : 1);
    return {
      measured: {
        brokenFrom: zs.find((z) => z > 0 && Number.isNaN(product(z))) ?? Number.POSITIVE_INFINITY,
        slope: Math.max(...off),
        // As wrong as can be, the error of the output is 1 at either end.
        ends: [-800, -100, 100, 800].map((z) => deltaOf(z, wrongTarget(z))),
      },
    };
  },
  about: {
    en: "network.py multiplied the cost's derivative by σ'(z). For cross-entropy the derivative is (a - y)/(a (1 - a)), and a (1 - a) is 0 as soon as the output is rounded to 1: the product is 0/0. a - y, cancelled on paper, is right everywhere. Counted over z from -800 to 800 with the wrong target.",
    zh: "network.py 用代价的导数乘以 σ'(z)。对交叉熵，导数是 (a - y)/(a (1 - a))，一旦输出被舍入为 1，a (1 - a) 就是 0，乘积成了 0/0。在纸上约去之后的 a - y 处处正确。这里对 -800 到 800 的 z（目标都取错的一方）计数。",
  },
  claims: [
    {
      measure: "brokenFrom",
      says: {
        en: "the product of the two is not a number from this z on (target 0)",
        zh: "目标为 0 时，从这个 z 起乘积不是数",
      },
      accept: { between: [36, 38] },
      because: {
        en: "1 + e^-z is rounded to 1 where e^-z is below 2^-53: z = 36.7",
        zh: "e^-z 小于 2^-53 即 z = 36.7 时，1 + e^-z 被舍入为 1",
      },
    },
    {
      measure: "slope",
      says: {
        en: "delta is the slope of network2's cost by z: largest difference, z from -15 to 15, either target",
        zh: "delta 就是 network2 的代价对 z 的斜率：z 从 -15 到 15、两种目标，最大差",
      },
      accept: { atMost: 1e-5 },
      because: {
        en: "central differences with 1e-4 where 1 - a has only ten digits left: 1e-7 of rounding",
        zh: "步长 1e-4 的中心差分，而 1 - a 只剩十位有效数字：舍入约 1e-7",
      },
    },
    {
      measure: "ends",
      says: {
        en: "and right where the product is not a number: delta at z = -800, -100, 100, 800, wrong target",
        zh: "在乘积不是数的地方也正确：z = -800、-100、100、800（目标取错的一方）处的 delta",
      },
      expected: [-1, -1, 1, 1],
      accept: { within: 1e-15 },
      because: { en: "float64 rounding", zh: "float64 舍入" },
    },
  ],
};

const SMALL = 0.001;

/** Share of the weights whose size is below a thousandth. */
function shareNearZero({ model }: Study): number {
  const weights = model.parameters[0].tensor.dataSync();
  let count = 0;
  for (let i = 0; i < weights.length; i++) if (Math.abs(Number(weights[i])) < SMALL) count += 1;
  return count / weights.length;
}

const l1: Experiment = {
  id: "nndl/3.4-l1",
  title: { en: "L1 regularisation on MNIST", zh: "MNIST 上的 L1 正则化" },
  section: "3.4",
  kind: "exercise",
  settings: { hidden: 30, batchSize: 10, eta: 0.5 },
  read: [...read, "book/nndl/framework/study.ts"],
  needs: ["mnist"],
  async run(context) {
    const data = await context.mnist();
    const training = first(data.training, context.pick({ quick: 1000, full: 50_000 }));
    const perImage = context.pick({ quick: [3e-5, 1e-4], full: [1e-5, 5e-5] });
    const run = (options: { l1?: number; lambda?: number }) =>
      study({
        sizes: [784, 30, 10],
        cost: "crossEntropy",
        weights: "normal",
        training,
        epochs: context.pick({ quick: 60, full: 30 }),
        eta: 0.5,
        seed: context.seed,
        monitor: { validation: data.validation },
        every: context.pick({ quick: 6, full: 1 }),
        ...options,
      });
    const plain = await run({});
    const l2 = await run({ lambda: 1e-4 * training.count });
    const trials: Study[] = [];
    for (const share of perImage) {
      context.log(`l1 / n = ${share}`);
      trials.push(await run({ l1: share * training.count }));
    }
    const best = ({ accuracy }: Study) => percent(Math.max(...accuracy.validation));
    const bests = trials.map(best);
    const winner = trials[bests.indexOf(Math.max(...bests))];
    const curve = (name: Curve["name"], { epochs, accuracy }: Study): Curve => ({
      name,
      epochs,
      values: accuracy.validation,
    });
    const shares = { plain: shareNearZero(plain), l2: shareNearZero(l2), l1: shareNearZero(winner) };
    const weightsOf = ({ model }: Study) =>
      Array.from(model.parameters[0].tensor.dataSync(), Number).filter((w) => Math.abs(w) < 0.5);
    return {
      measured: {
        gain: best(winner) - best(plain),
        sparser: shares.l1 - shares.l2,
        plain: best(plain),
        l2: best(l2),
        l1: bests,
        l1OverN: perImage,
        sharesNearZero: [shares.plain, shares.l2, shares.l1],
      },
      figures: [
        {
          name: "accuracy",
          chart: curvesByEpoch(
            { en: "Validation accuracy with L1, L2 and neither", zh: "L1、L2 与不加正则化的验证集准确率" },
            [
              curve({ en: "neither", zh: "不加" }, plain),
              curve({ en: "L2, λ/n = 0.0001", zh: "L2，λ/n = 0.0001" }, l2),
              ...trials.map((trial, i) =>
                curve({ en: `L1, λ/n = ${perImage[i]}`, zh: `L1，λ/n = ${perImage[i]}` }, trial),
              ),
            ],
            { y: { label: VALIDATION_ACCURACY, format: "percent" } },
          ),
        },
        {
          name: "weights",
          chart: {
            kind: "histogram",
            title: { en: "Weights into the hidden layer", zh: "隐藏层的权重" },
            xAxis: { label: { en: "weight", zh: "权重" }, min: -0.5, max: 0.5 },
            yAxis: { label: { en: "share", zh: "比例" }, format: "percent" },
            measure: "share",
            bins: 51,
            series: [
              { name: { en: "L1 (best λ)", zh: "L1（最佳 λ）" }, values: weightsOf(winner) },
              { name: "L2", values: weightsOf(l2) },
            ],
          },
        },
      ],
    };
  },
  about: {
    en: "The problem asks for L1 on [784,30,10], and for a λ with which it does better than no regularisation. L1 takes the same amount off every weight, large or small, so that many end at nearly 0 and few carry the network; L2 shrinks large ones most. The starting weights are N(0, 1), as in nndl/3.2-all-images and nndl/3.2-l2-all-images. Full: 50,000 images, 30 epochs. Quick: 1,000 images, 60 epochs; best epoch on the validation data.",
    zh: "问题要求在 [784,30,10] 上实现 L1，并找出使它胜过不加正则化的 λ。L1 对每个权重减去同样的量，不论大小，因此许多权重最终接近 0，由少数权重支撑网络；L2 则主要缩小大的权重。初始权重取 N(0, 1)，与 nndl/3.2-all-images、nndl/3.2-l2-all-images 相同。完整形式：50,000 幅图像、30 个迭代期。快速形式：1,000 幅图像、60 个迭代期；取验证集上的最佳迭代期。",
  },
  claims: [
    {
      measure: "gain",
      says: { en: "the best λ of L1 against none, in points of accuracy", zh: "L1 的最佳 λ 比不加正则化提高的百分点" },
      accept: { quick: null, full: { atLeast: 0.2 } },
      because: { en: "runs vary by a tenth or two", zh: "各次运行波动一两个零点一" },
    },
    {
      measure: "sparser",
      says: {
        en: "more weights are nearly 0 (below 0.001) under L1 than under L2: share less share",
        zh: "L1 下接近 0（小于 0.001）的权重比 L2 下多：比例之差",
      },
      accept: { atLeast: 0.1 },
      because: { en: "a tenth of all weights is plain", zh: "相差全部权重的十分之一已很明显" },
    },
  ],
};

export const experiments: readonly Experiment[] = [byHand, delta, l1];
