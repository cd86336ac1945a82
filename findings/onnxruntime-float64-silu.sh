#!/usr/bin/env bash
# One would expect: x * sigmoid(x) in float64 is a product of two operators that ONNX Runtime has in float64, so a session of it runs.
# What happens: in onnxruntime-node 1.30.0 the session can't be made. With its default optimisation the two become one operator of its own, QuickGelu,
# which it has in float32 only; without optimisation the same model runs.
# What a user of Nabla would have met: an exported float64 model with the activation silu did not load. exportOnnx writes x / (1 + e^-x) there.
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
const value = (name, type, shape) =>
  message({ 1: name, 2: message({ 1: message({ 1: type, 2: message({ 1: shape.map((n) => message({ 1: n })) }) }) }) });
const ints = (name, numbers) => message({ 1: name, 8: numbers, 20: 7 });
const int = (name, number) => message({ 1: name, 3: number, 20: 2 });
const text = (name, string) => message({ 1: name, 4: string, 20: 3 });
const node = (operator, inputs, outputs, attributes = []) => message({ 1: inputs, 2: outputs, 4: operator, 5: attributes });
const constant = (name, type, shape, data) => message({ 1: shape, 2: type, 8: name, 9: new Uint8Array(data.buffer) });
const model = (nodes, inputs, outputs, constants = []) =>
  message({ 1: 8, 7: message({ 1: nodes, 2: "graph", 5: constants, 11: inputs, 12: outputs }), 8: message({ 1: "", 2: 17 }) });
const [FLOAT, INT32, DOUBLE] = [1, 6, 11];
const quiet = { logSeverityLevel: 4 };

const bytes = model(
  [node("Sigmoid", ["x"], ["s"]), node("Mul", ["x", "s"], ["y"])],
  [value("x", DOUBLE, [1])],
  [value("y", DOUBLE, [1])],
);
const outcome = async (graphOptimizationLevel) => {
  try {
    const session = await ort.InferenceSession.create(bytes, { ...quiet, graphOptimizationLevel });
    const { y } = await session.run({ x: new ort.Tensor("float64", Float64Array.of(1), [1]) });
    return `gives ${y.data[0]}`;
  } catch (error) {
    return `fails: ${error.message.slice(0, 90)}`;
  }
};
const [optimised, plain] = [await outcome("all"), await outcome("disabled")];
console.log(`onnxruntime-node ${version}: x sigmoid(x) of 1 in float64 ${optimised}\nwithout optimisation it ${plain}`);
process.exitCode = /QuickGelu/.test(optimised) && /^gives 0\.7310585786/.test(plain) ? 0 : 1;
PROGRAM
node probe.mjs
