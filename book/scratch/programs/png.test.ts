// The checksum of the specification's own example, and files that another reader reads.
import { decode } from "fast-png";
import { expect, test } from "vitest";
import { crc32, encodePng, seascape } from "./png.ts";

test("CRC-32 of 123456789 is cbf43926", () => {
  expect(crc32(Buffer.from("123456789"))).toBe(0xcbf43926);
});

test("fast-png reads the same pixels", async () => {
  const picture = seascape(31, 17);
  const read = decode(await encodePng(picture));
  expect([read.width, read.height, read.channels, read.depth]).toEqual([31, 17, 3, 8]);
  expect(Array.from(read.data)).toEqual(Array.from(picture.data));
});

test("a picture whose bytes do not fit its size is refused", async () => {
  await expect(encodePng({ width: 2, height: 2, data: new Uint8Array(11) })).rejects.toThrow(
    "are 12 bytes of red, green and blue, got 11",
  );
});
