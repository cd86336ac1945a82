// Which of the processes that train together this one is.
import { joinGroup } from "../engine/group.ts";

/**
 * This process among those that `mpirun` started: its number `rank`, from 0, and how many there are, `size`. Rank 0 of 1 where it was started alone,
 * and in a browser. For scripts: rank 0 writes files and prints, while all ranks make the same calls of training and evaluation.
 * @throws Error if there are others and MPI can't be reached, with what to do.
 * @example
 * ```ts
 * const { rank, size } = ranks();
 * if (rank === 0) console.log(size); // 1
 * ```
 */
export function ranks(): { rank: number; size: number } {
  const group = joinGroup();
  return group === null ? { rank: 0, size: 1 } : { rank: group.rank, size: group.size };
}
