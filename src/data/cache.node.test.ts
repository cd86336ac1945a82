import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { cacheFolder } from "./cache.node.ts";

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
