// What Nabla has learnt, back in Keras: the names, layouts and numbers of the files that Keras 3.16 wrote (test/oracle/keras-models.py).
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { inFolder } from "../../../test/python.ts";
import {
  Dense,
  GRU,
  type H5Wasm,
  kerasModel,
  kerasParameters,
  LocalResponseNormalization,
  loadKeras,
  RadialBasis,
  readKeras,
  Sequential,
  saveKeras,
  type Tensor,
  tensor,
  writeKeras,
} from "../../node.ts";

const { cases } = JSON.parse(
  readFileSync(new URL("../../../test/oracle/keras-models.json", import.meta.url), "utf8"),
) as { cases: Record<string, { keras: string }> };

// Not a literal: the checker would ask for its types.
const H5WASM = "h5wasm";
const h5wasm = (await import(H5WASM).catch(() => undefined)) as H5Wasm | undefined;

const open = (name: string) => readKeras(new Uint8Array(Buffer.from(cases[name].keras, "base64")), h5wasm!, name);
/** What layers have, without the states of random numbers. */
const weightsOf = (tensors: Record<string, Tensor>): Record<string, Tensor> =>
  Object.fromEntries(Object.entries(tensors).filter(([name]) => !name.includes("seed_generator")));
const values = (tensors: Record<string, Tensor>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(tensors).map(([name, x]) => [name, x.toArray()]));

describe.skipIf(h5wasm === undefined)(
  `files of Keras (${h5wasm === undefined ? "h5wasm is not installed" : "h5wasm"})`,
  () => {
    test.each(Object.keys(cases))("%s: everything back where it came from", async (name) => {
      const file = await open(name);
      const { model, sources } = kerasModel(file);
      expect(values(kerasParameters(model, { sources }))).toEqual(values(weightsOf(file.tensors)));
    });

    test.each(["dense", "transposed", "series", "words", "recurrent", "attention"])(
      "%s: as Keras numbers layers of these classes",
      async (name) => {
        const file = await open(name);
        const { model } = kerasModel(file);
        const back = kerasParameters(model);
        const wanted = weightsOf(file.tensors);
        // A layer without a scale has one here, which Keras does not ask for.
        for (const [key, x] of Object.entries(wanted)) {
          const number =
            name === "attention" && key.startsWith("layers/layer_normalization") ? key.replace(/0$/, "1") : key;
          expect(back[number].toArray(), key).toEqual(x.toArray());
        }
      },
    );

    test("bytes that readKeras reads again, on disk, and over what was there", async () => {
      const tensors = {
        "layers/dense/vars/0": tensor([[1, 2]]),
        "layers/dense/vars/1": tensor([0.1], "float64"),
        "optimizer/iterations": tensor(7, "int32"),
        "a/flags": tensor([true, false]),
        none: tensor([], { shape: [0, 2] }),
      };
      const again = (await readKeras(await writeKeras(tensors, h5wasm!), h5wasm!)).tensors;
      expect(Object.keys(again).sort()).toEqual(Object.keys(tensors).sort());
      expect(again["layers/dense/vars/1"].dtype).toBe("float64");
      expect(again["layers/dense/vars/0"].toArray()).toEqual([[1, 2]]);
      expect(again["optimizer/iterations"].toArray()).toBe(7);
      expect(again["none"].shape).toEqual([0, 2]);
      await inFolder(async (folder) => {
        const path = join(folder, "model.weights.h5");
        await saveKeras(path, { x: tensor([1]) });
        await saveKeras(path, { x: tensor([2]) });
        expect((await loadKeras(path)).tensors["x"].toArray()).toEqual([2]);
        await expect(saveKeras(join(folder, "b.h5"), { "a//b": tensor([1]) })).rejects.toThrow(
          'writeKeras: "a//b" is no path within a file',
        );
        expect(existsSync(join(folder, "b.h5"))).toBe(false);
      });
    });
  },
);

test("layers that Keras does not have are named", () => {
  const radial = new Sequential([new Dense(2), new RadialBasis(3)], { inputShape: [3] });
  expect(() => kerasParameters(radial)).toThrow(
    "kerasParameters: 1.radialBasis: Keras has no layer of the type radialBasis",
  );
  const gru = new Sequential([new GRU(2, { update: "writes" })], { inputShape: [3, 2] });
  expect(() => kerasParameters(gru)).toThrow("kerasParameters: 0.gru: Keras' GRU keeps a share z of the state");
  expect(kerasParameters(new Sequential([new LocalResponseNormalization()], { inputShape: [3, 2, 2] }))).toEqual({});
});
