import { expect, test } from "vitest";
import { axisRange } from "../../src/plot/scale.ts";
import { surfaceView } from "../../src/plot/surface-view.ts";
import { patchAt, patchesOf } from "../../studio/src/figure/surface.ts";

const lines = Array.from({ length: 26 }, (_, i) => i / 25);
/** A tower in the middle of the floor. */
const heights = {
  ...{ x: lines, y: lines },
  z: lines.flatMap((y) => lines.map((x) => (Math.max(Math.abs(x - 0.5), Math.abs(y - 0.5)) < 0.2 ? 1 : 0))),
};
const seen = (azimuth: number) => {
  const range = axisRange({ min: 0, max: 1 }, 0, 1, { count: 4, ends: "round" });
  return surfaceView({
    ...{ ranges: { x: range, y: range, z: range }, names: { x: "x", y: "y", z: "z" } },
    ...{ azimuth, elevation: 20, room: { left: 0, top: 0, right: 400, bottom: 300 }, zLabels: 20, steady: true },
  });
};

test.each([35, 125, -145, -55])("seen from %i degrees, what is near is drawn after what it hides", (azimuth) => {
  const view = seen(azimuth);
  const patches = patchesOf(heights, view, ["#000000", "#ffffff"]);
  const radians = (azimuth * Math.PI) / 180;
  const away = (i: number) => patches[i].column * Math.sin(radians) + patches[i].row * Math.cos(radians);
  expect(away(0)).toBeGreaterThan(away(patches.length - 1));
  const first = (row: number, column: number) =>
    patches.findIndex((patch) => patch.row === row && patch.column === column);
  const [dr, dc] = [Math.sign(Math.cos(radians)), Math.sign(Math.sin(radians))];
  for (const at of [5, 12, 20]) expect(first(at + dr, at + dc)).toBeLessThan(first(at, at));
  // The tower's top hides the floor behind it: what is found there is the tower.
  const [x, y] = view.place(view.unit(0.5, 0.5, 1));
  const found = patchAt(patches, x, y)!;
  expect(Math.abs(found.row - 12) + Math.abs(found.column - 12)).toBeLessThanOrEqual(2);
  expect(patchAt(patches, -50, -50)).toBeUndefined();
});
