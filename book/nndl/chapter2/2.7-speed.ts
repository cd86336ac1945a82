// Chapter 2, a problem: mini-batches as matrices. How much faster a step becomes, by hand and on the framework, whose products are made for it.
import { fit, SGD } from "nabla";
import type { Experiment } from "../../experiment.ts";
import { first, type Mnist, toSamples } from "../../mnist.ts";
import { Random } from "../../random.ts";
import { onFramework } from "../framework/network.ts";
import { flatten, relativeDifference } from "../programs/finite-differences.ts";
import { AddingNetwork, MatrixNetwork } from "../programs/matrix-batch.ts";
import { Network, toExamples } from "../programs/network.ts";

/** Seconds for each of several programs; in turns, so that what else the machine does slows all of them, and the fastest round counts. */
async function secondsOf(rounds: number, programs: readonly (() => void | Promise<void>)[]): Promise<number[]> {
  const best = programs.map(() => Number.POSITIVE_INFINITY);
  for (let round = 0; round < rounds; round++) {
    for (const [i, program] of programs.entries()) {
      const start = performance.now();
      await program();
      best[i] = Math.min(best[i], (performance.now() - start) / 1000);
    }
  }
  return best;
}

/** Microseconds for an image in batches of each size, on the framework. */
async function byBatchSize({ training }: Mnist, sizes: readonly number[], count: number): Promise<number[]> {
  const model = onFramework(new Network([784, 30, 10], new Random(1)), "float32");
  const samples = toSamples(first(training, count));
  const train = (batchSize: number) => async () => {
    await fit(model, samples, { loss: "quadratic", optimizer: new SGD({ learningRate: 0.1 }), batchSize, epochs: 1 });
  };
  const seconds = await secondsOf(3, sizes.map(train));
  return seconds.map((value) => (1e6 * value) / count);
}

const SIZES = [1, 3, 10, 30, 100, 300] as const;

const speed: Experiment = {
  id: "nndl/2.7-matrix-batch",
  title: { en: "A whole mini-batch at once", zh: "一次处理整个小批量" },
  section: "2.7",
  kind: "exercise",
  settings: { network: "[784, 30, 10]", "mini-batch": 10 },
  read: ["book/nndl/programs/matrix-batch.ts", "book/nndl/programs/network.ts"],
  needs: ["mnist"],
  async run(context) {
    const data = await context.mnist();
    const count = context.pick({ quick: 300, full: 2000 });
    const examples = toExamples(first(data.training, count));
    const make = (Kind: typeof Network) => new Kind([784, 30, 10], new Random(context.seed));
    const [adding, looped, matrix] = [make(AddingNetwork), make(Network), make(MatrixNetwork)];
    const epoch = (network: Network) => () => {
      for (let k = 0; k < examples.length; k += 10) network.updateMiniBatch(examples.slice(k, k + 10), 3);
    };
    const [byAdding, byLoop, byMatrix] = await secondsOf(5, [epoch(adding), epoch(looped), epoch(matrix)]);
    const microseconds = [byAdding, byLoop, byMatrix].map((seconds) => (1e6 * seconds) / count);
    const micro = await byBatchSize(data, SIZES, context.pick({ quick: 1000, full: 10_000 }));
    return {
      measured: {
        difference: Math.max(...[looped, matrix].map((one) => relativeDifference(flatten(one), flatten(adding)))),
        byHand: byAdding / byMatrix,
        inPlace: byAdding / byLoop,
        onFramework: micro[0] / micro[2],
        microsecondsByHand: microseconds,
        microsecondsOnFramework: micro,
      },
      figures: [
        {
          name: "speed",
          chart: {
            kind: "line",
            title: { en: "Time for one image in training, 784-30-10", zh: "训练中每张图像的时间，784-30-10" },
            xAxis: { label: { en: "size of the mini-batch", zh: "小批量大小" }, scale: "log" },
            yAxis: { label: { en: "microseconds", zh: "微秒" }, scale: "log" },
            series: [
              { name: { en: "framework", zh: "框架" }, x: SIZES, y: micro, style: "line-points" },
              ...[
                { en: "by hand, the book's loop", zh: "手写，书中的循环" },
                { en: "by hand, adding in place", zh: "手写，就地累加" },
                { en: "by hand, matrices", zh: "手写，矩阵" },
              ].map((name, i) => ({ name, x: [10], y: [microseconds[i]], style: "points" as const })),
            ],
          },
        },
      ],
    };
  },
  about: {
    en: "The problem: let the examples of a mini-batch be the columns of one matrix, so that a step is a few matrix products instead of a loop. The book's own version is about twice as fast on MNIST, because NumPy hands large products to a fast library and because Python's loop is slow. In plain TypeScript neither holds, and what is left is less memory to fill and to add up: the book's loop makes a matrix of gradients for every example. Our network.py adds to one matrix in place, and has that gain without matrices of examples. On the framework, which has fast products too, the gain shows again.",
    zh: "问题：让小批量的样本成为一个矩阵的各列，使一步变成几个矩阵乘积而不是循环。书中的版本在 MNIST 上约快一倍，因为 NumPy 把大的乘积交给高速的库，也因为 Python 的循环很慢。在普通 TypeScript 中这两点都不成立，剩下的好处是少填写、少累加内存：书中的循环为每个样本生成一个梯度矩阵。我们的 network.py 就地累加到同一个矩阵，不用样本矩阵也得到这份收益。而在同样有高速乘积的框架上，收益又显现出来。",
  },
  claims: [
    {
      measure: "difference",
      says: {
        en: "the same steps: relative difference of all weights after the run",
        zh: "步子相同：训练后所有权重的相对差",
      },
      accept: { atMost: 1e-9 },
      because: {
        en: "Sums in another order; rounding of float64 that many steps carry on.",
        zh: "求和次序不同；float64 的舍入经过许多步的传递。",
      },
    },
    {
      measure: "byHand",
      clock: true,
      says: { en: "about twice as fast as the book's loop, by hand", zh: "手写程序，比书中的循环约快一倍" },
      reported: 2,
      accept: { between: [0.8, 5] },
      because: {
        en: "A ratio of two times on a machine that does other things too, with a language whose loops are not the bottleneck.",
        zh: "两个时间之比，机器可能还有别的负载，且这种语言的循环并非瓶颈。",
      },
    },
    {
      measure: "onFramework",
      clock: true,
      says: {
        en: "on the framework: batches of 10 against one by one",
        zh: "在框架上：大小为 10 的小批量与逐个样本之比",
      },
      reported: 2,
      accept: { atLeast: 1.5 },
      because: {
        en: "As above; here each step also has a fixed cost, which ten images share.",
        zh: "同上；此外每一步还有固定开销，由十张图像分担。",
      },
    },
  ],
};

export const experiments: readonly Experiment[] = [speed];
