// Arrays of three axes for programs by hand: channels of rows and columns, as images and feature maps are.

/** Channel d, row i, column j stands at `values[(d * height + i) * width + j]`. */
export class Volume {
  readonly depth: number;
  readonly height: number;
  readonly width: number;
  readonly values: Float64Array;

  /** Zeros where `values` are left out; a Float64Array is shared, anything else copied. */
  constructor(depth: number, height: number, width: number, values?: ArrayLike<number>) {
    const size = depth * height * width;
    if (values !== undefined && values.length !== size) {
      throw new RangeError(`Volume: ${depth}x${height}x${width} takes ${size} numbers, got ${values.length}`);
    }
    this.depth = depth;
    this.height = height;
    this.width = width;
    if (values === undefined) this.values = new Float64Array(size);
    else this.values = values instanceof Float64Array ? values : Float64Array.from(values);
  }

  static from(channels: readonly (readonly (readonly number[])[])[]): Volume {
    const [height, width] = [channels[0]?.length ?? 0, channels[0]?.[0]?.length ?? 0];
    if (channels.some((rows) => rows.length !== height || rows.some((row) => row.length !== width))) {
      throw new RangeError("Volume: channels or rows differ in length");
    }
    return new Volume(channels.length, height, width, channels.flat(2));
  }

  /** Every element by `f(d, i, j)`. */
  static fill(depth: number, height: number, width: number, f: (d: number, i: number, j: number) => number): Volume {
    const result = new Volume(depth, height, width);
    let at = 0;
    for (let d = 0; d < depth; d++) {
      for (let i = 0; i < height; i++) for (let j = 0; j < width; j++) result.values[at++] = f(d, i, j);
    }
    return result;
  }

  at(d: number, i: number, j: number): number {
    return this.values[(d * this.height + i) * this.width + j];
  }

  get shape(): readonly [depth: number, height: number, width: number] {
    return [this.depth, this.height, this.width];
  }

  /** Channel d as a volume of depth 1, sharing memory. */
  channel(d: number): Volume {
    const size = this.height * this.width;
    return new Volume(1, this.height, this.width, this.values.subarray(d * size, (d + 1) * size));
  }

  map(f: (value: number) => number): Volume {
    return new Volume(this.depth, this.height, this.width, this.values.map(f));
  }

  copy(): Volume {
    return new Volume(this.depth, this.height, this.width, this.values.slice());
  }

  sum(): number {
    return this.values.reduce((sum, value) => sum + value, 0);
  }

  toChannels(): number[][][] {
    return Array.from({ length: this.depth }, (_, d) =>
      Array.from({ length: this.height }, (_, i) => Array.from({ length: this.width }, (_, j) => this.at(d, i, j))),
    );
  }
}
