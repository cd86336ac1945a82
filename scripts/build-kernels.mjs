// Compiles kernels/ to WebAssembly twice, strict and with relaxed SIMD, and writes both, deflated, as base64 text that the loader imports:
// no file is read at run time, so the same code serves Node, browsers and bundlers.
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync, existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { deflateRawSync } from "node:zlib";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const outFolder = join(root, "kernels/build");
const targets = { strict: "simd,threads", relaxed: "simd,threads,relaxed-simd" };

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
    const bytes = readFileSync(join(outFolder, `${name}.wasm`));
    lines.push(`export const ${name} =\n  "${deflateRawSync(bytes, { level: 9 }).toString("base64")}";`);
    log(`  ${bytes.length} bytes`);
  }
  writeFileSync(generated, `${lines.join("\n")}\n`);
  writeFileSync(stamp, digest);
  return true;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await buildKernels({ force: process.argv.includes("--force"), log: console.log });
}
