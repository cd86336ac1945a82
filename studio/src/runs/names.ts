/** What runs are called beside each other: as much of the end of each path as tells it from the others. */
export function shortNames(paths: readonly string[]): ReadonlyMap<string, string> {
  const parts = (path: string): string[] => path.split(/[\\/]+/).filter((part) => part !== "" && part !== ".");
  const end = (path: string, count: number): string => parts(path).slice(-count).join("/");
  return new Map(
    paths.map((path) => {
      const others = paths.filter((other) => other !== path);
      const most = parts(path).length;
      let count = 1;
      while (count < most && others.some((other) => end(other, count) === end(path, count))) count++;
      return [path, end(path, count) || path];
    }),
  );
}
