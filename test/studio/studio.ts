// What the studio's tests open it with: the server that `nabla studio` starts, a browser, and a page's numbers by name.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import type { Browser, BrowserContext, Locator, Page, Request } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import type { StudioRuns } from "../../cli/studio/runs.ts";
import { type Studio, startStudio } from "../../cli/studio/server.ts";
import { launch, PATIENCE } from "../browser/chromium.ts";

export { executable, whyNot } from "../browser/chromium.ts";

export const built = fileURLToPath(new URL("../../dist/studio", import.meta.url));

/** Builds the studio where its sources have changed: the build before all tests is of the library and the command line. */
export function buildStudio(): void {
  const script = fileURLToPath(new URL("../../scripts/setup.mjs", import.meta.url));
  const { status } = spawnSync(process.execPath, [script, "--build", "--studio"], { stdio: "inherit" });
  if (status !== 0) throw new Error("the build failed; see above");
}

interface Opening {
  readonly language?: "en" | "zh";
  readonly dark?: boolean;
  /** Of the window; default 1280. */
  readonly width?: number;
  /** Whether it stays open for the tests that follow. */
  readonly lasting?: boolean;
}

/**
 * What a page asks the server for. Playwright's own "networkidle" never comes in a page one of whose workers was ended while its script was read from a
 * blob: it waits for that request to its end, and for all of the page's life.
 */
class Traffic {
  readonly #page: Page;
  readonly #open = new Map<Request, number>();
  #last = Date.now();

  constructor(page: Page) {
    this.#page = page;
    page.on("request", (request) => {
      if (request.url().startsWith("http")) this.#open.set(request, Date.now());
    });
    for (const end of ["requestfinished", "requestfailed"] as const) {
      page.on(end as "requestfinished", (request) => {
        this.#open.delete(request);
        this.#last = Date.now();
      });
    }
  }

  /** Waits until nothing has been under way for half a second. A request that has had no answer for 20 s is a worker's that is no more, or a stream. */
  async quiet(): Promise<void> {
    const busy = (): boolean => [...this.#open.values()].some((since) => Date.now() - since < 20_000);
    while (busy() || Date.now() - this.#last < 500) await this.#page.waitForTimeout(50);
  }
}

/** A page of the studio, read by the names that its components carry. */
export class Probe {
  readonly page: Page;
  readonly #traffic: Traffic;
  readonly #problems: string[] = [];

  constructor(page: Page) {
    this.page = page;
    this.#traffic = new Traffic(page);
    page.on("pageerror", (error) => this.#problems.push(error.message));
    page.on("console", (message) => {
      // Said by whoever blocks it: see `open`.
      if (message.text() === "Service Worker registration blocked by Playwright") return;
      if (message.type() === "error" || message.type() === "warning") this.#problems.push(message.text());
    });
  }

  /** What went wrong in the page so far: errors, warnings, what a policy forbade. */
  get problems(): readonly string[] {
    return this.#problems;
  }

  /** Problems that a test provokes. */
  forget(expected: RegExp): void {
    const others = this.#problems.filter((problem) => !expected.test(problem));
    this.#problems.splice(0, this.#problems.length, ...others);
  }

  /** The exact number of a `Reading`; NaN where it has none. */
  async number(name: string): Promise<number> {
    const written = await this.page.locator(`[data-name="${name}"]`).getAttribute("data-number");
    return written === null ? Number.NaN : Number(written);
  }

  /** Waits until a number is what a test says; fails with the last one. */
  async until(name: string, holds: (value: number) => boolean, milliseconds = PATIENCE): Promise<number> {
    const end = Date.now() + milliseconds;
    for (;;) {
      const value = await this.number(name);
      if (holds(value)) return value;
      if (Date.now() > end) throw new Error(`${name} is ${value} after ${milliseconds} ms`);
      await this.page.waitForTimeout(50);
    }
  }

  /** Another page of the studio, without loading the studio anew. */
  async goTo(path: string): Promise<void> {
    const before = await this.page.locator("main h1").first().elementHandle();
    await this.page.evaluate((hash) => {
      location.hash = hash;
    }, path);
    if (new URL(this.page.url()).hash !== `#${path}`) throw new Error(`${path} did not become the address`);
    // The heading of the page before goes first; where the page is the same, it stays.
    await Promise.race([before?.waitForElementState("hidden"), this.page.waitForTimeout(300)]);
    await this.page.locator("main h1").first().waitFor();
    await this.quiet();
  }

  /** Waits until the page has what it asks the server for. */
  async quiet(): Promise<void> {
    await this.#traffic.quiet();
  }

  control(name: string): Locator {
    return this.page.locator(`[data-control="${name}"]`);
  }

  /** Types a number into a control, as a person would: into the field beside the slider. */
  async set(name: string, value: number): Promise<void> {
    const field = this.control(name).locator('input[type="text"]');
    await field.fill(String(value));
    await field.press("Enter");
  }

  async press(name: string): Promise<void> {
    const control = this.control(name);
    // A toggle is a label around its switch; a button is the control itself.
    const inner = control.locator("input");
    await ((await inner.count()) > 0 ? inner : control).click();
  }

  async choose(name: string, value: string): Promise<void> {
    const control = this.control(name);
    const list = control.locator("select");
    if ((await list.count()) > 0) await list.selectOption(value);
    else await control.locator(`input[value="${value}"]`).check({ force: true });
  }

  /** Drags a handle by so many pixels. */
  async drag(label: string, right: number, down: number): Promise<void> {
    // What comes late (formulas, fonts) moves the page.
    await this.quiet();
    const handle = this.page.locator(`[data-handle="${label}"]`);
    await handle.hover();
    const box = await handle.boundingBox();
    if (box === null) throw new Error(`there is no handle "${label}"`);
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    await this.page.mouse.move(x, y);
    await this.page.mouse.down();
    await this.page.mouse.move(x + right / 2, y + down / 2);
    await this.page.mouse.move(x + right, y + down);
    await this.page.mouse.up();
  }

  /** The page's own state, from its address, once it has settled. */
  async query(): Promise<URLSearchParams> {
    await this.page.waitForTimeout(650);
    return new URLSearchParams(new URL(this.page.url()).hash.split("?")[1] ?? "");
  }

  /**
   * Words in drawings that reach beyond the drawing or lie on one another, controls wider than their panel, numbers of formulas that lie on the formula,
   * figures of which a part is out of sight, and columns of tables squeezed to a letter a line: a line each.
   */
  async collisions(): Promise<string[]> {
    return this.page.evaluate(() => {
      const found: string[] = [];
      const figureOf = (part: Element): string => part.closest("figure")?.querySelector("h3")?.textContent ?? "";
      for (const drawing of document.querySelectorAll("main figure svg")) {
        const all = drawing.getBoundingClientRect();
        // Pictures of buttons; and what is scaled down is to be read elsewhere.
        if (all.width < 60) continue;
        const texts = [...drawing.querySelectorAll("text")]
          .filter((text) => text.textContent?.trim() !== "" && text.checkVisibility({ opacityProperty: true }))
          .map((text) => ({ words: text.textContent, box: text.getBoundingClientRect() }));
        for (const [i, { words, box }] of texts.entries()) {
          const beyond = Math.max(
            all.left - box.left,
            box.right - all.right,
            all.top - box.top,
            box.bottom - all.bottom,
          );
          if (beyond > 2) found.push(`"${words}" is cut: ${figureOf(drawing)}`);
          for (const other of texts.slice(i + 1)) {
            const wide = Math.min(box.right, other.box.right) - Math.max(box.left, other.box.left);
            const high = Math.min(box.bottom, other.box.bottom) - Math.max(box.top, other.box.top);
            if (wide > 1 && high > 4) found.push(`"${words}" lies on "${other.words}": ${figureOf(drawing)}`);
          }
        }
      }
      for (const control of document.querySelectorAll("main .panel [data-control]")) {
        // A wide table is moved sideways.
        if (control.closest('[role="region"][tabindex="0"]') !== null) continue;
        const inner = control.closest(".panel")!.getBoundingClientRect();
        const box = control.getBoundingClientRect();
        if (box.right > inner.right - 6) found.push(`${control.getAttribute("data-control")} is wider than its panel`);
      }
      for (const number of document.querySelectorAll("main .katex-tag")) {
        const { left } = number.getBoundingClientRect();
        const parts = [...number.parentElement!.querySelectorAll(":scope > .katex-base")];
        const end = Math.max(...parts.map((part) => part.getBoundingClientRect().right));
        if (left < end - 1) found.push(`the number ${number.textContent} lies on its formula`);
      }
      for (const drawing of document.querySelectorAll("main .recorded")) {
        const place = drawing.parentElement as HTMLElement;
        // What is wider than the room is moved sideways, by the keys too.
        if (place.tabIndex < 0 && place.scrollWidth > place.clientWidth + 1)
          found.push(`a part is out of sight: ${figureOf(drawing)}`);
      }
      for (const cell of document.querySelectorAll("main .table :is(td, th)")) {
        const words = (cell.textContent ?? "").trim();
        const [{ width, height }, { fontSize }] = [cell.getBoundingClientRect(), getComputedStyle(cell)];
        if (words.length > 5 && width < 3 * Number.parseFloat(fontSize) && height > 90) {
          found.push(`the column of "${words.slice(0, 20)}" is too narrow`);
        }
      }
      return found;
    });
  }

  /** Words in figures that are written smaller than ten pixels, with their size: a line each. */
  async smallLetters(): Promise<string[]> {
    return this.page.evaluate(() =>
      [...document.querySelectorAll<SVGTextElement>("main figure svg text")]
        .filter((text) => text.textContent?.trim() !== "" && text.checkVisibility({ opacityProperty: true }))
        .flatMap((text) => {
          const { a, b } = text.getScreenCTM()!;
          const size = Number.parseFloat(getComputedStyle(text).fontSize) * Math.hypot(a, b);
          return size < 9.99 ? [`"${text.textContent}" ${size.toFixed(1)}`] : [];
        }),
    );
  }

  /** What axe finds serious or critical, a line each. */
  async barriers(): Promise<string[]> {
    await this.page.evaluate(axeSource());
    return this.page.evaluate(async () => {
      const { axe } = globalThis as unknown as { axe: AxeLike };
      // A report's frame is closed to scripts; axe would write to it all the same, and the browser say so.
      // A formula is KaTeX's: MathML for readers of the screen, and thousands of boxes in the colour of the text. Half of the time went there.
      const { violations } = await axe.run({ exclude: [".katex"] }, { resultTypes: ["violations"], iframes: false });
      return violations
        .filter(({ impact }) => impact === "serious" || impact === "critical")
        .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(" | ")}`);
    });
  }
}

interface AxeLike {
  run(
    root: unknown,
    options: object,
  ): Promise<{ violations: { id: string; impact: string; nodes: { html: string }[] }[] }>;
}

let axe: string | undefined;

function axeSource(): string {
  axe ??= readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
  return axe;
}

/** To be called in a `describe`: the server and the browser stand for all of its tests; pages are closed, and asked for problems, after each. */
export function useStudio(runs?: () => StudioRuns): {
  open(path: string, opening?: Opening): Promise<Probe>;
  readonly studio: Studio;
} {
  let studio: Studio;
  let browser: Browser;
  const contexts: BrowserContext[] = [];
  const probes: Probe[] = [];
  const lasting: Probe[] = [];

  beforeAll(async () => {
    buildStudio();
    studio = await startStudio({ folder: built, port: 0, version: "test", ...(runs && { runs: runs() }) });
    browser = await launch();
  });
  afterAll(async () => {
    await browser?.close();
    await studio?.close();
  });
  afterEach(async () => {
    const problems = [...probes.splice(0), ...lasting].flatMap((probe) => probe.problems);
    for (const probe of lasting) probe.forget(/./);
    for (const context of contexts.splice(0)) await context.close();
    expect(problems).toEqual([]);
  });

  return {
    async open(path, { language = "en", dark = false, width = 1280, lasting: stays = false } = {}) {
      const context = await browser.newContext({
        viewport: { width, height: 900 },
        colorScheme: dark ? "dark" : "light",
        locale: language === "zh" ? "zh-CN" : "en-US",
        acceptDownloads: true,
        // Each would fetch the whole build for later; offline.test.ts is about that.
        serviceWorkers: "block",
      });
      // What stays goes with the browser.
      if (!stays) contexts.push(context);
      const probe = new Probe(await context.newPage());
      (stays ? lasting : probes).push(probe);
      await probe.page.goto(`${studio.address}/#${path}`);
      await probe.page.locator("main h1").first().waitFor();
      return probe;
    },
    get studio() {
      return studio;
    },
  };
}
