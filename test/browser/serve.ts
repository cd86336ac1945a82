// A web server for tests: a folder's files, and below /isolated/ the same with the headers that allow shared memory.
import { existsSync, readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";

const TYPES: Record<string, string> = { ".js": "text/javascript", ".html": "text/html" };

export interface FileServer {
  /** Without a slash at the end. */
  address: string;
  close(): void;
}

/** Serves a folder, and /page.html, an empty page. */
export async function serve(folder: string): Promise<FileServer> {
  const server: Server = createServer((request, response) => {
    const path = new URL(request.url ?? "/", "http://localhost").pathname;
    const isolated = path.startsWith("/isolated/");
    const file = isolated ? path.slice("/isolated".length) : path;
    const headers: Record<string, string> = { "content-type": TYPES[extname(file)] ?? "text/html" };
    if (isolated) {
      headers["cross-origin-opener-policy"] = "same-origin";
      headers["cross-origin-embedder-policy"] = "require-corp";
    }
    response.writeHead(200, headers);
    if (file === "/page.html") response.end("<!doctype html><title>test</title>");
    else if (existsSync(join(folder, file))) response.end(readFileSync(join(folder, file)));
    else response.end();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  return { address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => server.close() };
}
