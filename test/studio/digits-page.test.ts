// The room where digits are drawn, as a person uses it: with the pointer, with the keys, on a phone, a line at a time, with corrections.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { StudioRuns } from "../../cli/studio/runs.ts";
import { drawDigits } from "../../src/data/digits.ts";
import { writeIdx } from "../../src/data/idx.ts";
// With it comes the engine, as with the command.
import "../../src/node.ts";
import { nabla, temporaryFolder } from "../cli/run.ts";
import { executable, type Probe, useStudio, whyNot } from "./studio.ts";

const folder = temporaryFolder();
const main = new URL("../../dist/cli/main.js", import.meta.url).pathname;
const at = (name: string): string => join(folder, name);

/** A digit data set of pictures with `side` pixels, and a run that learnt from it. */
function trainRun(name: string, ...more: string[]): void {
  const result = nabla(folder, [
    "train",
    "--dataset",
    "data",
    "--hidden",
    "16",
    "--epochs",
    "2",
    "--out",
    name,
    ...more,
  ]);
  expect(result.status, result.stderr).toBe(0);
}

beforeAll(() => {
  const set = drawDigits(600, 1);
  mkdirSync(at("data"));
  for (const part of ["train", "t10k"]) {
    const images = writeIdx({ type: "uint8", shape: [600, 28, 28], data: set.images });
    writeFileSync(at(`data/${part}-images-idx3-ubyte`), images);
    writeFileSync(at(`data/${part}-labels-idx1-ubyte`), writeIdx({ type: "uint8", shape: [600], data: set.labels }));
  }
  trainRun("reader");
});

test("the server hands over the network of a run, and of nothing else", () => {
  const runs = new StudioRuns([at("reader")], main);
  const [key] = [...runs.folders().keys()];
  expect(Buffer.from(runs.network(key)).includes("sequential")).toBe(true);
  expect(() => runs.network("0000000000000000")).toThrow("There is no such run");
  expect(() => runs.network("../reader")).toThrow("There is no such run");
});

const SEVEN = [
  [80, 60],
  [220, 60],
  [180, 140],
  [150, 240],
] as const;

type Points = readonly (readonly [number, number])[];

/** Draws with the mouse; `between` is looked at before the button is let go. */
async function draw(probe: Probe, points: Points, between?: () => Promise<void>): Promise<void> {
  const { page } = probe;
  const pad = page.locator("[data-pad]");
  await pad.scrollIntoViewIfNeeded();
  const box = (await pad.boundingBox())!;
  const unit = box.height / 300;
  const place = ([x, y]: readonly [number, number]) => [box.x + x * unit, box.y + y * unit] as const;
  await page.mouse.move(...place(points[0]));
  await page.mouse.down();
  for (const point of points.slice(1)) await page.mouse.move(...place(point), { steps: 5 });
  await between?.();
  await page.mouse.up();
}

const ready = (probe: Probe, id: string): Promise<void> =>
  probe.page.locator(`[data-state="${id}"][data-ready="true"]`).waitFor();

/** All ten of one moment, once the last stroke was read. */
async function outputs(probe: Probe, id: string): Promise<number[]> {
  await probe.query();
  return probe.page.evaluate(
    (name) =>
      Array.from({ length: 10 }, (_, digit) =>
        Number(document.querySelector(`[data-name="${name} ${digit}"]`)?.getAttribute("data-number") ?? Number.NaN),
      ),
    id,
  );
}

describe.skipIf(executable === undefined)(`digits${whyNot}`, () => {
  const studio = useStudio(() => new StudioRuns([at("reader")], main));
  const few = "images=4000";

  test("is read while it is drawn, centred and scaled as MNIST is; a link and a reload show the same", async () => {
    const probe = await studio.open(`/digits?${few}&shown=dense,convolution`);
    await ready(probe, "convolution");
    await draw(probe, SEVEN, async () => {
      await probe.until("high", (high) => high === 20);
      await probe.until("answer dense", (digit) => digit === 7);
    });
    await probe.until("answer convolution", (digit) => digit === 7);
    // The longer side has 20 pixels, and the centre of mass is at 14, 14, as near as whole pixels allow.
    expect(await probe.number("high")).toBe(20);
    expect(Math.abs((await probe.number("centre x")) - 14)).toBeLessThanOrEqual(0.5);
    expect(Math.abs((await probe.number("centre y")) - 14)).toBeLessThanOrEqual(0.5);
    await probe.page.waitForTimeout(300);
    const now = await outputs(probe, "convolution");
    expect(now.reduce((a, b) => a + b)).toBeCloseTo(1, 5);

    const query = await probe.query();
    expect(query.get("one")).toMatch(/^[0-9a-z]+$/);
    // Kept by the browser: not trained again.
    await probe.page.reload();
    await ready(probe, "convolution");
    await expect.poll(() => outputs(probe, "convolution")).toEqual(now);
    // Another browser trains the same network to the same bits.
    const other = await studio.open(`/digits?${query}`);
    await ready(other, "convolution");
    await expect.poll(() => outputs(other, "convolution")).toEqual(now);
  });

  test("by keyboard alone: a one, taken back, and cleared", async () => {
    const probe = await studio.open(`/digits?${few}&shown=dense`);
    await ready(probe, "dense");
    const { page } = probe;
    await page.locator('[data-control="mode"] input:checked').focus();
    await page.keyboard.press("Tab");
    expect(await page.evaluate(() => document.activeElement?.getAttribute("data-pad"))).toBe("one");
    for (let i = 0; i < 4; i++) await page.keyboard.press("Shift+ArrowUp");
    await page.keyboard.press("Space");
    for (let i = 0; i < 8; i++) await page.keyboard.press("Shift+ArrowDown");
    await probe.until("answer dense", (digit) => digit === 1);
    await page.keyboard.press("Space");
    const query = await probe.query();
    // From 150, 54 down to 246: straight, so two points are kept.
    const [x, top, bottom] = [150, 54, 246].map((value) => value.toString(36).padStart(2, "0"));
    expect(query.get("one")).toBe(`${x}${top}${x}${bottom}`);
    expect(await probe.number("high")).toBe(20);
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Enter");
    await page.keyboard.press("Escape");
    expect((await probe.query()).get("one")?.split(".").length).toBe(2);
    await page.keyboard.press("Backspace");
    await page.keyboard.press("Backspace");
    expect((await probe.query()).has("one")).toBe(false);
    await page.keyboard.press("Control+z");
    await page.locator('[data-pixels="seen"]').waitFor();
    await page.locator("[data-pad]").focus();
    await page.keyboard.press("Delete");
    await page.locator('[data-pixels="seen"]').waitFor({ state: "detached" });
  });

  test("504192 in one line is cut into six; a piece is looked at; where digits run together it says so", async () => {
    const probe = await studio.open(`/digits?${few}&shown=dense,convolution&mode=line`);
    await ready(probe, "convolution");
    await probe.press("write");
    const lineOf = (id: string) => probe.page.locator(`[data-line="${id}"]`).getAttribute("data-text");
    await probe.until("pieces", (pieces) => pieces === 6);
    await expect.poll(() => lineOf("convolution")).toBe("504192");
    await probe.page.locator('[data-piece="3"]').click();
    await probe.until("answer convolution", (digit) => digit === 1);
    const query = await probe.query();
    expect(query.get("piece")).toBe("3");
    const again = await studio.open(`/digits?${query}`);
    await ready(again, "convolution");
    await expect.poll(() => again.page.locator('[data-line="convolution"]').getAttribute("data-text")).toBe("504192");

    // Two bars of a cross-stroke: an H, which is one piece of ink, and has to be cut through it to be two.
    await probe.press("clear");
    await draw(probe, [
      [100, 60],
      [100, 240],
    ]);
    await draw(probe, [
      [190, 60],
      [190, 240],
    ]);
    await probe.until("pieces", (pieces) => pieces === 2);
    expect(await probe.page.locator('[data-note="touching"]').count()).toBe(0);
    await draw(probe, [
      [100, 150],
      [190, 150],
    ]);
    await probe.set("count", 2);
    await probe.page.locator('[data-note="touching"]').waitFor();
    expect(await probe.page.locator('[data-piece="1"]').getAttribute("data-touches")).toBe("true");
    await probe.set("count", 9);
    await probe.page.getByText("9 digits were asked for").waitFor();
  });

  test("looks inside: 30 hidden neurons and their weights; 8 maps of 24 by 24 and their windows", async () => {
    const probe = await studio.open(`/digits?${few}&shown=first,convolution&look=first`);
    await ready(probe, "convolution");
    await draw(probe, SEVEN);
    const { page } = probe;
    await page.locator('[data-layer="0.dense"]').waitFor();
    expect(await page.locator('[data-layer="0.dense"]').getAttribute("data-count")).toBe("30");
    expect(await page.locator("[data-filters]").getAttribute("data-filters")).toBe("30");
    expect(await probe.number("parameters first")).toBe(784 * 30 + 30 + 30 * 10 + 10);
    await probe.choose("look", "convolution");
    await page.locator('[data-layer="0.conv2d"]').waitFor();
    expect(await page.locator('[data-layer="0.conv2d"] [data-pixels]').count()).toBe(8);
    expect(
      await page
        .locator('[data-layer="0.conv2d"] canvas')
        .first()
        .evaluate((canvas) => (canvas as HTMLCanvasElement).width),
    ).toBe(24);
    expect(await page.locator("[data-filters]").getAttribute("data-filters")).toBe("8");
    await probe.choose("method", "integrated");
    expect((await probe.query()).get("method")).toBe("integrated");
    await page.locator('[data-pixels="saliency"]').waitFor();
  });

  test("is told that a seven is a one, learns it in steps, forgets it again; corrections are kept, saved and opened", async () => {
    const probe = await studio.open(`/digits?${few}&shown=dense`);
    await ready(probe, "dense");
    await draw(probe, SEVEN);
    await probe.until("answer dense", (digit) => digit === 7);
    // What follows at once would be one change with the drawing.
    const before = await outputs(probe, "dense");
    const known = await probe.number("drawn dense");
    await probe.press("correct 1");
    await probe.set("steps", 60);
    await probe.query();
    await probe.press("learn");
    await probe.until("learnt dense", (share) => share === 1);
    await probe.until("answer dense", (digit) => digit === 1);
    expect(await probe.number("dense 7")).toBeLessThan(before[7]);
    // What it knew otherwise it still knows, nearly.
    await probe.page.getByText("have learnt from 1").waitFor();
    await expect.poll(() => probe.number("drawn dense")).toBeGreaterThan(known - 0.1);
    const after = await outputs(probe, "dense");

    // Undone by the page's own undo, to the same bits; redone too.
    await probe.query();
    await probe.press("undo");
    await expect.poll(() => outputs(probe, "dense")).toEqual(before);
    await probe.press("redo");
    await expect.poll(() => outputs(probe, "dense")).toEqual(after);
    await probe.press("unlearn");
    await expect.poll(() => outputs(probe, "dense")).toEqual(before);

    const [download] = await Promise.all([probe.page.waitForEvent("download"), probe.press("export")]);
    const saved = JSON.parse(readFileSync(await download.path(), "utf8")) as { corrections: { digit: number }[] };
    expect(saved.corrections.map(({ digit }) => digit)).toEqual([1]);
    await probe.page.reload();
    const list = probe.page.locator("[data-corrections]");
    expect(await list.getAttribute("data-corrections")).toBe("1");
    const file = probe.control("import-file");
    await file.setInputFiles(await download.path());
    await probe.page.getByText("1 corrections were read").waitFor();
    expect(await list.getAttribute("data-corrections")).toBe("2");
    await file.setInputFiles({ name: "other.json", mimeType: "application/json", buffer: Buffer.from("{}") });
    await probe.page.getByText("other.json holds no corrections").waitFor();
    await list.locator("button").first().click();
    await list.locator("button").first().click();
    await list.waitFor({ state: "detached" });
  });

  test("a network of a run, and one of a file, read beside the others; what reads no digits is refused", async () => {
    const probe = await studio.open(`/digits?${few}&shown=dense&token=${studio.studio.token}`);
    await ready(probe, "dense");
    await draw(probe, SEVEN);
    await probe.press("open-run");
    const id = `run:${[...new StudioRuns([at("reader")], main).folders().keys()][0]}`;
    await ready(probe, id);
    expect(await probe.number(`parameters ${id}`)).toBe(784 * 16 + 16 + 16 * 10 + 10);
    await probe.until(`${id} 7`, (value) => value >= 0);
    expect((await probe.query()).get("shown")).toBe(`dense,${id}`);
    await probe.page.reload();
    await ready(probe, id);

    const file = probe.control("open-file");
    await file.setInputFiles(at("reader/model.safetensors"));
    await probe.page.locator('[data-network="file:model.safetensors"]').waitFor();
    expect(await probe.number("drawn file:model.safetensors")).toBe(await probe.number(`drawn ${id}`));
    await file.setInputFiles({
      name: "poem.safetensors",
      mimeType: "application/octet-stream",
      buffer: Buffer.from("no"),
    });
    await probe.page.getByText("poem.safetensors can't be taken").waitFor();
  });

  test("MNIST is measured where the server has it, and else the page says how to get it", async () => {
    const probe = await studio.open(`/digits?images=500&shown=dense`);
    await ready(probe, "dense");
    await probe.press("measure");
    const refusal = probe.page.getByText("MNIST is not at hand");
    await expect
      .poll(async () => (await refusal.count()) > 0 || Number.isFinite(await probe.number("mnist dense")), {
        timeout: 300_000,
      })
      .toBe(true);
    if ((await refusal.count()) === 0) expect(await probe.number("mnist dense")).toBeGreaterThan(0.5);
    probe.forget(/404/);
  });

  test.each([
    { language: "zh", dark: true, title: "手写数字", short: "不能使用 short.safetensors：" },
    { language: "en", dark: false, title: "Digits", short: "short.safetensors can't be taken: " },
  ] as const)(
    "$language, dark $dark, on a phone: a drawing and a line fit, and nothing bars a reader",
    async (opening) => {
      const probe = await studio.open(`/digits?${few}&shown=dense`, { ...opening, width: 360 });
      await ready(probe, "dense");
      await draw(probe, SEVEN);
      await probe.until("answer dense", (digit) => digit === 7);
      await probe.press("correct 7");
      await probe.page.locator("[data-layer]").first().waitFor();
      const over = () => probe.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      expect(await probe.barriers()).toEqual([]);
      expect(await over()).toBeLessThanOrEqual(0);
      await probe.choose("mode", "line");
      await probe.press("write");
      await probe.until("pieces", (pieces) => pieces === 6);
      expect(await probe.smallLetters()).toEqual([]);
      expect(await probe.barriers()).toEqual([]);
      expect(await over()).toBeLessThanOrEqual(0);
      expect(await probe.page.locator("h1").textContent()).toBe(opening.title);
      const bytes = Buffer.from("no");
      const type = "application/octet-stream";
      await probe.control("open-file").setInputFiles({ name: "short.safetensors", mimeType: type, buffer: bytes });
      const said = await probe.page.getByText(opening.short).textContent();
      expect(said?.includes("太短；文件已损坏")).toBe(opening.language === "zh");
    },
    120_000,
  );
});
