// Regular files are read, up to a length; everything else is told what it is. Waiting or not, the same.
import { symlinkSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { explain, readRegularFile, readRegularFileSync } from "./file.node.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "nabla-file-"));
  await writeFile(join(folder, "a"), "hello");
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe.each([
  ["readRegularFile", readRegularFile],
  ["readRegularFileSync", async (path: string, most?: number) => readRegularFileSync(path, most)],
])("%s", (_, read) => {
  it("reads a file of the largest length", async () => {
    expect(new TextDecoder().decode(await read(join(folder, "a"), 5))).toBe("hello");
  });
  it("refuses a longer one, by its size", async () => {
    await expect(read(join(folder, "a"), 4)).rejects.toThrow(
      `${join(folder, "a")}: 5 bytes is too large, at most 4 are read`,
    );
  });
  it("names what is missing and what is a folder", async () => {
    await expect(read(join(folder, "b"))).rejects.toThrow(`${join(folder, "b")}: there is no such file or folder`);
    await expect(read(folder)).rejects.toThrow(`${folder}: is a folder, not a file`);
  });
  it.skipIf(process.platform === "win32")("refuses a device, also behind a link", async () => {
    const link = join(folder, `link-${_}`);
    symlinkSync("/dev/zero", link);
    await expect(read(link)).rejects.toThrow(`${link}: is a device, a pipe or a socket, not a regular file`);
  });
});

it.each([
  ["EROFS", "the file system is read-only"],
  ["EACCES", "permission denied"],
  ["ENOSPC", "no space left on the disk"],
  ["ELOOP", "symbolic links that run in a circle"],
])("%s is told as what it is", (code, words) => {
  expect(explain(Object.assign(new Error("x"), { code }))).toBe(words);
});
