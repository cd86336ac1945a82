// PyTorch: files of both forms whose pickles, archives and numbers are changed. Checksums need no repair: those of a pickle are let pass, as torch does.
import { readFileSync } from "node:fs";
import { readPyTorch, scope, tensor, writePyTorch } from "../../../dist/node.js";
import { damageBytes } from "../mutate.mjs";
import { damageZip, sizes } from "./npy.mjs";
import { tidily } from "./safetensors.mjs";

const { files } = JSON.parse(readFileSync(new URL("../../oracle/pytorch-files.json", import.meta.url), "utf8"));
const WHOLE = ["dtypes", "strides", "checkpoint", "one tensor"]
  .flatMap((name) => [`${name}, zip`, `${name}, old`])
  .concat("checkpoint, protocol 5, zip")
  .map((name) => new Uint8Array(Buffer.from(files[name], "base64")));

function make(random) {
  if (random.chance(0.7)) return random.pick(WHOLE);
  return scope(() => writePyTorch({ "0.weight": tensor([[1, 2]]), "0.bias": tensor([random.below(9)]) }));
}

/** Instructions, lengths and names of the pickle exchanged, between the first and the last name in it. */
function damagePickle(bytes, random) {
  const copy = bytes.slice();
  const text = Buffer.from(copy).toString("latin1");
  const from = Math.max(0, text.indexOf("\x80"));
  const to = Math.max(from + 1, text.lastIndexOf("torch"));
  for (let times = random.between(1, 4); times > 0; times--) {
    const at = from + random.below(Math.min(copy.length - from, to - from + 100));
    copy[at] = random.pick([..."(.)]}RQtubqhcXKMJNl0aes2\x80\x81\x85\x86\x87\x88\x89\x8a\x93\x94\0\xff"]).charCodeAt(0);
  }
  return copy;
}

export const pytorch = {
  named: "a.pt",
  make,
  damage(bytes, random) {
    if (random.chance(0.5)) return damagePickle(bytes, random);
    return random.chance(0.4) ? damageZip(bytes, random) : damageBytes(bytes, random);
  },
  read: tidily((bytes) => {
    for (const [name, x] of Object.entries(readPyTorch(bytes, "a.pt").tensors)) {
      if (sizes(x) !== undefined) return `${name}: ${sizes(x)}`;
    }
    return undefined;
  }),
};
