// What a reader has to wait for: the first page, and with it the kernels that the first network needs, compressed as a server would send them.
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { executable, useStudio, whyNot } from "./studio.ts";

describe.skipIf(executable === undefined)(`the weight of the studio${whyNot}`, () => {
  const studio = useStudio();

  test("the first page and the kernels together are at most 1.5 MB compressed; the first page alone is a fifth of that", async () => {
    const probe = await studio.open("/");
    const { page } = probe;
    const sizes = new Map<string, number>();
    const weigh = async (addresses: readonly string[]): Promise<void> => {
      for (const address of addresses) {
        if (sizes.has(address) || !address.startsWith(studio.studio.address)) continue;
        const reply = await page.request.get(address);
        const body = await reply.body();
        // Fonts are compressed already.
        sizes.set(address, address.endsWith(".woff2") ? body.length : gzipSync(body).length);
      }
    };
    const loaded = () => page.evaluate(() => performance.getEntriesByType("resource").map(({ name }) => name));
    const total = () => [...sizes.values()].reduce((sum, size) => sum + size, 0);
    await probe.quiet();
    await weigh([`${studio.studio.address}/`, ...(await loaded())]);
    const first = total();
    expect(first).toBeLessThan(300_000);
    // What the worker of the playground loads is in its own list.
    const workers: string[] = [];
    page.on("request", (request) => workers.push(request.url()));
    await probe.goTo("/playground");
    await probe.until("step", (step) => step === 0);
    await weigh([...workers, ...(await loaded())]);
    expect(total()).toBeGreaterThan(first + 200_000);
    expect(total()).toBeLessThan(1_500_000);
    console.log(
      `first page ${Math.round(first / 1000)} kB, with the playground and its kernels ${Math.round(total() / 1000)} kB`,
    );
  });
});
