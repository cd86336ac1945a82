// The networks of the page of digits as programs: they come to the same bits as those that the page trains, before and after a lesson.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { loadModel, type Model } from "../../src/index.ts";
import { digitsFrom } from "../../studio/src/compute/digits.ts";
import { correctionOf, fromAddress, toAddress } from "../../studio/src/digits/corrections.ts";
import { entries, TESTS } from "../../studio/src/digits/entries.ts";
import { programOf } from "../../studio/src/digits/export-code.ts";
import { learn } from "../../studio/src/digits/lesson.ts";
import { PRESETS } from "../../studio/src/digits/networks.ts";
import { trainPreset } from "../../studio/src/digits/recipes.ts";
import { temporaryFolder } from "../cli/run.ts";
import { runProgram } from "./programs.ts";

const folder = temporaryFolder();
const IMAGES = 400;
const weights = ({ parameters }: Model) =>
  parameters.map(({ tensor }) => Array.from(tensor.dataSync() as Float32Array));

function trainedBy(name: string, program: string): Model {
  const place = join(folder, name);
  mkdirSync(place);
  writeFileSync(join(place, "network.ts"), program);
  runProgram(place, "network.ts");
  return loadModel(readFileSync(join(place, "network.safetensors")));
}

describe.each(PRESETS)("%s", (preset) => {
  test("comes to the bits of the page, and after a lesson to those of the page after it", async () => {
    const { training } = await digitsFrom("drawn", IMAGES, TESTS);
    const model = await trainPreset(preset, training, () => false);
    expect(weights(trainedBy(preset, programOf(preset, "drawn", IMAGES)))).toEqual(weights(model));

    const corrections = [3, 8].map((digit, i) => correctionOf(digit, training.images.subarray(784 * i, 784 * (i + 1))));
    entries.set(preset, { base: model, model });
    for await (const _ of learn(preset, corrections, { steps: 4, rate: 0.002, source: "drawn", images: IMAGES }))
      void _;
    const program = programOf(preset, "drawn", IMAGES, { corrections, steps: 4, rate: 0.002 });
    expect(weights(trainedBy(`${preset}-corrected`, program))).toEqual(weights(entries.get(preset)!.model));
  });
});

test("corrections in an address come back; what is none is left out", () => {
  const drawn = Float32Array.from({ length: 784 }, (_, p) => (p % 28 > 9 && p % 28 < 13 ? ((p % 7) + 1) / 8 : 0));
  const full = new Float32Array(784).fill(1);
  const corrections = [correctionOf(7, drawn), correctionOf(0, new Float32Array(784)), correctionOf(9, full)];
  const text = toAddress(corrections);
  expect(fromAddress(text)).toEqual(corrections);
  expect(new URLSearchParams({ lesson: text }).toString()).toBe(`lesson=${text}`);
  // A digit is mostly paper.
  expect(toAddress([corrections[0]]).length).toBeLessThan(250);
  expect(fromAddress("")).toEqual([]);
  expect(fromAddress(`${text.slice(0, 9)}.x.7*.3AAAA.${toAddress([corrections[1]])}`)).toEqual([corrections[1]]);
});
