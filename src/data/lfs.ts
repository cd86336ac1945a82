// Git LFS keeps large files elsewhere, and leaves a short text in their place until they are fetched.

const FIRST_LINE = "version https://git-lfs.github.com/spec/";

/** @throws Error that names the file, where `content` is such a text instead of it. */
export function refuseLfsPointer(name: string, content: Uint8Array | string): void {
  const isText = typeof content === "string";
  const starts = isText
    ? content.startsWith(FIRST_LINE)
    : [...FIRST_LINE].every((letter, k) => content[k] === letter.charCodeAt(0));
  if (!starts) return;
  const pointer = isText ? content : new TextDecoder().decode(content.subarray(0, 1024));
  const size = /^size (\d+)$/m.exec(pointer)?.[1];
  throw new Error(
    `${name}: a Git LFS pointer instead of the file itself${size === undefined ? "" : `, which has ${size} bytes`}; fetch it with git lfs pull`,
  );
}
