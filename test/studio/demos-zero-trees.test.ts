// The demonstrations of part 7 of "Deep Learning from Zero", trees, as a reader uses them. The numbers that must appear are the text's, or worked by hand
// (shared/spec/second-half.md, b and c).
import { describe, expect, test } from "vitest";
import { executable, type Probe, useStudio, whyNot } from "./studio.ts";

const shown = (demo: Probe, name: string): Promise<string | null> =>
  demo.page.locator(`[data-name="${name}"]`).textContent();

describe.skipIf(executable === undefined)(`demonstrations of trees${whyNot}`, () => {
  const studio = useStudio();

  describe("merging neighbours into a tree", () => {
    test("The cat, the mat, on the mat: 9 pairs scored for six words, 15 where no score is kept", async () => {
      const demo = await studio.open("/demos/greedy-parse");
      const scored = [await demo.number("scored")];
      for (let i = 0; i < 5; i++) {
        await demo.press("step");
        scored.push(await demo.number("scored"));
      }
      // Every merge here has one neighbour, and the last has none.
      expect(scored).toEqual([5, 6, 7, 8, 9, 9]);
      expect(await shown(demo, "merges")).toBe(
        "The cat → the mat → on the mat → sat on the mat → The cat sat on the mat",
      );
      expect(await demo.number("evaluations")).toBe(9);
      await demo.press("keep");
      expect(await demo.number("evaluations")).toBe(15);
      expect(await demo.number("trees")).toBe(42);
      // Five words have 14 trees, and one that is typed of four 5.
      await demo.choose("sentence", "3");
      expect(await demo.number("trees")).toBe(14);
      await demo.choose("sentence", "own");
      await demo.control("own").locator("input").fill("The dog saw mat");
      expect(await demo.number("trees")).toBe(5);
      await demo.control("own").locator("input").fill("The dog saw Rome");
      expect(await demo.control("own").locator("[role=status]").textContent()).toContain("“Rome”");
      expect(await demo.number("trees")).toBe(5);
    });

    test("Delta of right-branching is 1k by spans and 2k by structure, of left-branching 3k and 4k, of gold 0", async () => {
      const demo = await studio.open("/demos/greedy-parse?margin=1&k=0.5");
      const deltas: number[] = [];
      for (const show of ["right", "left", "gold"]) {
        await demo.choose("show", show);
        deltas.push(await demo.number("spans"), await demo.number("structure"));
      }
      expect(deltas).toEqual([0.5, 1, 1.5, 2, 0, 0]);
    });

    test("the loss is the augmented winner's sum less gold's, at least 0, and 0 where gold wins by its margin", async () => {
      const demo = await studio.open("/demos/greedy-parse?margin=1");
      expect(await demo.number("loss")).toBe(0);
      await demo.set("k", 3);
      const loss = await demo.number("loss");
      expect(loss).toBeGreaterThan(0);
      const augmented = (await demo.number("shown")) + (await demo.number("spans"));
      await demo.choose("show", "gold");
      const gold = await demo.number("shown");
      expect(loss).toBeCloseTo(augmented - gold, 9);
      await demo.choose("show", "left");
      expect((await demo.number("shown")) + (await demo.number("spans")) - gold).toBeLessThanOrEqual(loss + 1e-9);
    });

    test("after one pass merging misses the best of the 42 trees, after two it finds it", async () => {
      const demo = await studio.open("/demos/greedy-parse?passes=1");
      expect(await demo.number("merging")).toBeLessThan((await demo.number("best")) - 0.1);
      await demo.set("passes", 2);
      expect(await demo.number("merging")).toBe(await demo.number("best"));
    });
  });

  describe("the same words, another tree", () => {
    const verdict = (demo: Probe) => demo.page.locator('[data-name="verdict"]').getAttribute("data-value");

    test("两个外语学院的学生, never taught: rebracketed, its root goes from one reading to the other", async () => {
      const demo = await studio.open("/demos/tree-composition");
      expect(await shown(demo, "brackets")).toBe("(两个((外语学院的)学生))");
      expect(await verdict(demo)).toBe("people");
      const from = [await demo.number("x"), await demo.number("y")];
      const far = await demo.number("apart");
      // Turned at the root and at the node below it.
      const node = (place: number) => demo.page.locator(`[data-tree="tree"] [data-node="${place}"]`);
      await node(6).click();
      expect(await shown(demo, "brackets")).toBe("((两个(外语学院的))学生)");
      await node(5).click();
      expect(await shown(demo, "brackets")).toBe("(((两个外语学院)的)学生)");
      expect(await verdict(demo)).toBe("institutions");
      const to = [await demo.number("x"), await demo.number("y")];
      expect(Math.hypot(to[0] - from[0], to[1] - from[1])).toBeCloseTo(far, 9);
      // The places of the two readings are sqrt(41) apart.
      expect(far).toBeGreaterThan(4.5);
      expect(far).toBeLessThan(8);
      expect(await demo.number("own")).toBeLessThan(2);
      // 所 counts institutions, whatever 两 did.
      await demo.choose("number", "两所");
      expect(await verdict(demo)).toBe("institutions");
    });

    test("the country of my birth lies near [1,5], the other phrase beside it, Germany and France nearer than the days", async () => {
      const demo = await studio.open("/demos/tree-composition?map=births");
      for (const phrase of ["the place where I was born", "the country of my birth"]) {
        await demo.choose("phrase", phrase);
        const birth = await demo.number("birth");
        expect(birth).toBeLessThan(1);
        const lands = [await demo.number("Germany"), await demo.number("France")];
        const days = [await demo.number("Monday"), await demo.number("Tuesday")];
        expect(birth).toBeLessThan(Math.min(...lands));
        expect(Math.max(...lands)).toBeLessThan(Math.min(...days));
      }
      await demo.choose("phrase", "the day when I was born");
      expect(await demo.number("Monday")).toBeLessThan(await demo.number("Germany"));
      // Random weights know nothing of it.
      await demo.set("epoch", 0);
      expect(await demo.number("mean")).toBeGreaterThan(3);
    });
  });

  describe("take n't away, and the root turns", () => {
    test("the text's sentence is negative, and positive without n't; no other word does that", async () => {
      const demo = await studio.open("/demos/sentiment-tree");
      await demo.until("epochs", (epochs) => epochs === 20);
      const negative = await demo.until("root", (mean) => mean < 1.9);
      expect(await demo.number("whole")).toBe(negative);
      expect(await demo.number("all")).toBeGreaterThan(0.85);
      await demo.press("word n't");
      expect(await demo.until("root", (mean) => mean > 2.1)).toBeGreaterThan(2.1);
      expect(await demo.number("whole")).toBe(negative);
      expect((await demo.query()).get("removed")).toBe("3");
      await demo.press("word n't");
      await demo.until("root", (mean) => mean === negative);
      for (const word of ["intelligent", "wit"]) {
        await demo.press(`word ${word}`);
        await demo.until("change", (change) => change !== 0);
        expect(await demo.number("root")).toBeLessThan(2);
        await demo.press(`word ${word}`);
        await demo.until("change", (change) => change === 0);
      }
      // The labels are people's: intelligent humor 4, does n't 1, the root 0.
      await demo.choose("view", "labels");
      const node = (place: number) => demo.page.locator(`[data-tree="sentiment"] [data-node="${place}"]`);
      const labels = await Promise.all(
        [17, 18, 32].map(async (place) => [
          await node(place).getAttribute("aria-label"),
          await node(place).getAttribute("data-number"),
        ]),
      );
      expect(labels[0]).toEqual(["Stealing Harvard: 0", "2"]);
      expect(labels[1]).toEqual(["does n't: −", "1"]);
      expect(labels[2][1]).toBe("0");
      expect(labels[2][0]).toContain("intelligent humor .: −−");
    });

    test("a sentence of one's own, in brackets; what is wrong with them is said", async () => {
      const demo = await studio.open("/demos/sentiment-tree?sentence=own");
      await demo.until("epochs", (epochs) => epochs >= 1);
      await demo.control("own").locator("input").fill("((The film) ((does n't) (offer charm)))");
      await expect.poll(() => demo.page.locator('[data-tree="sentiment"] [data-node]').count()).toBe(11);
      await demo.control("own").locator("input").fill("((The film) (does (offer charm))");
      await expect.poll(() => demo.control("own").locator("[role=status]").textContent()).toContain("bracket");
      await demo.control("own").locator("input").fill("((The film) (offers charm))");
      await demo.page.getByText("Not among the words that it learnt: offers").waitFor();
    });
  });
});
