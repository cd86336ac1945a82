import { expect, test } from "vitest";
import { type Layer, layOut } from "../../studio/src/figure/plot.ts";

const line = (to: number): Layer => ({ kind: "line", x: [0, to], y: [0, 1] });

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
