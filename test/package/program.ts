// A program of a user's, over every part of the public API that tools may break: methods of tensors, training with threads, files, charts.
import { Dense, evaluate, fit, loadModel, predict, random, Sequential, saveModel, type Tensor, tensor } from "nabla";
import { type Chart, renderSvg } from "nabla/plot";

/** Plain values, the same in every JavaScript engine. */
export interface Computed {
  sums: number[];
  right: boolean;
  same: boolean;
  svg: string;
}

export async function compute(): Promise<Computed> {
  const sums: number[] = [];
  for (const row of tensor([
    [1, 2],
    [3, 4],
  ]).T.add(1))
    sums.push(row.sum().item());

  const x: Tensor = random.uniform([400, 2], -1, 1);
  const inside = x.square().sum(1).less(0.5).cast("int32");
  const layers = [new Dense(16, { activation: "tanh" }), new Dense(2, { activation: "softmax" })];
  const model = new Sequential(layers, { inputShape: [2], seed: 1 });
  const history = await fit(model, { x, y: inside }, { epochs: 30, learningRate: 0.02, batchSize: 20 });
  const file = saveModel(model);
  const read = loadModel(new Uint8Array(await new Blob([file]).arrayBuffer()));

  const losses = history.epochs.map(({ loss }) => loss);
  const chart: Chart = { kind: "line", series: [{ name: "loss", y: losses }] };
  return {
    sums,
    right: evaluate(model, { x, y: inside }).accuracy > 0.9,
    same: predict(read, x).equal(predict(model, x)).all().item() === 1,
    svg: renderSvg(chart).slice(0, 4),
  };
}

/** What `compute` gives. */
export const EXPECTED: Computed = { sums: [6, 8], right: true, same: true, svg: "<svg" };
