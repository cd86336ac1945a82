// Ways to damage what is whole: bytes of any format, and values of JSON.

/** Lengths, sizes and counts that readers get wrong. */
export const ODD_NUMBERS = [
  0,
  1,
  2,
  3,
  7,
  8,
  127,
  128,
  255,
  256,
  65535,
  65536,
  9990,
  2 ** 24,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 1,
];

export function concat(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** A big-endian 32-bit word. */
export function word(value) {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
}

/** One to three damages that know nothing of the format. */
export function damageBytes(bytes, random) {
  let damaged = bytes;
  for (let times = random.between(1, 3); times > 0; times--) damaged = random.pick(DAMAGES)(damaged, random);
  return damaged;
}

const DAMAGES = [
  function flipBits(bytes, random) {
    const copy = bytes.slice();
    for (let times = random.between(1, 8); times > 0 && copy.length > 0; times--) {
      copy[random.below(copy.length)] ^= 1 << random.below(8);
    }
    return copy;
  },
  function flipEarly(bytes, random) {
    const copy = bytes.slice();
    if (copy.length > 0) copy[random.below(Math.min(64, copy.length))] = random.pick([0, 1, 127, 128, 255]);
    return copy;
  },
  function truncate(bytes, random) {
    return bytes.slice(0, random.below(bytes.length + 1));
  },
  function append(bytes, random) {
    return concat(
      bytes,
      random.chance(0.5) ? new Uint8Array(random.between(1, 64)) : random.bytes(random.between(1, 64)),
    );
  },
  function cutOut(bytes, random) {
    const from = random.below(bytes.length + 1);
    return concat(bytes.slice(0, from), bytes.slice(from + random.between(1, 32)));
  },
  function splice(bytes, random) {
    const [from, to] = [random.below(bytes.length + 1), random.below(bytes.length + 1)];
    return concat(bytes.slice(0, to), bytes.slice(from, from + random.between(1, 64)), bytes.slice(to));
  },
  function overwrite(bytes, random) {
    const copy = bytes.slice();
    const from = random.below(copy.length + 1);
    copy.set(random.bytes(random.between(1, 16)).subarray(0, copy.length - from), from);
    return copy;
  },
  function oddWord(bytes, random) {
    if (bytes.length < 4) return bytes;
    const copy = bytes.slice();
    copy.set(word(random.pick(ODD_NUMBERS)), random.below(copy.length - 3));
    return copy;
  },
];

const ODD_VALUES = [
  null,
  true,
  0,
  -1,
  1.5,
  4.5,
  1e300,
  2 ** 53,
  "",
  "abc",
  "__proto__",
  "constructor",
  "toString",
  [],
  {},
  [null],
  [1, 2, 3],
  { length: 3 },
  "NaN",
  "9".repeat(40),
];

/** A copy of a JSON value with one place in it of another type, missing, doubled or renamed. */
export function damageJson(value, random) {
  const copy = structuredClone(value);
  const places = [];
  const visit = (holder) => {
    for (const key of Object.keys(holder)) {
      places.push([holder, key]);
      if (typeof holder[key] === "object" && holder[key] !== null) visit(holder[key]);
    }
  };
  if (typeof copy === "object" && copy !== null) visit(copy);
  if (places.length === 0 || random.chance(0.02)) return structuredClone(random.pick(ODD_VALUES));
  const [holder, key] = random.pick(places);
  const kept = holder[key];
  switch (random.below(6)) {
    case 0:
      if (Array.isArray(holder)) holder.splice(Number(key), 1);
      else delete holder[key];
      break;
    case 1:
      if (Array.isArray(holder)) holder.push(structuredClone(kept));
      else define(holder, `${key}2`, structuredClone(kept));
      break;
    case 2:
      if (Array.isArray(holder)) holder[key] = [kept];
      else {
        delete holder[key];
        define(holder, random.pick(["__proto__", "constructor", "toString", "hasOwnProperty", ""]), kept);
      }
      break;
    case 3:
      holder[key] = random.pick(places)[0];
      // A value may not hold itself: JSON could not write it.
      holder[key] = holder[key] === holder || typeof holder[key] === "object" ? random.pick(ODD_VALUES) : holder[key];
      break;
    case 4:
      holder[key] =
        typeof kept === "number" ? random.pick([...ODD_NUMBERS, -kept, kept + 0.5, kept + 1]) : JSON.stringify(kept);
      break;
    default:
      holder[key] = structuredClone(random.pick(ODD_VALUES));
  }
  return copy;
}

/** Assigning to `__proto__` would set the prototype, which JSON does not write. */
function define(holder, key, value) {
  Object.defineProperty(holder, key, { value, enumerable: true, configurable: true, writable: true });
}
