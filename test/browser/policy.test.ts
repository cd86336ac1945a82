// A page with a Content-Security-Policy: what Nabla needs of it, and what is said where it is missing. docs/en/guide/browser.md has it for users.
import { existsSync, readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { executable, launch, whyNot } from "./chromium.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

const ISOLATED = { "cross-origin-opener-policy": "same-origin", "cross-origin-embedder-policy": "require-corp" };
const policy = (text: string): Record<string, string> => ({ "content-security-policy": text });

/** Headers of everything below a folder. */
const FOLDERS: Record<string, Record<string, string>> = {
  isolated: ISOLATED,
  "no-blobs": { ...ISOLATED, ...policy("default-src 'self'; script-src 'self' 'wasm-unsafe-eval'") },
  blobs: { ...ISOLATED, ...policy("default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src blob:") },
  "no-isolation": policy("default-src 'self'; script-src 'self' 'wasm-unsafe-eval'"),
  "no-wasm": { ...ISOLATED, ...policy("default-src 'self'; worker-src 'self'") },
};

function serve(): Promise<Server> {
  const server = createServer((request, response) => {
    const [, folder, file] = /^\/([^/]*)(\/.*)$/.exec(new URL(request.url ?? "/", "http://localhost").pathname) ?? [];
    const path = join(root, file ?? "");
    const found = file?.startsWith("/dist/") && existsSync(path);
    const type = extname(file ?? "") === ".js" ? "text/javascript" : "text/html";
    response.writeHead(file === "/page.html" || found ? 200 : 404, { ...FOLDERS[folder ?? ""], "content-type": type });
    response.end(found ? readFileSync(path) : "<!doctype html><title>test</title>");
  });
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve(server));
  });
}

interface Seen {
  threads: number;
  ready: number;
  warnings: string[];
  sum: number;
  error: string;
}

describe.skipIf(executable === undefined)(`a page's policy, in Chromium${whyNot}`, () => {
  let server: Server;
  let browser: Browser;

  beforeAll(async () => {
    server = await serve();
    browser = await launch();
  });
  afterAll(async () => {
    await browser?.close();
    server?.close();
  });

  /** What a page in `folder` sees that asks for two threads, once workers have had the time to start. */
  async function look(folder: string, workerUrl = ""): Promise<Seen> {
    const page = await browser.newPage();
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/${folder}`;
    await page.goto(`${base}/page.html`);
    // As text: the test runner rewrites import() in functions.
    const seen = await page.evaluate(`(async () => {
      Object.defineProperty(navigator, "hardwareConcurrency", { value: 2 });
      const { configureEngine, engineStatus, onEngineWarning, ones } = await import("${base}/dist/index.js");
      const warnings = [];
      onEngineWarning((message) => warnings.push(message));
      try {
        configureEngine({ threads: 2${workerUrl && `, workerUrl: "${workerUrl}"`} });
        for (let i = 0; i < 300 && engineStatus().threadsReady < engineStatus().threads; i++) {
          await new Promise((resolve) => setTimeout(resolve, 10));
        }
        await new Promise((resolve) => setTimeout(resolve, 100));
        const sum = ones([1 << 20]).add(1).sum().item();
        const { threads, threadsReady } = engineStatus();
        return { threads, ready: threadsReady, warnings, sum, error: "" };
      } catch (error) {
        return { threads: 0, ready: 0, warnings, sum: 0, error: error.message };
      }
    })()`);
    await page.close();
    return seen as Seen;
  }

  const well = { sum: 2 * 2 ** 20, error: "" };

  test("without one there are two threads", async () => {
    expect(await look("isolated")).toEqual({ ...well, threads: 2, ready: 2, warnings: [] });
  });

  test("one that forbids workers from blobs leaves one thread, which is said with the remedy", async () => {
    const { warnings, ...seen } = await look("no-blobs");
    expect(seen).toEqual({ ...well, threads: 1, ready: 1 });
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(
      /^engine: a worker thread does not start.*configureEngine\(\{ workerUrl \}\).* nabla\/worker, or allow worker-src blob:/,
    );
  });

  test("with the worker as a file of the page's own there are two", async () => {
    const seen = await look("no-blobs", "./dist/worker.js");
    expect(seen).toEqual({ ...well, threads: 2, ready: 2, warnings: [] });
  });

  test("with worker-src blob: there are two as well", async () => {
    expect(await look("blobs")).toEqual({ ...well, threads: 2, ready: 2, warnings: [] });
  });

  test("a worker file that is not there is named", async () => {
    const { warnings, ...seen } = await look("isolated", "./dist/elsewhere/worker.js");
    expect(seen).toEqual({ ...well, threads: 1, ready: 1 });
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain("Is ./dist/elsewhere/worker.js the file nabla/worker, from the page's own origin");
  });

  test("a page that is not isolated has one thread, as ever, and no worker to warn of", async () => {
    expect(await look("no-isolation")).toEqual({ ...well, threads: 1, ready: 1, warnings: [] });
  });

  test("one that forbids WebAssembly is told what to allow", async () => {
    const { error } = await look("no-wasm");
    expect(error).toMatch(
      /^engine: the page's Content-Security-Policy forbids WebAssembly.*'wasm-unsafe-eval' to its script-src/,
    );
  });
});

test("the worker's file is the program that a blob would hold", async () => {
  const { BROWSER_WORKER } = await import("../../src/engine/platform.ts");
  expect(readFileSync(join(root, "dist/worker.js"), "utf8")).toBe(BROWSER_WORKER);
});
