// The studio in a second engine: Debian's Firefox. What differs between engines is threads, workers of modules, typed arrays in messages, layout.
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { findEntry } from "../../book/library.ts";
import { runExperiment } from "../../book/run.ts";
import { resultText } from "../../book/wording.ts";
import { type Studio, startStudio } from "../../cli/studio/server.ts";
import { Firefox, type FirefoxOptions, firefox, whyNoFirefox } from "../browser/firefox.ts";
import { buildStudio, built } from "./studio.ts";

describe.skipIf(firefox === undefined)(`the studio in Firefox${whyNoFirefox}`, () => {
  let studio: Studio;
  let shared: Firefox;
  let other: Firefox | undefined;

  beforeAll(async () => {
    buildStudio();
    studio = await startStudio({ folder: built, port: 0, version: "test" });
    shared = await Firefox.launch();
  });
  afterEach(async () => {
    await other?.close();
    other = undefined;
  });
  afterAll(async () => {
    await shared?.close();
    await studio?.close();
  });

  /** In the browser of all tests, or, with settings, in one of its own. */
  async function open(path: string, options?: FirefoxOptions): Promise<Firefox> {
    if (options !== undefined) other = await Firefox.launch(options);
    const browser = other ?? shared;
    await browser.goto("about:blank");
    await browser.goto(`${studio.address}/#${path}`);
    await browser.find("main h1");
    return browser;
  }

  const number = (page: Firefox, name: string) =>
    page.evaluate((wanted) => {
      const written = document.querySelector(`[data-name="${wanted}"]`)?.getAttribute("data-number");
      return written == null ? null : Number(written);
    }, name);

  test("the first page, in the browser's language and colours, isolated", async () => {
    const page = await open("/", { language: "zh-CN, zh", dark: true, width: 500 });
    const seen = await page.evaluate(() => ({
      title: document.querySelector("h1")?.textContent,
      theme: document.documentElement.dataset["theme"],
      isolated: crossOriginIsolated,
      over: document.documentElement.scrollWidth - innerWidth,
    }));
    expect(seen).toMatchObject({ title: "看神经网络如何学习", theme: "dark", isolated: true });
    expect(seen.over).toBeLessThanOrEqual(0);
  });

  test("the playground trains", async () => {
    const page = await open("/playground");
    await page.find('[data-name="step"][data-number="0"]');
    await page.click('[data-control="play"]');
    await expect.poll(() => number(page, "step")).toBeGreaterThan(200);
  });

  test("a demonstration follows its controls, and shows the same after a reload", async () => {
    const page = await open("/demos/sigmoid-to-step");
    await page.type('[data-control="w"] input[type="text"]', "20");
    await page.type('[data-control="b"] input[type="text"]', "-5");
    await expect.poll(() => number(page, "place")).toBe(0.25);
    await expect.poll(() => page.evaluate(() => location.hash)).toBe("#/demos/sigmoid-to-step?w=20&b=-5");
    await page.evaluate(() => location.reload());
    await expect.poll(() => number(page, "place")).toBe(0.25);
  });

  test("the reader runs an experiment to the numbers of Node, and shows its figure", async () => {
    const page = await open("/book/zero/2");
    await page.click('[data-control="run zero/2-descent"]');
    await page.find('[data-experiment="zero/2-descent"][data-verdict="reproduced"]');
    const printed = await page.evaluate(
      () => [...document.querySelectorAll('[data-experiment="zero/2-descent"] pre')].at(-1)?.textContent ?? "",
    );
    const timeless = (text: string) => text.replace(/ {2}[\d.]+ s\n?$/, "");
    const inNode = resultText(await runExperiment(findEntry("zero/2-descent")!.experiment), "en");
    expect(timeless(printed)).toBe(timeless(inNode));
    await page.find('[data-figure="zero/2-descent rates"][data-shown="computed"] svg');
  });

  test("without a network, after one visit", async () => {
    const passing = await startStudio({ folder: built, port: 0, version: "test" });
    await shared.goto(`${passing.address}/`);
    const kept = () => shared.evaluate(() => navigator.serviceWorker.controller !== null);
    await expect.poll(kept).toBe(true);
    await passing.close();
    await shared.goto("about:blank");
    await shared.goto(`${passing.address}/#/demos/softmax`);
    await shared.find('[data-control="undo"]');
    expect(await shared.evaluate(() => crossOriginIsolated)).toBe(true);
  });
});
