// GIF and WebP against Pillow's files and what Pillow reads of them (test/oracle/pictures.py).
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inflateSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readImageFile } from "./image-file.node.ts";
import type { Picture } from "./picture.ts";

const ORACLE = new URL("../../test/oracle/pictures.json", import.meta.url);
interface Sample {
  readonly file: string;
  readonly width: number;
  readonly height: number;
  readonly rgba: string;
}
const { pictures } = JSON.parse(await readFile(ORACLE, "utf8")) as { pictures: Record<string, Sample> };
const bytesOf = (base64: string): Uint8Array => Uint8Array.from(Buffer.from(base64, "base64"));

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "nabla-formats-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function read(bytes: Uint8Array, options = {}): Promise<Picture> {
  const path = join(folder, "picture");
  await writeFile(path, bytes);
  return readImageFile(path, options);
}

/** With four bytes a pixel; where a pixel is wholly transparent, its colour says nothing. */
function shown(data: ArrayLike<number>, channels: number): number[] {
  const values: number[] = [];
  for (let at = 0; at < data.length; at += channels) {
    const alpha = channels === 4 ? data[at + 3] : 255;
    values.push(...[0, 1, 2].map((c) => (alpha === 0 ? 0 : data[at + c])), alpha);
  }
  return values;
}

describe("as Pillow reads them", () => {
  const still = Object.entries(pictures).filter(([name]) => name !== "WebP, animation");
  it.each(still)("%s", async (name, { file, width, height, rgba }) => {
    const picture = await read(bytesOf(file));
    expect([picture.width, picture.height]).toEqual([width, height]);
    const [ours, theirs] = [shown(picture.data, picture.channels), shown(inflateSync(bytesOf(rgba)), 4)];
    if (!name.includes("lossy")) expect(ours).toEqual(theirs);
    // Decoders may round where colours are turned back from brightness and two differences.
    else expect(Math.max(...ours.map((value, k) => Math.abs(value - theirs[k])))).toBeLessThanOrEqual(2);
    expect(picture.channels).toBe(name.includes("transparen") ? 4 : 3);
  });
});

describe("GIF", () => {
  // One pixel of colour 1, of a list of two colours.
  const small = (changes: Record<number, number> = {}): Uint8Array => {
    const bytes = Uint8Array.from([
      ...[...Buffer.from("GIF89a")],
      ...[1, 0, 1, 0, 0x80, 0, 0, 10, 20, 30, 40, 50, 60],
      ...[0x2c, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x4c, 1, 0, 0x3b],
    ]);
    for (const [at, value] of Object.entries(changes)) bytes[Number(at)] = value;
    return bytes;
  };

  it("one pixel, written by hand", async () => {
    expect(await read(small())).toEqual({ width: 1, height: 1, channels: 3, data: Uint8Array.of(40, 50, 60) });
  });

  it("a picture over the edge of its canvas makes the canvas larger; what is not painted is transparent", async () => {
    // Its left edge at column 1 of a canvas one column wide.
    expect(await read(small({ 20: 1 }))).toEqual({
      ...{ width: 2, height: 1, channels: 4 },
      data: Uint8Array.of(0, 0, 0, 0, 40, 50, 60, 255),
    });
  });

  it("damage is named", async () => {
    const damaged = /damaged GIF picture \((.*)\); open it in an image program/;
    const reason = async (bytes: Uint8Array) =>
      damaged.exec(
        await read(bytes).then(
          () => "",
          (error: Error) => error.message,
        ),
      )?.[1];
    expect(await reason(small().subarray(0, 30))).toBe("it ends too early");
    expect(await reason(small({ 19: 0x3b }))).toBe("it ends without a picture");
    expect(await reason(small({ 19: 7 }))).toBe("no block begins with 7, at byte 19");
    expect(await reason(small({ 29: 12 }))).toBe("codes that begin with 12 bits");
    // The code of the end (5) in place of a pixel; then a code that has no meaning yet.
    expect(await reason(small({ 31: 0x2c }))).toBe("its pixels end after 0 of 1");
    expect(await reason(small({ 31: 0x3c }))).toBe("code 7 before it has a meaning");
    expect(await reason(small({ 31: 0x1c }))).toBe("colour 3 of a list of 2");
    expect(await reason(small({ 10: 0 }).filter((_, k) => k < 13 || k > 18))).toBe("it has no list of colours");
    expect(await reason(small({ 25: 1, 26: 0xff }))).toMatch(/^257x255 pixels take more than the 2 bytes/);
  });

  it("no more pixels than asked for", async () => {
    await expect(read(small({ 24: 0xff, 25: 0xff, 26: 0xff, 27: 0xff }))).rejects.toThrow(
      "65535x65535 pixels is too large, at most 100 megapixels are read",
    );
    await expect(read(small({ 24: 0 }))).rejects.toThrow("0x1 pixels, a picture without content");
  });
});

describe("WebP", () => {
  const lossless = bytesOf(pictures["WebP, lossless"].file);

  it("an animation is refused by name", async () => {
    await expect(read(bytesOf(pictures["WebP, animation"].file))).rejects.toThrow("an animation, which is not read");
  });

  it("no more pixels than asked for, before anything is unpacked", async () => {
    await expect(read(lossless, { maxPixels: 100 })).rejects.toThrow("21x17 pixels is too large");
  });

  it("damage is named", async () => {
    await expect(read(lossless.subarray(0, 20))).rejects.toThrow("damaged WebP picture (it ends within its header)");
    await expect(read(lossless.subarray(0, 40))).rejects.toThrow("damaged WebP picture");
    const other = lossless.slice();
    other[12] = 0x51;
    await expect(read(other)).rejects.toThrow('it begins with chunk "QP8L"');
  });
});
