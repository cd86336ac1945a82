// The files of a program with all that they import, as they stand in the repository: what a page or a run hands out, so that what was trained can be trained again.

/** "a/b/../c.ts" without the way back. */
function plain(path: string): string {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== ".") parts.push(part);
  }
  return parts.join("/");
}

/** Texts by path, from the repository's root. Packages, as `nabla`, are left to npm. */
export async function withImports(
  start: readonly string[],
  read: (file: string) => Promise<string>,
): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const wanted = [...start];
  for (let file = wanted.pop(); file !== undefined; file = wanted.pop()) {
    if (found.has(file)) continue;
    const text = await read(file);
    found.set(file, text);
    const folder = file.slice(0, file.lastIndexOf("/"));
    for (const [, path] of text.matchAll(/^(?:import|export)\b[^;]*?["'](\.{1,2}\/[^"']+)["']/gm)) {
      wanted.push(plain(`${folder}/${path}`));
    }
  }
  return found;
}

/** What npm needs to know of a folder with such files and a main.ts. */
export function packageOf(version: string): string {
  const about = { private: true, type: "module", dependencies: { nabla: version }, devDependencies: { tsx: "*" } };
  return `${JSON.stringify(about, null, 2)}\n`;
}
