// Every demonstration by the keys alone: whatever the pointer can use is reached, its sliders and handles move, and the link that follows from it shows the same
// numbers to whoever opens it.
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, onTestFailed, test } from "vitest";
import { DEMO_PATHS } from "./paths.ts";
import { executable, type Probe, useStudio, whyNot } from "./studio.ts";

/** How long something took, which no two visits share. */
const OF_TIME = ["slow", "fast", "times"];

const demos = new URL("../../studio/src/demos/", import.meta.url);
const folders = readdirSync(demos);
function trains(path: string): boolean {
  const folder = folders.find((name) => path === `/demos/${name.slice(3)}`)!;
  return readFileSync(new URL(`${folder}/Demo.svelte`, demos), "utf8").includes("new Frames(");
}

/** What the pointer can use and Tab does not lead to, a line each. */
async function unreached({ page }: Probe): Promise<string[]> {
  const count = await page.evaluate(() => {
    const all = [
      ...document.querySelectorAll<HTMLElement>(
        'main :is(button, input, select, a[href], [role="slider"], [role="button"])',
      ),
    ];
    for (const each of all) each.dataset["reached"] = "no";
    document.querySelector<HTMLElement>("#main")!.focus();
    return all.length;
  });
  for (let i = 0; i < count + 5; i++) {
    await page.keyboard.press("Tab");
    const inside = await page.evaluate(() => {
      const at = document.activeElement as HTMLElement | null;
      if (at?.closest("main") == null) return false;
      at.dataset["reached"] = "yes";
      return true;
    });
    if (!inside) break;
  }
  return page.evaluate(() => {
    const name = (of: Element) =>
      of.closest("[data-control]")?.getAttribute("data-control") ??
      of.getAttribute("aria-label") ??
      of.textContent?.trim() ??
      of.tagName;
    return [...document.querySelectorAll<HTMLElement>('main [data-reached="no"]')]
      .filter(
        (each) =>
          each.checkVisibility() && !(each as HTMLButtonElement).disabled && each.closest("fieldset:disabled") === null,
      )
      .filter((each) => {
        // The arrows lead on within a group of radio buttons, and of cells, nodes and tiles.
        if (each instanceof HTMLInputElement && each.type === "radio") {
          return document.querySelector(`[name="${each.name}"][data-reached="yes"]`) === null;
        }
        if (each.closest("svg")?.querySelector('[data-reached="yes"]') != null) return false;
        // A file is chosen with the button beside it.
        return !(each instanceof HTMLInputElement && each.type === "file");
      })
      .map(name);
  });
}

/** The page's readings by name. */
const readings = ({ page }: Probe): Promise<Record<string, string>> =>
  page.evaluate(() =>
    Object.fromEntries(
      [...document.querySelectorAll("main [data-name][data-number]")].map((each) => [
        each.getAttribute("data-name")!,
        each.getAttribute("data-number")!,
      ]),
    ),
  );

/** The same, once they have stood for a moment. */
async function settled(probe: Probe): Promise<Record<string, string>> {
  let before = await readings(probe);
  for (let same = 0; same < 3; ) {
    await probe.page.waitForTimeout(150);
    const now = await readings(probe);
    same = JSON.stringify(now) === JSON.stringify(before) ? same + 1 : 0;
    before = now;
  }
  return Object.fromEntries(Object.entries(before).filter(([name]) => !OF_TIME.includes(name)));
}

describe.skipIf(executable === undefined)(`demonstrations by the keys${whyNot}`, () => {
  const studio = useStudio();

  // One page for all: what is asked is how each answers, not how it is reached.
  let probe: Probe | undefined;
  test.each(DEMO_PATHS)("%s", async (path) => {
    if (probe === undefined || probe.page.isClosed()) probe = await studio.open(path, { lasting: true });
    else await probe.goTo(path);
    const { page } = probe;
    // The next one begins anew.
    onTestFailed(() => page.close());
    // What comes late, or is of use only then, is reached the next time.
    await expect.poll(() => unreached(probe!)).toEqual([]);

    const movable = page.locator('main .controls input[type="range"]:enabled, main [data-handle]');
    const value = (at: number) =>
      movable.nth(at).evaluate((each) => (each as HTMLInputElement).value ?? each.getAttribute("aria-valuetext"));
    const count = Math.min(2, await movable.count());
    for (let i = 0; i < count; i++) {
      const before = await value(i);
      await movable.nth(i).focus();
      await page.keyboard.press("ArrowRight");
      // At its end it goes the other way.
      if ((await value(i)) === before) await page.keyboard.press("ArrowLeft");
      if ((await value(i)) === before) await page.keyboard.press("ArrowUp");
      const label = await movable.nth(i).getAttribute("aria-label");
      await expect.poll(() => value(i), { message: `${label}` }).not.toBe(before);
    }
    const query = await probe.query();
    if (count > 0) expect([...query].length).toBeGreaterThan(0);
    // What is trained takes its time: there the link is to stay what it is; that training comes out the same, the page's own tests say.
    const shown = trains(path) ? undefined : await settled(probe);
    await page.reload();
    await page.locator("main h1").first().waitFor();
    if (shown !== undefined) await expect.poll(() => settled(probe!)).toEqual(shown);
    expect(Object.fromEntries(await probe.query())).toEqual(Object.fromEntries(query));
  });
});
