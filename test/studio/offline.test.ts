// Without a network: the static build on a file server that knows nothing of it, below a path, and the server of `nabla studio`; both are taken away.
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import type { Browser, BrowserContext } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { SOURCES } from "../../book/library.ts";
import { startStudio } from "../../cli/studio/server.ts";
import { readerPath } from "../../studio/src/reader/path.ts";
import { launch } from "../browser/chromium.ts";
import { temporaryFolder } from "../cli/run.ts";
import { DEMO_PATHS } from "./paths.ts";
import { buildStudio, built, executable, Probe, whyNot } from "./studio.ts";

const TYPES: Readonly<Record<string, string>> = {
  ...{ ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml" },
  ...{ ".woff2": "font/woff2", ".wasm": "application/wasm", ".txt": "text/plain" },
};
const BELOW = "/some/where/";

/** Files and their types, as any host of static sites: no header beside. */
class FileServer {
  folder: string;
  #server: Server | undefined;
  #port = 0;

  constructor(folder: string) {
    this.folder = folder;
  }

  get address(): string {
    return `http://127.0.0.1:${this.#port}${BELOW}`;
  }

  async start(): Promise<void> {
    const server = createServer((request, response) => {
      const { pathname } = new URL(request.url!, "http://x");
      const name = pathname.startsWith(BELOW) ? pathname.slice(BELOW.length) || "index.html" : "missing";
      try {
        const bytes = readFileSync(join(this.folder, name));
        response.writeHead(200, { "Content-Type": TYPES[extname(name)] ?? "application/octet-stream" });
        response.end(bytes);
      } catch {
        response.writeHead(404).end();
      }
    });
    await new Promise<void>((done) => {
      server.listen(this.#port, "127.0.0.1", done);
    });
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    await new Promise<void>((done) => {
      server.close(() => done());
      server.closeAllConnections();
    });
  }
}

describe.skipIf(executable === undefined)(`the studio without a network${whyNot}`, () => {
  let browser: Browser;
  let context: BrowserContext;
  let server: FileServer;

  beforeAll(async () => {
    buildStudio();
    browser = await launch();
    server = new FileServer(built);
  });
  afterEach(async () => {
    await context?.close();
    await server.stop();
  });
  afterAll(() => browser?.close());

  /** Opens a page and waits until the worker has kept everything. */
  async function visit(address: string): Promise<Probe> {
    context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: "en-US" });
    const probe = new Probe(await context.newPage());
    await probe.page.goto(address);
    await probe.page.locator("main h1").first().waitFor();
    await probe.page.waitForFunction(() => navigator.serviceWorker.controller !== null);
    return probe;
  }

  const buildOf = (probe: Probe) => probe.page.locator('meta[name="build"]').getAttribute("content");
  const caches = (probe: Probe) => probe.page.evaluate(async () => (await globalThis.caches.keys()).sort());

  test("after one visit every room, every demonstration and the book work with the server gone, with threads", async () => {
    await server.start();
    const probe = await visit(server.address);
    const { page } = probe;
    // The first visit is as its server sent it.
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(false);
    await server.stop();
    await page.goto("about:blank");
    await page.goto(`${server.address}#/playground`);
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
    await probe.press("play");
    await probe.until("step", (step) => step > 50);
    for (const path of ["/", "/runs", "/book", "/source/book/nndl/programs/network.ts", ...DEMO_PATHS]) {
      await probe.goTo(path);
      expect(await page.locator("h1").first().textContent(), path).not.toMatch(/no such page/);
    }
    for (const { guide, experiments } of SOURCES.flatMap(({ chapters }) => chapters)) {
      await probe.goTo(readerPath(guide));
      await page.locator(`[data-experiment="${experiments[0].id}"]`).waitFor();
    }
    await probe.goTo("/digits?images=500&shown=dense");
    await page.locator('[data-state="dense"][data-ready="true"]').waitFor();
    await probe.goTo("/demos/sigmoid-to-step");
    await probe.set("w", 20);
    await probe.set("b", -5);
    expect(await probe.number("place")).toBe(0.25);
    await probe.goTo("/book/nndl/1?run=nndl/1.3-sigmoid");
    await page.locator('[data-experiment="nndl/1.3-sigmoid"][data-verdict="reproduced"]').waitFor();
    const figure = page.locator('[data-figure="nndl/1.3-scaling agreement"]');
    await figure.scrollIntoViewIfNeeded();
    await figure.locator(".recorded svg").waitFor();
    // What was not in the build was asked for in vain: the runs of a server, and nothing else.
    expect(probe.problems.filter((problem) => !/ERR_CONNECTION_REFUSED/.test(problem))).toEqual([]);
  });

  test("another build is shown at once, kept for later, and what was before is forgotten", async () => {
    await server.start();
    const probe = await visit(server.address);
    const { page } = probe;
    const first = await buildOf(probe);
    expect(first).toMatch(/^[0-9a-f]{16}$/);
    const other = join(temporaryFolder(), "site");
    cpSync(built, other, { recursive: true });
    const second = "0123456789abcdef";
    for (const name of ["index.html", "service-worker.js"]) {
      writeFileSync(join(other, name), readFileSync(join(other, name), "utf8").replaceAll(first!, second));
    }
    server.folder = other;
    await page.reload();
    expect(await buildOf(probe)).toBe(second);
    await expect.poll(() => caches(probe)).toEqual([`nabla-studio ${BELOW} ${second}`]);
    await server.stop();
    await page.reload();
    await page.locator("main h1").first().waitFor();
    expect(await buildOf(probe)).toBe(second);
  });

  test("what `nabla studio` served works when it has ended", async () => {
    const studio = await startStudio({ folder: built, port: 0, version: "test" });
    const probe = await visit(`${studio.address}/`);
    expect(await probe.page.evaluate(() => crossOriginIsolated)).toBe(true);
    await studio.close();
    await probe.page.reload();
    await probe.goTo("/book/zero/1?run=zero/1-and");
    await probe.page.locator('[data-experiment="zero/1-and"][data-verdict="reproduced"]').waitFor();
    expect(await probe.page.evaluate(() => crossOriginIsolated)).toBe(true);
    expect(probe.problems).toEqual([]);
  });
});
