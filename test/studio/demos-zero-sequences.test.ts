// The demonstrations of sequences, language models and translation, as a reader uses them.
import { describe, expect, test } from "vitest";
import { executable, type Probe, useStudio, whyNot } from "./studio.ts";

const saidIn = (demo: Probe, name: string): Promise<string | null> =>
  demo.page.locator(`[data-name="${name}"]`).getAttribute("data-value");

describe.skipIf(executable === undefined)(`demonstrations of sequences${whyNot}`, () => {
  const studio = useStudio();

  describe("A B C D in, X Y Z out", () => {
    test("reads to the end mark and says nothing, then writes X Y Z; attention looks at the letter that it writes", async () => {
      const demo = await studio.open("/demos/encoder-decoder");
      await demo.until("epochs", (epochs) => epochs === 8);
      await demo.until("free", (share) => share > 0.5);
      await demo.page.locator('[data-name="written"][data-value="XYZ"]').waitFor();
      // As in the experiment: where every prediction is right, being shown the truth changes nothing.
      expect(Math.abs((await demo.number("free")) - (await demo.number("forced")))).toBeLessThan(0.05);
      const looks = await demo.page.locator('[data-cells="attention"] [data-cell]').evaluateAll((cells) => {
        const rows: number[][] = [];
        for (const cell of cells as SVGElement[]) {
          const [row] = cell.dataset["cell"]!.split(",").map(Number);
          rows[row] ??= [];
          rows[row].push(Number(cell.dataset["number"]));
        }
        return rows;
      });
      for (const row of looks) expect(row.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 2);
      // Y is written while B is looked at.
      expect(looks[1].indexOf(Math.max(...looks[1]))).toBe(1);
      await demo.press("restart");
      const said: (string | null)[] = [];
      for (let i = 0; i < 8; i++) {
        await demo.press("step");
        said.push(await saidIn(demo, "written"));
      }
      expect(said).toEqual(["", "", "", "", "", "X", "XY", "XYZ"]);
    });

    test("shown other outputs it goes on from those; before it has learnt it writes nothing right", async () => {
      const demo = await studio.open("/demos/encoder-decoder?attention=0&mode=forced&shown=YZ");
      await demo.until("epochs", (epochs) => epochs >= 1);
      // A B C D _, and the start with the two that are given.
      await expect.poll(() => demo.page.locator("[data-step]").count()).toBe(8);
      expect(await demo.page.locator('[data-cells="attention"]').count()).toBe(0);
      await demo.set("epoch", 0);
      expect(await demo.number("free")).toBeLessThan(0.06);
      await demo.control("source").locator("input").fill("ABZ");
      expect(await demo.control("source").locator("[role=status]").textContent()).toContain("ABCDEFGH");
    });
  });

  describe("the next word", () => {
    const blamed = (who: string) => `${who} 昨天 上学 迟到 了 ， 老师 批评 了`;

    test("the network's perplexity is below every n-gram's; the blamed one stands nine words before, out of an n-gram's reach", async () => {
      const demo = await studio.open("/demos/language-model?temperature=0.1");
      expect(await saidIn(demo, "sentence")).toBe("我昨天上学迟到了");
      await demo.until("epochs", (epochs) => epochs === 20);
      const network = await demo.number("recurrent");
      for (const n of [1, 2, 3, 4, 5]) {
        await demo.set("n", n);
        expect(await demo.number("ngram")).toBeGreaterThan(network);
      }
      await demo.set("n", 3);
      const last: Record<string, string[]> = { recurrent: [], ngram: [] };
      for (const writer of ["recurrent", "ngram"]) {
        await demo.choose("writer", writer);
        for (const who of ["我", "小红"]) {
          await demo.control("prompt").locator("input").fill(blamed(who));
          const before = blamed(who).replaceAll(" ", "");
          await expect
            .poll(async () => {
              await demo.press("step");
              return (await saidIn(demo, "sentence"))!.length;
            })
            .toBeGreaterThan(before.length);
          last[writer].push((await saidIn(demo, "sentence"))!.slice(before.length));
        }
      }
      expect(last["recurrent"]).toEqual(["我", "小红"]);
      // The same two words stand before it, so it says the same.
      expect(last["ngram"][0]).toBe(last["ngram"][1]);
    });

    test("words are cut from what is typed, put next by a click, and one that is not known is named", async () => {
      const demo = await studio.open("/demos/language-model?prompt=");
      await demo.until("epochs", (epochs) => epochs >= 2);
      await demo.control("prompt").locator("input").fill("我的手机坏了，");
      expect(await saidIn(demo, "sentence")).toBe("我的手机坏了，");
      await demo.press("add 我");
      expect(await saidIn(demo, "sentence")).toBe("我的手机坏了，我");
      // e to the mean of -ln P of eight words.
      expect(await demo.number("own ngram")).toBeGreaterThan(1);
      await demo.control("prompt").locator("input").fill("我明天");
      expect(await demo.control("prompt").locator("[role=status]").textContent()).toContain("昨天");
      expect(await saidIn(demo, "sentence")).toBe("我的手机坏了，我");
    });
  });
});
