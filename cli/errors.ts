// Errors that are the user's to mend: shown as one message, without a stack.

/** Something asked for can't be done: exit code 1. */
export class UserError extends Error {
  override readonly name: string = "UserError";
  readonly exitCode: number = 1;
}

/** The command line itself is wrong: exit code 2. */
export class UsageError extends UserError {
  override readonly name: string = "UsageError";
  override readonly exitCode: number = 2;
}

/** Edit distance (Levenshtein), for suggestions. */
export function distance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = previous[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      current.push(Math.min(change, previous[j] + 1, current[j - 1] + 1));
    }
    previous = current;
  }
  return previous[b.length];
}

/** The candidate nearest to what was typed, if one is near enough to be meant. */
export function nearest(typed: string, candidates: readonly string[]): string | undefined {
  const ranked = candidates
    .map((candidate) => ({ candidate, away: distance(typed.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.away - b.away);
  const best = ranked[0];
  return best && best.away <= Math.max(2, Math.floor(best.candidate.length / 3)) ? best.candidate : undefined;
}

/** The few candidates nearest to what was typed, nearest first; those that begin with it come before all others. */
export function nearestFew(typed: string, candidates: readonly string[], count: number): string[] {
  const wanted = typed.toLowerCase();
  const away = (candidate: string): number =>
    candidate.toLowerCase().startsWith(wanted) ? -1 : distance(wanted, candidate.toLowerCase());
  return candidates
    .map((candidate) => ({ candidate, away: away(candidate) }))
    .sort((a, b) => a.away - b.away)
    .slice(0, count)
    .map(({ candidate }) => candidate);
}

/** ` Did you mean X?` or nothing. */
export function suggestion(typed: string, candidates: readonly string[]): string {
  const best = nearest(typed, candidates);
  return best === undefined ? "" : ` Did you mean ${best}?`;
}
