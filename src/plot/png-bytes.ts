// A PNG file from palette indices, without a compressor: small images (digits, weights) are stored as they are, which
// works synchronously everywhere and gives the same bytes everywhere. Format: PNG specification, third edition (W3C).

/** An opaque colour, or one with its opacity (0 to 255) as a fourth number. */
export type PixelColour = readonly number[];

/** A PNG with a palette of at most 256 colours; `indices` row by row. */
export function indexedPng(
  width: number,
  height: number,
  indices: Uint8Array,
  colours: readonly PixelColour[],
): Uint8Array {
  const transparent = colours.some((colour) => (colour[3] ?? 255) < 255);
  return assemble(width, height, 3, 1, indices, [
    chunk("PLTE", Uint8Array.from(colours.flatMap((colour) => colour.slice(0, 3)))),
    ...(transparent
      ? [
          chunk(
            "tRNS",
            Uint8Array.from(colours, (colour) => colour[3] ?? 255),
          ),
        ]
      : []),
  ]);
}

/** A PNG of 8-bit samples: one a pixel (grey) or three (red, green, blue), row by row. */
export function samplePng(width: number, height: number, channels: 1 | 3, samples: Uint8Array): Uint8Array {
  return assemble(width, height, channels === 1 ? 0 : 2, channels, samples, []);
}

function assemble(
  width: number,
  height: number,
  colourType: number,
  channels: number,
  samples: Uint8Array,
  extra: readonly Uint8Array[],
): Uint8Array {
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header[8] = 8;
  header[9] = colourType;
  const rowLength = width * channels;
  // Each row begins with its filter: 0, none.
  const rows = new Uint8Array(height * (rowLength + 1));
  for (let row = 0; row < height; row++) {
    rows.set(samples.subarray(row * rowLength, (row + 1) * rowLength), row * (rowLength + 1) + 1);
  }
  const signature = Uint8Array.of(137, 80, 78, 71, 13, 10, 26, 10);
  return join([
    signature,
    chunk("IHDR", header),
    ...extra,
    chunk("IDAT", storedZlib(rows)),
    chunk("IEND", new Uint8Array(0)),
  ]);
}

/** A zlib stream of stored blocks (RFC 1950, RFC 1951). */
function storedZlib(data: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [Uint8Array.of(0x78, 0x01)];
  const most = 65535;
  for (let from = 0; from < data.length; from += most) {
    const block = data.subarray(from, from + most);
    const last = from + most >= data.length ? 1 : 0;
    const { length } = block;
    parts.push(Uint8Array.of(last, length & 255, length >> 8, ~length & 255, (~length >> 8) & 255), block);
  }
  let a = 1;
  let b = 0;
  for (const byte of data) {
    a = (a + byte) % 65521;
    b = (b + a) % 65521;
  }
  parts.push(Uint8Array.of(b >> 8, b & 255, a >> 8, a & 255));
  return join(parts);
}

const crcTable = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c >>> 0;
});

function chunk(type: string, data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(data.length + 12);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  for (let i = 0; i < 4; i++) bytes[4 + i] = type.charCodeAt(i);
  bytes.set(data, 8);
  let crc = 0xffffffff;
  for (let i = 4; i < bytes.length - 4; i++) crc = crcTable[(crc ^ bytes[i]) & 255] ^ (crc >>> 8);
  view.setUint32(bytes.length - 4, (crc ^ 0xffffffff) >>> 0);
  return bytes;
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
