// What happens when nobody reads what is printed. A reader that closes early (`nabla ... | head`) is no error: the command ends, or, where it holds work
// that must be saved first, does what it asked for with `whenOutputCloses`. Any other failure to print (a full disk) is told and ends it.
import { writeSync } from "node:fs";

let closing: (() => void) | undefined;

/** Instead of ending the process when standard output closes, this is called. Returns what takes it back. */
export function whenOutputCloses(handler: () => void): () => void {
  closing = handler;
  return () => {
    closing = undefined;
  };
}

function tell(message: string): void {
  try {
    writeSync(2, `error: ${message}\n`);
  } catch {
    // Standard error is closed too: nobody is left to tell.
  }
}

/** Watches standard output and standard error from now on. */
export function watchOutput(): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    const closed = error.code === "EPIPE" || error.code === "EIO";
    if (!closed) tell(`cannot write to standard output: ${error.message}`);
    if (closing !== undefined) closing();
    else process.exit(closed ? 0 : 1);
  });
  // Progress and messages that nobody reads are no reason to stop.
  process.stderr.on("error", () => {});
}
