// The demonstrations that look inside networks which read digits (Nielsen's chapters 3 and 6), as a reader uses them. Each trains in the page.
import { describe, expect, test } from "vitest";
import { executable, useStudio, whyNot } from "./studio.ts";

describe.skipIf(executable === undefined)(`demonstrations that look inside networks${whyNot}`, () => {
  const studio = useStudio();

  describe("adversarial images", () => {
    test("a change of length 1.5 turns the answer, noise of that length does not; the curve says how often", async () => {
      const demo = await studio.open("/demos/adversarial");
      const label = await demo.until("label", Number.isFinite);
      expect(await demo.number("answer original")).toBe(label);
      expect(await demo.number("answer attacked")).not.toBe(label);
      expect(await demo.number("answer noisy")).toBe(label);
      // Both have the length that was asked for.
      expect(await demo.number("size attack")).toBeCloseTo(1.5, 4);
      expect(await demo.number("size noise")).toBeCloseTo(1.5, 4);
      await demo.set("ε", 2);
      const turned = await demo.until("turned", (share) => share > 0.77);
      // The experiment's claims: 0.77 to 0.99 of the answers, and at most 0.11 by noise.
      expect(turned).toBeLessThanOrEqual(1);
      expect(await demo.number("turned by noise")).toBeLessThan(0.11);
      await demo.set("ε", 0);
      expect(await demo.until("size attack", (size) => size === 0)).toBe(0);
      expect(await demo.number("answer attacked")).toBe(label);
    });

    test("in the other norm no pixel moves by more than ε; it can be led to a digit; a link shows the same", async () => {
      const demo = await studio.open("/demos/adversarial?index=3&epochs=3");
      await demo.until("label", Number.isFinite);
      await demo.choose("norm", "inf");
      await demo.set("ε", 0.2);
      expect(await demo.until("size attack", (size) => Math.abs(size - 0.2) < 1e-6)).toBeLessThan(0.2 + 1e-6);
      expect(await demo.number("size noise")).toBeCloseTo(0.2, 6);
      await demo.choose("target", "3");
      expect(await demo.until("answer attacked", (digit) => digit === 3)).toBe(3);
      const [accuracy, noisy] = [await demo.number("accuracy"), await demo.number("answer noisy")];
      await demo.query();
      const other = await studio.open(new URL(demo.page.url()).hash.slice(1));
      await other.until("answer attacked", (digit) => digit === 3);
      expect(await other.number("accuracy")).toBe(accuracy);
      expect(await other.number("answer noisy")).toBe(noisy);
    });
  });

  describe("overfitting", () => {
    const settled = async (demo: Awaited<ReturnType<typeof studio.open>>) => {
      await demo.page.locator('[data-name="status"][data-value="done"]').waitFor();
      return { test: await demo.number("accuracy test"), gap: await demo.number("gap") };
    };

    test("500 images are learnt by heart, and the test cost turns; 4,000 leave half the gap", async () => {
      const demo = await studio.open("/demos/overfitting?images=500&epochs=60");
      expect(await demo.number("accuracy test")).toBeNaN();
      await demo.press("train");
      const few = await settled(demo);
      expect(await demo.number("accuracy training")).toBeGreaterThan(0.995);
      expect(few.gap).toBeGreaterThan(0.1);
      const turn = await demo.number("lowest");
      expect(turn).toBeGreaterThan(3);
      expect(turn).toBeLessThan(60);
      await demo.set("images", 4000);
      const many = await settled(demo);
      expect(many.gap).toBeLessThan(few.gap / 2);
      expect(many.test).toBeGreaterThan(few.test + 0.05);
    });

    test("warped copies raise the test accuracy, beside the same network without them; a strong penalty can't even fit", async () => {
      const demo = await studio.open("/demos/overfitting?images=500&epochs=30&train=1");
      const plain = await settled(demo);
      await demo.choose("expansion", "shifts");
      const helped = await settled(demo);
      expect(await demo.number("accuracy plain")).toBe(plain.test);
      expect(helped.test).toBeGreaterThan(plain.test + 0.02);
      await demo.choose("expansion", "none");
      await demo.set("λ", 20);
      await settled(demo);
      expect(await demo.number("accuracy training")).toBeLessThan(0.8);
      await demo.press("train");
      expect(await demo.number("accuracy test")).toBeNaN();
    });
  });

  describe("what networks get wrong", () => {
    test("label and answer stand beside each misread digit; five together misread fewer than one on average", async () => {
      const demo = await studio.open("/demos/mistakes?images=1000&epochs=3");
      const done = demo.page.locator('[data-name="status"][data-value="done"]');
      await done.waitFor();
      // One alone: what it gets wrong is what is shown, and its only answer is never the label.
      expect(await demo.number("wrong")).toBe(await demo.number("first"));
      expect(await demo.number("known")).toBe(0);
      expect(await demo.number("disagreements")).toBe(0);
      const tiles = () =>
        demo.page
          .locator("[data-over]")
          .evaluateAll((all) =>
            all.map((tile) => [...tile.querySelectorAll("text")].map(({ textContent }) => textContent)),
          );
      expect((await tiles()).length).toBe(Math.min(120, await demo.number("wrong")));
      await demo.set("networks", 5);
      await done.waitFor();
      const wrong = await demo.number("wrong");
      expect(wrong).toBeGreaterThan(0);
      const mean = await demo.number("mean");
      // All five have learnt something: else the mean would say nothing.
      expect(mean).toBeLessThan(400);
      expect(wrong).toBeLessThan(mean);
      const shown = await tiles();
      expect(shown.length).toBe(Math.min(120, wrong));
      expect(shown.filter(([label, answer]) => label === answer)).toEqual([]);
      expect(await demo.number("known")).toBeGreaterThan(0.2);
      expect(await demo.number("disagreements")).toBeGreaterThan(0);
      // The second tile is chosen by its key, and shown closely.
      await demo.page.locator('[data-tile="0"]').focus();
      await demo.page.keyboard.press("ArrowRight");
      const [label, answer] = shown[1];
      await demo.page.getByRole("heading", { name: `A ${label}, read as ${answer}` }).waitFor();
      expect((await demo.query()).get("chosen")).toBe("1");
    });
  });

  describe("filters as they are learnt", () => {
    test("neighbouring weights become alike, from chance; any epoch can be seen again, with what it answered", async () => {
      const demo = await studio.open("/demos/filters?images=1000&epochs=4");
      await demo.page.locator('[data-name="status"][data-value="done"]').waitFor();
      await demo.until("shown epoch", (epoch) => epoch === 4);
      // The mean of 20 filters of chance is -1/24, with a standard deviation of about 0.03; the experiment's training gains at least 0.1.
      const before = await demo.number("likeness before");
      expect(Math.abs(before + 1 / 24)).toBeLessThan(0.12);
      expect((await demo.number("likeness")) - before).toBeGreaterThan(0.1);
      const learnt = await demo.number("accuracy");
      expect(learnt).toBeGreaterThan(0.7);
      expect(await demo.page.locator('[data-tiles="filters"] [data-tile]').count()).toBe(20);
      expect(await demo.page.locator('[data-tiles="maps"] [data-tile]').count()).toBe(20);
      expect(await demo.page.locator('[data-tiles="strip"] [data-tile]').count()).toBe(5);
      const painted = (name: string) =>
        demo.page
          .locator(`[data-tiles="${name}"] canvas`)
          .evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());
      const [filters, maps] = [await painted("filters"), await painted("maps")];
      await demo.page.locator('[data-tiles="strip"] [data-tile="0"]').click();
      expect(await demo.number("shown epoch")).toBe(0);
      // Of ten classes, by chance: the last layer starts at 0, so all answers are alike.
      expect(await demo.number("accuracy")).toBeLessThan(0.25);
      expect(await demo.number("likeness")).toBe(before);
      await expect.poll(() => painted("maps")).not.toBe(maps);
      expect(await painted("filters")).not.toBe(filters);
      await demo.set("epoch", 4);
      expect(await demo.number("accuracy")).toBe(learnt);
      await expect.poll(() => painted("maps")).toBe(maps);
      await demo.choose("layer", "pooling");
      await demo.page.getByRole("heading", { name: "12 by 12" }).waitFor();
      await demo.set("filter", 3);
      expect((await demo.query()).get("filter")).toBe("2");
    });
  });
});
