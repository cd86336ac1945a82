// A picture as a PNG file, in the fewest parts that the format allows: signature, header, one compressed block of rows, end. Each part is its length, a name
// of four letters, its bytes, and a checksum (CRC-32) of name and bytes. See the PNG specification, https://www.w3.org/TR/png-3/.
import { deflateSync } from "node:zlib";

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

function part(name: string, bytes: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(name, "latin1"), bytes]);
  const [length, sum] = [bytes.length, crc32(body)].map((value) => {
    const four = Buffer.alloc(4);
    four.writeUInt32BE(value);
    return four;
  });
  return Buffer.concat([length, body, sum]);
}

export function encodePng({ width, height, data }: Picture): Buffer {
  if (data.length !== 3 * width * height) {
    throw new RangeError(
      `${width} by ${height} pixels are ${3 * width * height} bytes of red, green and blue, got ${data.length}`,
    );
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  // Eight bits a channel, colour type 2: red, green, blue.
  header.set([8, 2, 0, 0, 0], 8);
  // Each row begins with the number of its filter: 0, none.
  const rows = Buffer.alloc(height * (1 + 3 * width));
  for (let y = 0; y < height; y++) rows.set(data.subarray(3 * width * y, 3 * width * (y + 1)), y * (1 + 3 * width) + 1);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([
    signature,
    part("IHDR", header),
    part("IDAT", deflateSync(rows)),
    part("IEND", Buffer.alloc(0)),
  ]);
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
