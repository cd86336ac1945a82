import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { lstat, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { removeUnfinished, writeFileAtomically } from "./atomic.node.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "nabla-atomic-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

test("makes missing folders, replaces a file whole, and leaves nothing else", async () => {
  const path = join(folder, "a", "b.bin");
  await writeFileAtomically(path, Uint8Array.of(1, 2));
  await writeFileAtomically(path, "new");
  expect(await readFile(path, "utf8")).toBe("new");
  expect(await readdir(join(folder, "a"))).toEqual(["b.bin"]);
});

test.runIf(process.platform === "linux")(
  "where no folder can be made, that is an error, and not tried for ever",
  async () => {
    await expect(writeFileAtomically("/proc/nowhere/a/b.bin", "new")).rejects.toThrow("ENOENT");
  },
);

test("leaves the old file and no temporary one where the new one cannot be put in place", async () => {
  await writeFileAtomically(join(folder, "taken", "inside"), "old");
  await expect(writeFileAtomically(join(folder, "taken"), "new")).rejects.toThrow();
  expect(await readdir(folder)).toEqual(["taken"]);
  expect(await readFile(join(folder, "taken", "inside"), "utf8")).toBe("old");
});

test.skipIf(process.platform === "win32")(
  "a pipe is written into, and stays one; so do devices, such as /dev/null",
  async () => {
    const path = join(folder, "pipe");
    execFileSync("mkfifo", [path]);
    const reader = spawn("cat", [path], { stdio: ["ignore", "pipe", "inherit"] });
    let got = "";
    reader.stdout.on("data", (data) => {
      got += String(data);
    });
    const closed = once(reader, "close");
    await writeFileAtomically(path, "through");
    await closed;
    expect(got).toBe("through");
    expect((await lstat(path)).isFIFO()).toBe(true);
    await writeFileAtomically("/dev/null", "away");
    expect((await lstat("/dev/null")).isCharacterDevice()).toBe(true);
  },
);

test.skipIf(process.platform === "win32")("a link stays one, and the file that it names is replaced", async () => {
  await writeFile(join(folder, "real"), "old");
  await symlink(join(folder, "real"), join(folder, "link"));
  await writeFileAtomically(join(folder, "link"), "new");
  expect((await lstat(join(folder, "link"))).isSymbolicLink()).toBe(true);
  expect(await readFile(join(folder, "real"), "utf8")).toBe("new");
  expect((await readdir(folder)).sort()).toEqual(["link", "real"]);
});

test("what a killed writer left is removed, and nothing else", async () => {
  for (const name of [".model.bin.0123456789ab.part", "model.bin", ".hidden", "notes.part"])
    await writeFile(join(folder, name), "");
  await removeUnfinished(folder);
  expect((await readdir(folder)).sort()).toEqual([".hidden", "model.bin", "notes.part"]);
  await removeUnfinished(join(folder, "nowhere"));
});
