// Another user of the machine, while the studio is open: what the process list and the files beside it tell, and what the server does.
import { spawn, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { temporaryFolder } from "../cli/run.ts";
import { buildStudio } from "./studio.ts";

const root = process.getuid?.() === 0;
const NOBODY = 65_534;

/** What a program prints, of the user "nobody" where this one may start such. */
function asOther(program: string, ...words: string[]): string {
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "--eval", program, ...words], {
    ...{ encoding: "utf8", cwd: "/", env: { PATH: process.env["PATH"] } },
    ...(root && { uid: NOBODY, gid: NOBODY }),
  });
  expect(stderr).toBe("");
  return stdout.trim();
}

describe.skipIf(process.platform !== "linux")("another user of the machine", () => {
  const folder = temporaryFolder();
  const note = join(folder, "opened");
  let address: URL;
  let token: string;
  let end: () => Promise<void>;

  beforeAll(async () => {
    buildStudio();
    // A browser that stays open, as browsers do.
    mkdirSync(join(folder, "bin"));
    const browser = join(folder, "bin", "xdg-open");
    writeFileSync(
      browser,
      `#!/bin/sh\nprintf '%s %s' "$$" "$1" > ${note}.part && mv ${note}.part ${note}\nsleep 600\n`,
    );
    chmodSync(browser, 0o755);
    const main = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
    const child = spawn(process.execPath, [main, "studio", "--port", "0", "--open"], {
      cwd: folder,
      env: { ...process.env, PATH: `${join(folder, "bin")}${delimiter}${process.env["PATH"]}` },
      stdio: ["ignore", "pipe", "ignore"],
    });
    end = async () => {
      const gone = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGINT");
      await gone;
    };
    address = await new Promise((resolve) => {
      child.stdout.on("data", (data) => {
        const [found] = /http:\/\/\S+/.exec(String(data)) ?? [];
        if (found) resolve(new URL(found));
      });
    });
    token = new URLSearchParams(address.hash.split("?")[1]).get("token")!;
    while (!existsSync(note)) await new Promise((resolve) => setTimeout(resolve, 50));
  });
  afterAll(() => {
    // With what it started: it leads a group of its own.
    if (existsSync(note)) process.kill(-Number(readFileSync(note, "utf8").split(" ")[0]));
  });

  test("sees no token in the list of processes, though the browser was started with the page", () => {
    expect(token.length).toBeGreaterThan(20);
    const program = `
      import { readdirSync, readFileSync } from "node:fs";
      const lines = readdirSync("/proc").filter((name) => /^\\d+$/.test(name)).map((name) => {
        try { return readFileSync("/proc/" + name + "/cmdline", "utf8").replaceAll("\\0", " "); } catch { return ""; }
      });
      console.log(lines.join("\\n"));`;
    const seen = asOther(program);
    expect(seen).toContain("studio --port 0 --open");
    expect(seen).not.toContain(token);
  });

  test("can't read the page that leads the browser there; its owner's browser can", () => {
    const page = fileURLToPath(readFileSync(note, "utf8").split(" ")[1]);
    expect(readFileSync(page, "utf8")).toContain(`content="0;url=${address.href}"`);
    expect([page, dirname(page)].map((path) => statSync(path).mode & 0o077)).toEqual([0, 0]);
    if (!root) return;
    const program = `import { readFileSync } from "node:fs"; try { readFileSync(process.argv[1]); console.log("read"); } catch ({ code }) { console.log(code); }`;
    expect(asOther(program, page)).toBe("EACCES");
  });

  test("gets no answer about runs, and steers none", () => {
    const program = `
      const [origin] = process.argv.slice(1);
      const asked = [["GET", "about"], ["GET", "runs"], ["GET", "events"], ["POST", "runs/0123456789abcdef/stop"], ["POST", "runs/0123456789abcdef/delete"]];
      for (const [method, path] of asked) console.log((await fetch(origin + "/api/" + path, { method })).status);`;
    expect(asOther(program, address.origin).split("\n")).toEqual(["401", "401", "401", "401", "401"]);
  });

  test("finds no page any more when the studio has ended", async () => {
    const page = fileURLToPath(readFileSync(note, "utf8").split(" ")[1]);
    await end();
    expect(existsSync(page)).toBe(false);
  });
});
