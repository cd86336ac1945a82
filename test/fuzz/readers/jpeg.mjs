// JPEG: baseline and progressive files of random coefficients, damaged in their segments, their scans and their bytes.
import { readImageFile } from "../../../dist/node.js";
import { encodeJpeg } from "../jpeg-encoder.mjs";
import { concat, damageBytes } from "../mutate.mjs";
import { onDisk } from "./file.mjs";
import { checkPicture } from "./png.mjs";

const FACTORS = [
  [[1, 1]],
  [
    [1, 1],
    [1, 1],
    [1, 1],
  ],
  [
    [2, 2],
    [1, 1],
    [1, 1],
  ],
  [
    [2, 1],
    [1, 1],
    [1, 1],
  ],
  [
    [1, 1],
    [1, 1],
    [1, 1],
    [1, 1],
  ],
];

/** The ways in which progressive files send the same coefficients. */
function progression(count, random) {
  const colours = Array.from({ length: count }, (_, k) => k);
  const low = random.below(3);
  const cut = random.between(1, 62);
  const scans = [{ colours, first: 0, last: 0, high: 0, low }];
  for (const k of colours) {
    scans.push(
      { colours: [k], first: 1, last: cut, high: 0, low },
      { colours: [k], first: cut + 1, last: 63, high: 0, low },
    );
  }
  for (let bit = low; bit > 0; bit--) {
    scans.push({ colours, first: 0, last: 0, high: bit, low: bit - 1 });
    for (const k of colours) scans.push({ colours: [k], first: 1, last: 63, high: bit, low: bit - 1 });
  }
  return scans;
}

function makePicture(random) {
  const factors = random.pick(FACTORS);
  const blocks = new Map();
  return {
    width: random.between(1, 40),
    height: random.between(1, 40),
    factors,
    quantisation: Array.from({ length: 64 }, () => random.between(1, 20)),
    restart: random.chance(0.3) ? random.between(1, 3) : 0,
    coefficients(colour, row, column) {
      const key = `${colour} ${row} ${column}`;
      if (!blocks.has(key)) {
        const values = Array.from({ length: 64 }, () => (random.chance(0.2) ? random.between(-20, 20) : 0));
        values[0] = random.between(-100, 100);
        blocks.set(key, values);
      }
      return blocks.get(key);
    },
  };
}

/** Segments from the start up to the first scan, as [marker, body]. */
function segmentsOf(bytes) {
  const segments = [];
  let at = 2;
  while (at + 4 <= bytes.length && bytes[at] === 255) {
    const length = bytes[at + 2] * 256 + bytes[at + 3];
    segments.push(bytes.slice(at, at + 2 + length));
    if (bytes[at + 1] === 0xda) break;
    at += 2 + length;
  }
  return { segments, rest: bytes.slice(2 + segments.reduce((sum, { length }) => sum + length, 0)) };
}

let twin;
export const jpeg = {
  named: "picture.jpg",
  make(random) {
    const picture = makePicture(random);
    const progressive = encodeJpeg(picture, progression(picture.factors.length, random));
    const baseline = encodeJpeg(picture);
    const [first, second] = random.chance(0.5) ? [progressive, baseline] : [baseline, progressive];
    twin = second;
    return first;
  },
  damage(bytes, random) {
    twin = undefined;
    if (random.chance(0.4)) return damageBytes(bytes, random);
    const { segments, rest } = segmentsOf(bytes);
    const at = random.below(segments.length);
    const kind = random.below(6);
    if (kind === 0) segments.splice(at, 1);
    else if (kind === 1) segments.splice(random.below(segments.length), 0, segments[at]);
    else if (kind === 2) segments[at] = concat(segments[at].slice(0, 4), damageBytes(segments[at].slice(4), random));
    else {
      const frame = segments.find((part) => part[1] === 0xc0 || part[1] === 0xc2);
      if (kind === 3) frame[random.between(5, 8)] = random.pick([0, 1, 39, 255]);
      else if (kind === 4) frame[random.between(4, frame.length - 1)] = random.below(256);
      else frame[1] = random.pick([0xc0, 0xc1, 0xc2, 0xc3, 0xc9]);
    }
    return concat(bytes.slice(0, 2), ...segments, random.chance(0.2) ? damageBytes(rest, random) : rest);
  },
  async read(bytes) {
    const picture = await readImageFile(onDisk("picture.jpg", bytes));
    if (twin !== undefined) {
      const other = await readImageFile(onDisk("twin.jpg", twin));
      if (Buffer.compare(picture.data, other.data) !== 0)
        return "baseline and progressive of the same coefficients differ";
    }
    return checkPicture(picture);
  },
};
