// The browser that tests look through, where one is installed.
import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

export const executable = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find((path) =>
  existsSync(path),
);

/** What a suite that needs it adds to its name. */
export const whyNot = executable ? "" : " (skipped: none is installed)";

/** `more`: further switches, such as --enable-unsafe-webgpu, with which SwiftShader stands in for a graphics processor. */
export function launch(more: readonly string[] = []): Promise<Browser> {
  return chromium.launch({
    executablePath: executable,
    args: [
      "--no-sandbox",
      ...(more.length > 0 ? more : ["--disable-gpu"]),
      "--disable-background-networking",
      "--disable-component-update",
      "--no-first-run",
    ],
  });
}
