// Which libraries are looked for, and what becomes of one that can't be used: refused by name and reason, never loaded from the current folder.
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { onEngineWarning } from "../../node.ts";
import { configureEngine, engineFor, engineStatus } from "../configure.ts";
import { lookAgain, missingReason, nativeLibraries } from "./library.ts";
import { candidates, findFile, folders } from "./places.ts";

const kept = { ...process.env };
const here = process.cwd();
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "nabla-native-"));
});

afterEach(() => {
  process.chdir(here);
  rmSync(folder, { recursive: true });
  for (const name of ["NABLA_NATIVE", "NABLA_ENGINE", "LD_LIBRARY_PATH"]) {
    if (kept[name] === undefined) delete process.env[name];
    else process.env[name] = kept[name];
  }
  lookAgain();
});

function named(value: string): string {
  process.env["NABLA_NATIVE"] = value;
  lookAgain();
  expect(nativeLibraries()).toBeNull();
  return missingReason();
}

test("a path relative to the current folder is refused", () => {
  expect(named("./libdnnl.so.3")).toMatch(/relative to the current folder, from which libraries are never loaded/);
  expect(named("lib/libdnnl.so.3")).toMatch(/give an absolute path/);
});

test("a file that is not there, and a name that is nowhere", () => {
  expect(named("/nowhere/libdnnl.so.3")).toBe("NABLA_NATIVE names /nowhere/libdnnl.so.3, which does not exist");
  expect(named("libnothing.so")).toMatch(/NABLA_NATIVE names libnothing.so, which is in none of \//);
});

test("a broken library is named with the loader's reason", () => {
  const file = join(folder, "libdnnl.so.3");
  writeFileSync(file, "not a library");
  expect(named(file)).toMatch(/libdnnl\.so\.3: can't be loaded: \S/);
});

test.runIf(process.platform === "linux")("a library without the symbol is refused, and the symbol named", () => {
  const report = process.report.getReport() as unknown as { sharedObjects: string[] };
  const mathematics = report.sharedObjects.find((path) => basename(path).startsWith("libm.so"))!;
  expect(named(mathematics)).toBe(`${mathematics}: refused, for it has no symbol dnnl_sgemm and no cblas_sgemm`);
});

test.runIf(process.platform === "linux")("the current folder is not searched, whatever the loader's path says", () => {
  for (const { names } of candidates()) for (const name of names) writeFileSync(join(folder, name), "not a library");
  process.chdir(folder);
  process.env["LD_LIBRARY_PATH"] = `:.:${here}`;
  for (const path of folders()) expect(path).toMatch(/^\//);
  expect(folders()).not.toContain(folder);
  lookAgain();
  nativeLibraries();
  expect(missingReason()).not.toContain(folder);
});

test.runIf(process.platform === "linux")("folders that the environment lists come first", () => {
  process.env["LD_LIBRARY_PATH"] = folder;
  writeFileSync(join(folder, "libdnnl.so.3"), "not a library");
  expect(findFile("libdnnl.so.3", folders())).toBe(join(folder, "libdnnl.so.3"));
});

test("a library that is there under a longer version alone is found, the newest one; what only begins like it is not", () => {
  const other = join(folder, "other");
  mkdirSync(other);
  for (const name of ["libdnnl.so.3.7", "libdnnl.so.3.10", "libdnnl.so.3.9.1", "libdnnl.so.3.x", "libdnnl.so.31.1"]) {
    writeFileSync(join(folder, name), "not a library");
  }
  expect(findFile("libdnnl.so.3", [other, folder])).toBe(join(folder, "libdnnl.so.3.10"));
  expect(findFile("libdnnl.so.2", [other, folder])).toBeUndefined();
  expect(findFile("libdnnl.so.3", [join(folder, "nowhere"), other])).toBeUndefined();
  writeFileSync(join(other, "libdnnl.so.3"), "not a library");
  expect(findFile("libdnnl.so.3", [folder, other])).toBe(join(other, "libdnnl.so.3"));
});

describe("where there is no library", () => {
  const warnings: string[] = [];
  beforeEach(() => {
    process.env["NABLA_NATIVE"] = "/nowhere/libblas.so";
    lookAgain();
    onEngineWarning((message) => warnings.push(message));
    return () => onEngineWarning(console.warn);
  });

  test("auto takes wasm and says so once, in one line", () => {
    configureEngine({ engine: "auto" });
    expect(engineStatus().engine).toBe("wasm");
    configureEngine({ engine: "auto" });
    expect(warnings).toEqual([
      "engine: using wasm, for native is not available (NABLA_NATIVE names /nowhere/libblas.so, which does not exist); npx nabla doctor says what to install",
    ]);
  });

  test("native is an error that says what was tried and what to install", () => {
    expect(() => configureEngine({ engine: "native" })).toThrow(/tried NABLA_NATIVE names \/nowhere/);
    for (const system of ["Debian, Ubuntu: sudo apt install libdnnl2", "Fedora: sudo dnf", "macOS:", "Windows:"]) {
      expect(() => engineFor({ engine: "native" })).toThrow(system);
    }
  });

  test("NABLA_ENGINE is the default, and checked", () => {
    process.env["NABLA_ENGINE"] = "native";
    expect(() => engineFor({})).toThrow(/needs oneDNN or a BLAS/);
    expect(engineFor({ engine: "wasm" })).toBe("wasm");
    process.env["NABLA_ENGINE"] = "gpu";
    expect(() => engineFor({})).toThrow(/NABLA_ENGINE: unknown engine "gpu"/);
  });
});

test.skipIf(nativeLibraries() === null)(
  `a library found elsewhere works by its absolute path and by its name${nativeLibraries() === null ? " (skipped: none is here)" : ""}`,
  () => {
    const { file } = nativeLibraries()!.float32;
    for (const value of [file, basename(file)]) {
      process.env["NABLA_NATIVE"] = value;
      lookAgain();
      expect(nativeLibraries()?.float32.file).toBe(file);
    }
    const copy = join(folder, "renamed.so");
    copyFileSync(file, copy);
    process.env["NABLA_NATIVE"] = copy;
    lookAgain();
    expect(nativeLibraries()?.float32).toMatchObject({ file: copy, kind: expect.any(String) });
  },
);
