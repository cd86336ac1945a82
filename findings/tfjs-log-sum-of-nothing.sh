#!/usr/bin/env bash
# One would expect: the logarithm of a sum of exponentials of -Infinity, a sum of zeros, is -Infinity, as NumPy's logaddexp, TensorFlow for Python and
# PyTorch give it: that is what a row of which everything is masked comes to.
# What happens: tf.logSumExp of @tensorflow/tfjs 4.22.0 gives NaN, since the largest element, -Infinity, is subtracted from itself. It is so in one row of
# many, and tf.sum and tf.exp by hand give -Infinity.
# What a user of Nabla would have met: scores of paths and masked attention that are right in Nabla, and NaN from the same program there.
set -euo pipefail
folder="$(mktemp -d "${TMPDIR:-/tmp}/finding-XXXXXX")"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null 2>&1
npm install --ignore-scripts --no-audit --no-fund --loglevel=error @tensorflow/tfjs@4.22.0 >install.log 2>&1 || { cat install.log; echo "@tensorflow/tfjs could not be had"; exit 2; }
cat >probe.mjs <<'PROGRAM'
import * as tf from "@tensorflow/tfjs";

const rows = tf.tensor2d([[-Infinity, -Infinity], [0, -Infinity]]);
const own = tf.logSumExp(rows, 1).arraySync();
const byHand = tf.log(tf.sum(tf.exp(rows), 1)).arraySync();
console.log(`tfjs ${tf.version.tfjs}: logSumExp of two -Infinity and of 0 and -Infinity: ${own.join(", ")}; log, sum and exp by hand: ${byHand.join(", ")}`);
process.exitCode = Number.isNaN(own[0]) && own[1] === 0 && byHand[0] === -Infinity ? 0 : 1;
PROGRAM
node probe.mjs 2>&1 | grep "^tfjs "
