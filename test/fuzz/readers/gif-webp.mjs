// GIF and WebP: files of Pillow (test/oracle/pictures.py), whose sizes, flags and codes change.
import { readFileSync } from "node:fs";
import { readImageFile } from "../../../dist/node.js";
import { damageBytes, ODD_NUMBERS } from "../mutate.mjs";
import { onDisk } from "./file.mjs";
import { checkPicture } from "./png.mjs";

const { pictures } = JSON.parse(readFileSync(new URL("../../oracle/pictures.json", import.meta.url), "utf8"));

/** `places`: where 16 bits of a header say a size or how what follows is stored. */
function reader(format, ending, places) {
  // An animation of WebP is refused, and a file that is left whole must be read.
  const files = Object.entries(pictures)
    .filter(([name]) => name.startsWith(format) && name !== "WebP, animation")
    .map(([, { file }]) => new Uint8Array(Buffer.from(file, "base64")));
  return {
    named: `picture.${ending}`,
    make: (random) => random.pick(files),
    damage(bytes, random) {
      if (random.chance(0.6)) return damageBytes(bytes, random);
      const copy = bytes.slice();
      const view = new DataView(copy.buffer);
      for (let times = random.between(1, 2); times > 0; times--) {
        const at = random.pick(places);
        if (at + 2 <= copy.length) view.setUint16(at, random.pick(ODD_NUMBERS), true);
      }
      return copy;
    },
    async read(bytes) {
      return checkPicture(await readImageFile(onDisk(`picture.${ending}`, bytes)));
    },
  };
}

export const gif = reader("GIF", "gif", [6, 8, 10, 12, 785, 787, 789, 791]);
export const webp = reader("WebP", "webp", [4, 16, 20, 21, 23, 24, 26, 27, 28, 30]);
