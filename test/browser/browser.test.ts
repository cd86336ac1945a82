// The built library in headless Chromium: it trains there, with threads where the page is cross-origin isolated and with one where it is not; and in
// deterministic mode it computes the same bits as Node, this one and the newest that is at hand (NABLA_OTHER_NODE).
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { executable, launch, whyNot } from "./chromium.ts";
import { type FileServer, serve } from "./serve.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

interface Result {
  losses: number[];
  accuracy: number;
  checksum: string;
  status: { threads: number; threadsReady: number; sharedMemory: boolean };
}

describe("the browser build", () => {
  test("is at most 435 KB gzipped: kernels, every layer and model, trees, readers of other programs' files and Keras' models, and training", () => {
    // What it shares with the other entries is in files beside it.
    const loaded = new Set<string>();
    const visit = (name: string): void => {
      if (loaded.has(name)) return;
      loaded.add(name);
      const text = readFileSync(join(root, "dist", name), "utf8");
      for (const [, other] of text.matchAll(/^(?:import|export)\b.*?"\.\/([\w.-]+\.js)";/gm)) visit(other);
    };
    visit("index.js");
    expect(loaded.size).toBeGreaterThan(1);
    const bytes = [...loaded].map((name) => gzipSync(readFileSync(join(root, "dist", name)), { level: 9 }).length);
    expect(bytes.reduce((a, b) => a + b, 0)).toBeLessThanOrEqual(435_000);
  });
});

describe.skipIf(executable === undefined)(`in Chromium${whyNot}`, () => {
  let server: FileServer;
  let browser: Browser;

  beforeAll(async () => {
    server = await serve(root);
    browser = await launch();
  });
  afterAll(async () => {
    await browser?.close();
    server?.close();
  });

  async function train(path: string, options: { deterministic?: boolean } = {}): Promise<Result> {
    const page = await browser.newPage();
    const problems: string[] = [];
    page.on("pageerror", (error) => problems.push(error.message));
    const base = `${server.address}${path}`;
    await page.goto(`${base}/page.html`);
    // As text: the test runner rewrites import() in functions.
    const result = await page.evaluate(`(async () => {
      const nabla = await import("${base}/dist/index.js");
      const { trainAndHash } = await import("${base}/test/browser/program.js");
      nabla.configureEngine({ deterministic: ${options.deterministic ?? false} });
      nabla.engineStatus();
      await new Promise((resolve) => setTimeout(resolve, 300));
      return trainAndHash(nabla);
    })()`);
    await page.close();
    expect(problems).toEqual([]);
    return result as Result;
  }

  test("it trains, with one thread where the page is not isolated", async () => {
    const { losses, accuracy, status } = await train("");
    expect(losses.at(-1)!).toBeLessThan(losses[0] * 0.7);
    expect(accuracy).toBeGreaterThan(0.85);
    expect(status).toMatchObject({ threads: 1, sharedMemory: false });
  });

  test("it trains with threads on a cross-origin isolated page, to the same bits", async () => {
    const alone = await train("");
    const shared = await train("/isolated");
    expect(shared.status.sharedMemory).toBe(true);
    expect(shared.checksum).toBe(alone.checksum);
  });

  test("deterministic mode: the same bits in this Node, in another and in Chromium", async () => {
    const other = process.env["NABLA_OTHER_NODE"];
    const nodes = [process.execPath, ...(other && existsSync(other) ? [other] : [])];
    const script = fileURLToPath(new URL("./node-run.mjs", import.meta.url));
    const results = nodes.map((node) => JSON.parse(execFileSync(node, [script], { encoding: "utf8" })) as Result);
    results.push(await train("/isolated", { deterministic: true }), await train("", { deterministic: true }));
    expect(new Set(results.map((result) => result.checksum)).size).toBe(1);
  });
});
