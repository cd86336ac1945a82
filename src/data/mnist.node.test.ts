import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { names, small, writeFolder } from "../../test/image-folder.ts";
import { mnistFiles } from "./catalogue.ts";
import { fitAsMnist } from "./fit-image.ts";
import { writeIdx } from "./idx.ts";
import { type DownloadProgress, downloadMnist, findMnist, loadMnist } from "./mnist.node.ts";

const dataFolder = process.env.NABLA_DATA_DIR;

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "nabla-mnist-"));
  vi.stubEnv("NABLA_DATA_DIR", "");
  vi.stubEnv("NABLA_CACHE_DIR", join(folder, "cache"));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

describe("findMnist", () => {
  it("prefers NABLA_DATA_DIR, then the cache, and reads nothing", async () => {
    await writeFolder(join(folder, "cache", "mnist"));
    expect(await findMnist()).toMatchObject({ found: true, folder: join(folder, "cache", "mnist") });
    vi.stubEnv("NABLA_DATA_DIR", join(folder, "data"));
    expect(await findMnist()).toMatchObject({ found: true, folder: join(folder, "cache", "mnist") });
    await writeFolder(join(folder, "data", "mnist"));
    expect(await findMnist()).toMatchObject({
      found: true,
      paths: { testLabels: join(folder, "data", "mnist", names.testLabels) },
    });
  });

  it("says what is missing where", async () => {
    vi.stubEnv("NABLA_DATA_DIR", join(folder, "data"));
    await writeFolder(join(folder, "data", "mnist"), { testLabels: null });
    expect(await findMnist()).toEqual({
      found: false,
      looked: [
        { folder: join(folder, "data", "mnist"), missing: [names.testLabels] },
        { folder: join(folder, "cache", "mnist"), missing: Object.values(names) },
      ],
    });
  });
});

describe("loadMnist", () => {
  it("reads the folder that is given", async () => {
    await writeFolder(join(folder, "elsewhere"));
    expect((await loadMnist({ folder: join(folder, "elsewhere") })).train).toEqual(small.train);
  });

  it("never downloads unless asked, and tells how to ask", async () => {
    const get = vi.spyOn(globalThis, "fetch");
    await expect(loadMnist()).rejects.toThrow(/MNIST is not on this machine.*nabla data get mnist.*NABLA_DATA_DIR/s);
    expect(get).not.toHaveBeenCalled();
    get.mockRestore();
  });

  it.skipIf(!dataFolder)("reads MNIST itself: 60,000 and 10,000 digits (needs NABLA_DATA_DIR)", async () => {
    const { train, test } = await loadMnist({ folder: join(dataFolder as string, "mnist") });
    expect([train.count, test.count, train.height, train.width]).toEqual([60_000, 10_000, 28, 28]);
    expect(Array.from(train.labels.subarray(0, 5))).toEqual([5, 0, 4, 1, 9]);
    expect(Array.from(test.labels.subarray(0, 5))).toEqual([7, 2, 1, 0, 4]);
    const digest = createHash("sha256")
      .update(writeIdx({ type: "uint8", shape: [10_000, 28, 28], data: test.images }))
      .digest("hex");
    expect(digest).toBe(mnistFiles.testImages.sha256);
    // Each is framed already, and passes unchanged, but for one whose centre of mass lies between two pixels.
    const changed = Array.from({ length: test.count }, (_, k) => test.images.subarray(784 * k, 784 * (k + 1))).filter(
      (data) => {
        const fitted = fitAsMnist({ width: 28, height: 28, channels: 1, data });
        return fitted.some((value, p) => value !== Math.fround(data[p] / 255));
      },
    );
    expect(changed.length).toBeLessThanOrEqual(1);
  });
});

describe("downloadMnist", () => {
  const contents = [0, 1].map((k) => writeIdx({ type: "uint8", shape: [3000], data: new Uint8Array(3000).fill(k) }));
  const files = contents.map((bytes, k) => ({
    name: `file-${k}`,
    bytes: bytes.length,
    sha256: createHash("sha256").update(bytes).digest("hex"),
    downloadBytes: gzipSync(bytes).length,
  }));
  const servers: Server[] = [];
  const requests: string[] = [];

  async function serve(listener: RequestListener): Promise<string> {
    const server = createServer((request, response) => {
      requests.push(request.url ?? "");
      listener(request, response);
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/mnist/`;
  }
  const good: RequestListener = (request, response) => {
    const k = files.findIndex((file) => request.url === `/mnist/${file.name}.gz`);
    response.writeHead(k < 0 ? 404 : 200).end(k < 0 ? "" : gzipSync(contents[k]));
  };
  const target = () => join(folder, "cache", "mnist");
  const arrived = async () => Promise.all(files.map(async (file) => readFile(join(target(), file.name))));

  afterEach(async () => {
    requests.length = 0;
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });

  it("puts the decompressed files into the cache, and reports progress up to the total", async () => {
    const steps: DownloadProgress[] = [];
    const mirror = await serve(good);
    const where = await downloadMnist({ files, mirrors: [mirror], onProgress: (step) => steps.push(step) });
    expect(where).toBe(target());
    expect((await arrived()).map((bytes) => new Uint8Array(bytes))).toEqual(contents);
    expect((await readdir(target())).sort()).toEqual(["file-0", "file-1"]);
    const total = files[0].downloadBytes + files[1].downloadBytes;
    expect(steps.at(0)).toMatchObject({ file: "file-0", mirror, total });
    expect(steps.at(-1)).toEqual({ file: "file-1", mirror: undefined, received: total, total });
    for (let k = 1; k < steps.length; k++) expect(steps[k].received).toBeGreaterThanOrEqual(steps[k - 1].received);
  });

  it("keeps files that are sound, plain or compressed, and replaces others", async () => {
    await mkdir(target(), { recursive: true });
    await writeFile(join(target(), "file-0.gz"), gzipSync(contents[0]));
    await writeFile(join(target(), "file-1"), "damaged");
    await downloadMnist({ files, mirrors: [await serve(good)] });
    expect(requests).toEqual(["/mnist/file-1.gz"]);
    expect((await readdir(target())).sort()).toEqual(["file-0.gz", "file-1"]);
    await downloadMnist({ files, mirrors: [] });
    expect(requests).toHaveLength(1);
  });

  it("goes on to the next mirror when one is dead, lacks the file, sends the wrong one, or breaks off", async () => {
    const dead = "http://127.0.0.1:9/mnist/";
    const lacking = await serve((_, response) => response.writeHead(404).end());
    const wrong = await serve((_, response) => response.end(gzipSync(Buffer.from("something else"))));
    const endless = await serve((_, response) => response.end(Buffer.alloc(5000)));
    const broken = await serve((_, response) => {
      response.writeHead(200, { "content-length": "5000" }).write("beginning");
      setTimeout(() => response.destroy(), 20);
    });
    const cut = await serve((_, response) => response.end(gzipSync(contents[0]).subarray(0, 20)));
    const mirrors = [dead, lacking, wrong, endless, broken, cut, await serve(good)];
    await downloadMnist({ files, mirrors });
    expect((await arrived()).map((bytes) => new Uint8Array(bytes))).toEqual(contents);
  });

  it("gives up on a mirror that falls silent", async () => {
    const silent = await serve((_, response) => response.writeHead(200).write("a"));
    const result = downloadMnist({ files, mirrors: [silent], stallSeconds: 0.1 });
    await expect(result).rejects.toThrow("nothing came for 0.1 seconds");
  });

  it("leaves nothing behind after a wrong checksum or a truncated body, and says what each mirror did", async () => {
    const wrong = await serve((_, response) => response.end(gzipSync(contents[1])));
    const cut = await serve((_, response) => response.end(gzipSync(contents[0]).subarray(0, 20)));
    const error = await downloadMnist({ files, mirrors: [wrong, cut] }).catch((reason: Error) => reason);
    expect(error).toBeInstanceOf(Error);
    const { message } = error as Error;
    expect(message).toContain(`${wrong}file-0.gz: checksum differs: SHA-256 ${files[1].sha256}`);
    expect(message).toContain(`expected ${files[0].sha256}`);
    expect(message).toContain(`${cut}file-0.gz: the answer: damaged or incomplete gzip data`);
    expect(message).toContain(`put file-0 or file-0.gz into ${target()} by hand`);
    expect(await readdir(folder)).toEqual([]);
  });

  it("keeps the files that arrived when a later one fails", async () => {
    const onlyFirst = await serve((request, response) =>
      request.url?.includes("file-0") ? good(request, response) : response.writeHead(503).end(),
    );
    await expect(downloadMnist({ files, mirrors: [onlyFirst] })).rejects.toThrow("the server answered 503");
    expect(await readdir(target())).toEqual(["file-0"]);
    await downloadMnist({ files, mirrors: [await serve(good)] });
    expect(requests.filter((url) => url.includes("file-0"))).toHaveLength(1);
  });

  it("says how to choose another folder where it cannot write", async () => {
    await writeFile(join(folder, "cache"), "a file in the way");
    await expect(downloadMnist({ files, mirrors: [await serve(good)] })).rejects.toThrow(
      /cannot write file-0 into .*; set NABLA_CACHE_DIR/,
    );
  });

  it("stops when told to", async () => {
    const silent = await serve((_, response) => response.writeHead(200).write("a"));
    const stop = new AbortController();
    const result = downloadMnist({ files, mirrors: [silent, silent], signal: stop.signal });
    setTimeout(() => stop.abort(new Error("stopped by the user")), 50);
    await expect(result).rejects.toThrow("stopped by the user");
    expect(requests).toHaveLength(1);
  });
});
