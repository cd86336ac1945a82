// What the jobs on PyTorch's networks have in common: the networks' files, and the inputs that all sides are given.
import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { PICTURES } from "../jobs.mjs";
import { ramp } from "./ramp.mjs";

/** The input of a job, the same on every side. */
export function inputOf({ input, batch }) {
  const shape = [batch, ...input];
  const length = shape.reduce((product, side) => product * side, 1);
  return { shape, values: ramp(length, 7919) };
}

/** Writes the networks of the jobs to a folder; PyTorch makes them. Returns why it could not, or undefined. */
export function writeNetworks(folder, jobs, python) {
  const names = [...new Set(jobs.flatMap(({ network }) => network ?? []))];
  if (names.length === 0) return undefined;
  mkdirSync(folder);
  const script = fileURLToPath(new URL("networks.py", import.meta.url));
  const { error, status, stderr } = spawnSync(python, [script, folder, ...names], { encoding: "utf8" });
  if (error) return `the networks are written by PyTorch, and ${python} is not there`;
  if (status === 0) return undefined;
  const last = stderr.trim().split("\n").at(-1);
  return `the networks are written by PyTorch: ${last}`;
}

/** Pictures to train on, and a class for each. */
export function picturesOf({ batch }) {
  const count = PICTURES.batches * batch;
  const shape = [count, ...PICTURES.shape];
  const length = shape.reduce((product, side) => product * side, 1);
  return {
    shape,
    values: ramp(length, 7919),
    labels: Int32Array.from({ length: count }, (_, i) => (7 * i) % PICTURES.classes),
  };
}
