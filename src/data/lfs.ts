// Git LFS keeps large files elsewhere, and leaves a short text in their place until they are fetched.

const FIRST_LINE = "version https://git-lfs.github.com/spec/";

/** What to say of `bytes` if they are such a text instead of the file; else undefined. */
export function lfsPointer(bytes: Uint8Array): string | undefined {
  const starts = [...FIRST_LINE].every((letter, k) => bytes[k] === letter.charCodeAt(0));
  if (!starts) return undefined;
  const size = /^size (\d+)$/m.exec(new TextDecoder().decode(bytes.subarray(0, 1024)))?.[1];
  return `a Git LFS pointer instead of the file itself${size === undefined ? "" : `, which has ${size} bytes`}; fetch it with git lfs pull`;
}
