// Where long full forms keep their trainings.
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Experiment, RunContext } from "../../book/experiment.ts";
import { keptTraining } from "../../book/kept-training.ts";
import { Dense, loadTraining, Sequential, SGD, Trainer, tensor } from "../../src/node.ts";
import { folderStore, runKept } from "./store.ts";
import { verifyAll } from "./verify.ts";

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "nabla-store-"));
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

test("what is written is read again, by every experiment of the section", async () => {
  const store = folderStore(folder, "nndl/6.2-dropout");
  expect(store.place).toBe(join(folder, "nndl-6.2"));
  expect(existsSync(store.place)).toBe(false);
  expect(await store.read("6.I-seed-1/training.safetensors")).toBeUndefined();
  await store.write("6.I-seed-1/training.safetensors", Uint8Array.of(1, 2, 3));
  store.close();
  const other = folderStore(folder, "nndl/6.2-ensemble");
  expect(await other.read("6.I-seed-1/training.safetensors")).toEqual(Uint8Array.of(1, 2, 3));
  other.close();
  expect(readdirSync(join(folder, "nndl-6.2", "6.I-seed-1"))).toEqual(["training.safetensors"]);
});

test("a training that another store uses is refused; another one is not", async () => {
  const [one, two] = ["nndl/6.2-relu", "nndl/6.2-expanded-data"].map((id) => folderStore(folder, id));
  await one.read("6.D-seed-1/training.safetensors");
  await expect(two.read("6.D-seed-1/training.safetensors")).rejects.toThrow(/6\.D-seed-1 is in use by process \d+/);
  await two.read("6.E-seed-1/training.safetensors");
  one.close();
  await two.read("6.D-seed-1/training.safetensors");
  two.close();
});

test("a folder that can't be made names --keep", async () => {
  writeFileSync(join(folder, "file"), "");
  const store = folderStore(join(folder, "file"), "nndl/6.2-relu");
  await expect(store.read("a/b")).rejects.toThrow(/cannot keep trainings in .*Choose another folder with --keep/);
});

/** Tells which form it ran in, and whether it had a store. */
function telling(id: string, hours?: number): Experiment {
  return {
    ...{ id, title: { en: "", zh: "" }, section: "6.2", kind: "experiment", about: { en: "", zh: "" }, read: [] },
    ...(hours !== undefined && { hours }),
    claims: [],
    run: async ({ form, store }: RunContext) => ({ measured: { form, kept: store !== undefined } }),
  };
}

test("only the full form of an experiment that takes hours has one", async () => {
  const ran = async (experiment: Experiment, form: "quick" | "full") =>
    (await runKept(experiment, { form }, folder)).outcome?.measured;
  expect(await ran(telling("x/6.2-a", 2), "full")).toEqual({ form: "full", kept: true });
  expect(await ran(telling("x/6.2-a", 2), "quick")).toEqual({ form: "quick", kept: false });
  expect(await ran(telling("x/6.2-a"), "full")).toEqual({ form: "full", kept: false });
});

test("verify --full runs those in their quick form, and with --long in full", async () => {
  const entries = [telling("x/6.2-a", 2), telling("x/6.2-b")].map((experiment) => ({
    ...({ source: { id: "x" }, chapter: {} } as never as object),
    experiment,
  })) as never;
  const forms = async (long: boolean) =>
    (await verifyAll(entries, { form: "full", seed: 1, long, keep: folder, onRecord: () => {} })).map(
      ({ form, measured }) => [form, measured["form"]],
    );
  expect(await forms(false)).toEqual([
    ["quick", "quick"],
    ["full", "full"],
  ]);
  expect(await forms(true)).toEqual([
    ["full", "full"],
    ["full", "full"],
  ]);
});

test("a training that is gone on with has taken what it took before, too", async () => {
  const samples = { x: tensor([[0], [1]]), y: tensor([[0], [1]]) };
  const options = { loss: "meanSquaredError", batchSize: 2, seed: 1 } as const;
  /** Trains to so many epochs, each of which waits a tenth of a second. */
  const waiting = (epochs: number): Experiment => ({
    ...telling("x/6.2-slow", 2),
    run: async ({ store }) => {
      const { result } = await keptTraining<number>({
        ...{ store, name: "slow", settings: {}, epochs, start: 0, print: () => {} },
        make: (file) =>
          file !== undefined
            ? loadTraining(file, samples, options)
            : {
                trainer: new Trainer(new Sequential([new Dense(1)], { inputShape: [1] }), samples, {
                  ...options,
                  optimizer: new SGD({ learningRate: 0.1 }),
                }),
              },
        async epoch(trainer, done) {
          await trainer.finishEpoch();
          await new Promise((resolve) => setTimeout(resolve, 100));
          return done + 1;
        },
      });
      return { measured: { epochs: result } };
    },
  });
  const sitting = (epochs: number) => runKept(waiting(epochs), { form: "full" }, folder);
  const first = await sitting(2);
  const second = await sitting(3);
  const third = await sitting(3);
  expect([first, second, third].map(({ outcome }) => outcome?.measured["epochs"])).toEqual([2, 3, 3]);
  expect(first.seconds).toBeGreaterThanOrEqual(0.19);
  expect(second.seconds).toBeGreaterThanOrEqual(0.29);
  // Nothing is trained here.
  expect(third.seconds).toBeGreaterThanOrEqual(0.29);
});
