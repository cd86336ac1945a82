// WAV: formats, lengths and samples changed.
import { readWav, scope, tensor, writeWav } from "../../../dist/node.js";
import { damageBytes, ODD_NUMBERS } from "../mutate.mjs";
import { sizes } from "./npy.mjs";
import { tidily } from "./safetensors.mjs";

const FORMATS = ["pcm8", "pcm16", "pcm24", "pcm32", "float32", "float64"];

export const wav = {
  named: "a.wav",
  make(random) {
    const shape = [random.between(1, 3), random.below(20)];
    const values = Array.from({ length: shape[0] * shape[1] }, () => random.below(3) - 1);
    return scope(() =>
      writeWav(tensor(values, { shape }), { format: random.pick(FORMATS), sampleRate: random.between(1, 48000) }),
    );
  },
  damage(bytes, random) {
    if (random.chance(0.4)) return damageBytes(bytes, random);
    const copy = bytes.slice();
    const view = new DataView(copy.buffer);
    for (let times = random.between(1, 2); times > 0; times--) {
      const at = random.pick([4, 16, 20, 22, 24, 32, 34, 40]);
      if (at === 4 || at === 16 || at === 24 || at === 40) view.setUint32(at, random.pick(ODD_NUMBERS), true);
      else view.setUint16(at, random.pick([0, 1, 2, 3, 8, 16, 24, 32, 64, 65534, 65535]), true);
    }
    return copy;
  },
  read: tidily((bytes) => sizes(readWav(bytes, "a.wav").samples)),
};
