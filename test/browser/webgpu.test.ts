// The built library on WebGPU in headless Chromium, with SwiftShader in the place of a graphics processor: on the page and in a worker it trains to
// what the CPU trains to, and nothing of the engine is loaded before it is asked for.
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { executable, launch, whyNot } from "./chromium.ts";
import { type FileServer, serve } from "./serve.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const EPOCHS = 3;

interface Result {
  losses: number[];
  accuracy: number;
  status: { engine: string; software?: boolean };
}

describe.skipIf(executable === undefined)(`webgpu in Chromium${whyNot}`, () => {
  let server: FileServer;
  let browser: Browser;
  let page: Page;
  let expected: Result;
  const problems: string[] = [];
  const loaded: string[] = [];

  beforeAll(async () => {
    server = await serve(root);
    browser = await launch(["--enable-unsafe-webgpu"]);
    page = await browser.newPage();
    page.on("pageerror", (error) => problems.push(error.message));
    page.on("request", (request) => loaded.push(new URL(request.url()).pathname));
    await page.goto(`${server.address}/page.html`);
    expected = await run('await nabla.startEngine({ engine: "wasm" });');
  });
  afterAll(async () => {
    await browser?.close();
    server?.close();
  });

  // As text: the test runner rewrites import() in functions.
  const program = (start: string): string => `
    const nabla = await import("${server.address}/dist/index.js");
    const { trainAndHash } = await import("${server.address}/test/browser/program.js");
    ${start}
    const result = await trainAndHash(nabla, ${EPOCHS});`;

  async function run(start: string): Promise<Result> {
    return (await page.evaluate(`(async () => { ${program(start)} return result; })()`)) as Result;
  }

  function expectSame({ losses, accuracy, status }: Result): void {
    expect(status).toMatchObject({ engine: "webgpu", software: true });
    losses.forEach((loss, i) => {
      expect(loss).toBeCloseTo(expected.losses[i], 4);
    });
    expect(accuracy).toBeCloseTo(expected.accuracy, 2);
  }

  test("the engine's code is loaded with the engine", async () => {
    const [first] = loaded.filter((path) => path.includes("/dist/start-"));
    expect(first).toBeUndefined();
    await page.reload();
    expectSame(await run('await nabla.startEngine({ engine: "webgpu" });'));
    expect(loaded.some((path) => path.includes("/dist/start-"))).toBe(true);
    expect(problems).toEqual([]);
  });

  test("it runs in a worker", async () => {
    await page.reload();
    const worker = `${program('await nabla.startEngine({ engine: "webgpu" });')} postMessage(result);`;
    const result = await page.evaluate((code) => {
      const url = URL.createObjectURL(new Blob([`(async () => { ${code} })()`], { type: "text/javascript" }));
      const thread = new Worker(url, { type: "module" });
      return new Promise<unknown>((resolve, reject) => {
        thread.onmessage = ({ data }) => resolve(data);
        thread.onerror = ({ message }) => reject(new Error(message));
      });
    }, worker);
    expectSame(result as Result);
  });
});

describe.skipIf(executable === undefined)(`a browser without WebGPU${whyNot}`, () => {
  test("says what is missing", async () => {
    const server = await serve(root);
    const browser = await launch();
    const page = await browser.newPage();
    await page.goto(`${server.address}/page.html`);
    const message = await page.evaluate(`(async () => {
      const nabla = await import("${server.address}/dist/index.js");
      return nabla.startEngine({ engine: "webgpu" }).catch((error) => error.message);
    })()`);
    await browser.close();
    server.close();
    expect(message).toMatch(
      /^webgpu: (no adapter was found|this browser has no WebGPU)\. .*; or use the engine "wasm"/,
    );
  });
});
