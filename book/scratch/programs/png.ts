// A picture as a PNG file, in the fewest parts that the format allows: signature, header, one compressed block of rows, end. Each part is its length, a name
// of four letters, its bytes, and a checksum (CRC-32) of name and bytes. See the PNG specification, https://www.w3.org/TR/png-3/.

/** Rows of pixels, three bytes each: red, green, blue. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** CRC-32: the remainder of the bytes as a polynomial over bits, divided by 0xEDB88320 (written backwards). */
export function crc32(bytes: Uint8Array): number {
  let rest = 0xffffffff;
  for (const byte of bytes) {
    rest ^= byte;
    for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ 0xedb88320 : rest >>> 1;
  }
  return ~rest >>> 0;
}

function joined(parts: readonly ArrayLike<number>[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const each of parts) {
    bytes.set(each, at);
    at += each.length;
  }
  return bytes;
}

/** Four bytes, the most significant first. */
function fourBytes(value: number): number[] {
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 255);
}

function part(name: string, bytes: ArrayLike<number>): Uint8Array {
  const body = joined([Array.from(name, (letter) => letter.charCodeAt(0)), bytes]);
  return joined([fourBytes(bytes.length), body, fourBytes(crc32(body))]);
}

/** As zlib compresses; every JavaScript engine has it. */
async function deflate(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** @throws RangeError where the bytes are not three a pixel. */
export async function encodePng({ width, height, data }: Picture): Promise<Uint8Array> {
  if (data.length !== 3 * width * height) {
    throw new RangeError(
      `${width} by ${height} pixels are ${3 * width * height} bytes of red, green and blue, got ${data.length}`,
    );
  }
  // Eight bits a channel, colour type 2: red, green, blue.
  const header = [...fourBytes(width), ...fourBytes(height), 8, 2, 0, 0, 0];
  // Each row begins with the number of its filter: 0, none.
  const rows = new Uint8Array(height * (1 + 3 * width));
  for (let y = 0; y < height; y++) rows.set(data.subarray(3 * width * y, 3 * width * (y + 1)), y * (1 + 3 * width) + 1);
  const signature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
  return joined([signature, part("IHDR", header), part("IDAT", await deflate(rows)), part("IEND", [])]);
}

/** A sun above the sea: something to look at, from formulas. */
export function seascape(width: number, height: number): Picture {
  const data = new Uint8Array(3 * width * height);
  const horizon = Math.round(0.6 * height);
  const [sunX, sunY, radius] = [0.68 * width, 0.36 * height, 0.13 * height];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const depth = (y - horizon) / (height - horizon);
      let colour =
        y < horizon
          ? [70 + (150 * y) / horizon, 120 + (70 * y) / horizon, 200 - (60 * y) / horizon]
          : [20, 70 - 30 * depth, 120 - 60 * depth];
      if (Math.hypot(x - sunX, y - sunY) < radius) colour = [255, 236, 170];
      // Its light on the waves.
      const glitter = Math.abs(x - sunX) < radius * (0.5 + depth) && Math.sin(3 * x + 1.7 * y * y) > 0.3;
      if (y >= horizon && glitter) colour = [230, 190, 120];
      data.set(colour.map(Math.round), 3 * (y * width + x));
    }
  }
  return { width, height, data };
}
