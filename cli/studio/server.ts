// The studio's server: the built application, data sets where they are on this machine, and what belongs to runs below /api/.
import { randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { explain, readRegularFile } from "../../src/data/file.node.ts";
import { gunzipIfNeeded } from "../../src/data/gzip.node.ts";
import { UserError } from "../errors.ts";
import { answerApi } from "./api.ts";
import { limitConnections } from "./connections.ts";
import { DATA, type DataFile } from "./data.ts";
import { listStudio, type StudioFile } from "./files.ts";
import { refuseRequest, refuseToken } from "./guard.ts";
import type { StudioRuns } from "./runs.ts";

export interface StudioOptions {
  /** Of the built studio. */
  readonly folder: string;
  /** 0: any that is free. */
  readonly port: number;
  /** Take the next free port where `port` is taken. */
  readonly next?: boolean;
  readonly version: string;
  /** What belongs to runs; without it there are none. */
  readonly runs?: StudioRuns;
}

export interface Studio {
  /** Without a slash at the end. */
  readonly address: string;
  readonly token: string;
  close(): Promise<void>;
}

/** Sent with everything: the page is isolated, so that it may have threads, and runs nothing that is not its own. */
const HEADERS: Readonly<Record<string, string>> = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Content-Security-Policy": [
    "default-src 'self'",
    "script-src 'self' 'wasm-unsafe-eval'",
    "worker-src 'self' blob:",
    // KaTeX places the parts of a formula by style attributes.
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self' data:",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; "),
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
};

/** That have not shown the token. */
const CONNECTIONS = 256;

export async function startStudio(options: StudioOptions): Promise<Studio> {
  const files = listStudio(options.folder);
  const token = randomBytes(24).toString("base64url");
  const server = createServer({
    ...{ maxHeaderSize: 16 * 1024, headersTimeout: 10_000, requestTimeout: 30_000, connectionsCheckingInterval: 5000 },
  });
  const trust = limitConnections(server, CONNECTIONS);
  const port = await listen(server, options);
  server.on("request", (request, response) => {
    answer(request, response).catch((error: unknown) => {
      if (!response.headersSent) say(response, 500, explain(error));
      else response.destroy();
    });
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const refusal = refuseRequest(request, port);
    if (refusal) return say(response, refusal.status, refusal.message);
    const [path] = (request.url ?? "/").split("?", 1);
    if (path.startsWith("/api/")) {
      const refused = refuseToken(request, token);
      if (refused) return say(response, refused.status, refused.message);
      trust(request.socket);
      if (path === "/api/about" && request.method === "GET") {
        return json(response, { name: "nabla", version: options.version });
      }
      const answers = { json, text: say, headers: HEADERS };
      const { runs } = options;
      if (runs !== undefined && (await answerApi(runs, request, response, path, answers))) return;
      return say(response, 404, "There is nothing of this name.");
    }
    if (request.method !== "GET" && request.method !== "HEAD") {
      response.setHeader("Allow", "GET, HEAD");
      return say(response, 405, "Files are read only.");
    }
    const file = files.get(path);
    if (file !== undefined) return sendFile(request, response, file);
    const data = DATA.get(path);
    if (data !== undefined) return sendData(request, response, data);
    return say(response, 404, "There is nothing of this name.");
  }

  return {
    address: `http://127.0.0.1:${port}`,
    token,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Another user's program could wait at a name's other address (::1): the server, and the address it prints, is 127.0.0.1 and no name. */
async function listen(server: Server, { port, next }: StudioOptions): Promise<number> {
  for (let tried = port; ; tried++) {
    try {
      await new Promise<void>((resolve, reject) => {
        server.once("error", reject);
        server.listen(tried, "127.0.0.1", () => {
          server.off("error", reject);
          resolve();
        });
      });
      return (server.address() as AddressInfo).port;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "EADDRINUSE" && next && tried < port + 20) continue;
      const why = code === "EADDRINUSE" ? "is taken" : code === "EACCES" ? "may not be used by you" : explain(error);
      throw new UserError(`Port ${tried} ${why}. Name another with --port; --port 0 takes any that is free.`);
    }
  }
}

function begin(response: ServerResponse, status: number, headers: Readonly<Record<string, string>>): void {
  response.writeHead(status, { ...HEADERS, ...headers });
}

function say(response: ServerResponse, status: number, message: string): void {
  begin(response, status, {
    "Content-Type": "text/plain; charset=utf-8",
    "Cache-Control": "no-store",
    Connection: "close",
  });
  response.end(`${message}\n`);
}

function json(response: ServerResponse, value: unknown): void {
  begin(response, 200, { "Content-Type": "application/json", "Cache-Control": "no-store" });
  response.end(JSON.stringify(value));
}

function sendFile(request: IncomingMessage, response: ServerResponse, file: StudioFile): void {
  const headers = {
    "Content-Type": file.type,
    "Cache-Control": file.permanent ? "public, max-age=31536000, immutable" : "no-cache",
  };
  if (request.method === "HEAD") {
    begin(response, 200, headers);
    response.end();
    return;
  }
  const stream = createReadStream(file.path);
  stream.once("open", () => {
    begin(response, 200, headers);
    stream.pipe(response);
  });
  stream.once("error", () => {
    if (response.headersSent) response.destroy();
    else say(response, 404, "The file is gone since the studio was started.");
  });
  response.once("close", () => stream.destroy());
}

/** Of data sets that are read, or sent, at this moment; by path, time and size. */
const reading = new Map<string, Promise<Uint8Array>>();
const sending = new Map<string, WeakRef<Uint8Array>>();

/** What a data set's file holds. Whoever asks for it hundreds of times at once, and needs no token for that, is sent the same bytes. */
async function contentOf(path: string, most: number): Promise<Uint8Array> {
  const { mtimeMs, size } = await stat(path);
  const key = `${path} ${mtimeMs} ${size}`;
  const sent = sending.get(key)?.deref();
  if (sent !== undefined) return sent;
  let content = reading.get(key);
  if (content === undefined) {
    content = readRegularFile(path).then((bytes) => gunzipIfNeeded(bytes, path, () => most));
    reading.set(key, content);
    const over = (): void => void reading.delete(key);
    content.then((bytes) => {
      sending.set(key, new WeakRef(bytes));
      over();
    }, over);
  }
  return content;
}

async function sendData(request: IncomingMessage, response: ServerResponse, data: DataFile): Promise<void> {
  const path = await data.find();
  if (path === null) return say(response, 404, data.lack);
  const headers = { "Content-Type": "application/octet-stream", "Cache-Control": "no-cache" };
  if (request.method === "HEAD") {
    begin(response, 200, headers);
    response.end();
    return;
  }
  const bytes = await contentOf(path, data.most);
  begin(response, 200, { ...headers, "Content-Length": String(bytes.length) });
  response.end(bytes);
}
