import { expect, it } from "vitest";
import { catalogue, dataSetEntry, mnistFiles } from "./catalogue.ts";

it("the sizes of MNIST's files follow from its shape", () => {
  expect(mnistFiles.trainImages.bytes).toBe(16 + 60_000 * 28 * 28);
  expect(mnistFiles.testImages.bytes).toBe(16 + 10_000 * 28 * 28);
  expect(mnistFiles.trainLabels.bytes).toBe(8 + 60_000);
  expect(mnistFiles.testLabels.bytes).toBe(8 + 10_000);
});

it("every downloaded set has files with full checksums, and mirrors on https", () => {
  for (const entry of catalogue.filter((candidate) => candidate.source === "downloaded")) {
    expect(entry.files.length).toBeGreaterThan(0);
    for (const file of entry.files) expect(file.sha256).toMatch(/^[0-9a-f]{64}$/);
    for (const mirror of entry.mirrors) expect(mirror).toMatch(/^https:\/\/.*\/$/);
  }
});

it("an unknown name is answered with those that exist", () => {
  expect(dataSetEntry("mnist").name).toBe("mnist");
  expect(() => dataSetEntry("minst")).toThrow('no data set is called "minst"; there are: digits, mnist');
});
