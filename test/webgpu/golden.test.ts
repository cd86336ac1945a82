// The oracle on the device: every case of every family in float32, forward and gradient.
import { describe, expect, test } from "vitest";
import { engineStatus } from "../../src/node.ts";
import { type GoldenCase, goldenFound, readGolden, runCaseLater } from "../golden.ts";
import { goldenRunners } from "../golden-runners.ts";
import { noDevice, whyNoDevice } from "./device.ts";

const missing = noDevice !== undefined ? whyNoDevice : goldenFound ? "" : " (skipped: no oracle on this machine)";

describe.skipIf(missing !== "")(`golden on webgpu${missing}`, () => {
  test("the engine is the device's", () => expect(engineStatus().engine).toBe("webgpu"));
  for (const [family, runnerFor] of Object.entries(goldenRunners)) {
    const { cases } = goldenFound ? readGolden<{ cases: GoldenCase[] }>(family) : { cases: [] };
    test.each(cases)(`${family}: $name`, (golden) => runCaseLater(golden, runnerFor(golden)!));
  }
});
