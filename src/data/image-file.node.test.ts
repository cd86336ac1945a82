import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import { encode } from "fast-png";
import jpeg from "jpeg-js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readImageFile } from "./image-file.node.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "nabla-image-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function read(bytes: Uint8Array) {
  const path = join(folder, "picture");
  await writeFile(path, bytes);
  return readImageFile(path);
}

function crc32(bytes: Uint8Array): number {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

/** A PNG file put together by hand, for what the encoder does not write. */
function png(header: number[], chunks: [string, Uint8Array][]): Uint8Array {
  const parts: Buffer[] = [Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])];
  for (const [type, body] of [["IHDR", Uint8Array.from(header)], ...chunks, ["IEND", new Uint8Array(0)]] as const) {
    const chunk = Buffer.alloc(12 + body.length);
    chunk.writeUInt32BE(body.length, 0);
    chunk.write(type, 4, "latin1");
    chunk.set(body, 8);
    chunk.writeUInt32BE(crc32(chunk.subarray(4, 8 + body.length)), 8 + body.length);
    parts.push(chunk);
  }
  return Buffer.concat(parts);
}
const header = (width: number, height: number, depth: number, colour: number, interlace = 0) => [
  ...[0, 0, width >> 8, width & 255, 0, 0, height >> 8, height & 255],
  ...[depth, colour, 0, 0, interlace],
];

describe("PNG", () => {
  it.each([1, 2, 3, 4])("%d channels of 8 bits", async (channels) => {
    const data = Uint8Array.from({ length: 6 * channels }, (_, k) => 37 * k);
    expect(await read(encode({ width: 3, height: 2, channels, depth: 8, data }))).toEqual({
      ...{ width: 3, height: 2, channels },
      data,
    });
  });

  it("16 bits are reduced to 8", async () => {
    const data = Uint16Array.of(0, 0x1234, 0xff00, 0xffff);
    expect((await read(encode({ width: 4, height: 1, channels: 1, depth: 16, data }))).data).toEqual(
      Uint8Array.of(0, 0x12, 0xff, 0xff),
    );
  });

  it("1, 2 and 4 bits are spread over 0 to 255", async () => {
    const packed = (depth: number, ...row: number[]) =>
      read(png(header(3, 1, depth, 0), [["IDAT", deflateSync(Uint8Array.of(0, ...row))]]));
    expect((await packed(1, 0b10100000)).data).toEqual(Uint8Array.of(255, 0, 255));
    expect((await packed(2, 0b00011100)).data).toEqual(Uint8Array.of(0, 85, 255));
    expect((await packed(4, 0x0f, 0x50)).data).toEqual(Uint8Array.of(0, 255, 85));
  });

  it("a palette, with transparency", async () => {
    const bytes = png(header(2, 1, 8, 3), [
      ["PLTE", Uint8Array.of(255, 0, 0, 0, 0, 255)],
      ["tRNS", Uint8Array.of(0)],
      ["IDAT", deflateSync(Uint8Array.of(0, 1, 0))],
    ]);
    expect(await read(bytes)).toEqual({
      ...{ width: 2, height: 1, channels: 4 },
      data: Uint8Array.of(0, 0, 255, 255, 255, 0, 0, 0),
    });
  });

  it("interlaced, of one bit: seven passes", async () => {
    // Of 3 x 3 pixels, passes 1 and 4 have one, 5 two in a row, 6 two in two rows, 7 three; 2 and 3 have none.
    const rows = [0, 0b10000000, 0, 0b10000000, 0, 0b10000000, 0, 0b00000000, 0, 0b10000000, 0, 0b00100000];
    const bytes = png(header(3, 3, 1, 0, 1), [["IDAT", deflateSync(Uint8Array.from(rows))]]);
    expect((await read(bytes)).data).toEqual(Uint8Array.of(...[255, 0, 255], ...[0, 0, 255], ...[255, 255, 0]));
  });

  it("one colour named transparent becomes alpha", async () => {
    const bytes = png(header(2, 1, 8, 0), [
      ["tRNS", Uint8Array.of(0, 9)],
      ["IDAT", deflateSync(Uint8Array.of(0, 9, 8))],
    ]);
    expect(await read(bytes)).toEqual({ width: 2, height: 1, channels: 2, data: Uint8Array.of(9, 0, 8, 255) });
  });
});

describe("PNG, what no pixel needs", () => {
  it("a colour profile and a text that inflate to 64 MiB each are not inflated", async () => {
    const bomb = deflateSync(new Uint8Array(64 * 2 ** 20));
    const bytes = png(header(2, 1, 8, 0), [
      ["iCCP", Buffer.concat([Buffer.from("profile\0\0"), bomb])],
      ["zTXt", Buffer.concat([Buffer.from("Comment\0\0"), bomb])],
      ["IDAT", deflateSync(Uint8Array.of(0, 7, 8))],
    ]);
    const before = process.resourceUsage().maxRSS;
    expect((await read(bytes)).data).toEqual(Uint8Array.of(7, 8));
    expect(process.resourceUsage().maxRSS - before).toBeLessThan(32 * 1024);
  });

  it("pixels that inflate to more than the size says are refused at that size", async () => {
    const bytes = png(header(28, 28, 8, 0), [["IDAT", deflateSync(new Uint8Array(64 * 2 ** 20))]]);
    const before = process.resourceUsage().maxRSS;
    await expect(read(bytes)).rejects.toThrow("damaged PNG picture (more pixels than its size says)");
    expect(process.resourceUsage().maxRSS - before).toBeLessThan(32 * 1024);
  });

  it("a palette suggested for true colours is not taken for the colours", async () => {
    const bytes = png(header(1, 1, 8, 2), [
      ["PLTE", Uint8Array.of(9, 9, 9)],
      ["IDAT", deflateSync(Uint8Array.of(0, 1, 2, 3))],
    ]);
    expect(await read(bytes)).toEqual({ width: 1, height: 1, channels: 3, data: Uint8Array.of(1, 2, 3) });
  });
});

describe("limits can be set", () => {
  const grey = encode({ width: 40, height: 40, channels: 1, depth: 8, data: new Uint8Array(1600) });
  it("maxPixels and maxBytes", async () => {
    const path = join(folder, "limited.png");
    await writeFile(path, grey);
    await expect(readImageFile(path, { maxPixels: 1599 })).rejects.toThrow(
      `${path}: 40x40 pixels is too large, at most 0.001599 megapixels are read; make the picture smaller, or set maxPixels`,
    );
    expect((await readImageFile(path, { maxPixels: 1600 })).width).toBe(40);
    await expect(readImageFile(path, { maxBytes: 10 })).rejects.toThrow(
      `${grey.length} bytes is too large, at most 10 are read`,
    );
    await expect(readImageFile(path, { maxPixels: Number.NaN })).rejects.toThrow(RangeError);
    await expect(readImageFile(path, { maxPixel: 5 } as object)).rejects.toThrow(/maxPixel.*maxPixels/);
  });
  it.skipIf(process.platform === "win32")("a device is not read", async () => {
    await expect(readImageFile("/dev/zero")).rejects.toThrow(
      "/dev/zero: is a device, a pipe or a socket, not a regular file",
    );
  });
});

/** A JPEG with eight equal blocks of 8x8 in a row of four columns and two rows, and an EXIF orientation. */
function turnedJpeg(orientation: number): Uint8Array {
  const [width, height] = [32, 16];
  const data = Buffer.alloc(width * height * 4, 255);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++)
      data.fill(20 * ((x >> 3) + 4 * (y >> 3)), (y * width + x) * 4, (y * width + x) * 4 + 3);
  }
  const plain = jpeg.encode({ width, height, data }, 100).data;
  const exif = Buffer.from([
    ...[0xff, 0xe1, 0, 34, ...Buffer.from("Exif\0\0"), ...Buffer.from("MM"), 0, 42, 0, 0, 0, 8],
    ...[0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0],
  ]);
  return Buffer.concat([plain.subarray(0, 2), exif, plain.subarray(2)]);
}

describe("JPEG", () => {
  it.each([
    [1, ["01234567".slice(0, 4), "4567"]],
    [2, ["3210", "7654"]],
    [3, ["7654", "3210"]],
    [4, ["4567", "0123"]],
    [5, ["04", "15", "26", "37"]],
    [6, ["40", "51", "62", "73"]],
    [7, ["73", "62", "51", "40"]],
    [8, ["37", "26", "15", "04"]],
  ])("EXIF orientation %d is turned upright", async (orientation, rows) => {
    const { width, height, channels, data } = await read(turnedJpeg(orientation));
    const seen: string[] = [];
    for (let y = 4; y < height; y += 8) {
      let row = "";
      for (let x = 4; x < width; x += 8) row += Math.round(data[(y * width + x) * channels] / 20);
      seen.push(row);
    }
    expect(seen).toEqual(rows);
  });
});

describe("readImageFile tells what is wrong with which file", () => {
  const grey = encode({
    width: 40,
    height: 40,
    channels: 1,
    depth: 8,
    data: new Uint8Array(1600).map((_, k) => k * k),
  });
  const photo = jpeg.encode({ width: 64, height: 64, data: Buffer.alloc(64 * 64 * 4).map((_, k) => k * k) }, 90).data;
  const scratched = Uint8Array.from(grey);
  scratched[100] ^= 1;
  const hugeJpeg = Uint8Array.from(photo);
  const frame = hugeJpeg.findIndex((byte, k) => byte === 0xff && (hugeJpeg[k + 1] & 0xfe) === 0xc0);
  hugeJpeg.set([0xff, 0xff, 0xff, 0xff], frame + 5);

  it.each<[string, Uint8Array, string]>([
    ["empty", new Uint8Array(0), "an empty file; convert"],
    ["text", Buffer.from("hello"), "not a PNG, JPEG, GIF or WebP picture; convert the picture"],
    ["TIFF", Buffer.from("II*\0........"), "not a PNG, JPEG, GIF or WebP picture"],
    ["PNG cut in the header", grey.subarray(0, 20), "damaged PNG picture (it ends within its header)"],
    ["PNG cut in the data", grey.subarray(0, 200), "damaged PNG picture"],
    ["PNG with a changed byte", scratched, "damaged PNG picture"],
    ["JPEG cut in the header", photo.subarray(0, 12), "damaged JPEG picture"],
    ["JPEG cut in the data", photo.subarray(0, photo.length / 2), "damaged JPEG picture"],
    ["huge PNG", png(header(20000, 20000, 8, 2), []), "20000x20000 pixels is too large, at most 100 megapixels"],
    ["huge JPEG", hugeJpeg, "65535x65535 pixels is too large"],
    ["PNG of no pixels", png(header(0, 5, 8, 0), []), "0x5 pixels, a picture without content"],
    ["PNG with too few rows", png(header(2, 9, 8, 0), [["IDAT", deflateSync(Uint8Array.of(0, 1, 2))]]), "damaged PNG"],
    [
      "PNG with more rows",
      png(header(2, 1, 8, 0), [["IDAT", deflateSync(new Uint8Array(9))]]),
      "more pixels than its size",
    ],
    ["PNG without data", png(header(9000, 9000, 8, 0), [["IDAT", deflateSync(new Uint8Array(9))]]), "more than the 1"],
    [
      "PNG with an odd filter",
      png(header(1, 1, 8, 0), [["IDAT", deflateSync(Uint8Array.of(5, 0))]]),
      "filter 5 in row 0",
    ],
    [
      "PNG with a colour outside its palette",
      png(header(1, 1, 8, 3), [
        ["PLTE", Uint8Array.of(1, 2, 3)],
        ["IDAT", deflateSync(Uint8Array.of(0, 1))],
      ]),
      "colour 1 of a palette of 1",
    ],
    [
      "PNG of 16 bits a channel, large",
      png(header(8000, 8000, 16, 6), []),
      "8000x8000 pixels of 16 bits a channel is too large",
    ],
  ])("%s", async (_, bytes, message) => {
    await expect(read(bytes)).rejects.toThrow(message);
    await expect(read(bytes)).rejects.toThrow(join(folder, "picture"));
  });

  it("missing, and a folder", async () => {
    const path = join(folder, "nowhere.png");
    await expect(readImageFile(path)).rejects.toThrow(`${path}: there is no such file or folder`);
    await expect(readImageFile(folder)).rejects.toThrow(`${folder}: is a folder, not a file`);
  });
});
