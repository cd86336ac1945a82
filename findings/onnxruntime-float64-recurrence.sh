#!/usr/bin/env bash
# One would expect: an operator that is not there in float64 is refused when the session is made, as ONNX Runtime does for Conv: "Could not find an
# implementation".
# What happens: in onnxruntime-node 1.30.0 LSTM and GRU are registered for float64 and do not have it: the session is made, and every run fails.
# What a user of Nabla would have met: that a session can be made says nothing of whether the model runs. exportOnnx casts around both.
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

const outcomes = [];
for (const [operator, gates] of [["LSTM", 4], ["GRU", 3]]) {
  const constants = [
    constant("w", DOUBLE, [1, gates, 1], new Float64Array(gates)),
    constant("r", DOUBLE, [1, gates, 1], new Float64Array(gates)),
  ];
  const recurrent = node(operator, ["x", "w", "r"], ["y"], [int("hidden_size", 1)]);
  const bytes = model([recurrent], [value("x", DOUBLE, [2, 1, 1])], [value("y", DOUBLE, [2, 1, 1, 1])], constants);
  let made = false;
  let message = "it runs";
  try {
    const session = await ort.InferenceSession.create(bytes, quiet);
    made = true;
    await session.run({ x: new ort.Tensor("float64", new Float64Array(2), [2, 1, 1]) }, quiet);
  } catch (error) {
    message = error.message;
  }
  outcomes.push({ operator, made, message });
  console.log(`onnxruntime-node ${version}: ${operator} in float64: session ${made ? "made" : "not made"}; ${message.slice(0, 140)}`);
}
process.exitCode = outcomes.every(({ made, message }) => made && /does not support double/.test(message)) ? 0 : 1;
PROGRAM
node probe.mjs
