// Finds the MPI library that belongs to the launcher. Several may be installed side by side, and one of another family would take every rank for
// alone; so the folder of the launcher comes first, and the family that it tells decides between files.
import { existsSync, realpathSync } from "node:fs";
import { delimiter, dirname, isAbsolute, join } from "node:path";
import { environment } from "../engine/environment.node.ts";
import { type ForeignLibrary, type Koffi, loadKoffi } from "../engine/native/koffi.ts";
import { folders } from "../engine/native/places.ts";
import { kindOf } from "./abi.ts";
import type { MpiKind } from "./launcher.ts";

/** A library that is there. */
export interface FoundMpi {
  readonly file: string;
  readonly kind: MpiKind;
  /** Its name and version, in one line: "Open MPI v4.1.4". */
  readonly title: string;
}

/** A library in this process. */
export interface LoadedMpi extends FoundMpi {
  readonly koffi: Koffi;
  readonly functions: ForeignLibrary;
}

/** File names, those that tell their family first. */
const NAMES: readonly { kind: MpiKind | null; names: readonly string[] }[] = [
  { kind: "openmpi", names: ["libmpi.so.40", "libmpi.40.dylib"] },
  {
    kind: "mpich",
    names: ["libmpich.so.12", "libmpi.so.12", "libmpi_cray.so.12", "libmpi.12.dylib", "libmpich.12.dylib"],
  },
  { kind: null, names: ["libmpi.so", "libmpich.so", "libmpi.dylib"] },
];

/** Where libraries of MPI lie: beside the launcher, where their own variables say, and where libraries lie. */
function places(): string[] {
  const found: string[] = [];
  const below = (root: string | undefined, ...inside: string[]): void => {
    if (root) found.push(...inside.map((folder) => join(root, folder)));
  };
  for (const folder of (environment["PATH"] ?? "").split(delimiter)) {
    const launcher = join(folder, "mpirun");
    if (!isAbsolute(folder) || !existsSync(launcher)) continue;
    below(dirname(dirname(realpathSync(launcher))), "lib", "lib64", "lib/release");
    break;
  }
  below(environment["OPAL_PREFIX"], "lib");
  below(environment["MPI_HOME"], "lib", "lib64");
  below(environment["I_MPI_ROOT"], "lib", "lib/release", "intel64/lib/release");
  found.push(...folders());
  for (const family of ["openmpi", "mpich"]) found.push(`/usr/lib64/${family}/lib`);
  return [...new Set(found)];
}

/** Files of MPI libraries here, the likeliest first; each file once, whatever names it has. */
function files(kind: MpiKind | null): string[] {
  const where = places();
  const wanted = NAMES.filter((each) => kind === null || each.kind === null || each.kind === kind);
  const found = new Map<string, string>();
  for (const { names } of wanted) {
    for (const folder of where) {
      for (const name of names) {
        const file = join(folder, name);
        if (!existsSync(file)) continue;
        const real = realpathSync(file);
        if (!found.has(real)) found.set(real, file);
      }
    }
  }
  return [...found.values()];
}

/** The first line of what the library says of itself; it may be asked before MPI begins. */
function titleOf(library: ForeignLibrary, koffi: Koffi): string {
  const bytes = new Uint8Array(new SharedArrayBuffer(8192));
  const length = new Int32Array(new SharedArrayBuffer(4));
  const pointers = ["intptr_t", "intptr_t"];
  const ask = library.func("MPI_Get_library_version", "int", pointers);
  if (ask(Number(koffi.address(bytes)), Number(koffi.address(length))) !== 0) return "MPI";
  const text = new TextDecoder().decode(bytes.slice(0, length[0]));
  const mpich = /MPICH Version:\s*(\S+)/.exec(text)?.[1];
  return mpich === undefined ? text.split(/[,\n\0]/)[0].trim() : `MPICH ${mpich}`;
}

/**
 * Before a library is loaded, also one that is only looked at: UCX, below many MPIs, takes the signal by which WebAssembly's memory accesses are checked,
 * so that a wrong one would end the process; and it rewrites the C library's memory functions while Node's threads run in them, which ended one start in
 * thirty. It reads its variables when it is loaded.
 */
function tameUcx(): void {
  process.env["UCX_ERROR_SIGNALS"] ??= "";
  process.env["UCX_MEM_EVENTS"] ??= "n";
}

function open(file: string, global: boolean): LoadedMpi {
  const { koffi } = loadKoffi();
  tameUcx();
  let library: ForeignLibrary;
  try {
    library = koffi.load(file, { global });
  } catch (error) {
    throw new Error(`${file}: can't be loaded: ${(error as Error).message.trim()}`);
  }
  try {
    return { file, kind: kindOf(library), title: titleOf(library, koffi), koffi, functions: library };
  } catch {
    throw new Error(`${file}: is no MPI library: it has no MPI_Get_library_version`);
  }
}

/** What `NABLA_MPI` names, if it does. */
function named(): string | undefined {
  const file = environment["NABLA_MPI"];
  if (!file) return undefined;
  if (!isAbsolute(file)) {
    throw new Error(`NABLA_MPI is ${file}; give the absolute path of an MPI library, such as /usr/lib/libmpi.so.40`);
  }
  if (!existsSync(file)) throw new Error(`NABLA_MPI names ${file}, which does not exist`);
  return file;
}

/** What there is to install, for messages. */
export const MPI_REMEDY =
  "Debian, Ubuntu: sudo apt install openmpi-bin (or mpich); elsewhere: set NABLA_MPI to the absolute path of the launcher's libmpi";

/**
 * Loads the library of a family, or whichever is found first for null. Globally, so that Open MPI's plugins find it.
 * @throws Error if there is none, or koffi is missing, with what to do.
 */
export function loadMpi(kind: MpiKind | null): LoadedMpi {
  const file = named();
  if (file !== undefined) return open(file, true);
  const problems: string[] = [];
  for (const candidate of files(kind)) {
    try {
      // Looked at locally first: what is loaded globally stays in the way of the next.
      if (kind !== null && open(candidate, false).kind !== kind) continue;
      return open(candidate, true);
    } catch (error) {
      problems.push((error as Error).message);
    }
  }
  const family = { openmpi: "Open MPI's ", mpich: "MPICH's " }[kind as MpiKind] ?? "an MPI ";
  throw new Error(
    `no ${family}library can be used${problems.map((problem) => `; ${problem}`).join("")}. ${MPI_REMEDY}`,
  );
}

/** All libraries here, without beginning MPI: for `nabla doctor`. */
export function findMpi(): { found: FoundMpi[]; problems: string[] } {
  const found: FoundMpi[] = [];
  const problems: string[] = [];
  let candidates: string[] = [];
  try {
    const file = named();
    candidates = file === undefined ? files(null) : [file];
  } catch (error) {
    problems.push((error as Error).message);
  }
  for (const file of candidates) {
    try {
      const { kind, title } = open(file, false);
      found.push({ file, kind, title });
    } catch (error) {
      problems.push((error as Error).message);
    }
  }
  return { found, problems };
}
