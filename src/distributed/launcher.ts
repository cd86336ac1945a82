// Who started this process: mpirun and its relatives tell every rank by environment variables, which are there before any library is loaded.
// From them follow which library belongs to the launcher, and how many ranks it has to see.

/** Libraries by how they name things: Open MPI's handles are addresses, those of MPICH and its relatives numbers. */
export type MpiKind = "openmpi" | "mpich";

/** What the environment says of a job. */
export interface Launch {
  /** In words, for messages. */
  readonly launcher: string;
  /** The library that fits, where the launcher tells; null where both may. */
  readonly kind: MpiKind | null;
  readonly rank: number;
  readonly size: number;
  /** Ranks on this machine. */
  readonly localSize: number;
}

type Variables = Readonly<Record<string, string | undefined>>;

function whole(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}

/**
 * The job that a process with these variables belongs to; null if nobody started it as one of several. Open MPI sets OMPI_COMM_WORLD_*, Hydra
 * (MPICH, Intel MPI, MVAPICH) and Slurm's pmi2 set PMI_RANK and PMI_SIZE, Slurm's pmix PMIX_RANK beside its own SLURM_* variables.
 */
export function launchOf(env: Variables): Launch | null {
  const openmpi = whole(env["OMPI_COMM_WORLD_SIZE"]);
  if (openmpi !== undefined) {
    const rank = whole(env["OMPI_COMM_WORLD_RANK"]) ?? 0;
    const localSize = whole(env["OMPI_COMM_WORLD_LOCAL_SIZE"]) ?? 1;
    return { launcher: "Open MPI's mpirun", kind: "openmpi", rank, size: openmpi, localSize };
  }
  const slurm = env["SLURM_PROCID"] !== undefined;
  const tasks = whole(env["SLURM_STEP_NUM_TASKS"]) ?? whole(env["SLURM_NTASKS"]);
  const perNode = whole((env["SLURM_STEP_TASKS_PER_NODE"] ?? env["SLURM_TASKS_PER_NODE"])?.replace(/\(x\d+\)$/, ""));
  const size = whole(env["PMI_SIZE"]);
  const rank = whole(env["PMI_RANK"]);
  if (size !== undefined && rank !== undefined) {
    const localSize = whole(env["MPI_LOCALNRANKS"]) ?? perNode ?? 1;
    const launcher = slurm ? "Slurm's srun (pmi2)" : "mpirun of MPICH or a relative";
    // Open MPI understands pmi2 as well.
    return { launcher, kind: slurm ? null : "mpich", rank, size, localSize };
  }
  const pmix = whole(env["PMIX_RANK"]);
  if (pmix !== undefined && tasks !== undefined) {
    return { launcher: "Slurm's srun (pmix)", kind: null, rank: pmix, size: tasks, localSize: perNode ?? 1 };
  }
  return null;
}

/**
 * Processors for a rank: those that it may use, and where several ranks on one machine were given all of it, its share.
 * @param usable processors that the process is bound to. @param present processors of the machine.
 */
export function processorsOfRank(launch: Launch | null, usable: number, present: number): number {
  if (launch === null || launch.localSize <= 1 || usable < present) return usable;
  return Math.max(1, Math.floor(usable / launch.localSize));
}
