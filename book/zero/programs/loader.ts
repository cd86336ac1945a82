// Reading MNIST's files by hand, as the third part of the series does: a header, then one byte a pixel or one byte a label.

/** Bytes of one image. */
const PIXELS = 28 * 28;

export class Loader {
  readonly content: Uint8Array;
  readonly count: number;

  /** `content`: the file, uncompressed. `count`: how many images or labels to take from its beginning. */
  constructor(content: Uint8Array, count: number) {
    this.content = content;
    this.count = count;
  }

  /** The whole number in the four bytes from `at`, the most significant first. */
  toInt(at: number): number {
    return this.content.subarray(at, at + 4).reduce((value, byte) => value * 256 + byte, 0);
  }

  protected check(magic: number, what: string): void {
    const [found, held] = [this.toInt(0), this.toInt(4)];
    if (found !== magic)
      throw new Error(`${what}: the file begins with ${found} instead of ${magic}; is it another one?`);
    if (held < this.count) throw new RangeError(`${what}: the file holds ${held}, ${this.count} were asked for`);
  }
}

export class ImageLoader extends Loader {
  /** The pixels of image `index`, row by row; 16 bytes of header come before the first. */
  getPicture(index: number): Uint8Array {
    const start = index * PIXELS + 16;
    return this.content.subarray(start, start + PIXELS);
  }

  /** As an input: the bytes as they are, 0 to 255. */
  getOneSample(picture: Uint8Array): number[] {
    return Array.from(picture);
  }

  load(): number[][] {
    this.check(2051, "images");
    return Array.from({ length: this.count }, (_, index) => this.getOneSample(this.getPicture(index)));
  }
}

export class LabelLoader extends Loader {
  load(): number[][] {
    this.check(2049, "labels");
    return Array.from({ length: this.count }, (_, index) => norm(this.content[index + 8]));
  }
}

/** The target of a label: 0.9 at its place and 0.1 elsewhere, which a sigmoid reaches with finite weights. */
export function norm(label: number): number[] {
  return Array.from({ length: 10 }, (_, i) => (i === label ? 0.9 : 0.1));
}
