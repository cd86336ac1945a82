// What `checkpoint` saves over 1,000 steps of an LSTM, and what it costs: node bench/memory/checkpoint.mjs [--engine native]
// An LSTM of 128 units reads 32 sequences of 64 numbers; the loss looks at the last state. Each way is a process of its own; the best of eight counts.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const [TIME, BATCH, INPUT, STATE] = [1000, 32, 64, 128];
const { values } = parseArgs({ options: { engine: { type: "string", default: "wasm" }, stretch: { type: "string" } } });

/** Milliseconds of a step, forward and backward, and the most memory that was in use. */
async function measure(stretch) {
  const nabla = await import(new URL("../../dist/node.js", import.meta.url).href);
  const { checkpoint, configureEngine, grad, lstm, memory, random, scope, slice, stack, zeros } = nabla;
  configureEngine({ engine: values.engine });
  const x = random.normal([TIME, BATCH, INPUT]);
  const weights = [
    random.normal([4 * STATE, INPUT], 0, 0.1),
    random.normal([4 * STATE, STATE], 0, 0.1),
    zeros([4 * STATE]),
  ];
  const run = (part, h, c, [inputWeights, stateWeights, inputBias]) =>
    lstm(part, h, c, { inputWeights, stateWeights, inputBias });
  const whole = (...own) => run(x, null, null, own).state.square().mean();
  const half = (both, k) => slice(both, k, k + 1).reshape([BATCH, STATE]);
  const inStretches = (...own) => {
    let both = zeros([2, BATCH, STATE]);
    for (let from = 0; from < TIME; from += stretch) {
      const part = slice(x, from, Math.min(TIME, from + stretch));
      const step = (before, ...again) => {
        const { state, cell } = run(part, half(before, 0), half(before, 1), again);
        return stack([state, cell]);
      };
      both = checkpoint(step, both, ...own);
    }
    return half(both, 0).square().mean();
  };
  const gradients = grad(stretch > 0 ? inStretches : whole, { arguments: [0, 1, 2] });
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 8; i++) {
    const began = performance.now();
    scope(() => gradients(...weights)[0].dataSync());
    best = Math.min(best, performance.now() - began);
  }
  return { milliseconds: best, bytes: memory().peakBytes };
}

if (values.stretch !== undefined) console.log(JSON.stringify(await measure(Number(values.stretch))));
else {
  const found = [0, 20, 40, 100].map((stretch) => {
    const own = ["--engine", values.engine, "--stretch", String(stretch)];
    const { stdout } = spawnSync(process.execPath, [fileURLToPath(import.meta.url), ...own], { encoding: "utf8" });
    return { stretch, ...JSON.parse(stdout) };
  });
  const [whole] = found;
  for (const { stretch, milliseconds, bytes } of found) {
    const what = stretch === 0 ? "without" : `every ${stretch} steps`;
    const ratios = `${(milliseconds / whole.milliseconds).toFixed(2)} of the time, ${(bytes / whole.bytes).toFixed(2)} of the memory`;
    console.log(
      `${what.padEnd(16)} ${milliseconds.toFixed(0).padStart(5)} ms ${(bytes / 2 ** 20).toFixed(0).padStart(5)} MiB  ${ratios}`,
    );
  }
}
