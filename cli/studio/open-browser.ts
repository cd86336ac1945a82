// Opens the studio in the browser. What a command is started with every user of the machine can read (ps), and the address holds the token: the browser is
// given a page that only its owner can read, and that leads there.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/** @returns what takes the page away again */
export function openBrowser(address: string): () => void {
  const folder = mkdtempSync(join(tmpdir(), "nabla-studio-"));
  const page = join(folder, "studio.html");
  writeFileSync(
    page,
    `<!doctype html><meta charset="utf-8"><title>Nabla Studio</title><meta http-equiv="refresh" content="0;url=${address}"><a href="${address}">Nabla Studio</a>\n`,
    { mode: 0o600 },
  );
  const { href } = pathToFileURL(page);
  const [command, ...words] =
    process.platform === "darwin"
      ? ["open", href]
      : process.platform === "win32"
        ? ["rundll32", "url.dll,FileProtocolHandler", href]
        : ["xdg-open", href];
  const child = spawn(command, words, { stdio: "ignore", detached: true });
  // Where no browser can be started, the printed address is there to be opened by hand.
  child.once("error", () => process.stderr.write(`No browser could be opened: open ${address} yourself.\n`));
  child.unref();
  return () => rmSync(folder, { recursive: true, force: true });
}
