// `nabla doctor`, `nabla data`, and the help.
import { expect, test } from "vitest";
import { nabla, temporaryFolder } from "./run.ts";

const folder = temporaryFolder();

test("doctor names engine, instructions, threads, memory and data, and the remedy for what is missing", () => {
  const text = nabla(folder, ["doctor"]);
  expect(text.status).toBe(0);
  for (const name of ["Node", "engine", "SIMD", "relaxed SIMD", "threads", "memory", "MNIST", "digits"])
    expect(text.stdout).toContain(name);
  expect(text.stdout).toMatch(/missing {2}MNIST[\s\S]*-> node \S+main\.js data get mnist/);
  const json = nabla(folder, ["doctor", "--json"]).json();
  expect(json).toMatchObject({ simd: true, sharedMemory: true, data: { mnist: { found: false } } });
  expect(json["threads"]).toBeGreaterThanOrEqual(1);
});

test("data list says what is there; digits need no download", () => {
  const list = nabla(folder, ["data", "list"]);
  expect(list.stdout).toMatch(/mnist .*not on this machine; node \S+main\.js data get mnist/);
  expect(list.stdout).toMatch(/digits .*always there/);
  expect(nabla(folder, ["data", "list", "--json"]).json()).toMatchObject({
    datasets: [
      { name: "mnist", found: false },
      { name: "digits", found: true },
    ],
  });
  expect(nabla(folder, ["data", "get", "digits"]).stdout).toContain("nothing to download");
});

test("help teaches: commands, examples, defaults", () => {
  const help = nabla(folder, ["--help"]);
  expect(help.status).toBe(0);
  for (const command of ["train", "predict", "doctor", "data"]) expect(help.stdout).toContain(command);
  const train = nabla(folder, ["train", "--help"]);
  expect(train.stdout).toContain("Examples:");
  expect(train.stdout).toMatch(/--epochs <n> .*\(default: 8\)/);
  expect(nabla(folder, ["--version"]).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});
