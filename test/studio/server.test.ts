// Attacks on the studio's server, with harmless input: each is refused, or survived.

import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { StudioRuns } from "../../cli/studio/runs.ts";
import { type Studio, startStudio } from "../../cli/studio/server.ts";
import { temporaryFolder } from "../cli/run.ts";

const folder = temporaryFolder();
/** More than any buffer between server and client holds. */
const LONG = 32 * 2 ** 20;
let studio: Studio;
let port: number;

interface Reply {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

/** A request as it is written, path and headers untouched by any client's good manners. */
function ask(path: string, headers: Record<string, string> = {}, method = "GET", body?: string): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      // A connection of its own: one from before would let it in where no new one gets in.
      { host: "127.0.0.1", port, path, method, agent: false, headers: { host: `127.0.0.1:${port}`, ...headers } },
      (response) => {
        let text = "";
        response.on("data", (chunk: Buffer) => {
          text += chunk.toString();
        });
        response.on("end", () => resolve({ status: response.statusCode!, headers: response.headers, body: text }));
      },
    );
    request.on("error", reject);
    request.end(body);
  });
}

/** Bytes as they are, and what comes back until the connection ends. */
function raw(bytes: string, encoding: "utf8" | "latin1" = "utf8"): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(bytes, encoding));
    let text = "";
    socket.setTimeout(5000, () => socket.destroy());
    socket.on("data", (chunk) => {
      text += chunk.toString();
    });
    socket.on("close", () => resolve(text));
    socket.on("error", reject);
  });
}

beforeAll(async () => {
  const site = join(folder, "site");
  mkdirSync(join(site, "assets"), { recursive: true });
  writeFileSync(join(site, "index.html"), "<!doctype html><title>studio</title>");
  writeFileSync(join(site, "assets", "part.js"), "export {};");
  writeFileSync(join(site, ".sources"), "hidden");
  writeFileSync(join(folder, "secret.txt"), "secret");
  writeFileSync(join(folder, "secret.html"), "secret");
  symlinkSync(join(folder, "secret.html"), join(site, "link.html"));
  mkdirSync(join(folder, "linked"));
  writeFileSync(join(folder, "linked", "secret.txt"), "secret");
  symlinkSync(join(folder, "linked"), join(site, "linked"));
  writeFileSync(join(site, "assets", "long.js"), "//".padEnd(LONG));
  studio = await startStudio({ folder: site, port: 0, version: "1.2.3" });
  port = Number(new URL(studio.address).port);
});
afterAll(() => studio.close());

describe("the studio's server", () => {
  test("serves the build, isolated, under a policy, and nothing sniffed", async () => {
    const { status, headers, body } = await ask("/");
    expect([status, body]).toEqual([200, "<!doctype html><title>studio</title>"]);
    expect(headers["cross-origin-opener-policy"]).toBe("same-origin");
    expect(headers["cross-origin-embedder-policy"]).toBe("require-corp");
    expect(headers["content-security-policy"]).toContain("default-src 'self'");
    expect(headers["x-content-type-options"]).toBe("nosniff");
    expect((await ask("/assets/part.js")).headers["cache-control"]).toContain("immutable");
    expect((await ask("/", {}, "HEAD")).body).toBe("");
  });

  test.each([
    "evil.example",
    "evil.example:80",
    "127.0.0.1",
    "localhost.evil.example",
    "127.0.0.1.nip.example",
    "[::1]",
    "0.0.0.0",
  ])("Host %j is refused", async (name) => {
    const host = name.includes(":80") ? name : `${name}:${name === "127.0.0.1" ? port + 1 : port}`;
    expect((await ask("/", { host })).status).toBeGreaterThanOrEqual(400);
  });

  test("localhost and 127.0.0.1 with the right port are answered", async () => {
    expect((await ask("/", { host: `localhost:${port}` })).status).toBe(200);
    expect((await ask("/", { host: `LOCALHOST:${port}` })).status).toBe(200);
  });

  test("two Hosts, or none, are no request", async () => {
    expect(
      await raw(`GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nHost: evil.example\r\nConnection: close\r\n\r\n`),
    ).toMatch(/^HTTP\/1.1 4/);
    expect(await raw("GET / HTTP/1.1\r\nConnection: close\r\n\r\n")).toMatch(/^HTTP\/1.1 4/);
    expect(await raw("GET / HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n")).toMatch(/^HTTP\/1.1 4/);
    expect(await raw("GET / HTTP/1.0\r\n\r\n")).toMatch(/^HTTP\/1.1 4/);
  });

  test.each(["http://evil.example", "null", "https://127.0.0.1", "http://localhost", "http://127.0.0.1:1"])(
    "Origin %s is refused",
    async (origin) => {
      expect((await ask("/", { origin })).status).toBe(403);
      expect((await ask("/api/about", { origin, authorization: `Bearer ${studio.token}` })).status).toBe(403);
    },
  );

  test("another site's page may link to the studio, and not read or embed from it", async () => {
    const from = (mode: string, dest: string) =>
      ask("/", { "sec-fetch-site": "cross-site", "sec-fetch-mode": mode, "sec-fetch-dest": dest });
    expect((await from("navigate", "document")).status).toBe(200);
    expect((await from("no-cors", "script")).status).toBe(403);
    expect((await from("cors", "empty")).status).toBe(403);
    expect((await ask("/")).headers["content-security-policy"]).toContain("frame-ancestors 'none'");
  });

  test.each([
    "/../secret.txt",
    "/assets/../../secret.txt",
    "/%2e%2e/secret.txt",
    "/..%2fsecret.txt",
    "/%2e%2e%2fsecret.txt",
    "/..%5csecret.txt",
    "/..\\secret.txt",
    "/assets/%252e%252e/secret.txt",
    "/%c0%ae%c0%ae/secret.txt",
    "//etc/passwd",
    "/etc/passwd",
    "/index.html%00.js",
    "/.sources",
    "/link.html",
    "/assets",
    "/assets/",
    "/constructor",
    "/__proto__",
    "/data/mnist/../../secret.txt",
    "/data/mnist/%2e%2e/%2e%2e/secret.txt",
    "/....//secret.txt",
    "/..;/secret.txt",
    "/.%2e/secret.txt",
    "/%2e%2e%5csecret.txt",
    "/%uff0e%uff0e/secret.txt",
    "/assets/part.js/../../../secret.txt",
    "/assets/part.js/",
    "/linked/secret.txt",
    "http://127.0.0.1/secret.txt",
    "file:///etc/passwd",
    "*",
  ])("%s leads nowhere", async (path) => {
    const { status, body } = await ask(path);
    expect(status).toBe(404);
    expect(body.includes("secret")).toBe(false);
  });

  test("data sets that the machine has are handed over, under the names that pages know; others are said to be missing", async () => {
    const before = process.env["NABLA_DATA_DIR"];
    process.env["NABLA_DATA_DIR"] = join(folder, "data");
    try {
      mkdirSync(join(folder, "data", "text"), { recursive: true });
      writeFileSync(join(folder, "data", "text", "tinyshakespeare.txt"), "First Citizen:");
      const { status, headers, body } = await ask("/data/text/tinyshakespeare.txt");
      expect([status, headers["content-type"], body]).toEqual([200, "application/octet-stream", "First Citizen:"]);
      expect((await ask("/data/text/tinyshakespeare.txt", {}, "HEAD")).body).toBe("");
      writeFileSync(join(folder, "data", "text", "other.txt"), "secret");
      expect((await ask("/data/text/other.txt")).status).toBe(404);
      expect((await ask("/data/text/../text/tinyshakespeare.txt")).status).toBe(404);
    } finally {
      if (before === undefined) delete process.env["NABLA_DATA_DIR"];
      else process.env["NABLA_DATA_DIR"] = before;
    }
  });

  test("forty who ask for a data set at once, and take nothing, are sent the same bytes", async () => {
    const before = process.env["NABLA_DATA_DIR"];
    process.env["NABLA_DATA_DIR"] = join(folder, "large");
    const sockets: Socket[] = [];
    try {
      mkdirSync(join(folder, "large", "text"), { recursive: true });
      writeFileSync(join(folder, "large", "text", "tinyshakespeare.txt"), Buffer.alloc(LONG, "a"));
      const held = process.memoryUsage().arrayBuffers;
      for (let i = 0; i < 40; i++) {
        const socket = connect(port, "127.0.0.1");
        sockets.push(socket);
        socket.write(`GET /data/text/tinyshakespeare.txt HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`);
        // Its headers are there: the rest waits for whoever takes it.
        await new Promise((resolve) => socket.once("readable", resolve));
      }
      expect(process.memoryUsage().arrayBuffers - held).toBeLessThan(8 * LONG);
    } finally {
      for (const socket of sockets) socket.destroy();
      if (before === undefined) delete process.env["NABLA_DATA_DIR"];
      else process.env["NABLA_DATA_DIR"] = before;
    }
  });

  test("what is below /api/ wants the token", async () => {
    expect((await ask("/api/about")).status).toBe(401);
    expect((await ask(`/api/about?token=${studio.token}`)).status).toBe(401);
    for (const authorization of [
      "Bearer",
      "Bearer ",
      "Bearer wrong",
      `Basic ${studio.token}`,
      studio.token,
      `Bearer ${studio.token}x`,
    ]) {
      expect((await ask("/api/about", { authorization })).status).toBe(401);
    }
    const { status, body } = await ask("/api/about", { authorization: `Bearer ${studio.token}` });
    expect([status, JSON.parse(body)]).toEqual([200, { name: "nabla", version: "1.2.3" }]);
  });

  test.each([
    "/\x2e\x2e/secret.txt",
    "/\xef\xbc\x8e\xef\xbc\x8e/secret.txt",
    "/\xc0\xae\xc0\xae/secret.txt",
    "../secret.txt",
    "/..\\..\\secret.txt",
    "/\x00../secret.txt",
  ])("nor does %j, byte by byte", async (path) => {
    const reply = await raw(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\n\r\n`, "latin1");
    expect(reply).toMatch(/^HTTP\/1.1 4/);
    expect(reply.includes("secret\n") || reply.endsWith("secret")).toBe(false);
  });

  test("files are read only", async () => {
    for (const method of ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
      expect((await ask("/", {}, method)).status).toBe(405);
  });

  test("headers that are too large, and requests that are none", async () => {
    expect(await raw(`GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nX: ${"x".repeat(40_000)}\r\n\r\n`)).toMatch(
      /^HTTP\/1.1 431/,
    );
    expect(await raw("nonsense\r\n\r\n")).toMatch(/^HTTP\/1.1 400/);
    expect((await ask("/")).status).toBe(200);
  });

  test.each([
    ["of a length that is told", `Content-Length: ${LONG}`, (part: string) => part],
    ["without an end", "Transfer-Encoding: chunked", (part: string) => `${part.length.toString(16)}\r\n${part}\r\n`],
  ])("a body %s is refused, and not read to its end", async (_, header, framed) => {
    const authorization = `Authorization: Bearer ${studio.token}`;
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => {});
    let reply = "";
    socket.on("data", (chunk: Buffer) => {
      reply += chunk.toString();
    });
    socket.write(`POST /api/runs HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${authorization}\r\n${header}\r\n\r\n`);
    // One part after another is taken, or none any more.
    let sent = 0;
    const part = "x".repeat(64 * 1024);
    const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
    while (!socket.destroyed && sent < LONG) {
      await Promise.race([closed, new Promise<void>((resolve) => socket.write(framed(part), () => resolve()))]);
      sent += part.length;
    }
    expect(sent).toBeLessThan(LONG / 2);
    // Whoever writes on into an ended connection may not get to read the answer.
    if (reply !== "") expect(reply).toMatch(/^HTTP\/1.1 413/);
    expect((await ask("/")).status).toBe(200);
  });

  test("a body, however short, is told that it is not wanted", async () => {
    const authorization = `Bearer ${studio.token}`;
    expect((await ask("/api/about", { authorization }, "POST", "x")).status).toBe(413);
  });

  /** Connections that are open at once, and what became of them. */
  async function crowd(count: number, begin: (socket: Socket) => void): Promise<Socket[]> {
    const sockets: Socket[] = [];
    for (let i = 0; i < count; i++) {
      const socket = connect(port, "127.0.0.1");
      socket.on("error", () => {});
      sockets.push(socket);
      await new Promise<void>((resolve) => {
        socket.once("connect", resolve);
        socket.once("close", () => resolve());
      });
      begin(socket);
    }
    return sockets;
  }

  test.each([
    ["say nothing", () => {}],
    ["begin a request and do not end it", (socket: Socket) => socket.write("GET / HTTP/1.1\r\nHost: 127.")],
    [
      "ask for a long file and do not take it",
      (socket: Socket) => {
        socket.pause();
        socket.write(`GET /assets/long.js HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`);
      },
    ],
  ])("a thousand connections that %s keep nobody out while they stand", async (_, begin) => {
    const patient = await ask("/");
    expect(patient.status).toBe(200);
    const sockets = await crowd(1000, begin);
    try {
      for (let i = 0; i < 3; i++) expect((await ask("/")).status).toBe(200);
      expect((await ask("/api/about", { authorization: `Bearer ${studio.token}` })).status).toBe(200);
      const left = sockets.filter(({ destroyed }) => !destroyed).length;
      expect([left > 200, left < 300]).toEqual([true, true]);
    } finally {
      for (const socket of sockets) socket.destroy();
    }
  });

  test("whoever has shown the token and follows the runs is not crowded out", async () => {
    const followed = await startStudio({
      ...{ folder: join(folder, "site"), port: 0, version: "1.2.3", runs: new StudioRuns([], "") },
    });
    port = Number(new URL(followed.address).port);
    try {
      const reply = await new Promise<IncomingMessage>((resolve, reject) => {
        const headers = { host: `127.0.0.1:${port}`, authorization: `Bearer ${followed.token}` };
        httpRequest({ host: "127.0.0.1", port, path: "/api/events", headers }, resolve).on("error", reject).end();
      });
      expect(reply.statusCode).toBe(200);
      // It is told at once what runs there are: this folder's own, where somebody has trained in it.
      let told = "";
      reply.on("data", (data) => {
        told += String(data);
      });
      await expect.poll(() => told).toMatch(/^event: listed$/m);
      const sockets = await crowd(600, () => {});
      expect((await ask("/")).status).toBe(200);
      expect(reply.socket.destroyed).toBe(false);
      for (const socket of sockets) socket.destroy();
      reply.destroy();
    } finally {
      port = Number(new URL(studio.address).port);
      await followed.close();
    }
  });

  test("it listens on this machine's own address alone", () => {
    expect(new URL(studio.address).hostname).toBe("127.0.0.1");
  });

  test("a port that is taken: the error names it, or the next is taken", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => {
      other.listen(0, "127.0.0.1", resolve);
    });
    const taken = (other.address() as { port: number }).port;
    const options = { folder: join(folder, "site"), port: taken, version: "" };
    await expect(startStudio(options)).rejects.toThrow(`Port ${taken} is taken. Name another with --port`);
    const next = await startStudio({ ...options, next: true });
    expect(Number(new URL(next.address).port)).toBeGreaterThan(taken);
    await next.close();
    other.close();
  });

  test("a studio that is not built says how to build it", async () => {
    await expect(startStudio({ folder: join(folder, "nowhere"), port: 0, version: "" })).rejects.toThrow(
      "npm run studio:build",
    );
  });
});
