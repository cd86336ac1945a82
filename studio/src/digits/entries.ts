// The networks that the worker holds, by name.
import { evaluate, type Model, predict, type Samples, scope, tensor, toSamples } from "nabla";
import { drawDigits } from "../../../src/data/digits.ts";
import type { NetworkInfo } from "./networks.ts";

/** Test digits, drawn by Nabla, that each network is measured on. */
export const TESTS = 1000;

export interface Entry {
  /** As it was before it learnt from corrections. */
  readonly base: Model;
  model: Model;
}

export const entries = new Map<string, Entry>();

export function entryOf(id: string): Entry {
  const entry = entries.get(id);
  if (entry === undefined) throw new Error(`the network ${id} is not ready yet`);
  return entry;
}

/** Pictures of 784 numbers as a model takes them. */
export function batchOf(model: Model, pictures: Float32Array, count: number) {
  return tensor(pictures, { shape: [count, ...(model.inputs[0].shape as readonly number[])] });
}

/** Rows of outputs, one after another. */
export function outputsOf(model: Model, pictures: Float32Array, count: number): Float32Array {
  return scope(() => Float32Array.from(predict(model, batchOf(model, pictures, count)).dataSync() as Float32Array));
}

let drawnTest: Samples | undefined;

export function accuracyOf(model: Model, test: Samples): number {
  const x = test.x.reshape([test.x.shape[0], ...(model.inputs[0].shape as readonly number[])]);
  return evaluate(model, { ...test, x }).accuracy;
}

export function infoOf(model: Model): NetworkInfo {
  drawnTest ??= toSamples(drawDigits(TESTS, 1, { part: "test" }));
  const sizes = model.plan.steps.map(({ call }) => call.outputs[0].shape).map((shape) => shape.join("×"));
  const distinct = [model.inputs[0].shape.join("×"), ...sizes].filter((size, i, all) => size !== all[i - 1]);
  return { parameters: model.parameterCount, shape: distinct.join(" · "), drawn: accuracyOf(model, drawnTest) };
}

export function enter(id: string, model: Model): NetworkInfo {
  entries.set(id, { base: model, model });
  return infoOf(model);
}
