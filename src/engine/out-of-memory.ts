// What is said when memory runs out: which blocks are the largest, which lines of the user's program made them, and the way out.
import type { DType } from "./dtype.ts";

/** A block from this size on remembers where it was made. */
export const LARGE_BYTES = 1 << 22;

/** What is known of a large block. */
export interface LargeBlock {
  bytes: number;
  label: string;
  dtype: DType;
  shape: readonly number[];
  /** Carries the stack of the line that made the tensor; formatted only when it is shown. */
  made: Error;
}

/** Circumstances of an allocation that failed. */
export interface Shortage {
  /** What was asked for. */
  bytes: number;
  label: string;
  shape: readonly number[];
  /** What lives. */
  bytesInUse: number;
  tensors: number;
  blocks: readonly LargeBlock[];
  /** Bytes of tensors outside every scope. */
  strayBytes: number;
  insideScope: boolean;
  /** Whether the garbage was collected before giving up. */
  collected: boolean;
}

function readableBytes(bytes: number): string {
  if (bytes >= 1 << 30) return `${(bytes / 2 ** 30).toFixed(2)} GiB`;
  if (bytes >= 1 << 20) return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
  return `${Math.ceil(bytes / 1024)} KiB`;
}

/** The file of a line of a stack: `at f (FILE:1:2)` or `at FILE:1:2` in V8, `f@FILE:1:2` elsewhere. */
function fileOf(line: string): string {
  const text = line.trim();
  const start = text.endsWith(")") ? text.indexOf(" (") + 2 : text.startsWith("at ") ? 3 : text.indexOf("@") + 1;
  return text.slice(start).replace(/:\d+(:\d+)?\)?$/, "");
}

/**
 * First line of a stack that is not the library's own, where the stack begins: in its bundle all files of one folder are, in the checkout those
 * of `src` but for tests.
 */
export function callSite(stack: string): string {
  const lines = stack.split("\n").filter((line) => /:\d+\)?$/.test(line));
  const home = fileOf(lines[0] ?? "")
    .replace(/[^/\\]*$/, "")
    .replace(/([/\\]src[/\\])engine[/\\]$/, "$1");
  const bundled = !/[/\\]src[/\\]$/.test(home);
  const own = (file: string): boolean =>
    file.startsWith(home) && (bundled ? !/[/\\]/.test(file.slice(home.length)) : !/\.test\.\w+$/.test(file));
  const outside = lines.find((line) => !own(fileOf(line)));
  return (outside ?? lines.at(-1) ?? "").trim().replace(/^at /, "");
}

function remedyFor({ insideScope, collected, strayBytes, bytes }: Shortage): string {
  if (insideScope) {
    return "Use smaller batches, or an inner scope(() => ...) around the part whose intermediate tensors you do not need.";
  }
  if (collected)
    return "All of them are still referred to: let go of those that you do not need, or use smaller batches.";
  if (strayBytes < bytes)
    return "Use smaller batches, or wrap each step of your loop in scope(() => ...), which frees what the step made.";
  return (
    "Wrap each step of your loop in scope(() => ...), which frees what the step made: tensors made outside a scope are freed when they are " +
    "garbage and the event loop has had a turn, which it has not within a loop that does not wait. Where you can't, let the loop wait now " +
    "and then: await new Promise((resolve) => setTimeout(resolve))."
  );
}

/** The error of an allocation that failed. */
export function outOfMemory(shortage: Shortage): RangeError {
  const { bytes, label, shape, bytesInUse, tensors } = shortage;
  const largest = [...shortage.blocks].sort((a, b) => b.bytes - a.bytes).slice(0, 5);
  const listed = largest.map(
    (block) =>
      `\n  ${readableBytes(block.bytes)}  ${block.dtype} (${block.shape.join(", ")}) made by ${block.label} at ${callSite(block.made.stack ?? "")}`,
  );
  return new RangeError(
    `${label}: out of memory: ${readableBytes(bytes)} for shape (${shape.join(", ")}) do not fit beside ` +
      `${readableBytes(bytesInUse)} in ${tensors} live tensors. ${remedyFor(shortage)}` +
      (listed.length > 0 ? `\nThe largest live tensors:${listed.join("")}` : ""),
  );
}
