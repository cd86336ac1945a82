// The fuzzers' short form: a few hundred damaged files a reader. `npm run fuzz -- --reader all --n 20000` is the long one.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const run = fileURLToPath(new URL("./run.mjs", import.meta.url));
const fuzz = (...words: string[]) => spawnSync(process.execPath, [run, ...words], { encoding: "utf8" });

test.each([
  ...([
    ["png", 150],
    ["jpeg", 150],
    ["gif", 300],
    ["webp", 100],
    ["gzip", 60],
    ["idx", 300],
    ["folder", 60],
    ["csv", 300],
    ["cifar", 60],
    ["pictures", 60],
    ["layout", 100],
    ["configs", 300],
    ["safetensors", 300],
    ["model", 150],
    ["npy", 300],
    ["npz", 150],
    ["onnx", 200],
    ["pytorch", 300],
    ["tfjs", 300],
    ["keras", 60],
    ["keras-model", 300],
    ["wav", 300],
    ["results", 40],
    ["run", 16],
  ] as const),
])("damaged files for the reader %s end in a value or an error of ours", (reader, n) => {
  const { status, stdout, stderr } = fuzz("--reader", reader, "--n", String(n), "--seed", "11");
  expect(stdout + stderr).toContain(`${reader}: ${n} cases of seed 11, 0 failed`);
  expect(status).toBe(0);
});

test("a case is the same when it is run again, alone", () => {
  const [first, second] = [fuzz("--reader", "png", "--only", "5"), fuzz("--reader", "png", "--only", "5")];
  expect(first.stdout).toMatch(/^(read|refused) in \d+ ms, \d+ MB\n$/);
  expect(second.stdout.split(" ")[0]).toBe(first.stdout.split(" ")[0]);
});

test("an unknown reader and a number that is none are told", () => {
  expect(fuzz("--reader", "bmp").stderr).toMatch(/there is no reader bmp; there are png, jpeg/);
  expect(fuzz("--reader", "png", "--n", "many").stderr).toContain("--n many is not a whole number");
});
