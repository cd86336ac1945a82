// The book reader: pages of the guide, and experiments that are run in them. What comes out must be what `nabla book run` has in Node: the same
// function, judged alike.
import { describe, expect, test } from "vitest";
import { allEntries, findEntry, SOURCES } from "../../book/library.ts";
import { runExperiment } from "../../book/run.ts";
import { resultText } from "../../book/wording.ts";
import { readerPath } from "../../studio/src/reader/path.ts";
import { executable, type Probe, useStudio, whyNot } from "./studio.ts";

const experiment = (probe: Probe, id: string) => probe.page.locator(`[data-experiment="${id}"]`);

async function run(probe: Probe, id: string): Promise<void> {
  await probe.control(`run ${id}`).click();
  await ended(probe, id);
}

async function ended(probe: Probe, id: string): Promise<void> {
  const states = ["ran", "missing", "failed"].map((state) => `[data-state="${state}"]`).join(",");
  await probe.page.locator(`[data-experiment="${id}"]:is(${states})`).waitFor();
}

const verdict = (probe: Probe, id: string) => experiment(probe, id).getAttribute("data-verdict");

/** What a run printed, without its time. */
const timeless = (printed: string) => printed.replace(/ {2}[\d.]+ s\n?$/, "");
async function printed(probe: Probe, id: string): Promise<string> {
  return timeless((await experiment(probe, id).locator("details pre").last().textContent()) ?? "");
}

async function printedInNode(id: string, seed = 1, language: "en" | "zh" = "en"): Promise<string> {
  return timeless(resultText(await runExperiment(findEntry(id)!.experiment, { seed }), language));
}

describe.skipIf(executable === undefined)(`the book reader${whyNot}`, () => {
  const studio = useStudio();

  test("the contents list every text and chapter, with as many experiments as the registry has", async () => {
    const { page } = await studio.open("/book");
    const links = await page.locator("main ol a").evaluateAll((all) => all.map((each) => each.getAttribute("href")));
    const guides = SOURCES.flatMap(({ chapters }) => chapters.map(({ guide }) => guide));
    expect(links).toEqual(guides.map((guide) => `#${readerPath(guide)}`));
    const counts = await page.locator("main ol .note").allTextContents();
    expect(counts.reduce((sum, text) => sum + Number.parseInt(text, 10), 0)).toBe(allEntries().length);
  });

  test("read, press Run, see the verdict and the figure: the numbers are those of Node", async () => {
    const probe = await studio.open("/book/zero/1");
    const figure = probe.page.locator('[data-figure="zero/1-and and"]');
    await figure.scrollIntoViewIfNeeded();
    await figure.locator("svg").first().waitFor();
    expect(await figure.getAttribute("data-shown")).toBe("recorded");
    await run(probe, "zero/1-and");
    expect(await verdict(probe, "zero/1-and")).toBe("reproduced");
    // The series prints w = 0.1, 0.2 and b = -0.2.
    const claims = await experiment(probe, "zero/1-and").locator("tbody").textContent();
    expect(claims).toContain("0.1, 0.2");
    // With a minus, not a hyphen, after which a line may end.
    expect(claims).toContain("−0.2");
    expect(await printed(probe, "zero/1-and")).toBe(await printedInNode("zero/1-and"));
    expect(await figure.getAttribute("data-shown")).toBe("computed");
    expect(await figure.locator(".chart svg [data-series], .chart svg path").count()).toBeGreaterThan(3);
    await figure.getByRole("button", { name: "Show the recorded figure" }).click();
    expect(await figure.getAttribute("data-shown")).toBe("recorded");
  });

  test("a link runs again what was run, with its seed; another seed is another run", async () => {
    const probe = await studio.open("/book/nndl/1?seed=7&run=nndl/1.5-best-direction");
    await ended(probe, "nndl/1.5-best-direction");
    const seventh = await printedInNode("nndl/1.5-best-direction", 7);
    expect(seventh).toContain("seed 7");
    expect(await printed(probe, "nndl/1.5-best-direction")).toBe(seventh);
    await probe.set("seed", 8);
    expect(await experiment(probe, "nndl/1.5-best-direction").getAttribute("data-state")).toBe("none");
    await run(probe, "nndl/1.5-best-direction");
    const eighth = await printedInNode("nndl/1.5-best-direction", 8);
    expect(eighth).not.toBe(seventh.replace("seed 7", "seed 8"));
    expect(await printed(probe, "nndl/1.5-best-direction")).toBe(eighth);
    expect([...(await probe.query())].filter(([key]) => key !== "at")).toEqual([
      ["run", "nndl/1.5-best-direction"],
      ["seed", "8"],
    ]);
    await probe.page.reload();
    await ended(probe, "nndl/1.5-best-direction");
    expect(await printed(probe, "nndl/1.5-best-direction")).toBe(eighth);
  });

  test("the place is kept in the address, and a link leads to it", async () => {
    const probe = await studio.open("/book/nndl/1");
    const { page } = probe;
    await page
      .getByRole("navigation", { name: "On this page" })
      .getByRole("link", { name: "Strings of digits" })
      .click();
    const heading = page.getByRole("heading", { name: "Strings of digits" });
    const top = () => heading.evaluate((each) => Math.round(each.getBoundingClientRect().top));
    await expect.poll(top).toBeLessThan(60);
    expect((await probe.query()).get("at")).toBe("strings-of-digits");
    await page.reload();
    await expect.poll(top).toBeLessThan(60);
    const network = page.getByRole("heading", { name: "The network" });
    await network.evaluate((each) => each.scrollIntoView({ block: "start", behavior: "instant" }));
    await expect.poll(async () => (await probe.query()).get("at")).toBe("the-network");
    await probe.goTo("/book");
    await page.getByRole("link", { name: /^Go on reading/ }).click();
    await page.getByRole("heading", { name: "The network" }).waitFor();
    expect((await probe.query()).get("at")).toBe("the-network");
  });

  test("a demonstration leads to its experiments in the book, and they lead back", async () => {
    const probe = await studio.open("/demos/sigmoid-to-step");
    await probe.page.getByRole("link", { name: "nndl/1.3-sigmoid" }).click();
    const bar = experiment(probe, "nndl/1.3-sigmoid");
    await bar.waitFor();
    await expect.poll(async () => (await bar.boundingBox())?.y).toBeLessThan(100);
    await bar.getByRole("link", { name: "From the sigmoid to the step" }).click();
    await probe.page.getByRole("heading", { level: 1, name: "From the sigmoid to the step" }).waitFor();
  });

  test("pages lead to the next and the one before, and to programs", async () => {
    const { page } = await studio.open("/book/nndl/2");
    await page.locator('a[rel="next"]').click();
    await page.getByRole("heading", { level: 1, name: "Improving the way neural networks learn" }).waitFor();
    await page.locator('a[rel="prev"]').click();
    await page.getByRole("heading", { level: 1, name: "How the backpropagation algorithm works" }).waitFor();
    await page.goBack();
    await page.getByRole("heading", { level: 1, name: "Improving the way neural networks learn" }).waitFor();
  });

  test("who comes to chapter 1 of Nielsen reads why the step size matters, runs it, and is led on to where it is dragged", async () => {
    const probe = await studio.open("/book");
    const { page } = probe;
    await page.getByRole("link", { name: "Recognising handwritten digits" }).click();
    await page.getByText("Why the step size matters.").waitFor();
    // What an experiment's words mean stands at the top.
    await page.getByText("How to read the experiments").click();
    await page.getByText("the quick form is too short to tell").waitFor();
    // On v^2 a step multiplies v by 1 - 2 eta.
    await run(probe, "nndl/1.5-one-variable");
    const bar = experiment(probe, "nndl/1.5-one-variable");
    expect(await bar.locator('[data-claim="factors"] [data-label="Measured"]').textContent()).toBe(
      "0.8, 0.1, −0.8, −1.1",
    );
    const figure = page.locator('[data-figure="nndl/1.5-one-variable places"]');
    expect(await figure.getAttribute("data-shown")).toBe("computed");
    expect(await figure.locator(".chart").textContent()).toContain("η = 1.05");
    await bar.getByRole("link", { name: "A ball in a bowl" }).click();
    await page.getByRole("heading", { level: 1, name: "A ball in a bowl" }).waitFor();
    await page.goBack();
    await experiment(probe, "nndl/1.6-rates").getByRole("link", { name: "Three learning rates" }).click();
    await page.getByRole("heading", { level: 1, name: "Three learning rates" }).waitFor();
  });

  test("a neighbour of another book says which book; both neighbours begin on one line", async () => {
    const { page } = await studio.open("/book/nndl/1", { width: 390 });
    const before = page.locator('a[rel="prev"]');
    expect(await before.textContent()).toBe("Previous · Deep Learning from ZeroRecursive networks");
    expect(await page.locator('a[rel="next"]').textContent()).toBe("NextHow the backpropagation algorithm works");
    const tops = await page
      .locator("a[rel]:is([rel=prev], [rel=next]) span")
      .evaluateAll((all) => all.map((each) => each.getBoundingClientRect().top));
    expect(new Set(tops).size).toBe(1);
  });

  test("Stop ends a run at once, and the next begins", async () => {
    const probe = await studio.open("/book/zero/2");
    await probe.control("run zero/2-features").click();
    await probe.control("run zero/2-descent").click();
    expect(await experiment(probe, "zero/2-descent").getAttribute("data-state")).toBe("waiting");
    await probe.page.locator('[data-experiment="zero/2-features"][data-state="running"]').waitFor();
    await probe.control("stop zero/2-features").click();
    await ended(probe, "zero/2-descent");
    expect(await experiment(probe, "zero/2-features").getAttribute("data-state")).toBe("none");
    expect(await verdict(probe, "zero/2-descent")).toBe("reproduced");
    expect((await probe.query()).get("run")).toBe("zero/2-descent");
  });

  test("the keyboard alone: to the experiment, run it, and read on", async () => {
    const probe = await studio.open("/book/zero/1?at=zero/1-gates");
    const button = probe.control("run zero/1-gates");
    await button.focus();
    await probe.page.keyboard.press("Enter");
    await ended(probe, "zero/1-gates");
    expect(await verdict(probe, "zero/1-gates")).toBe("reproduced");
    await probe.page.keyboard.press("Tab");
    const focused = () => probe.page.evaluate(() => document.activeElement?.getAttribute("aria-label"));
    expect(await focused()).toBe("What the source says");
  });

  test("what a page can't do is said, with the command that can", async () => {
    const probe = await studio.open("/book/scratch/1");
    await run(probe, "scratch/1.6-picture");
    const alert = experiment(probe, "scratch/1.6-picture").getByRole("alert");
    expect(await alert.textContent()).toMatch(/files, which a page can't.*npx nabla book run scratch\/1\.6-picture/s);
    const hours = experiment(probe, "zero/5-shakespeare");
    await probe.goTo("/book/zero/5");
    await hours.getByText("What is done, and why").click();
    expect(await hours.textContent()).toContain("npx nabla book run zero/5-shakespeare --full");
  });

  test("the full form, where it is short", async () => {
    const probe = await studio.open("/book/zero/1");
    await experiment(probe, "zero/1-xor").getByText("What is done, and why").click();
    await probe.control("full zero/1-xor").click();
    await ended(probe, "zero/1-xor");
    expect(await experiment(probe, "zero/1-xor").getByRole("status").textContent()).toContain("full form");
    expect((await probe.query()).get("run")).toBe("zero/1-xor:full");
  });

  test("Chinese, dark, on a phone: the page, and what the run says", async () => {
    const probe = await studio.open("/book/zero/1", { language: "zh", dark: true, width: 360 });
    expect(await probe.page.locator("h1").textContent()).toBe("感知器");
    await run(probe, "zero/1-and");
    expect(await printed(probe, "zero/1-and")).toBe(await printedInNode("zero/1-and", 1, "zh"));
    expect(await experiment(probe, "zero/1-and").getByRole("status").textContent()).toContain("已复现");
    expect(await probe.barriers()).toEqual([]);
    expect(await probe.page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
  });

  test.each([390, 360])(
    "on a phone of %i pixels no letter of a figure is below ten, as recorded and as computed",
    async (width) => {
      const probe = await studio.open("/book/zero/1", { language: "zh", width });
      await run(probe, "zero/1-and");
      for (const path of ["/book/zero/1", "/book/nndl/4", "/book/python/3"]) {
        if (path !== "/book/zero/1") await probe.goTo(path);
        const figures = probe.page.locator("[data-figure]");
        await figures.first().waitFor();
        const count = await figures.count();
        for (let i = 0; i < count; i++) {
          await figures.nth(i).scrollIntoViewIfNeeded();
          await figures.nth(i).locator("svg").first().waitFor();
        }
        expect(count, path).toBeGreaterThan(0);
        expect(await probe.smallLetters(), path).toEqual([]);
        expect(await probe.collisions(), path).toEqual([]);
        expect(await probe.page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(
          0,
        );
      }
    },
  );

  test("on a phone a recorded figure is moved sideways, by the keys too, and shown whole on a press", async () => {
    const { page } = await studio.open("/book/zero/1", { width: 390 });
    const figure = page.locator('[data-figure="zero/1-and and"]');
    await figure.scrollIntoViewIfNeeded();
    await figure.locator("svg").first().waitFor();
    const place = figure.getByRole("region");
    const hidden = () => place.evaluate((each) => each.scrollWidth - each.clientWidth);
    expect(await hidden()).toBeGreaterThan(100);
    await place.focus();
    await page.keyboard.press("ArrowRight");
    await expect.poll(() => place.evaluate((each) => each.scrollLeft)).toBeGreaterThan(0);
    const whole = figure.getByRole("button", { name: "Show all of it" });
    await whole.click();
    await expect.poll(hidden).toBeLessThanOrEqual(0);
    await whole.click();
    await expect.poll(hidden).toBeGreaterThan(100);
  });

  test("where there is room a recorded figure is whole at first", async () => {
    const { page } = await studio.open("/book/zero/1");
    const figure = page.locator('[data-figure="zero/1-and and"]');
    await figure.scrollIntoViewIfNeeded();
    await figure.locator("svg").first().waitFor();
    expect(
      await figure.getByRole("region").evaluate((each) => each.scrollWidth - each.clientWidth),
    ).toBeLessThanOrEqual(0);
    expect(await figure.getByRole("button", { name: "Show all of it" }).count()).toBe(0);
  });

  test("an address without a page says so", async () => {
    const { page } = await studio.open("/book/nndl/99");
    expect(await page.locator("h1").textContent()).toBe("There is no such page");
  });

  test.each(["en", "zh"] as const)(
    "every page has its experiments, fits a phone, and bars no reader: %s",
    async (language) => {
      const probe = await studio.open("/book", { language, width: 360, dark: language === "zh" });
      for (const { guide, experiments } of SOURCES.flatMap(({ chapters }) => chapters)) {
        await probe.goTo(readerPath(guide));
        await experiment(probe, experiments[0].id).waitFor();
        expect(await probe.page.locator("[data-experiment]").count(), guide).toBe(experiments.length);
        const over = await probe.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        expect(over, guide).toBeLessThanOrEqual(0);
        expect(await probe.barriers(), guide).toEqual([]);
        expect(await probe.collisions(), guide).toEqual([]);
      }
    },
    300_000,
  );
});
