// Where a limit on addresses leaves no room for WebAssembly's memory, that is said, with the remedy. V8 before Node 24 wants more than 10 GiB of
// them for any memory; later versions do with less.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const entry = fileURLToPath(new URL("../../dist/node.js", import.meta.url));

test.runIf(process.platform === "linux")("ulimit -v 6 GB: it works, or the remedy is named", () => {
  const program = `import(${JSON.stringify(entry)}).then(({ tensor }) => console.log(tensor([1]).add(1).item()))`;
  const command = `ulimit -v 6000000; exec "$0" -e '${program}'`;
  const { stdout, stderr } = spawnSync("bash", ["-c", command, process.execPath], {
    encoding: "utf8",
    env: { ...process.env, NABLA_THREADS: "1" },
  });
  if (Number(process.versions.node.split(".")[0]) < 24) {
    expect(stderr).toMatch(
      /RangeError: engine: there is no room for WebAssembly's memory\..*ulimit -v unlimited.*Node 24/,
    );
  } else expect(stdout).toBe("2\n");
});
