// `nabla doctor`: what this machine offers, and the remedy for what it lacks.
import { freemem, totalmem } from "node:os";
import type { Command } from "commander";
import { cacheFolder } from "../src/data/cache.node.ts";
import { findMnist, type MnistPlace } from "../src/data/mnist.node.ts";
import { launchHere } from "../src/distributed/join.ts";
import { findMpi, MPI_REMEDY } from "../src/distributed/library.ts";
import { configureEngine, engineStatus } from "../src/engine/configure.ts";
import { missingReason, type NativeLibraries, nativeLibraries, remediesHere } from "../src/engine/native/library.ts";
import { hasRelaxedSimd, hasSimd } from "../src/engine/wasm/module.ts";
import { adapterFacts, NoDeviceError } from "../src/engine/webgpu/device.ts";
import { matmul } from "../src/ops/linalg.ts";
import { ones } from "../src/tensor/create.ts";
import { memory } from "../src/tensor/memory.ts";
import { scope } from "../src/tensor/tensor.ts";
import { commandName } from "./command-name.ts";

interface Finding {
  name: string;
  state: "ok" | "missing" | "note";
  value: string;
  remedy?: string;
}

export function addDoctorCommand(program: Command): void {
  program
    .command("doctor")
    .summary("what this machine offers")
    .description("Looks at the machine: engine, instructions, threads, memory, data; and says what would help.")
    .option("--json", "print one JSON object as the last line on standard output")
    .action(async (options: { json?: boolean }) => {
      const mnist = await findMnist();
      const findings = examine(mnist);
      findings.splice(
        findings.findIndex(({ name }) => name === "MPI"),
        0,
        await deviceFinding(),
      );
      if (options.json) process.stdout.write(`${JSON.stringify(asJson(findings, mnist))}\n`);
      else process.stdout.write(`${asText(findings)}\n`);
      process.exitCode = findings.some((finding) => finding.state === "missing" && finding.name === "SIMD") ? 1 : 0;
    });
}

function gibibytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}

function examine(mnist: MnistPlace): Finding[] {
  const findings: Finding[] = [{ name: "Node", state: "ok", value: process.version }];
  if (!hasSimd()) {
    findings.push({
      name: "SIMD",
      state: "missing",
      value: "no",
      remedy: "install Node 20 or later on a 64-bit processor",
    });
    return findings;
  }
  const native = nativeLibraries();
  configureEngine({ engine: native === null ? "wasm" : "native" });
  const status = engineStatus();
  // A product that can only come out right: the kernels run on this machine.
  const product = scope(() =>
    matmul(ones([64, 64]), ones([64, 64]))
      .sum()
      .item(),
  );
  findings.push({
    name: "engine",
    state: product === 64 ** 3 ? "ok" : "missing",
    value: status.engine,
    ...(product !== 64 ** 3 && { remedy: "the kernels compute wrong values here; please report this machine" }),
  });
  findings.push(nativeFinding(native));
  findings.push(mpiFinding());
  findings.push({ name: "SIMD", state: "ok", value: "yes" });
  findings.push(
    hasRelaxedSimd()
      ? { name: "relaxed SIMD", state: "ok", value: "yes" }
      : {
          name: "relaxed SIMD",
          state: "note",
          value: "no",
          remedy: "matrix products run about a third faster with Node 20 or later",
        },
  );
  findings.push({
    name: "threads",
    state: "ok",
    value: `${status.threads}`,
    ...(status.threads === 1 && { remedy: "this machine has one processor, or NABLA_THREADS=1 is set" }),
  });
  findings.push({
    name: "memory",
    state: "ok",
    value: `${gibibytes(freemem())} free of ${gibibytes(totalmem())}; the engine holds ${gibibytes(memory().heldBytes)} and can grow to 4 GiB`,
  });
  findings.push(
    mnist.found
      ? { name: "MNIST", state: "ok", value: mnist.folder }
      : {
          name: "MNIST",
          state: "missing",
          value: `not in ${mnist.looked.map(({ folder }) => folder).join(" or ")}`,
          remedy: `${commandName()} data get mnist, or set NABLA_DATA_DIR to a folder that holds mnist/`,
        },
  );
  findings.push({ name: "digits", state: "ok", value: "generated on the spot, nothing to download" });
  findings.push({ name: "cache", state: "ok", value: cacheFolder() });
  return findings;
}

function nativeFinding(native: NativeLibraries | null): Finding {
  const name = "native library";
  if (native === null) {
    const remedy = `matrix products run about four times faster with one. ${remediesHere().join("; ")}`;
    return { name, state: "note", value: missingReason(), remedy };
  }
  const { float32, float64 } = native;
  const second = float64 === null || float64 === float32 ? "" : `; for float64 ${float64.title}, ${float64.file}`;
  return { name, state: "ok", value: `${float32.title}, ${float32.file}${second}` };
}

/** The graphics processor that the engine webgpu would take. */
async function deviceFinding(): Promise<Finding> {
  const name = "webgpu";
  try {
    const { adapter, software, memoryBytes, workgroupBytes, workgroupThreads } = await adapterFacts();
    const limits = `${gibibytes(memoryBytes)} for tensors, workgroups of ${workgroupThreads} threads with ${workgroupBytes / 1024} KiB`;
    if (!software) return { name, state: "ok", value: `${adapter}: ${limits}` };
    const remedy = "no graphics processor was found, only software in its place: the CPU engines are faster";
    return { name, state: "note", value: `${adapter} (software): ${limits}`, remedy };
  } catch (error) {
    if (!(error instanceof NoDeviceError)) throw error;
    return { name, state: "note", value: error.reason, remedy: error.remedy };
  }
}

/** The MPI libraries here, and where a launcher has started this process, the one that fits. */
function mpiFinding(): Finding {
  const name = "MPI";
  const { found, problems } = findMpi();
  if (found.length === 0) {
    const value = problems[0] ?? "no library was found";
    return { name, state: "note", value, remedy: `training on several processes or machines needs one. ${MPI_REMEDY}` };
  }
  const launch = launchHere();
  const listed = found.map(({ title, file }) => `${title}, ${file}`).join("; ");
  if (launch === null) {
    const which = found.length > 1 ? " (the launcher decides which is used)" : "";
    return { name, state: "ok", value: `${listed}${which}` };
  }
  const fits = found.find(({ kind }) => launch.kind === null || kind === launch.kind);
  const started = `rank ${launch.rank} of ${launch.size}, started by ${launch.launcher}`;
  if (fits === undefined) {
    const remedy = `${launch.launcher} needs its own library: NABLA_MPI=/absolute/path/of/libmpi.so`;
    return { name, state: "missing", value: `${started}; ${listed}`, remedy };
  }
  return { name, state: "ok", value: `${started}: ${fits.title}, ${fits.file}` };
}

function asText(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map((finding) => finding.name.length));
  const mark = { ok: "ok     ", missing: "missing", note: "note   " };
  return findings
    .map(
      ({ name, state, value, remedy }) =>
        `${mark[state]}  ${name.padEnd(width)}  ${value}${remedy ? `\n${" ".repeat(width + 11)}-> ${remedy}` : ""}`,
    )
    .join("\n");
}

function asJson(findings: readonly Finding[], mnist: MnistPlace): Record<string, unknown> {
  const status = engineStatus();
  return {
    engine: status.engine,
    native: nativeLibraries(),
    mpi: findMpi().found,
    simd: hasSimd(),
    relaxedSimd: status.relaxedSimd,
    threads: status.threads,
    sharedMemory: status.sharedMemory,
    memory: { freeBytes: freemem(), totalBytes: totalmem(), heldBytes: memory().heldBytes },
    data: { mnist },
    findings,
  };
}
