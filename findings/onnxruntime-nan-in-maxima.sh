#!/usr/bin/env bash
# One would expect: the largest of numbers with a NaN among them is NaN, as in NumPy and PyTorch, or the largest of the others; in any case it does not
# depend on where the NaN stands.
# What happens: onnxruntime-node 1.30.0 gives NaN from ReduceMax and ReduceMin where the NaN is the first element, and the largest (smallest) of the
# others wherever else it is. MaxPool and GlobalMaxPool give NaN where it is the last of the window, and lose it before. Max of two tensors and Relu keep it.
# What a user of Nabla would have met: an exported network whose activations are NaN answers with numbers there, or not, by the place. In Nabla NaN stays.
set -euo pipefail
folder="$(mktemp -d "${TMPDIR:-/tmp}/finding-XXXXXX")"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null 2>&1
npm install --ignore-scripts --no-audit --no-fund --loglevel=error onnxruntime-node@1.30.0 >install.log 2>&1 || { cat install.log; echo "onnxruntime-node could not be had"; exit 2; }
cat >probe.mjs <<'PROGRAM'
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const ort = require("onnxruntime-node");
const { version } = require("onnxruntime-node/package.json");

// As much of Protocol Buffers as a model takes: a field is a number, a text, bytes of a message, or a list of such.
const varint = (n) => (n < 128 ? [n] : [(n % 128) + 128, ...varint(Math.floor(n / 128))]);
const field = (number, value) => {
  if (Array.isArray(value)) return value.flatMap((each) => field(number, each));
  if (typeof value === "number") return [...varint(8 * number), ...varint(value)];
  const bytes = typeof value === "string" ? new TextEncoder().encode(value) : value;
  return [...varint(8 * number + 2), ...varint(bytes.length), ...bytes];
};
const message = (fields) => Uint8Array.from(Object.entries(fields).flatMap(([number, value]) => field(Number(number), value)));
const value = (name, names) => message({ 1: name, 2: message({ 1: message({ 1: 1, 2: message({ 1: names.map((n) => message({ 2: n })) }) }) }) });
const integers = (name, numbers) => message({ 1: name, 8: numbers, 20: 7 });
const model = (operator, attributes, inputs, rank) => {
  const axes = ["a", "b", "c", "d"].slice(0, rank);
  const node = message({ 1: inputs, 2: ["y"], 4: operator, 5: attributes });
  const graph = message({ 1: [node], 2: "graph", 11: inputs.map((name) => value(name, axes)), 12: [value("y", axes.map((axis) => `${axis}out`))] });
  return message({ 1: 8, 7: graph, 8: [message({ 1: "", 2: 17 })] });
};
const shapes = { 1: [8], 4: [1, 1, 2, 4] };
const answer = async (operator, attributes, inputs, rank) => {
  const session = await ort.InferenceSession.create(model(operator, attributes, inputs, rank), { logSeverityLevel: 4 });
  const kept = [];
  for (let at = 0; at < 8; at++) {
    const values = new Float32Array(8).fill(0.5);
    values[at] = Number.NaN;
    const feeds = { x: new ort.Tensor("float32", values, shapes[rank]), z: new ort.Tensor("float32", new Float32Array(8), shapes[rank]) };
    const { y } = await session.run(Object.fromEntries(inputs.map((name) => [name, feeds[name]])));
    if ([...y.data].some(Number.isNaN)) kept.push(at);
  }
  return kept.join(" ");
};
const seen = {
  ReduceMax: await answer("ReduceMax", [], ["x"], 1),
  ReduceMin: await answer("ReduceMin", [], ["x"], 1),
  MaxPool: await answer("MaxPool", [integers("kernel_shape", [2, 4])], ["x"], 4),
  GlobalMaxPool: await answer("GlobalMaxPool", [], ["x"], 4),
  Max: await answer("Max", [], ["x", "z"], 1),
  Relu: await answer("Relu", [], ["x"], 1),
};
console.log(`onnxruntime-node ${version}: of a NaN at places 0 to 7 of eight numbers, the result is NaN for it at`);
for (const [operator, kept] of Object.entries(seen)) console.log(`  ${operator.padEnd(14)} ${kept}`);
const all = "0 1 2 3 4 5 6 7";
const found = seen.ReduceMax === "0" && seen.ReduceMin === "0" && seen.MaxPool === "7" && seen.GlobalMaxPool === "7" && seen.Max === all && seen.Relu === all;
process.exitCode = found ? 0 : 1;
PROGRAM
node probe.mjs
