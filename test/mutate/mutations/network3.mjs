// Chapter 6 of Nielsen's book, trained: the networks' settings, the expanded set, the vote, and what SGD keeps.
const programs = "book/nndl/programs";
const framework = "book/nndl/framework";
const chapter = "book/nndl/chapter6";

/** @type {import("../mutations.d.mts").Mutation[]} */
export const mutations = [
  {
    id: "network3-relu-is-sigmoid",
    file: `${programs}/book-networks.ts`,
    from: 'activation: "relu", eta: 0.03',
    to: 'activation: "sigmoid", eta: 0.03',
    why: "6.D has sigmoids as 6.C",
    experiments: ["nndl/6.2-relu"],
  },
  {
    id: "network3-sigmoid-is-relu",
    file: `${programs}/book-networks.ts`,
    from: 'const sigmoid = { activation: "sigmoid"',
    to: 'const sigmoid = { activation: "relu"',
    why: "the baseline has rectified units",
    experiments: ["nndl/6.2-baseline"],
  },
  {
    id: "network3-nothing-moves",
    file: `${programs}/translation.ts`,
    from: "MOVES[from % 5]",
    to: "MOVES[0]",
    why: "the expanded set holds each image five times",
    experiments: ["nndl/6.2-expanded-data"],
  },
  {
    id: "network3-labels-in-order",
    file: `${programs}/translation.ts`,
    from: "labels[to] = this.set.labels[k];",
    to: "labels[to] = this.set.labels[to];",
    why: "expanded images have the labels of others",
    experiments: ["nndl/6.2-expanded-data"],
  },
  {
    id: "network3-fewest-votes",
    file: `${programs}/vote.ts`,
    from: "Math.max(...votes.values())",
    to: "Math.min(...votes.values())",
    why: "the answer with the fewest votes counts",
    experiments: ["nndl/6.2-ensemble"],
  },
  {
    id: "network3-worst-epoch",
    file: `${framework}/network3-sgd.ts`,
    from: "if (accuracy >= before.bestValidationAccuracy) {",
    to: "if (before.validationAccuracies.length === 0) {",
    why: "the test accuracy is that of the first epoch",
    experiments: ["nndl/6.2-baseline", "nndl/6.2-relu"],
  },
  {
    id: "network3-decay-by-lambda",
    file: `${framework}/network3-sgd.ts`,
    from: "weightDecay: lmbda / batches",
    to: "weightDecay: lmbda",
    why: "L2 forgets the number of mini-batches",
    experiments: ["nndl/6.2-relu"],
  },
  {
    id: "network3-no-dropout",
    file: `${framework}/network3-study.ts`,
    from: "dropout: pDropout,",
    to: "dropout: 0,",
    why: "6.I keeps all its neurons",
    experiments: ["nndl/6.2-dropout"],
  },
  {
    id: "network3-tanh-is-sigmoid",
    file: `${chapter}/6.2-exercises.ts`,
    from: '...{ name, activation: "tanh", eta, reported: undefined },',
    to: "...{ name, eta, reported: undefined },",
    why: "both networks have sigmoids",
    experiments: ["nndl/6.2-tanh"],
  },
  {
    id: "network3-layer-not-left-out",
    file: `${chapter}/6.2-exercises.ts`,
    from: "full: [], reported: undefined",
    to: "reported: undefined",
    why: "the fully connected layer is still there",
    experiments: ["nndl/6.2-no-fully-connected"],
  },
  {
    id: "network3-single-not-normalised",
    file: `${framework}/single-network.ts`,
    from: 'const normalised = (): Layer[] => [new BatchNormalization(), new Activation("relu")];',
    to: 'const normalised = (): Layer[] => [new Activation("relu")];',
    why: "no batch normalisation",
    experiments: ["nndl/6.2-single-network"],
  },
];
