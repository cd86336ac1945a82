// Section 2.4: the four equations of backpropagation, and their form with matrices only.
import type { Experiment } from "../../experiment.ts";
import { Matrix } from "../../matrix.ts";
import { Random } from "../../random.ts";
import { costWithDemon, finiteDifferences, flatten, relativeDifference } from "../programs/finite-differences.ts";
import { Network, sigmoid, sigmoidPrime } from "../programs/network.ts";

const read = ["book/nndl/programs/network.ts", "book/nndl/chapter2/2.4-equations.ts"];

export const columnOf = (rows: number, random: Random) => Matrix.fill(rows, 1, () => random.normal());

/** Errors delta^l of all layers, by BP1 and BP2. In the matrix form Sigma'(z) is a diagonal matrix and all products are products of matrices. */
export function errorsOf(
  network: Network,
  x: Matrix,
  y: Matrix,
  form: "hadamard" | "matrix",
): { deltas: Matrix[]; activations: Matrix[] } {
  const activations = [x];
  const zs = network.weights.map((w, l) => {
    const z = w.dot(activations[l]).plus(network.biases[l]);
    activations.push(sigmoid(z));
    return z;
  });
  const times = (z: Matrix, v: Matrix) =>
    form === "hadamard" ? v.times(sigmoidPrime(z)) : diagonal(sigmoidPrime(z)).dot(v);
  const last = zs.length - 1;
  const deltas: Matrix[] = [];
  deltas[last] = times(zs[last], network.costDerivative(activations[last + 1], y));
  for (let l = last - 1; l >= 0; l--) deltas[l] = times(zs[l], network.weights[l + 1].transposed.dot(deltas[l + 1]));
  return { deltas, activations };
}

function diagonal(v: Matrix): Matrix {
  return Matrix.fill(v.rows, v.rows, (i, j) => (i === j ? v.at(i, 0) : 0));
}

export const STEP = 1e-5;

export const NETWORKS = 20;

export const difference = {
  en: "A central difference with 10⁻⁵ in float64 is wrong by about 10⁻¹¹, which counts where a saturated layer leaves a gradient of 10⁻⁵: ten seeds stayed below 4 · 10⁻⁷. A wrong equation is off by its whole size.",
  zh: "float64 下步长 10⁻⁵ 的中心差分误差约为 10⁻¹¹，当饱和的层使梯度只剩 10⁻⁵ 时便显得出来：十个种子都低于 4 · 10⁻⁷。错误的方程则会相差整个量级。",
};

const equations: Experiment = {
  id: "nndl/2.4-equations",
  title: { en: "The four equations, checked by a demon", zh: "用“小精灵”检验四个方程" },
  section: "2.4",
  kind: "experiment",
  settings: { networks: NETWORKS, layers: "2 to 4", neurons: "2 to 6", step: STEP },
  read: [...read, "book/nndl/programs/finite-differences.ts"],
  async run({ seed }) {
    const random = new Random(seed);
    const worst = { BP1: 0, BP2: 0, BP3: 0, BP4: 0, backprop: 0 };
    const keep = (equation: keyof typeof worst, a: ArrayLike<number>, b: ArrayLike<number>) => {
      worst[equation] = Math.max(worst[equation], relativeDifference(a, b));
    };
    for (let n = 0; n < NETWORKS; n++) {
      const sizes = Array.from({ length: 3 + random.below(3) }, () => 2 + random.below(5));
      const network = new Network(sizes, random);
      const [x, y] = [columnOf(sizes[0], random), columnOf(sizes.at(-1)!, random)];
      const { deltas, activations } = errorsOf(network, x, y, "hadamard");
      deltas.forEach((delta, l) => {
        const byDemon = Array.from(delta.values, (_, j) => {
          const cost = (dz: number) => costWithDemon(network, x, y, l, j, dz);
          return (cost(STEP) - cost(-STEP)) / (2 * STEP);
        });
        keep(l === deltas.length - 1 ? "BP1" : "BP2", byDemon, delta.values);
      });
      const { nabla } = finiteDifferences(network, x, y, STEP, "central");
      keep("backprop", flatten(nabla), flatten(network.backprop(x, y)));
      nabla.biases.forEach((nablaB, l) => {
        keep("BP3", nablaB.values, deltas[l].values);
      });
      nabla.weights.forEach((nablaW, l) => {
        keep("BP4", nablaW.values, deltas[l].dot(activations[l].transposed).values);
      });
    }
    return {
      measured: worst,
      figures: [
        {
          name: "agreement",
          chart: {
            kind: "bar",
            title: { en: "How far the demon's measurements are from the equations", zh: "小精灵的测量与方程相差多少" },
            categories: Object.keys(worst),
            yAxis: {
              label: { en: "largest relative difference", zh: "最大相对差" },
              scale: "log",
              min: 1e-12,
              max: 1e-4,
            },
            series: [{ name: { en: "20 random networks", zh: "20 个随机网络" }, values: Object.values(worst) }],
          },
          height: 320,
        },
      ],
    };
  },
  about: {
    en: "The error δ of a neuron says how the cost changes when a demon adds a little to its weighted input. So each of the four equations can be checked without any calculus: let the demon add ±10⁻⁵, or change a bias or weight by as much, and compare. Twenty random networks of random depth and width.",
    zh: "神经元的误差 δ 表示当“小精灵”给它的加权输入加上一点时代价如何变化。因此不用微积分也能检验四个方程：让小精灵加上 ±10⁻⁵，或把偏置、权重改变同样多，再作比较。共二十个深度和宽度随机的网络。",
  },
  claims: [
    {
      measure: "BP1",
      says: {
        en: "δ at the output = ∇C ⊙ σ′(z): largest relative difference",
        zh: "输出层 δ = ∇C ⊙ σ′(z)：最大相对差",
      },
      accept: { atMost: 1e-5 },
      because: difference,
    },
    {
      measure: "BP2",
      says: { en: "δ of a layer from the next one: largest relative difference", zh: "由后一层得到 δ：最大相对差" },
      accept: { atMost: 1e-5 },
      because: difference,
    },
    {
      measure: "BP3",
      says: { en: "∂C/∂b = δ: largest relative difference", zh: "∂C/∂b = δ：最大相对差" },
      accept: { atMost: 1e-5 },
      because: difference,
    },
    {
      measure: "BP4",
      says: { en: "∂C/∂w = a_in δ_out: largest relative difference", zh: "∂C/∂w = a_in δ_out：最大相对差" },
      accept: { atMost: 1e-5 },
      because: difference,
    },
    {
      measure: "backprop",
      says: {
        en: "all four together, as network.py runs them: largest relative difference of a gradient",
        zh: "四个方程合在一起，即 network.py 的反向传播：梯度的最大相对差",
      },
      accept: { atMost: 1e-5 },
      because: difference,
    },
  ],
};

const matrixForm: Experiment = {
  id: "nndl/2.4-matrix-form",
  title: { en: "The equations with Σ′ as a diagonal matrix", zh: "以对角矩阵 Σ′ 写出的方程" },
  section: "2.4",
  kind: "exercise",
  settings: { network: "[5, 7, 6, 4, 3]" },
  read,
  async run({ seed }) {
    const random = new Random(seed);
    const network = new Network([5, 7, 6, 4, 3], random);
    const [x, y] = [columnOf(5, random), columnOf(3, random)];
    const hadamard = errorsOf(network, x, y, "hadamard").deltas;
    const matrix = errorsOf(network, x, y, "matrix").deltas;
    const differences = hadamard.flatMap((delta, l) => [...delta.minus(matrix[l]).values].map(Math.abs));
    return { measured: { difference: Math.max(...differences) } };
  },
  about: {
    en: "Equations (33) to (35) replace the Hadamard product by a diagonal matrix Σ′(z): δ of any layer becomes one product of matrices, Σ′(z) wᵀ … Σ′(z) wᵀ Σ′(z) ∇C. It says the same, and costs more: multiplying by a diagonal matrix takes n² products instead of n.",
    zh: "方程 (33) 至 (35) 用对角矩阵 Σ′(z) 代替哈达玛积：任一层的 δ 成为一串矩阵之积 Σ′(z) wᵀ … Σ′(z) wᵀ Σ′(z) ∇C。含义相同但更费：乘以对角矩阵要 n² 次乘法，而不是 n 次。",
  },
  claims: [
    {
      measure: "difference",
      says: { en: "both forms give the same errors: largest difference", zh: "两种形式给出相同的误差：最大差" },
      accept: { atMost: 1e-15 },
      because: {
        en: "The same products, plus zeros; rounding of float64 at most.",
        zh: "相同的乘积再加零；至多是 float64 的舍入。",
      },
    },
  ],
};

export const experiments: readonly Experiment[] = [equations, matrixForm];
