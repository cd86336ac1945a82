// Where long full forms keep their trainings.
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Experiment, RunContext } from "../../book/experiment.ts";
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
