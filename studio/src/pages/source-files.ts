// The texts of the books' programs and experiments, each loaded when it is read.

const files = import.meta.glob<string>("../../../book/**/*.ts", {
  query: "?raw",
  import: "default",
});

/** `file` from the repository's root: "book/nndl/programs/network.ts". undefined where there is none. */
export async function programText(file: string): Promise<string | undefined> {
  return files[`../../../${file}`]?.();
}

/** What a folder holds: folders first, each with a slash at its end. Empty where there is no such folder. */
export function folderEntries(folder: string): string[] {
  const start = `../../../${folder}/`;
  const inside = Object.keys(files).filter((file) => file.startsWith(start));
  const names = inside.map((file) => {
    const [first, ...rest] = file.slice(start.length).split("/");
    return rest.length > 0 ? `${first}/` : first;
  });
  const isFolder = (name: string): number => (name.endsWith("/") ? 0 : 1);
  return [...new Set(names)].sort((a, b) => isFolder(a) - isFolder(b) || a.localeCompare(b, "en", { numeric: true }));
}
