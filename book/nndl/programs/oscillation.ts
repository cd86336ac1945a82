// How much a training curve shakes (section 3.5): what a learning rate that is too large looks like, as a number.

/** From `from` (an epoch) on: how much of the way the cost goes from epoch to epoch is up, not down. 0 for a smooth fall. */
export function shareUp(cost: readonly number[], from = 0): number {
  let up = 0;
  let all = 0;
  for (let i = Math.max(1, from); i < cost.length; i++) {
    const change = cost[i] - cost[i - 1];
    all += Math.abs(change);
    if (change > 0) up += change;
  }
  return up / all;
}
