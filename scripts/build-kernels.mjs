// Compiles kernels/ to WebAssembly twice, strict and with relaxed SIMD, and writes one, and what makes the other of it, as base64 text:
// no file is read at run time, so the same code serves Node, browsers and bundlers.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { deflateRawSync } from "node:zlib";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const outFolder = join(root, "kernels/build");
/** Shortest run worth copying instead of spelling out. */
const RUN = 24;
const targets = { strict: "simd,threads", relaxed: "simd,threads,relaxed-simd" };

/**
 * `to` as copies from `from` and new bytes: [copied from, copied length, new bytes, ...] in turn. The two builds of the kernels differ in few
 * functions, so the second costs a tenth of the first.
 */
function difference(from, to) {
  const places = new Map();
  for (let at = 0; at + RUN <= from.length; at++) {
    const key = from.toString("latin1", at, at + RUN);
    if (!places.has(key)) places.set(key, at);
  }
  const copies = [];
  const fresh = [];
  let literal = 0;
  let expected = 0;
  for (let at = 0; at < to.length; ) {
    const key = to.toString("latin1", at, at + RUN);
    // Usually the run goes on where the last one ended.
    const near = from.toString("latin1", expected, expected + RUN) === key ? expected : places.get(key);
    if (near === undefined || key.length < RUN) {
      fresh.push(to[at]);
      literal += 1;
      at += 1;
      expected += 1;
      continue;
    }
    let length = RUN;
    while (at + length < to.length && from[near + length] === to[at + length]) length += 1;
    copies.push(literal, near, length);
    literal = 0;
    at += length;
    expected = near + length;
  }
  copies.push(literal, 0, 0);
  return { copies, fresh: Buffer.from(fresh) };
}

const pack = (bytes) => deflateRawSync(bytes, { level: 9 }).toString("base64");

export async function buildKernels({ force = false, log = () => {} } = {}) {
  const sources = readdirSync(join(root, "kernels"), { recursive: true })
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts") && !name.startsWith("build"))
    .sort();
  const hash = createHash("sha256").update(readFileSync(fileURLToPath(import.meta.url)));
  for (const name of sources) hash.update(name).update(readFileSync(join(root, "kernels", name)));
  const digest = hash.digest("hex");
  const stamp = join(outFolder, "sources.sha256");
  const generated = join(root, "src/engine/wasm/binaries.generated.ts");
  if (!force && existsSync(generated) && existsSync(stamp) && readFileSync(stamp, "utf8") === digest) return false;

  mkdirSync(outFolder, { recursive: true });
  const { default: asc } = await import("assemblyscript/asc");
  const lines = ["// Written by scripts/build-kernels.mjs from kernels/. Not in the repository."];
  for (const [name, features] of Object.entries(targets)) {
    log(`compiling kernels (${name})`);
    const { error, stdout, stderr } = await asc.main(
      [
        "kernels/index.ts",
        ...["--outFile", `kernels/build/${name}.wasm`, "--textFile", `kernels/build/${name}.wat`],
        ...["-O3", "--noAssert", "--runtime", "stub", "--importMemory", "--sharedMemory"],
        ...["--initialMemory", "16", "--maximumMemory", "65536", "--memoryBase", "4096"],
        ...features.split(",").flatMap((feature) => ["--enable", feature]),
      ],
      { baseDir: root },
    );
    if (error) throw new Error(`kernels: ${error.message}\n${stdout.toString()}${stderr.toString()}`);
    log(`  ${readFileSync(join(outFolder, `${name}.wasm`)).length} bytes`);
  }
  const [strict, relaxed] = ["strict", "relaxed"].map((name) => readFileSync(join(outFolder, `${name}.wasm`)));
  const { copies, fresh } = difference(strict, relaxed);
  lines.push(`export const strict =\n  "${pack(strict)}";`);
  lines.push(`/** Triples: so many new bytes, then a copy from the strict module: where, how many. */`);
  lines.push(`export const relaxedCopies: readonly number[] = ${JSON.stringify(copies)};`);
  lines.push(`export const relaxedBytes =\n  "${pack(fresh)}";`);
  writeFileSync(generated, `${lines.join("\n")}\n`);
  writeFileSync(stamp, digest);
  return true;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await buildKernels({ force: process.argv.includes("--force"), log: console.log });
}
