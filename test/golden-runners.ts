// What computes each case of the oracle, by family: for the suites of the operations, and once more for engines that have suites of their own.

import type { ConvolutionOptions, RecurrentParameters, Tensor, Tree } from "../src/node.ts";
import * as nb from "../src/node.ts";
import type { GoldenCase, GoldenRunner } from "./golden.ts";

type Attrs = Record<string, unknown>;

const special: Record<string, GoldenRunner> = {
  leakyRelu: ({ x }, { alpha }) => nb.leakyRelu(x, alpha as number),
  clip: ({ x }, { min, max }) => nb.clip(x, min as number, max as number),
  where: ({ c, a, b }) => nb.where(c, a, b),
};

// PyTorch's first and last states have an axis of layers in front.
const layerAxis = (x: Tensor): Tensor => x.reshape([1, ...x.shape]);
const withoutLayerAxis = (x: Tensor): Tensor => x.reshape(x.shape.slice(1));

const recurrent: Record<string, GoldenRunner> = {
  rnn: ({ x, h0, ...parameters }, { nonlinearity }) => {
    const options = { nonlinearity: (nonlinearity ?? "tanh") as "tanh" | "relu" };
    const result = nb.rnn(x, withoutLayerAxis(h0), parameters as unknown as RecurrentParameters, options);
    return { y: result.outputs, h: layerAxis(result.state) };
  },
  lstm: ({ x, h0, c0, ...parameters }) => {
    const given = parameters as unknown as RecurrentParameters;
    const result = nb.lstm(x, withoutLayerAxis(h0), withoutLayerAxis(c0), given);
    return { y: result.outputs, h: layerAxis(result.state), c: layerAxis(result.cell) };
  },
  "gru (reset applied after the state product)": ({ x, h0, ...parameters }) => {
    const result = nb.gru(x, withoutLayerAxis(h0), parameters as unknown as RecurrentParameters);
    return { y: result.outputs, h: layerAxis(result.state) };
  },
  "gru (reset applied before the state product, no biases)": ({ x, h0, wz, wr, wh }) =>
    nb.gru(x, h0, nb.splitConcatenated([wr, wz, wh], "state-input"), { reset: "before", update: "writes" }).outputs,
  "bidirectional rnn with softmax output": ({ x, u, w, v, u2, w2, v2 }) => {
    const both = nb.bidirectional((direction) => {
      const forward = direction === "forward";
      return nb.rnn(x, null, { inputWeights: forward ? u : u2, stateWeights: forward ? w : w2 }, { direction });
    });
    return nb.softmax(nb.matmul(both.forward.outputs, v.T).add(nb.matmul(both.backward.outputs, v2.T)));
  },
};

const shape: Record<string, GoldenRunner> = {
  transpose: ({ x }, { axes }) => nb.transpose(x, axes as number[]),
  reshape: ({ x }, { shape }) => nb.reshape(x, shape as number[]),
  concat: ({ a, b }, { axis }) => nb.concat([a, b], axis as number),
  stack: ({ a, b }, { axis }) => nb.stack([a, b], axis as number),
  slice: ({ x }, { start, stop, step, axis }) =>
    nb.slice(x, start as number, stop as number, step as number, axis as number),
  pad: ({ x }, { before, after, value }) => {
    const widths = x.shape.map((_, i) => (i < x.rank - 2 ? [0, 0] : [before, after]) as [number, number]);
    return nb.pad(x, widths, "constant", value as number);
  },
  gather: ({ x, i }) => nb.gather(x, i),
  broadcastTo: ({ x }, { shape }) => nb.broadcastTo(x, shape as number[]),
  tile: ({ x }, { reps }) => nb.tile(x, reps as number[]),
  flip: ({ x }, { axis }) => nb.flip(x, axis as number),
};

const pooling = { maxPool2d: nb.maxPool2d, avgPool2d: nb.avgPool2d, l2Pool2d: nb.l2Pool2d };

/** The runner for a case of a family; undefined for one that is not known. */
export const goldenRunners = {
  elementwise: ({ name }) => {
    const operation = name.split(" ")[0];
    if (special[operation]) return special[operation];
    const f = (nb as unknown as Record<string, (...x: Tensor[]) => Tensor>)[operation];
    return f && (({ x, a, b }) => (x ? f(x) : f(a, b)));
  },
  reduce: ({ name }) => {
    const operation = name.split(" ")[0];
    const f = (nb as unknown as Record<string, (x: Tensor, ...rest: unknown[]) => Tensor>)[operation];
    return f && (({ x }, { axis, keepDims }: Attrs) => (keepDims === undefined ? f(x, axis) : f(x, axis, keepDims)));
  },
  linalg: ({ name }) => {
    if (name === "outer") return ({ a, b }) => nb.outer(a, b);
    if (name === "transposed operands") return ({ a, b }) => nb.matmul(a.T, b.T);
    return name.startsWith("matmul") ? ({ a, b }) => nb.matmul(a, b) : undefined;
  },
  loss: ({ name }) => {
    const operation = name.split(" ")[0];
    const f = (nb as unknown as Record<string, (p: Tensor, t: Tensor) => Tensor>)[operation];
    return f && (({ p, z, t }) => f(p ?? z, t));
  },
  conv: ({ name }) => {
    const operation = name.split(" ")[0];
    if (operation === "conv2d") return ({ x, w, b }, attrs) => nb.conv2d(x!, w!, b, attrs);
    if (operation === "conv1d")
      return ({ x, w, b }, attrs) => nb.conv1d(x!, w!, b, attrs as ConvolutionOptions<number>);
    if (operation === "convTranspose2d") return ({ x, w, b }, attrs) => nb.convTranspose2d(x!, w!, b, attrs);
    if (operation === "globalAvgPool2d") return ({ x }) => nb.globalAvgPool2d(x!);
    const pool = pooling[operation as keyof typeof pooling];
    return pool && (({ x }, { size, ...options }) => pool(x!, size as number, options));
  },
  norm: ({ name }) => {
    if (name.startsWith("batchNorm (training)")) {
      return ({ x, gamma, beta }, { eps }) => nb.batchNorm(x!, gamma!, beta!, { epsilon: eps as number }).y;
    }
    if (name.startsWith("batchNorm (inference)")) {
      return ({ x, mean, variance, gamma, beta }, { eps }) =>
        nb.batchNormInference(x!, mean!, variance!, gamma!, beta!, { epsilon: eps as number });
    }
    if (name.startsWith("layerNorm")) {
      return ({ x, gamma, beta }, { eps }) => nb.layerNorm(x!, gamma!, beta!, { epsilon: eps as number });
    }
    if (!name.startsWith("localResponseNorm")) return undefined;
    return ({ x }, { size, ...options }) => nb.localResponseNorm(x!, size as number, options);
  },
  index: ({ name }) => {
    if (name === "embedding") return ({ w, i }) => nb.embedding(w, i);
    return name.startsWith("oneHot") ? ({ i }, { depth }, float) => nb.oneHot(i, depth as number, float) : undefined;
  },
  shape: ({ name }) => shape[name.split(" ")[0]],
  recurrent: ({ name }) => recurrent[name] ?? recurrent[name.split(" ")[0]],
  recursive:
    () =>
    ({ leaves, w, b }, { tree }) =>
      nb.treeRnn(leaves, tree as Tree, w, b).root,
} satisfies Record<string, (golden: GoldenCase) => GoldenRunner | undefined>;
