// Pictures of the studio's pages, to be looked at one by one after a change, once it is built:
//   node scripts/studio/look.mjs --out FOLDER [--views wide,phone,dark,zh] [--wait MILLISECONDS] [--run FOLDER]... [PATH...]
// Each address is taken wide and narrow, light and dark, in English and in Chinese; without addresses, all pages and demonstrations as they open.
import { spawn } from "node:child_process";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";

const root = fileURLToPath(new URL("../..", import.meta.url));
const { values: options, positionals } = parseArgs({
  options: {
    out: { type: "string", default: "looks" },
    wait: { type: "string", default: "1500" },
    views: { type: "string", default: "" },
    run: { type: "string", multiple: true, default: [] },
    browser: { type: "string", default: "/usr/bin/chromium" },
  },
  allowPositionals: true,
});
const VIEWS = [
  { name: "wide-light-en", width: 1280, dark: false, locale: "en-US" },
  { name: "wide-dark-zh", width: 1280, dark: true, locale: "zh-CN" },
  { name: "phone-light-zh", width: 390, dark: false, locale: "zh-CN" },
  { name: "phone-dark-en", width: 390, dark: true, locale: "en-US" },
].filter(({ name }) => options.views.split(",").some((part) => name.includes(part)));
const demos = readdirSync(join(root, "studio/src/demos"), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => `/demos/${name.slice(3)}`);
const ROOMS = ["/", "/playground", "/digits", "/runs", "/nowhere", "/book", "/book/nndl/1", "/source/book/nndl"];
const paths = positionals.length > 0 ? positionals : [...ROOMS, ...demos];

const studio = spawn(process.execPath, [join(root, "dist/cli/main.js"), "studio", "--port", "0", ...options.run]);
const address = await new Promise((resolve, reject) => {
  studio.stdout.on("data", (data) => {
    const [found] = /http:\/\/\S+/.exec(String(data)) ?? [];
    if (found) resolve(new URL(found));
  });
  studio.once("exit", () => reject(new Error("nabla studio ended; run npm run studio:build first")));
});
mkdirSync(options.out, { recursive: true });
const browser = await chromium.launch({
  executablePath: options.browser,
  args: ["--no-sandbox", "--disable-gpu"],
});
try {
  for (const { name, width, dark, locale } of VIEWS) {
    const colorScheme = dark ? "dark" : "light";
    // The service worker would fetch the whole build for later.
    const seen = { viewport: { width, height: 900 }, colorScheme, locale, serviceWorkers: "block" };
    const context = await browser.newContext(seen);
    context.setDefaultTimeout(300_000);
    for (const path of paths) {
      const page = await context.newPage();
      page.on("pageerror", (error) => console.log(`${path}: ${error.message}`));
      await page.goto(`${address.origin}/#${path}${path.includes("?") ? "&" : "?"}${address.hash.split("?")[1]}`);
      await page.locator("main h1").first().waitFor();
      // A page that follows runs never is.
      await page.waitForLoadState("networkidle", { timeout: 8000 }).catch(() => {});
      // What is drawn when it comes into sight comes into sight.
      await page.evaluate(async () => {
        for (let y = 0; y < document.documentElement.scrollHeight; y += 700) {
          scrollTo({ top: y, behavior: "instant" });
          await new Promise((resolve) => setTimeout(resolve, 60));
        }
        scrollTo({ top: 0, behavior: "instant" });
      });
      await page.waitForTimeout(Number(options.wait));
      const file = path.slice(1).replace(/[^\p{L}\p{N}]+/gu, "-") || "home";
      await page.screenshot({ path: join(options.out, `${file}.${name}.png`), fullPage: true });
      await page.close();
    }
    await context.close();
  }
} finally {
  await browser.close();
  studio.kill();
}
