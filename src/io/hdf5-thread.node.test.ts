// HDF5 read in a thread: packages that behave as h5wasm does on damaged files stand in its place, so that no such file need be kept.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { inFolder } from "../../test/python.ts";
import { type KerasReadOptions, loadKeras, readKeras } from "../node.ts";
import type { H5Wasm } from "./hdf5.ts";
import { walkInThread } from "./hdf5-thread.node.ts";
import { openKeras } from "./keras-file.ts";

const { cases } = JSON.parse(readFileSync(new URL("../../test/oracle/tfjs-models.json", import.meta.url), "utf8")) as {
  cases: Record<string, { keras2: string; keras3: string }>;
};
const good = (): Uint8Array => Uint8Array.from(Buffer.from(cases["dense"].keras3, "base64"));

/** A package whose `File` is made by these statements. */
function standIn(making: string, before = ""): string {
  const program = `${before}
    export const ready = Promise.resolve({ FS: { writeFile() {}, unlink() {} } });
    export class File { attrs = {}; keys() { return []; } constructor() { ${making} } }`;
  return `data:text/javascript,${encodeURIComponent(program)}`;
}

const walk = (found: string, seconds = 60) => walkInThread(openKeras(good(), "a.h5"), "a.h5", seconds, found);
const threads = (): number => process.getActiveResourcesInfo().filter((each) => /worker/i.test(each)).length;

describe("a library that", () => {
  test("never ends is stopped after the time limit, and no thread is left", async () => {
    const before = threads();
    const began = performance.now();
    await expect(walk(standIn("for (;;);"), 0.2)).rejects.toThrow(
      "a.h5: HDF5's library, h5wasm, did not end within 0.2 seconds and was stopped (option timeLimit); the file is damaged",
    );
    expect(performance.now() - began).toBeGreaterThan(200);
    expect(threads()).toBe(before);
  });

  test("is slow to start has its time from then on", async () => {
    const before = "await new Promise((resolve) => setTimeout(resolve, 500));";
    expect(await walk(standIn("", before), 0.25)).toEqual([]);
  });

  test("was done while the caller's thread was busy for longer than the limit is not called late", async () => {
    await inFolder(async (folder) => {
      const mark = join(folder, "at-work");
      const making = `writeFileSync(${JSON.stringify(mark)}, ""); const began = Date.now(); while (Date.now() < began + 500);`;
      const result = walk(standIn(making, 'import { writeFileSync } from "node:fs";'), 1);
      while (!existsSync(mark)) await new Promise((resolve) => setTimeout(resolve, 10));
      // Until it is known here, too, and the time runs. This thread is busy until after its end, and looks at its timers next.
      await new Promise((resolve) => setTimeout(resolve, 100));
      await new Promise((resolve) => setImmediate(resolve));
      const began = Date.now();
      while (Date.now() - began < 1500);
      expect(await result).toEqual([]);
    });
  });

  test("ends its thread, throws beside its work, or fills JavaScript's memory is an error of the file", async () => {
    await expect(walk(standIn("process.exit()"))).rejects.toThrow("a.h5: HDF5's library, h5wasm, ended its thread");
    const beside = "setTimeout(() => { throw new Error(); }); await new Promise(() => {});";
    await expect(walk(standIn("", beside))).rejects.toThrow("a.h5: HDF5's library, h5wasm, fails on it");
    await expect(walk(standIn("const kept = []; for (;;) kept.push([kept.length]);"))).rejects.toThrow(
      "a.h5: HDF5's library, h5wasm, fills memory with it",
    );
  });

  test("asks for all memory is given what the file is worth", async () => {
    const asks = `const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536 });
      memory.grow(2048);
      try { memory.grow(4096); this.attrs = { more: { value: "given" } }; }
      catch (error) { this.attrs = { more: { value: error.message } }; }`;
    expect(await walk(standIn(asks))).toEqual([{ kind: "text", name: "more", text: "no more memory" }]);
  });

  test("is not there is asked for", async () => {
    const nowhere = new URL("./nowhere.mjs", import.meta.url).href;
    await expect(walk(nowhere)).rejects.toThrow(
      "a.h5: to read HDF5, the package h5wasm is needed, which is not installed: npm install h5wasm",
    );
  });
});

describe("the next file", () => {
  /** Says how many files its thread has read, how many its program has, and what the library before it holds still. */
  const telling = (more = "") =>
    standIn(
      `${more} globalThis.files = (globalThis.files ?? 0) + 1;
      const last = globalThis.last?.flatMap((held) => Object.keys(held)) ?? "none";
      globalThis.last = mine;
      this.attrs = { more: { value: JSON.stringify([globalThis.files, ++count, last]) } };`,
      "let count = 0; let mine; Promise.resolve().then(() => ready).then((module) => { mine = [module, module.FS]; });",
    );
  const ask = async (found: string, seconds?: number): Promise<unknown> => {
    const [part] = await walk(found, seconds);
    return part.kind === "text" && JSON.parse(part.text);
  };

  test("is read in the same thread, by a library made anew; what was before it is let go", async () => {
    const found = telling();
    expect(await ask(found)).toEqual([1, 1, "none"]);
    expect(await ask(found)).toEqual([2, 1, []]);
    expect(await ask(found)).toEqual([3, 1, []]);
  });

  test("has a new thread after one that was stopped, or whose library holds much memory", async () => {
    const stopped = telling("if (globalThis.files === 1) for (;;);");
    expect(await ask(stopped)).toEqual([1, 1, "none"]);
    await expect(ask(stopped, 0.2)).rejects.toThrow("did not end within 0.2 seconds");
    expect(await ask(stopped)).toEqual([1, 1, "none"]);
    const large = telling().replace("FS%3A", "HEAPU8%3A%20new%20Uint8Array(2%20**%2027)%2C%20FS%3A");
    expect(await ask(large)).toEqual([1, 1, "none"]);
    expect(await ask(large)).toEqual([1, 1, "none"]);
  });

  test("has one of two threads that were done, if it comes within a second", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      const found = telling();
      expect(await Promise.all([ask(found), ask(found)])).toEqual([
        [1, 1, "none"],
        [1, 1, "none"],
      ]);
      vi.advanceTimersByTime(900);
      expect(await ask(found)).toEqual([2, 1, []]);
      vi.advanceTimersByTime(1000);
      expect(await ask(found)).toEqual([1, 1, "none"]);
    } finally {
      vi.useRealTimers();
    }
  });

  test("is read, though the thread that waited for it has ended", async () => {
    const found = telling("setTimeout(() => process.exit(), 50);");
    expect(await ask(found)).toEqual([1, 1, "none"]);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(await ask(found)).toEqual([1, 1, "none"]);
  });
});

// Not a literal: the checker would ask for its types.
const H5WASM = "h5wasm";
const h5wasm = (await import(H5WASM).catch(() => undefined)) as H5Wasm | undefined;

describe.skipIf(h5wasm === undefined)(h5wasm === undefined ? "h5wasm is not installed" : "h5wasm", () => {
  test("gives in its thread what it gives here: names in their order, types, bits, texts", async () => {
    await inFolder(async (folder) => {
      for (const bytes of Object.values(cases).flatMap(({ keras2, keras3 }) => [keras2, keras3])) {
        const path = join(folder, "a.h5");
        writeFileSync(path, Buffer.from(bytes, "base64"));
        const [there, here] = [await loadKeras(path), await readKeras(Buffer.from(bytes, "base64"), h5wasm!, path)];
        expect(there.metadata).toEqual(here.metadata);
        expect(Object.keys(there.tensors)).toEqual(Object.keys(here.tensors));
        for (const [name, x] of Object.entries(there.tensors)) {
          expect([x.dtype, x.shape]).toEqual([here.tensors[name].dtype, here.tensors[name].shape]);
          expect(x.dataSync()).toEqual(here.tensors[name].dataSync());
        }
      }
    });
  });

  test("says of a damaged file in its thread what it says here", async () => {
    await inFolder(async (folder) => {
      const path = join(folder, "a.h5");
      writeFileSync(path, good().subarray(0, 200));
      const here = await readKeras(good().subarray(0, 200), h5wasm!, path).catch((error: Error) => error.message);
      await expect(loadKeras(path)).rejects.toThrow(here as string);
      expect(here).toMatch(/a\.h5: HDF5 can't be read/);
    });
  });

  test("reads what is whole after what is damaged, in one thread and another library each time", async () => {
    await inFolder(async (folder) => {
      const path = join(folder, "a.h5");
      const read = async (bytes: Uint8Array) => {
        writeFileSync(path, bytes);
        const { tensors } = await loadKeras(path);
        return Object.values(tensors).map((x) => x.dataSync());
      };
      const whole = await read(good());
      for (const cut of [100, 300, 1000, 2000]) {
        await expect(read(good().subarray(0, cut))).rejects.toThrow(/a\.h5: /);
        expect(await read(good())).toEqual(whole);
      }
    });
  });

  test("the process ends by itself once files are read, several at once too", async () => {
    await inFolder((folder) => {
      const path = join(folder, "a.h5");
      writeFileSync(path, good());
      const program = `
        const { loadKeras } = await import(${JSON.stringify(new URL("../../dist/node.js", import.meta.url).href)});
        const path = ${JSON.stringify(path)};
        const files = await Promise.all([loadKeras(path), loadKeras(path), loadKeras(path, { timeLimit: Infinity })]);
        console.log(new Set(files.map((file) => JSON.stringify(file.tensors["layers/dense/vars/0"].toArray()))).size);`;
      const words = ["--input-type=module", "--eval", program];
      const { status, stdout, stderr } = spawnSync(process.execPath, words, { encoding: "utf8", timeout: 120_000 });
      expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "1\n", stderr: "" });
    });
  });
});

test.each<[unknown, RegExp]>([
  [{ timeLimit: 0 }, /loadKeras: timeLimit must be a finite number above 0, got 0/],
  [{ timeLimit: Number.NaN }, /loadKeras: timeLimit must be a finite number above 0/],
  [{ timeLimit: "5" }, /loadKeras: timeLimit must be a finite number above 0/],
  [{ timelimit: 5 }, /loadKeras: there is no option timelimit.*timeLimit/],
  [5, /loadKeras: options must be an object/],
])("options %j are refused", async (options, message) => {
  await expect(loadKeras("nowhere.h5", options as KerasReadOptions)).rejects.toThrow(message);
});
