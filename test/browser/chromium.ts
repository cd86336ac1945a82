// The browser that tests look through, where one is installed.
import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const installed = (paths: readonly string[]): string | undefined => paths.find((path) => existsSync(path));

/** Debian's chromium-headless-shell is Chromium without the windows that nobody sees here: a page opens in half the time. */
export const executable = installed([
  "/usr/bin/chromium-headless-shell",
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
]);

/** What a suite that needs it adds to its name. */
export const whyNot = executable ? "" : " (skipped: none is installed)";

/** How long something in a page may take before it counts as never coming: long, for a machine may be slow and busy. */
export const PATIENCE = 120_000;

/** `more`: further switches, such as --enable-unsafe-webgpu, with which SwiftShader stands in for a graphics processor. */
export async function launch(more: readonly string[] = []): Promise<Browser> {
  const browser = await chromium.launch({
    executablePath: executable,
    args: [
      "--no-sandbox",
      ...(more.length > 0 ? more : ["--disable-gpu"]),
      "--disable-background-networking",
      "--disable-component-update",
      "--no-first-run",
    ],
  });
  browser.on("context", (context) => context.setDefaultTimeout(PATIENCE));
  return browser;
}
