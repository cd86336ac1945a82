// The bits of a JPEG's scans: bytes with a stuffed 00 behind each FF, Huffman codes, restart markers. Strict: whoever reads past the last bit
// gets an error, not zeros, since a picture painted from zeros would be read as a digit without a word.
// Source: ITU-T T.81 (1992), sections B.2.1, C and F.2.2.

/** A Huffman table: codes of up to 8 bits by their first byte, longer ones by comparison. */
export interface HuffmanTable {
  /** For each 8 bits: the length of the code they begin with (0: longer than 8) times 256, and its symbol. */
  readonly short: Uint16Array;
  /** The first code that is too large for a length, aligned to 16 bits. */
  readonly limits: Int32Array;
  /** What to add to a code of a length to find its symbol. */
  readonly offsets: Int32Array;
  readonly symbols: Uint8Array;
}

/** @param counts how many codes there are of 1 to 16 bits @throws if there are more than fit */
export function huffmanTable(counts: Uint8Array, symbols: Uint8Array): HuffmanTable {
  const short = new Uint16Array(256);
  const limits = new Int32Array(17);
  const offsets = new Int32Array(17);
  let code = 0;
  let at = 0;
  for (let length = 1; length <= 16; length++) {
    const count = counts[length - 1];
    offsets[length] = at - code;
    if (code + count > 1 << length) throw new Error("a Huffman table with more codes than there are");
    for (let k = 0; k < count; k++, code++, at++) {
      if (length <= 8) short.fill((length << 8) | symbols[at], code << (8 - length), (code + 1) << (8 - length));
    }
    limits[length] = code << (16 - length);
    code <<= 1;
  }
  return { short, limits, offsets, symbols };
}

/** Reads bits from one place in a file up to the next marker. */
export class Bits {
  private buffer = 0;
  /** Bits in the buffer, and how many of them, the last ones, stand behind the end. */
  private count = 0;
  private absent = 0;

  constructor(
    private readonly bytes: Uint8Array,
    private at: number,
  ) {}

  private fill(): void {
    while (this.count <= 24) {
      const byte = this.bytes[this.at];
      if (byte === undefined || (byte === 0xff && this.bytes[this.at + 1] !== 0)) {
        this.buffer <<= 8;
        this.absent += 8;
      } else {
        this.buffer = (this.buffer << 8) | byte;
        this.at += byte === 0xff ? 2 : 1;
      }
      this.count += 8;
    }
  }

  private drop(length: number): void {
    this.count -= length;
    if (this.count < this.absent) throw new Error("its data end too early");
  }

  /** The next `length` bits, at most 16, as a number. */
  read(length: number): number {
    if (this.count < length) this.fill();
    const value = (this.buffer >>> (this.count - length)) & ((1 << length) - 1);
    this.drop(length);
    return value;
  }

  /** A number of `length` bits as JPEG has them: those that begin with 0 are negative. */
  readSigned(length: number): number {
    if (length === 0) return 0;
    const value = this.read(length);
    return value < 1 << (length - 1) ? value - (1 << length) + 1 : value;
  }

  symbol(table: HuffmanTable): number {
    if (this.count < 16) this.fill();
    const next = (this.buffer >>> (this.count - 16)) & 0xffff;
    const entry = table.short[next >> 8];
    if (entry !== 0) {
      this.drop(entry >> 8);
      return entry & 255;
    }
    for (let length = 9; length <= 16; length++) {
      if (next >= table.limits[length]) continue;
      this.drop(length);
      return table.symbols[(next >> (16 - length)) + table.offsets[length]];
    }
    if (this.count - 16 < this.absent) throw new Error("its data end too early");
    throw new Error("a Huffman code that its tables lack");
  }

  /** Passes restart marker `number` (0 to 7), which must come next. */
  restart(number: number): void {
    const marker = this.end();
    if (this.bytes[marker] !== 0xff || this.bytes[marker + 1] !== 0xd0 + number) {
      throw new Error(`restart marker ${number} is missing`);
    }
    this.at = marker + 2;
  }

  /** Drops the rest of the last byte; returns where the file goes on. @throws if whole bytes are left */
  end(): number {
    if (this.count - this.absent >= 8) throw new Error("more data in a scan than its blocks take");
    this.buffer = 0;
    this.count = 0;
    this.absent = 0;
    return this.at;
  }
}
