// IDX files on disk: told by content, named when damaged, and never decompressed further than their header says.
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { writeIdx } from "./idx.ts";
import { readIdxFile } from "./idx-file.node.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "nabla-idx-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe("readIdxFile", () => {
  const array = { type: "int16", shape: [2], data: Int16Array.of(5, -5) } as const;

  it("reads plain and gzip, told by content and not by name", async () => {
    await writeFile(join(folder, "plain.gz"), writeIdx(array));
    await writeFile(join(folder, "packed"), gzipSync(writeIdx(array)));
    expect(await readIdxFile(join(folder, "plain.gz"))).toEqual(array);
    expect(await readIdxFile(join(folder, "packed"))).toEqual(array);
  });

  it("names the file that is missing, is a folder, or is damaged", async () => {
    const path = join(folder, "x.gz");
    await expect(readIdxFile(path)).rejects.toThrow(`${path}: there is no such file or folder`);
    await expect(readIdxFile(folder)).rejects.toThrow(`${folder}: is a folder, not a file`);
    const packed = gzipSync(writeIdx(array));
    await writeFile(path, packed.subarray(0, packed.length - 9));
    await expect(readIdxFile(path)).rejects.toThrow(`${path}: damaged or incomplete gzip data`);
    await writeFile(path, gzipSync(writeIdx(array).subarray(0, 9)));
    await expect(readIdxFile(path)).rejects.toThrow(`${path}: the header says int16`);
  });

  it("says so where permission is denied", async () => {
    const path = join(folder, "locked");
    await writeFile(path, "");
    await chmod(path, 0);
    // The administrator may read everything: then the empty file itself is what is wrong.
    const expected =
      process.getuid?.() === 0 || process.platform === "win32" ? "4 bytes of header" : "permission denied";
    await expect(readIdxFile(path)).rejects.toThrow(expected);
  });

  it("joins the parts of a file that was compressed in several", async () => {
    const bytes = writeIdx(array);
    await writeFile(
      join(folder, "parts"),
      Buffer.concat([0, 3, 6, 9].map((from) => gzipSync(bytes.subarray(from, from + 3)))),
    );
    expect(await readIdxFile(join(folder, "parts"))).toEqual(array);
  });

  it("decompresses what the header says and 64 KB, however much follows", async () => {
    const path = join(folder, "long.gz");
    const zeros = gzipSync(new Uint8Array(2 ** 20));
    await writeFile(path, Buffer.concat([gzipSync(writeIdx(array)), ...Array.from({ length: 400 }, () => zeros)]));
    const before = process.resourceUsage().maxRSS;
    await expect(readIdxFile(path)).rejects.toThrow(`${path}: more follows than the 12 bytes that it should hold`);
    expect(process.resourceUsage().maxRSS - before).toBeLessThan(100 * 1024);
  });

  it("refuses a header of more than the data can hold, or than maxBytes, before any of it is reserved", async () => {
    const path = join(folder, "large");
    const claims = Uint8Array.of(0, 0, 8, 2, 0x10, 0, 0, 0, 0, 0, 0, 1);
    await writeFile(path, gzipSync(claims));
    await expect(readIdxFile(path, 2 ** 40)).rejects.toThrow(
      /its header says 268435468 bytes, more than \d+ compressed bytes/,
    );
    await expect(readIdxFile(path, 1000)).rejects.toThrow(
      `${path}: its header says 268435468 bytes, at most 1000 are read`,
    );
    await writeFile(path, new Uint8Array(1001));
    await expect(readIdxFile(path, 1000)).rejects.toThrow(`${path}: 1001 bytes is too large, at most 1000 are read`);
  });

  it("compressed, but not IDX: says that, not that it is too long", async () => {
    const path = join(folder, "text.gz");
    await writeFile(path, gzipSync("hello ".repeat(100_000)));
    await expect(readIdxFile(path)).rejects.toThrow(`${path}: not an IDX file`);
  });

  it.skipIf(process.platform === "win32")("a device has no end: regular files only", async () => {
    await expect(readIdxFile("/dev/zero")).rejects.toThrow(
      "/dev/zero: is a device, a pipe or a socket, not a regular file",
    );
  });
});
