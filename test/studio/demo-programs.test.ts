// What demonstrations train, taken along: the archive has all that its program imports, and the program prints what the page shows.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { unzip, zipEntries } from "../../src/io/zip.ts";
import { temporaryFolder } from "../cli/run.ts";
import { runProgram } from "./programs.ts";
import { executable, type Probe, useStudio, whyNot } from "./studio.ts";

const demos = fileURLToPath(new URL("../../studio/src/demos", import.meta.url));
const training = readdirSync(demos)
  .filter((name) => /^\d\d-/.test(name))
  .filter((name) => readFileSync(join(demos, name, "Demo.svelte"), "utf8").includes("{trainings}"));

/** Those that train networks by a stream of their own, or by a program that learns: each is to be taken along. */
test("every demonstration that trains has its training to take along", () => {
  const trains = readdirSync(demos).filter((name) => {
    if (!/^\d\d-/.test(name)) return false;
    return /work\.stream\("(train|learn)"|\b(trainToy|trainChain|learn[A-Z]\w*)\(|shelf\.train\(/.test(
      readFileSync(join(demos, name, "Demo.svelte"), "utf8"),
    );
  });
  // 4 trains a network of the page of digits, which is a program by itself.
  expect(trains.filter((name) => !training.includes(name))).toEqual(["04-drawing-pad"]);
});

describe.skipIf(executable === undefined)(`trainings to take along${whyNot}`, () => {
  const studio = useStudio();
  const folder = temporaryFolder();

  /** The archive that a page saves, unpacked. */
  async function taken(probe: Probe, name: string): Promise<string> {
    const [download] = await Promise.all([probe.page.waitForEvent("download"), probe.press("program")]);
    expect(download.suggestedFilename()).toMatch(/^[a-z0-9-]+\.zip$/);
    const bytes = new Uint8Array(readFileSync(await download.path()));
    const damaged = (what: string) => new Error(what);
    const place = join(folder, name);
    for (const entry of zipEntries(bytes, damaged)) {
      const path = join(place, entry.name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, unzip(bytes, entry, damaged));
    }
    return place;
  }
  const printed = (place: string) =>
    runProgram(place, "main.ts")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);

  test("the toy neurons: 301 states each, the last as on the page", async () => {
    const probe = await studio.open("/demos/toy-neurons?w=0.6&b=0.9&epoch=300");
    const lines = printed(await taken(probe, "toy"));
    expect(lines).toHaveLength(602);
    // By hand, with the exp of two versions of V8, whose last digits differ.
    expect(lines[300]["output"]).toBeCloseTo(await probe.number("quadratic output"), 12);
    expect(lines[601]["output"]).toBeCloseTo(await probe.number("entropy output"), 12);
  });

  test("three learning rates and one of one's own, on drawn digits", async () => {
    const probe = await studio.open("/demos/learning-rates?images=200&epochs=2&own=0.7&train=1");
    const rates = [0.025, 0.25, 2.5, 0.7];
    const place = await taken(probe, "rates");
    const lines = printed(place);
    expect(lines.map(({ epoch }) => epoch)).toEqual(rates.flatMap(() => [1, 2]));
    await expect.poll(() => probe.number("cost 3")).toBe(lines[7]["cost"]);
    for (const [i] of rates.entries()) {
      expect(lines[2 * i + 1]["cost"]).toBe(await probe.number(`cost ${i}`));
    }
    expect(readFileSync(join(place, "main.ts"), "utf8")).toContain('"eta":0.7');
  });

  // The others have the same lines with other settings: that their archives are whole is asked of all.
  test.each(training)("%s: all that is imported is there", async (name) => {
    const probe = await studio.open(`/demos/${name.slice(3)}`);
    const place = await taken(probe, name);
    const files = new Set(readdirSync(place, { recursive: true, encoding: "utf8" }));
    expect(files.has("main.ts")).toBe(true);
    const lacking = [...files]
      .filter((file) => file.endsWith(".ts"))
      .flatMap((file) =>
        [...readFileSync(join(place, file), "utf8").matchAll(/from "(\.[^"]+)"/g)]
          .map(([, path]) => join(dirname(file), path))
          .filter((path) => !files.has(path)),
      );
    expect(lacking).toEqual([]);
  });
});
