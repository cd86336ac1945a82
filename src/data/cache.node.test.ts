import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { cacheFolder, readIdxFile } from "./cache.node.ts";
import { writeIdx } from "./idx.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "nabla-cache-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe("cacheFolder follows the platform", () => {
  it("Linux: XDG_CACHE_HOME, else ~/.cache", () => {
    expect(cacheFolder({}, "linux", "/home/a")).toBe(join("/home/a", ".cache", "nabla"));
    expect(cacheFolder({ XDG_CACHE_HOME: "/x" }, "linux", "/home/a")).toBe(join("/x", "nabla"));
  });
  it("macOS: ~/Library/Caches", () => {
    expect(cacheFolder({ XDG_CACHE_HOME: "/x" }, "darwin", "/Users/a")).toBe(
      join("/Users/a", "Library", "Caches", "nabla"),
    );
  });
  it("Windows: LOCALAPPDATA, else AppData in the home folder", () => {
    expect(cacheFolder({ LOCALAPPDATA: "local" }, "win32", "home")).toBe(join("local", "nabla", "cache"));
    expect(cacheFolder({}, "win32", "home")).toBe(join("home", "AppData", "Local", "nabla", "cache"));
  });
  it("NABLA_CACHE_DIR overrides all", () => {
    for (const platform of ["linux", "darwin", "win32"] as const) {
      expect(cacheFolder({ NABLA_CACHE_DIR: "mine", XDG_CACHE_HOME: "/x" }, platform, "/h")).toBe(resolve("mine"));
    }
  });
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
});
