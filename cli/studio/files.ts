// The files of the built studio. They are listed once, at the start: an address is looked up in the list and never made into a path, so that
// nothing outside of the build can be asked for, however it is written.
import { readdirSync } from "node:fs";
import { extname, join, relative, sep } from "node:path";
import { UserError } from "../errors.ts";

export interface StudioFile {
  readonly path: string;
  readonly type: string;
  /** Its name changes with its content: it can be kept for ever. */
  readonly permanent: boolean;
}

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".woff2": "font/woff2",
  ".wasm": "application/wasm",
  ".txt": "text/plain; charset=utf-8",
};

/** By address: "/", "/index.html", "/assets/index-4f3a.js". @throws UserError where the studio is not built */
export function listStudio(folder: string): ReadonlyMap<string, StudioFile> {
  const files = new Map<string, StudioFile>();
  let entries: import("node:fs").Dirent[] = [];
  try {
    entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  } catch {
    // Said below.
  }
  for (const entry of entries) {
    const type = TYPES[extname(entry.name)];
    if (!entry.isFile() || entry.name.startsWith(".") || type === undefined) continue;
    const path = join(entry.parentPath ?? entry.path, entry.name);
    const address = `/${relative(folder, path).split(sep).join("/")}`;
    files.set(address, { path, type, permanent: address.startsWith("/assets/") });
  }
  const start = files.get("/index.html");
  if (start === undefined) {
    throw new UserError(
      `The studio is not built: ${folder} holds no index.html. In a checkout, npm run studio:build makes it.`,
    );
  }
  files.set("/", start);
  return files;
}
