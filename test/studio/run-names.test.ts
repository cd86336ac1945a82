import { expect, test } from "vitest";
import { shortNames } from "../../studio/src/runs/names.ts";

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
