// A training in which something happens to one rank: `kind` and the rank are the arguments.
import { writeSync } from "node:fs";

const { Dense, fit, random, ranks, Sequential } = await import(new URL("../../../dist/node.js", import.meta.url).href);
const [kind, which = "1"] = process.argv.slice(2);
const { rank } = ranks();
const mine = rank === Number(which);
const model = new Sequential([new Dense(4, { activation: "tanh" }), new Dense(1)], { inputShape: [3], seed: 1 });
const x = random.normal([64, 3], 0, 1);
let steps = 0;
const happens = {
  none() {},
  kill: () => process.kill(process.pid, "SIGKILL"),
  term: () => process.kill(process.pid, "SIGTERM"),
  hang() {
    for (;;);
  },
  stop: () => process.kill(process.pid, "SIGSTOP"),
  exit: () => process.exit(0),
  exitCode: () => process.exit(7),
  error() {
    throw new Error("the disk of this machine is full of sand");
  },
  rejected: () => void Promise.reject(new Error("nobody waited for this")),
  uncaught: () =>
    void setTimeout(() => {
      throw new TypeError("thrown in a timer");
    }),
}[kind];
const callback = {
  onStep({ epoch }) {
    steps += 1;
    if (mine && steps === 9) happens();
    if (steps === 9) writeSync(1, `epoch ${epoch}\n`);
  },
};
const data = { x, y: x.sum(1, true) };
// What only one rank waits for is an end too early: all do the same.
await fit(model, data, {
  distributed: true,
  batchSize: 16,
  // Signals, timers and promises that nobody waits for are heard when events get their turn, after many steps: until then the training goes on.
  epochs: ["term", "rejected", "uncaught"].includes(kind) ? 20_000 : 20,
  loss: "meanSquaredError",
  callbacks: [callback],
});
writeSync(1, `rank ${rank} is done\n`);
