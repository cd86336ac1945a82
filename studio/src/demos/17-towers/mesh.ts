// Where a surface that has steps is drawn: evenly, and more densely at each step, so that its cliff is as steep as it is.

/** In multiples of 1 / w from a step: the sigmoid is 0.0025, 0.12, 0.5, 0.88 and 0.9975 there. */
const CLIFF = [-6, -2, 0, 2, 6] as const;
/** Below this weight a step is so wide that even parts show it. */
const SHARP = 60;

/** Numbers from 0 to 1: `even` equal parts, and at every edge some more within the width of a step of weight w. */
export function meshLines(even: number, edges: readonly number[], w: number): number[] {
  const steps = w < SHARP ? [] : edges.flatMap((edge) => CLIFF.map((k) => edge + k / w));
  return ordered([...Array.from({ length: even + 1 }, (_, i) => i / even), ...steps], 0, 1);
}

/**
 * For n towers side by side, `even` equal parts each: lines at both ends of every step and none within, where the neighbours of a tower leave a
 * notch at each of its corners that is as narrow as a step.
 */
export function towerLines(n: number, even: number, w: number): number[] {
  if (w < SHARP) return meshLines(n * even, [], w);
  const end = CLIFF[CLIFF.length - 1] / w;
  const inside = Array.from({ length: even + 1 }, (_, i) => i / even / n);
  return ordered(
    Array.from({ length: n }, (_, k) => inside.map((at) => k / n + Math.min(1 / n - end, Math.max(end, at)))).flat(),
    end,
    1 - end,
  );
}

function ordered(lines: readonly number[], low: number, high: number): number[] {
  const sorted = lines.filter((at) => at >= low && at <= high).sort((a, b) => a - b);
  return sorted.filter((at, i) => i === 0 || at - sorted[i - 1] > 1e-5);
}
