// PNG: damage below the checksums, which are repaired so that it reaches what they guard.
import { crc32, deflateSync } from "node:zlib";
import { readImageFile } from "../../../dist/node.js";
import { concat, damageBytes, ODD_NUMBERS, word } from "../mutate.mjs";
import { zlibZeros } from "../zeros.mjs";
import { onDisk } from "./file.mjs";

const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
const KINDS = [
  [0, 1, [1, 2, 4, 8, 16]],
  [2, 3, [8, 16]],
  [3, 1, [1, 2, 4, 8]],
  [4, 2, [8, 16]],
  [6, 4, [8, 16]],
];
const PASSES = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
];

function makeChunks(random) {
  const [width, height] = [random.between(1, 40), random.between(1, 40)];
  const [colour, samples, depths] = random.pick(KINDS);
  const depth = random.pick(depths);
  const interlaced = random.chance(0.4);
  const rows = [];
  for (const [left, top, across, down] of interlaced ? PASSES : [[0, 0, 1, 1]]) {
    const columns = Math.ceil((width - left) / across);
    if (columns <= 0) continue;
    for (let row = top; row < height; row += down) {
      rows.push(Uint8Array.of(random.below(5)), random.bytes(Math.ceil((columns * samples * depth) / 8)));
    }
  }
  const header = concat(word(width), word(height), Uint8Array.of(depth, colour, 0, 0, interlaced ? 1 : 0));
  const raw = concat(...rows);
  const chunks = [["IHDR", header]];
  if (random.chance(0.2)) chunks.push(["iCCP", concat(Buffer.from("profile\0\0"), deflateSync(new Uint8Array(999)))]);
  if (random.chance(0.2)) chunks.push(["tEXt", Buffer.from("Comment\0of the fuzzer")]);
  if (colour === 3) chunks.push(["PLTE", random.bytes(3 * 2 ** depth)]);
  if (colour < 4 && random.chance(0.3)) {
    chunks.push(["tRNS", random.bytes(colour === 3 ? random.between(1, 2 ** depth) : 2 * samples)]);
  }
  const packed = deflateSync(raw);
  const cut = random.below(packed.length);
  chunks.push(["IDAT", packed.subarray(0, cut)], ["IDAT", packed.subarray(cut)], ["IEND", new Uint8Array(0)]);
  return { chunks, raw };
}

function write(chunks) {
  return concat(
    SIGNATURE,
    ...chunks.map(([type, body]) => {
      const checked = concat(Buffer.from(type, "latin1"), body);
      return concat(word(body.length), checked, word(crc32(checked)));
    }),
  );
}

/** Where an earlier damage left a header to change. */
function changeHeader(chunks, change) {
  const header = chunks.find(([type, body]) => type === "IHDR" && body.length === 13);
  if (header === undefined) return;
  header[1] = header[1].slice();
  change(header[1]);
}

/** Damages of chunks, all with right checksums. */
const DAMAGES = [
  function size({ chunks }, random) {
    changeHeader(chunks, (body) =>
      body.set(word(random.pick([...ODD_NUMBERS, random.between(1, 50)])), random.pick([0, 4])),
    );
  },
  function format({ chunks }, random) {
    changeHeader(chunks, (body) => {
      body[random.between(8, 12)] = random.pick([0, 1, 2, 3, 4, 6, 8, 16, 255]);
    });
  },
  function remove({ chunks }, random) {
    chunks.splice(random.below(chunks.length), 1);
  },
  function repeat({ chunks }, random) {
    chunks.splice(random.below(chunks.length), 0, random.pick(chunks));
  },
  function swap({ chunks }, random) {
    const [a, b] = [random.below(chunks.length), random.below(chunks.length)];
    [chunks[a], chunks[b]] = [chunks[b], chunks[a]];
  },
  function body({ chunks }, random) {
    const chunk = random.pick(chunks);
    chunk[1] = damageBytes(chunk[1], random);
  },
  function type({ chunks }, random) {
    random.pick(chunks)[0] = random.pick(["PLTE", "tRNS", "IDAT", "IEND", "gAMA", "ABCD", "zTXt", "iCCP", "aa1a"]);
  },
  function pixels({ chunks, raw }, random) {
    const damaged = random.chance(0.3)
      ? concat(raw, new Uint8Array(random.pick([1, 1000, 2 ** 20])))
      : damageBytes(raw, random);
    replacePixels(chunks, deflateSync(damaged));
  },
  function inflated({ chunks }, random) {
    const ancillary = concat(Buffer.from("x\0\0"), zlibZeros(random.pick([1, 400])));
    chunks.splice(1, 0, [random.pick(["iCCP", "zTXt", "iTXt"]), ancillary]);
  },
];

DAMAGES.push(function tooManyPixels({ chunks }) {
  replacePixels(chunks, zlibZeros(400));
});

function replacePixels(chunks, packed) {
  const first = chunks.findIndex(([type]) => type === "IDAT");
  chunks.splice(first, 2, ["IDAT", packed]);
}

let made;
export const png = {
  named: "picture.png",
  make(random) {
    made = makeChunks(random);
    return write(made.chunks);
  },
  damage(bytes, random) {
    if (random.chance(0.3)) return damageBytes(bytes, random);
    for (let times = random.between(1, 2); times > 0 && made.chunks.length > 1; times--)
      random.pick(DAMAGES)(made, random);
    return write(made.chunks);
  },
  async read(bytes) {
    return checkPicture(await readImageFile(onDisk("picture.png", bytes)));
  },
};

export function checkPicture({ width, height, channels, data }) {
  const sound = data instanceof Uint8Array && width > 0 && height > 0 && data.length === width * height * channels;
  return sound ? undefined : `${data.length} bytes for ${width}x${height}x${channels}`;
}
