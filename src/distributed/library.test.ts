import { expect, test } from "vitest";
import { findMpi } from "./library.ts";

const { found } = findMpi();

test.runIf(found.length > 0)("a library that is only looked at leaves signals and memory functions alone, too", () => {
  expect([process.env["UCX_ERROR_SIGNALS"], process.env["UCX_MEM_EVENTS"]]).toEqual(["", "n"]);
  for (const { file, title } of found) {
    expect(file).toMatch(/mpi/);
    expect(title).toMatch(/^(Open MPI|MPICH|Intel|MVAPICH|MPI)/);
  }
});
