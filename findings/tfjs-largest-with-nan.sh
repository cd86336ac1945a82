#!/usr/bin/env bash
# One would expect: whatever a NaN counts for, the largest of some numbers is the first of the two largest; PyTorch and NumPy take NaN as the largest.
# What happens: with @tensorflow/tfjs 4.22.0 tf.topk of 3, 1, NaN gives NaN for k = 1, and 3, 1 for k = 2; of 1, NaN, 3 it gives 3 for k = 1, and NaN, 3
# for k = 2. tf.argMax does not see NaN at all, and tf.max gives it.
# What a user of Nabla would have met: accuracies among the first k that differ between the two on outputs with a NaN. In Nabla NaN is the largest, always.
set -euo pipefail
folder="$(mktemp -d "${TMPDIR:-/tmp}/finding-XXXXXX")"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null 2>&1
npm install --ignore-scripts --no-audit --no-fund --loglevel=error @tensorflow/tfjs@4.22.0 >install.log 2>&1 || { cat install.log; echo "@tensorflow/tfjs could not be had"; exit 2; }
cat >probe.mjs <<'PROGRAM'
import * as tf from "@tensorflow/tfjs";

const seen = [[3, 1, Number.NaN], [1, Number.NaN, 3]].map((numbers) => {
  const x = tf.tensor1d(numbers);
  const [one, two] = [1, 2].map((k) => [...tf.topk(x, k).values.dataSync()].join(" "));
  return `of ${numbers.join(", ")}: topk 1 ${one}, topk 2 ${two}, argMax ${tf.argMax(x).dataSync()[0]}, max ${tf.max(x).dataSync()[0]}`;
});
console.log(`tfjs ${tf.version.tfjs}: ${seen.join("; ")}`);
const expected = ["of 3, 1, NaN: topk 1 NaN, topk 2 3 1, argMax 0, max NaN", "of 1, NaN, 3: topk 1 3, topk 2 NaN 3, argMax 2, max NaN"];
process.exitCode = seen.join() === expected.join() ? 0 : 1;
PROGRAM
node probe.mjs 2>&1 | grep "^tfjs "
