// Who started a process, from the variables that launchers set.
import { expect, test } from "vitest";
import { launchOf, processorsOfRank } from "./launcher.ts";

test("alone: nobody's variables", () => {
  expect(launchOf({})).toBeNull();
  // Inside an allocation of Slurm, but not started by srun.
  expect(launchOf({ SLURM_NTASKS: "8", SLURM_JOB_ID: "1" })).toBeNull();
});

test("Open MPI's mpirun", () => {
  const env = { OMPI_COMM_WORLD_SIZE: "4", OMPI_COMM_WORLD_RANK: "2", OMPI_COMM_WORLD_LOCAL_SIZE: "2", PMIX_RANK: "2" };
  expect(launchOf(env)).toEqual({ launcher: "Open MPI's mpirun", kind: "openmpi", rank: 2, size: 4, localSize: 2 });
});

test("Hydra, of MPICH, Intel MPI and MVAPICH", () => {
  const env = { PMI_RANK: "1", PMI_SIZE: "3", PMI_FD: "6", MPI_LOCALNRANKS: "3" };
  expect(launchOf(env)).toMatchObject({ kind: "mpich", rank: 1, size: 3, localSize: 3 });
});

test("Slurm's srun, with pmi2 and with pmix: the library may be of either family", () => {
  const slurm = {
    SLURM_PROCID: "5",
    SLURM_NTASKS: "16",
    SLURM_STEP_NUM_TASKS: "8",
    SLURM_STEP_TASKS_PER_NODE: "4(x2)",
  };
  expect(launchOf({ ...slurm, PMI_RANK: "5", PMI_SIZE: "8" })).toEqual({
    ...{ launcher: "Slurm's srun (pmi2)", kind: null, rank: 5, size: 8, localSize: 4 },
  });
  expect(launchOf({ ...slurm, PMIX_RANK: "5" })).toEqual({
    ...{ launcher: "Slurm's srun (pmix)", kind: null, rank: 5, size: 8, localSize: 4 },
  });
});

test("damaged variables are none", () => {
  expect(launchOf({ OMPI_COMM_WORLD_SIZE: "two" })).toBeNull();
  expect(launchOf({ PMI_RANK: "0" })).toBeNull();
});

test("processors of a rank: those it is bound to, else its share of the machine", () => {
  const launch = { launcher: "", kind: null, rank: 0, size: 8, localSize: 4 };
  expect(processorsOfRank(null, 16, 16)).toBe(16);
  expect(processorsOfRank(launch, 16, 16)).toBe(4);
  expect(processorsOfRank(launch, 2, 16)).toBe(2);
  expect(processorsOfRank({ ...launch, localSize: 32 }, 16, 16)).toBe(1);
  expect(processorsOfRank({ ...launch, localSize: 1 }, 16, 16)).toBe(16);
});
