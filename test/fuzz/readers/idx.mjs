// IDX, uncompressed.
import { readIdx, writeIdx } from "../../../dist/node.js";
import { damageBytes, ODD_NUMBERS, word } from "../mutate.mjs";

const ARRAYS = {
  uint8: Uint8Array,
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  float32: Float32Array,
  float64: Float64Array,
};

export function makeIdx(random) {
  const type = random.pick(Object.keys(ARRAYS));
  const shape = Array.from({ length: random.below(5) }, () => random.below(6));
  const count = shape.reduce((a, b) => a * b, 1);
  return writeIdx({ type, shape, data: ARRAYS[type].from(random.bytes(count)) });
}

/** A size, the type or the number of dimensions changed, the rest left as it is. */
export function damageIdx(bytes, random) {
  if (random.chance(0.5)) return damageBytes(bytes, random);
  const copy = bytes.slice();
  const rank = copy[3];
  if (rank > 0 && random.chance(0.7)) copy.set(word(random.pick(ODD_NUMBERS)), 4 + 4 * random.below(rank));
  else copy[random.pick([2, 3])] = random.below(256);
  return copy;
}

export const idx = {
  named: "a.idx",
  make: makeIdx,
  damage: damageIdx,
  read(bytes) {
    const { shape, data } = readIdx(bytes, "a.idx");
    const count = shape.reduce((a, b) => a * b, 1);
    return data.length === count ? undefined : `${data.length} elements for shape (${shape})`;
  },
};
