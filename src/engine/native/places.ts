// Where a native library may lie. Files are always named by their absolute path, so that no loader ever looks in the
// current folder: the system's folders, those of its configuration, and those the environment lists.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { delimiter, isAbsolute, join } from "node:path";

/** A library to try. */
export interface Candidate {
  readonly kind: "onednn" | "blas";
  /** File names, the best first. */
  readonly names: readonly string[];
  /** What it is, for messages. */
  readonly title: string;
  /** Whether the names say nothing about who made it, so that it may be a slow one. */
  readonly anonymous?: boolean;
}

const ACCELERATE: Candidate = { kind: "blas", title: "Accelerate", names: ["Accelerate"] };

const CANDIDATES: Partial<Record<NodeJS.Platform, readonly Candidate[]>> = {
  linux: [
    { kind: "onednn", title: "oneDNN", names: ["libdnnl.so.3", "libdnnl.so.2"] },
    { kind: "blas", title: "MKL", names: ["libmkl_rt.so.3", "libmkl_rt.so.2", "libmkl_rt.so"] },
    { kind: "blas", title: "OpenBLAS", names: ["libopenblas.so.0", "libopenblas.so"] },
    { kind: "blas", title: "BLAS", names: ["libblas.so.3", "libcblas.so.3"], anonymous: true },
  ],
  darwin: [
    ACCELERATE,
    { kind: "blas", title: "OpenBLAS", names: ["libopenblas.0.dylib", "libopenblas.dylib"] },
    { kind: "onednn", title: "oneDNN", names: ["libdnnl.3.dylib", "libdnnl.2.dylib"] },
  ],
  win32: [
    { kind: "onednn", title: "oneDNN", names: ["dnnl.dll"] },
    { kind: "blas", title: "MKL", names: ["mkl_rt.3.dll", "mkl_rt.2.dll", "mkl_rt.dll"] },
    { kind: "blas", title: "OpenBLAS", names: ["libopenblas.dll", "openblas.dll"] },
  ],
};

/** Libraries that this system may have, the fastest first. oneDNN's matrix product is written for x86 processors only. */
export function candidates(): readonly Candidate[] {
  const known = CANDIDATES[process.platform] ?? CANDIDATES.linux!;
  if (process.arch === "x64") return known;
  return [...known].sort((a, b) => Number(a.kind === "onednn") - Number(b.kind === "onednn"));
}

/** Folders to look in, in order; only absolute ones. */
export function folders(): string[] {
  const { env } = process;
  const found: string[] = [];
  const list = (text: string | undefined): void => void found.push(...(text ?? "").split(delimiter));
  const below = (root: string | undefined, ...inside: string[]): void => {
    if (root) found.push(...inside.map((folder) => join(root, folder)));
  };
  if (process.platform === "win32") {
    list(env["PATH"]);
    below(env["CONDA_PREFIX"], "Library/bin");
    below(env["ONEAPI_ROOT"], "dnnl/latest/bin", "mkl/latest/bin");
    below(env["ProgramFiles(x86)"], "Intel/oneAPI/dnnl/latest/bin", "Intel/oneAPI/mkl/latest/bin");
  } else if (process.platform === "darwin") {
    list(env["DYLD_LIBRARY_PATH"]);
    found.push("/System/Library/Frameworks/Accelerate.framework");
    below(env["CONDA_PREFIX"], "lib");
    for (const root of ["/opt/homebrew", "/usr/local"]) below(root, "opt/openblas/lib", "opt/onednn/lib", "lib");
  } else {
    list(env["LD_LIBRARY_PATH"]);
    below(env["CONDA_PREFIX"], "lib");
    found.push(...configuredFolders("/etc/ld.so.conf"));
    const machine = { x64: "x86_64", arm64: "aarch64" }[process.arch as string] ?? process.arch;
    for (const root of ["/usr/local/lib", "/usr/lib", "/lib"]) {
      found.push(join(root, `${machine}-linux-gnu`), `${root}64`, root);
    }
    below("/opt/intel/oneapi", "dnnl/latest/lib", "mkl/latest/lib", "mkl/latest/lib/intel64");
  }
  return [...new Set(found.filter((folder) => isAbsolute(folder)))];
}

/** Folders that the loader's configuration lists: a line is a folder, or `include` and a pattern of further files. */
function configuredFolders(file: string, depth = 0): string[] {
  if (depth > 2 || !existsSync(file)) return [];
  const found: string[] = [];
  for (const line of readFileSync(file, "utf8").split("\n")) {
    const included = /^\s*include\s+(\/\S*)\/\*\.conf\s*$/.exec(line)?.[1];
    if (included === undefined) {
      if (line.trim().startsWith("/")) found.push(line.trim());
      continue;
    }
    if (!existsSync(included)) continue;
    const files = readdirSync(included).filter((name) => name.endsWith(".conf"));
    for (const name of files.sort()) found.push(...configuredFolders(join(included, name), depth + 1));
  }
  return found;
}

/** Whether a file can be there. Libraries that macOS brings are in the loader's cache only. */
function mayExist(path: string): boolean {
  return existsSync(path) || (process.platform === "darwin" && path.startsWith("/System/Library/Frameworks/"));
}

/**
 * The first file of that name. A library whose name ends in its version may be there under a longer one alone, as Debian 13 has oneDNN: libdnnl.so.3
 * as libdnnl.so.3.7.
 */
export function findFile(name: string, where: readonly string[]): string | undefined {
  const searched = where.filter(
    (folder) => folder.startsWith("/System/Library/Frameworks/") === (name === ACCELERATE.names[0]),
  );
  const exact = searched.map((folder) => join(folder, name)).find(mayExist);
  if (exact !== undefined || !/\.so\.\d+$/.test(name)) return exact;
  for (const folder of searched) {
    const [longer] = existsSync(folder) ? longerNames(name, readdirSync(folder)) : [];
    if (longer !== undefined) return join(folder, longer);
  }
  return undefined;
}

/** The names that go on with further numbers of the version, the highest first. */
function longerNames(name: string, files: readonly string[]): string[] {
  const numbers = (file: string): number[] =>
    file
      .slice(name.length + 1)
      .split(".")
      .map(Number);
  return files
    .filter((file) => file.startsWith(`${name}.`) && numbers(file).every(Number.isInteger))
    .sort((a, b) => {
      const [first, second] = [numbers(a), numbers(b)];
      const at = first.findIndex((number, i) => number !== second[i]);
      return at < 0 ? second.length - first.length : (second[at] ?? -1) - first[at]!;
    });
}

/**
 * The file that NABLA_NATIVE names: an absolute path, or a bare file name that is looked for as any other.
 * Throws an Error for a path relative to the current folder, and if there is no such file.
 */
export function namedFile(value: string): string {
  if (isAbsolute(value)) {
    if (mayExist(value)) return value;
    throw new Error(`NABLA_NATIVE names ${value}, which does not exist`);
  }
  if (/[/\\]/.test(value)) {
    throw new Error(
      `NABLA_NATIVE is ${value}, a path relative to the current folder, from which libraries are never loaded; give an absolute path`,
    );
  }
  const where = folders();
  const file = findFile(value, where);
  if (file !== undefined) return file;
  throw new Error(
    `NABLA_NATIVE names ${value}, which is in none of ${where.filter((path) => existsSync(path)).join(", ")}`,
  );
}
