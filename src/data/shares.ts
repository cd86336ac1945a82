// Which rows of a batch are whose, where several processes compute it: a rule that all follow alike.

/** Where part i of `parts` begins: the first ones are one longer where it doesn't divide. */
export function cut(length: number, parts: number, i: number): number {
  return i * Math.floor(length / parts) + Math.min(i, length % parts);
}

/**
 * The rows of a batch that are a rank's: stretches as equal as can be, the first ranks having one row more. A batch of fewer rows than ranks is
 * computed whole by all of them: so every rank has a batch, whatever its size.
 */
export function rowsOfRank(rows: number, size: number, rank: number): { start: number; stop: number } {
  if (rows < size) return { start: 0, stop: rows };
  return { start: cut(rows, size, rank), stop: cut(rows, size, rank + 1) };
}
