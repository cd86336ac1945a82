import { expect, test } from "vitest";
import { shortNames } from "../../studio/src/runs/names.ts";
import { shortened, written } from "../../studio/src/runs/written.ts";

const short = (...paths: string[]) => [...shortNames(paths).values()];

test("a run is called by the end of its path that no other has", () => {
  expect(short("runs/digits-1", "runs/digits-2")).toEqual(["digits-1", "digits-2"]);
  expect(short("/a/runs/digits-1", "/b/runs/digits-1", "/a/runs/text-1")).toEqual([
    "a/runs/digits-1",
    "b/runs/digits-1",
    "text-1",
  ]);
  expect(short("./runs/one/")).toEqual(["one"]);
  expect(short("one", "two/one")).toEqual(["one", "two/one"]);
  expect(short("/")).toEqual(["/"]);
});

test("a setting that is longer than a line is cut, and says how long it is; two that differ late still differ", () => {
  expect(written(undefined)).toBe("–");
  expect(written([784, 30])).toBe("[784, 30]");
  expect(shortened(written("cross-entropy"))).toBe("cross-entropy");
  const characters = "床前明月光".repeat(500);
  expect(shortened(characters)).toBe(`${"床前明月光".repeat(8)} … (2500)`);
  expect(shortened("𝒙".repeat(60))).toBe(`${"𝒙".repeat(40)} … (60)`);
  expect(written(`${characters}a`)).not.toBe(written(`${characters}b`));
});
