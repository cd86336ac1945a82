#!/usr/bin/env bash
# One would expect: a sequence without a step leaves a recurrent layer in the state in which it began: Y_h is initial_h where sequence_lens is 0.
# What happens: in onnxruntime-node 1.30.0 LSTM, GRU and RNN give zeros for it.
# What a user of Nabla would have met: first states that are given to a masked layer were lost for samples of which every step is masked. exportOnnx takes them by
# itself there.
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

const seen = [];
for (const [operator, gates] of [["LSTM", 4], ["GRU", 3], ["RNN", 1]]) {
  const constants = [
    constant("w", FLOAT, [1, gates, 1], new Float32Array(gates).fill(1)),
    constant("r", FLOAT, [1, gates, 1], new Float32Array(gates).fill(1)),
  ];
  const recurrent = node(operator, ["x", "w", "r", "", "lengths", "h"], ["", "y"], [int("hidden_size", 1)]);
  const inputs = [value("x", FLOAT, [2, 2, 1]), value("lengths", INT32, [2]), value("h", FLOAT, [1, 2, 1])];
  const session = await ort.InferenceSession.create(model([recurrent], inputs, [value("y", FLOAT, [1, 2, 1])], constants), quiet);
  const { y } = await session.run({
    x: new ort.Tensor("float32", Float32Array.of(1, 1, 1, 1), [2, 2, 1]),
    lengths: new ort.Tensor("int32", Int32Array.of(0, 2), [2]),
    h: new ort.Tensor("float32", Float32Array.of(0.5, 0.5), [1, 2, 1]),
  });
  seen.push([...y.data]);
  console.log(`onnxruntime-node ${version}: ${operator} from state 0.5 over 0 and 2 steps ends in ${[...y.data].join(" and ")}`);
}
process.exitCode = seen.every(([empty, full]) => empty === 0 && full !== 0) ? 0 : 1;
PROGRAM
node probe.mjs
