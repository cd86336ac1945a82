// Finds a library for matrix products and judges it: oneDNN (dnnl_sgemm), or a BLAS (cblas_sgemm and cblas_dgemm) such as OpenBLAS, MKL or
// Accelerate. It is set to one thread, for the engine's own threads share the work; and to the widest instructions that the processor has.
import { readFileSync } from "node:fs";
import { type ForeignLibrary, type Koffi, loadKoffi } from "./koffi.ts";
import { type Candidate, candidates, findFile, folders, namedFile } from "./places.ts";

/** A library that can be used, in words that may be sent to another thread. */
export interface NativeLibrary {
  readonly kind: "onednn" | "blas";
  /** Name, version and instructions: "oneDNN 2.6.3, AVX-512". */
  readonly title: string;
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

let probed: { library: NativeLibrary } | { tried: readonly string[] } | undefined;

/** The library to use, looked for once; or null, and `failures` says why. */
export function nativeLibrary(): NativeLibrary | null {
  probed ??= probe();
  return "library" in probed ? probed.library : null;
}

/** What was tried in vain. */
export function failures(): readonly string[] {
  probed ??= probe();
  return "tried" in probed ? probed.tried : [];
}

/** Forgets what was found: the environment has changed. */
export function lookAgain(): void {
  probed = undefined;
}

/** What to install, by system. */
export const REMEDIES: readonly string[] = [
  "Debian, Ubuntu: sudo apt install libdnnl2 (libdnnl3 on later releases), or libopenblas0",
  "Fedora: sudo dnf install onednn, or openblas",
  "macOS: nothing, Accelerate is part of it",
  "Windows: put the folder of OpenBLAS's libopenblas.dll, or of oneDNN's dnnl.dll, on PATH",
  "any system: NABLA_NATIVE names a library by its absolute path",
];

/** Why there is no native engine, and what to do, in lines. */
export function missingMessage(): string {
  const lines = [...failures().map((line) => `tried ${line}`), ...REMEDIES];
  return `engine: "native" needs oneDNN or a BLAS, and none can be used here.\n  ${lines.join("\n  ")}`;
}

function probe(): { library: NativeLibrary } | { tried: readonly string[] } {
  const tried: string[] = [];
  try {
    const { koffi, file } = loadKoffi();
    const named = process.env["NABLA_NATIVE"];
    if (named) return { library: judge(koffi, file, namedFile(named), undefined) };
    const where = folders();
    for (const candidate of candidates()) {
      const path = candidate.names.map((name) => findFile(name, where)).find((found) => found !== undefined);
      if (path === undefined) {
        tried.push(`${candidate.title}: no ${candidate.names.join(" or ")} in the system's library folders`);
        continue;
      }
      try {
        return { library: judge(koffi, file, path, candidate) };
      } catch (error) {
        tried.push((error as Error).message);
      }
    }
  } catch (error) {
    tried.push((error as Error).message);
  }
  return { tried };
}

/** Loads a library and looks at what it exports. Throws an Error that says why it can't be used. */
function judge(koffi: Koffi, koffiFile: string, file: string, candidate: Candidate | undefined): NativeLibrary {
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
