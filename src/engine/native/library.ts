// Finds a library for matrix products and judges it: oneDNN (dnnl_sgemm), or a BLAS (cblas_sgemm and cblas_dgemm) such as OpenBLAS, MKL or
// Accelerate. It is set to one thread, for the engine's own threads share the work; and to the widest instructions that the processor has.
import { readFileSync } from "node:fs";
import { environment } from "../environment.node.ts";
import { type ForeignLibrary, type Koffi, loadKoffi } from "./koffi.ts";
import { type Candidate, candidates, findFile, folders, namedFile } from "./places.ts";

/** A library that can be used, in words that may be sent to another thread. */
export interface NativeLibrary {
  readonly kind: "onednn" | "blas";
  /** Name, version and instructions: "oneDNN 2.6.3, AVX-512". */
  readonly title: string;
  /** Version of oneDNN, whose interface changed with it; 0 of others. */
  readonly major: number;
  readonly file: string;
  /** The package's file through which it is called. */
  readonly koffi: string;
  /** Whether it multiplies float64 too. */
  readonly float64: boolean;
  /** Symbol of `void f(int)` that every thread calls with 1 before its first product, if there is one. */
  readonly oneThread: string | null;
  /** Whether it keeps to the calling thread, so that a product may be cut for several. */
  readonly splits: boolean;
}

/** Sets the number of threads: of the library, or of OpenMP underneath it. */
const THREAD_SETTERS = ["openblas_set_num_threads", "MKL_Set_Num_Threads", "bli_thread_set_num_threads"];
/** oneDNN's code for "on one thread" and "on OpenMP"; on others its threads can't be set from outside. */
const [SEQUENTIAL, OPENMP] = [1, 2];
const AVX512 = 0x27;
const AVX2 = 0x7;

/** What multiplies: a library, or two where the faster one has no float64. */
export interface NativeLibraries {
  readonly float32: NativeLibrary;
  readonly float64: NativeLibrary | null;
}

/** What became of looking for libraries. */
interface Probe {
  libraries: NativeLibrary[];
  /** Found, but of no use. */
  refused: string[];
  /** Not there. */
  absent: string[];
}

let probed: Probe | undefined;

/** The libraries to use, looked for once; null if there is none. */
export function nativeLibraries(): NativeLibraries | null {
  probed ??= probe();
  const [first] = probed.libraries;
  if (first === undefined) return null;
  return { float32: first, float64: probed.libraries.find((library) => library.float64) ?? null };
}

/** Why there is none, in a few words. */
export function missingReason(): string {
  probed ??= probe();
  return probed.refused[0] ?? "no oneDNN or BLAS was found";
}

/** Forgets what was found: the environment has changed. */
export function lookAgain(): void {
  probed = undefined;
}

/** What to install, by system. */
const REMEDIES: readonly { system: NodeJS.Platform | "any"; remedy: string }[] = [
  { system: "linux", remedy: "Debian, Ubuntu: sudo apt install libdnnl2 (Debian 13: libdnnl3.6) or libopenblas0" },
  { system: "linux", remedy: "Fedora: sudo dnf install onednn or openblas" },
  { system: "darwin", remedy: "macOS: nothing to install, Accelerate is part of it" },
  { system: "win32", remedy: "Windows: put the folder of OpenBLAS's libopenblas.dll or of oneDNN's dnnl.dll on PATH" },
  { system: "any", remedy: "elsewhere: set NABLA_NATIVE to the absolute path of a library" },
];

/** What to install on this system. */
export function remediesHere(): string[] {
  return REMEDIES.filter(({ system }) => system === process.platform || system === "any").map(({ remedy }) => remedy);
}

/** Why there is no native engine, and what to do, in lines. */
export function missingMessage(): string {
  probed ??= probe();
  const lines = [
    ...[...probed.refused, ...probed.absent].map((line) => `tried ${line}`),
    ...REMEDIES.map(({ remedy }) => remedy),
  ];
  return `engine: "native" needs oneDNN or a BLAS, and none can be used here.\n  ${lines.join("\n  ")}`;
}

function probe(): Probe {
  const result: Probe = { libraries: [], refused: [], absent: [] };
  const attempt = (look: () => NativeLibrary | undefined): void => {
    try {
      const library = look();
      if (library !== undefined) result.libraries.push(library);
    } catch (error) {
      result.refused.push((error as Error).message);
    }
  };
  attempt(() => void loadKoffi());
  if (result.refused.length > 0) return result;
  const named = environment["NABLA_NATIVE"];
  if (named) {
    attempt(() => judge(namedFile(named), undefined));
    return result;
  }
  const where = folders();
  for (const candidate of candidates()) {
    if (result.libraries.length > 0 && candidate.kind === "onednn") continue;
    const files = candidate.names.flatMap((name) => findFile(name, where) ?? []);
    if (files.length === 0) {
      result.absent.push(`${candidate.title}: no ${candidate.names.join(" or ")} in the system's library folders`);
    }
    const before = result.libraries.length;
    for (const file of files) {
      attempt(() => judge(file, candidate));
      if (result.libraries.length > before) break;
    }
    if (result.libraries.some((library) => library.float64)) break;
  }
  return result;
}

/** Loads a library and looks at what it exports. Throws an Error that says why it can't be used. */
function judge(file: string, candidate: Candidate | undefined): NativeLibrary {
  const { koffi, file: koffiFile } = loadKoffi();
  let library: ForeignLibrary;
  try {
    library = loadWithWidestInstructions(koffi, file);
  } catch (error) {
    throw new Error(`${file}: can't be loaded: ${(error as Error).message.trim()}`);
  }
  const has = (symbol: string): boolean => {
    try {
      return Boolean(library.symbol(symbol));
    } catch {
      return false;
    }
  };
  const common = { file, koffi: koffiFile };
  if (candidate?.kind === "onednn" || has("dnnl_version")) {
    if (!has("dnnl_sgemm")) throw new Error(`${file}: refused, for it has no symbol dnnl_sgemm`);
    return { ...common, ...judgeOneDnn(koffi, library, file, has) };
  }
  if (!has("cblas_sgemm")) {
    const wanted = candidate ? "cblas_sgemm" : "dnnl_sgemm and no cblas_sgemm";
    throw new Error(`${file}: refused, for it has no symbol ${wanted}`);
  }
  const setter = THREAD_SETTERS.find(has) ?? null;
  const accelerate = file.includes("Accelerate.framework");
  if (candidate?.anonymous && setter === null) {
    throw new Error(`${file}: refused, for it looks like the reference BLAS, slower than Nabla's own kernels`);
  }
  // The thread layer that needs no further library.
  if (has("MKL_Set_Threading_Layer")) library.func("MKL_Set_Threading_Layer", "int", ["int"])(1);
  return {
    ...common,
    kind: "blas",
    major: 0,
    title: titleOfBlas(library, file, has),
    float64: has("cblas_dgemm"),
    oneThread: setter,
    splits: !accelerate,
  };
}

function judgeOneDnn(
  koffi: Koffi,
  library: ForeignLibrary,
  file: string,
  has: (symbol: string) => boolean,
): Omit<NativeLibrary, "file" | "koffi"> {
  if (!has("dnnl_version")) throw new Error(`${file}: refused, for it has no symbol dnnl_version`);
  // struct { int major, minor, patch; const char *hash; unsigned cpuRuntime, gpuRuntime; }: the pointer begins at byte 16.
  const numbers = koffi.decode(library.func("dnnl_version", "void *", [])(), "int", 7);
  const [major, minor, patch] = numbers as [number, number, number];
  const runtime = numbers[6]!;
  if (major !== 2 && major !== 3) {
    throw new Error(`${file}: refused, for it is oneDNN ${major}.${minor}.${patch}; versions 2 and 3 can be used`);
  }
  const isa = has("dnnl_get_effective_cpu_isa") ? library.func("dnnl_get_effective_cpu_isa", "int", [])() : 0;
  const instructions = (isa & AVX512) === AVX512 ? ", AVX-512" : (isa & AVX2) === AVX2 ? ", AVX2" : "";
  const openMp = runtime === OPENMP && has("omp_set_num_threads");
  return {
    kind: "onednn",
    major,
    title: `oneDNN ${major}.${minor}.${patch}${instructions}`,
    float64: false,
    oneThread: openMp ? "omp_set_num_threads" : null,
    splits: openMp || runtime === SEQUENTIAL,
  };
}

function titleOfBlas(library: ForeignLibrary, file: string, has: (symbol: string) => boolean): string {
  if (has("openblas_get_config") && has("openblas_get_corename")) {
    const text = (symbol: string): string => String(library.func(symbol, "str", [])());
    const version = /OpenBLAS (\S+)/.exec(text("openblas_get_config"))?.[1] ?? "";
    return `OpenBLAS ${version}, ${text("openblas_get_corename")}`;
  }
  if (has("MKL_Set_Num_Threads")) return "MKL";
  if (file.includes("Accelerate.framework")) return "Accelerate";
  return `BLAS ${file}`;
}

/**
 * OpenBLAS looks at the processor's model when it is loaded, and takes one newer than itself for an old one. Where the processor has AVX-512
 * the environment, unless it says something already, names a model that has it. It is put back afterwards: other programs are not to see it.
 */
function loadWithWidestInstructions(koffi: Koffi, file: string): ForeignLibrary {
  const wanted: Record<string, string> = { OPENBLAS_NUM_THREADS: "1" };
  if (hasAvx512()) wanted["OPENBLAS_CORETYPE"] = "SkylakeX";
  const added = Object.keys(wanted).filter((name) => process.env[name] === undefined);
  for (const name of added) process.env[name] = wanted[name];
  try {
    return koffi.load(file);
  } finally {
    for (const name of added) delete process.env[name];
  }
}

/** Whether the processor has the parts of AVX-512 that matrix products use; known on Linux only. */
function hasAvx512(): boolean {
  if (process.platform !== "linux" || process.arch !== "x64") return false;
  try {
    const flags = /^flags\s*:(.*)$/m.exec(readFileSync("/proc/cpuinfo", "utf8"))?.[1]?.split(/\s+/) ?? [];
    return ["avx512f", "avx512dq", "avx512bw", "avx512vl"].every((flag) => flags.includes(flag));
  } catch {
    return false;
  }
}
