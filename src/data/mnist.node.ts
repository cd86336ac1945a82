// MNIST on this machine: finding it, reading it, and fetching it when asked.
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { knownOptions, text } from "../engine/checks.ts";
import { environment } from "../engine/environment.node.ts";
import { removeUnfinished, writeFileAtomically } from "./atomic.node.ts";
import { cacheFolder } from "./cache.node.ts";
import { type DataFile, dataSetEntry, type MnistPart } from "./catalogue.ts";
import { errorCode, explain, readRegularFile } from "./file.node.ts";
import { gunzipIfNeeded } from "./gzip.node.ts";
import { type IdxGroup, type IdxPaths, idxGroups, missingIn, readIdxParts } from "./idx-folder.node.ts";
import { idxName } from "./idx-names.ts";
import type { TrainAndTest } from "./image-set.ts";

/** Where MNIST is, or where it was looked for. */
export type MnistPlace =
  | { readonly found: true; readonly folder: string; readonly paths: Readonly<Record<MnistPart, string>> }
  | {
      readonly found: false;
      readonly looked: readonly { readonly folder: string; readonly missing: readonly string[] }[];
    };

/** The four files in a folder, or which of them are not there. */
async function lookIn(folder: string): Promise<{ group: IdxGroup | undefined; missing: string[] }> {
  let group: IdxGroup | undefined;
  try {
    group = (await idxGroups(folder)).get("");
  } catch {
    // No folder, or none that may be read: then nothing is there.
  }
  return { group, missing: missingIn(group) };
}

/** The folder into which MNIST is downloaded. */
export function mnistCacheFolder(): string {
  return join(cacheFolder(), "mnist");
}

/** Looks for the four files of MNIST, without reading them: in `folder` if given; else in `mnist/` of the folder named by
 * the environment variable `NABLA_DATA_DIR`, then in the user's cache.
 * @example
 * ```ts
 * const place = await findMnist();
 * console.log(place.found ? place.folder : "not on this machine");
 * ```
 */
export async function findMnist(options: { folder?: string } = {}): Promise<MnistPlace> {
  knownOptions("findMnist", options, ["folder"]);
  const { folder } = options;
  if (folder !== undefined) text("findMnist", "folder", folder);
  const folders = options.folder ? [resolve(options.folder)] : [mnistCacheFolder()];
  if (!options.folder && environment.NABLA_DATA_DIR) folders.unshift(resolve(environment.NABLA_DATA_DIR, "mnist"));
  const looked: { folder: string; missing: string[] }[] = [];
  for (const folder of folders) {
    const { group, missing } = await lookIn(folder);
    if (missing.length === 0) return { found: true, folder, paths: group as IdxPaths };
    looked.push({ folder, missing });
  }
  return { found: false, looked };
}

/** Loads MNIST: 60,000 images for training and 10,000 for test, 28x28.
 *
 * @param options `folder`: look only there; `download`: fetch it into the user's cache where it is missing (default: never);
 *   `onProgress`: called while it is fetched
 * @throws if it is not on this machine and `download` is not set (the message says how to get it), or if a file is not sound
 * @example
 * ```ts
 * if ((await findMnist()).found) {
 *   const { train, test } = await mnist();
 *   console.log(train.count, test.count);
 * }
 * ```
 */
export async function loadMnist(
  options: { folder?: string; download?: boolean; onProgress?: (progress: DownloadProgress) => void } = {},
): Promise<TrainAndTest> {
  knownOptions("mnist", options, ["folder", "download", "onProgress"]);
  const { download = false, onProgress, ...where } = options;
  let place = await findMnist(where);
  if (!place.found && download) {
    await downloadMnist({ ...where, onProgress });
    place = await findMnist(where);
  }
  if (!place.found) {
    const looked = place.looked.map(({ folder, missing }) => `  ${folder}: no ${missing.join(", no ")}`).join("\n");
    throw new Error(
      `MNIST is not on this machine. Looked in\n${looked}\nRun \`npx nabla data get mnist\` to download it (about 12 MB), or set NABLA_DATA_DIR to a folder that holds mnist/.`,
    );
  }
  return readIdxParts(place.paths, { classes: 10 });
}

/** How far a download is, in bytes as they come over the net. */
export interface DownloadProgress {
  /** The file in work, and where it comes from; `mirror` is undefined for a file that was there already. */
  readonly file: string;
  readonly mirror: string | undefined;
  /** Bytes of all files together. */
  readonly received: number;
  readonly total: number;
}

/** What a download may be told, mostly for tests. */
export interface DownloadOptions {
  /** Where to put the files; default: `mnist` in the user's cache. */
  readonly folder?: string;
  /** Folders on the web to try in turn; default: the public mirrors. */
  readonly mirrors?: readonly string[];
  readonly onProgress?: (progress: DownloadProgress) => void;
  readonly fetch?: typeof fetch;
  /** Stops the download. */
  readonly signal?: AbortSignal;
  /** Give up on a mirror that sends nothing for so long. Default 30. */
  readonly stallSeconds?: number;
  /** The files to fetch; default: the four of MNIST. */
  readonly files?: readonly DataFile[];
}

const DOWNLOAD = ["folder", "mirrors", "onProgress", "fetch", "signal", "stallSeconds", "files"];

/** Downloads MNIST, and returns the folder it is in. Files that are there and sound are kept; each other one is fetched from
 * the first mirror that delivers it, checked by its SHA-256, and put in place in one step, decompressed.
 *
 * @throws if no mirror delivers a file; the message tells what each answered, and how to do it by hand
 * @example
 * ```ts
 * const get = () => downloadMnist({ onProgress: ({ received, total }) => console.log(received / total) });
 * ```
 */
export async function downloadMnist(options: DownloadOptions = {}): Promise<string> {
  knownOptions("downloadMnist", options, DOWNLOAD);
  const entry = dataSetEntry("mnist");
  const { folder = mnistCacheFolder(), mirrors = entry.mirrors, files = entry.files, onProgress } = options;
  const target = resolve(folder);
  const total = files.reduce((sum, file) => sum + file.downloadBytes, 0);
  let finished = 0;
  // What an hour ago was half written is not being written now, by this or another process.
  await removeUnfinished(target, 3600);
  for (const file of files) {
    if (!(await isSound(target, file))) {
      const report = (mirror: string, received: number) =>
        onProgress?.({
          file: file.name,
          mirror,
          received: finished + Math.min(received, file.downloadBytes),
          total,
        });
      const content = await fetchFromMirrors(file, mirrors, target, options, report);
      try {
        await writeFileAtomically(join(target, file.name), content);
      } catch (error) {
        throw new Error(
          `cannot write ${file.name} into ${target}: ${explain(error)}; set NABLA_CACHE_DIR to a folder that can be written to and has 60 MB free`,
        );
      }
    }
    finished += file.downloadBytes;
    onProgress?.({ file: file.name, mirror: undefined, received: finished, total });
  }
  return target;
}

/** Whether the copy that a loader would take is the right one. */
async function isSound(folder: string, file: DataFile): Promise<boolean> {
  const part = idxName(file.name)?.part;
  const group = part === undefined ? undefined : (await lookIn(folder)).group;
  const names = [file.name, `${file.name}.gz`].map((name) => join(folder, name));
  const path = part === undefined ? names.find((name) => existsSync(name)) : group?.[part];
  if (path === undefined) return false;
  try {
    return sha256(await gunzipIfNeeded(await readRegularFile(path), path, () => file.bytes)) === file.sha256;
  } catch {
    return false;
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

async function fetchFromMirrors(
  file: DataFile,
  mirrors: readonly string[],
  folder: string,
  options: DownloadOptions,
  report: (mirror: string, received: number) => void,
): Promise<Uint8Array> {
  const failures: string[] = [];
  for (const mirror of mirrors) {
    const url = `${mirror.replace(/\/?$/, "/")}${file.name}.gz`;
    try {
      const body = await fetchBytes(url, file, options, (received) => report(mirror, received));
      const content = await gunzipIfNeeded(body, "the answer", () => file.bytes);
      const digest = sha256(content);
      if (digest === file.sha256) return content;
      failures.push(`${url}: checksum differs: SHA-256 ${digest} (${content.length} bytes), expected ${file.sha256}`);
    } catch (error) {
      options.signal?.throwIfAborted();
      failures.push(`${url}: ${reason(error)}`);
    }
  }
  throw new Error(
    `cannot download ${file.name}:\n${failures.map((line) => `  ${line}`).join("\n")}\nCheck the connection and try again (files that arrived are kept), or put ${file.name} or ${file.name}.gz into ${folder} by hand.`,
  );
}

/** `fetch` hides what went wrong in the cause of its error. */
function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error
    ? `${error.message} (${error.cause.message || errorCode(error.cause)})`
    : error.message;
}

async function fetchBytes(
  url: string,
  file: DataFile,
  options: DownloadOptions,
  report: (received: number) => void,
): Promise<Uint8Array> {
  const { fetch: get = fetch, stallSeconds = 30 } = options;
  const stalled = new AbortController();
  const wait = () =>
    setTimeout(() => stalled.abort(new Error(`nothing came for ${stallSeconds} seconds`)), stallSeconds * 1000);
  let timer = wait();
  try {
    const signals = options.signal ? [stalled.signal, options.signal] : [stalled.signal];
    const response = await get(url, { signal: AbortSignal.any(signals) });
    if (!response.ok) throw new Error(`the server answered ${response.status} ${response.statusText}`);
    if (response.body === null) throw new Error("the server sent nothing");
    const chunks: Uint8Array[] = [];
    let received = 0;
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      clearTimeout(timer);
      timer = wait();
      chunks.push(chunk);
      received += chunk.length;
      // Neither the file nor its compressed form is longer than this: whatever comes is something else.
      if (received > file.bytes + 1024)
        throw new Error(`more than ${file.bytes} bytes came, which cannot be ${file.name}`);
      report(received);
    }
    return Buffer.concat(chunks);
  } finally {
    clearTimeout(timer);
  }
}
