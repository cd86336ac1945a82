#!/usr/bin/env bash
# One would expect: the operator LabelEncoder finds a NaN among its keys in every version of its domain: the standard has keys compared bit by bit
# and names NaN as one that works (ai.onnx.ml, versions 2 and 4).
# What happens: onnxruntime-node 1.30.0 finds it in version 4. In versions 2 and 3 a NaN gets the default value instead, without a word.
# What a user of Nabla would have met: scikit-learn's exporter writes missing values so; the same file gives other numbers in the two. Nabla finds the key.
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
const floats = (name, numbers) =>
  message({ 1: name, 7: new Uint8Array(Float32Array.from(numbers).buffer), 20: 6 });
const float = (name, number) => Uint8Array.from([...message({ 1: name, 20: 1 }), 0x15, ...new Uint8Array(Float32Array.of(number).buffer)]);
const encoder = (version) => {
  const attributes = [floats("keys_floats", [1, Number.NaN]), floats("values_floats", [3, 4]), float("default_float", 9)];
  const node = message({ 1: ["x"], 2: ["y"], 4: "LabelEncoder", 5: attributes, 7: "ai.onnx.ml" });
  const graph = message({ 1: [node], 2: "graph", 11: [value("x", 1, [3])], 12: [value("y", 1, [3])] });
  return message({ 1: 8, 7: graph, 8: [message({ 1: "", 2: 17 }), message({ 1: "ai.onnx.ml", 2: version })] });
};
const seen = {};
for (const version of [2, 3, 4]) {
  const session = await ort.InferenceSession.create(encoder(version), { logSeverityLevel: 4 });
  const { y } = await session.run({ x: new ort.Tensor("float32", Float32Array.of(Number.NaN, 1, 2), [3]) });
  seen[version] = [...y.data].join(" ");
}
console.log(`onnxruntime-node ${version}: keys 1, NaN to 3, 4, else 9; of NaN, 1, 2 version 2 gives ${seen[2]}, 3 ${seen[3]}, 4 ${seen[4]}`);
process.exitCode = seen[2] === "9 3 9" && seen[3] === "9 3 9" && seen[4] === "4 3 9" ? 0 : 1;
PROGRAM
node probe.mjs
