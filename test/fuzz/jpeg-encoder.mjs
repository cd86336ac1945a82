// Writes JPEG files of chosen coefficients, baseline or progressive, with or without restart markers: what the fuzzer begins with. The same
// coefficients sent in another way are the same picture, so it tells the decoder's ways of reading apart, too. Not made for small files.
import { concat } from "./mutate.mjs";

const ZIGZAG = [
  ...[0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21],
  ...[
    28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54,
  ],
  ...[47, 55, 62, 63],
];

/** 254 symbols have codes of 8 bits, the last two of 9 bits. */
const symbolCode = (symbol) => (symbol < 254 ? [symbol, 8] : [508 + symbol - 254, 9]);

class BitWriter {
  bytes = [];
  #held = 0;
  #count = 0;

  write(value, length) {
    for (let k = length - 1; k >= 0; k--) {
      this.#held = (this.#held << 1) | ((value >> k) & 1);
      if (++this.#count === 8) {
        this.bytes.push(this.#held);
        if (this.#held === 255) this.bytes.push(0);
        this.#held = 0;
        this.#count = 0;
      }
    }
  }

  symbol(symbol) {
    this.write(...symbolCode(symbol));
  }

  signed(value, length) {
    this.write(value < 0 ? value + (1 << length) - 1 : value, length);
  }

  flush() {
    while (this.#count > 0) this.write(1, 1);
  }
}

const bitLength = (value) => 32 - Math.clz32(Math.abs(value));

/** Segment of a marker. */
export function segment(marker, body) {
  return concat(Uint8Array.of(255, marker, (body.length + 2) >> 8, (body.length + 2) & 255), body);
}

/**
 * @param picture `width`, `height`; `factors`: sampling of each colour as [across, down]; `coefficients(colour, row, column)`: 64 whole
 * numbers a block, row by row; `quantisation`: 64 numbers; `restart`: units between restart markers, 0 for none; `before`: segments to put in
 * @param scans undefined for baseline; else what each scan sends: `colours`, `first`, `last`, `high`, `low`
 */
export function encodeJpeg(picture, scans) {
  const { width, height, factors, coefficients, quantisation, restart = 0, before = [] } = picture;
  const mostAcross = Math.max(...factors.map(([across]) => across));
  const mostDown = Math.max(...factors.map(([, down]) => down));
  const tables = [
    segment(0xdb, Uint8Array.of(0, ...ZIGZAG.map((k) => quantisation[k]))),
    // DC and AC tables alike.
    ...[0x00, 0x10].map((place) => {
      const counts = new Uint8Array(16);
      counts[7] = 254;
      counts[8] = 2;
      return segment(0xc4, Uint8Array.of(place, ...counts, ...Array.from({ length: 256 }, (_, k) => k)));
    }),
    segment(
      scans === undefined ? 0xc0 : 0xc2,
      Uint8Array.of(
        ...[8, height >> 8, height & 255, width >> 8, width & 255, factors.length],
        ...factors.flatMap(([across, down], k) => [k + 1, (across << 4) | down, 0]),
      ),
    ),
    ...(restart > 0 ? [segment(0xdd, Uint8Array.of(restart >> 8, restart & 255))] : []),
  ];
  const whole = scans ?? [{ colours: factors.map((_, k) => k), first: 0, last: 63, high: 0, low: 0 }];
  const parts = whole.map((scan) => {
    const { colours, first, last, high, low } = scan;
    const header = segment(
      0xda,
      Uint8Array.of(colours.length, ...colours.flatMap((k) => [k + 1, 0]), first, last, (high << 4) | low),
    );
    const writer = new BitWriter();
    let previous = factors.map(() => 0);
    const block = (colour, row, column) => {
      const values = coefficients(colour, row, column);
      if (first === 0 && high > 0) return writer.write((values[0] >> low) & 1, 1);
      if (first === 0) {
        const mean = values[0] >> low;
        const difference = mean - previous[colour];
        previous[colour] = mean;
        writer.symbol(bitLength(difference));
        writer.signed(difference, bitLength(difference));
      }
      if (last > 0) (high > 0 ? refineBlock : firstBlock)(writer, values, Math.max(1, first), last, low);
    };
    const alone = colours.length === 1;
    const [across, down] = alone ? factors[colours[0]] : [1, 1];
    const columns = alone ? Math.ceil(Math.ceil((width * across) / mostAcross) / 8) : Math.ceil(width / 8 / mostAcross);
    const rows = alone ? Math.ceil(Math.ceil((height * down) / mostDown) / 8) : Math.ceil(height / 8 / mostDown);
    for (let unit = 0; unit < columns * rows; unit++) {
      if (restart > 0 && unit > 0 && unit % restart === 0) {
        writer.flush();
        writer.bytes.push(255, 0xd0 + ((unit / restart - 1) & 7));
        previous = factors.map(() => 0);
      }
      const [row, column] = [Math.floor(unit / columns), unit % columns];
      if (alone) block(colours[0], row, column);
      else {
        for (const colour of colours) {
          const [h, v] = factors[colour];
          for (let y = 0; y < v; y++) for (let x = 0; x < h; x++) block(colour, row * v + y, column * h + x);
        }
      }
    }
    writer.flush();
    return concat(header, Uint8Array.from(writer.bytes));
  });
  return concat(Uint8Array.of(255, 0xd8), ...before, ...tables, ...parts, Uint8Array.of(255, 0xd9));
}

/** Coefficients down to bit `low`, each block for itself. */
function firstBlock(writer, values, first, last, low) {
  let zeros = 0;
  for (let k = first; k <= last; k++) {
    const value = values[ZIGZAG[k]];
    const shifted = value < 0 ? -(-value >> low) : value >> low;
    if (shifted === 0) {
      zeros++;
      continue;
    }
    for (; zeros > 15; zeros -= 16) writer.symbol(0xf0);
    const length = bitLength(shifted);
    writer.symbol((zeros << 4) | length);
    writer.signed(shifted, length);
    zeros = 0;
  }
  if (zeros > 0) writer.symbol(0);
}

/** Bit `low` of coefficients whose higher bits are known, and coefficients of which it is the highest. */
function refineBlock(writer, values, first, last, low) {
  const bitOf = (k) => Math.abs(values[ZIGZAG[k]]) >> low;
  let lastNew = first - 1;
  for (let k = first; k <= last; k++) if (bitOf(k) === 1) lastNew = k;
  let zeros = 0;
  let corrections = [];
  const sendCorrections = () => {
    for (const bit of corrections) writer.write(bit, 1);
    corrections = [];
  };
  for (let k = first; k <= last; k++) {
    const size = bitOf(k);
    // Once nothing new follows, what is left are corrections behind the end of the block.
    if (size === 0) {
      zeros++;
      if (zeros === 16 && k < lastNew) {
        writer.symbol(0xf0);
        sendCorrections();
        zeros = 0;
      }
    } else if (size > 1) corrections.push(size & 1);
    else {
      writer.symbol((zeros << 4) | 1);
      writer.write(values[ZIGZAG[k]] > 0 ? 1 : 0, 1);
      sendCorrections();
      zeros = 0;
    }
    if (k === lastNew || (k === first && lastNew < first)) {
      // The rest of the block: known coefficients alone.
      const rest = k === lastNew ? k + 1 : first;
      if (rest > last) return;
      writer.symbol(0);
      for (let j = rest; j <= last; j++) if (bitOf(j) > 1) writer.write(bitOf(j) & 1, 1);
      return;
    }
  }
}
