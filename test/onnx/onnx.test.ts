// The conformance cases of ONNX, from the folder that NABLA_ONNX_CASES names (default ../shared/onnx; see there). Cases that are not supported are
// listed with their reasons in unsupported.json, and the list has to be exactly right for the cases that are there.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { importOnnx } from "../../src/io/onnx/index.ts";
import { readTensorProto } from "../../src/io/onnx/onnx-tensor.ts";
import { damagedFile } from "../../src/io/onnx/proto/file.ts";
import { Tensor as TensorMessage } from "../../src/io/onnx/proto/messages.ts";
import { readMessage } from "../../src/io/onnx/proto/wire.ts";
import { predict, scope, tensor } from "../../src/node.ts";
import { casesIn, difference, runCase } from "./conformance.ts";

const root = process.env["NABLA_ONNX_CASES"] ?? join(import.meta.dirname, "../../../shared/onnx");
const unsupported = JSON.parse(readFileSync(join(import.meta.dirname, "unsupported.json"), "utf8")) as Record<
  string,
  string
>;
const cases = casesIn(root);
const light = join(root, "light");
const networks = existsSync(light) ? readdirSync(light).filter((name) => name.endsWith(".onnx")) : [];

if (cases.length + networks.length === 0) {
  console.log(`${root} holds no ONNX cases, which are skipped; NABLA_ONNX_CASES names another folder`);
}

/** Reasons that a list of unsupported cases may have; which numbers come out is not known where they are random. */
const RANDOM = "random numbers: the standard leaves open which";

describe.skipIf(cases.length === 0)("conformance", () => {
  const families = [...new Set(cases.map(({ family }) => family))];
  it.each(families)("%s", (family) => {
    const wrong: string[] = [];
    const listed: string[] = [];
    const own = cases.filter((each) => each.family === family);
    for (const each of own) {
      const reason = runCase(each);
      const known = unsupported[each.name];
      if (known !== undefined) listed.push(`${each.name}: ${known}`);
      if (reason !== undefined && known === undefined) wrong.push(`${each.name}: ${reason}`);
      if (reason === undefined && known !== undefined && known !== RANDOM)
        wrong.push(`${each.name} is listed as unsupported, and passes`);
    }
    console.log(
      `${family}: ${own.length - listed.length - wrong.length} of ${own.length} cases pass; not supported:\n  ${listed.join("\n  ") || "none"}`,
    );
    expect(wrong).toEqual([]);
  });
});

describe.skipIf(networks.length === 0)("whole networks", () => {
  it.each(networks)("%s gives what is expected for the numbers 0 to n - 1 over n", (name) => {
    scope(() => {
      const model = importOnnx(readFileSync(join(light, name)), { name });
      const expected = readMessage(
        TensorMessage,
        readFileSync(join(light, name.replace(".onnx", "_output_0.pb"))),
        damagedFile(name),
      );
      const shape = [1, ...(model.inputShape as number[])];
      const n = shape.reduce((product, length) => product * length, 1);
      const x = tensor(
        Float32Array.from({ length: n }, (_, i) => i / n),
        { shape },
      );
      const tolerance = name.includes("densenet") ? 2e-3 : 1e-3;
      expect(difference(predict(model, x), readTensorProto(expected, damagedFile(name)), tolerance, 0)).toBeUndefined();
    });
  });
});
