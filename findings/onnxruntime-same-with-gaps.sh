#!/usr/bin/env bash
# One would expect: auto_pad SAME_UPPER makes the output of MaxPool as long as its input over the stride, rounded up, as the standard says, whatever the
# dilations are.
# What happens: in onnxruntime-node 1.30.0 the padding is counted as if the window had no gaps, so seven elements under a window of two that are three apart become
# five. Convolution refuses the same combination.
# What a user of Nabla would have met: a model with MaxPooling2D({ padding: "same", dilation: 3 }) of open lengths gave smaller images after export. exportOnnx
# writes such padding in numbers, or as operators that compute it.
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

const lengths = [1, 1, 7];
const bytes = model(
  [node("MaxPool", ["x"], ["y"], [ints("kernel_shape", [2]), ints("dilations", [3]), ints("strides", [1]), text("auto_pad", "SAME_UPPER")])],
  [value("x", FLOAT, lengths)],
  [value("y", FLOAT, lengths)],
);
const x = new ort.Tensor("float32", Float32Array.of(1, 2, 3, 4, 5, 6, 7), lengths);
let seen;
try {
  const session = await ort.InferenceSession.create(bytes, quiet);
  const { y } = await session.run({ x });
  seen = `${y.dims.at(-1)}`;
} catch (error) {
  seen = error.message.slice(0, 120);
}
console.log(`onnxruntime-node ${version}: 7 elements, window of 2 with gaps of 3, stride 1, SAME_UPPER: ${seen} elements`);
process.exitCode = seen === "5" ? 0 : 1;
PROGRAM
node probe.mjs
