// Losses against PyTorch's values and gradients (1.13, float64), their options against what they say, and the samples that are most wrong.
import { describe, expect, it } from "vitest";
import {
  binaryCrossEntropy,
  binaryCrossEntropyWithLogits,
  cosineDistance,
  cosineEmbeddingLoss,
  cosineSimilarity,
  type DType,
  expectGradients,
  gaussianNegativeLogLikelihood,
  grad,
  hinge,
  huber,
  klDivergence,
  logSoftmax,
  lossFor,
  meanAbsoluteError,
  meanSquaredError,
  negativeLogLikelihood,
  ones,
  poissonNegativeLogLikelihood,
  quadraticCost,
  sigmoid,
  softmax,
  softmaxCrossEntropy,
  type Tensor,
  tensor,
  valueAndGrad,
  zeros,
} from "../../node.ts";

const Z = [
  [0.5, -1, 2],
  [1.5, 0.25, -0.75],
  [-2, 3, 0.5],
  [0, 1, -1],
];
const SOFT = [
  [0.2, 0.3, 0.5],
  [1, 0, 0],
  [0.1, 0.1, 0.8],
  [0.25, 0.5, 0.25],
];
const YES_NO = [
  [1, 0, 1],
  [0, 0, 1],
  [1, 1, 0],
  [0, 1, 0.5],
];
const labels = tensor([2, 0, 1, 0], "int32");
const padded = tensor([2, -100, 1, 0], "int32");
const classWeights = tensor([0.5, 2, 1], "float64");

function near(actual: Tensor, expected: readonly number[], tolerance: number): void {
  const values = [...actual.dataSync()];
  expect(values).toHaveLength(expected.length);
  values.forEach((value, i) => {
    if (Number.isFinite(expected[i])) {
      expect(Math.abs(value - expected[i]), `element ${i}: ${value}, not ${expected[i]}`).toBeLessThanOrEqual(
        tolerance * Math.max(1, Math.abs(expected[i])),
      );
    } else expect(value).toBe(expected[i]);
  });
}

/** A case: the loss as a function of x, where x is, its value, and the gradient of its sum by x. */
type Case = [
  name: string,
  x: readonly (number | number[])[],
  f: (x: Tensor, c: (v: unknown) => Tensor) => Tensor,
  value: number[],
  gradient: number[],
];

// biome-ignore format: a row is a sample
const cases: Case[] = [
  ["softmaxCrossEntropy, none", Z, (z) => softmaxCrossEntropy(z, labels, { reduction: "none" }),
    [0.2413112967, 0.3306726094, 0.0850972464, 1.4076059644],
    [0.1752903921, 0.0391125733, -0.2144029654, -0.2815596588, 0.205836604, 0.0757230549,
      0.0061882853, -0.0815770332, 0.075388748, -0.7552715289, 0.6652409558, 0.0900305732]],
  ["softmaxCrossEntropy, class weights, mean over the weights of the classes", Z, (z) => softmaxCrossEntropy(z, labels, { classWeights }),
    [0.3201612691],
    [0.043822598, 0.0097781433, -0.0536007414, -0.0351949574, 0.0257295755, 0.0094653819,
      0.0030941426, -0.0407885166, 0.037694374, -0.0944089411, 0.0831551195, 0.0112538216]],
  ["softmaxCrossEntropy, class weights, sum", Z, (z) => softmaxCrossEntropy(z, labels, { classWeights, reduction: "sum" }),
    [1.2806450763],
    [0.1752903921, 0.0391125733, -0.2144029654, -0.1407798294, 0.102918302, 0.0378615274,
      0.0123765705, -0.1631540665, 0.1507774959, -0.3776357645, 0.3326204779, 0.0450152866]],
  ["softmaxCrossEntropy, label smoothing 0.2", Z, (z) => softmaxCrossEntropy(z, labels, { labelSmoothing: 0.2 }),
    [0.7745051126],
    [0.0271559314, -0.0068885233, -0.020267408, -0.0370565814, 0.0347924843, 0.002264097,
      -0.0151195953, 0.012939075, 0.0021805203, -0.1554845489, 0.1496435723, 0.0058409766]],
  ["softmaxCrossEntropy, class weights and label smoothing", Z, (z) => softmaxCrossEntropy(z, labels, { classWeights, labelSmoothing: 0.2 }),
    [0.6349024304],
    [0.036950018, -0.0232292519, -0.0137207661, 0.0054197207, -0.0007425377, -0.004677183,
      -0.0054970359, -0.0123894736, 0.0178865095, -0.0695846587, 0.0719964847, -0.0024118259]],
  ["softmaxCrossEntropy, ignoreIndex -100", Z, (z) => softmaxCrossEntropy(z, padded, { ignoreIndex: -100 }),
    [0.5780048358],
    [0.0584301307, 0.0130375244, -0.0714676551, 0, 0, 0,
      0.0020627618, -0.0271923444, 0.0251295827, -0.2517571763, 0.2217469853, 0.0300101911]],
  ["softmaxCrossEntropy, ignoreIndex, none", Z, (z) => softmaxCrossEntropy(z, padded, { ignoreIndex: -100, reduction: "none" }),
    [0.2413112967, 0, 0.0850972464, 1.4076059644],
    [0.1752903921, 0.0391125733, -0.2144029654, 0, 0, 0,
      0.0061882853, -0.0815770332, 0.075388748, -0.7552715289, 0.6652409558, 0.0900305732]],
  ["softmaxCrossEntropy, ignoreIndex, class weights and label smoothing", Z,
    (z) => softmaxCrossEntropy(z, padded, { ignoreIndex: -100, classWeights, labelSmoothing: 0.2 }),
    [0.5752905912],
    [0.042228592, -0.0265477165, -0.0156808755, 0, 0, 0,
      -0.0062823268, -0.0141593984, 0.0204417251, -0.0795253243, 0.0822816968, -0.0027563725]],
  ["softmaxCrossEntropy, probabilities and label smoothing, none", Z,
    (z, c) => softmaxCrossEntropy(z, c(SOFT), { labelSmoothing: 0.1, reduction: "none" }),
    [1.4713112967, 0.4473392761, 2.5850972464, 1.1826059644],
    [-0.0380429412, -0.2642207601, 0.3022637013, -0.2148929922, 0.1725032707, 0.0423897215,
      -0.1171450481, 0.7950896334, -0.6779445854, -0.0136048623, 0.1819076224, -0.1683027602]],
  ["binaryCrossEntropy at p = 0, t = 1 and p = 1, t = 0: 100 and 1e12", [0, 1, 0.25],
    (p, c) => binaryCrossEntropy(p, c([1, 0, 1]), { reduction: "none" }),
    [100, 100, 1.3862943611], [-1e12, 1e12, -4]],
  ["binaryCrossEntropyWithLogits, class weights, sum", Z,
    (z, c) => binaryCrossEntropyWithLogits(z, c(YES_NO), { classWeights, reduction: "sum" }),
    [8.5510207087],
    [-0.1887703344, 0.5378828427, -0.119202922, 0.4087872381, 1.1243530018, -0.6791786992,
      -0.440398539, -0.0948517464, 0.6224593312, 0.25, -0.5378828427, -0.2310585786]],
  ["binaryCrossEntropyWithLogits, none", Z, (z, c) => binaryCrossEntropyWithLogits(z, c(YES_NO), { reduction: "none" }),
    [0.4740769842, 0.3132616875, 0.126928011, 1.701413278, 0.8259394199, 1.1368710061,
      2.126928011, 0.0485873516, 0.9740769842, Math.LN2, 0.3132616875, 0.8132616875],
    [-0.3775406688, 0.2689414214, -0.119202922, 0.8175744762, 0.5621765009, -0.6791786992,
      -0.880797078, -0.0474258732, 0.6224593312, 0.5, -0.2689414214, -0.2310585786]],
  ["huber, delta 0.7, sum", Z, (z, c) => huber(z, c(YES_NO), { delta: 0.7, reduction: "sum" }),
    [6.79125], [-0.5, -0.7, 0.7, 0.7, 0.25, -0.7, -0.7, 0.7, 0.5, 0, 0, -0.7]],
  ["huber at infinity: its gradient is delta sign(d)", [Infinity, -Infinity, 3],
    (p) => huber(p, zeros([3], p.dtype), { delta: 2, reduction: "sum" }), [Infinity], [2, -2, 2]],
  ["klDivergence of logarithms (batchmean)", [[-1.7377, -3.2377, -0.2377], [-0.3, -1.6, -2.6]],
    (p, c) => klDivergence(p, c([[0.2, 0.3, 0.5], [1, 0, 0]]), { predictions: "logProbabilities" }),
    [0.3540234930], [-0.1, -0.15, -0.25, -0.5, 0, 0]],
  ["poissonNegativeLogLikelihood of rates", [0.5, 2, 0],
    (p, c) => poissonNegativeLogLikelihood(p, c([1, 3, 2]), { reduction: "none" }),
    [1.1931471606, -0.0794415567, 36.8413614879], [-0.99999996, -0.4999999925, -199999999]],
  ["poissonNegativeLogLikelihood of log-rates, full", [0.5, 2, 0],
    (p, c) => poissonNegativeLogLikelihood(p, c([1, 3, 2]), { predictions: "logRates", full: true }),
    [1.9845551326], [0.2162404236, 1.4630186996, -0.3333333333]],
  ["gaussianNegativeLogLikelihood by the prediction", [0.5, 2, 0],
    (p, c) => gaussianNegativeLogLikelihood(p, c([1, 3, 2]), c([0.5, 2, 1e-9]), { reduction: "none" }),
    [-0.0965735903, 0.5965735903, 1999993.092244721], [-1, -0.5, -2000000]],
  ["gaussianNegativeLogLikelihood by the variance, full: one below epsilon can grow again", [0.5, 2, 1e-9],
    (v, c) => gaussianNegativeLogLikelihood(c([0.5, 2, 0]), c([1, 3, 2]), v, { full: true, reduction: "sum" }),
    [1999996.3490603205], [0.5, 0.125, -1999999500000]],
  ["cosineSimilarity; of a vector of zeros it is 0, its gradient finite", [[1, 2, -1], [0.5, 0, 1], [0, 0, 0]],
    (a, c) => cosineSimilarity(a, c([[0.5, 1, 1], [-1, 2, 0.25], [1, 1, 1]])),
    [0.4082482905, -0.099380799, 0],
    [0.0680413817, 0.1360827635, 0.3402069087, -0.3577708764, 0.795046392, 0.1788854382, 57735026.91896258, 57735026.91896258, 57735026.91896258]],
  ["cosineEmbeddingLoss, margin -0.3", [[1, 2, -1], [0.5, 0, 1]],
    (a, c) => cosineEmbeddingLoss(a, c([[0.5, 1, 1], [-1, 2, 0.25]]), c([1, -1]), { margin: -0.3, reduction: "none" }),
    [0.5917517095, 0.200619201],
    [-0.0680413817, -0.1360827635, -0.3402069087, -0.3577708764, 0.795046392, 0.1788854382]],
  ["cosineEmbeddingLoss, margin 0.1, mean", [[1, 2, -1], [0.5, 0, 1]],
    (a, c) => cosineEmbeddingLoss(a, c([[0.5, 1, 1], [-1, 2, 0.25]]), c([-1, 1]), { margin: 0.1 }),
    [0.7038145447],
    [0.0340206909, 0.0680413817, 0.1701034544, 0.1788854382, -0.397523196, -0.0894427191]],
  ["hinge, mean of max(0, 1 - t p)", [0.5, 3, 1, -2], (p, c) => hinge(p, c([1, 1, -1, -1])), [0.625], [-0.25, 0, 0.25, 0]],
  ["squared hinge with margin 2, mean of max(0, 2 - t p)^2", [0.5, 3, 1, -2],
    (p, c) => hinge(p, c([1, 1, -1, -1]), { margin: 2, power: 2 }), [(2.25 + 9) / 4], [-0.75, 0, 1.5, 0]],
];

describe.each(["float32", "float64"] as const)("PyTorch's values and gradients, %s", (dtype: DType) => {
  it.each(cases)("%s", (_, x, f, value, gradient) => {
    const constant = (v: unknown): Tensor => tensor(v as number[], dtype);
    const input = tensor(x as number[], dtype);
    const tolerance = dtype === "float64" ? 2e-9 : 3e-6;
    near(f(input, constant), value, tolerance);
    near(grad((z: Tensor) => f(z, constant).sum())(input), gradient, tolerance);
  });
});

describe("the same formula by another way", () => {
  const z = tensor(Z, "float64");
  const p = softmax(z);
  const agree = (a: Tensor, b: Tensor): void => near(a, [...b.dataSync()], 1e-12);

  it("negativeLogLikelihood(softmax(z)) is softmaxCrossEntropy(z), with every option", () => {
    const sampleWeights = tensor([1, 0.5, 2, 0], "float64");
    for (const reduction of ["mean", "sum", "none"] as const) {
      for (const more of [
        {},
        { classWeights },
        { labelSmoothing: 0.3 },
        { sampleWeights },
        { classWeights, sampleWeights },
      ]) {
        const options = { reduction, ...more };
        agree(negativeLogLikelihood(p, labels, options), softmaxCrossEntropy(z, labels, options));
        agree(negativeLogLikelihood(p, tensor(SOFT), options), softmaxCrossEntropy(z, tensor(SOFT), options));
        const ignoring = { ...options, ignoreIndex: -100 };
        agree(negativeLogLikelihood(p, padded, ignoring), softmaxCrossEntropy(z, padded, ignoring));
      }
    }
  });

  it("class indices are rows with a single 1, with class weights and smoothing too", () => {
    const rows = tensor([
      [0, 0, 1],
      [1, 0, 0],
      [0, 1, 0],
      [1, 0, 0],
    ]);
    for (const options of [{}, { classWeights }, { classWeights, labelSmoothing: 0.1 }]) {
      agree(softmaxCrossEntropy(z, rows, options), softmaxCrossEntropy(z, labels, options));
    }
  });

  it("binaryCrossEntropy(sigmoid(z)) is binaryCrossEntropyWithLogits(z), by rows a sum over outputs", () => {
    const t = tensor(YES_NO, "float64");
    const sampleWeights = tensor([1, 0.5, 2, 0], "float64");
    for (const reduction of ["mean", "sum", "none", "rows"] as const) {
      for (const more of [
        {},
        { labelSmoothing: 0.2 },
        { classWeights },
        { sampleWeights },
        { classWeights, sampleWeights },
      ]) {
        const options = { reduction, ...more };
        agree(binaryCrossEntropy(sigmoid(z), t, options), binaryCrossEntropyWithLogits(z, t, options));
      }
    }
    agree(binaryCrossEntropyWithLogits(z, t, { reduction: "rows" }), binaryCrossEntropyWithLogits(z, t).mul(3));
    const each = binaryCrossEntropyWithLogits(z, t, { reduction: "none" }).sum(1);
    agree(
      binaryCrossEntropyWithLogits(z, t, { reduction: "rows", sampleWeights }),
      each.mul(sampleWeights).sum().div(3.5),
    );
    agree(
      binaryCrossEntropyWithLogits(z, t, { labelSmoothing: 0.2 }),
      binaryCrossEntropyWithLogits(z, t.mul(0.8).add(0.1)),
    );
  });

  it("the weighted mean is sum(w l) / sum(w), for every loss that takes weights", () => {
    const t = tensor(YES_NO, "float64");
    const sampleWeights = tensor([1, 0.5, 2, 0]);
    const signs = t.mul(2).sub(1);
    const losses: ((o: { sampleWeights?: Tensor; reduction?: "none" | "mean" | "sum" }) => Tensor)[] = [
      (o) => meanSquaredError(z, t, o),
      (o) => meanAbsoluteError(z, t, o),
      (o) => huber(z, t, o),
      (o) => hinge(z, signs, o),
      (o) => klDivergence(p, tensor(SOFT), o),
      (o) => cosineDistance(z, t, o),
      (o) => cosineEmbeddingLoss(z, t, tensor([1, -1, 1, -1]), o),
      (o) => poissonNegativeLogLikelihood(p, t, o),
      (o) => gaussianNegativeLogLikelihood(z, t, p, o),
      (o) => softmaxCrossEntropy(z, labels, o),
    ];
    for (const loss of losses) {
      const terms = loss({ reduction: "none" });
      const rows = terms.rank === 2 ? terms.mean(1) : terms;
      const width = terms.size / 4;
      agree(loss({}), rows.mean());
      agree(loss({ reduction: "sum" }), rows.sum().mul(width));
      agree(loss({ sampleWeights }), rows.mul(sampleWeights).sum().div(3.5));
      agree(loss({ sampleWeights, reduction: "sum" }), rows.mul(sampleWeights).sum().mul(width));
      agree(loss({ sampleWeights: ones([4]) }), rows.mean());
    }
  });

  it("klDivergence of probabilities is that of their logarithms; 0 ln 0 is 0, of equal distributions it is 0", () => {
    const t = tensor(SOFT, "float64");
    agree(klDivergence(p, t), klDivergence(logSoftmax(z), t, { predictions: "logProbabilities" }));
    agree(klDivergence(t, t), tensor(0));
    const impossible = tensor([[0, Number.NEGATIVE_INFINITY]], "float64");
    agree(klDivergence(impossible, tensor([[1, 0]]), { predictions: "logProbabilities" }), tensor(0));
  });

  it("bool targets of hinge are -1 and 1", () => {
    agree(
      hinge(tensor([0.5, 3], "float64"), tensor([true, false])),
      hinge(tensor([0.5, 3], "float64"), tensor([1, -1])),
    );
  });
});

describe("gradients in float64 against differences, targets' and weights' too", () => {
  const z = tensor(Z, "float64");
  const t = softmax(tensor(Z, "float64").mul(-0.2));
  const q = softmax(tensor(Z, "float64").mul(0.3));
  const w = tensor([1, 0.5, 2, 0.25], "float64");
  const checks: [string, (...x: Tensor[]) => Tensor, Tensor[]][] = [
    [
      "softmaxCrossEntropy",
      (a, b, c, d) => softmaxCrossEntropy(a, b, { classWeights: c, sampleWeights: d, labelSmoothing: 0.1 }),
      [z, t, classWeights, w],
    ],
    [
      "negativeLogLikelihood",
      (a, b, c, d) => negativeLogLikelihood(a, b, { classWeights: c, sampleWeights: d }),
      [t, q, classWeights, w],
    ],
    ["binaryCrossEntropy", (a, b, c) => binaryCrossEntropy(a, b, { sampleWeights: c, labelSmoothing: 0.1 }), [t, q, w]],
    ["binaryCrossEntropyWithLogits", (a, b, c) => binaryCrossEntropyWithLogits(a, b, { sampleWeights: c }), [z, t, w]],
    ["meanSquaredError", (a, b, c) => meanSquaredError(a, b, { sampleWeights: c }), [z, t, w]],
    ["meanAbsoluteError", (a, b, c) => meanAbsoluteError(a, b, { sampleWeights: c }), [z, t, w]],
    ["huber", (a, b) => huber(a, b, { delta: 0.9 }), [z, t]],
    ["hinge", (a) => hinge(a, tensor(YES_NO, "float64").mul(2).sub(1), { power: 2 }), [z.mul(0.9)]],
    ["klDivergence", (a, b) => klDivergence(a, b), [t, q]],
    ["cosineDistance", (a, b) => cosineDistance(a, b), [z, t]],
    ["cosineEmbeddingLoss", (a, b) => cosineEmbeddingLoss(a, b, tensor([1, -1, 1, -1]), { margin: -0.9 }), [z, t]],
    ["poissonNegativeLogLikelihood", (a, b) => poissonNegativeLogLikelihood(a, b), [t, q]],
    ["gaussianNegativeLogLikelihood", (a, b, c) => gaussianNegativeLogLikelihood(a, b, c), [z, t, q]],
  ];
  it.each(checks)("%s, first and second order", (_, f, xs) => {
    expectGradients(f, xs, { tolerance: 1e-6 });
    const slope = (...x: Tensor[]): Tensor => {
      const [, gradients] = valueAndGrad(f)(...x);
      return gradients.map((g) => g.square().sum()).reduce((a, b) => a.add(b));
    };
    expectGradients(slope, xs, { tolerance: 1e-6 });
  });
});

describe("the sample that is most wrong goes on learning: its gradient is large and finite", () => {
  it.each(["float32", "float64"] as const)("binaryCrossEntropy and negativeLogLikelihood at p = 0, %s", (dtype) => {
    const p = tensor([[0, 1]], dtype);
    near(grad((x) => negativeLogLikelihood(x, tensor([0], "int32")))(p), [-1e12, 0], 1e-6);
    near(grad((x) => negativeLogLikelihood(x, tensor([[1, 0]], dtype)))(p), [-1e12, 0], 1e-6);
    near(grad((x) => klDivergence(x, tensor([[1, 0]], dtype)))(p), [-1e12, 0], 1e-6);
    near(grad((x) => binaryCrossEntropy(x, tensor([[1, 0]], dtype)))(p), [-1e12, 1e12], 1e-6);
    expect(negativeLogLikelihood(p, tensor([0], "int32")).item()).toBe(100);
    // As fit uses them, without the activation that belongs to the loss.
    for (const name of ["softmaxCrossEntropy", "crossEntropy"] as const) {
      const g = grad((x) => lossFor(name).compute(x, tensor([[1, 0]], dtype)))(p).dataSync();
      expect(g[0]).toBeLessThan(-1e11);
    }
  });

  it("a right answer with p = 1 costs nothing and a NaN stays one", () => {
    expect(binaryCrossEntropy(tensor([[1, 0]]), tensor([[1, 0]])).item()).toBe(0);
    expect(binaryCrossEntropy(tensor([[Number.NaN]]), tensor([[1]])).item()).toBeNaN();
    expect(negativeLogLikelihood(tensor([[Number.NaN, 0]]), tensor([0], "int32")).item()).toBeNaN();
  });
});

describe("edges", () => {
  it("of no classes the cross-entropy is 0, of no samples the mean is NaN and the sum 0", () => {
    expect(softmaxCrossEntropy(zeros([2, 0]), zeros([2, 0]), { reduction: "none" }).toArray()).toEqual([0, 0]);
    expect(softmaxCrossEntropy(zeros([0, 3]), zeros([0], "int32")).item()).toBeNaN();
    expect(softmaxCrossEntropy(zeros([0, 3]), zeros([0], "int32"), { reduction: "sum" }).item()).toBe(0);
    expect(() => softmaxCrossEntropy(zeros([2, 0]), zeros([2], "int32"))).toThrow("class index 0 at position 0");
  });

  it("where all samples are ignored the mean is NaN and the sum 0, as in PyTorch", () => {
    const none = tensor([9, 9, 9, 9], "int32");
    expect(softmaxCrossEntropy(tensor(Z), none, { ignoreIndex: 9 }).item()).toBeNaN();
    expect(softmaxCrossEntropy(tensor(Z), none, { ignoreIndex: 9, reduction: "sum" }).item()).toBe(0);
  });

  it("an index that is neither a class nor ignored is an error still", () => {
    expect(() => softmaxCrossEntropy(tensor(Z), padded, { ignoreIndex: -1 })).toThrow(
      "softmaxCrossEntropy: class index -100 at position 1 is not in 0 to 2",
    );
  });

  it("options are checked: each error names the loss, the option and what there is", () => {
    const z = tensor(Z);
    expect(() => softmaxCrossEntropy(z, labels, { labelSmooth: 1 } as object)).toThrow(
      "softmaxCrossEntropy: there is no option labelSmooth (did you mean labelSmoothing?); the options are reduction, sampleWeights, classWeights",
    );
    expect(() => meanSquaredError(z, z, { reduction: "average" as "mean" })).toThrow(
      'meanSquaredError: reduction must be one of mean, sum, none, got "average"',
    );
    expect(() => binaryCrossEntropyWithLogits(z, z, "rows" as unknown as object)).toThrow("options must be an object");
    expect(() => huber(z, z, 2 as unknown as object)).toThrow(
      "huber: options must be an object such as { reduction: ... }, got 2",
    );
    expect(() => huber(z, z, { delta: 0 })).toThrow("huber: delta must be a finite number above 0, got 0");
    expect(() => softmaxCrossEntropy(z, labels, { labelSmoothing: 1 })).toThrow(
      "labelSmoothing must be at least 0 and below 1",
    );
    expect(() => softmaxCrossEntropy(z, labels, { classWeights: ones([2]) })).toThrow(
      "softmaxCrossEntropy: classWeights must be one weight a class, of shape (3,), got (2,)",
    );
    expect(() => meanAbsoluteError(z, z, { sampleWeights: ones([3]) })).toThrow(
      "meanAbsoluteError: sampleWeights must be one weight a sample, for (4, 3) of shape (4,), got (3,)",
    );
    expect(() => softmaxCrossEntropy(z, tensor(SOFT), { ignoreIndex: 0 })).toThrow("ignoreIndex is for class indices");
    expect(() => hinge(z, z, { power: 3 as 2 })).toThrow("hinge: power must be one of 1, 2, got 3");
    expect(() => cosineEmbeddingLoss(z, z, ones([4]), { margin: 2 })).toThrow("margin must be from -1 to 1, got 2");
    expect(() => cosineEmbeddingLoss(z, z, ones([3]))).toThrow("needs rows [n, d] and targets [n]");
    expect(() => gaussianNegativeLogLikelihood(z, z, ones([4]))).toThrow(
      "can't be broadcast to the predictions' (4, 3)",
    );
    expect(() => quadraticCost(tensor(1), tensor(1))).toThrow("quadraticCost: needs a batch");
  });
});
