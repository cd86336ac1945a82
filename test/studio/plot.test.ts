import { expect, test } from "vitest";
import { type Layer, layOut } from "../../studio/src/figure/plot.ts";

const line = (to: number): Layer => ({ kind: "line", x: [0, to], y: [0, 1] });

test("words at the ticks of x stand one below the other where there is no room for them side by side", () => {
  const names = ["我", "昨天", "上学", "迟到", "了", "，", "爸爸", "批评", "了", "小明", "。"];
  const axes = { x: { min: 0.5, max: names.length + 0.5, names }, y: { label: "y", min: 0, max: 1 } };
  for (const width of [280, 330, 900]) {
    const { frame, lines, x, px } = layOut(axes, [], width, 240);
    const ends: number[] = [];
    for (const [i, { at, label }] of x.ticks.entries()) {
      const half = label.length * 6.5;
      expect(px(at) - half, `${label} at a width of ${width}`).toBeGreaterThan(ends[lines[i]] ?? 0);
      ends[lines[i]] = px(at) + half;
    }
    expect(ends.length > 1).toBe(width < 900);
    // What stands below has its room.
    expect(frame.bottom).toBe(240 - 26 - 17 * (ends.length - 1));
  }
});

test("the last number of x stands within the drawing, however long it is", () => {
  for (const to of [1, 10, 20_000, 1_500_000, 0.00002]) {
    for (const width of [200, 390, 720]) {
      const { frame, x, px } = layOut({ x: { label: "x" }, y: { label: "y" } }, [line(to)], width, 300);
      for (const { at, label } of x.ticks) {
        expect(px(at) + label.length * 3.5, `${label} at a width of ${width}`).toBeLessThanOrEqual(width);
      }
      expect(frame.right).toBeGreaterThan(frame.left + width / 3);
      expect(px(x.max)).toBeCloseTo(frame.right);
    }
  }
});
