#!/usr/bin/env bash
# One would expect: the gradient of |x| at 0 is 0, as in TensorFlow for Python and PyTorch, so that an L1 penalty leaves a weight alone that is 0.
# What happens: in @tensorflow/tfjs 4.22.0 it is -1. A layer with tf.regularizers.l1 whose weights begin at 0, and whose data say nothing of them, leaves 0
# in its first step, by the rate times the penalty, and then swings around it.
# What a user of Nabla would have met: a network trained on in Nabla, or compared with it, is not as sparse there. In Nabla the gradient at 0 is 0.
set -euo pipefail
folder="$(mktemp -d "${TMPDIR:-/tmp}/finding-XXXXXX")"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null 2>&1
npm install --ignore-scripts --no-audit --no-fund --loglevel=error @tensorflow/tfjs@4.22.0 >install.log 2>&1 || { cat install.log; echo "@tensorflow/tfjs could not be had"; exit 2; }
cat >probe.mjs <<'PROGRAM'
import * as tf from "@tensorflow/tfjs";

const slopes = [...tf.grad((x) => tf.abs(x))(tf.tensor1d([-2, 0, 2])).dataSync()];
const layer = tf.layers.dense({
  ...{ units: 1, inputShape: [1], useBias: false, kernelInitializer: "zeros" },
  kernelRegularizer: tf.regularizers.l1({ l1: 0.5 }),
});
const model = tf.sequential({ layers: [layer] });
model.compile({ loss: "meanSquaredError", optimizer: tf.train.sgd(0.1) });
const weights = [];
for (let step = 0; step < 3; step++) {
  await model.fit(tf.zeros([4, 1]), tf.zeros([4, 1]), { epochs: 1, batchSize: 4, verbose: 0 });
  weights.push(Number(layer.getWeights()[0].dataSync()[0].toFixed(4)));
}
console.log(`tfjs ${tf.version.tfjs}: slopes of |x| at -2, 0, 2: ${slopes.join(", ")}; a weight at 0 under an L1 penalty of 0.5 and rate 0.1: ${weights.join(", ")}`);
process.exitCode = slopes.join() === "-1,-1,1" && weights[0] === 0.05 ? 0 : 1;
PROGRAM
node probe.mjs 2>&1 | grep "^tfjs "
