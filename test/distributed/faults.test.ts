// What becomes of a job when something happens to one of its ranks: it ends, soon, and says why.
import { describe, expect, test } from "vitest";
import { dist, LAUNCHERS, program, runRanks } from "./launch.ts";

const TIME = 120_000;

for (const launcher of LAUNCHERS) {
  const run = (kind: string, rank: number, patience = 60) =>
    runRanks(launcher, 3, [program("faults.mjs"), kind, String(rank)], {
      env: { NABLA_MPI_PATIENCE: String(patience) },
    });

  describe(launcher.name, () => {
    test("nothing happens: all ranks come to their end, and nobody complains", { timeout: TIME }, async () => {
      const { code, stdout, stderr } = await run("none", 0);
      expect([code, stderr]).toEqual([0, ""]);
      for (const rank of [0, 1, 2]) expect(stdout).toContain(`rank ${rank} is done`);
    });

    test("a rank that is killed ends the job, by the launcher", { timeout: TIME }, async () => {
      const { code, stdout } = await run("kill", 1);
      // 128 + 9 of Open MPI, the signal's number of MPICH; of version 4.2 now and then 0.
      expect(launcher.name === "openmpi" ? [137] : [9, 0]).toContain(code);
      expect(stdout).not.toContain("is done");
    });

    test("a rank that hangs is named after the limit, and the job ends", { timeout: TIME }, async () => {
      const { code, stderr, seconds } = await run("hang", 2, 3);
      expect(code).not.toBe(0);
      expect(stderr).toMatch(
        /error: rank 0 \(.+\) has waited 3 s for step \d+ of epoch \d+; rank 2 of 3 did not answer/,
      );
      expect(stderr).toContain("NABLA_MPI_PATIENCE");
      // It is told once.
      expect(stderr.match(/did not answer/g)).toHaveLength(1);
      expect(seconds).toBeGreaterThan(3);
    });

    test("a rank that is stopped is named as well, where it is the first", { timeout: TIME }, async () => {
      const { code, stderr } = await run("stop", 0, 3);
      expect(code).not.toBe(0);
      expect(stderr).toMatch(/error: rank 1 \(.+\) has waited 3 s .*; rank 0 of 3 did not answer/);
    });

    test("the error of a rank ends all, with its message", { timeout: TIME }, async () => {
      const { code, stdout, stderr } = await run("error", 2);
      expect(code).toBe(1);
      expect(stderr).toContain("the disk of this machine is full of sand");
      expect(stdout).not.toContain("is done");
    });

    for (const [kind, message] of [
      ["rejected", "nobody waited for this"],
      ["uncaught", "thrown in a timer"],
    ]) {
      test(`so does one that nobody caught: ${kind}`, { timeout: TIME }, async () => {
        const { code, stderr } = await run(kind, 1);
        expect(code).toBe(1);
        expect(stderr).toContain(message);
      });
    }

    test("a rank that calls process.exit in the middle ends all, and says so", { timeout: TIME }, async () => {
      const { code, stderr } = await run("exit", 1);
      expect(code).toBe(1);
      expect(stderr).toMatch(/error: rank 1 of 3 \(.+\) ended in the middle of a training/);
      expect((await run("exitCode", 1)).code).toBe(7);
    });

    test("a signal that nobody handles ends all with 128 and its number", { timeout: TIME }, async () => {
      expect((await run("term", 1)).code).toBe(143);
    });

    test("a library of another launcher is named, instead of ranks that each train alone", {
      timeout: TIME,
    }, async () => {
      const other = LAUNCHERS.find(({ name }) => name !== launcher.name);
      const { stdout } = await runRanks(null, 1, [`${dist}cli/main.js`, "doctor", "--json"]);
      const { mpi } = JSON.parse(stdout.trimEnd().split("\n").at(-1)!) as { mpi: { file: string; kind: string }[] };
      expect(mpi.map(({ kind }) => kind)).toContain(launcher.name);
      if (other === undefined) return;
      const { file } = mpi.find(({ kind }) => kind === other.name)!;
      const { code, stderr } = await runRanks(launcher, 2, [program("faults.mjs"), "none"], {
        env: { NABLA_MPI: file },
      });
      expect(code).not.toBe(0);
      expect(stderr).toMatch(/started 2 ranks, and .* sees 1: the library belongs to another launcher/);
    });

    test("nabla doctor names the library that the launcher wants", { timeout: TIME }, async () => {
      const { code, stdout } = await runRanks(launcher, 2, [`${dist}cli/main.js`, "doctor"]);
      expect(code).toBe(0);
      expect(stdout).toMatch(/MPI +rank 1 of 2, started by .*: (Open MPI|MPICH)/);
    });
  });
}
