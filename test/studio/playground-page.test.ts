// The playground as a person uses it.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { executable, useStudio, whyNot } from "./studio.ts";

describe.skipIf(executable === undefined)(`the playground${whyNot}`, () => {
  const studio = useStudio();
  const ready = async (query: string) => {
    const probe = await studio.open(`/playground${query}`);
    await probe.until("step", (step) => step >= 0);
    return probe;
  };

  test("learns the circle while one looks on, stands, and a link leads to the same step", async () => {
    const probe = await ready("?speed=full&rate=0.1");
    const first = await probe.number("train loss");
    // Two classes, weights about 0: near ln 2.
    expect(Math.abs(first - Math.log(2))).toBeLessThan(0.4);
    await probe.press("play");
    await probe.until("train accuracy", (right) => right > 0.95);
    await probe.press("play");
    const query = await probe.query();
    const steps = Number(query.get("steps"));
    expect(steps).toBe(await probe.number("step"));
    const loss = await probe.number("train loss");
    expect(loss).toBeLessThan(first / 2);
    const again = await ready(`?${query}`);
    await again.until("step", (step) => step === steps);
    expect(await again.number("train loss")).toBe(loss);
  });

  test("a step is a step; the history leads back; start over leads to 0", async () => {
    const probe = await ready("?rate=0.3");
    const first = await probe.number("train loss");
    for (let i = 1; i <= 4; i++) {
      await probe.press("step");
      await probe.until("step", (step) => step === i);
    }
    expect(await probe.number("train loss")).not.toBe(first);
    const history = probe.control("history").locator("input");
    await history.fill("2");
    await probe.until("step", (step) => step === 2);
    await history.fill("4");
    await probe.until("step", (step) => step === 4);
    await history.fill("0");
    await probe.until("step", (step) => step === 0);
    expect(await probe.number("train loss")).toBe(first);
    await history.fill("4");
    await probe.until("step", (step) => step === 4);
    await probe.press("restart");
    await probe.until("step", (step) => step === 0);
    expect(await probe.page.getByRole("alert").count()).toBe(0);
  });

  test("a link tells what was done on the way: settings changed, a weight set, and which unit one looks at", async () => {
    const probe = await ready("?rate=0.3");
    const steps = async (to: number) => {
      for (let step = (await probe.number("step")) + 1; step <= to; step++) {
        await probe.press("step");
        await probe.until("step", (now) => now === step);
      }
    };
    await steps(3);
    await probe.set("rate", 0.0123456789);
    await steps(5);
    await probe.press("unit 0,0");
    // What follows at once would be one change with it.
    await probe.query();
    const before = await probe.number("train loss");
    await probe.set("weight 0", 1.5);
    await probe.until("train loss", (loss) => loss !== before);
    const query = await probe.query();
    expect(query.get("did")).toMatch(/^c\*sgd\*0.3\*.*_3_c\*sgd\*0.0123456789\*.*_2_w0\*0\*0\*1.5$/);
    const loss = await probe.number("train loss");
    const other = await ready(`?${query}`);
    await other.until("train loss", (now) => now === loss);
    expect(await other.number("step")).toBe(5);
    expect(await other.control("weight 0").locator("input").inputValue()).toBe("1.5");
    // The weight by hand is undone, and so is the rate; and both come back.
    await probe.press("undo");
    await probe.until("train loss", (now) => now === before);
    expect(await probe.control("weight 0").locator("input").inputValue()).not.toBe("1.5");
    await probe.press("redo");
    await probe.until("train loss", (now) => now === loss);
  });

  test("undo of another layer brings the network back with what it had learnt", async () => {
    const probe = await ready("?rate=0.3");
    for (let i = 1; i <= 2; i++) {
      await probe.press("step");
      await probe.until("step", (step) => step === i);
    }
    const loss = await probe.number("train loss");
    await probe.query();
    await probe.press("add layer");
    await probe.until("step", (step) => step === 0);
    await probe.query();
    await probe.press("undo");
    await probe.until("train loss", (now) => now === loss);
    expect(await probe.number("step")).toBe(2);
  });

  test("a link leads to any step, also one that takes seconds to reach, and shows the way there", async () => {
    const probe = await studio.open("/playground?steps=300000");
    await probe.until("step", (step) => step > 0 && step < 300_000);
    await probe.until("step", (step) => step === 300_000);
    expect((await probe.query()).get("steps")).toBe("300000");
  });

  test("a weight under the pointer changes while it is trained", async () => {
    const probe = await ready("?speed=full");
    const line = probe.page.locator('[data-line="0,0,0"]');
    await line.scrollIntoViewIfNeeded();
    // The middle of the curve.
    const { x, y } = await line.evaluate((path) => {
      const curve = path as SVGPathElement;
      const point = curve.getPointAtLength(curve.getTotalLength() / 2);
      return new DOMPoint(point.x, point.y).matrixTransform(curve.getScreenCTM()!);
    });
    await probe.page.mouse.move(x, y);
    const first = await probe.until("pointed weight", (weight) => Number.isFinite(weight));
    await probe.press("play");
    await probe.page.mouse.move(x, y);
    const second = await probe.until("pointed weight", (weight) => Number.isFinite(weight) && weight !== first);
    await probe.until("pointed weight", (weight) => Number.isFinite(weight) && weight !== second);
    await probe.press("play");
  });

  test("a weight is changed by hand, and the network answers otherwise", async () => {
    const probe = await ready("");
    await probe.press("unit 0,0");
    const before = await probe.number("train loss");
    await probe.set("weight 0", 7.5);
    await probe.until("train loss", (loss) => loss !== before);
    expect(await probe.control("weight 0").locator("input").inputValue()).toBe("7.5");
  });

  test("when numbers blow up it says so, and goes back on a click", async () => {
    const probe = await ready("?problem=values&activation=linear&rate=100&speed=full");
    await probe.press("play");
    await probe.page.locator('[data-name="blown"]').waitFor();
    expect(await probe.control("play").isDisabled()).toBe(true);
    await probe.press("good");
    await probe.page.locator('[data-name="blown"]').waitFor({ state: "detached" });
    expect(Number.isFinite(await probe.number("train loss"))).toBe(true);
  });

  test("back at the last good step it has the rate of then, and the page shows it", async () => {
    const probe = await ready("?problem=values&activation=linear&rate=0.01&speed=full");
    for (let i = 1; i <= 2; i++) {
      await probe.press("step");
      await probe.until("step", (step) => step === i);
    }
    await probe.set("rate", 100);
    await probe.press("play");
    await probe.page.locator('[data-name="blown"]').waitFor();
    // What blew up, a link shows too.
    const other = await studio.open(`/playground?${await probe.query()}`);
    await other.page.locator('[data-name="blown"]').waitFor();
    await probe.press("good");
    await probe.until("step", (step) => step === 2);
    expect((await probe.query()).get("rate")).toBe("0.01");
    expect((await probe.query()).get("did")).toBeNull();
  });

  test("eight layers on a phone stand beside each other, and are moved sideways; units are typed", async () => {
    const probe = await studio.open("/playground?layers=4,4,4,4,4,4,4,4", { width: 360 });
    await probe.until("step", (step) => step === 0);
    const boxes = await probe.page
      .locator('[data-control^="unit "]')
      .evaluateAll((all) => all.map((each) => each.getBoundingClientRect().toJSON() as DOMRect));
    for (const [i, a] of boxes.entries())
      for (const b of boxes.slice(i + 1)) {
        const apart = a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top;
        expect(apart).toBe(true);
      }
    expect(await probe.page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
    const units = probe.control("units 1");
    await units.fill("40");
    await units.press("Enter");
    expect((await probe.query()).get("layers")).toBe("4,40,4,4,4,4,4,4");
    await units.fill("no");
    await units.press("Enter");
    expect(await units.inputValue()).toBe("40");
  });

  test("the figure of the network is saved with its names and counts, that of the loss with its legend", async () => {
    const probe = await ready("?layers=5,3");
    const save = async (title: string) => {
      const [download] = await Promise.all([
        probe.page.waitForEvent("download"),
        probe.page.getByRole("button", { name: `Save as SVG: ${title}` }).click(),
      ]);
      return readFileSync(await download.path(), "utf8");
    };
    const words = (svg: string) => [...svg.matchAll(/<text[^>]*>([^<]+)<\/text>/g)].map(([, text]) => text);
    const network = words(await save("Network"));
    for (const word of ["Features", "x1", "x1x2", "sin x2", "5", "3", "output"]) expect(network).toContain(word);
    // Fields and lists below the drawing are the page's.
    expect(network).not.toContain("Activation");
    for (const word of ["training", "test"]) expect(words(await save("Loss"))).toContain(word);
  });

  test("a formula makes the data; one that can't be read says why", async () => {
    const probe = await ready("?set=function");
    const field = probe.control("formula").locator("input");
    await field.fill("x^2 - ");
    await probe.page.getByText("something is missing at the end").waitFor();
    await field.fill("x^2 - 3");
    await probe.until("step", (step) => step === 0);
    expect((await probe.query()).get("formula")).toBe("x^2 - 3");
  });

  test("points are drawn with the pointer, in more than two classes", async () => {
    const probe = await studio.open("/playground?set=own&classes=3&split=100");
    await probe.page.getByText("There are no points to learn from yet.").waitFor();
    const plane = probe.page.locator("figure").filter({ hasText: "What the network answers" }).locator("svg");
    const box = (await plane.boundingBox())!;
    for (const [i, [x, y]] of [
      [0.3, 0.3],
      [0.7, 0.3],
      [0.5, 0.7],
    ].entries()) {
      await probe.choose("brush", String(i));
      await probe.page.mouse.click(box.x + x * box.width, box.y + y * box.height);
    }
    await probe.until("train loss", (loss) => Math.abs(loss - Math.log(3)) < 0.6);
    const points = (await probe.query()).get("own")!.split(";");
    expect(points.map((point) => point.split(",")[2])).toEqual(["0", "1", "2"]);
  });

  test("points are set by the keys alone, of either class, and learnt", async () => {
    const probe = await studio.open("/playground?set=own&split=100");
    const { page } = probe;
    const pen = page.locator('[data-handle="Pen that sets points"]');
    // Tab leads there from what stands before it in the page.
    await page.getByRole("button", { name: "Save as PNG: What the network answers" }).focus();
    await page.keyboard.press("Tab");
    expect(await page.evaluate(() => document.activeElement?.getAttribute("data-handle"))).toBe("Pen that sets points");
    for (let i = 0; i < 3; i++) await page.keyboard.press("Shift+ArrowLeft");
    await page.keyboard.press("Enter");
    // One beside the other, nearer than a stroke of the pointer would set them.
    await page.keyboard.press("ArrowUp");
    await page.keyboard.press("Space");
    await page.locator('[data-control="brush"] input:checked').focus();
    await page.keyboard.press("ArrowRight");
    await pen.focus();
    for (let i = 0; i < 6; i++) await page.keyboard.press("Shift+ArrowRight");
    await page.keyboard.press("Enter");
    const points = (await probe.query())
      .get("own")!
      .split(";")
      .map((point) => point.split(",").map(Number));
    expect(points.map(([, , label]) => label)).toEqual([0, 0, 1]);
    expect(points[0][0]).toBeLessThan(-0.5);
    expect(points[1][1]).toBeGreaterThan(points[0][1]);
    expect(points[2][0]).toBeCloseTo(-points[0][0], 1);
    await probe.until("train loss", (loss) => Math.abs(loss - Math.log(2)) < 0.5);
    // The pointer sets points where the pen of the keys stands, too.
    const box = (await pen.locator(".knob").boundingBox())!;
    await page.mouse.click(box.x + box.width / 2 - 12, box.y + box.height / 2);
    expect((await probe.query()).get("own")!.split(";").length).toBe(4);
    expect(await probe.barriers()).toEqual([]);
  });

  test("a CSV file is read", async () => {
    const probe = await ready("");
    const rows = Array.from({ length: 20 }, (_, i) => `${i},${i * i},${i < 10 ? "few" : "many"}`);
    await probe.page.locator('input[type="file"]').setInputFiles({
      name: "table.csv",
      mimeType: "text/csv",
      buffer: Buffer.from(["a,b,kind", ...rows].join("\n")),
    });
    await probe.page.getByText("20 points from a, b, kind").waitFor();
    expect((await probe.query()).get("set")).toBe("own");
  });

  test("what a formula or a table lacks is said in the page's language", async () => {
    const probe = await studio.open("/playground?set=function&formula=x%20%2B", { language: "zh" });
    await probe.page.getByText("末尾缺少内容").waitFor();
    await probe.page
      .locator('input[type="file"]')
      .setInputFiles({ name: "table.csv", mimeType: "text/csv", buffer: Buffer.from("a,b\n1,2\n") });
    await probe.page.getByText("需要三列：两列数字，一列类别；表中有 2 列").waitFor();
  });

  test("what the library says of a file is said in the page's language, and in the other when that changes", async () => {
    const { page } = await studio.open("/playground", { language: "zh" });
    const give = (name: string, bytes: Uint8Array | string) =>
      page.locator('input[type="file"]').setInputFiles({ name, mimeType: "text/csv", buffer: Buffer.from(bytes) });
    await give("broken.csv", "a,b,c\n1,2\n");
    await page.getByText("CSV 第 2 行：有 2 个字段，而表有 3 列；含有分隔符的字段要放在引号里").waitFor();
    await give("quote.csv", 'a,b,c\n"1,2,3\n');
    await page.getByText("引号没有配对的后引号").waitFor();
    await give("table.xlsx.csv", new Uint8Array([0x50, 0x4b, 3, 4, 0, 0]));
    await page.getByText("是 ZIP 压缩包或电子表格；请先解压，或另存为 CSV").waitFor();
    await page.getByRole("button", { name: "English", exact: true }).click();
    await page.getByText("CSV: is a ZIP archive or a spreadsheet; unpack it, or save it as CSV").waitFor();
  });

  test("layers and units, added and taken away; a penalty changed while it runs", async () => {
    const probe = await ready("?speed=full");
    await probe.press("add layer");
    await probe.control("unit 2,1").waitFor();
    await probe.page.getByRole("button", { name: "One unit more in layer 1" }).click();
    await probe.control("unit 0,4").waitFor();
    expect((await probe.query()).get("layers")).toBe("5,2,2");
    await probe.press("play");
    await probe.until("step", (step) => step > 100);
    const step = await probe.number("step");
    await probe.set("l2", 0.1);
    await probe.until("step", (now) => now > step + 100);
    await probe.press("play");
  });

  test("is taken along as a program and as weights", async () => {
    const probe = await ready("");
    await probe.press("step");
    await probe.until("step", (step) => step === 1);
    const save = async (name: string) => {
      const [download] = await Promise.all([probe.page.waitForEvent("download"), probe.press(name)]);
      return readFileSync(await download.path(), "utf8");
    };
    expect((await save("code")).includes("train(1);")).toBe(true);
    const weights = JSON.parse(await save("json")) as { layers: { weights: number[][]; bias: number[] }[] };
    expect(weights.layers.map((layer) => [layer.weights.length, layer.bias.length])).toEqual([
      [2, 4],
      [4, 2],
      [2, 2],
    ]);
  });
});
